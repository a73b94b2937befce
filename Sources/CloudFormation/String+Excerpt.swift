extension String {
    /// Outside text in a sentence: bounded, without control characters.
    var excerpt: String {
        let scalars = unicodeScalars.prefix(61)
        let shown = scalars.prefix(60).map { $0.properties.generalCategory == .control ? "\u{FFFD}" : String($0) }
        return "`" + shown.joined() + (scalars.count > 60 ? "…`" : "`")
    }
}

extension Sequence<String> {
    /// At most twelve, sorted, and how many more there are.
    var list: String {
        let names = sorted()
        return names.prefix(12).joined(separator: ", ") + (names.count > 12 ? " and \(names.count - 12) more" : "")
    }
}
