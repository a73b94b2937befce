import DiscoveryKit
import Testing

/// Connections that are kept for the next call, and end just then.
///
/// The HTTP client under the facade never sends a request a second time: one that met a closed connection fails, also where nothing of it
/// was sent. So it is the facade that decides, by the rules for connections lost before and after bytes were sent.
@Suite struct KeptConnectionTests {
    /// Every tenth ends its connection: seldom enough for any budget of retries.
    private static let calls = 200

    /// Calls in turn, each with a body of its own.
    ///
    /// - Returns: the codes of those that failed.
    private func call(_ server: FaultServer, isIdempotent: Bool) async throws -> [DiscoveryError.Code] {
        try await withDiscovery { discovery in
            try await discovery.register("ns.s->f", Resource(.function, at: server.url))
            var options = RequestOptions()
            options.deadline = .seconds(10)
            options.isIdempotent = isIdempotent
            var codes: [DiscoveryError.Code] = []
            for number in 0..<Self.calls {
                let error = await failure { try await discovery.request("ns.s->f", Message.text("call \(number)"), options: options) }
                if let error { codes.append(error.code) }
            }
            return codes
        }
    }

    private func runs(of server: FaultServer) -> [String: Int] {
        Dictionary(server.received.filter(\.ran).map { ($0.text, 1) }, uniquingKeysWith: +)
    }

    @Test(.timeLimit(.minutes(5)), arguments: [false, true])
    func `a connection closed after an answer that promised to keep it fails no call that may be repeated, and runs none twice`(
        isIdempotent: Bool
    ) async throws {
        try await withFaultServer { number in
            number % 10 == 9 ? .answerThenClose(body: "ok") : .good
        } _: { server in
            let codes = try await call(server, isIdempotent: isIdempotent)
            // A call that was being sent when the end came may have been done: it is the caller's to decide.
            #expect(codes.allSatisfy { !isIdempotent && $0 == .outcomeUnknown }, "\(codes)")
            #expect(runs(of: server).values.allSatisfy { $0 == 1 })
            #expect(server.runs >= Self.calls - codes.count)
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: [false, true])
    func `a connection that ends when the next request is sent on it is no reason to send that twice unasked`(isIdempotent: Bool)
        async throws
    {
        // On a kept connection, since the try before was answered.
        try await withFaultServer { number in
            number % 10 == 9 ? .resetBeforeBody : .good
        } _: { server in
            let codes = try await call(server, isIdempotent: isIdempotent)
            if isIdempotent {
                #expect(codes.isEmpty, "\(codes)")
                #expect(runs(of: server).count == Self.calls)
            } else {
                #expect(codes.count == Self.calls / 10 && codes.allSatisfy { $0 == .outcomeUnknown }, "\(Set(codes))")
                #expect(server.tries == Self.calls, "each was sent once")
            }
            #expect(runs(of: server).values.allSatisfy { $0 == 1 })
        }
    }
}
