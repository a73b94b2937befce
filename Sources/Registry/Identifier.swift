/// Ids in the forms of Cloud Map: a prefix and 16 lower-case characters of base 32.
enum Identifier {
    static func namespace(using generator: inout some RandomNumberGenerator) -> String { make("ns-", using: &generator) }
    static func service(using generator: inout some RandomNumberGenerator) -> String { make("srv-", using: &generator) }

    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")

    private static func make(_ prefix: String, using generator: inout some RandomNumberGenerator) -> String {
        prefix + String((0..<16).map { _ in alphabet.randomElement(using: &generator) ?? "a" })
    }
}
