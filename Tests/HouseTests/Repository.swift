import Foundation
import Testing

/// The checkout that these tests hold against the house's rules.
enum Repository {
    /// Where it is: three folders above this file, or where `DISCOVERY_REPOSITORY` says.
    static let root: URL =
        ProcessInfo.processInfo.environment["DISCOVERY_REPOSITORY"].map { URL(fileURLWithPath: $0, isDirectory: true) }
        ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let hasReadme = FileManager.default.fileExists(atPath: root.appending(path: "README.md").path)

    /// The paths of all files that are, or would be, in git: without what is ignored. Without git, of all files but build outputs.
    static func files() async throws -> [String] {
        let git = try await Command.run(
            "/usr/bin/env",
            ["git", "-c", "safe.directory=*", "-C", root.path, "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        let listed =
            git.status == 0
            ? git.output.split(separator: "\0").map(String.init) : try FileManager.default.subpathsOfDirectory(atPath: root.path)
        return listed.filter { path in
            var isFolder: ObjCBool = false
            let parts = path.split(separator: "/")
            return !parts.contains(".build") && !parts.contains(".git") && !parts.contains(".swiftpm")
                && FileManager.default.fileExists(atPath: root.appending(path: path).path, isDirectory: &isFolder) && !isFolder.boolValue
        }
        .sorted()
    }

    /// The text of a file, or `nil` for one that holds anything but text.
    static func text(_ path: String) throws -> String? {
        let bytes = try Data(contentsOf: root.appending(path: path))
        return bytes.contains(0) ? nil : String(data: bytes, encoding: .utf8)
    }

    /// The Swift files below some of the top level's folders. A file that is not text is a failure of its own.
    static func swiftFiles(below folders: [String]) async throws -> [SwiftSource] {
        try await files().filter { path in path.hasSuffix(".swift") && folders.contains { path.hasPrefix($0 + "/") } }
            .map { SwiftSource(path: $0, text: try #require(try text($0), "\($0) is not UTF-8 text")) }
    }
}

/// Records every problem as an issue of its own, so that one run shows all of them.
func expectNone(_ problems: [String], sourceLocation: SourceLocation = #_sourceLocation) {
    for problem in problems {
        Issue.record(Comment(rawValue: problem), sourceLocation: sourceLocation)
    }
}
