// From the resource provider schemas that AWS publishes; which changes replace a resource is theirs too. Limits of single values stand
// where a deployment would be refused half way.
extension ResourceType {
    static let table: [String: ResourceType] = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    package static let all: [ResourceType] = [
        // Cloud Map
        .init(
            "AWS::ServiceDiscovery::HttpNamespace", ref: "the namespace's id", attributes: ["Arn", "Id"],
            [
                .init("Name", .text, .required, .replaces),
                .init("Description", .text),
                .init("Tags", .tags),
            ]),
        .init(
            "AWS::ServiceDiscovery::PrivateDnsNamespace", ref: "the namespace's id", attributes: ["Arn", "HostedZoneId", "Id"],
            [
                .init("Name", .text, .required, .replaces),
                .init("Vpc", .text, .required, .replaces, .foreign),
                .init("Description", .text),
                .init("Properties", dnsProperties),
                .init("Tags", .tags),
            ]),
        .init(
            "AWS::ServiceDiscovery::PublicDnsNamespace", ref: "the namespace's id", attributes: ["Arn", "HostedZoneId", "Id"],
            [
                .init("Name", .text, .required, .replaces),
                .init("Description", .text),
                .init("Properties", dnsProperties),
                .init("Tags", .tags),
            ]),
        .init(
            "AWS::ServiceDiscovery::Service", ref: "the service's id", attributes: ["Arn", "Id", "Name"],
            [
                .init("Name", .text, .replaces),
                .init("NamespaceId", .text, .replaces),
                .init("Description", .text),
                .init(
                    "DnsConfig",
                    .object([
                        .init(
                            "DnsRecords",
                            .list(
                                .object([
                                    .init("TTL", .integer(0...2_147_483_647), .required),
                                    .init("Type", .word(["A", "AAAA", "CNAME", "SRV"]), .required),
                                ])), .required),
                        .init("NamespaceId", .text),
                        .init("RoutingPolicy", .word(["MULTIVALUE", "WEIGHTED"])),
                    ])),
                .init(
                    "HealthCheckConfig",
                    .object([
                        .init("Type", .word(["HTTP", "HTTPS", "TCP"]), .required),
                        .init("FailureThreshold", .integer(1...10)),
                        .init("ResourcePath", .text),
                    ])),
                .init("HealthCheckCustomConfig", .object([.init("FailureThreshold", .integer(1...10))]), .replaces),
                .init("ServiceAttributes", .texts),
                .init("Type", .word(["HTTP"]), .replaces),
                .init("Tags", .tags),
            ]),
        .init(
            "AWS::ServiceDiscovery::Instance", ref: "the instance's id", attributes: ["InstanceId"],
            [
                .init("InstanceAttributes", .texts, .required),
                .init("InstanceId", .text, .replaces),
                .init("ServiceId", .text, .required, .replaces),
            ]),

        // SQS
        .init(
            "AWS::SQS::Queue", ref: "the queue's URL", attributes: ["Arn", "QueueName", "QueueUrl"],
            [
                .init("QueueName", .text, .replaces),
                .init("FifoQueue", .boolean, .replaces),
                .init("ContentBasedDeduplication", .boolean),
                .init("DeduplicationScope", .word(["messageGroup", "queue"])),
                .init("DelaySeconds", .integer(0...900)),
                .init("FifoThroughputLimit", .word(["perMessageGroupId", "perQueue"])),
                .init("KmsDataKeyReusePeriodSeconds", .integer(60...86_400), .foreign),
                .init("KmsMasterKeyId", .text, .foreign),
                .init("MaximumMessageSize", .integer(1_024...1_048_576)),
                .init("MessageRetentionPeriod", .integer(60...1_209_600)),
                .init("ReceiveMessageWaitTimeSeconds", .integer(0...20)),
                .init("RedriveAllowPolicy", .json),
                .init("RedrivePolicy", .json),
                .init("SqsManagedSseEnabled", .boolean, .foreign),
                .init("Tags", .tags),
                .init("VisibilityTimeout", .integer(0...43_200)),
            ]),
        .init(
            "AWS::SQS::QueuePolicy", ref: "an id of its own", attributes: ["Id"],
            [
                .init("PolicyDocument", .json, .required),
                .init("Queues", .list(.text), .required),
            ]),
        .init(
            "AWS::SQS::QueueInlinePolicy", ref: "the queue's URL",
            [
                .init("PolicyDocument", .json, .required),
                .init("Queue", .text, .required, .replaces),
            ]),

        // SNS
        .init(
            "AWS::SNS::Topic", ref: "the topic's ARN", attributes: ["TopicArn", "TopicName"],
            [
                .init("TopicName", .text, .replaces),
                .init("FifoTopic", .boolean, .replaces),
                .init("ContentBasedDeduplication", .boolean),
                .init("DisplayName", .text),
                .init("FifoThroughputScope", .word(["MessageGroup", "Topic"])),
                .init("Subscription", .list(.object([.init("Endpoint", .text, .required), .init("Protocol", protocols, .required)]))),
                .init("ArchivePolicy", .json, .foreign),
                .init("DataProtectionPolicy", .json, .foreign),
                .init(
                    "DeliveryStatusLogging",
                    .list(
                        .object([
                            .init("Protocol", .word(["application", "firehose", "http/s", "lambda", "sqs"]), .required),
                            .init("FailureFeedbackRoleArn", .text, .foreign),
                            .init("SuccessFeedbackRoleArn", .text, .foreign),
                            .init("SuccessFeedbackSampleRate", .text),
                        ])), .foreign),
                .init("KmsMasterKeyId", .text, .foreign),
                .init("SignatureVersion", .word(["1", "2"])),
                .init("TracingConfig", .word(["Active", "PassThrough"]), .foreign),
                .init("Tags", .tags),
            ]),
        .init(
            "AWS::SNS::Subscription", ref: "the subscription's ARN", attributes: ["Arn"],
            [
                .init("TopicArn", .text, .required, .replaces),
                .init("Protocol", protocols, .required, .replaces),
                .init("Endpoint", .text, .replaces),
                .init("DeliveryPolicy", .json),
                .init("FilterPolicy", .json),
                .init("FilterPolicyScope", .word(["MessageAttributes", "MessageBody"])),
                .init("RawMessageDelivery", .boolean),
                .init("RedrivePolicy", .json),
                .init("Region", .text, .foreign),
                .init("ReplayPolicy", .json, .foreign),
                .init("SubscriptionRoleArn", .text, .foreign),
            ]),
        .init(
            "AWS::SNS::TopicPolicy", ref: "an id of its own", attributes: ["Id"],
            [
                .init("PolicyDocument", .json, .required),
                .init("Topics", .list(.text), .required),
            ]),
        .init(
            "AWS::SNS::TopicInlinePolicy", ref: "the topic's ARN",
            [
                .init("PolicyDocument", .json, .required),
                .init("TopicArn", .text, .required, .replaces),
            ]),

        // Lambda: a function is what a local process or a URL serves, so most of it is AWS's.
        .init(
            "AWS::Lambda::Function", ref: "the function's name",
            attributes: ["Arn", "SnapStartResponse", "SnapStartResponse.ApplyOn", "SnapStartResponse.OptimizationStatus"],
            [
                .init("FunctionName", .text, .replaces),
                .init("Description", .text),
                .init("Handler", .text),
                .init("Runtime", .text),
                .init("Timeout", .integer(1...900)),
                .init("MemorySize", .integer(128...32_768)),
                .init("Environment", .object([.init("Variables", .texts)])),
                .init("PackageType", .word(["Image", "Zip"]), .replaces),
                .init(
                    "Code",
                    .object([
                        .init("ImageUri", .text, .foreign),
                        .init("S3Bucket", .text, .foreign),
                        .init("S3Key", .text, .foreign),
                        .init("S3ObjectStorageMode", .text, .foreign),
                        .init("S3ObjectVersion", .text, .foreign),
                        .init("SourceKMSKeyArn", .text, .foreign),
                        .init("ZipFile", .text),
                    ]), .required),
                .init("Role", .text, .required, .foreign),
                .init("DeadLetterConfig", .object([.init("TargetArn", .text)])),
                .init("ReservedConcurrentExecutions", .integer(0...Int.max)),
                .init("Tags", .list(.object([.init("Key", .text, .required), .init("Value", .text)]))),
                .init("Architectures", .list(.word(["arm64", "x86_64"])), .foreign),
                .init("CapacityProviderConfig", .any, .foreign),
                .init("CodeSigningConfigArn", .text, .foreign),
                .init("DurableConfig", .any, .foreign),
                .init("EphemeralStorage", .object([.init("Size", .integer(512...10_240), .required)]), .foreign),
                .init("FileSystemConfigs", .any, .foreign),
                .init("FunctionScalingConfig", .any, .foreign),
                .init("ImageConfig", .any, .foreign),
                .init("KmsKeyArn", .text, .foreign),
                .init("Layers", .list(.text), .foreign),
                .init("LoggingConfig", .any, .foreign),
                .init("PublishToLatestPublished", .boolean, .foreign),
                .init("RecursiveLoop", .word(["Allow", "Terminate"]), .foreign),
                .init("RuntimeManagementConfig", .any, .foreign),
                .init("SnapStart", .any, .foreign),
                .init("TenancyConfig", .any, .replaces, .foreign),
                .init("TracingConfig", .any, .foreign),
                .init("VpcConfig", .any, .foreign),
            ]),
    ]

    private static let dnsProperties = Kind.object([
        .init("DnsProperties", .object([.init("SOA", .object([.init("TTL", .integer(0...2_147_483_647))]))]))
    ])

    private static let protocols = Kind.word([
        "application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs",
    ])
}
