import DiscoveryKit
import Foundation
import Testing

/// The built `discoveryd`, a process of its own, with a home of its own; and the home as other processes of this machine open it.
struct DaemonTrial: Sendable {
    let url: String
    /// What it says a shell needs, line by line.
    let exports: [Substring]
    let discovery: Discovery

    /// - Parameters:
    ///   - settings: by their names in the environment.
    ///   - complains: whether it is given something to log an error about.
    static func run(
        _ arguments: [String] = [], settings: [String: String] = [:], complains: Bool = false, _ body: (DaemonTrial) async throws -> Void
    ) async throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-daemon-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: home) }
        let process = Process()
        let (output, complaints) = (Pipe(), Pipe())
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        process.executableURL = try program("discoveryd")
        process.arguments = ["--home", home, "--listen", "127.0.0.1:0", "--log-level", "error"] + arguments
        // What the tests register is on machines that are not theirs to ask.
        process.environment = ["PATH": "/usr/bin:/bin", "DISCOVERY_HEALTH_INTERVAL": "0"].merging(settings) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = complaints
        process.terminationHandler = { _ in end.finish() }
        try process.run()
        defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
        let greeting = await onThread { String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) }
        guard let url = greeting.prefix(while: { $0 != "\n" }).split(separator: " ").last, url.hasPrefix("http") else {
            throw DaemonFailure(complaint: await onThread { text(complaints) })
        }
        let exports = greeting.split(separator: "\n").filter { $0.contains("export ") }
        var configuration = Discovery.Configuration()
        configuration.backend = .embedded(home: home)
        let discovery = try Discovery(configuration)
        let result: Result<Void, any Error>
        do { result = .success(try await body(DaemonTrial(url: String(url), exports: exports, discovery: discovery))) } catch {
            result = .failure(error)
        }
        await discovery.shutdown()
        process.terminate()
        let complaint = await onThread { text(complaints) }
        for await _ in ended {}
        #expect(process.terminationStatus == 0 && complaint.isEmpty != complains, "discoveryd: \(complaint)")
        try result.get()
    }

    private struct DaemonFailure: Error {
        let complaint: String
    }

    /// Everything up to its end.
    private static func text(_ pipe: Pipe) -> String {
        String(decoding: (try? pipe.fileHandleForReading.readToEnd()) ?? Data(), as: UTF8.self)
    }

    static func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }

    /// Beside the test bundle, where the build puts all products.
    private static func program(_ name: String) throws -> URL {
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent(name)
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder), !isFolder.boolValue { return candidate }
            folder.deleteLastPathComponent()
        }
        return try #require(nil, "there is no \(name) beside \(CommandLine.arguments[0])")
    }
}
