/// Commands of the README that a reader may paste, and what they print.
struct ReadmeBlock: Equatable {
    /// The line of the opening fence.
    let line: Int
    let commands: String
    /// What the block of text right after it says that they print.
    var expected: String?
    /// Why they are not run, where the README says `<!-- test: skip REASON -->` right before.
    let skipped: String?
}

/// What keeps a README from being tested: rather an error than a block that is quietly never run.
struct ReadmeFault: Error, Equatable, CustomStringConvertible {
    let line: Int
    let reason: String

    var description: String { "README.md:\(line): \(reason)" }
}

extension ReadmeBlock {
    /// The blocks fenced as `sh`, in order. A block fenced as `text` with nothing but empty lines between is the output of the
    /// one before it.
    static func extract(from markdown: String) throws(ReadmeFault) -> [ReadmeBlock] {
        var blocks: [ReadmeBlock] = []
        var fence: (line: Int, marks: Int, indentation: Int, language: String, body: [Substring])?
        var skip: (line: Int, reason: String)?
        var mayHaveOutput = false
        for (index, text) in markdown.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = index + 1
            let trimmed = text.drop { $0 == " " }
            let marks = trimmed.prefix { $0 == "`" }.count
            if let open = fence {
                guard marks >= open.marks, trimmed.drop(while: { $0 == "`" }).allSatisfy(\.isWhitespace) else {
                    let hidden = text.prefix(open.indentation).prefix { $0 == " " }.count
                    fence?.body.append(text.dropFirst(hidden))
                    continue
                }
                let body = open.body.joined(separator: "\n")
                switch open.language {
                case "sh":
                    blocks.append(ReadmeBlock(line: open.line, commands: body, expected: nil, skipped: skip?.reason))
                    skip = nil
                    mayHaveOutput = true
                case "text" where mayHaveOutput:
                    blocks[blocks.count - 1].expected = body
                    mayHaveOutput = false
                default:
                    mayHaveOutput = false
                }
                fence = nil
            } else if marks >= 3 {
                let language = String(trimmed.dropFirst(marks).prefix { !$0.isWhitespace })
                guard !["bash", "shell", "zsh", "console"].contains(language) else {
                    throw ReadmeFault(line: line, reason: "commands fenced as \(language) are not run: fence them as sh")
                }
                if let skip, language != "sh" {
                    throw ReadmeFault(line: skip.line, reason: "no commands follow the comment that skips them")
                }
                fence = (line, marks, text.count - trimmed.count, language, [])
            } else if trimmed.contains(where: { !$0.isWhitespace }) {
                if let skip {
                    throw ReadmeFault(line: skip.line, reason: "no commands follow the comment that skips them")
                }
                if trimmed.hasPrefix("<!-- test:"), CompiledBlock.path(in: trimmed) == nil {
                    guard let match = trimmed.wholeMatch(of: /<!-- test: skip (\S.*?) -->\s*/) else {
                        throw ReadmeFault(line: line, reason: "not of the form <!-- test: skip REASON -->")
                    }
                    skip = (line, String(match.output.1))
                }
                mayHaveOutput = false
            }
        }
        if let fence {
            throw ReadmeFault(line: fence.line, reason: "the fence has no end")
        }
        if let skip {
            throw ReadmeFault(line: skip.line, reason: "no commands follow the comment that skips them")
        }
        return blocks
    }

    /// The first expected line that the output does not have after the ones before it; `nil` if it has them all. A line is
    /// compared whole, but for white space at its ends, and `…` in it stands for anything.
    static func firstMissing(of expected: String, in output: String) -> String? {
        func lines(_ text: String) -> [String] {
            text.split { $0.isNewline }.map { $0.drop { $0.isWhitespace } }
                .map { String($0.reversed().drop { $0.isWhitespace }.reversed()) }.filter { !$0.isEmpty }
        }
        var rest = lines(output)[...]
        for pattern in lines(expected) where pattern != "…" {
            guard let found = rest.firstIndex(where: { matches($0, pattern) }) else { return pattern }
            rest = rest[(found + 1)...]
        }
        return nil
    }

    private static func matches(_ line: String, _ pattern: String) -> Bool {
        let pieces = pattern.split(separator: "…", omittingEmptySubsequences: false)
        guard pieces.count > 1 else { return line == pattern }
        guard let first = pieces.first, let last = pieces.last, line.hasPrefix(first) else { return false }
        var rest = line.dropFirst(first.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let range = rest.firstRange(of: piece) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}
