@testable import DiscoveryKit
import Foundation
import Messaging
import Store
import Testing

/// What a client has opened goes with it.
@Suite(.timeLimit(.minutes(5))) struct ReleaseTests {
    enum Use: String, CaseIterable {
        case resolve, request, send, listen, serve, courier, subscribe
    }

    @Test(arguments: Use.allCases) func `a client that is shut down and dropped leaves no home behind`(use: Use) async throws {
        try await withHome { path in
            weak var home: Home?
            try await withDiscovery(home: path) { discovery in
                let messaging = try await discovery.client.home().messaging()
                home = messaging.store.home
                _ = try await messaging.createQueue("q")
                _ = try await messaging.createTopic("news")
                try await discovery.register("ns.s->q", .queue(named: "q"))
                try await discovery.register("ns.s->t", .topic(named: "news"))
                try await self.use(discovery, use)
            }
            let deadline = ContinuousClock.now + .seconds(20)
            while home != nil, .now < deadline { try await Task.sleep(for: .milliseconds(10)) }
            #expect(home == nil)
        }
    }

    private func use(_ discovery: Discovery, _ use: Use) async throws {
        switch use {
        case .resolve: _ = try await discovery.resolve("ns.s->q")
        case .send: try await discovery.queue("ns.s->q", "a")
        case .request: _ = await failure { try await discovery.request("ns.s->gone", "a") }
        case .listen:
            try await discovery.queue("ns.s->q", "a")
            let heard = Event<Void>()
            let task = Task { try await discovery.listen("ns.s->q") { (_: Delivery) in heard.happened(()) } }
            _ = await heard.wait()
            task.cancel()
            _ = await task.result
        case .serve:
            let serving = Event<Void>()
            let task = Task {
                try await discovery.serve("ns.s->f", whenServing: { _ in serving.happened(()) }) { request in request.message }
            }
            _ = await serving.wait()
            _ = try await discovery.request("ns.s->f", Message.text("x"))
            task.cancel()
            _ = await task.result
        case .courier:
            let task = Task { try await discovery.run() }
            while try await discovery.backlog().courier == nil { await Task.yield() }
            task.cancel()
            _ = await task.result
        case .subscribe:
            let task = Task { try await discovery.subscribe("ns.s->t") { (_: Delivery) in } }
            let messaging = try await discovery.client.home().messaging()
            while try await messaging.subscriptions().isEmpty { await Task.yield() }
            task.cancel()
            _ = await task.result
        }
    }
}
