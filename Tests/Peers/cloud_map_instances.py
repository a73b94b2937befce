"""Instances: what they are registered with, how they are found, and their health."""

from cloud_map_services import A, AAAA, CNAME, SRV, UNKNOWN as NO_SERVICE, dns
from cloud_map_trial import ACCOUNT, with_attributes

CUSTOM = {"HealthCheckCustomConfig": {"FailureThreshold": 1}}


def walk_through(map, ledger):
    namespace = map.namespace(Name="test-namespace")
    service = map.service(namespace, Name="flask-app")
    attributes = {"AWS_INSTANCE_IPV4": "172.1.1.1", "AWS_INSTANCE_PORT": "80", "stage": "dev", "version": "1.0.0"}
    done = map.change("RegisterInstance", ServiceId=service, InstanceId="instance1", Attributes=attributes, CreatorRequestId="mine")
    ledger.same(done["Type"], "REGISTER_INSTANCE", "the operation's type")
    ledger.same(done["Targets"], {"SERVICE": service, "INSTANCE": "instance1"}, "the operation's targets")
    map.instance(service, "instance2", stage="prod")
    for parameters in [{}, {"QueryParameters": {"stage": "dev", "version": "1.0.0"}}]:
        found = map("DiscoverInstances", NamespaceName="test-namespace", ServiceName="flask-app", **parameters)
        first = [instance for instance in found["Instances"] if instance["InstanceId"] == "instance1"]
        ledger.same(first, [{
            "InstanceId": "instance1", "NamespaceName": "test-namespace", "ServiceName": "flask-app", "HealthStatus": "UNKNOWN",
            "Attributes": attributes,
        }], "the instance")
        ledger.same(len(found["Instances"]), 1 if parameters else 2, "how many are found")
    got = map("GetInstance", ServiceId=map.arn("service", service), InstanceId="instance1")
    ledger.same((got["ResourceOwner"], got["Instance"]), (ACCOUNT, {
        "Id": "instance1", "CreatorRequestId": "mine", "Attributes": attributes, "CreatedByAccount": ACCOUNT,
    }), "the instance by itself")
    ledger.same(map("GetService", Id=service)["Service"]["InstanceCount"], 2, "the service counts them")


def replacement(map, ledger):
    service = map.service(map.namespace(), **CUSTOM)
    register = {"ServiceId": service, "InstanceId": "one"}
    first = map.start("RegisterInstance", **register, Attributes={"a": "1", "b": "2"}, CreatorRequestId="first")
    map("UpdateInstanceCustomHealthStatus", ServiceId=service, InstanceId="one", Status="UNHEALTHY")
    ledger.same(
        map.start("RegisterInstance", **register, Attributes={"a": "1", "b": "2"}, CreatorRequestId="first"), first, "said twice")
    map.change("RegisterInstance", **register, Attributes={"c": "3"}, CreatorRequestId="second")
    now = map("GetInstance", **register)["Instance"]
    ledger.same((now["Attributes"], now["CreatorRequestId"]), ({"c": "3"}, "second"), "all attributes are replaced")
    ledger.same(map("GetInstancesHealthStatus", ServiceId=service)["Status"], {"one": "HEALTHY"}, "the health begins anew")
    done = map.change("DeregisterInstance", **register)
    ledger.same((done["Type"], done["Targets"]), ("DEREGISTER_INSTANCE", {"SERVICE": service, "INSTANCE": "one"}), "the operation")
    map.refused("InstanceNotFound", "DeregisterInstance", **register)
    map.refused("InstanceNotFound", "GetInstance", **register)
    for operation in ["DeregisterInstance", "GetInstance"]:
        map.refused("ServiceNotFound", operation, ServiceId=NO_SERVICE, InstanceId="one")
        map.refused("InvalidInput", operation, ServiceId="i" * 256, InstanceId="one")


def identities(map, ledger):
    service = map.service(map.namespace())
    for good in ["x", "i" * 64, "A_/:.@-z9"]:
        map.instance(map.arn("service", service), good)
    for bad in ["", "i" * 65, "a b", "a,b", "\u00fc"]:
        map.refused("InvalidInput", "RegisterInstance", ServiceId=service, InstanceId=bad, Attributes={"k": "v"})
    map.refused("ServiceNotFound", "RegisterInstance", ServiceId=NO_SERVICE, InstanceId="x", Attributes={"k": "v"})
    map.refused(
        "InvalidInput", "RegisterInstance", ServiceId=service, InstanceId="x", Attributes={"k": "v"}, CreatorRequestId="r" * 65)


def attributes(map, ledger):
    service = map.service(map.namespace())

    def good(attributes):
        map.change("RegisterInstance", ServiceId=service, InstanceId="one", Attributes=attributes)
        ledger.same(map("GetInstance", ServiceId=service, InstanceId="one")["Instance"]["Attributes"], attributes, "the attributes")

    def bad(attributes):
        map.refused("InvalidInput", "RegisterInstance", ServiceId=service, InstanceId="one", Attributes=attributes)

    good(with_attributes(30))
    good({"AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_PORT": "0", **with_attributes(30)})
    good({"k" * 255: "v" * 1024, "!~": "a b\tc", "empty": "", "quoted": "\"\\/<>&'"})
    # Together 5,000 characters.
    good({"a": "v" * 1024, "b": "v" * 1024, "c": "v" * 1024, "d": "v" * 1024, "e": "v" * 899})
    bad({"a": "v" * 1024, "b": "v" * 1024, "c": "v" * 1024, "d": "v" * 1024, "e": "v" * 900})
    for wrong in [
        with_attributes(31), {"": "v"}, {"k" * 256: "v"}, {"k": "v" * 1025}, {"a b": "v"}, {"\u00fc": "v"}, {"k": " v"}, {"k": "v\n"},
        {"k": "\u00fc"}, {"AWS_OTHER": "v"}, {"AWS_INSTANCE_IPV4": "10.0.0"}, {"AWS_INSTANCE_IPV6": "10.0.0.1"},
        {"AWS_INSTANCE_PORT": "65536"}, {"AWS_INSTANCE_PORT": "x"}, {"AWS_INSTANCE_CNAME": ""}, {"AWS_INIT_HEALTH_STATUS": "HEALTHY"},
        {"AWS_ALIAS_DNS_NAME": "lb.example.com"},
    ]:
        bad(wrong)
    good({"AWS_EC2_INSTANCE_ID": "i-1", "mine": "v"})
    bad({"AWS_EC2_INSTANCE_ID": "i-1", "AWS_INSTANCE_PORT": "80"})


def needs(map, ledger):
    private, public, http = map.namespace("PrivateDns"), map.namespace("PublicDns"), map.namespace()
    v4, v6, port, cname = (
        {"AWS_INSTANCE_IPV4": "10.0.0.1"}, {"AWS_INSTANCE_IPV6": "fe80::1"}, {"AWS_INSTANCE_PORT": "80"}, {"AWS_INSTANCE_CNAME": "a.example.com"})
    alias = {"AWS_ALIAS_DNS_NAME": "lb.example.com"}
    weighted = {"RoutingPolicy": "WEIGHTED"}
    check = {"HealthCheckConfig": {"Type": "HTTP"}}
    for namespace, configuration, goods, bads in [
        (private, {"DnsConfig": dns(A)}, [v4, {**v4, "k": "v"}], [{}, v6, port, alias, {"AWS_EC2_INSTANCE_ID": "i-1"}]),
        (private, {"DnsConfig": dns(AAAA)}, [v6], [v4]),
        (private, {"DnsConfig": dns(A, AAAA)}, [{**v4, **v6}], [v4, v6]),
        (private, {"DnsConfig": dns(SRV)}, [{**port, **v4}, {**port, **v6}, {**port, **v4, **v6}], [port, v4, {**v4, **v6}]),
        (private, {"DnsConfig": dns(CNAME, **weighted)}, [cname], [v4, alias]),
        (private, {"DnsConfig": dns(A, **weighted)}, [v4, alias], [{**alias, **v4}, {**alias, **port}]),
        (public, {"DnsConfig": dns(A), **check}, [{**v4, **port}], [v4]),
        (public, {"DnsConfig": dns(A, **weighted), **check}, [{**v4, **port}, alias], [v4]),
        (http, check, [{**v4, **port}, port], [v4, {"k": "v"}]),
    ]:
        service = map.service(namespace, **configuration)
        for number, attributes in enumerate(goods):
            map.change("RegisterInstance", ServiceId=service, InstanceId=f"i{number}", Attributes=attributes)
        for attributes in bads:
            map.refused("InvalidInput", "RegisterInstance", ServiceId=service, InstanceId="bad", Attributes=attributes)
        ledger.same(map("GetService", Id=service)["Service"]["InstanceCount"], len(goods), "what was refused is not there")


def listing(map, ledger):
    service = map.service(map.namespace(), **CUSTOM)
    for number in range(7):
        map.instance(service, f"i{number}", health="UNHEALTHY" if number == 3 else None, n=str(number))
    pages = list(map.client.get_paginator("list_instances").paginate(ServiceId=map.arn("service", service), PaginationConfig={"PageSize": 3}))
    ledger.same([len(page["Instances"]) for page in pages], [3, 3, 1], "the pages")
    found = {instance["Id"]: instance for page in pages for instance in page["Instances"]}
    ledger.same(len(found), 7, "all of them")
    ledger.same(found["i5"], {"Id": "i5", "Attributes": {"n": "5"}, "CreatedByAccount": ACCOUNT}, "an instance")
    ledger.same(len(map("ListInstances", ServiceId=service, MaxResults=100)["Instances"]), 7, "as one page")
    token = map("ListInstances", ServiceId=service, MaxResults=1)["NextToken"]
    other = map.service(map.namespace())
    map.refused("InvalidInput", "ListInstances", ServiceId=other, NextToken=token)
    for wrong in [{"MaxResults": 0}, {"MaxResults": 101}, {"NextToken": "nonsense"}]:
        map.refused("InvalidInput", "ListInstances", ServiceId=service, **wrong)
        map.refused("InvalidInput", "GetInstancesHealthStatus", ServiceId=service, **wrong)
    map.refused("ServiceNotFound", "ListInstances", ServiceId=NO_SERVICE)

    status, token = {}, {}
    while True:
        page = map("GetInstancesHealthStatus", ServiceId=service, MaxResults=3, **token)
        ledger.true(len(page["Status"]) <= 3, "a page")
        status.update(page["Status"])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    ledger.same(status, {f"i{number}": "UNHEALTHY" if number == 3 else "HEALTHY" for number in range(7)}, "the health of all")
    ledger.same(
        map("GetInstancesHealthStatus", ServiceId=map.arn("service", service), Instances=["i3", "i5"])["Status"],
        {"i3": "UNHEALTHY", "i5": "HEALTHY"}, "of some")
    map.refused("InstanceNotFound", "GetInstancesHealthStatus", ServiceId=service, Instances=["i3", "none"])
    map.refused("InvalidInput", "GetInstancesHealthStatus", ServiceId=service, Instances=[])
    map.refused("ServiceNotFound", "GetInstancesHealthStatus", ServiceId=NO_SERVICE)
    map.instance(other, "one")
    ledger.same(map("GetInstancesHealthStatus", ServiceId=other)["Status"], {"one": "UNKNOWN"}, "without a check")
    ledger.same(map("GetInstancesHealthStatus", ServiceId=map.service(map.namespace()))["Status"], {}, "of none")


def health(map, ledger):
    service = map.service(map.namespace(), **CUSTOM)
    map.instance(service, "well", stage="dev", zone="a")
    map.instance(service, "ill", health="UNHEALTHY", stage="prod")
    map.instance(service, "fair", health="HEALTHY", stage="dev")

    def filtered(status, **members):
        return map.discovered(service, HealthStatus=status, **members)

    ledger.same(map.discovered(service), ["fair", "well"], "the healthy unless told")
    ledger.same(filtered("HEALTHY"), ["fair", "well"], "the healthy")
    ledger.same(filtered("UNHEALTHY"), ["ill"], "the unhealthy")
    ledger.same(filtered("ALL"), ["fair", "ill", "well"], "all")
    ledger.same(filtered("HEALTHY_OR_ELSE_ALL"), ["fair", "well"], "the healthy, if any")
    # Those healthy that do not match do not keep it from falling back.
    ledger.same(filtered("HEALTHY_OR_ELSE_ALL", QueryParameters={"stage": "prod"}), ["ill"], "else all")
    ledger.same(filtered("HEALTHY", QueryParameters={"stage": "prod"}), [], "none")
    ledger.same(filtered("HEALTHY", OptionalParameters={"stage": "prod"}), ["fair", "well"], "a preference after the health")
    ledger.same(filtered("HEALTHY", OptionalParameters={"zone": "a"}), ["well"], "a preference that is met")
    ledger.same(
        filtered("ALL", QueryParameters={"stage": "dev"}, OptionalParameters={"zone": "a"}), ["well"], "a preference after what is required")
    found = map("DiscoverInstances", **map.names(service), HealthStatus="ALL")["Instances"]
    ledger.same(
        {instance["InstanceId"]: instance["HealthStatus"] for instance in found},
        {"well": "HEALTHY", "ill": "UNHEALTHY", "fair": "HEALTHY"}, "each says how it is")

    before = map("DiscoverInstancesRevision", **map.names(service))["InstancesRevision"]
    told = map("UpdateInstanceCustomHealthStatus", ServiceId=map.arn("service", service), InstanceId="well", Status="UNHEALTHY")
    ledger.same(told, {}, "the answer is empty")
    ledger.same(filtered("HEALTHY"), ["fair"], "after a report")
    map("UpdateInstanceCustomHealthStatus", ServiceId=service, InstanceId="fair", Status="UNHEALTHY")
    ledger.same(filtered("HEALTHY_OR_ELSE_ALL"), ["fair", "ill", "well"], "none is healthy")
    map("UpdateInstanceCustomHealthStatus", ServiceId=service, InstanceId="well", Status="HEALTHY")
    ledger.same(map.discovered(service), ["well"], "once again healthy")
    ledger.same(map("DiscoverInstancesRevision", **map.names(service))["InstancesRevision"], before, "health raises no revision")

    report = {"ServiceId": service, "InstanceId": "well", "Status": "HEALTHY"}
    map.refused("InstanceNotFound", "UpdateInstanceCustomHealthStatus", **{**report, "InstanceId": "none"})
    map.refused("ServiceNotFound", "UpdateInstanceCustomHealthStatus", **{**report, "ServiceId": NO_SERVICE})
    map.refused("InvalidInput", "UpdateInstanceCustomHealthStatus", **{**report, "Status": "UNKNOWN"})
    plain = map.service(map.namespace())
    map.instance(plain, "one")
    map.refused("CustomHealthNotFound", "UpdateInstanceCustomHealthStatus", **{**report, "ServiceId": plain, "InstanceId": "one"})
    for status in ["HEALTHY", "UNHEALTHY", "ALL", "HEALTHY_OR_ELSE_ALL"]:
        ledger.same(map.discovered(plain, HealthStatus=status), ["one"], "without a check all are returned")
    map.refused(
        "InvalidInput", "RegisterInstance", ServiceId=service, InstanceId="x", Attributes={"AWS_INIT_HEALTH_STATUS": "UNKNOWN"})


def discovery(map, ledger):
    service = map.service(map.namespace())
    names = map.names(service)
    for number in range(120):
        map.start("RegisterInstance", ServiceId=service, InstanceId=f"i{number:03}", Attributes={"n": str(number), "half": str(number % 2)})
    ledger.same(len(map.discovered(service)), 100, "100 unless told")
    ledger.same(len(map.discovered(service, MaxResults=1000)), 120, "1,000 at most")
    ledger.same(len(map.discovered(service, MaxResults=7)), 7, "as many as are asked for")
    ledger.same(len(map.discovered(service, QueryParameters={"half": "1"})), 60, "those that match")
    ledger.same(map.discovered(service, QueryParameters={"half": "1", "n": "2"}), [], "all parameters")
    ledger.same(map.discovered(service, QueryParameters={"none": ""}), [], "an attribute that none has")
    ledger.same(len(map.discovered(service, OptionalParameters={"none": "x"}, MaxResults=1000)), 120, "a preference that none meets")
    ledger.same(map.discovered(service, OptionalParameters={"n": "7", "half": "1"}), ["i007"], "a preference")
    # In random order: all alike in ten answers would be one in 120!.
    orders = {tuple(i["InstanceId"] for i in map("DiscoverInstances", **names, MaxResults=1000)["Instances"]) for _ in range(10)}
    ledger.true(len(orders) > 1, "the order is random")
    firsts = {map("DiscoverInstances", **names, MaxResults=1)["Instances"][0]["InstanceId"] for _ in range(60)}
    ledger.true(len(firsts) > 10, "every instance has its turn")
    for wrong in [
        {"MaxResults": 0}, {"MaxResults": 1001}, {"HealthStatus": "WELL"}, {"QueryParameters": {"": "x"}},
        {"QueryParameters": {"k" * 256: "x"}}, {"OptionalParameters": {"k": "v" * 1025}},
    ]:
        map.refused("InvalidInput", "DiscoverInstances", **names, **wrong)
    for operation in ["DiscoverInstances", "DiscoverInstancesRevision"]:
        map.refused("NamespaceNotFound", operation, NamespaceName="nowhere", ServiceName="s")
        map.refused("ServiceNotFound", operation, NamespaceName=names["NamespaceName"], ServiceName="nothing")
        map.refused("InvalidInput", operation, NamespaceName=names["NamespaceName"])
        map.refused("InvalidInput", operation, ServiceName="s")


def revisions(map, ledger):
    namespace = map.namespace()
    service = map.service(namespace, Name="counted")
    names = map.names(service)
    seen = []

    def look(grows, what):
        revision = map("DiscoverInstancesRevision", **names)["InstancesRevision"]
        ledger.same(map("DiscoverInstances", **names)["InstancesRevision"], revision, "both say the same")
        ledger.true(not seen or (revision > seen[-1] if grows else revision == seen[-1]), f"the revision after {what}: {seen}, {revision}")
        seen.append(revision)

    look(True, "the service's making")
    map.instance(service, "one", a="1")
    look(True, "a registration")
    map.instance(service, "one", a="2")
    look(True, "other attributes")
    look(False, "nothing")
    map("TagResource", ResourceARN=map.arn("service", service), Tags=[{"Key": "k", "Value": "v"}])
    look(False, "a tag")
    map.change("DeregisterInstance", ServiceId=service, InstanceId="one")
    look(True, "a deregistration")
    map("DeleteService", Id=service)
    service = map.service(namespace, Name="counted")
    revision = map("DiscoverInstancesRevision", **names)["InstancesRevision"]
    ledger.true(revision >= seen[-1], "never less, not even of a service that was made anew")


SCENARIOS = [walk_through, replacement, identities, attributes, needs, listing, health, discovery, revisions]
