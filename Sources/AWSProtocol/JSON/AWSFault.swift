/// An error as AWS's services say it, of whichever service. A code that nobody here has heard of is a value like any other.
package struct AWSFault: Error, Hashable, Sendable, CustomStringConvertible {
    package struct Code: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        package init(stringLiteral value: String) { self.rawValue = value }
        package var description: String { rawValue }
    }

    package var code: Code
    package var message: String
    /// What the service's model has beside the message: `DuplicateOperationId`, by the names of the wire.
    package var members: [String: String]
    /// Of the HTTP answer. The services of JSON answer 400 for whatever the caller did wrong, whatever their models say.
    package var status: Int

    package init(_ code: Code, _ message: String, members: [String: String] = [:], status: Int? = nil) {
        self.code = code
        self.message = message
        self.members = members
        self.status = status ?? (code == .internalFailure ? 500 : code == .serviceUnavailable ? 503 : 400)
    }

    package var description: String { "\(code): \(message)" }
}

/// What any service of AWS may answer.
extension AWSFault.Code {
    package static let accessDenied: Self = "AccessDeniedException"
    package static let internalFailure: Self = "InternalFailure"
    package static let requestExpired: Self = "RequestExpired"
    package static let serialization: Self = "SerializationException"
    package static let serviceUnavailable: Self = "ServiceUnavailable"
    package static let signatureDoesNotMatch: Self = "SignatureDoesNotMatch"
    package static let throttling: Self = "ThrottlingException"
    package static let unknownOperation: Self = "UnknownOperationException"
    package static let unrecognizedClient: Self = "UnrecognizedClientException"
    /// Ours, for a client: an answer came that is none of AWS's.
    package static let unreadableAnswer: Self = "UnreadableAnswer"
}

extension AWSFault {
    /// As the services of JSON spell it.
    package init(_ fault: SigV4.Fault) {
        let code: Code =
            switch fault {
            case .missing: "MissingAuthenticationTokenException"
            case .incomplete: "IncompleteSignatureException"
            case .skewed, .expired: .requestExpired
            case .wrongSignature: .signatureDoesNotMatch
            case .wrongPayload: "XAmzContentSHA256Mismatch"
            case .chunkedPayload: "InvalidRequestException"
            }
        self.init(code, fault.description)
    }
}

extension AWSFault {
    /// The body of an answer: clients look for `__type` and `message`.
    package var json: [UInt8] {
        var text = JSONText()
        text.member("__type", code.rawValue)
        for (name, value) in members.sorted(by: { $0.key < $1.key }) { text.member(name, value) }
        text.member("message", message)
        return text.closed()
    }

    /// Reads an answer that is no success. Whatever its body is, it is a fault.
    ///
    /// - Parameter header: the first value of a header, whose name is given in lower case.
    package init(status: Int, body: [UInt8], header: (String) -> String?) {
        var texts: [String: String] = [:]
        if let tree = try? JSONTree(parsing: body), case .object(let object) = tree {
            for case (let name, .text(let text)) in object { texts[name] = text }
        }
        // `com.amazonaws.servicediscovery#InvalidInput`, or with `:http://…` behind it.
        let type = texts.removeValue(forKey: "__type") ?? header("x-amzn-errortype") ?? texts.removeValue(forKey: "code")
        let name = type.flatMap { $0.split(separator: ":").first }.flatMap { $0.split(separator: "#").last }.map(String.init)
        let lower = texts.removeValue(forKey: "message")
        let upper = texts.removeValue(forKey: "Message")
        let code: Code =
            name.map { Code(rawValue: $0) } ?? (status == 503 ? .serviceUnavailable : status >= 500 ? .internalFailure : .unreadableAnswer)
        self.init(code, lower ?? upper ?? "the service answered \(status), and said no more", members: texts, status: status)
    }
}
