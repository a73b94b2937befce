/// Texts that are never shown: the values of parameters with `NoEcho`.
struct Concealment: Sendable, Hashable {
    private let secrets: [String]

    init(_ secrets: [String]) {
        // The longest first, so that no part of one remains when another is within it.
        // As they stand in JSON, too.
        let written = secrets.map { String(TemplateValue.text($0).json.dropFirst().dropLast()) }
        self.secrets = Set(secrets + written).filter { !$0.isEmpty }.sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
    }

    /// The text with `****` for what is secret in it.
    func conceal(_ text: String) -> String {
        secrets.reduce(text) { text, secret in Intrinsic.split(text, at: secret).joined(separator: "****") }
    }
}
