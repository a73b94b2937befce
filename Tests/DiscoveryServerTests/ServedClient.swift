import DiscoveryTesting
import Foundation
import Logging
import Synchronization
import Testing

@testable import DiscoveryKit
@testable import DiscoveryServer

extension Discovery {
    static func remote(
        _ url: String, _ times: RemoteTimes = RemoteTimes(), environment: [String: String] = [:], logger: Logger? = nil
    ) throws -> Discovery {
        var configuration = Discovery.Configuration()
        configuration.backend = .daemon(url, environment: environment, times: times)
        configuration.logger = logger ?? Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return try Discovery(configuration)
    }

    static func embedded(_ home: String) throws -> Discovery {
        var configuration = Discovery.Configuration()
        configuration.backend = .embedded(home: home)
        return try Discovery(configuration)
    }
}

/// A client that serves.
struct ServedClient: Sendable {
    let url: String
    let discovery: Discovery
    private let serving: Task<Void, any Error>
    private let begun: AsyncStream<Void>
    private let failed: AsyncStream<Void>

    /// Where its daemon listens.
    let host: String
    let port: Int

    init(_ url: String, _ times: RemoteTimes, _ place: Address) throws {
        self.url = url
        let parts = URLComponents(string: url)
        (host, port) = (try #require(parts?.host), try #require(parts?.port))
        let (failed, fail) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        var logger = Logger(label: "test") { _ in Told("a lease could not be renewed") { fail.yield() } }
        logger.logLevel = .debug
        let discovery = try Discovery.remote(url, times, logger: logger)
        let (begun, begin) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        serving = Task {
            defer { begin.finish() }
            try await discovery.serve(place, whenServing: { _ in begin.yield() }) { _ in .text("it") }
        }
        self.discovery = discovery
        self.begun = begun
        self.failed = failed
    }

    func isServing() async { for await _ in begun { return } }

    func renewalHasFailed() async { for await _ in failed { return } }

    func end() async {
        serving.cancel()
        _ = await serving.result
        await discovery.shutdown()
    }

    /// A function served through a daemon, which goes on when the daemon has ended.
    static func with(
        home: String? = nil, by times: RemoteTimes, _ body: (Discovery, Address) async throws -> Void
    ) async throws -> (ServedClient, Address) {
        let place: Address = "served.by->it"
        let kept = Mutex<ServedClient?>(nil)
        try await ServerTrial.run({
            if let home { $0.home = home }
            $0.host = RawClient.ownHost()
        }) { trial in
            let client = try ServedClient(trial.url, times, place)
            kept.withLock { $0 = client }
            await client.isServing()
            do { try await body(client.discovery, place) } catch {
                await client.end()
                throw error
            }
        }
        return (try #require(kept.withLock { $0 }), place)
    }
}

/// Tells when something is logged.
private struct Told: LogHandler {
    let message: String
    let tell: @Sendable () -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    init(_ message: String, _ tell: @escaping @Sendable () -> Void) {
        self.message = message
        self.tell = tell
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        if event.message.description == message { tell() }
    }
}
