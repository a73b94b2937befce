"""What the scenarios of Cloud Map stand on: boto3's calls, each checked for what every answer must have, and a ledger of what was seen."""

import datetime
import http.client
import json
import os
import re
import time
import traceback
import urllib.parse

os.environ.update(AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null")

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "eu-central-1"
ACCOUNT = "123456789012"
NAMESPACE_ID = r"ns-[a-z2-7]{16}"
SERVICE_ID = r"srv-[a-z2-7]{16}"
OPERATION_ID = r"[a-z2-7]{32}-[a-z2-7]{8}"


def client(url, key=ACCOUNT, secret="any", **options):
    """boto3 as users have it, but that it sends what it knows to be wrong, and tries once."""
    options = {"inject_host_prefix": False, "parameter_validation": False, "retries": {"total_max_attempts": 1}, **options}
    config = Config(**{name: value for name, value in options.items() if value is not None})
    return boto3.client(
        "servicediscovery", region_name=REGION, endpoint_url=url, aws_access_key_id=key, aws_secret_access_key=secret, config=config)


class Ledger:
    """What was asked, which documented errors came, and what was not as it should be."""

    def __init__(self, url):
        model = client(url).meta.service_model
        self.documented = {
            name: {shape.error_code for shape in model.operation_model(name).error_shapes} for name in model.operation_names
        }
        self.model = model
        self.answered = set()
        self.covered = set()
        self.checks = 0
        self.deviations = []
        self.request_ids = set()

    def run(self, scenario, *arguments):
        """Runs one scenario; what is wrong in it does not keep the others from running."""
        try:
            return scenario(*arguments)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)
            lines = [f"{frame.name}:{frame.lineno}" for frame in place if "cloud_map" in frame.filename]
            self.deviations.append(f"{' < '.join(reversed(lines))}: {type(error).__name__}: {error}")

    def same(self, actual, expected, what):
        self.checks += 1
        if actual != expected:
            raise AssertionError(f"{what}: {actual!r}, not {expected!r}")

    def true(self, fact, what):
        self.same(bool(fact), True, what)

    def matches(self, pattern, text, what):
        self.checks += 1
        if not re.fullmatch(pattern, text):
            raise AssertionError(f"{what}: {text!r} is not {pattern}")


class CloudMap:
    """The operations of one daemon, by their names."""

    def __init__(self, url, ledger, **options):
        self.client = client(url, **options)
        self.ledger = ledger
        self.url = url
        self.last = 0

    def fresh(self, prefix="n"):
        """A name that nothing here has."""
        self.last += 1
        return f"{prefix}{self.last}"

    def __call__(self, operation, **members):
        answer = getattr(self.client, xform_name(operation))(**members)
        about = answer.pop("ResponseMetadata")
        self.ledger.same(about["HTTPStatusCode"], 200, f"{operation}'s status")
        self._identified(operation, about)
        self.ledger.answered.add(operation)
        return answer

    def refused(self, code, operation, **members):
        """The members of the error that an operation must answer with."""
        what = f"{operation} {str(members)[:160]}"
        try:
            answer = self(operation, **members)
        except ClientError as error:
            about = error.response
            self.ledger.same(about["Error"]["Code"], code, what)
            self.ledger.same(about["ResponseMetadata"]["HTTPStatusCode"], 400, f"{what}: the status")
            self.ledger.true(about["Error"]["Message"], f"{what}: has a message")
            self._identified(operation, about["ResponseMetadata"])
            if code in self.ledger.documented[operation]:
                # The class that the SDK makes of it is what users catch.
                self.ledger.true(isinstance(error, self.client.exceptions.from_code(code)), f"{what}: is boto3's class")
                self.ledger.covered.add((operation, code))
            return about
        raise AssertionError(f"{what}: answered {answer}, not {code}")

    def raw(self, operation, body):
        """Posts bytes, unsigned, where boto3 would not send such ones; the status and the members of the answer."""
        headers = {"X-Amz-Target": f"Route53AutoNaming_v20170314.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.url).netloc)
        connection.request("POST", "/", body if isinstance(body, bytes) else json.dumps(body).encode(), headers)
        answer = connection.getresponse()
        members = json.loads(answer.read() or b"{}")
        connection.close()
        return answer.status, members

    def raw_refused(self, code, operation, body, what):
        """The same by hand, for what boto3 cannot write."""
        status, members = self.raw(operation, body)
        self.ledger.same((status, members.get("__type")), (400, code), f"{operation} with a wrong {what}: {str(body)[:200]}")

    def _identified(self, operation, about):
        request_id = about["HTTPHeaders"].get("x-amzn-requestid", "")
        self.ledger.matches(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", request_id, f"{operation}'s request id")
        self.ledger.true(request_id not in self.ledger.request_ids, f"{operation}'s request id is new")
        self.ledger.request_ids.add(request_id)
        self.ledger.same(about["HTTPHeaders"]["content-type"], "application/x-amz-json-1.1", f"{operation}'s type of content")

    # What takes its time

    def start(self, operation, **members):
        """Submits a change; its operation's id."""
        identity = self(operation, **members)["OperationId"]
        self.ledger.matches(OPERATION_ID, identity, f"{operation}'s operation")
        return identity

    def operation(self, identity):
        return self("GetOperation", OperationId=identity)["Operation"]

    def finish(self, identity, status="SUCCESS"):
        """Waits until an operation has come to its end."""
        deadline = time.monotonic() + 60
        while (operation := self.operation(identity))["Status"] in ("SUBMITTED", "PENDING"):
            if time.monotonic() > deadline:
                raise AssertionError(f"{identity} is still {operation['Status']}")
            time.sleep(0.1)
        self.ledger.same(operation["Status"], status, f"{operation['Type']}: {operation.get('ErrorMessage')}")
        return operation

    def change(self, operation, **members):
        """Submits a change and sees it done."""
        return self.finish(self.start(operation, **members))

    # What scenarios need before they begin

    def namespace(self, kind="Http", **members):
        members = {"Name": self.fresh("corp") + (".test" if kind == "PublicDns" else ""), **members}
        if kind == "PrivateDns":
            members.setdefault("Vpc", self.fresh("vpc-"))
        return self.change(f"Create{kind}Namespace", **members)["Targets"]["NAMESPACE"]

    def service(self, namespace, **members):
        return self("CreateService", NamespaceId=namespace, **{"Name": self.fresh("svc"), **members})["Service"]["Id"]

    def instance(self, service, identity, health=None, **attributes):
        if health:
            attributes["AWS_INIT_HEALTH_STATUS"] = health
        self.change("RegisterInstance", ServiceId=service, InstanceId=identity, Attributes=attributes or {"k": "v"})

    def names(self, service):
        """Of a service: the names that discover it."""
        about = self("GetService", Id=service)["Service"]
        return {
            "NamespaceName": self("GetNamespace", Id=about["NamespaceId"])["Namespace"]["Properties"]["HttpProperties"]["HttpName"],
            "ServiceName": about["Name"],
        }

    def discovered(self, service, **members):
        """The ids of a service's instances as they are discovered."""
        found = self("DiscoverInstances", **self.names(service), **members)["Instances"]
        return sorted(instance["InstanceId"] for instance in found)

    def arn(self, kind, identity):
        return f"arn:aws:servicediscovery:{REGION}:{ACCOUNT}:{kind}/{identity}"

    def recent(self, time, what):
        """A time with milliseconds that is hardly past."""
        age = datetime.datetime.now(datetime.timezone.utc) - time
        self.ledger.true(datetime.timedelta(seconds=-5) < age < datetime.timedelta(minutes=10), f"{what} is recent: {time}")


def with_attributes(count, size=1):
    return {f"k{number:03}": "v" * size for number in range(count)}


def tags(count):
    return [{"Key": f"t{number}", "Value": str(number)} for number in range(count)]
