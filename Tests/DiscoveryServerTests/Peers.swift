import Foundation
import Testing

/// Clients nobody here wrote. Those in Python are there where `DISCOVERY_PEERS` names an environment.
enum Peers {
    static let folder = ProcessInfo.processInfo.environment["DISCOVERY_PEERS"]
    static let missing: Comment = "the Python peers are not here; Tests/run installs them where it can reach a package index"

    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    struct Outcome: Sendable {
        let status: Int32
        /// Of both streams.
        let output: String

        var lines: [Substring] { output.split(separator: "\n") }
    }

    /// Runs a script of `Tests/Peers` to its end.
    static func script(_ name: String, _ arguments: String...) async throws -> Outcome {
        let script = repository.appendingPathComponent("Tests/Peers/\(name)").path
        return try await run(URL(fileURLWithPath: "\(try #require(folder))/bin/python"), ["-B", script] + arguments)
    }

    /// Runs a line as a shell does, with the environment's programs before the system's.
    static func shell(_ line: String, settings: [String: String] = [:]) async throws -> Outcome {
        try await run(URL(fileURLWithPath: "/bin/sh"), ["-c", line], settings)
    }

    private static func run(_ executable: URL, _ arguments: [String], _ settings: [String: String] = [:]) async throws -> Outcome {
        let process = Process()
        let pipe = Pipe()
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        process.executableURL = executable
        process.arguments = arguments
        process.environment = ["PATH": "\(folder.map { "\($0)/bin:" } ?? "")/usr/bin:/bin", "LC_ALL": "C.UTF-8"].merging(settings) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        process.terminationHandler = { _ in end.finish() }
        try process.run()
        let output = await DaemonTrial.onThread { (try? pipe.fileHandleForReading.readToEnd()) ?? Data() }
        for await _ in ended {}
        return Outcome(status: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
    }
}
