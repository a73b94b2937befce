/// Reads a text, whatever its bytes: JSON where it is JSON, YAML otherwise.
enum SourceReader {
    /// - Parameter strictly: whether what looks like JSON must be JSON, and not the YAML that looks like it: with comments, with short forms.
    static func read(_ bytes: [UInt8], strictly: Bool) throws(TemplateError) -> SourceNode {
        guard bytes.count <= SourceLimits.bytes else {
            throw TemplateError(
                .tooLarge, "The template has \(bytes.count) bytes; at most \(SourceLimits.bytes) are taken. Divide it into several stacks.",
                at: .start)
        }
        let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        guard let text = String(validating: bytes, as: UTF8.self) else { throw notUTF8(bytes) }
        guard looksLikeJSON(bytes) else { return try YAMLReader.read(text) }
        do throws(TemplateError) {
            return try JSONReader.read(bytes)
        } catch {
            guard !strictly, error.code == .malformed else { throw error }
            do throws(TemplateError) { return try YAMLReader.read(text) } catch let other { throw other.code == .malformed ? error : other }
        }
    }

    private static func looksLikeJSON(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        func skipBlanks() { rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) } }
        skipBlanks()
        guard rest.popFirst() == UInt8(ascii: "{") else { return false }
        skipBlanks()
        return rest.first == UInt8(ascii: "\"") || rest.first == UInt8(ascii: "}")
    }

    private static func notUTF8(_ bytes: [UInt8]) -> TemplateError {
        var decoder = UTF8()
        var rest = bytes.makeIterator()
        var (line, column) = (1, 1)
        scan: while true {
            switch decoder.decode(&rest) {
            case .scalarValue("\n"): (line, column) = (line + 1, 1)
            case .scalarValue: column += 1
            case .emptyInput, .error: break scan
            }
        }
        let advice = bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE]) ? " It seems to be UTF-16." : ""
        return TemplateError(
            .malformed, "The template is not UTF-8 from here on.\(advice) Save it as UTF-8.", at: Mark(line: line, column: column))
    }
}
