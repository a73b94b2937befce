@testable import DiscoveryKit
import DiscoveryTesting
import Synchronization
import Testing

@Suite struct AdapterConformanceTests {
    @Test func `the built-in adapter conforms`() async throws {
        struct Broken: Error {}
        let stub: Stub = [:]
        let functions: [(Address, @concurrent @Sendable (Request) async throws -> Message)] = [
            ("a.adapter->echo", Conformance.echo), ("a.adapter->failing", { _ in throw Broken() }),
            (
                "a.adapter->silent",
                { _ in
                    try await Task.sleep(for: .seconds(60)); return .empty
                }
            ),
        ]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (address, handler) in functions { group.addTask { try await stub.discovery.serve(address, handler: handler) } }
            while stub.changes.count < functions.count { try await Task.sleep(for: .milliseconds(2)) }
            let checks = Conformance.checks(
                ofAdapter: HTTPFunctionAdapter(maximumReplySize: 6 << 20), echo: try await stub.discovery.resolve("a.adapter->echo"),
                failing: try await stub.discovery.resolve("a.adapter->failing"),
                unreachable: Resource(.function, at: "http://127.0.0.1:1/"),
                silent: try await stub.discovery.resolve("a.adapter->silent"))
            #expect(checks.count == 11)
            for check in checks {
                do { try await check.run() } catch { Issue.record("\(check): \(error)") }
            }
            group.cancelAll()
            while await group.nextResult() != nil {}
        }
    }

    @Test func `an adapter without a fault conforms`() async throws {
        for check in Self.checks(of: BrokenAdapter(fault: nil), patience: .seconds(20)) { try await check.run() }
    }

    @Test(arguments: BrokenAdapter.Fault.allCases)
    func `a check finds the fault that it is for, and no other check does`(fault: BrokenAdapter.Fault) async throws {
        let adapter = BrokenAdapter(fault: fault)
        for check in Self.checks(of: adapter, patience: .seconds(20)) where check.name != fault.check { try await check.run() }
        // Only who hangs is waited for.
        let hangs = fault == .ignoresDeadline || fault == .ignoresCancellation
        let checks = Self.checks(of: adapter, patience: hangs ? .seconds(1) : .seconds(20))
        let check = try #require(checks.first { $0.name == fault.check })
        await #expect(throws: ConformanceFailure.self) { try await check.run() }
    }

    @Test func `every check has a fault that it finds`() {
        let found = Set(BrokenAdapter.Fault.allCases.map(\.check))
        let names = Self.checks(of: BrokenAdapter(fault: nil), patience: .seconds(1)).map(\.name)
        #expect(names.filter { !found.contains($0) } == [])
    }

    @Test func `checks without their resource are left out`() {
        #expect(Conformance.checks(ofAdapter: BrokenAdapter(fault: nil), echo: Resource(.function, at: "direct:echo")).count == 7)
    }

    private static func checks(of adapter: BrokenAdapter, patience: Duration) -> [Conformance.Check] {
        Conformance.checks(
            ofAdapter: adapter, echo: Resource(.function, at: "direct:echo"), failing: Resource(.function, at: "direct:failing"),
            unreachable: Resource(.function, at: "direct:unreachable"), silent: Resource(.function, at: "direct:silent"),
            patience: patience)
    }
}

/// Calls functions of this process, with one fault or none.
final class BrokenAdapter: RequestAdapter {
    enum Fault: CaseIterable {
        case acceptsAll, cutsBodies, forgetsTypes, losesHeaders, namesItself, mixesUp, blamesPlace, hidesFailure, isUnsure, ignoresDeadline
        case ignoresCancellation

        var check: String {
            switch self {
            case .acceptsAll: "adapter: it accepts its resources, and no others"
            case .cutsBodies: "adapter: a body arrives byte by byte, and so does the answer"
            case .forgetsTypes: "adapter: attributes arrive with their types, and come back"
            case .losesHeaders: "adapter: the content type and headers arrive"
            case .namesItself: "adapter: the answer is by the request's address"
            case .mixesUp: "adapter: calls side by side are not mixed up"
            case .blamesPlace: "adapter: a deadline that has passed is kept"
            case .hidesFailure: "adapter: a function's own error is `.functionFailed`"
            case .isUnsure: "adapter: where nothing is, is `.unreachable`"
            case .ignoresDeadline: "adapter: a call ends by its deadline"
            case .ignoresCancellation: "adapter: a call ends when it is cancelled"
            }
        }
    }

    private let fault: Fault?
    private let latest = Mutex(Message.empty)

    init(fault: Fault?) { self.fault = fault }

    func accepts(_ resource: Resource) -> Bool {
        resource.location.hasPrefix("direct:") && resource.kind == .function || fault == .acceptsAll
    }

    func request(_ request: Request, from resource: Resource) async throws(DiscoveryError) -> Reply {
        let isDeaf = fault == .ignoresDeadline && resource.location == "direct:silent"
        guard ContinuousClock.now < request.deadline || isDeaf else {
            throw DiscoveryError(fault == .blamesPlace ? .unreachable : .deadlineExceeded, "Too late.")
        }
        switch resource.location {
        case "direct:failing" where fault != .hidesFailure:
            throw DiscoveryError(.functionFailed, "It failed.", functionError: .init(message: "It failed.", status: 500))
        case "direct:unreachable": throw DiscoveryError(fault == .isUnsure ? .outcomeUnknown : .unreachable, "Nothing is there.")
        case "direct:silent":
            try await wait(for: request)
            throw DiscoveryError(.deadlineExceeded, "It did not answer.")
        default: return try await echo(request)
        }
    }

    private func wait(for request: Request) async throws(DiscoveryError) {
        if fault == .ignoresDeadline, ContinuousClock.now.duration(to: request.deadline) < .seconds(10) {
            return _ = await Task { try? await Task.sleep(for: .seconds(40)) }.value
        }
        if fault == .ignoresCancellation, ContinuousClock.now.duration(to: request.deadline) > .seconds(10) {
            return _ = await Task { try? await Task.sleep(for: .seconds(40)) }.value
        }
        do { try await Task.sleep(until: request.deadline, clock: .continuous) } catch { throw DiscoveryError(.cancelled, "Cancelled.") }
    }

    private func echo(_ request: Request) async throws(DiscoveryError) -> Reply {
        var message = request.message
        if fault == .mixesUp {
            latest.withLock { $0 = message }
            try? await Task.sleep(for: .milliseconds(20))
            message = latest.withLock { $0 }
        }
        if fault == .cutsBodies, message.body.last == 0xFF { message.body.removeLast() }
        if fault == .forgetsTypes {
            message.attributes = message.attributes.mapValues { if case .number(let text) = $0 { .string(text) } else { $0 } }
        }
        let sent = Request(
            message, to: request.address, deadline: request.deadline, headers: fault == .losesHeaders ? [:] : request.headers)
        do {
            return Reply(message: try await Conformance.echo(sent), servedBy: fault == .namesItself ? "an.adapter" : request.address)
        } catch {
            throw DiscoveryError(.unexpected, "\(error)")
        }
    }
}
