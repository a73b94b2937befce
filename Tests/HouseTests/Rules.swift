/// The rules about one file: each takes its text or its path and says what is wrong.
enum Rules {
    static let longestFile = 600

    /// Names that say nothing: what is in such a file has a subject, and belongs with it.
    static let emptyNames: Set<String> = ["new", "utils", "common", "helpers", "managers", "core", "misc"]

    static let emptyEndings = ["Manager", "Helper", "Impl", "Base", "Util", "Info", "Data"]

    static func tooLong(_ source: SwiftSource) -> [String] {
        guard source.lines.count > longestFile else { return [] }
        return ["\(source.path) has \(source.lines.count) lines: more than \(longestFile); one main type per file"]
    }

    static func emptyName(of path: String) -> [String] {
        path.split(separator: "/").flatMap { $0.split { ".+".contains($0) } }
            .filter { emptyNames.contains($0.lowercased()) }
            .map { "\(path): \($0) is no subject; name it after what it is about" }
    }

    static func emptyTypeNames(in source: SwiftSource) -> [String] {
        source.lines.enumerated().flatMap { index, line -> [String] in
            guard emptyEndings.contains(where: line.code.contains) else { return [] }
            return line.code.matches(of: /\b(?:struct|class|enum|actor|protocol|typealias|associatedtype)\s+`?(\w+)/)
                .map { String($0.output.1) }
                .filter { name in emptyEndings.contains { name.hasSuffix($0) } }
                .map { "\(source.location(index)): a type named \($0); say what it is" }
        }
    }

    /// The lines, counted from zero, where a file tells platforms apart or imports one platform's library.
    static func platformLines(of source: SwiftSource) -> [Int] {
        source.lines.indices.filter { index in
            let code = source.lines[index].code
            return code.contains("#")
                && code.contains(/^\s*#(?:if|elseif)\b.*(?:\bos\s*\(|\bcanImport\s*\(\s*(?:Darwin|Glibc|Musl|Bionic|Android|WinSDK)\b)/)
        } + source.imports.filter { ["Darwin", "Glibc", "Musl"].contains($0.module) }.map(\.line)
    }

    /// What Sources may never hold, or not without a sentence why.
    static func forbidden(in source: SwiftSource) -> [String] {
        source.lines.indices.flatMap { index -> [String] in
            let code = source.lines[index].code
            guard ["detached", "_exported", "!", "fatalError", "@unchecked", "unsafe"].contains(where: code.contains) else { return [] }
            var found: [String] = []
            if code.contains(/\bTask\s*(?:<[^>]*>)?\s*\.\s*detached\b/) {
                found.append("Task.detached: its errors, its cancellation and its end are nobody's; use a task group or run()")
            }
            if code.contains(/@_exported\b/) {
                found.append("@_exported: what others import is theirs to say")
            }
            if code.contains(/\btry\s*!/) {
                found.append("try!: throw, or a precondition with a sentence")
            }
            guard !source.isExplained(index) else { return found.map { "\(source.location(index)): \($0)" } }
            if code.contains(/\bfatalError\s*\(/) {
                found.append("fatalError without a comment, here or in the three lines above, on why it cannot be reached")
            }
            if code.contains(/@unchecked\s+Sendable\b/) {
                found.append("@unchecked Sendable without a comment, here or in the three lines above, on why it is safe")
            }
            if code.contains(/\bnonisolated\s*\(\s*unsafe\s*\)/) {
                found.append("nonisolated(unsafe) without a comment, here or in the three lines above, on why it is safe")
            }
            return found.map { "\(source.location(index)): \($0)" }
        }
    }

    /// Paths that exist on one machine only. Taken apart, so that this file does not mention them.
    static let foreignPaths = ["../" + "shared", "/" + "work/", "/opt/" + "swift-packages", "tools/" + "sessions"]

    static func foreignPaths(in text: String, of path: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { index, line in
            foreignPaths.filter { line.contains($0) }.map { "\(path):\(index + 1) mentions \($0), which only some machine has" }
        }
    }

    static let topLevel: Set<String> = ["Package.swift", "Sources", "Tests", "Templates", "Samples", "README.md"]

    static func strays(among paths: [String]) -> [String] {
        Set(paths.map { String($0.prefix { $0 != "/" }) }).filter { !topLevel.contains($0) && !$0.hasPrefix(".") }.sorted()
    }

    /// The names of the packages that a manifest depends on.
    static func dependencies(of manifest: String) -> [String] {
        let text = manifest.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined(separator: "\n")
        return text.matches(of: /\.package\(\s*(?:name:\s*"[^"]*",\s*)?url:\s*"([^"]+)"/).map { match in
            let name = match.output.1.split(separator: "/").last.map(String.init) ?? ""
            return name.hasSuffix(".git") ? String(name.dropLast(4)) : name
        }
    }

    /// Which of the packages a text does not name. `GRDB.swift` is also named by `GRDB`; `swift-nio` is not by `swift-nio-ssl`.
    static func unnamed(_ packages: [String], in text: String) -> [String] {
        let words = Set(text.split { !($0.isLetter || $0.isNumber || "-._".contains($0)) }.map { $0.trimming(".-") })
        return packages.filter { name in
            !words.contains(name) && !(name.hasSuffix(".swift") && words.contains(String(name.dropLast(6))))
        }
    }
}

extension Substring {
    /// Without these characters at either end.
    fileprivate func trimming(_ characters: String) -> String {
        var trimmed = self.drop { characters.contains($0) }
        while let last = trimmed.last, characters.contains(last) {
            trimmed.removeLast()
        }
        return String(trimmed)
    }
}
