import DiscoveryKit
import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// A program that is run once per call, a bounded number at a time.
struct ServedProgram: Sendable {
    private static let answerLimit = 6 << 20
    /// Of what a failed program wrote to standard error, the end is passed on: that is where the reason stands.
    private static let complaintLength = 2_000

    private let executable: Executable
    private let arguments: [String]
    private let home: String
    private let places: Places
    private let timeout: Duration?

    init(_ command: [String], home: String, places: Int, timeout: Duration?) async throws(DiscoveryError) {
        let name = command[0]
        executable = name.contains("/") ? .path(FilePath(name)) : .name(name)
        arguments = Array(command.dropFirst())
        self.places = Places(places)
        self.timeout = timeout
        self.home = URL(fileURLWithPath: home).path
        do {
            _ = try await executable.resolveExecutablePath(in: .inherit)
        } catch {
            throw DiscoveryError(.configuration, "There is no program `\(name)`. Name one that is on PATH, or by its path.", cause: error)
        }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    func answer(_ request: Request) async throws -> Message {
        try await places.take()
        do {
            let message = try await run(request)
            await places.giveBack()
            return message
        } catch {
            await places.giveBack()
            throw error
        }
    }

    private func run(_ request: Request) async throws -> Message {
        let left = ContinuousClock.now.duration(to: request.deadline)
        let limit = timeout.map { min($0, left) } ?? left
        guard limit > .zero else { throw Failure(description: "The deadline passed while the call waited for its turn.") }
        return try await withThrowingTaskGroup(of: Message?.self) { group in
            group.addTask { try await spawn(request, limit) }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let message = first else {
                throw Failure(description: "The program did not end within \(limit).")
            }
            return message
        }
    }

    private func spawn(_ request: Request, _ limit: Duration) async throws -> Message {
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(1))]
        let input = try await file(holding: request.message.body)
        let result = try await Subprocess.run(
            executable, arguments: Arguments(arguments),
            environment: .inherit.updating([
                "DISCOVERY_HOME": home, "DISCOVERY_ADDRESS": request.address.description,
                "DISCOVERY_TIMEOUT_MS": String(Int64(limit / .milliseconds(1))),
            ]), platformOptions: options, input: .fileDescriptor(input, closeAfterSpawningProcess: true),
            output: .bytes(limit: Self.answerLimit),
            error: .bytes(limit: Self.answerLimit))
        let complaint = String(decoding: result.standardError.suffix(Self.complaintLength), as: UTF8.self).trimmingCharacters(
            in: .whitespacesAndNewlines)
        guard result.terminationStatus.isSuccess else {
            throw Failure(description: complaint.isEmpty ? "The program ended with \(result.terminationStatus)." : complaint)
        }
        return .bytes(result.standardOutput)
    }

    /// The body as a file without a name. Not a pipe: a program may end without reading its input, and whoever writes to it then fails.
    private func file(holding body: [UInt8]) async throws -> FileDescriptor {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        var path = Array((NSTemporaryDirectory() + "discovery-body-XXXXXX").utf8CString)
                        let descriptor = mkstemp(&path)
                        guard descriptor >= 0 else {
                            throw Failure(description: "No temporary file can be made: \(String(cString: strerror(errno))).")
                        }
                        unlink(path)
                        let file = FileDescriptor(rawValue: descriptor)
                        do {
                            try file.writeAll(body)
                            try file.seek(offset: 0, from: .start)
                        } catch {
                            try? file.close()
                            throw Failure(description: "The body cannot be kept in a temporary file: \(error).")
                        }
                        return file
                    })
            }
        }
    }
}

/// A bounded number of places, given in the order in which they were asked for.
private actor Places {
    private var free: Int
    private var waiting: [(id: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    private var next = 0

    init(_ count: Int) { free = count }

    func take() async throws {
        try Task.checkCancellation()
        if free > 0 {
            free -= 1
            return
        }
        next += 1
        let id = next
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiting.append((id, $0)) }
        } onCancel: {
            Task { await self.leave(id) }
        }
    }

    func giveBack() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().continuation.resume() }
    }

    private func leave(_ id: Int) {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
        waiting.remove(at: index).continuation.resume(throwing: CancellationError())
    }
}
