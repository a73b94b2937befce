internal import CloudFormation
internal import DiscoveryKit
internal import Messaging

/// `AWS::SNS::Topic`
struct TopicKeeper: ResourceKeeper {
    let discovery: Discovery

    func check(_ wanted: Wanted, from old: Properties?) async throws {
        guard let old else { return }
        let known = try Self.subscribers(old)
        let added = try Self.subscribers(wanted.properties).filter { !known.contains($0) }
        let name = wanted.name("TopicName", limit: 256, suffix: wanted.properties.isTrue("FifoTopic") ? ".fifo" : "")
        try await SubscriptionKeeper.check(added, name, discovery)
    }

    func make(_ wanted: Wanted) async throws -> Made {
        let name = wanted.name("TopicName", limit: 256, suffix: wanted.properties.isTrue("FifoTopic") ? ".fifo" : "")
        let configuration = Self.configuration(wanted.properties)
        return try await discovery.withMessages { messaging in
            if let topic = try? await messaging.topic(name) {
                guard topic.tags[QueueKeeper.tag] == wanted.token else {
                    throw DiscoveryError(
                        .alreadyExists, "There is a topic `\(name)` already, which is not this stack's. Delete it, or take another name.")
                }
            } else {
                _ = try await messaging.createTopic(name, configuration, tags: [QueueKeeper.tag: wanted.token])
            }
            return try await set(name, configuration, wanted, removing: [], messaging)
        }
    }

    func change(_ held: StackRecord.Held, from old: Properties, to wanted: Wanted) async throws -> Made {
        let name = held.attributes["TopicName"] ?? ""
        return try await discovery.withMessages { messaging in
            let listed = try Self.subscribers(wanted.properties)
            let gone = try Self.subscribers(old).filter { !listed.contains($0) }
            for subscription in try await messaging.subscriptions(to: name, limit: .max) where gone.contains(subscription.endpoint) {
                try await messaging.unsubscribe(subscription.id)
            }
            let keys = Array(Set(old.tags.keys).subtracting(wanted.properties.tags.keys))
            return try await set(name, Self.configuration(wanted.properties), wanted, removing: keys, messaging)
        }
    }

    private func set(
        _ name: String, _ configuration: Messaging.TopicConfiguration, _ wanted: Wanted, removing keys: [String], _ messaging: Messaging
    ) async throws -> Made {
        _ = try await messaging.configureTopic(name) { $0 = configuration }
        try await messaging.tagTopic(name, wanted.properties.tags.merging([QueueKeeper.tag: wanted.token]) { $1 }, removing: keys)
        for endpoint in try Self.subscribers(wanted.properties) { _ = try await messaging.subscribe(endpoint, to: name) }
        let arn = Resource.topic(named: name).location
        return Made(physicalID: arn, attributes: ["TopicArn": arn, "TopicName": name])
    }

    func remove(_ held: StackRecord.Held) async throws {
        try await discovery.withMessages { messaging in
            let name = held.attributes["TopicName"]
            for topic in name == nil ? try await messaging.topics(limit: .max) : [try? await messaging.topic(name ?? "")].compactMap(\.self)
            where topic.tags[QueueKeeper.tag] == held.token {
                try await messaging.deleteTopic(topic.name)
            }
        }
    }

    func expected(_ properties: Properties, _ held: StackRecord.Held) throws -> [String: String] {
        Self.described(Self.configuration(properties))
    }

    func actual(_ held: StackRecord.Held) async throws -> [String: String]? {
        try await discovery.withMessages { messaging in
            (try? await messaging.topic(held.attributes["TopicName"] ?? "")).flatMap { topic in
                topic.tags[QueueKeeper.tag] == held.token ? Self.described(topic.configuration) : nil
            }
        }
    }

    private static func configuration(_ properties: Properties) -> Messaging.TopicConfiguration {
        Messaging.TopicConfiguration(
            displayName: properties.text("DisplayName") ?? "",
            contentBasedDeduplication: properties.isTrue("ContentBasedDeduplication"),
            deduplicationScope: properties.text("FifoThroughputScope") == "MessageGroup" ? .group : .queue)
    }

    private static func described(_ configuration: Messaging.TopicConfiguration) -> [String: String] {
        [
            "DisplayName": configuration.displayName, "ContentBasedDeduplication": "\(configuration.contentBasedDeduplication)",
            "FifoThroughputScope": configuration.deduplicationScope == .group ? "MessageGroup" : "Topic",
        ]
    }

    private static func subscribers(_ properties: Properties) throws -> [Messaging.Subscription.Endpoint] {
        try (properties["Subscription"]?.elements ?? []).map { entry in
            try SubscriptionKeeper.endpoint(entry.members?["Protocol"]?.string ?? "", entry.members?["Endpoint"]?.string ?? "")
        }
    }
}
