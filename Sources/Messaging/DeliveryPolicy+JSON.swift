internal import Foundation

extension Messaging.DeliveryPolicy {
    /// Reads SNS's document, `{"healthyRetryPolicy": {…}, "throttlePolicy": {…}, "requestPolicy": {…}}`, or what is in its first part alone.
    /// What is not said has SNS's default.
    ///
    /// - Throws: `.invalidParameterValue`.
    package init(json: String) throws(MessagingError) {
        guard json.utf8.count <= Self.longestText else {
            throw Self.refusal("It has \(json.utf8.count) bytes, and at most \(Self.longestText) are read.")
        }
        let value: Value
        do { value = try JSONDecoder().decode(Value.self, from: Data(json.utf8)) } catch {
            throw Self.refusal("It is not JSON. Write it like this: \(Self.example).")
        }
        guard case .object(let document) = value else { throw Self.refusal("It is \(value.kind), not an object like \(Self.example).") }
        self.init()
        if document.isEmpty || document.keys.contains(where: Self.retryKeys.contains) {
            try readRetries(document)
        } else {
            try Self.check(document, within: "the policy", Self.documentKeys)
            if let part = try Self.part("healthyRetryPolicy", of: document) { try readRetries(part) }
            if let part = try Self.part("throttlePolicy", of: document) {
                try Self.check(part, within: "`throttlePolicy`", ["maxReceivesPerSecond"])
                maximumReceivesPerSecond = try Self.number("maxReceivesPerSecond", of: part, in: 1...Int(Int32.max))
            }
            if let part = try Self.part("requestPolicy", of: document) {
                try Self.check(part, within: "`requestPolicy`", ["headerContentType"])
                if let text = try Self.text("headerContentType", of: part) { contentType = try Self.checked(contentType: text) }
            }
        }
    }

    /// SNS's document, which reads back to an equal policy: its keys in SNS's order, nothing left to a default, parts that say nothing left out.
    package var json: String {
        var parts = [
            #""healthyRetryPolicy":{"minDelayTarget":\#(minimumDelay.components.seconds),"maxDelayTarget":\#(maximumDelay.components.seconds),"#
                + #""numRetries":\#(retries),"numMaxDelayRetries":\#(retriesAtMaximum),"numNoDelayRetries":\#(immediateRetries),"#
                + #""numMinDelayRetries":\#(retriesAtMinimum),"backoffFunction":"\#(backoff.rawValue)"}"#
        ]
        if let maximumReceivesPerSecond { parts.append(#""throttlePolicy":{"maxReceivesPerSecond":\#(maximumReceivesPerSecond)}"#) }
        if let contentType {
            let escaped = contentType.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            parts.append(#""requestPolicy":{"headerContentType":"\#(escaped)"}"#)
        }
        return "{\(parts.joined(separator: ","))}"
    }

    private mutating func readRetries(_ part: [String: Value]) throws(MessagingError) {
        try Self.check(part, within: "`healthyRetryPolicy`", Self.retryKeys)
        let counts = 0...100
        retries = try Self.number("numRetries", of: part, in: counts) ?? retries
        immediateRetries = try Self.number("numNoDelayRetries", of: part, in: counts) ?? immediateRetries
        retriesAtMinimum = try Self.number("numMinDelayRetries", of: part, in: counts) ?? retriesAtMinimum
        retriesAtMaximum = try Self.number("numMaxDelayRetries", of: part, in: counts) ?? retriesAtMaximum
        let seconds = 1...3_600
        minimumDelay = try Self.number("minDelayTarget", of: part, in: seconds).map { .seconds($0) } ?? minimumDelay
        maximumDelay = try Self.number("maxDelayTarget", of: part, in: seconds).map { .seconds($0) } ?? maximumDelay
        if let name = try Self.text("backoffFunction", of: part) {
            // AWS's own tools write it in capitals, too.
            guard let backoff = Backoff(rawValue: name.lowercased()) else {
                throw Self.refusal(
                    "`backoffFunction` is one of \(Backoff.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")), not \(Rules.quoted(name))."
                )
            }
            self.backoff = backoff
        }
        let phases = immediateRetries + retriesAtMinimum + retriesAtMaximum
        guard phases <= retries else {
            throw Self.refusal(
                "`numRetries` counts the retries of all phases: it is \(retries), and `numNoDelayRetries`, `numMinDelayRetries` and `numMaxDelayRetries` come to \(phases). Raise it, or lower those."
            )
        }
        guard minimumDelay <= maximumDelay else {
            throw Self.refusal(
                "`minDelayTarget` is \(minimumDelay.components.seconds) s and `maxDelayTarget` \(maximumDelay.components.seconds) s (each is 20 when it is not given): the first is at most the second."
            )
        }
        guard span <= Self.longestSpan else {
            throw Self.refusal(
                "Its retries would take \(span.components.seconds) s, and SNS allows \(Self.longestSpan.components.seconds). Lower `numRetries` or the delays."
            )
        }
    }

    /// What SNS lets a policy's retries take in all.
    static let longestSpan = Duration.seconds(3_600)
    private static let longestText = 10_000

    private static let example = #"`{"healthyRetryPolicy": {"numRetries": 5, "minDelayTarget": 1, "maxDelayTarget": 60}}`"#

    private static let retryKeys: Set = [
        "numRetries", "numNoDelayRetries", "numMinDelayRetries", "numMaxDelayRetries", "minDelayTarget", "maxDelayTarget",
        "backoffFunction",
    ]
    /// The last two SNS adds itself where it shows a policy: `null` and `false`.
    private static let documentKeys: Set = ["healthyRetryPolicy", "throttlePolicy", "requestPolicy", "sicklyRetryPolicy", "guaranteed"]

    /// What SNS takes for raw messages; of enveloped ones, which are JSON, it takes `application/json` and `text/plain` only.
    private static let mediaTypes: Set = [
        "application/atom+xml", "application/json", "application/octet-stream", "application/soap+xml",
        "application/x-www-form-urlencoded", "application/xhtml+xml", "application/xml", "text/css", "text/csv", "text/html", "text/plain",
        "text/xml",
    ]

    private static func checked(contentType: String) throws(MessagingError) -> String {
        let type = contentType.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        guard mediaTypes.contains(type), contentType.utf8.count <= 200, contentType.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw refusal("`headerContentType` is one of \(mediaTypes.sorted().joined(separator: ", ")), not \(Rules.quoted(contentType)).")
        }
        return contentType
    }

    // MARK: Members of an object

    private static func check(_ object: [String: Value], within place: String, _ keys: Set<String>) throws(MessagingError) {
        guard let stranger = object.keys.sorted().first(where: { !keys.contains($0) }) else { return }
        let known = keys.subtracting(["sicklyRetryPolicy", "guaranteed"]).sorted().map { "`\($0)`" }.joined(separator: ", ")
        throw refusal("There is no \(Rules.quoted(stranger)) in \(place): it has \(known).")
    }

    private static func part(_ key: String, of object: [String: Value]) throws(MessagingError) -> [String: Value]? {
        switch object[key] {
        case nil, .null: return nil
        case .object(let part): return part
        case let value?: throw refusal("`\(key)` is an object, not \(value.kind).")
        }
    }

    private static func number(_ key: String, of object: [String: Value], in range: ClosedRange<Int>) throws(MessagingError) -> Int? {
        switch object[key] {
        case nil, .null: return nil
        case .whole(let number) where range.contains(number): return number
        case .whole(let number): throw refusal("`\(key)` is \(range.lowerBound) to \(range.upperBound), not \(number).")
        case let value?: throw refusal("`\(key)` is a whole number, \(range.lowerBound) to \(range.upperBound), not \(value.kind).")
        }
    }

    private static func text(_ key: String, of object: [String: Value]) throws(MessagingError) -> String? {
        switch object[key] {
        case nil, .null: return nil
        case .text(let text): return text
        case let value?: throw refusal("`\(key)` is a text, not \(value.kind).")
        }
    }

    private static func refusal(_ reason: String) -> MessagingError { Rules.invalid("The delivery policy cannot be used. \(reason)") }

    /// As much of JSON as a policy has, so that a refusal can say what stands where.
    private enum Value: Decodable {
        case null
        case whole(Int)
        case text(String)
        case object([String: Value])
        case other(String)

        init(from decoder: any Decoder) throws {
            if let object = try? decoder.container(keyedBy: Key.self) {
                var members: [String: Value] = [:]
                for key in object.allKeys { members[key.stringValue] = try object.decode(Value.self, forKey: key) }
                self = .object(members)
                return
            }
            if (try? decoder.unkeyedContainer()) != nil {
                self = .other("a list")
                return
            }
            let value = try decoder.singleValueContainer()
            if value.decodeNil() {
                self = .null
            } else if let number = try? value.decode(Int.self) {
                self = .whole(number)
            } else if let text = try? value.decode(String.self) {
                self = .text(text)
            } else if let flag = try? value.decode(Bool.self) {
                self = .other("\(flag)")
            } else {
                self = .other("a number with a fraction, or too great a one")
            }
        }

        var kind: String {
            switch self {
            case .null: "null"
            case .whole: "a number"
            case .text: "a text"
            case .object: "an object"
            case .other(let kind): kind
            }
        }

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }

            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
    }
}
