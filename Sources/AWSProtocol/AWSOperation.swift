/// What all operations of one service have in common.
package struct AWSService: Hashable, Sendable {
    /// What stands before the operation's name in `X-Amz-Target`.
    package var targetPrefix: String
    /// The service in a signature's scope.
    package var signingName: String
    package var version: AWSJSON.Version
    /// What is thrown where a required member is missing.
    package var missingMember: AWSFault.Code

    package init(targetPrefix: String, signingName: String, version: AWSJSON.Version, missingMember: AWSFault.Code) {
        self.targetPrefix = targetPrefix
        self.signingName = signingName
        self.version = version
        self.missingMember = missingMember
    }

    /// The name of the operation that a request's `X-Amz-Target` asks for; nil where it is another service's.
    package func operation(ofTarget target: String) -> String? {
        guard target.hasPrefix(targetPrefix), target.utf8.count > targetPrefix.utf8.count else { return nil }
        let rest = target.dropFirst(targetPrefix.count)
        return rest.first == "." ? String(rest.dropFirst()) : nil
    }
}

/// An operation of a service that speaks JSON, described once for who asks and who answers.
package protocol AWSOperation: Sendable {
    associatedtype Input: Codable & Hashable & Sendable
    associatedtype Output: Codable & Hashable & Sendable

    static var service: AWSService { get }
    static var name: String { get }
    /// What clients put before the endpoint's host: `data-`.
    static var hostPrefix: String? { get }
    /// Those that the API's model documents for it. Any service may answer others.
    static var faults: [AWSFault.Code] { get }
    /// Whether the answer has a body at all; without, `Output` is `AWSEmpty`.
    static var hasOutput: Bool { get }
}

extension AWSOperation {
    package static var hostPrefix: String? { nil }
    package static var hasOutput: Bool { true }

    package static var target: String { "\(service.targetPrefix).\(name)" }

    /// For a server: what the body of a request asks.
    package static func input(from body: [UInt8]) throws(AWSFault) -> Input {
        try AWSJSON.decode(Input.self, from: body, missingMember: service.missingMember)
    }

    /// For a server: the body of the answer.
    package static func body(of output: Output) throws(AWSFault) -> [UInt8] {
        hasOutput ? try AWSJSON.encode(output) : []
    }
}

/// A shape without members.
package struct AWSEmpty: Codable, Hashable, Sendable {
    package init() {}
}
