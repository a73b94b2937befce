"""The AWS CLI against a running discoveryd: a command for every operation of Cloud Map, in one process.

    cloud_map_commands.py URL

Prints what was not as it should be, and `commands N / M`; fails if anything was not.
"""

import contextlib
import io
import json
import os
import sys

url = sys.argv[1]
os.environ.update(
    AWS_ENDPOINT_URL=url, AWS_DISABLE_HOST_PREFIX_INJECTION="true", AWS_DEFAULT_REGION="eu-central-1", AWS_ACCESS_KEY_ID="local",
    AWS_SECRET_ACCESS_KEY="local", AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null",
    AWS_MAX_ATTEMPTS="1")

from awscli.clidriver import create_clidriver

driver = create_clidriver()
commands = set(driver.session.get_service_model("servicediscovery").operation_names)
seen = set()


def aws(command, *options, status=0):
    """What a command printed, as JSON."""
    output, complaint = io.StringIO(), io.StringIO()
    output.buffer, complaint.buffer = io.BytesIO(), io.BytesIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(complaint):
        try:
            result = driver.main(["servicediscovery", command, *options])
        except SystemExit as end:
            result = end.code
    said = output.getvalue() + output.buffer.getvalue().decode()
    complained = complaint.getvalue() + complaint.buffer.getvalue().decode()
    if result != status:
        raise AssertionError(f"aws servicediscovery {command} {' '.join(options)}: ended with {result}: {complained}")
    if status:
        return complained
    seen.add(command.replace("-", "").lower())
    return json.loads(said) if said.strip() else {}


def same(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r}, not {expected!r}")


def change(command, *options):
    operation = aws("get-operation", "--operation-id", aws(command, *options)["OperationId"])["Operation"]
    same(operation["Status"], "SUCCESS", command)
    return operation["Targets"]


def main():
    http = change("create-http-namespace", "--name", "shop", "--description", "ours", "--tags", "Key=team,Value=a")["NAMESPACE"]
    private = change("create-private-dns-namespace", "--name", "shop.local", "--vpc", "vpc-1")["NAMESPACE"]
    public = change(
        "create-public-dns-namespace", "--name", "shop.test", "--properties", "DnsProperties={SOA={TTL=7}}")["NAMESPACE"]
    change("update-http-namespace", "--id", http, "--namespace", "Description=new")
    change("update-private-dns-namespace", "--id", private, "--namespace", "Description=new,Properties={DnsProperties={SOA={TTL=9}}}")
    change("update-public-dns-namespace", "--id", public, "--namespace", "Description=new")
    same(aws("get-namespace", "--id", private)["Namespace"]["Properties"]["DnsProperties"]["SOA"]["TTL"], 9, "the SOA record")
    named = aws("list-namespaces", "--filters", "Name=NAME,Values=shop.,Condition=BEGINS_WITH")["Namespaces"]
    same([namespace["Id"] for namespace in named], [private, public], "two namespaces")

    made = aws(
        "create-service", "--name", "web", "--namespace-id", private, "--dns-config", "DnsRecords=[{Type=A,TTL=60}]",
        "--health-check-custom-config", "FailureThreshold=1")["Service"]
    service = made["Id"]
    change("update-service", "--id", service, "--service", "Description=web,DnsConfig={DnsRecords=[{Type=A,TTL=5}]}")
    same(aws("get-service", "--id", made["Arn"])["Service"]["DnsConfig"]["DnsRecords"], [{"Type": "A", "TTL": 5}], "the records")
    same(len(aws("list-services", "--filters", f"Name=NAMESPACE_ID,Values={private}")["Services"]), 1, "a service")
    aws("update-service-attributes", "--service-id", service, "--attributes", "owner=me,port=80")
    aws("delete-service-attributes", "--service-id", service, "--attributes", "port")
    same(aws("get-service-attributes", "--service-id", service)["ServiceAttributes"]["Attributes"], {"owner": "me"}, "its attributes")
    aws("tag-resource", "--resource-arn", made["Arn"], "--tags", "Key=a,Value=1", "Key=b,Value=2")
    aws("untag-resource", "--resource-arn", made["Arn"], "--tag-keys", "a")
    same(aws("list-tags-for-resource", "--resource-arn", made["Arn"])["Tags"], [{"Key": "b", "Value": "2"}], "its tags")

    targets = change(
        "register-instance", "--service-id", service, "--instance-id", "one", "--attributes", "AWS_INSTANCE_IPV4=10.0.0.1,stage=dev")
    same(targets["INSTANCE"], "one", "the instance")
    same(
        aws("get-instance", "--service-id", service, "--instance-id", "one")["Instance"]["Attributes"],
        {"AWS_INSTANCE_IPV4": "10.0.0.1", "stage": "dev"}, "its attributes")
    same(len(aws("list-instances", "--service-id", service, "--max-items", "5")["Instances"]), 1, "an instance")
    names = ["--namespace-name", "shop.local", "--service-name", "web"]
    found = aws("discover-instances", *names, "--query-parameters", "stage=dev", "--health-status", "HEALTHY")
    same([instance["InstanceId"] for instance in found["Instances"]], ["one"], "what is discovered")
    same(aws("discover-instances-revision", *names)["InstancesRevision"], found["InstancesRevision"], "the revision")
    same(
        aws("update-instance-custom-health-status", "--service-id", service, "--instance-id", "one", "--status", "UNHEALTHY"), {},
        "no answer")
    same(aws("get-instances-health-status", "--service-id", service)["Status"], {"one": "UNHEALTHY"}, "its health")
    complaint = aws("delete-service", "--id", service, status=255)
    if "(ResourceInUse)" not in complaint:
        raise AssertionError(f"an error is told by its name: {complaint}")
    change("deregister-instance", "--service-id", service, "--instance-id", "one")
    same(aws("delete-service", "--id", service), {}, "no answer")
    change("delete-namespace", "--id", http)
    kinds = aws("list-operations", "--filters", f"Name=NAMESPACE_ID,Values={http}")["Operations"]
    same(len(kinds), 3, "the operations of a namespace")


try:
    main()
except AssertionError as error:
    print(f"deviation: {error}")
    sys.exit(1)
missing = {name for name in commands if name.lower() not in seen}
for name in sorted(missing):
    print(f"deviation: {name}: no command")
print(f"commands {len(commands) - len(missing)} / {len(commands)}")
sys.exit(1 if missing else 0)
