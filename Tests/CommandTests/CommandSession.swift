import Foundation
import Testing

/// The built `discovery`, driven as a user would, in a home of its own. What it started and still runs is killed at its end.
final class CommandSession {
    let home: String
    private var processes: [CommandProcess] = []

    private init(home: String) { self.home = home }

    struct Outcome {
        let status: Int32
        let output: String
        let complaint: String
    }

    static func run(_ body: (CommandSession) async throws -> Void) async throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-command-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: home) }
        let session = CommandSession(home: home)
        defer { session.processes.forEach { $0.kill() } }
        try await body(session)
    }

    /// Beside the test bundle, where the build puts all products.
    static let executable: URL = {
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent("discovery")
            var isDirectory: ObjCBool = false
            if FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isDirectory), !isDirectory.boolValue {
                return candidate
            }
            folder.deleteLastPathComponent()
        }
        preconditionFailure("the executable `discovery` is not beside the tests")
    }()

    /// Runs a command to its end, on a thread that may block.
    func callAsFunction(_ arguments: String..., input: String? = nil, environment: [String: String] = [:]) async throws -> Outcome {
        let process = try start(arguments, environment: environment)
        if let input { process.write(input) }
        process.closeInput()
        return await process.end()
    }

    func start(_ arguments: [String], environment: [String: String] = [:]) throws -> CommandProcess {
        let process = try CommandProcess(Self.executable, arguments, ["DISCOVERY_HOME": home].merging(environment) { $1 })
        processes.append(process)
        return process
    }
}

/// A running command whose output is read line by line.
final class CommandProcess: @unchecked Sendable {  // used by one test at a time; `Process` is told of from its own thread only
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let complaints = Pipe()
    private let ended: AsyncStream<Void>
    var id: Int32 { process.processIdentifier }

    init(_ executable: URL, _ arguments: [String], _ environment: [String: String]) throws {
        let (ended, continuation) = AsyncStream<Void>.makeStream()
        self.ended = ended
        process.executableURL = executable
        process.arguments = arguments
        process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"].merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = output
        process.standardError = complaints
        process.terminationHandler = { _ in continuation.finish() }
        try process.run()
    }

    func kill() { if process.isRunning { signal(SIGKILL) } }

    func write(_ text: String) { try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }
    func closeInput() { try? input.fileHandleForWriting.close() }
    func signal(_ signal: Int32) { Foundation.kill(process.processIdentifier, signal) }

    /// The next line of its output; `nil` when it ended.
    func line() async -> String? {
        await onThread { [output] in
            var line: [UInt8] = []
            while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first {
                if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
                line.append(byte)
            }
            return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
        }
    }

    /// Waits for its end and takes the rest of what it said.
    func end() async -> CommandSession.Outcome {
        async let said = onThread { [output] in (try? output.fileHandleForReading.readToEnd()) ?? Data() }
        async let complained = onThread { [complaints] in (try? complaints.fileHandleForReading.readToEnd()) ?? Data() }
        for await _ in ended {}
        return await CommandSession.Outcome(
            status: process.terminationStatus, output: String(decoding: said, as: UTF8.self),
            complaint: String(decoding: complained, as: UTF8.self))
    }

    private func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }
}
