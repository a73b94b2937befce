import ArgumentParser
import DiscoveryKit
import Foundation
import Messaging

struct RedriveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redrive", abstract: "Returns the messages of a dead-letter queue to where they came from.",
        discussion: """
            The move is a task that is kept in the home. It is taken further by this command, and by the same command again when that was ended
            before. Each message goes to its own origin, or all to one queue with --to; how often it was received is counted anew there.

            Examples: discovery redrive jobs-dead
                      discovery redrive jobs-dead --to jobs-again --rate 10
                      discovery redrive jobs-dead --cancel
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: QueueArgument.help) var queue: String
    @Option(help: ArgumentHelp("Move all to this queue.", valueName: "queue|address")) var to: String?
    @Option(help: ArgumentHelp("Messages a second, 1 to 500; as fast as can be unless given.", valueName: "number")) var rate: Int?
    @Flag(help: "End the task that was begun; what it has moved stays moved.") var cancel = false

    func validate() throws {
        if let rate, !(1...500).contains(rate) { throw ValidationError("--rate is 1 to 500 messages a second.") }
        if cancel, to != nil || rate != nil { throw ValidationError("--cancel takes neither --to nor --rate: it begins nothing.") }
    }

    func run() async throws {
        let task = try await common.withDiscovery { discovery in
            let source = try await discovery.queueName(queue)
            if cancel { return try await discovery.withMessages { try await cancelled($0, source) } }
            var destination: String?
            if let to { destination = try await discovery.queueName(to) }
            return try await discovery.withMessages { messaging in
                var task = try await begun(messaging, source, destination)
                while task.state == .running {
                    let before = task.moved
                    task = try await messaging.stepMove(task.handle)
                    showProgress(of: task)
                    // Its rate asks for a pause.
                    if task.state == .running, task.moved == before {
                        try await Task.sleep(for: max(.milliseconds(10), .seconds(1) / (task.perSecond ?? 1)))
                    }
                }
                endProgress()
                return task
            }
        }
        try show(task)
    }

    /// The task that was begun before and not ended, or a new one.
    private func begun(_ messaging: Messaging, _ source: String, _ destination: String?) async throws -> Messaging.MoveTask {
        guard let running = try await messaging.moves(from: source).first, running.state == .running else {
            return try await messaging.startMove(from: source, to: destination, perSecond: rate)
        }
        guard destination == nil || destination == running.destination, rate == nil || rate == running.perSecond else {
            throw DiscoveryError(
                .unsupported,
                "A task moves the messages of `\(source)` already, to \(target(of: running)). End it first: discovery redrive \(source) --cancel"
            )
        }
        return running
    }

    private func cancelled(_ messaging: Messaging, _ source: String) async throws -> Messaging.MoveTask {
        guard let running = try await messaging.moves(from: source).first, running.state == .running else {
            throw DiscoveryError(.notFound, "No task moves the messages of `\(source)`.")
        }
        return try await messaging.cancelMove(running.handle)
    }

    // MARK: Output

    private func target(of task: Messaging.MoveTask) -> String {
        task.destination.map { "`\($0)`" } ?? "where they came from"
    }

    private func showProgress(of task: Messaging.MoveTask) {
        guard !common.json, isatty(STDERR_FILENO) == 1 else { return }
        try? FileHandle.standardError.write(contentsOf: Data("\r\(task.moved) of \(task.total) moved ".utf8))
    }

    private func endProgress() {
        guard !common.json, isatty(STDERR_FILENO) == 1 else { return }
        try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K".utf8))
    }

    private func show(_ task: Messaging.MoveTask) throws {
        struct Report: Encodable {
            let source: String, destination: String?, state: String, moved: Int, total: Int, failure: String?
        }
        let isOne = task.moved == 1
        let moved = "\(task.moved) message\(isOne ? "" : "s")"
        if common.json {
            try Output.print(
                json: Report(
                    source: task.source, destination: task.destination, state: task.state.rawValue, moved: task.moved, total: task.total,
                    failure: task.failure))
        } else if task.state != .failed {
            let target = isOne && task.destination == nil ? "where it came from" : target(of: task)
            Output.print("\(moved) of \(task.source) moved to \(target)" + (task.state == .cancelled ? "; the task is ended" : ""))
        }
        if task.state == .failed {
            throw DiscoveryError(.invalid, "\(task.failure ?? "The task failed.") \(moved) moved before.")
        }
    }
}
