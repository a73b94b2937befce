import Dispatch
import Foundation
import Testing

/// What Python packages, and programs in them, say of templates. They are there where `DISCOVERY_PEERS` names an environment.
enum Peers {
    static let folder = ProcessInfo.processInfo.environment["DISCOVERY_PEERS"]
    static let missing: Comment = "the Python peers are not here; Tests/run installs them where it can reach a package index"

    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let corpus = repository.appendingPathComponent("Tests/CloudFormationTests/Corpus")
    static let templates = repository.appendingPathComponent("Templates")

    /// The files of a folder, in order.
    static func files(in folder: URL) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { ["yaml", "yml", "json", "template"].contains($0.pathExtension) }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
    }

    /// Runs a program of the environment to its end, on a thread that may block; what it prints, to either stream, is returned.
    static func run(_ program: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
        let executable = URL(fileURLWithPath: "\(try #require(folder))/bin/\(program)")
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        let process = Process()
                        let pipe = Pipe()
                        process.executableURL = executable
                        process.arguments = arguments
                        process.standardInput = FileHandle.nullDevice
                        process.standardOutput = pipe
                        process.standardError = pipe
                        try process.run()
                        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
                        process.waitUntilExit()
                        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
                    })
            }
        }
    }

    /// The program `Processes` lies beside the bundle of the tests.
    static func processes() throws -> String {
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        while folder.path != "/" {
            let program = folder.appendingPathComponent("Processes").path
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: program, isDirectory: &isFolder), !isFolder.boolValue { return program }
            folder.deleteLastPathComponent()
        }
        return try #require(nil, "there is no Processes beside \(CommandLine.arguments[0])")
    }
}
