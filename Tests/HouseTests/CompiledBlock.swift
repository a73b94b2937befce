/// Swift of the README that a test compiles and runs: the README names the file, and the file holds the same lines.
struct CompiledBlock: Equatable {
    /// The line of the comment that names the file.
    let line: Int
    let path: String
    let code: [String]
}

extension CompiledBlock {
    /// What marks a block fenced as `swift`: `<!-- test: compiled in PATH -->` right before it.
    static func path(in line: some StringProtocol) -> String? {
        String(line).wholeMatch(of: /\s*<!-- test: compiled in (\S+) -->\s*/).map { String($0.output.1) }
    }

    /// The marked blocks, in order.
    static func extract(from markdown: String) throws(ReadmeFault) -> [CompiledBlock] {
        let lines = markdown.split(separator: "\n", omittingEmptySubsequences: false)
        var blocks: [CompiledBlock] = []
        for (index, line) in lines.enumerated() {
            guard let path = path(in: line) else { continue }
            guard lines.dropFirst(index + 1).first == "```swift", let end = lines[(index + 2)...].firstIndex(of: "```") else {
                throw ReadmeFault(line: index + 1, reason: "no block of swift follows the comment that says where it is compiled")
            }
            blocks.append(CompiledBlock(line: index + 1, path: path, code: lines[(index + 2)..<end].map(String.init)))
        }
        return blocks
    }

    /// Whether a source holds the block's lines, one after the other; indented as it likes.
    func isFound(in source: String) -> Bool {
        func trimmed(_ lines: [String]) -> [String] {
            lines.map { line in String(line.drop { $0 == " " }) }.filter { !$0.isEmpty }
        }
        let wanted = trimmed(code)
        let lines = trimmed(source.split(separator: "\n").map(String.init))
        guard !wanted.isEmpty, lines.count >= wanted.count else { return false }
        return lines.indices.dropLast(wanted.count - 1).contains { Array(lines[$0..<($0 + wanted.count)]) == wanted }
    }
}
