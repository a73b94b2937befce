extension String {
    /// What to show of a text from outside in a message: about `reach` bytes on either side of a byte, and nothing that does anything to a
    /// terminal or breaks a line of a log.
    func excerpt(around offset: Int = 0, reach: Int = 64) -> String {
        var excerpt = offset > reach ? "…" : ""
        var position = 0
        for scalar in unicodeScalars {
            guard position < offset + reach else { return excerpt + "…" }
            if position >= offset - reach { excerpt += scalar.printable }
            position += UTF8.width(scalar)
        }
        return excerpt
    }
}

extension Unicode.Scalar {
    /// The scalar itself, or its number if it is a control or a format character.
    var printable: String { isPrintable ? String(Character(self)) : "\\u{\(String(value, radix: 16))}" }

    /// Whether it is neither a control nor a format character.
    var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
