"""Makes boto3 send every operation of a service with all members of its input, and prints what it would have sent.

    send_calls.py SERVICE SECRET SEED ROUNDS

Nothing leaves the process. Each line is a JSON object: the operation, method, URL, headers and body of a request; beside it an output with all
members, made up by the model, as a service would write it.
"""

import base64
import json
import os
import random
import sys

os.environ.update(AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null")

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

service, secret, numbers, rounds = sys.argv[1], sys.argv[2], random.Random(int(sys.argv[3])), int(sys.argv[4])
SIGNS = "abcXYZ019-_./:@\"\\\n\t\u00fc\u1234\U0001f600"


class Raw:
    def stream(self, *arguments, **kwargs):
        yield b"{}"


def text():
    return "".join(numbers.choice(SIGNS) for _ in range(numbers.randint(1, 12)))


def made(shape, every, wire=False):
    """A value of a shape; of the members that are not required each, or some."""
    if shape.type_name == "structure":
        return {
            name: made(member, every, wire)
            for name, member in shape.members.items()
            if every or name in shape.required_members or numbers.random() < 0.5
        }
    if shape.type_name == "list":
        return [made(shape.member, every, wire) for _ in range(max(1, numbers.randint(0, 3)))]
    if shape.type_name == "map":
        return {made(shape.key, every, wire): made(shape.value, every, wire) for _ in range(numbers.randint(1, 4))}
    if shape.type_name == "timestamp":
        return numbers.randint(0, 4102444800000) / 1000
    if shape.type_name in ("integer", "long"):
        return numbers.randint(1, 2**31 - 1)
    return numbers.choice(shape.enum) if shape.enum else text()


client = boto3.client(
    service, region_name="eu-west-3", endpoint_url="http://127.0.0.1:4580", aws_access_key_id="AKIDEXAMPLE",
    aws_secret_access_key=secret,
    config=Config(parameter_validation=False, inject_host_prefix=False, retries={"max_attempts": 0}))
sent = []


def keep(request, **kwargs):
    sent.append(request)
    return AWSResponse(request.url, 200, {}, Raw())


client.meta.events.register("before-send", keep)
for turn in range(rounds):
    for method, name in sorted(client.meta.method_to_api_mapping.items()):
        operation = client.meta.service_model.operation_model(name)
        getattr(client, method)(**made(operation.input_shape, turn == 0))
        request = sent.pop()
        headers = [[key, value.decode() if isinstance(value, bytes) else value] for key, value in request.headers.items()]
        output = made(operation.output_shape, turn == 0, True) if operation.output_shape else None
        print(json.dumps({
            "operation": name, "method": request.method, "url": request.url, "headers": headers,
            "body": base64.b64encode(request.body or b"").decode(),
            "output": base64.b64encode(json.dumps(output).encode() if output is not None else b"").decode(),
        }))
