/// What a text's aliases could stand for, written out, before the parser looks at it.
///
/// The parser shares what aliases stand for, but compares keys, and frees trees, by walking all of it: a few hundred bytes can be made to
/// take it years, or more stack than there is. So the bound is found in the bytes, without knowing YAML: what looks like an anchor may be
/// one. CloudFormation itself takes no aliases; a handful of them is always below the bound.
enum AliasBound {
    private static let mostBytes = 256 << 20
    private static let mostLevels = 4_000
    /// The parser's own, twice: a list in an object takes no further column.
    private static let levelsOfParser = 2_000

    static func check(_ bytes: [UInt8]) throws(TemplateError) {
        let anchors = places(of: UInt8(ascii: "&"), in: bytes)
        let aliases = places(of: UInt8(ascii: "*"), in: bytes)
        guard !anchors.isEmpty, let first = aliases.first else { return }
        // The worst is a chain in which each anchor's node holds as many aliases of the one before as all others do.
        var written = Double(bytes.count)
        for _ in anchors where written <= Double(mostBytes) { written *= Double(aliases.count) / Double(anchors.count) + 1 }
        let brackets = bytes.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }
        let chain = anchors.count + 1
        let levels = min(chain * levelsOfParser, brackets + chain * 2 * widestIndentation(of: bytes))
        guard written <= Double(mostBytes), levels <= mostLevels else {
            throw TemplateError(
                .tooLarge,
                "The template has \(anchors.count) anchors and \(aliases.count) aliases, which could stand for more than is taken. "
                    + "Write out some of them; CloudFormation takes none.", at: mark(of: first, in: bytes))
        }
    }

    /// Where a token may begin with this character: after a blank or a sign, and before a name.
    private static func places(of indicator: UInt8, in bytes: [UInt8]) -> [Int] {
        bytes.indices.filter { index in
            bytes[index] == indicator && index + 1 < bytes.count && isOfName(bytes[index + 1])
                && (index == 0 || endsToken(bytes[index - 1]))
        }
    }

    private static func endsToken(_ byte: UInt8) -> Bool {
        byte <= 0x20 || "[]{},:-?\"'".utf8.contains(byte)
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    private static func widestIndentation(of bytes: [UInt8]) -> Int {
        bytes.split { $0 == 0x0A || $0 == 0x0D }.reduce(1) { widest, line in
            max(widest, 1 + line.prefix { $0 == 0x20 || $0 == 0x09 || $0 == 0x2D || $0 == 0x3F || $0 == 0x3A }.count)
        }
    }

    private static func mark(of index: Int, in bytes: [UInt8]) -> Mark {
        let line = bytes[..<index].count { $0 == 0x0A }
        let column = bytes[..<index].reversed().prefix { $0 != 0x0A }.count { $0 & 0xC0 != 0x80 }
        return Mark(line: line + 1, column: column + 1)
    }
}
