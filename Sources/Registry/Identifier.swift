/// Ids in the forms of Cloud Map: a prefix and 16 lower-case characters of base 32; and those in ARNs.
enum Identifier {
    static func namespace(using generator: inout some RandomNumberGenerator) -> String { "ns-" + make(16, using: &generator) }
    static func service(using generator: inout some RandomNumberGenerator) -> String { "srv-" + make(16, using: &generator) }
    static func operation(using generator: inout some RandomNumberGenerator) -> String {
        make(32, using: &generator) + "-" + make(8, using: &generator)
    }

    /// What tells the name for `discover` of a namespace from those of others of its name.
    static func suffix(using generator: inout some RandomNumberGenerator) -> String { "-" + make(8, using: &generator) }

    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")

    private static func make(_ count: Int, using generator: inout some RandomNumberGenerator) -> String {
        String((0..<count).map { _ in alphabet.randomElement(using: &generator) ?? "a" })
    }

    // MARK: Ids and ARNs

    /// The id of a namespace in what a caller gave for one: an id or an ARN.
    static func namespace(in text: String) throws(RegistryError) -> String { try resource("namespace", in: text) }

    /// The id of a service in what a caller gave for one: an id or an ARN.
    static func service(in text: String) throws(RegistryError) -> String { try resource("service", in: text) }

    /// What an ARN names, `namespace` or `service` if it can be tagged; `nil` when it is no ARN of ours.
    static func tagged(in arn: String) -> (kind: String, id: String)? { resource(of: arn) }

    private static func resource(_ kind: String, in text: String) throws(RegistryError) -> String {
        guard text.utf8.count <= 255, !text.isEmpty else { throw Rules.invalid("The id of a \(kind) has 1 to 255 characters.") }
        guard text.hasPrefix("arn:") else { return text }
        guard let resource = resource(of: text), resource.kind == kind else {
            throw Rules.invalid("\(Rules.quoted(text)) is not the ARN of a \(kind), which ends in `:\(kind)/` and an id.")
        }
        return resource.id
    }

    /// Region and account are not looked at: a registry has neither.
    private static func resource(of arn: String) -> (kind: String, id: String)? {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "servicediscovery" else { return nil }
        let names = parts[5].split(separator: "/", omittingEmptySubsequences: false)
        guard names.count == 2, !names[1].isEmpty else { return nil }
        return (String(names[0]), String(names[1]))
    }
}
