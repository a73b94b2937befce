import AsyncHTTPClient
import DiscoveryKit
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle

@testable import DiscoveryServer

/// A server in this process with a home of its own, and a client of it and of the home.
struct ServerTrial: Sendable {
    let url: String
    let home: String
    let discovery: Discovery

    static func run(
        _ configure: (inout ServerConfiguration) -> Void = { _ in }, _ body: (ServerTrial) async throws -> Void
    ) async throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-server-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: home) }
        var configuration = ServerConfiguration(home: home, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        configuration.port = 0
        configuration.drainTimeout = .seconds(10)
        configuration.healthCheckInterval = .zero
        configure(&configuration)
        let (listening, tell) = AsyncStream.makeStream(of: Server.Listening.self)
        let server = Server(configuration) { tell.yield($0) }
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        var settings = Discovery.Configuration()
        settings.backend = .embedded(home: home)
        let discovery = try Discovery(settings)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { tell.finish() }
                try await group.run()
            }
            guard let place = await listening.first(where: { _ in true }) else { return try await tasks.waitForAll() }
            let result: Result<Void, any Error>
            do { result = .success(try await body(ServerTrial(url: place.url, home: home, discovery: discovery))) } catch {
                result = .failure(error)
            }
            await discovery.shutdown()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try result.get()
        }
    }

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        /// The members of a JSON object, those that are texts.
        var json: [String: String] {
            let object = (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
            return object.compactMapValues { $0 as? String }
        }
    }

    func callAsFunction(
        _ method: HTTPMethod, _ path: String, _ body: String = "", headers: [String: String] = [:]
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        if !body.isEmpty { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 8 << 20)
        return Answer(status: Int(response.status.code), headers: response.headers, body: Array(bytes.readableBytesView))
    }
}
