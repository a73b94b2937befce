"""Evaluates the templates of a folder with moto's CloudFormation and with ours, and compares what comes of them.

    compare_templates.py FOLDER PROCESSES

Each template, with each of the parameters that `variants.json` has for it, becomes a stack in moto, in this process. Compared are:

- properties: of every resource, as moto's evaluator hands them to the service, with ours;
- effects: what moto's services then say of the queues, topics and functions that its CloudFormation made, with ours;
- outputs and exports.

moto's CloudFormation makes queues, topics and functions. It evaluates the properties of the other types as well, if there is something to
hand them to: a stand-in here, which has an id and attributes, and does nothing. Our properties of these are then given to moto's services by
boto3, and what those say of them is compared.

Where moto differs from AWS, `known_differences.py` says how, and why. An entry that no longer differs is a failure, as is one that is not
there. The last line is `compared N properties …`; the exit code is 0 if nothing failed.
"""

import copy
import datetime
import json
import logging
import os
import subprocess
import sys
import warnings

sys.dont_write_bytecode = True  # nothing is left beside the sources
os.environ.update(AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none", AWS_DEFAULT_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true")

import boto3
from moto import mock_aws
from moto.cloudformation import parsing
from moto.cloudformation.models import cloudformation_backends
from moto.core.common_models import CloudFormationModel

from known_differences import KNOWN
from made_with_ours import make_all

REGION, ACCOUNT = "us-east-1", "123456789012"

# What GetAtt may ask of each type, and whether moto's CloudFormation makes it.
MADE = {
    "AWS::SQS::Queue": ["Arn", "QueueName", "QueueUrl"],
    "AWS::SNS::Topic": ["TopicArn", "TopicName"],
    "AWS::Lambda::Function": ["Arn"],
}
STOOD_IN = {
    "AWS::ServiceDiscovery::HttpNamespace": ["Arn", "Id"],
    "AWS::ServiceDiscovery::PrivateDnsNamespace": ["Arn", "HostedZoneId", "Id"],
    "AWS::ServiceDiscovery::PublicDnsNamespace": ["Arn", "HostedZoneId", "Id"],
    "AWS::ServiceDiscovery::Service": ["Arn", "Id", "Name"],
    "AWS::ServiceDiscovery::Instance": ["InstanceId"],
    "AWS::SQS::QueuePolicy": ["Id"],
    "AWS::SQS::QueueInlinePolicy": [],
    "AWS::SNS::Subscription": ["Arn"],
    "AWS::SNS::TopicPolicy": ["Id"],
    "AWS::SNS::TopicInlinePolicy": [],
}

# What functions run as: moto asks whether it is there, and whether Lambda may assume it.
ROLES = ["garden", "lambda", "shop", "worker"]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}

# Stacks that export what others import.
SHARED = {
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "shared-of-the-corpus"}}},
    "Outputs": {
        "Namespace": {"Value": "ns-shared", "Export": {"Name": "shared-namespace-id"}},
        "Dev": {"Value": "bucket-of-dev", "Export": {"Name": "shared-dev-bucket"}},
        "Prod": {"Value": "bucket-of-prod", "Export": {"Name": "shared-prod-bucket"}},
    },
}


class StandIn:
    """A resource of a type that moto's CloudFormation does not make."""

    type_name = ""

    def __init__(self, logical_id):
        self.logical_id = logical_id

    @property
    def physical_resource_id(self):
        return f"stand-in-of-{self.logical_id}"

    @staticmethod
    def cloudformation_name_type():
        return ""

    @classmethod
    def cloudformation_type(cls):
        return cls.type_name

    @classmethod
    def has_cfn_attr(cls, attr):
        return attr in STOOD_IN[cls.type_name]

    def get_cfn_attribute(self, attribute_name):
        # As AWS has it: what Ref gives is an id or an ARN, of which there is an attribute.
        return self.physical_resource_id if attribute_name in ("Id", "InstanceId") else f"{self.logical_id}-{attribute_name.lower()}"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        return cls(kwargs["LogicalId"])

    @classmethod
    def update_from_cloudformation_json(cls, *arguments, **kwargs):
        raise NotImplementedError

    @classmethod
    def delete_from_cloudformation_json(cls, *arguments, **kwargs):
        pass


# moto finds models among the subclasses of its own: they have to live as long as this program.
STAND_INS = [type(name.replace(":", ""), (StandIn, CloudFormationModel), {"type_name": name}) for name in STOOD_IN]

evaluated = {}  # logical id → properties, as moto's evaluator left them
plain = parsing.parse_resource_and_generate_name


def recording(logical_id, resource_json, resources_map):
    result = plain(logical_id, resource_json, resources_map)
    if result:
        evaluated[logical_id] = copy.deepcopy(result[1].get("Properties", {}))
    return result


parsing.parse_resource_and_generate_name = recording


class Ours:
    """The process that evaluates templates with this project's code."""

    def __init__(self, program, folder):
        self.process = subprocess.Popen(
            [program, "evaluating", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        self.answer = self.process.stdout.readline()
        # Numbers stay as they are written.
        return json.loads(self.answer, parse_int=str, parse_float=str)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def text(value):
    """A scalar as CloudFormation has it in a text: `"300"` and 300 are one, as services read both."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    return "null" if value is None else str(value)


def leaves(value, path=""):
    """Every property by its path: what is in it, not how it is nested."""
    if isinstance(value, dict) and value:
        return {place: leaf for key, member in value.items() for place, leaf in leaves(member, f"{path}.{key}").items()}
    if isinstance(value, list) and value:
        return {place: leaf for index, member in enumerate(value) for place, leaf in leaves(member, f"{path}[{index}]").items()}
    return {path: "{}" if value == {} else "[]" if value == [] else text(value)}


def parsed(value):
    return json.loads(value) if isinstance(value, str) else value


# What the services say of what was made.


def queue_effects(url):
    sqs = boto3.client("sqs")
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    found["QueueName"] = found["QueueArn"].split(":")[-1]
    found["Tags"] = sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
    for policy in "RedrivePolicy", "RedriveAllowPolicy":
        if policy in found:
            found[policy] = parsed(found[policy])
    return found


def topic_effects(arn):
    sns = boto3.client("sns")
    found = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    found["TopicName"] = arn.split(":")[-1]
    found["Tags"] = {tag["Key"]: tag["Value"] for tag in sns.list_tags_for_resource(ResourceArn=arn)["Tags"]}
    found["Subscription"] = [
        {"Endpoint": each["Endpoint"], "Protocol": each["Protocol"]}
        for each in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    ]
    return found


def function_effects(name):
    client = boto3.client("lambda")
    found = client.get_function_configuration(FunctionName=name)
    found["Tags"] = client.list_tags(Resource=found["FunctionArn"]).get("Tags", {})
    concurrency = client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
    if concurrency is not None:
        found["ReservedConcurrentExecutions"] = concurrency
    return found


EFFECTS = {"AWS::SQS::Queue": queue_effects, "AWS::SNS::Topic": topic_effects, "AWS::Lambda::Function": function_effects}
# The code goes into an archive.
WITHOUT_EFFECT = {"AWS::Lambda::Function": {"Code"}}


class Comparison:
    def __init__(self):
        self.counts = {}  # what → [agreed, compared]
        self.failures = []
        self.used = set()

    def compare(self, what, template, path, ours, theirs, note=""):
        """One value; `None` where there is none. `*` in a known difference stands for any template, or for all of one."""
        count = self.counts.setdefault(what, [0, 0])
        count[1] += 1
        known = next((key for key in ((template, path), (template, "*"), ("*", path)) if key in KNOWN), None)
        if ours == theirs:
            count[0] += 1
        elif known:
            self.used.add(known)
        else:
            self.failures.append(f"{template}: {path} {note}: ours {ours!r}, moto's {theirs!r}")

    def compare_all(self, what, template, prefix, ours, theirs):
        if not ours and not theirs:
            return
        ours, theirs = leaves(ours, prefix), leaves(theirs, prefix)
        for path in sorted(ours.keys() | theirs.keys()):
            self.compare(what, template, path, ours.get(path), theirs.get(path))


def compare(comparison, ours, folder, name, given):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        body = file.read()
    stack_name = "corpus-" + name.split(".")[0]
    with mock_aws():
        client = boto3.client("cloudformation")
        for role in ROLES:
            boto3.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))
        client.create_stack(StackName="shared", TemplateBody=json.dumps(SHARED))
        imports = {export["Name"]: export["Value"] for export in client.list_exports()["Exports"]}
        # Defaults are given as well: moto divides lists that are given, not those that are defaults.
        declared = client.get_template_summary(TemplateBody=body)["Parameters"]
        evaluated.clear()
        parameters = {each["ParameterKey"]: given.get(each["ParameterKey"], text(each.get("DefaultValue", ""))) for each in declared}
        try:
            stack_id = client.create_stack(
                StackName=stack_name, TemplateBody=body,
                Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()])["StackId"]
            stack = next(each for each in cloudformation_backends[ACCOUNT][REGION].stacks.values() if each.name == stack_name)
            described = client.describe_stacks(StackName=stack_name)["Stacks"][0]
            exports = {each["Name"]: each["Value"] for each in client.list_exports()["Exports"] if each["Name"] not in imports}
        except Exception as error:  # whatever moto raises: it could not make the stack
            comparison.compare("stacks", name, "*", "made", f"{type(error).__name__}: {error}")
            # What it could not make is not compared, and ours still has to be evaluated.
            answer = ours(question(name, parameters, stack_name, "arn:none", imports, {}))
            if "error" in answer and "has to be made first" not in answer["error"]:
                comparison.failures.append(f"{name}: {answer['error']}")
            return
        comparison.compare("stacks", name, "*", "made", "made")

        ids = {}
        for logical_id in evaluated:
            resource = stack.resource_map[logical_id]
            if resource is None:
                continue
            known = ids[logical_id] = {"Ref": resource.physical_resource_id}
            kind = resource.cf_resource_type
            for attribute in MADE.get(kind) or STOOD_IN[kind]:
                try:
                    known[attribute] = resource.get_cfn_attribute(attribute)
                except Exception:  # moto lacks it, so that a template that asks for it is known to differ
                    known[attribute] = f"{logical_id}-{attribute}"
        answer = ours(question(name, parameters, stack_name, stack_id, imports, ids))
        if "error" in answer:
            comparison.failures.append(f"{name}: {answer['error']}")
            return

        resources = answer["resources"]
        comparison.compare("resources", name, "Resources", sorted(resources), sorted(ids))
        for logical_id in sorted(resources.keys() & ids.keys()):
            kind, properties = resources[logical_id]["Type"], resources[logical_id]["Properties"]
            path = f"Resources.{logical_id}"
            what = "properties of types that moto makes" if kind in MADE else "properties of types with a stand-in"
            comparison.compare_all(what, name, path, properties, evaluated[logical_id])
            if kind in EFFECTS:
                # What was handed over otherwise has another effect, and differs above.
                same = {key: value for key, value in properties.items() if leaves(value) == leaves(evaluated[logical_id].get(key))}
                compare_effects(comparison, name, logical_id, kind, same, EFFECTS[kind](ids[logical_id]["Ref"]))

        stood_in = {logical_id: known["Ref"] for logical_id, known in ids.items()}
        try:
            for logical_id, wanted, found in make_all(json.loads(ours.answer)["resources"], answer["stack"]["order"], stood_in):
                for key in wanted:
                    place = f"{resources[logical_id]['Type']}.{key} made with ours"
                    comparison.compare("effects of ours", name, place, leaves(wanted[key]), leaves(found[key]), note=logical_id)
        except Exception as error:  # the service, or boto3, refused what we made of the template
            comparison.failures.append(f"{name}: made with ours: {type(error).__name__}: {error}")

        outputs = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}
        comparison.compare_all("outputs", name, "Outputs", answer["stack"]["outputs"], outputs)
        exported = {name: answer["stack"]["outputs"][key] for key, name in answer["stack"]["exports"].items()}
        comparison.compare_all("exports", name, "Exports", exported, exports)


def compare_effects(comparison, name, logical_id, kind, properties, found):
    for key, value in properties.items():
        if key in WITHOUT_EFFECT.get(kind, ()):
            continue
        if key == "Tags":
            value = {tag["Key"]: tag["Value"] for tag in value}
        elif key.endswith("Policy"):
            value = parsed(value)
        elif key == "Subscription":
            value = sorted(value, key=json.dumps)
            found[key] = sorted(found[key], key=json.dumps)
        # What the service has besides, as by default, was not asked for.
        theirs = found.get(key)
        if isinstance(value, dict) and isinstance(theirs, dict):
            theirs = {member: theirs[member] for member in theirs if member in value}
        place = f"{kind}.{key} of the service"
        comparison.compare("effects", name, place, leaves(value), leaves(theirs), note=logical_id)


def question(template, parameters, stack_name, stack_id, imports, ids):
    return {
        "template": template, "parameters": parameters, "stackName": stack_name, "stackID": stack_id, "region": REGION,
        "accountID": ACCOUNT, "imports": imports, "ids": ids,
    }


def main():
    folder, program = sys.argv[1:3]
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    with open(os.path.join(folder, "variants.json"), encoding="utf-8") as file:
        variants = json.load(file)
    names = sorted(name for name in os.listdir(folder) if name != "variants.json")
    comparison, ours, stacks = Comparison(), Ours(program, folder), 0
    for name in names:
        for given in variants.pop(name, [{}]):
            compare(comparison, ours, folder, name, given)
            stacks += 1
    ours.end()
    comparison.failures += [f"variants.json: there is no template {name}" for name in variants]
    comparison.failures += [
        f"known_differences.py: {' '.join(key)} does not differ any more: remove the entry" for key in KNOWN if key not in comparison.used]
    for failure in comparison.failures:
        print(f"differs: {failure}")
    for what, (agreed, compared) in sorted(comparison.counts.items()):
        print(f"{what}: {agreed} of {compared} agree")
    agreed, compared = (sum(counts) for counts in zip(*comparison.counts.values()))
    print(
        f"compared {compared} values of {stacks} stacks of {len(names)} templates: {agreed} agree, "
        f"{compared - agreed} differ, {len(KNOWN)} differences known "
        f"({sum(reason.startswith('OURS') for reason in KNOWN.values())} of them ours), {len(comparison.failures)} failures")
    sys.exit(1 if comparison.failures else 0)


if __name__ == "__main__":
    main()
