extension Resource.Kind {
    /// How instances say that they are of a kind. A new kind is a new row.
    struct Rule: Sendable {
        let kind: Resource.Kind
        /// Values of the attribute `type`, in lower case; the first is what we write, one that the older libraries read too.
        let types: [String]
        /// Third part of an ARN that implies the kind.
        let service: String
        /// URL schemes that imply the kind.
        var schemes: [String] = []
    }

    static let rules = [
        Rule(kind: .function, types: ["function", "lambda", "cloud-function"], service: "lambda", schemes: ["http", "https"]),
        Rule(kind: .queue, types: ["queue", "sqs"], service: "sqs", schemes: ["file"]),
        Rule(kind: .topic, types: ["topic", "event", "pubsub", "sns"], service: "sns"),
        Rule(kind: .workflow, types: ["step-function", "state-machine", "workflow"], service: "states"),
        Rule(kind: .script, types: ["script", "ssm", "automation"], service: "ssm"),
    ]

    /// The kind that a value of the attribute `type` names, in any case; `nil` if none does.
    package init?(type: String) {
        let type = type.lowercased()
        guard let rule = Self.rules.first(where: { $0.types.contains(type) }) else { return nil }
        self = rule.kind
    }

    /// The kind an ARN's service or a URL's scheme implies; `nil` for a bare name, and for those that imply none.
    init?(impliedBy location: Resource.Location) {
        let rule: Rule? =
            switch location {
            case .arn(let service): Self.rules.first { $0.service == service }
            // Posting to it would not be what sends a message.
            case .url(_, let host) where Self.isQueueService(host): Self.rules.first { $0.kind == .queue }
            case .url(let scheme, _): Self.rules.first { $0.schemes.contains(scheme) }
            case .name: nil
            }
        guard let rule else { return nil }
        self = rule.kind
    }

    /// What to write into the attribute `type`.
    var type: String {
        Self.rules.first { $0.kind == self }?.types.first ?? description
    }

    /// What may be in the attribute `type`, for messages.
    static var accepted: String {
        rules.map { $0.types.joined(separator: ", ") }.joined(separator: "; ")
    }

    /// SQS's public hosts: `sqs.eu-west-1.amazonaws.com`, `sqs.eu-west-1.api.aws`, and the older `eu-west-1.queue.amazonaws.com`.
    private static func isQueueService(_ host: String) -> Bool {
        let isAWS = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"].contains { host.hasSuffix($0) }
        return isAWS
            && (host.hasPrefix("sqs.") || host.hasPrefix("sqs-fips.") || host.hasPrefix("queue.") || host.contains(".queue.amazonaws."))
    }
}
