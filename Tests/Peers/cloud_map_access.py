"""boto3 with keys that may do something, everything and nothing, against a discoveryd that knows them from a file.

    cloud_map_access.py URL KEYS

KEYS is the daemon's file of keys, which this writes anew while it runs. Prints what was not as it should be, and `keys: N checks`.
"""

import datetime
import json
import sys
import time

import botocore.auth
from cloud_map_trial import ACCOUNT, CloudMap, Ledger, xform_name
from botocore.exceptions import ClientError

url, path = sys.argv[1], sys.argv[2]
SECRET = "a secret of 16 or more"
RULES = {
    "OWNER": [{"allow": ["*"], "on": "*"}],
    "READER": [{"allow": ["resolve"], "on": "ais.*"}],
    "WRITER": [{"allow": ["resolve", "register"], "on": "ais.*"}],
    "KEEPER": [{"allow": ["resolve", "manage"], "on": "ais.*"}],
    "NOBODY": [],
}
READING = {
    "DiscoverInstances", "DiscoverInstancesRevision", "GetInstance", "GetInstancesHealthStatus", "GetNamespace", "GetService",
    "GetServiceAttributes", "ListInstances", "ListServices", "ListTagsForResource",
}
WRITING = {"RegisterInstance", "DeregisterInstance", "UpdateInstanceCustomHealthStatus"}
# About nothing in particular: for rules on everything.
LISTING = {"ListNamespaces", "ListOperations"}
# Whoever may do or see what it is about.
RECORDS = {"GetOperation"}
ledger = Ledger(url)
now = botocore.auth.get_current_datetime


def write(rules):
    keys = [{"id": name, "secret": SECRET, "account": ACCOUNT, "rules": rules} for name, rules in rules.items()]
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"keys": keys}, file)


def caller(key, secret=SECRET):
    return CloudMap(url, ledger, key=key, secret=secret)


def code(map, operation, **members):
    try:
        getattr(map.client, xform_name(operation))(**members)
        return None
    except ClientError as error:
        return error.response["Error"]["Code"]


def who_may(owner):
    """Each operation by each key: what is not allowed is told before anything else is."""
    namespace = owner.change("CreateHttpNamespace", Name="ais")["Targets"]["NAMESPACE"]
    other = owner.change("CreateHttpNamespace", Name="corp")["Targets"]["NAMESPACE"]
    services, records = {}, {}
    for identity in [namespace, other]:
        services[identity] = owner.service(identity, Name="s", HealthCheckCustomConfig={"FailureThreshold": 1})
        owner.instance(services[identity], "one")
        records[identity] = owner("ListOperations", MaxResults=1)["Operations"][0]["Id"]
    for identity, name in [(namespace, "ais"), (other, "corp")]:
        service = {"ServiceId": services[identity]}
        for wanted in sorted(ledger.documented):
            members = asked(wanted, identity, name, service, records[identity], owner)
            for key in ["READER", "WRITER", "KEEPER", "NOBODY"]:
                may = identity == namespace and (
                    wanted in READING | RECORDS and key != "NOBODY" or wanted in WRITING and key == "WRITER"
                    or wanted not in READING | RECORDS | WRITING | LISTING and key == "KEEPER")
                said = code(caller(key), wanted, **members)
                ledger.same(said == "AccessDeniedException", not may, f"{key} on {wanted} in {name}: {said}")
                # Whatever was done is put in order again.
                if may and wanted in ("DeregisterInstance", "RegisterInstance"):
                    owner.instance(service["ServiceId"], "one")


def asked(operation, namespace, name, service, record, owner):
    """A request about a namespace or what is in it. Those that would remove it ask what cannot be."""
    arn = {"ResourceARN": owner.arn("service", service["ServiceId"])}
    names = {"NamespaceName": name, "ServiceName": "s"}
    instance = {**service, "InstanceId": "one"}
    described = {"Id": namespace, "Namespace": {"Description": "d"}}
    return {
        "CreateHttpNamespace": {"Name": name}, "CreatePrivateDnsNamespace": {"Name": name, "Vpc": "vpc-1"},
        "CreatePublicDnsNamespace": {"Name": name}, "CreateService": {"Name": "s", "NamespaceId": namespace},
        "DeleteNamespace": {"Id": namespace}, "DeleteService": {"Id": service["ServiceId"]},
        "DeleteServiceAttributes": {**service, "Attributes": ["k"]}, "DeregisterInstance": instance, "DiscoverInstances": names,
        "DiscoverInstancesRevision": names, "GetInstance": instance, "GetInstancesHealthStatus": service, "GetNamespace": {"Id": namespace},
        "GetOperation": {"OperationId": record}, "GetService": {"Id": service["ServiceId"]}, "GetServiceAttributes": service,
        "ListInstances": service, "ListNamespaces": {}, "ListOperations": {},
        "ListServices": {"Filters": [{"Name": "NAMESPACE_ID", "Values": [namespace]}]}, "ListTagsForResource": arn,
        "RegisterInstance": {**instance, "Attributes": {"k": "v"}}, "TagResource": {**arn, "Tags": [{"Key": "k", "Value": "v"}]},
        "UntagResource": {**arn, "TagKeys": ["k"]}, "UpdateHttpNamespace": described,
        "UpdateInstanceCustomHealthStatus": {**instance, "Status": "HEALTHY"}, "UpdatePrivateDnsNamespace": described,
        "UpdatePublicDnsNamespace": described, "UpdateService": {"Id": service["ServiceId"], "Service": {"Description": "d"}},
        "UpdateServiceAttributes": {**service, "Attributes": {"k": "v"}},
    }[operation]


def who_is_nobody(owner):
    for operation, members in [("ListNamespaces", {}), ("DiscoverInstances", {"NamespaceName": "ais", "ServiceName": "s"})]:
        ledger.same(code(owner, operation, **members), None, "the right key")
        ledger.same(code(caller("STRANGER"), operation, **members), "UnrecognizedClientException", "an unknown key")
        ledger.same(code(caller("OWNER", "another secret of 16"), operation, **members), "SignatureDoesNotMatch", "a wrong secret")
        for minutes, expected in [(-16, "RequestExpired"), (16, "RequestExpired"), (-14, None), (14, None)]:
            botocore.auth.get_current_datetime = lambda *arguments: now(*arguments) + datetime.timedelta(minutes=minutes)
            ledger.same(code(caller("OWNER"), operation, **members), expected, f"a clock that is {minutes} minutes away")
        botocore.auth.get_current_datetime = now
        status, answer = owner.raw(operation, members)
        ledger.same((status, answer.get("__type")), (400, "MissingAuthenticationTokenException"), "no signature")


def other_keys(owner):
    """The file is read again when it has changed, within a second or so."""
    later = caller("LATER")
    ledger.same(code(later, "ListNamespaces"), "UnrecognizedClientException", "a key that is not there yet")
    write({"LATER": RULES["OWNER"]})
    wait_until(later, None)
    ledger.same(code(owner, "ListNamespaces"), "UnrecognizedClientException", "a key that was taken out")
    # A file that is broken changes nothing.
    with open(path, "w", encoding="utf-8") as file:
        file.write("{")
    time.sleep(1.2)
    ledger.same(code(later, "ListNamespaces"), None, "the keys from before")
    write({"LATER": []})
    wait_until(later, "AccessDeniedException")


def wait_until(map, expected):
    deadline = time.monotonic() + 20
    while (said := code(map, "ListNamespaces")) != expected:
        if time.monotonic() > deadline:
            raise AssertionError(f"the file was not read again: {said}, not {expected}")
        time.sleep(0.05)
    ledger.checks += 1


write(RULES)
owner = caller("OWNER")
wait_until(owner, None)
for scenario in [who_may, who_is_nobody, other_keys]:
    ledger.run(scenario, owner)
for deviation in ledger.deviations:
    print(f"deviation: {deviation}")
print(f"keys: {ledger.checks} checks")
sys.exit(1 if ledger.deviations else 0)
