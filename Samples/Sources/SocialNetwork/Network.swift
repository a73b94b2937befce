import DiscoveryKit
import Foundation
import Synchronization
import UnixSignals

/// The services and the page in a temporary home: each a process, started again when it is killed, all of them ended with `run`.
final class Network: Sendable {
    static let roles = ["auth", "user", "timeline", "feed", "worker", "page"]

    let folder: String
    let discovery: Discovery
    private let port: Int
    private let children = Mutex<[String: Int32]>([:])

    private init(port: Int) throws {
        self.port = port
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("social-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        var configuration = try Discovery.Configuration.fromEnvironment()
        configuration.backend = .embedded(home: folder + "/home")
        discovery = try Discovery(configuration)
    }

    @discardableResult
    static func run(port: Int, _ body: @escaping @Sendable (Network) async throws -> Void) async throws -> Network {
        let network = try Network(port: port)
        defer { try? FileManager.default.removeItem(atPath: network.folder) }
        try await network.wire()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for role in roles { group.addTask { try await network.keep(role) } }
            group.addTask { try await Discovery.withCurrent(network.discovery) { try await body(network) } }
            // The body's end, or a service's failure.
            defer { group.cancelAll() }
            try await group.next()
        }
        await network.discovery.shutdown()
        return network
    }

    /// Who hears of what. Queues and subscriptions are there before those who use them, and stay when these are away.
    private func wire() async throws {
        try await discovery("topics", "create", "posts", "--address", "social.posts->created")
        for reader in ["feed", "timeline", "worker"] {
            let address = "social.\(reader)->\(reader == "worker" ? "links" : "posts")"
            try await discovery("queues", "create", reader, "--address", address)
            var options = SubscribeOptions()
            options.filter = reader == "worker" ? #"{"kind": ["link"]}"# : nil
            try await discovery.subscribe("social.posts->created", Address(parsing: address), options: options)
        }
    }

    func runUntilSignal() async throws {
        let page = try await whenThere { try await discovery.resolve("social.page->home").location }
        say("The page is at \(page); Control-C ends it.")
        say("To look behind it, or to swap, in another terminal first: export DISCOVERY_HOME=\(folder)/home")
        for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { return }
    }

    /// Whether it left neither a process nor a file behind.
    var isGone: Bool {
        !FileManager.default.fileExists(atPath: folder) && children.withLock { $0.values.allSatisfy { Foundation.kill($0, 0) != 0 } }
    }

    func process(of role: String) -> Int32? { children.withLock { $0[role] } }

    private func keep(_ role: String) async throws {
        while !Task.isCancelled {
            let child = try Child([role, String(port)], folder: folder)
            children.withLock { $0[role] = child.id }
            guard await child.end() == nil || Task.isCancelled else { throw Refusal("\(role) ended by itself") }
            // One that crashes again and again is not to keep the machine busy.
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func discovery(_ arguments: String...) async throws {
        guard try await Child(arguments, folder: folder, program: "discovery").end() == 0 else {
            throw Refusal("discovery \(arguments.joined(separator: " ")) failed")
        }
    }
}

/// Another process, of this program or of the command `discovery`, which the build puts beside it.
final class Child: Sendable {
    private let process = Process()
    private let input = Pipe()
    private let ended: AsyncStream<Void>
    var id: Int32 { process.processIdentifier }

    init(_ arguments: [String], folder: String, program: String = "SocialNetwork") throws {
        let (ended, continuation) = AsyncStream<Void>.makeStream()
        self.ended = ended
        let beside = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        process.executableURL = URL(fileURLWithPath: program, relativeTo: beside)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["DISCOVERY_HOME": folder + "/home", "SOCIAL_FOLDER": folder]) {
            $1
        }
        process.standardInput = input
        process.terminationHandler = { _ in continuation.finish() }
        try process.run()
    }

    /// A service ends with its input.
    func close() { try? input.fileHandleForWriting.close() }

    /// Waits for its end, and asks for it when the task is cancelled. Returns the exit code; `nil` when it was killed.
    func end() async -> Int32? {
        await withTaskCancellationHandler {
            // Not the task's own wait, which cancelling would end at once.
            await Task { for await _ in ended {} }.value
        } onCancel: {
            close()
        }
        return process.terminationReason == .exit ? process.terminationStatus : nil
    }
}
