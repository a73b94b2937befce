import DiscoveryKit
import Foundation
import HTTPServing
import Logging
import Synchronization
import Testing

/// A home that is gone when the test is.
func withHome<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-test-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}

/// A client on a home of its own, shut down at the end.
func withDiscovery<Value>(
    home: String? = nil, configure: (inout Discovery.Configuration) -> Void = { _ in }, _ body: (Discovery) async throws -> Value
) async throws -> Value {
    func run(_ home: String) async throws -> Value {
        var configuration = Discovery.Configuration()
        configuration.backend = .embedded(home: home)
        configuration.logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        configure(&configuration)
        let discovery = try Discovery(configuration)
        do {
            let value = try await body(discovery)
            await discovery.shutdown()
            return value
        } catch {
            await discovery.shutdown()
            throw error
        }
    }
    if let home { return try await run(home) }
    return try await withHome { try await run($0) }
}

/// A server on loopback that answers as told, with its URL.
func withServer<Value>(
    _ respond: @escaping @concurrent @Sendable (HTTPRequest) async -> HTTPResponse, _ body: (String) async throws -> Value
) async throws -> Value {
    var configuration = HTTPServerConfiguration()
    configuration.linger = .zero
    let server = try await HTTPServer.bind(configuration, respond: respond)
    let running = Task { try await server.run() }
    do {
        let value = try await body("http://127.0.0.1:\(server.port)/")
        running.cancel()
        _ = await running.result
        return value
    } catch {
        running.cancel()
        _ = await running.result
        throw error
    }
}

/// The error that an operation throws, if it is ours.
func failure<Value>(_ body: () async throws -> Value) async -> DiscoveryError? {
    do {
        _ = try await body()
        return nil
    } catch let error as DiscoveryError {
        return error
    } catch {
        Issue.record("not one of ours: \(error)")
        return nil
    }
}

/// Something that happens once, waited for without polling.
final class Event<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(100)) }

    func happened(_ value: Value) { continuation.yield(value) }

    /// It will not happen any more: who waits gets `nil`.
    func isOver() { continuation.finish() }

    func wait() async -> Value? {
        for await value in stream { return value }
        return nil
    }
}
