/// What an instance is, by what its attributes say: read as the library reads them when it resolves an address.
enum InstanceKind: String, CaseIterable {
    case function, queue, topic, workflow, script

    /// What the attributes say, or why they say nothing.
    enum Reading: Equatable {
        case kind(InstanceKind)
        case unknown(String)
    }

    static func reading(of attributes: [String: String]) -> Reading {
        func present(_ key: String) -> String? { attributes[key].flatMap { $0.isEmpty ? nil : $0 } }
        func first(_ keys: [String]) -> String? { keys.lazy.compactMap(present).first }

        let hosts = ["AWS_INSTANCE_IPV4", "AWS_INSTANCE_IPV6", "AWS_INSTANCE_CNAME"]
        let found = first(["rid", "arn", "url", "id"])
        let isSomewhere = found != nil || first(hosts) != nil
        guard isSomewhere else { return .unknown("nothing says where it is: `arn`, `url`, `id` or `rid`") }
        if let type = present("type") {
            guard let kind = allCases.first(where: { $0.types.contains(type.lowercased()) }) else {
                let accepted = allCases.map { $0.types.joined(separator: ", ") }.joined(separator: "; ")
                return .unknown("its type `\(type.printable)` is none of: \(accepted)")
            }
            return .kind(kind)
        }
        guard let kind = implied(by: found ?? "\(present("scheme") ?? "http")://") else {
            return .unknown("it has no `type`, and where it is implies none")
        }
        return .kind(kind)
    }

    /// Values of the attribute `type`, in lower case.
    private var types: [String] {
        switch self {
        case .function: ["function", "lambda", "cloud-function"]
        case .queue: ["queue", "sqs"]
        case .topic: ["topic", "event", "pubsub", "sns"]
        case .workflow: ["step-function", "state-machine", "workflow"]
        case .script: ["script", "ssm", "automation"]
        }
    }

    /// The third part of an ARN.
    private var service: String {
        switch self {
        case .function: "lambda"
        case .queue: "sqs"
        case .topic: "sns"
        case .workflow: "states"
        case .script: "ssm"
        }
    }

    private static func implied(by location: String) -> InstanceKind? {
        let parts = location.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        if parts.count == 6, parts[0] == "arn" { return allCases.first { $0.service == parts[2] } }
        guard let colon = location.firstIndex(of: ":"), location[colon...].hasPrefix("://"), isScheme(location[..<colon]) else {
            return nil
        }
        let rest = location[location.index(colon, offsetBy: 3)...]
        let authority = rest.prefix { !"/?#".contains($0) }
        let host = (authority.split(separator: "@", omittingEmptySubsequences: false).last ?? "").prefix { $0 != ":" }.lowercased()
        switch location[..<colon].lowercased() {
        case _ where isQueueService(host): return .queue
        case "http", "https": return .function
        case "file": return .queue
        default: return nil
        }
    }

    private static func isScheme(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first | 0x20) else { return false }
        return text.unicodeScalars.allSatisfy { $0.isASCII && ($0.properties.isAlphabetic || "0123456789+-.".unicodeScalars.contains($0)) }
    }

    private static func isQueueService(_ host: String) -> Bool {
        [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"].contains { host.hasSuffix($0) }
            && (["sqs.", "sqs-fips.", "queue."].contains { host.hasPrefix($0) } || host.contains(".queue.amazonaws."))
    }
}
