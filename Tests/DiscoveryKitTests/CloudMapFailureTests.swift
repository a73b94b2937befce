import AsyncHTTPClient
import Foundation
import NIOCore
import Testing

@testable import DiscoveryKit

@Suite struct CloudMapFailureTests {
    @Test(
        arguments: [
            (IOError(errnoCode: ECONNREFUSED, reason: "connect"), DiscoveryError.Code.unreachable, true),
            (IOError(errnoCode: EHOSTUNREACH, reason: "connect"), .unreachable, false),
            (HTTPClientError.connectTimeout, .unreachable, false),
            (Deadlines.Passed(), .unreachable, false),
            (HTTPClientError.cancelled, .cancelled, false),
            (IOError(errnoCode: EMFILE, reason: "socket"), .busy, true),
        ] as [(any Error & Sendable, DiscoveryError.Code, Bool)])
    func `what was never sent is tried again where that may help`(
        cause: any Error & Sendable, code: DiscoveryError.Code, isTriedAgain: Bool
    ) {
        let failure = CloudMapFailure(cause, at: "http://127.0.0.1:1", wasSent: false)
        #expect(failure.error.code == code && (failure.mayPass || failure.isRefused) == isTriedAgain && !failure.isUncertain)
    }

    @Test(
        arguments: [
            (IOError(errnoCode: ECONNRESET, reason: "read"), DiscoveryError.Code.outcomeUnknown), (Deadlines.Passed(), .deadlineExceeded),
            (HTTPClientError.remoteConnectionClosed, .outcomeUnknown),
        ] as [(any Error & Sendable, DiscoveryError.Code)])
    func `what was sent may have been done`(cause: any Error & Sendable, code: DiscoveryError.Code) {
        let failure = CloudMapFailure(cause, at: "http://127.0.0.1:1", wasSent: true)
        #expect(failure.error.code == code && failure.mayPass && failure.isUncertain)
    }

    @Test(arguments: ["http://127.0.0.1:1", "http://localhost:1"])
    func `who does not listen has refused, under an address as under a name`(url: String) async throws {
        var configuration = Discovery.Configuration()
        configuration.backend = .daemon(url, environment: [:])
        let discovery = try Discovery(configuration)
        let error = await #expect(throws: DiscoveryError.self) { try await discovery.resolve("a.b->c") }
        #expect(error?.code == .unreachable && error?.message.contains("Start discoveryd") == true)
        #expect(error?.cause.map(HTTPFunctionAdapter.wasRefused) == true, "\(error.debugDescription)")
        await discovery.shutdown()
    }
}
