/// A Swift file, its lines taken apart into code and comments, so that a rule about code never trips over a comment or a string.
///
/// What strings hold is left out of the code, what they interpolate is in it. Not understood: a bare regex literal that holds a
/// quotation mark; the rest of its line is then taken for a string.
struct SwiftSource {
    struct Line: Equatable {
        var code = ""
        var comment = ""
    }

    let path: String
    let lines: [Line]

    init(path: String, text: String) {
        self.path = path
        var scanner = SwiftScanner(text: text)
        lines = scanner.scan()
    }

    /// Whether there is a comment on the line, counted from zero, or on one of the three above it.
    func isExplained(_ index: Int) -> Bool {
        lines[max(0, index - 3)...index].contains { line in line.comment.contains { !"/* ".contains($0) } }
    }

    /// A line counted from zero, as editors and compilers name it.
    func location(_ index: Int) -> String {
        "\(path):\(index + 1)"
    }
}

private struct SwiftScanner {
    private enum Context {
        /// Code: the file's, or that of an interpolation, which ends at the parenthesis that has no partner.
        case code(parentheses: Int)
        case string(hashes: Int, isMultiline: Bool)
    }

    private static let marksInCode = Array("/#\"()\n".utf8)
    private static let marksInStrings = Array("\\\"\n".utf8)

    private let bytes: [UInt8]
    private var position = 0
    private var contexts: [Context] = [.code(parentheses: 0)]
    private var lines: [SwiftSource.Line] = []
    private var code: [UInt8] = []
    private var comment: [UInt8] = []

    init(text: String) {
        bytes = Array(text.utf8)
    }

    mutating func scan() -> [SwiftSource.Line] {
        while position < bytes.count {
            switch contexts[contexts.count - 1] {
            case .code(let parentheses): scanCode(parentheses)
            case .string(let hashes, let isMultiline): scanString(hashes, isMultiline)
            }
        }
        if !code.isEmpty || !comment.isEmpty {
            endLine()
        }
        return lines
    }

    private mutating func scanCode(_ parentheses: Int) {
        let start = position
        while position < bytes.count, !Self.marksInCode.contains(bytes[position]) {
            position += 1
        }
        code += bytes[start..<position]
        guard position < bytes.count else { return }
        if follows("//") {
            while position < bytes.count, bytes[position] != UInt8(ascii: "\n") {
                comment.append(take())
            }
        } else if follows("/*") {
            scanBlockComment()
        } else if let hashes = openingHashes() {
            position += hashes
            let isMultiline = follows("\"\"\"")
            position += isMultiline ? 3 : 1
            code.append(UInt8(ascii: "\""))
            contexts.append(.string(hashes: hashes, isMultiline: isMultiline))
        } else if follows("#/") {
            position += 2
            while position < bytes.count, !follows("/#") {
                takeHidden()
            }
            position += 2
        } else {
            let byte = take()
            switch byte {
            case UInt8(ascii: "\n"): endLine()
            case UInt8(ascii: "("):
                contexts[contexts.count - 1] = .code(parentheses: parentheses + 1)
                code.append(byte)
            case UInt8(ascii: ")"):
                if parentheses == 0, contexts.count > 1 {
                    contexts.removeLast()
                } else {
                    contexts[contexts.count - 1] = .code(parentheses: max(0, parentheses - 1))
                }
                code.append(byte)
            default: code.append(byte)
            }
        }
    }

    private mutating func scanString(_ hashes: Int, _ isMultiline: Bool) {
        guard Self.marksInStrings.contains(bytes[position]) else {
            position += 1
            return
        }
        let marks = String(repeating: "#", count: hashes)
        if follows((isMultiline ? "\"\"\"" : "\"") + marks) {
            position += (isMultiline ? 3 : 1) + hashes
            code.append(UInt8(ascii: "\""))
            contexts.removeLast()
        } else if follows("\\" + marks + "(") {
            position += hashes + 2
            code.append(UInt8(ascii: "("))
            contexts.append(.code(parentheses: 0))
        } else if follows("\\" + marks) {
            position += hashes + 1
            if position < bytes.count {
                takeHidden()
            }
        } else {
            if !isMultiline, bytes[position] == UInt8(ascii: "\n") {
                contexts.removeLast()
            }
            takeHidden()
        }
    }

    private mutating func scanBlockComment() {
        var depth = 0
        repeat {
            if follows("/*") {
                depth += 1
                comment += [take(), take()]
            } else if follows("*/") {
                depth -= 1
                comment += [take(), take()]
            } else if bytes[position] == UInt8(ascii: "\n") {
                takeHidden()
            } else {
                comment.append(take())
            }
        } while depth > 0 && position < bytes.count
    }

    /// How many hashes stand before the quotation mark of a string that begins here; `nil` if none begins.
    private func openingHashes() -> Int? {
        var end = position
        while end < bytes.count, bytes[end] == UInt8(ascii: "#") {
            end += 1
        }
        return end < bytes.count && bytes[end] == UInt8(ascii: "\"") ? end - position : nil
    }

    private func follows(_ text: String) -> Bool {
        bytes[position...].starts(with: text.utf8)
    }

    private mutating func take() -> UInt8 {
        defer { position += 1 }
        return bytes[position]
    }

    /// Passes over a byte; only a line's end is kept.
    private mutating func takeHidden() {
        if take() == UInt8(ascii: "\n") {
            endLine()
        }
    }

    private mutating func endLine() {
        lines.append(SwiftSource.Line(code: String(decoding: code, as: UTF8.self), comment: String(decoding: comment, as: UTF8.self)))
        code = []
        comment = []
    }
}
