import DiscoveryKit
import DiscoveryTesting
import Foundation
import Synchronization

/// Functions that are programs: one run per call, by an adapter of the sample's own, `ProgramAdapter`.
///
///     CustomAdapter         runs the conformance checks on the adapter, then calls a program by name
///
/// The program it calls is itself: `CustomAdapter echo`, `fail` and `wait` are functions.
@main
struct CustomAdapter {
    static func main() async throws {
        switch CommandLine.arguments.dropFirst().first {
        case nil: try await show()
        case "echo": try await answer(with: Conformance.echo)
        case "fail": exit(3)
        case "wait": try await Task.sleep(for: .seconds(60))
        default: print("usage: CustomAdapter")
        }
    }

    static func show() async throws {
        let program = Bundle.main.executablePath ?? CommandLine.arguments[0]
        func resource(_ argument: String) -> Resource {
            Resource(.function, at: "program:\(program)", attributes: ["argument": argument])
        }
        let checks = Conformance.checks(
            ofAdapter: ProgramAdapter(), echo: resource("echo"), failing: resource("fail"),
            unreachable: Resource(.function, at: "program:/no/such/program"), silent: resource("wait"))
        for check in checks {
            try await check.run()
            print("conforms: \(check)")
        }

        var configuration = try Discovery.Configuration.fromEnvironment()
        configuration.adapters = [ProgramAdapter()]
        let discovery = try Discovery(configuration)
        try await discovery.register("samples.programs->echo", resource("echo"))
        let answer: String = try await discovery.request("samples.programs->echo", "water the plants")
        print("samples.programs->echo answers: \(answer)")
        await discovery.shutdown()
    }

    /// A program's part: reads the call, and writes its answer.
    static func answer(with handler: @concurrent @Sendable (Request) async throws -> Message) async throws {
        let call = try JSONDecoder().decode(Envelope.self, from: try FileHandle.standardInput.readToEnd() ?? Data())
        let request = Request(call.message, to: "samples.programs", deadline: .now + .seconds(60), headers: call.headers)
        try FileHandle.standardOutput.write(contentsOf: JSONEncoder().encode(Envelope(try await handler(request))))
    }
}

/// Runs the program at `program:/path`, with the attribute `argument` as its argument. It reads its call from standard input as JSON, and
/// writes its answer to standard output; any exit code but 0 is the function's own error, and what it wrote the reason.
struct ProgramAdapter: RequestAdapter {
    private let scheme = "program:"

    func accepts(_ resource: Resource) -> Bool {
        resource.kind == .function && resource.location.hasPrefix(scheme)
    }

    func request(_ request: Request, from resource: Resource) async throws(DiscoveryError) -> Reply {
        let run = ProgramRun(path: String(resource.location.dropFirst(scheme.count)), argument: resource.attributes["argument"])
        let timer = Task {
            try await Task.sleep(until: request.deadline, clock: .continuous)
            run.end()
        }
        defer { timer.cancel() }
        do {
            let call = try JSONEncoder().encode(Envelope(request.message, headers: request.headers))
            let (status, output) = try await withTaskCancellationHandler {
                try await run.output(for: call)
            } onCancel: {
                run.end()
            }
            guard status == 0 else {
                if Task.isCancelled { throw DiscoveryError(.cancelled, "The calling task was cancelled.") }
                if ContinuousClock.now >= request.deadline {
                    throw DiscoveryError(.deadlineExceeded, "\(request.address) did not answer within the deadline, and was ended.")
                }
                let reason = String(decoding: output.prefix(1_000), as: UTF8.self)
                throw DiscoveryError(
                    .functionFailed, "The program of \(request.address) exited with \(status). \(reason)",
                    functionError: .init(message: reason, status: 500, body: Array(output)))
            }
            return Reply(message: try JSONDecoder().decode(Envelope.self, from: output).message, servedBy: request.address)
        } catch let error as DiscoveryError {
            throw error
        } catch is ProgramRun.NotStarted {
            throw DiscoveryError(.unreachable, "\(request.address) is at \(resource.location), which cannot be run. Install it there.")
        } catch {
            throw DiscoveryError(.coding, "The program of \(request.address) did not answer in the form agreed on.", cause: error)
        }
    }
}

/// One run of a program. It may be ended at any time, even before it began.
final class ProgramRun: Sendable {
    struct NotStarted: Error {}

    private let path: String
    private let argument: String?
    private let process = Mutex<(running: Process?, isEnded: Bool)>((nil, false))

    init(path: String, argument: String?) {
        self.path = path
        self.argument = argument
    }

    /// Runs it to its end, on a thread that may wait.
    ///
    /// - Returns: its exit code, and what it wrote.
    func output(for input: Data) async throws -> (status: Int32, output: Data) {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try self.run(input) }) }
        }
    }

    func end() {
        process.withLock { process in
            process.isEnded = true
            process.running?.terminate()
        }
    }

    private func run(_ input: Data) throws -> (status: Int32, output: Data) {
        // From a file: a pipe would have to be filled while the answer is read.
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try input.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let output = Pipe()
        let program = Process()
        program.executableURL = URL(fileURLWithPath: path)
        program.arguments = argument.map { [$0] } ?? []
        program.standardInput = try FileHandle(forReadingFrom: file)
        program.standardOutput = output
        program.standardError = FileHandle.nullDevice
        let isEnded = try process.withLock { process in
            if process.isEnded { return true }
            do { try program.run() } catch { throw NotStarted() }
            process.running = program
            return false
        }
        if isEnded { return (-1, Data()) }
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        program.waitUntilExit()
        process.withLock { $0.running = nil }
        return (program.terminationStatus, bytes)
    }
}

/// A message on its way to a program or back.
struct Envelope: Codable {
    /// An attribute: one of the three.
    struct Attribute: Codable { var string: String?, number: String?, binary: [UInt8]? }

    var headers: [String: String]
    var contentType: String
    var attributes: [String: Attribute]
    var body: Data

    init(_ message: Message, headers: [String: String] = [:]) {
        self.headers = headers
        contentType = message.contentType
        attributes = message.attributes.mapValues { attribute in
            switch attribute {
            case .string(let text): Attribute(string: text)
            case .number(let text): Attribute(number: text)
            case .binary(let bytes): Attribute(binary: bytes)
            }
        }
        body = Data(message.body)
    }

    var message: Message {
        var message = Message.bytes(body)
        message.contentType = contentType
        message.attributes = attributes.mapValues { attribute in
            attribute.binary.map { .binary($0) } ?? attribute.number.map { .number($0) } ?? .string(attribute.string ?? "")
        }
        return message
    }
}
