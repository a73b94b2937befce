"""Namespaces: their making, changing, listing and end."""

from cloud_map_trial import ACCOUNT, NAMESPACE_ID, tags

UNKNOWN = "ns-aaaaaaaaaaaaaaaa"


def creation(map, ledger):
    name = map.fresh("http-only")
    made = map.change(
        "CreateHttpNamespace", Name=name, Description="d" * 1024, CreatorRequestId="r" * 64, Tags=tags(50))
    ledger.same(made["Type"], "CREATE_NAMESPACE", "the operation's type")
    ledger.same(set(made["Targets"]), {"NAMESPACE"}, "the operation's targets")
    ledger.matches(NAMESPACE_ID, made["Targets"]["NAMESPACE"], "a namespace's id")
    identity = made["Targets"]["NAMESPACE"]
    namespace = map("GetNamespace", Id=identity)["Namespace"]
    map.recent(namespace.pop("CreateDate"), "the namespace")
    ledger.same(namespace, {
        "Id": identity, "Arn": map.arn("namespace", identity), "ResourceOwner": ACCOUNT, "Name": name, "Type": "HTTP", "Description": "d" * 1024,
        "ServiceCount": 0, "Properties": {"HttpProperties": {"HttpName": name}}, "CreatorRequestId": "r" * 64,
    }, "the namespace")
    ledger.same(map("GetNamespace", Id=namespace["Arn"])["Namespace"]["Id"], identity, "by its ARN")
    ledger.same(len(map("ListTagsForResource", ResourceARN=namespace["Arn"])["Tags"]), 50, "its tags")

    error = map.refused("NamespaceAlreadyExists", "CreateHttpNamespace", Name=name)
    ledger.same((error["NamespaceId"], error["CreatorRequestId"]), (identity, "r" * 64), "what exists is told")
    # The SDK makes up the id of a request that has none.
    other = map("GetNamespace", Id=map.namespace())["Namespace"]
    ledger.true(other["CreatorRequestId"], "the creator's request")
    for good in ["x", "!~", "a/b", "n" * 1024]:
        map.namespace(Name=good)
    for bad in ["", "n" * 1025, "a b", "arn:aws", "\u00fcber", "tab\t"]:
        map.refused("InvalidInput", "CreateHttpNamespace", Name=bad)
    refused_tags(map, "CreateHttpNamespace", {"Name": map.fresh("tags")})
    map.refused("InvalidInput", "GetNamespace", Id="arn:aws:sqs:eu-central-1:1:x")
    map.refused("NamespaceNotFound", "GetNamespace", Id=UNKNOWN)
    map.refused("NamespaceNotFound", "GetNamespace", Id=map.arn("namespace", UNKNOWN))


def refused_tags(map, operation, members):
    """What is no tag is none wherever something is made with tags."""
    map.refused("TooManyTagsException", operation, **members, Tags=tags(51))
    for key, value in [("", ""), ("k" * 129, ""), ("k", "v" * 257), ("aws:k", ""), ("AWS:k", "")]:
        map.refused("InvalidInput", operation, **members, Tags=[{"Key": key, "Value": value}])
    map.refused("InvalidInput", operation, **members, Tags=[{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}])


def private(map, ledger):
    name, vpc = map.fresh("private") + ".local", map.fresh("vpc-")
    identity = map.namespace("PrivateDns", Name=name, Vpc=vpc, Properties={"DnsProperties": {"SOA": {"TTL": 7}}})
    namespace = map("GetNamespace", Id=identity)["Namespace"]
    ledger.same((namespace["Type"], namespace["Name"]), ("DNS_PRIVATE", name), "the namespace")
    zone = namespace["Properties"]["DnsProperties"]["HostedZoneId"]
    ledger.matches(r"Z[A-Z0-9]{19,20}", zone, "the hosted zone")
    ledger.same(namespace["Properties"]["DnsProperties"]["SOA"], {"TTL": 7}, "the SOA record")
    ledger.same(namespace["Properties"]["HttpProperties"], {"HttpName": name}, "the name for discovery")

    # The name again: in another network with a name of its own for discovery; in the same one the operation fails.
    other = map("GetNamespace", Id=map.namespace("PrivateDns", Name=name, Vpc=vpc + "b"))["Namespace"]
    ledger.same(other["Name"], name, "the name again")
    ledger.matches(name + "-[a-z0-9]+", other["Properties"]["HttpProperties"]["HttpName"], "its name for discovery")
    failed = map.finish(map.start("CreatePrivateDnsNamespace", Name=name, Vpc=vpc), "FAIL")
    ledger.same(failed["ErrorCode"], "CANNOT_CREATE_HOSTED_ZONE", "the code of the failed operation")
    ledger.true("ConflictingDomainExists" in failed["ErrorMessage"], failed["ErrorMessage"])
    map.namespace("PrivateDns", Vpc=vpc)
    # A service in the one is not in the other.
    service = map.service(other["Id"], Name="twin")
    ledger.same(map.names(service)["NamespaceName"], other["Properties"]["HttpProperties"]["HttpName"], "where it is found")
    ledger.same(map.discovered(service), [], "it is found there")
    map.refused("ServiceNotFound", "DiscoverInstances", NamespaceName=name, ServiceName="twin")

    map.namespace("PrivateDns", Name="p" * 253)
    for bad in ["", "p" * 254, "a b", "arn:x"]:
        map.refused("InvalidInput", "CreatePrivateDnsNamespace", Name=bad, Vpc=vpc)
    map.refused("InvalidInput", "CreatePrivateDnsNamespace", Name=map.fresh())
    for ttl in [-1, 2147483648]:
        map.refused(
            "InvalidInput", "CreatePrivateDnsNamespace", Name=map.fresh(), Vpc=vpc, Properties={"DnsProperties": {"SOA": {"TTL": ttl}}})
    taken = map.fresh("taken.")
    first = map.namespace("PublicDns", Name=taken)
    error = map.refused("NamespaceAlreadyExists", "CreatePrivateDnsNamespace", Name=taken, Vpc=vpc)
    ledger.same(error["NamespaceId"], first, "what exists is told")
    refused_tags(map, "CreatePrivateDnsNamespace", {"Name": map.fresh(), "Vpc": vpc})


def public(map, ledger):
    name = map.fresh("Public") + ".example.com"
    identity = map.namespace("PublicDns", Name=name, Properties={"DnsProperties": {"SOA": {"TTL": 0}}}, CreatorRequestId="mine")
    namespace = map("GetNamespace", Id=identity)["Namespace"]
    ledger.same((namespace["Type"], namespace["Name"]), ("DNS_PUBLIC", name), "the namespace")
    ledger.same(namespace["Properties"]["DnsProperties"]["SOA"], {"TTL": 0}, "the SOA record")
    for same in [name, name.lower()]:
        error = map.refused("NamespaceAlreadyExists", "CreatePublicDnsNamespace", Name=same)
        ledger.same((error["NamespaceId"], error["CreatorRequestId"]), (identity, "mine"), "what exists is told")
    map.namespace("PublicDns", Name=".".join(["l" * 63] * 3 + ["m" * 61]))
    for bad in ["", "oneword", "a..b", "-a.b", "a-.b", "a.b.", "l" * 64 + ".b", ".".join(["l" * 63] * 4), "a_b.c", "a b.c"]:
        map.refused("InvalidInput", "CreatePublicDnsNamespace", Name=bad)
    # A Vpc is for private namespaces; a member that is not known is passed over.
    status, answer = map.raw("CreatePublicDnsNamespace", {"Name": map.fresh("v") + ".test", "Vpc": "vpc-1"})
    ledger.same(status, 200, f"a member that is not known: {answer}")
    refused_tags(map, "CreatePublicDnsNamespace", {"Name": map.fresh("t") + ".test"})


def update(map, ledger):
    dns = {"DnsProperties": {"SOA": {"TTL": 99}}}
    namespaces = {kind: map.namespace(kind, Description="before") for kind in ["Http", "PrivateDns", "PublicDns"]}
    for kind, identity in namespaces.items():
        operation, about = f"Update{kind}Namespace", map("GetNamespace", Id=identity)["Namespace"]
        done = map.change(operation, Id=identity, Namespace={"Description": "after"}, UpdaterRequestId="once")
        ledger.same((done["Type"], done["Targets"]), ("UPDATE_NAMESPACE", {"NAMESPACE": identity}), "the operation")
        now = map("GetNamespace", Id=identity)["Namespace"]
        ledger.same(now["Description"], "after", "the description")
        ledger.same(now["Properties"], about["Properties"], "all else stays")
        # The same request by the same id is done once; by another id, again.
        ledger.same(
            map.start(operation, Id=identity, Namespace={"Description": "after"}, UpdaterRequestId="once"), done["Id"], "said twice")
        map.change(operation, Id=about["Arn"], Namespace={"Description": "after"}, UpdaterRequestId="twice")
        map.refused("NamespaceNotFound", operation, Id=UNKNOWN, Namespace={"Description": "x"})
        map.refused("InvalidInput", operation, Id=identity, Namespace={"Description": "d" * 1025})
        map.refused("InvalidInput", operation, Id=identity, Namespace={"Description": "x"}, UpdaterRequestId="r" * 65)
        for other in set(namespaces) - {kind}:
            map.refused("InvalidInput", operation, Id=namespaces[other], Namespace={"Description": "x"})
        if kind == "Http":
            map.refused("InvalidInput", operation, Id=identity, Namespace={})
            continue
        map.change(operation, Id=identity, Namespace={"Properties": dns})
        now = map("GetNamespace", Id=identity)["Namespace"]
        ledger.same((now["Description"], now["Properties"]["DnsProperties"]["SOA"]), ("after", {"TTL": 99}), "each by itself")
        map.refused(
            "InvalidInput", operation, Id=identity, Namespace={"Properties": {"DnsProperties": {"SOA": {"TTL": 2147483648}}}})


def deletion(map, ledger):
    name = map.fresh("short-lived")
    identity = map.namespace(Name=name)
    service = map.service(identity)
    map.refused("ResourceInUse", "DeleteNamespace", Id=identity)
    map("DeleteService", Id=service)
    done = map.change("DeleteNamespace", Id=map.arn("namespace", identity))
    ledger.same((done["Type"], done["Targets"]), ("DELETE_NAMESPACE", {"NAMESPACE": identity}), "the operation")
    map.refused("NamespaceNotFound", "GetNamespace", Id=identity)
    map.refused("NamespaceNotFound", "DeleteNamespace", Id=identity)
    map.refused("InvalidInput", "DeleteNamespace", Id="i" * 256)
    map.refused("NamespaceNotFound", "DiscoverInstances", NamespaceName=name, ServiceName="s")
    ledger.true(map.namespace(Name=name) != identity, "the name is free again")


def listing(map, ledger):
    prefix = map.fresh("list-")
    made = [map.namespace(Name=f"{prefix}-{number}") for number in range(3)]
    twins = [map.namespace("PrivateDns", Name=f"{prefix}.dns") for _ in range(2)]
    public = map.namespace("PublicDns", Name=f"{prefix}.dns.test")
    for _ in range(2):
        map.service(made[0])

    def found(*filters, **members):
        asked = [dict(zip(("Name", "Condition", "Values"), (name, how, list(values)))) for name, how, *values in filters]
        pages = map.client.get_paginator("list_namespaces").paginate(Filters=asked, **members)
        return [namespace for page in pages for namespace in page["Namespaces"]]

    def ids(*filters):
        return [namespace["Id"] for namespace in found(*filters, PaginationConfig={"PageSize": 7})]

    ours = ("NAME", "BEGINS_WITH", prefix)
    ledger.same(ids(ours), made + twins + [public], "by the beginning of the name")
    ledger.same(ids(ours, ("TYPE", "EQ", "HTTP")), made, "of two filters both")
    ledger.same(ids(ours, ("TYPE", "EQ", "DNS_PRIVATE")), twins, "private")
    ledger.same(ids(ours, ("TYPE", "EQ", "DNS_PUBLIC")), [public], "public")
    ledger.same(ids(("NAME", "EQ", f"{prefix}.dns")), twins, "by a name that two have")
    ledger.same(ids(("HTTP_NAME", "EQ", f"{prefix}.dns")), twins[:1], "by the name for discovery")
    ledger.same(ids(("HTTP_NAME", "BEGINS_WITH", f"{prefix}.dns-")), twins[1:], "by the beginning of that")
    ledger.same(ids(ours, ("RESOURCE_OWNER", "EQ", "SELF")), made + twins + [public], "our own")
    ledger.same(ids(("RESOURCE_OWNER", "EQ", "OTHER_ACCOUNTS")), [], "others'")
    unsaid = map("ListNamespaces", Filters=[{"Name": "NAME", "Values": [f"{prefix}-1"]}])
    ledger.true({namespace["Id"] for namespace in unsaid["Namespaces"]} <= {made[1]}, "EQ is meant where nothing is said")
    whole = {namespace["Id"]: namespace for namespace in found()}
    about = whole[made[0]]
    map.recent(about.pop("CreateDate"), "the namespace")
    ledger.same(about, {
        "Id": made[0], "Arn": map.arn("namespace", made[0]), "ResourceOwner": ACCOUNT, "Name": f"{prefix}-0", "Type": "HTTP", "ServiceCount": 2,
        "Properties": {"HttpProperties": {"HttpName": f"{prefix}-0"}},
    }, "a summary")
    ledger.true("HostedZoneId" in whole[public]["Properties"]["DnsProperties"], "the hosted zone")
    # A page is cut before it is filtered: it may be empty and have a successor.
    page = map("ListNamespaces", MaxResults=1, Filters=[{"Name": "NAME", "Values": [f"{prefix}.dns.test"]}])
    ledger.same((page["Namespaces"], "NextToken" in page), ([], True), "an empty page")

    for limit in [0, 101, -1]:
        map.refused("InvalidInput", "ListNamespaces", MaxResults=limit)
    strange = map("ListServices", MaxResults=1)["NextToken"]
    for token in ["", "nonsense", "AAAA", strange, "x" * 4097]:
        map.refused("InvalidInput", "ListNamespaces", NextToken=token)
    for name, how, *values in [
        ("COLOUR", "EQ", "x"), ("TYPE", "EQ", "DNS"), ("TYPE", "BEGINS_WITH", "DNS"), ("NAME", "IN", "x"), ("NAME", "EQ", "x", "y"),
        ("NAME", "EQ"), ("NAME", "LIKE", "x"), ("NAME", "EQ", "x" * 256), ("RESOURCE_OWNER", "EQ", "ME"), ("HTTP_NAME", "EQ", ""),
    ]:
        map.refused("InvalidInput", "ListNamespaces", Filters=[{"Name": name, "Condition": how, "Values": values}])


SCENARIOS = [creation, private, public, update, deletion]
# Where there are several services to list.
LATER = [listing]
