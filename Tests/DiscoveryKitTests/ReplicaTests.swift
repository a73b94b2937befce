import DiscoveryKit
import Foundation
import Synchronization
import Testing

/// Three replicas of which one fails: callers hardly notice, and it is asked again once it has recovered.
@Suite(.serialized) struct ReplicaTests {
    /// How the third replica fails.
    enum Failing: String, Sendable, CaseIterable, CustomTestStringConvertible {
        case withStatus500, refusingConnections, tooSlow
        var testDescription: String { rawValue }
    }

    private static let service: Address = "corp.worker->*"
    private static let callers = 8
    /// Calls after a replica began to fail that are not judged: the time to notice.
    private static let warmUp = 300
    private static let judged = 2_000
    private static let slow = Duration.milliseconds(500)

    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            ([.withStatus500], false), ([.withStatus500], true), ([.refusingConnections], false), ([.tooSlow], true),
            (Failing.allCases, false),
        ] as [([Failing], Bool)])
    func `one failing replica of three costs under one call in a hundred, and gets calls again once it recovered`(
        failing: [Failing], isIdempotent: Bool
    ) async throws {
        try await withFaultServer { _ in
            .good
        } _: { third in
            try await withDiscovery { discovery in
                let serving = try await serveTwo(discovery)
                defer { for task in serving { task.cancel() } }
                try await discovery.register("corp.worker->third", Resource(.function, at: third.url))
                var options = RequestOptions()
                options.deadline = failing.contains(.tooSlow) ? Self.slow : .seconds(10)
                options.isIdempotent = isIdempotent
                // Well replicas on a busy machine may take longer than a caller in a hurry waits.
                #expect(await call(discovery, RequestOptions(), count: Self.warmUp) == 0)
                #expect(third.tries > 0, "it takes part")
                for kind in failing {
                    await fail(third, kind)
                    _ = await call(discovery, options, count: Self.warmUp)
                    let seen = third.tries
                    let errors = await call(discovery, options, count: Self.judged)
                    #expect(errors * 100 < Self.judged, "\(kind): \(errors) of at most \(Self.judged) calls failed")
                    // A probe now and then, and not a third of all.
                    #expect(third.tries - seen < Self.judged / 20, "\(kind): it was asked \(third.tries - seen) times")
                    try await recover(third, from: kind)
                    guard errors * 100 < Self.judged else { break }
                    try await comesBack(third, discovery, options)
                }
            }
        }
    }

    /// After one good probe it is one of three again.
    private func comesBack(_ third: FaultServer, _ discovery: Discovery, _ options: RequestOptions) async throws {
        let before = third.runs
        let deadline = ContinuousClock.now + .seconds(30)
        while third.runs == before {
            try #require(ContinuousClock.now < deadline, "no probe came")
            _ = await failure { try await discovery.request(Self.service, options: options) }
        }
        let probed = third.runs
        #expect(await call(discovery, RequestOptions(), count: 120) == 0)
        // Of 120 calls 40 are meant for it; fewer than 10 come once in a billion times.
        #expect(third.runs - probed >= 10, "after its probe it got \(third.runs - probed) of 120 calls")
    }

    /// Calls from several callers, and stops early when it is clear that too many fail.
    ///
    /// - Returns: how many failed.
    private func call(_ discovery: Discovery, _ options: RequestOptions, count: Int) async -> Int {
        let errors = Count()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.callers {
                group.addTask {
                    for _ in 0..<count / Self.callers where errors.value * 50 < Self.judged {
                        if await failure({ try await discovery.request(Self.service, options: options) }) != nil { errors.add() }
                    }
                }
            }
        }
        return errors.value
    }

    private func fail(_ server: FaultServer, _ kind: Failing) async {
        switch kind {
        case .withStatus500: server.follow { _ in .answer(status: 500) }
        case .refusingConnections: await server.refuse()
        case .tooSlow: server.follow { _ in .delay(Self.slow * 2, then: .good) }
        }
    }

    private func recover(_ server: FaultServer, from kind: Failing) async throws {
        server.follow { _ in .good }
        if kind == .refusingConnections { try await server.listen() }
    }

    /// The two that are well.
    private func serveTwo(_ discovery: Discovery) async throws -> [Task<Void, any Error>] {
        var tasks: [Task<Void, any Error>] = []
        for name in ["one", "two"] {
            let ready = Event<Discovery.Serving>()
            tasks.append(
                Task {
                    defer { ready.isOver() }
                    try await discovery.serve(Self.service, whenServing: { ready.happened($0) }) { _ in .text(name) }
                })
            try #require(await ready.wait() != nil)
        }
        return tasks
    }
}
