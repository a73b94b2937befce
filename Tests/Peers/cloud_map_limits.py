"""Whatever the model limits is limited: each member of each input a little too long, too large, or none of its values."""

import copy

EXCUSED = {
    # Over 50 there are too many, before it comes to 200.
    ("CreateHttpNamespace", "Tags"), ("CreatePrivateDnsNamespace", "Tags"), ("CreatePublicDnsNamespace", "Tags"), ("CreateService", "Tags"),
    ("TagResource", "Tags"),
    # Its own error says so.
    ("UpdateServiceAttributes", "Attributes"),
}


def wrong_values(shape):
    """Values that a shape of the model does not allow."""
    limits = shape.metadata
    if getattr(shape, "enum", None):
        yield "NONE_OF_THEM"
    if shape.type_name == "string":
        if "max" in limits:
            yield "x" * (limits["max"] + 1)
        if limits.get("min"):
            yield "x" * (limits["min"] - 1)
        if "pattern" in limits:
            yield "\u00fc "
    elif shape.type_name in ("integer", "long"):
        if "max" in limits:
            yield limits["max"] + 1
        if "min" in limits:
            yield limits["min"] - 1
    elif shape.type_name == "list" and "max" in limits:
        yield [f"k{number}" for number in range(limits["max"] + 1)]
    elif shape.type_name == "map" and "max" in limits:
        yield {f"k{number}": "v" for number in range(limits["max"] + 1)}


def wrong_inputs(shape, value, path=()):
    """Ways to make a valid value of a shape wrong: where, and what is to stand there; `...` for nothing at all."""
    for wrong in wrong_values(shape):
        yield path, wrong
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if name in value:
                if name in shape.required_members:
                    yield path + (name,), ...
                yield from wrong_inputs(member, value[name], path + (name,))
    elif shape.type_name == "list" and value:
        yield from wrong_inputs(shape.member, value[0], path + (0,))
    elif shape.type_name == "map":
        key = next(iter(value), None)
        if key is not None:
            yield from wrong_inputs(shape.value, value[key], path + (key,))


def put(value, path, wrong):
    value = copy.deepcopy(value)
    if not path:
        return wrong
    place = value
    for step in path[:-1]:
        place = place[step]
    if wrong is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = wrong
    return value


def examples(map):
    """A valid input of every operation, with as many of its members as go together."""
    http, private, public = map.namespace(), map.namespace("PrivateDns"), map.namespace("PublicDns")
    service = map.service(http, HealthCheckCustomConfig={"FailureThreshold": 1})
    checked = map.service(public, DnsConfig={"DnsRecords": [{"Type": "A", "TTL": 1}]}, HealthCheckConfig={"Type": "HTTP"})
    map.instance(service, "one")
    names, instance = map.names(service), {"ServiceId": service, "InstanceId": "one"}
    common = {"CreatorRequestId": "r", "Description": "d", "Tags": [{"Key": "k", "Value": "v"}]}
    soa = {"Properties": {"DnsProperties": {"SOA": {"TTL": 1}}}}
    page = {"MaxResults": 1, "Filters": [{"Name": "RESOURCE_OWNER", "Values": ["SELF"], "Condition": "EQ"}]}
    query = {"MaxResults": 1, "QueryParameters": {"k": "v"}, "OptionalParameters": {"k": "v"}, "HealthStatus": "ALL"}
    dns = {"DnsRecords": [{"Type": "A", "TTL": 1}]}
    check = {"Type": "HTTP", "ResourcePath": "/", "FailureThreshold": 1}
    arn = map.arn("service", service)
    return {
        "CreateHttpNamespace": {"Name": "limits", **common},
        "CreatePrivateDnsNamespace": {"Name": "limits", "Vpc": "vpc-1", **soa, **common},
        "CreatePublicDnsNamespace": {"Name": "limits.test", **soa, **common},
        "CreateService": {
            "Name": "limits", "NamespaceId": public, "DnsConfig": {**dns, "RoutingPolicy": "MULTIVALUE"}, "HealthCheckConfig": check, **common},
        "DeleteNamespace": {"Id": http},
        "DeleteService": {"Id": service},
        "DeleteServiceAttributes": {"ServiceId": service, "Attributes": ["k"]},
        "DeregisterInstance": instance,
        "DiscoverInstances": {**names, **query, "OwnerAccount": "123456789012"},
        "DiscoverInstancesRevision": {**names, "OwnerAccount": "123456789012"},
        "GetInstance": instance,
        "GetInstancesHealthStatus": {"ServiceId": service, "Instances": ["one"], "MaxResults": 1},
        "GetNamespace": {"Id": http},
        "GetOperation": {"OperationId": "o", "OwnerAccount": "123456789012"},
        "GetService": {"Id": service},
        "GetServiceAttributes": {"ServiceId": service},
        "ListInstances": {"ServiceId": service, "MaxResults": 1},
        "ListNamespaces": page,
        "ListOperations": {"MaxResults": 1, "Filters": [{"Name": "STATUS", "Values": ["SUCCESS"], "Condition": "EQ"}]},
        "ListServices": page,
        "ListTagsForResource": {"ResourceARN": arn},
        "RegisterInstance": {**instance, "CreatorRequestId": "r", "Attributes": {"k": "v"}},
        "TagResource": {"ResourceARN": arn, "Tags": [{"Key": "k", "Value": "v"}]},
        "UntagResource": {"ResourceARN": arn, "TagKeys": ["k"]},
        "UpdateHttpNamespace": {"Id": http, "UpdaterRequestId": "u", "Namespace": {"Description": "d"}},
        "UpdateInstanceCustomHealthStatus": {**instance, "Status": "HEALTHY"},
        "UpdatePrivateDnsNamespace": {"Id": private, "UpdaterRequestId": "u", "Namespace": {"Description": "d", **soa}},
        "UpdatePublicDnsNamespace": {"Id": public, "UpdaterRequestId": "u", "Namespace": {"Description": "d", **soa}},
        "UpdateService": {"Id": checked, "Service": {"Description": "d", "DnsConfig": dns, "HealthCheckConfig": check}},
        "UpdateServiceAttributes": {"ServiceId": service, "Attributes": {"k": "v"}},
    }


def limits(map, ledger):
    inputs = examples(map)
    ledger.same(set(inputs), set(ledger.documented), "an example of every operation")
    for operation, members in inputs.items():
        ledger.run(limited, map, ledger, operation, members)


def limited(map, ledger, operation, members):
    shape = ledger.model.operation_model(operation).input_shape
    for path, wrong in wrong_inputs(shape, members):
        if (operation, path[-1]) not in EXCUSED:
            ledger.run(map.raw_refused, "InvalidInput", operation, put(members, path, wrong), path)


SCENARIOS = [limits]
