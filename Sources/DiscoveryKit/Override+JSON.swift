internal import Foundation
internal import Registry

extension Override: Codable {
    /// Reads the form that the type's documentation shows, and no other.
    ///
    /// - Throws: `DecodingError.dataCorrupted` with our sentence, and our error underneath, for keys that mean nothing, values of another
    ///   type or out of range, and contradictions.
    public init(from decoder: any Decoder) throws {
        let value = try JSONValue(from: decoder)
        do throws(DiscoveryError) {
            self = try Override.read(value) { "The override" + ($0.map { " of \($0)" } ?? "") + " cannot be used" }
        } catch {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: error.message, underlyingError: error))
        }
    }

    /// Writes what ``init(from:)`` reads.
    ///
    /// - Throws: `EncodingError.invalidValue` for an override that nobody could read back.
    public func encode(to encoder: any Encoder) throws {
        do throws(DiscoveryError) { try check() } catch {
            let context = EncodingError.Context(codingPath: encoder.codingPath, debugDescription: error.message, underlyingError: error)
            throw EncodingError.invalidValue(self, context)
        }
        try json.encode(to: encoder)
    }

    /// One line of JSON.
    ///
    /// - Throws: `.configuration` when the override is not one that could be read back.
    package func jsonText() throws(DiscoveryError) -> String {
        try check()
        do {
            return try json.text()
        } catch {
            throw DiscoveryError(.coding, "The override of `\(pattern)` cannot be written as JSON.", cause: error)
        }
    }

    /// Reads what ``jsonText()`` wrote, perhaps in another version.
    ///
    /// - Throws: `.unsupported` when it says what this version does not know.
    package static func stored(_ text: String, for pattern: String) throws(DiscoveryError) -> Override {
        do {
            return try read(JSONValue(parsing: text.utf8)) { _ in "it cannot be used" }
        } catch {
            let reason = (error as? DiscoveryError)?.message ?? "it is not JSON."
            throw DiscoveryError(
                .unsupported,
                "The home's override of `\(pattern.excerpt(reach: 200))` was written by another version or program: \(reason) Remove it: discovery override '\(pattern.excerpt(reach: 200))' --remove",
                cause: error)
        }
    }

    /// - Parameter subject: what to begin a sentence with, given the pattern in quotes where there is one.
    static func read(_ value: JSONValue, subject: (String?) -> String) throws(DiscoveryError) -> Override {
        var pattern: String?
        if case .object(let members) = value, case .text(let text) = members["pattern"] { pattern = "`\(text.excerpt(reach: 200))`" }
        do {
            return try Override(reading: value)
        } catch {
            throw DiscoveryError(.configuration, "\(subject(pattern)): \(error.sentence)")
        }
    }

    private init(reading value: JSONValue) throws(Fault) {
        let members = try Members(
            value, of: "it", keys: ["pattern", "redirect", "home", "reply", "failureRate", "delay", "expires", "note"])
        guard let text = try members.text("pattern") else {
            throw Fault("it has no `pattern`, which says what addresses it is about. Add one, such as `ais.*`.")
        }
        do throws(DiscoveryError) { self.init(try AddressPattern(parsing: text)) } catch { throw Fault(error.message) }
        redirect = try members.text("redirect")
        home = try members.text("home")
        if let value = members["reply"] { reply = try Reply(reading: value) }
        failureRate = try members.number("failureRate", expected: "a number from 0 to 1")
        let longest = Double(Self.maximumDelay.components.seconds)
        let expected = "a number of seconds from 0 to \(Self.maximumDelay.inSeconds)"
        if let seconds = try members.number("delay", expected: expected) {
            guard (0...longest).contains(seconds) else { throw Fault("`delay` is \(seconds), not \(expected). Correct it.") }
            delay = .nanoseconds(Int64((seconds * 1e9).rounded()))
        }
        if let text = try members.text("expires") {
            guard let date = Date(timestamp: text) else {
                throw Fault("`expires` is `\(text.excerpt())`, not a time such as `2026-01-02T03:04:05Z`. Correct it.")
            }
            expires = date
        }
        note = try members.text("note")
        try checkActions()
        try checkNote()
    }

    private var json: JSONValue {
        var members: [String: JSONValue] = ["pattern": .text(pattern.text)]
        members["redirect"] = redirect.map { .text($0) }
        members["home"] = home.map { .text($0) }
        members["reply"] = reply?.json
        members["failureRate"] = failureRate.map { .number(Decimal(string: "\($0)") ?? 0) }
        members["delay"] = delay.map { .number($0.inSeconds) }
        members["expires"] = expires.map { .text($0.timestamp) }
        members["note"] = note.map { .text($0) }
        return .object(members)
    }
}

extension Override.Reply {
    private static let jsonType = "application/json"

    fileprivate init(reading value: JSONValue) throws(Override.Fault) {
        let members = try Members(value, of: "`reply`", keys: ["status", "contentType", "body", "text"])
        var status = 200
        if let number = try members.number("status", expected: "an HTTP status from 200 to 599") {
            guard let whole = Int(exactly: number) else {
                throw Override.Fault("`status` of its `reply` is \(number), not an HTTP status from 200 to 599. Correct it.")
            }
            status = whole
        }
        let type = try members.text("contentType")
        switch (members["body"], try members.text("text")) {
        case (let body?, nil):
            guard let text = try? body.text() else { throw Override.Fault("`body` of its `reply` is nested too deeply. Make it flatter.") }
            self.init(text: text, status: status, contentType: type ?? Self.jsonType)
        case (nil, let text?): self.init(text: text, status: status, contentType: type ?? Self.textType)
        case (nil, nil): self.init(text: "", status: status, contentType: type ?? Self.textType)
        default: throw Override.Fault("its `reply` has `body` and `text`. Leave `body` for JSON, or `text` for a text sent as it is.")
        }
    }

    /// A body that is JSON is written as what it is, so that people can read and edit it; where that would lose a blank, as a text.
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = ["status": .number(Decimal(status))]
        let isJSON = contentType == Self.jsonType
        if isJSON, let value = try? JSONValue(parsing: body.utf8), let text = try? value.text(), text.utf8.elementsEqual(body.utf8) {
            members["body"] = value
        } else {
            members["text"] = .text(body)
            if contentType != Self.textType { members["contentType"] = .text(contentType) }
        }
        return .object(members)
    }
}

/// The members of a JSON object, of which each has a known name and type.
private struct Members {
    private let values: [String: JSONValue]

    /// - Parameter owner: what the object is, in a sentence.
    init(_ value: JSONValue, of owner: String, keys: [String]) throws(Override.Fault) {
        guard case .object(let values) = value else {
            throw Override.Fault("\(owner) is \(value.kind), not an object in braces. Correct it.")
        }
        if let unknown = values.keys.filter({ !keys.contains($0) }).min() {
            let near = NearNames.of(unknown, among: keys).first
            let advice = near.map { "Did you mean `\($0)`?" } ?? "There are \(keys.map { "`\($0)`" }.joined(separator: ", "))."
            throw Override.Fault("\(owner) has the key `\(unknown.excerpt())`, which means nothing here. \(advice)")
        }
        self.values = values
    }

    subscript(key: String) -> JSONValue? { values[key] }

    func text(_ key: String) throws(Override.Fault) -> String? {
        switch values[key] {
        case nil: nil
        case .text(let text): text
        case let value?: throw Override.Fault("`\(key)` is \(value.kind), not a text. Put it in quotes, or leave it out.")
        }
    }

    func number(_ key: String, expected: String) throws(Override.Fault) -> Double? {
        switch values[key] {
        case nil: nil
        // By way of its text: the nearest double to what was written.
        case .number(let number): Double("\(number)")
        case .double(let number): number
        case let value?: throw Override.Fault("`\(key)` is \(value.kind), not \(expected). Correct it, or leave it out.")
        }
    }
}
