"""Services, their attributes, and what they ask of instances."""

from cloud_map_namespaces import UNKNOWN as NO_NAMESPACE, refused_tags
from cloud_map_trial import ACCOUNT, SERVICE_ID, tags, with_attributes

UNKNOWN = "srv-aaaaaaaaaaaaaaaa"
A, AAAA, SRV, CNAME = ({"Type": kind, "TTL": 60} for kind in ["A", "AAAA", "SRV", "CNAME"])


def dns(*records, **members):
    return {"DnsRecords": list(records), **members}


def creation(map, ledger):
    namespace = map.namespace()
    asked = {
        "Name": "flask-app", "NamespaceId": namespace, "Description": "d" * 1024, "CreatorRequestId": "r" * 64,
        "HealthCheckCustomConfig": {"FailureThreshold": 7}, "Tags": tags(50),
    }
    service = map("CreateService", **asked)["Service"]
    identity = service["Id"]
    ledger.matches(SERVICE_ID, identity, "a service's id")
    map.recent(service["CreateDate"], "the service")
    expected = {
        "Id": identity, "Arn": map.arn("service", identity), "ResourceOwner": ACCOUNT, "CreatedByAccount": ACCOUNT, "Name": "flask-app",
        "NamespaceId": namespace, "Description": "d" * 1024, "InstanceCount": 0, "Type": "HTTP", "CreatorRequestId": "r" * 64,
        # Whatever is asked for, Cloud Map takes 1.
        "HealthCheckCustomConfig": {"FailureThreshold": 1}, "CreateDate": service["CreateDate"],
    }
    ledger.same(service, expected, "the service")
    ledger.same(map("GetService", Id=identity)["Service"], expected, "as it is read")
    ledger.same(map("GetService", Id=service["Arn"])["Service"]["Id"], identity, "by its ARN")
    ledger.same(len(map("ListTagsForResource", ResourceARN=service["Arn"])["Tags"]), 50, "its tags")
    ledger.same(map("GetNamespace", Id=namespace)["Namespace"]["ServiceCount"], 1, "the namespace counts it")
    ledger.same(map("CreateService", **asked)["Service"]["Id"], identity, "said twice")
    error = map.refused("ServiceAlreadyExists", "CreateService", **{**asked, "CreatorRequestId": "other"})
    ledger.same(
        (error["ServiceId"], error["ServiceArn"], error["CreatorRequestId"]), (identity, service["Arn"], "r" * 64), "what exists is told")
    map.refused("ServiceAlreadyExists", "CreateService", **{**asked, "Description": "another"})

    for good in ["x", ".", "_x._tcp", "a-b", "A_b.c", ".".join(["l" * 63] * 2)[:127], "Flask-App"]:
        map.service(namespace, Name=good)
    for bad in ["", "l" * 64, ".".join(["l" * 60] * 3), "-a", "a-", "a..b", "a b", "a.", "\u00fc", "a/b", "_"]:
        map.refused("InvalidInput", "CreateService", NamespaceId=namespace, Name=bad)
    map.refused("InvalidInput", "CreateService", Name="x")
    map.refused("NamespaceNotFound", "CreateService", Name="x", NamespaceId=NO_NAMESPACE)
    refused_tags(map, "CreateService", {"Name": map.fresh(), "NamespaceId": namespace})
    # By an ARN, and in the old place.
    map.service(map.arn("namespace", namespace))
    private = map.namespace("PrivateDns")
    map("CreateService", Name="old", DnsConfig=dns(A, NamespaceId=private))
    map.refused("ServiceNotFound", "GetService", Id=UNKNOWN)
    map.refused("InvalidInput", "GetService", Id=map.arn("namespace", namespace))


def names_by_case(map, ledger):
    for kind in ["PrivateDns", "PublicDns"]:
        namespace = map.namespace(kind)
        identity = map.service(namespace, Name="shop", DnsConfig=dns(A))
        ledger.same(
            map.refused("ServiceAlreadyExists", "CreateService", NamespaceId=namespace, Name="SHOP")["ServiceId"], identity, "by case only")
    namespace = map.namespace()
    ledger.true(map.service(namespace, Name="shop") != map.service(namespace, Name="SHOP"), "in an HTTP namespace they differ")


def health_checks(map, ledger):
    http, private, public = map.namespace(), map.namespace("PrivateDns"), map.namespace("PublicDns")
    for namespace in [http, public]:
        for check, expected in [
            ({"Type": "HTTP"}, {"Type": "HTTP", "ResourcePath": "/", "FailureThreshold": 3}),
            ({"Type": "HTTPS", "ResourcePath": "/" + "p" * 254, "FailureThreshold": 10}, None),
            ({"Type": "TCP", "FailureThreshold": 1}, None),
        ]:
            made = map("CreateService", Name=map.fresh(), NamespaceId=namespace, HealthCheckConfig=check)["Service"]
            ledger.same(made["HealthCheckConfig"], expected or check, "the check")
    for bad in [
        {"Type": "TCP", "ResourcePath": "/"}, {"Type": "HTTP", "ResourcePath": "p" * 256}, {"Type": "HTTP", "FailureThreshold": 0},
        {"Type": "HTTP", "FailureThreshold": 11}, {"Type": "UDP"}, {},
    ]:
        map.refused("InvalidInput", "CreateService", Name=map.fresh(), NamespaceId=http, HealthCheckConfig=bad)
    check = {"Type": "HTTP"}
    map.refused("InvalidInput", "CreateService", Name=map.fresh(), NamespaceId=private, HealthCheckConfig=check)
    map.refused(
        "InvalidInput", "CreateService", Name=map.fresh(), NamespaceId=http, HealthCheckConfig=check,
        HealthCheckCustomConfig={"FailureThreshold": 1})
    map.service(private, HealthCheckCustomConfig={})


def records(map, ledger):
    http, private, public = map.namespace(), map.namespace("PrivateDns"), map.namespace("PublicDns")
    for namespace in [private, public]:
        for good in [[A], [AAAA], [A, AAAA], [SRV], [CNAME]]:
            routing = "WEIGHTED" if CNAME in good else "MULTIVALUE"
            made = map("CreateService", Name=map.fresh(), NamespaceId=namespace, DnsConfig=dns(*good, RoutingPolicy=routing))["Service"]
            ledger.same(made["Type"], "DNS_HTTP", "the type")
            ledger.same(
                made["DnsConfig"], {"NamespaceId": namespace, "RoutingPolicy": routing, "DnsRecords": good}, "the records")
    ledger.same(
        map("CreateService", Name=map.fresh(), NamespaceId=private, DnsConfig=dns(A))["Service"]["DnsConfig"]["RoutingPolicy"],
        "MULTIVALUE", "the policy where none is given")
    for bad in [
        dns(A, SRV), dns(A, CNAME, RoutingPolicy="WEIGHTED"), dns(AAAA, SRV), dns(CNAME), dns(CNAME, RoutingPolicy="MULTIVALUE"), dns(A, A),
        dns({"Type": "MX", "TTL": 1}), dns(A, RoutingPolicy="NEAREST"), dns({"Type": "A", "TTL": -1}), dns({"Type": "A", "TTL": 2147483648}),
        dns({"Type": "A"}), dns({"TTL": 1}),
    ]:
        map.refused("InvalidInput", "CreateService", Name=map.fresh(), NamespaceId=private, DnsConfig=bad)
    for ttl in [0, 2147483647]:
        map.service(private, DnsConfig=dns({"Type": "A", "TTL": ttl}))
    map.refused(
        "InvalidInput", "CreateService", Name=map.fresh(), NamespaceId=public, DnsConfig=dns(CNAME, RoutingPolicy="WEIGHTED"),
        HealthCheckConfig={"Type": "HTTP"})
    map.refused("InvalidInput", "CreateService", Name=map.fresh(), NamespaceId=http, DnsConfig=dns(A))
    # No records, though it is a DNS namespace.
    made = map("CreateService", Name=map.fresh(), NamespaceId=private, Type="HTTP")["Service"]
    ledger.same((made["Type"], "DnsConfig" in made), ("HTTP", False), "the type HTTP")
    for bad in [{"Type": "HTTP", "DnsConfig": dns(A)}, {"Type": "DNS_HTTP"}, {"Type": "DNS"}]:
        map.refused("InvalidInput", "CreateService", Name=map.fresh(), NamespaceId=private, **bad)


def update(map, ledger):
    public = map.namespace("PublicDns")
    service = map.service(
        public, Description="before", DnsConfig=dns(A, AAAA), HealthCheckConfig={"Type": "HTTP", "ResourcePath": "/up"})
    map.instance(service, "one", AWS_INSTANCE_IPV4="10.0.0.1", AWS_INSTANCE_IPV6="::1", AWS_INSTANCE_PORT="80")
    slow = dns({"Type": "A", "TTL": 600}, {"Type": "AAAA", "TTL": 601})
    done = map.change(
        "UpdateService", Id=map.arn("service", service),
        Service={"DnsConfig": slow, "HealthCheckConfig": {"Type": "HTTP", "ResourcePath": "/down", "FailureThreshold": 2}})
    ledger.same((done["Type"], done["Targets"]), ("UPDATE_SERVICE", {"SERVICE": service}), "the operation")
    now = map("GetService", Id=service)["Service"]
    ledger.same(now["DnsConfig"]["DnsRecords"], slow["DnsRecords"], "the new times to live")
    ledger.same(now["HealthCheckConfig"], {"Type": "HTTP", "ResourcePath": "/down", "FailureThreshold": 2}, "the new check")
    ledger.same(now["Description"], "before", "the description stays")

    def wrong(**members):
        map.refused("InvalidInput", "UpdateService", Id=service, Service=members)

    wrong(DnsConfig=slow, HealthCheckConfig={"Type": "TCP"})
    wrong(DnsConfig=dns(SRV), HealthCheckConfig={"Type": "HTTP"})
    wrong(DnsConfig=slow, HealthCheckConfig={"Type": "HTTP", "FailureThreshold": 11})
    wrong(DnsConfig=dns({"Type": "A", "TTL": -1}, AAAA))
    wrong(Description="d" * 1025, DnsConfig=slow)
    # What is left out is deleted: the check, then the records.
    map.change("UpdateService", Id=service, Service={"DnsConfig": slow, "Description": "after"})
    now = map("GetService", Id=service)["Service"]
    ledger.same(("HealthCheckConfig" in now, now["Description"]), (False, "after"), "without a check")
    map.change("UpdateService", Id=service, Service={"Description": "bare"})
    now = map("GetService", Id=service)["Service"]
    ledger.same(("DnsConfig" in now, now["Type"]), (False, "HTTP"), "without records")

    custom = map.service(public, DnsConfig=dns(A), HealthCheckCustomConfig={"FailureThreshold": 1})
    map.change("UpdateService", Id=custom, Service={"DnsConfig": dns(A)})
    now = map("GetService", Id=custom)["Service"]
    ledger.same(now["HealthCheckCustomConfig"], {"FailureThreshold": 1}, "custom health stays")
    map.refused("InvalidInput", "UpdateService", Id=custom, Service={"DnsConfig": dns(A), "HealthCheckConfig": {"Type": "HTTP"}})
    # It is none of the members, so it cannot be added.
    status, answer = map.raw("UpdateService", {"Id": service, "Service": {"HealthCheckCustomConfig": {"FailureThreshold": 1}}})
    ledger.same(status, 200, f"custom health in an update is passed over: {answer}")
    ledger.true("HealthCheckCustomConfig" not in map("GetService", Id=service)["Service"], "custom health is never added")
    map.refused("InvalidInput", "UpdateService", Id=map.service(map.namespace()), Service={"Description": "x"})
    map.refused("ServiceNotFound", "UpdateService", Id=UNKNOWN, Service={"Description": "x"})
    map.refused("InvalidInput", "UpdateService", Id=service)


def deletion(map, ledger):
    namespace = map.namespace()
    service = map.service(namespace, Name="short-lived")
    map("UpdateServiceAttributes", ServiceId=service, Attributes={"k": "v"})
    map.instance(service, "one")
    map.refused("ResourceInUse", "DeleteService", Id=service)
    map.change("DeregisterInstance", ServiceId=service, InstanceId="one")
    ledger.same(map("DeleteService", Id=map.arn("service", service)), {}, "the answer")
    map.refused("ServiceNotFound", "DeleteService", Id=service)
    map.refused("ServiceNotFound", "GetService", Id=service)
    map.refused("ServiceNotFound", "GetServiceAttributes", ServiceId=service)
    map.refused("InvalidInput", "DeleteService", Id="arn:aws:servicediscovery:eu-central-1:1:namespace/x")
    again = map.service(namespace, Name="short-lived")
    ledger.same(map("GetServiceAttributes", ServiceId=again)["ServiceAttributes"]["Attributes"], {}, "its attributes went with it")


def listing(map, ledger):
    namespace, other = map.namespace(), map.namespace("PrivateDns")
    made = [map.service(namespace) for _ in range(3)]
    elsewhere = map.service(other, DnsConfig=dns(SRV), Description="text")
    map.instance(made[1], "one")

    def found(*filters):
        asked = [dict(zip(("Name", "Condition", "Values"), (name, how, list(values)))) for name, how, *values in filters]
        pages = map.client.get_paginator("list_services").paginate(Filters=asked, PaginationConfig={"PageSize": 5})
        return [service for page in pages for service in page["Services"]]

    ours = found(("NAMESPACE_ID", "EQ", namespace))
    ledger.same([service["Id"] for service in ours], made, "a namespace's services")
    ledger.same([service["InstanceCount"] for service in ours], [0, 1, 0], "their instances")
    ledger.same([service["Id"] for service in found(("NAMESPACE_ID", "EQ", map.arn("namespace", namespace)))], made, "by its ARN")
    ledger.same(len(found(("NAMESPACE_ID", "EQ", namespace), ("RESOURCE_OWNER", "EQ", "SELF"))), 3, "our own")
    ledger.same(found(("RESOURCE_OWNER", "EQ", "OTHER_ACCOUNTS")), [], "others'")
    about = found(("NAMESPACE_ID", "EQ", other))[0]
    map.recent(about.pop("CreateDate"), "the service")
    ledger.same(about, {
        "Id": elsewhere, "Arn": map.arn("service", elsewhere), "ResourceOwner": ACCOUNT, "CreatedByAccount": ACCOUNT, "Name": about["Name"],
        "Type": "DNS_HTTP", "Description": "text", "InstanceCount": 0, "DnsConfig": dns(SRV, RoutingPolicy="MULTIVALUE"),
    }, "a summary")
    map("ListServices", MaxResults=100)
    strange = map("ListNamespaces", MaxResults=1)["NextToken"]
    for wrong in [{"MaxResults": 0}, {"MaxResults": 101}, {"NextToken": "nonsense"}, {"NextToken": strange}]:
        map.refused("InvalidInput", "ListServices", **wrong)
    for name, how, *values in [
        ("NAME", "EQ", "x"), ("NAMESPACE_ID", "IN", namespace), ("NAMESPACE_ID", "EQ", namespace, other), ("NAMESPACE_ID", "BEGINS_WITH", "ns-"),
        ("RESOURCE_OWNER", "EQ", "ME"), ("RESOURCE_OWNER", "IN", "SELF"), ("NAMESPACE_ID", "EQ", "arn:aws:servicediscovery:x:1:service/y"),
    ]:
        map.refused("InvalidInput", "ListServices", Filters=[{"Name": name, "Condition": how, "Values": values}])


def attributes(map, ledger):
    service = map.service(map.namespace())
    arn = map.arn("service", service)
    ledger.same(map("UpdateServiceAttributes", ServiceId=service, Attributes={"a": "1", "b": "2"}), {}, "the answer")
    map("UpdateServiceAttributes", ServiceId=arn, Attributes={"b": "3", "k" * 255: "v" * 1024})
    expected = {"a": "1", "b": "3", "k" * 255: "v" * 1024}
    ledger.same(
        map("GetServiceAttributes", ServiceId=arn)["ServiceAttributes"],
        {"ServiceArn": arn, "ResourceOwner": ACCOUNT, "Attributes": expected}, "they are merged")
    map("UpdateServiceAttributes", ServiceId=service, Attributes=with_attributes(27))
    map.refused("ServiceAttributesLimitExceededException", "UpdateServiceAttributes", ServiceId=service, Attributes={"one": "more"})
    map("UpdateServiceAttributes", ServiceId=service, Attributes={"a": "again"})
    ledger.same(len(map("GetServiceAttributes", ServiceId=service)["ServiceAttributes"]["Attributes"]), 30, "30 at most")
    for bad in [{}, {"": "v"}, {"k" * 256: "v"}, {"k": "v" * 1025}]:
        map.refused("InvalidInput", "UpdateServiceAttributes", ServiceId=service, Attributes=bad)
    ledger.same(map("DeleteServiceAttributes", ServiceId=service, Attributes=["a", "b", "none"]), {}, "the answer")
    left = map("GetServiceAttributes", ServiceId=service)["ServiceAttributes"]["Attributes"]
    ledger.same(set(left), {"k" * 255, *with_attributes(27)}, "what is left")
    for bad in [[], ["k" * 256], [""]]:
        map.refused("InvalidInput", "DeleteServiceAttributes", ServiceId=service, Attributes=bad)
    for operation, members in [
        ("GetServiceAttributes", {}), ("UpdateServiceAttributes", {"Attributes": {"k": "v"}}), ("DeleteServiceAttributes", {"Attributes": ["k"]}),
    ]:
        map.refused("ServiceNotFound", operation, ServiceId=UNKNOWN, **members)
        map.refused("InvalidInput", operation, ServiceId="i" * 256, **members)


SCENARIOS = [creation, names_by_case, health_checks, records, update, deletion, listing, attributes]
