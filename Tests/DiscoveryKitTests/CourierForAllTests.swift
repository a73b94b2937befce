@testable import DiscoveryKit
import Foundation
import HTTPServing
import Messaging
import Store
import Synchronization
import Testing

/// Whoever is the courier delivers for others: what is his own is not theirs.
@Suite(.timeLimit(.minutes(5))) struct CourierForAllTests {
    /// Runs a courier of another client on the same home until `body` has ended.
    private func withOther(
        _ home: String, configure: (inout Discovery.Configuration) -> Void, _ body: () async throws -> Void
    ) async throws {
        try await withDiscovery(home: home, configure: configure) { other in
            let courier = Task { try await other.run() }
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            courier.cancel()
            _ = await courier.result
            try result.get()
        }
    }

    @Test func `the overrides of the courier's process are not for the calls of others`() async throws {
        let function = Endpoint(200)
        try await withServer({ function.answer($0) }) { url in
            try await withHome { home in
                try await withDiscovery(home: home) { caller in
                    try await caller.register("ns.s->f", Resource(.function, at: url))
                    try await withOther(home, configure: { $0.overrides = [Override("ns.s->f", .reply(text: "canned"))] }) {
                        try await caller.requestLater("ns.s->f", .text("important"))
                        await function.came(1)
                        #expect(function.bodies == ["important"])
                    }
                }
            }
        }
    }

    @Test func `a call is made with the headers of who put it off, and not with those of the courier`() async throws {
        let function = Endpoint(200)
        try await withServer({ function.answer($0) }) { url in
            try await withHome { home in
                try await withDiscovery(home: home, configure: { $0.request.headers = ["X-Who": "caller", "X-Tenant": "7"] }) { caller in
                    try await caller.register("ns.s->f", Resource(.function, at: url))
                    try await caller.requestLater("ns.s->f", .text("x"))
                    try await withOther(home, configure: { $0.request.headers = ["X-Who": "courier", "Authorization": "Bearer its"] }) {
                        await function.came(1)
                    }
                    let headers = try #require(function.requests.first).headers
                    #expect(headers["x-who"] == "caller" && headers["x-tenant"] == "7" && headers["authorization"] == nil)
                }
            }
        }
    }

    @Test func `a slow call takes one place, and holds up no other of its address`() async throws {
        let goOn = Event<Void>()
        let quick = Endpoint(200)
        try await withServer({ request in
            if request.body == Array("slow".utf8) {
                _ = await goOn.wait()
                return HTTPResponse(status: 200, headers: [], body: [])
            }
            return quick.answer(request)
        }) { url in
            try await withDiscovery { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: url))
                try await discovery.requestLater("ns.s->f", .text("slow"))
                for number in 0..<30 { try await discovery.requestLater("ns.s->f", .text("\(number)")) }
                let courier = Task { try await discovery.run() }
                await quick.came(30)
                goOn.isOver()
                courier.cancel()
                _ = await courier.result
            }
        }
    }

    @Test(arguments: ["43200", "86400"]) func `a function that wants to be left alone for a day is noted as failed`(after: String)
        async throws
    {
        let tried = Event<Void>()
        try await withServer({ _ in
            tried.happened(())
            return HTTPResponse(status: 429, headers: [("Retry-After", after)], body: [])
        }) { url in
            try await withDiscovery { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: url))
                let id = try #require(Messaging.MessageID(parsing: try await discovery.requestLater("ns.s->f", .text("x")).description))
                let courier = Task { try await discovery.run() }
                _ = await tried.wait()
                let messaging = try await discovery.client.home().messaging()
                while try await messaging.peek(id)?.lastFailure == nil { await Task.yield() }
                courier.cancel()
                _ = await courier.result
            }
        }
    }

    @Test func `a call that fails for good is kept, also when somebody has deleted the queue it goes to`() async throws {
        let refusing = Endpoint(404)
        try await withServer({ refusing.answer($0) }) { url in
            try await withDiscovery { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: url))
                let messaging = try await discovery.client.home().messaging()
                try await discovery.requestLater("ns.s->f", .text("x"))
                try await messaging.deleteQueue(Messaging.undelivered)
                let courier = Task { try await discovery.run() }
                while try await !discovery.backlog().backlog.isEmpty { await Task.yield() }
                #expect(try await messaging.peek(at: Messaging.undelivered).messages.map(\.body) == [Array("x".utf8)])
                courier.cancel()
                _ = await courier.result
            }
        }
    }

    @Test func `what a message says of its call is read with care`() throws {
        for deadline in ["1e300", "-5", "0", "1e-300"] {
            let text = #"{"address":"ns.s->f","contentType":"text/plain","deadline":\#(deadline),"headers":{}}"#
            let call = try JSONDecoder().decode(DeferredCall.self, from: Data(text.utf8))
            let limit = try #require(call.options.deadline)
            #expect(limit >= .zero && limit <= .seconds(3_000))
        }
    }

    @Test func `addresses that are called no more are forgotten, but those that a dead letter may go back to`() async throws {
        try await withDiscovery { discovery in
            let messaging = try await discovery.client.home().messaging()
            for address: Address in ["ns.s->a", "ns.s->b", "ns.s->c"] { try await discovery.requestLater(address, .text("x")) }
            for (place, subscription) in try await messaging.pendingDeliveries().enumerated() {
                let message = try #require(try await messaging.receive(from: subscription.queue, wait: .zero).first)
                switch place {
                case 0: _ = try await messaging.finish([message.receipt], in: subscription.queue)
                case 1: try await messaging.deadLetter(message.receipt, in: subscription.queue, reason: "no")
                default: break
                }
            }
            try await messaging.forgetCallers()
            #expect(try await messaging.examine().count { $0.queue.hasPrefix("~") } == 2)
            try await discovery.requestLater("ns.s->a", .text("again"))
            #expect(try await messaging.examine().count { $0.queue.hasPrefix("~") } == 3)
        }
    }

    @Test func `who is about to go is no courier`() async throws {
        try await withDiscovery { discovery in
            let messaging = try await discovery.client.home().messaging()
            _ = try await messaging.createQueue("q")
            try await discovery.register("ns.s->q", .queue(named: "q"))
            try await discovery.queue("ns.s->q", "x")
            var options = ListenOptions()
            options.limit = 1
            try await discovery.listen("ns.s->q", options: options) { (_: Delivery) in
                let courier = try await discovery.backlog().courier
                #expect(courier == nil)
            }
        }
    }

    @Test func `permits are taken in turn, and a cancelled task leaves the queue`() async {
        let permits = Permits(2)
        let crowd = Crowd()
        await withDiscardingTaskGroup { group in
            for _ in 0..<50 {
                group.addTask {
                    _ = await permits.run {
                        crowd.enter()
                        await Task.yield()
                        crowd.leave()
                    }
                }
            }
        }
        #expect(crowd.counts == [2, 0])
        let goOn = Event<Void>()
        let holders = (0..<2).map { _ in Task { await permits.run { _ = await goOn.wait() } } }
        let waiting = Task { await permits.run {} }
        waiting.cancel()
        _ = await waiting.value
        goOn.isOver()
        for holder in holders { _ = await holder.value }
        #expect(await permits.run { true } == true)
    }
}

/// How many were there at once, and how many are.
private final class Crowd: Sendable {
    private let state = Mutex((most: 0, now: 0))

    var counts: [Int] { state.withLock { [$0.most, $0.now] } }

    func enter() {
        state.withLock { state in
            state.now += 1
            state.most = max(state.most, state.now)
        }
    }

    func leave() { state.withLock { $0.now -= 1 } }
}
