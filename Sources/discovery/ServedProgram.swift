import DiscoveryKit
import Foundation
import Subprocess

/// A program that is run once per call, a bounded number at a time.
struct ServedProgram: Sendable {
    private static let answerLimit = 6 << 20
    /// Of what a failed program wrote to standard error, the end is passed on: that is where the reason stands.
    private static let complaintLength = 2_000

    private let program: NamedProgram
    /// `nil` where a daemon has it: programs know of that by the environment.
    private let home: String?
    private let places: Places
    private let timeout: Duration?

    init(_ command: [String], home: String?, places: Int, timeout: Duration?) async throws(DiscoveryError) {
        program = try await NamedProgram(command)
        self.places = Places(places)
        self.timeout = timeout
        self.home = home.map { URL(fileURLWithPath: $0).path }
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

    private func environment(of request: Request, _ limit: Duration) -> [Environment.Key: String?] {
        var environment: [Environment.Key: String?] = [
            "DISCOVERY_ADDRESS": request.address.description, "DISCOVERY_TIMEOUT_MS": String(Int64(limit / .milliseconds(1))),
        ]
        if let home { environment["DISCOVERY_HOME"] = home }
        return environment
    }

    private func spawn(_ request: Request, _ limit: Duration) async throws -> Message {
        let input = try await UnnamedFile(holding: request.message.body)
        let result = try await Subprocess.run(
            program.executable, arguments: program.arguments,
            environment: .inherit.updating(environment(of: request, limit)), platformOptions: NamedProgram.options,
            input: .fileDescriptor(input.descriptor, closeAfterSpawningProcess: true),
            output: .bytes(limit: Self.answerLimit),
            error: .bytes(limit: Self.answerLimit))
        let complaint = String(decoding: result.standardError.suffix(Self.complaintLength), as: UTF8.self).trimmingCharacters(
            in: .whitespacesAndNewlines)
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
