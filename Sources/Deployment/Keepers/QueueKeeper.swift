internal import CloudFormation
internal import DiscoveryKit
internal import Messaging

/// `AWS::SQS::Queue`
struct QueueKeeper: ResourceKeeper {
    let discovery: Discovery

    /// The tag by which a deployment knows its own.
    static let tag = "discovery:deployment"

    func make(_ wanted: Wanted) async throws -> Made {
        let name = wanted.name("QueueName", limit: 80, suffix: wanted.properties.isTrue("FifoQueue") ? ".fifo" : "")
        let configuration = try Self.configuration(wanted.properties)
        return try await discovery.withMessages { messaging in
            if let queue = try? await messaging.queue(name) {
                guard queue.tags[Self.tag] == wanted.token else {
                    throw DiscoveryError(
                        .alreadyExists, "There is a queue `\(name)` already, which is not this stack's. Delete it, or take another name.")
                }
            } else {
                _ = try await messaging.createQueue(name, configuration, tags: [Self.tag: wanted.token])
            }
            return try await set(name, configuration, wanted, messaging)
        }
    }

    func change(_ held: StackRecord.Held, from old: Properties, to wanted: Wanted) async throws -> Made {
        let configuration = try Self.configuration(wanted.properties)
        return try await discovery.withMessages { messaging in
            let name = held.attributes["QueueName"] ?? ""
            let gone = Array(Set(old.tags.keys).subtracting(wanted.properties.tags.keys))
            if !gone.isEmpty { try await messaging.untagQueue(name, gone) }
            return try await set(name, configuration, wanted, messaging)
        }
    }

    private func set(
        _ name: String, _ configuration: Messaging.QueueConfiguration, _ wanted: Wanted, _ messaging: Messaging
    ) async throws -> Made {
        _ = try await messaging.configureQueue(name) { $0 = configuration }
        try await messaging.tagQueue(name, wanted.properties.tags.merging([Self.tag: wanted.token]) { $1 })
        let url = "http://localhost:4580/000000000000/\(name)"
        return Made(physicalID: url, attributes: ["Arn": Resource.queue(named: name).location, "QueueName": name, "QueueUrl": url])
    }

    func remove(_ held: StackRecord.Held) async throws {
        try await discovery.withMessages { messaging in
            // One that was never noted is known by its tag alone.
            let name = held.attributes["QueueName"]
            for queue in name == nil ? try await messaging.queues() : [try? await messaging.queue(name ?? "")].compactMap(\.self)
            where queue.tags[Self.tag] == held.token {
                try await messaging.deleteQueue(queue.name)
            }
        }
    }

    func expected(_ properties: Properties, _ held: StackRecord.Held) throws -> [String: String] {
        Self.described(try Self.configuration(properties))
    }

    func actual(_ held: StackRecord.Held) async throws -> [String: String]? {
        try await discovery.withMessages { messaging in
            (try? await messaging.queue(held.attributes["QueueName"] ?? "")).flatMap { queue in
                queue.tags[Self.tag] == held.token ? Self.described(queue.configuration) : nil
            }
        }
    }

    private static func configuration(_ properties: Properties) throws -> Messaging.QueueConfiguration {
        var configuration = Messaging.QueueConfiguration()
        func set(_ name: String, _ path: WritableKeyPath<Messaging.QueueConfiguration, Duration>) {
            if let seconds = properties.integer(name) { configuration[keyPath: path] = .seconds(seconds) }
        }
        set("DelaySeconds", \.delay)
        set("MessageRetentionPeriod", \.retention)
        set("ReceiveMessageWaitTimeSeconds", \.wait)
        set("VisibilityTimeout", \.visibility)
        if let size = properties.integer("MaximumMessageSize") { configuration.maximumMessageSize = size }
        configuration.contentBasedDeduplication = properties.isTrue("ContentBasedDeduplication")
        if let scope = properties.text("DeduplicationScope") { configuration.deduplicationScope = scope == "queue" ? .queue : .group }
        if let limit = properties.text("FifoThroughputLimit") {
            configuration.throughputLimit = limit == "perQueue" ? .perQueue : .perGroup
        }
        if let policy = properties.object("RedrivePolicy") {
            guard let target = policy["deadLetterTargetArn"]?.string else {
                throw DiscoveryError(.invalid, "RedrivePolicy names no deadLetterTargetArn. Give it the ARN of a queue.")
            }
            guard let receives = Int(policy["maxReceiveCount"]?.string ?? "10") else {
                throw DiscoveryError(.invalid, "RedrivePolicy's maxReceiveCount is a whole number.")
            }
            configuration.redrive = .init(deadLetterQueue: try LocalARN.queueName(target), maximumReceives: receives)
        }
        if let policy = properties.object("RedriveAllowPolicy") {
            switch policy["redrivePermission"]?.string {
            case "denyAll": configuration.redriveAllow = .none
            case "byQueue":
                configuration.redriveAllow = .queues(
                    try (policy["sourceQueueArns"]?.elements ?? []).map { try LocalARN.queueName($0.string ?? "") })
            default: configuration.redriveAllow = .all
            }
        }
        return configuration
    }

    private static func described(_ configuration: Messaging.QueueConfiguration) -> [String: String] {
        func seconds(_ duration: Duration) -> String { "\(Int(duration / .seconds(1)))" }
        var described = [
            "DelaySeconds": seconds(configuration.delay), "MessageRetentionPeriod": seconds(configuration.retention),
            "ReceiveMessageWaitTimeSeconds": seconds(configuration.wait), "VisibilityTimeout": seconds(configuration.visibility),
            "MaximumMessageSize": "\(configuration.maximumMessageSize)",
            "ContentBasedDeduplication": "\(configuration.contentBasedDeduplication)",
            "DeduplicationScope": configuration.deduplicationScope.rawValue, "FifoThroughputLimit": configuration.throughputLimit.rawValue,
        ]
        if let redrive = configuration.redrive {
            described["RedrivePolicy"] = "to \(redrive.deadLetterQueue) after \(redrive.maximumReceives) receives"
        }
        switch configuration.redriveAllow {
        case .all: break
        case .none: described["RedriveAllowPolicy"] = "denyAll"
        case .queues(let names): described["RedriveAllowPolicy"] = names.joined(separator: ", ")
        }
        return described
    }
}
