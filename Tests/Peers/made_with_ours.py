"""Makes resources of our properties with moto's services, for the types that moto's CloudFormation does not make.

boto3 holds what it sends against the service's model, so that a number in place of a text is an error. Each function makes a resource and
gives its id and what the service then says of it, in the words of CloudFormation.
"""

import json

import boto3


def named(function, kind):
    """A namespace; Cloud Map makes them by operations."""

    def make(client, properties):
        operation = function(client)(**properties)["OperationId"]
        namespace_id = client.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"]
        found = client.get_namespace(Id=namespace_id)["Namespace"]
        found["Tags"] = client.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"]
        found["Properties"] = {"DnsProperties": {"SOA": found.get("Properties", {}).get("DnsProperties", {}).get("SOA")}}
        assert found["Type"] == kind
        return namespace_id, found

    return make


def service(client, properties):
    attributes = properties.pop("ServiceAttributes", None)
    made = client.create_service(**properties)["Service"]
    found = client.get_service(Id=made["Id"])["Service"]
    found["Tags"] = client.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"]
    if attributes:
        client.update_service_attributes(ServiceId=made["Id"], Attributes=attributes)
        found["ServiceAttributes"] = client.get_service_attributes(ServiceId=made["Id"])["ServiceAttributes"]["Attributes"]
    return made["Id"], found


def instance(client, properties):
    # CloudFormation names an instance that has no id; the service wants one.
    instance_id = properties.get("InstanceId", "named-by-cloudformation")
    client.register_instance(
        ServiceId=properties["ServiceId"], InstanceId=instance_id, Attributes=properties["InstanceAttributes"])
    found = client.get_instance(ServiceId=properties["ServiceId"], InstanceId=instance_id)["Instance"]
    return instance_id, {"InstanceId": found["Id"], "InstanceAttributes": found["Attributes"]}


def subscription(client, properties):
    place = {"TopicArn": properties.pop("TopicArn"), "Protocol": properties.pop("Protocol"), "Endpoint": properties.pop("Endpoint")}
    attributes = {key: value if isinstance(value, str) else json.dumps(value) for key, value in properties.items()}
    arn = client.subscribe(**place, Attributes=attributes, ReturnSubscriptionArn=True)["SubscriptionArn"]
    found = client.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    for policy in "FilterPolicy", "RedrivePolicy", "DeliveryPolicy":
        if policy in found:
            found[policy] = json.loads(found[policy])
    return arn, found


def queue_policy(client, properties):
    queues = properties.get("Queues") or [properties["Queue"]]
    for url in queues:
        client.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(properties["PolicyDocument"])})
    found = client.get_queue_attributes(QueueUrl=queues[-1], AttributeNames=["Policy"])["Attributes"]
    return "policy", {"PolicyDocument": json.loads(found["Policy"])}


def topic_policy(client, properties):
    topics = properties.get("Topics") or [properties["TopicArn"]]
    for arn in topics:
        client.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(properties["PolicyDocument"]))
    return "policy", {"PolicyDocument": json.loads(client.get_topic_attributes(TopicArn=topics[-1])["Attributes"]["Policy"])}


MAKERS = {
    "AWS::ServiceDiscovery::HttpNamespace": ("servicediscovery", named(lambda client: client.create_http_namespace, "HTTP")),
    "AWS::ServiceDiscovery::PrivateDnsNamespace": ("servicediscovery", named(lambda client: client.create_private_dns_namespace, "DNS_PRIVATE")),
    "AWS::ServiceDiscovery::PublicDnsNamespace": ("servicediscovery", named(lambda client: client.create_public_dns_namespace, "DNS_PUBLIC")),
    "AWS::ServiceDiscovery::Service": ("servicediscovery", service),
    "AWS::ServiceDiscovery::Instance": ("servicediscovery", instance),
    "AWS::SNS::Subscription": ("sns", subscription),
    "AWS::SQS::QueuePolicy": ("sqs", queue_policy),
    "AWS::SQS::QueueInlinePolicy": ("sqs", queue_policy),
    "AWS::SNS::TopicPolicy": ("sns", topic_policy),
    "AWS::SNS::TopicInlinePolicy": ("sns", topic_policy),
}

# What the services do not say again: it is compared where the properties are.
PLACES = {"Queue", "Queues", "Topics", "TopicArn", "Protocol", "Endpoint", "ServiceId", "Vpc"}


def make_all(resources, order, stood_in):
    """Each in its turn, with the ids that the services gave in place of the stand-ins'. Yields the name, our properties, and what is found."""
    real = {}
    for logical_id in order:
        kind = resources[logical_id]["Type"]
        if kind not in MAKERS:
            continue
        words = json.dumps(resources[logical_id]["Properties"])
        for placeholder, made in real.items():
            words = words.replace(json.dumps(placeholder), json.dumps(made))
        name, make = MAKERS[kind]
        real_id, found = make(boto3.client(name), json.loads(words))
        real[stood_in[logical_id]] = real_id
        wanted = {key: value for key, value in json.loads(words).items() if key not in PLACES}
        yield logical_id, wanted, {key: found.get(key) for key in wanted}
