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
    private static let complaintLimit = 64 << 10

    private let executable: Executable
    private let arguments: [String]
    private let places: Places
    private let timeout: Duration?

    init(_ command: [String], places: Int, timeout: Duration?) async throws(DiscoveryError) {
        let name = command[0]
        executable = name.contains("/") ? .path(FilePath(name)) : .name(name)
        arguments = Array(command.dropFirst())
        self.places = Places(places)
        self.timeout = timeout
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
        let result = try await Subprocess.run(
            executable, arguments: Arguments(arguments),
            environment: .inherit.updating([
                "DISCOVERY_ADDRESS": request.address.description, "DISCOVERY_TIMEOUT_MS": String(Int64(limit / .milliseconds(1))),
            ]), platformOptions: options, input: .array(request.message.body), output: .bytes(limit: Self.answerLimit),
            error: .bytes(limit: Self.complaintLimit))
        let complaint = String(decoding: result.standardError, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard result.terminationStatus.isSuccess else {
            throw Failure(description: complaint.isEmpty ? "The program ended with \(result.terminationStatus)." : complaint)
        }
        return .bytes(result.standardOutput)
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
