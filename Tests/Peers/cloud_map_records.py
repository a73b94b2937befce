"""Operations and their records, tags, and what is no request at all."""

import datetime
import time

from cloud_map_trial import OPERATION_ID, tags

OF_INSTANCES = ["REGISTER_INSTANCE", "DEREGISTER_INSTANCE"]


def operations(map, ledger):
    namespace = map.namespace()
    service = map.service(namespace)
    start = time.time()
    ids = {}
    for number in range(3):
        ids[f"i{number}"] = map.start("RegisterInstance", ServiceId=service, InstanceId=f"i{number}", Attributes={"k": "v"})
    ids["gone"] = map.start("DeregisterInstance", ServiceId=service, InstanceId="i0")
    operation = map.operation(ids["i1"])
    ledger.same(operation["Targets"], {"SERVICE": service, "INSTANCE": "i1"}, "the targets")
    ledger.same((operation["Id"], operation["Type"], operation["Status"]), (ids["i1"], "REGISTER_INSTANCE", "SUCCESS"), "the operation")
    ledger.true("ErrorCode" not in operation and "ErrorMessage" not in operation, "no error")
    for name in ["CreateDate", "UpdateDate"]:
        ledger.true(isinstance(operation[name], datetime.datetime), name)
        map.recent(operation[name], name)
    end = time.time()

    def found(*filters):
        asked = [dict(zip(("Name", "Condition", "Values"), (name, how, list(values)))) for name, how, *values in filters]
        pages = map.client.get_paginator("list_operations").paginate(Filters=asked, PaginationConfig={"PageSize": 50})
        return [operation for page in pages for operation in page["Operations"]]

    def identities(*filters):
        return {operation["Id"] for operation in found(*filters)}

    ours, mine = set(ids.values()), ("SERVICE_ID", "EQ", service)
    ledger.same(identities(mine), ours, "of a service")
    ledger.same(found(mine)[0], {"Id": found(mine)[0]["Id"], "Status": "SUCCESS"}, "an entry has an id and a status")
    ledger.matches(OPERATION_ID, found(mine)[0]["Id"], "the id")
    ledger.same(len(identities(("NAMESPACE_ID", "EQ", namespace))), 5, "of a namespace and what is in it")
    ledger.same(identities(mine, ("TYPE", "EQ", "DEREGISTER_INSTANCE")), {ids["gone"]}, "of a type")
    ledger.same(identities(mine, ("TYPE", "IN", *OF_INSTANCES)), ours, "of one type or the other")
    # The guide calls it SUCCEED.
    for status in ["SUCCESS", "SUCCEED"]:
        ledger.same(identities(mine, ("STATUS", "EQ", status)), ours, "of a status")
        ledger.same(identities(mine, ("STATUS", "IN", status, "FAIL")), ours, "of one status or the other")
    ledger.same(identities(mine, ("STATUS", "EQ", "FAIL")), set(), "none failed")
    ledger.same(identities(mine, ("STATUS", "IN", "SUBMITTED", "PENDING")), set(), "none is pending")
    ledger.same(identities(mine, ("UPDATE_DATE", "BETWEEN", str(start - 1), str(end + 1))), ours, "of a time")
    ledger.same(identities(mine, ("UPDATE_DATE", "BETWEEN", str(int(start) - 60), str(int(start) - 30))), set(), "of another time")
    # A page is cut before it is filtered.
    map.namespace()
    page = map("ListOperations", MaxResults=1, Filters=[{"Name": "SERVICE_ID", "Values": [service]}])
    ledger.same((page["Operations"], "NextToken" in page), ([], True), "an empty page")

    strange = map("ListServices", MaxResults=1)["NextToken"]
    for wrong in [{"MaxResults": 0}, {"MaxResults": 101}, {"NextToken": "nonsense"}, {"NextToken": strange}]:
        map.refused("InvalidInput", "ListOperations", **wrong)
    for name, how, *values in [
        ("NAME", "EQ", "x"), ("STATUS", "EQ", "DONE"), ("STATUS", "BEGINS_WITH", "S"), ("TYPE", "EQ", "CREATE_SERVICE"),
        ("SERVICE_ID", "IN", service), ("NAMESPACE_ID", "EQ", namespace, namespace), ("UPDATE_DATE", "EQ", "1"),
        ("UPDATE_DATE", "BETWEEN", "1"), ("UPDATE_DATE", "BETWEEN", "2", "1"), ("UPDATE_DATE", "BETWEEN", "a", "b"),
        ("UPDATE_DATE", "BETWEEN", "nan", "inf"), ("STATUS", "IN"),
    ]:
        map.refused("InvalidInput", "ListOperations", Filters=[{"Name": name, "Condition": how, "Values": values}])
    map.refused("OperationNotFound", "GetOperation", OperationId="a" * 32 + "-" + "b" * 8)
    map.refused("InvalidInput", "GetOperation")


def tagging(map, ledger):
    namespace = map.namespace()
    service = map.service(namespace)
    for arn in [map.arn("namespace", namespace), map.arn("service", service)]:

        def shown():
            return {tag["Key"]: tag["Value"] for tag in map("ListTagsForResource", ResourceARN=arn)["Tags"]}

        ledger.same(shown(), {}, "no tags")
        ledger.same(map("TagResource", ResourceARN=arn, Tags=tags(49)), {}, "the answer")
        map("TagResource", ResourceARN=arn, Tags=[{"Key": "t0", "Value": "new"}, {"Key": "\u00fc" * 128, "Value": "\U0001f600" * 256}])
        now = shown()
        ledger.same((len(now), now["t0"], now["\u00fc" * 128]), (50, "new", "\U0001f600" * 256), "the tags")
        map.refused("TooManyTagsException", "TagResource", ResourceARN=arn, Tags=[{"Key": "one", "Value": "more"}])
        map.refused("TooManyTagsException", "TagResource", ResourceARN=arn, Tags=tags(51))
        for key, value in [("", ""), ("k" * 129, ""), ("t0", "v" * 257), ("aws:k", "")]:
            map.refused("InvalidInput", "TagResource", ResourceARN=arn, Tags=[{"Key": key, "Value": value}])
        ledger.same(map("UntagResource", ResourceARN=arn, TagKeys=["t0", "none"]), {}, "the answer")
        map("UntagResource", ResourceARN=arn, TagKeys=[f"t{number}" for number in range(49)])
        ledger.same(set(shown()), {"\u00fc" * 128}, "what is left")
        for keys in [[""], ["k" * 129]]:
            map.refused("InvalidInput", "UntagResource", ResourceARN=arn, TagKeys=keys)
    for operation, members in [
        ("TagResource", {"Tags": tags(1)}), ("UntagResource", {"TagKeys": ["k"]}), ("ListTagsForResource", {}),
    ]:
        for arn in [map.arn("namespace", "ns-aaaaaaaaaaaaaaaa"), map.arn("service", namespace), "arn:aws:sqs:eu-central-1:1:jobs"]:
            map.refused("ResourceNotFoundException", operation, ResourceARN=arn, **members)
        map.refused("InvalidInput", operation, ResourceARN=service, **members)
    # They go with what they are on.
    map("DeleteService", Id=service)
    map.refused("ResourceNotFoundException", "ListTagsForResource", ResourceARN=map.arn("service", service))


def requests(map, ledger):
    """What boto3 never sends, and whoever speaks the protocol by hand might."""
    for operation, body, status, code in [
        ("ListNamespaces", b"{", 400, "SerializationException"), ("ListNamespaces", b"[]", 400, "SerializationException"),
        ("ListNamespaces", b'{"MaxResults": "ten"}', 400, "SerializationException"),
        ("ListNamespaces", b'{"Filters": {}}', 400, "SerializationException"),
        ("ListNamespaces", b'{"Filters": ' + b"[" * 10000 + b"]" * 10000 + b"}", 400, "SerializationException"),
        ("ListNamespaces", b"\xff\xfe", 400, "SerializationException"), ("GetNamespace", b"", 400, "InvalidInput"),
        ("GetNamespace", b"{}", 400, "InvalidInput"), ("GetNamespace", b'{"Id": null}', 400, "InvalidInput"),
        ("FlyToMoon", b"{}", 400, "UnknownOperationException"), ("", b"{}", 400, "UnknownOperationException"),
        ("ListNamespaces", b'{"Unknown": 1}', 200, None), ("ListNamespaces", b"", 200, None),
    ]:
        got, members = map.raw(operation, body)
        ledger.same((got, members.get("__type")), (status, code), f"{operation} {body[:40]}")
        ledger.true(status == 200 or members["message"], "what is wrong is said")


SCENARIOS = [operations, tagging, requests]
