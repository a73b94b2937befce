internal import CloudFormation
internal import DiscoveryKit
internal import Messaging

/// `AWS::SNS::Subscription`
struct SubscriptionKeeper: ResourceKeeper {
    let discovery: Discovery

    func check(_ wanted: Wanted, from old: Properties?) async throws {
        guard old == nil else { return }
        let topic = try LocalARN.topicName(wanted.properties.text("TopicArn") ?? "")
        try await Self.check(
            [Self.endpoint(wanted.properties.text("Protocol") ?? "", wanted.properties.text("Endpoint") ?? "")], topic, discovery)
    }

    /// Refuses endpoints that get what is published to a topic already.
    static func check(_ endpoints: [Messaging.Subscription.Endpoint], _ topic: String, _ discovery: Discovery) async throws {
        try await discovery.withMessages { messaging in
            let taken = ((try? await messaging.subscriptions(to: topic, limit: .max)) ?? []).first { endpoints.contains($0.endpoint) }
            guard let taken else { return }
            throw DiscoveryError(
                .alreadyExists,
                "\(taken.endpoint.name ?? "This endpoint") is subscribed to the topic `\(topic)` already, by what is not this resource. End that subscription first."
            )
        }
    }

    func make(_ wanted: Wanted) async throws -> Made {
        let topic = try LocalARN.topicName(wanted.properties.text("TopicArn") ?? "")
        let endpoint = try Self.endpoint(wanted.properties.text("Protocol") ?? "", wanted.properties.text("Endpoint") ?? "")
        let configuration = try Self.configuration(wanted.properties)
        return try await discovery.withMessages { messaging in
            let subscription = try await messaging.subscribe(endpoint, to: topic, configuration)
            let arn = "\(Resource.topic(named: topic).location):\(subscription.id)"
            return Made(physicalID: arn, attributes: ["Arn": arn])
        }
    }

    func change(_ held: StackRecord.Held, from old: Properties, to wanted: Wanted) async throws -> Made {
        let configuration = try Self.configuration(wanted.properties)
        return try await discovery.withMessages { messaging in
            _ = try await messaging.configureSubscription(try Self.id(held)) { $0 = configuration }
            return Made(physicalID: held.physicalID, attributes: held.attributes)
        }
    }

    func remove(_ held: StackRecord.Held) async throws {
        try await discovery.withMessages { messaging in
            if held.physicalID.isEmpty {
                // Made, perhaps, and not noted: what it was to be says which it is.
                let properties = Properties(json: held.properties)
                guard let topic = try? LocalARN.topicName(properties.text("TopicArn") ?? ""),
                    let endpoint = try? Self.endpoint(properties.text("Protocol") ?? "", properties.text("Endpoint") ?? ""),
                    let configuration = try? Self.configuration(properties),
                    let subscriptions = try? await messaging.subscriptions(to: topic, limit: .max)
                else { return }
                for subscription in subscriptions where subscription.endpoint == endpoint && subscription.configuration == configuration {
                    try await messaging.unsubscribe(subscription.id)
                }
                return
            }
            do { try await messaging.unsubscribe(try Self.id(held)) } catch let error as MessagingError
                where error.code == .subscriptionDoesNotExist
            {
                return
            }
        }
    }

    func expected(_ properties: Properties, _ held: StackRecord.Held) throws -> [String: String] {
        Self.described(try Self.configuration(properties))
    }

    func actual(_ held: StackRecord.Held) async throws -> [String: String]? {
        try await discovery.withMessages { messaging in
            (try? await messaging.subscription(try Self.id(held))).map { Self.described($0.configuration) }
        }
    }

    /// Who is meant by a protocol and an endpoint of a template.
    static func endpoint(_ protocolName: String, _ endpoint: String) throws -> Messaging.Subscription.Endpoint {
        switch protocolName {
        case "sqs": return .queue(try LocalARN.queueName(endpoint))
        case "lambda": return .function(LocalFunction.address(endpoint)?.description ?? endpoint)
        case "http", "https":
            guard endpoint.hasPrefix(protocolName + "://") else {
                throw DiscoveryError(
                    .invalid, "The endpoint of a subscription by \(protocolName) begins with \(protocolName)://; this is \(endpoint).")
            }
            return .http(endpoint)
        default:
            throw DiscoveryError(.invalid, "Subscriptions by \(protocolName) are AWS's alone: there are sqs, lambda, http and https here.")
        }
    }

    private static func id(_ held: StackRecord.Held) throws -> Messaging.SubscriptionID {
        guard let id = held.physicalID.split(separator: ":").last.flatMap({ Messaging.SubscriptionID(parsing: $0) }) else {
            throw DiscoveryError(.invalid, "The record of \(held.logicalID) names no subscription.")
        }
        return id
    }

    private static func configuration(_ properties: Properties) throws -> Messaging.SubscriptionConfiguration {
        var configuration = Messaging.SubscriptionConfiguration(isRaw: properties.isTrue("RawMessageDelivery"))
        if let policy = properties.object("FilterPolicy") {
            configuration.filter = try Messaging.FilterPolicy(
                parsing: TemplateValue.object(policy).json,
                scope: properties.text("FilterPolicyScope") == "MessageBody" ? .body : .attributes)
        }
        if let policy = properties.object("RedrivePolicy"), let target = policy["deadLetterTargetArn"]?.string {
            configuration.deadLetterQueue = try LocalARN.queueName(target)
        }
        if let policy = properties.object("DeliveryPolicy") {
            configuration.delivery = try Messaging.DeliveryPolicy(json: TemplateValue.object(policy).json)
        }
        return configuration
    }

    private static func described(_ configuration: Messaging.SubscriptionConfiguration) -> [String: String] {
        var described = ["RawMessageDelivery": "\(configuration.isRaw)"]
        described["FilterPolicy"] = configuration.filter?.text
        described["FilterPolicyScope"] = configuration.filter?.scope.rawValue
        described["RedrivePolicy"] = configuration.deadLetterQueue.map { "to \($0)" }
        described["DeliveryPolicy"] = configuration.delivery?.json
        return described
    }
}
