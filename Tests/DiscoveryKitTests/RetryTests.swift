import DiscoveryKit
import Testing

/// What happens between two tries, seen by an adapter of one's own: the rules are the facade's, whatever speaks to the resource.
@Suite struct RetryTests {
    @Test(.timeLimit(.minutes(5)), arguments: [1, Expect.mostTries - 1, Expect.mostTries])
    func `what was not reached is tried again, so often and no more`(failures: Int) async throws {
        let adapter = ScriptedAdapter { number, _ in number < failures ? .unreachable : nil }
        try await withDiscovery(configure: { $0.adapters = [adapter] }) { discovery in
            try await discovery.register("ns.s->f", Resource(.function, at: "http://127.0.0.1:9/"))
            let error = await failure { try await discovery.request("ns.s->f") }
            #expect(error?.code == (failures < Expect.mostTries ? nil : .unreachable), "\(error.debugDescription)")
            #expect(adapter.asked.count == min(failures + 1, Expect.mostTries))
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: [DiscoveryError.Code.outcomeUnknown, .functionFailed, .tooLarge, .invalid, .cancelled])
    func `what may have been done, or cannot go better, is not tried again unasked`(code: DiscoveryError.Code) async throws {
        let adapter = ScriptedAdapter { _, _ in code }
        try await withDiscovery(configure: { $0.adapters = [adapter] }) { discovery in
            try await discovery.register("ns.s->f", Resource(.function, at: "http://127.0.0.1:9/"))
            #expect(await failure { try await discovery.request("ns.s->f") }?.code == code)
            #expect(adapter.asked.count == 1)
        }
    }

    @Test(.timeLimit(.minutes(5))) func `an address is resolved again before another try`() async throws {
        try await withHome { home in
            try await withDiscovery(home: home) { other in
                let adapter = ScriptedAdapter { number, _ in
                    guard number == 0 else { return nil }
                    try? await other.register("ns.s->f", Resource(.function, at: "http://127.0.0.1:10/"))
                    return .unreachable
                }
                try await withDiscovery(home: home, configure: { $0.adapters = [adapter] }) { discovery in
                    try await discovery.register("ns.s->f", Resource(.function, at: "http://127.0.0.1:9/"))
                    let error = await failure { try await discovery.request("ns.s->f") }
                    #expect(error == nil, "\(error.debugDescription)")
                    #expect(adapter.asked == ["http://127.0.0.1:9/", "http://127.0.0.1:10/"])
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(5))) func `over replicas another try goes to another instance`() async throws {
        let adapter = ScriptedAdapter { number, _ in number % 2 == 0 ? .unreachable : nil }
        try await withDiscovery(configure: { $0.adapters = [adapter] }) { discovery in
            for port in 10...12 {
                try await discovery.register("ns.s->r\(port)", Resource(.function, at: "http://127.0.0.1:\(port)/"))
            }
            // Few enough for any budget, and for any replica to stay in use.
            for call in 0..<4 {
                let error = await failure { try await discovery.request("ns.s->*") }
                #expect(error == nil, "\(error.debugDescription)")
                let asked = adapter.asked.dropFirst(call * 2)
                #expect(asked.count == 2 && Set(asked).count == 2, "\(asked)")
            }
        }
    }

    @Test(.timeLimit(.minutes(5))) func `a call cancelled between two tries ends, and is not tried again`() async throws {
        let tried = Event<Void>()
        let goOn = Event<Void>()
        let adapter = ScriptedAdapter { _, _ in
            tried.happened(())
            _ = await goOn.wait()
            return .unreachable
        }
        try await withDiscovery(configure: { $0.adapters = [adapter] }) { discovery in
            try await discovery.register("ns.s->f", Resource(.function, at: "http://127.0.0.1:9/"))
            let call = Task { await failure { try await discovery.request("ns.s->f") } }
            await tried.wait()
            call.cancel()
            goOn.happened(())
            #expect(await call.value?.code == .cancelled)
            #expect(adapter.asked.count == 1)
        }
    }

    @Test(.timeLimit(.minutes(5))) func `a request that cannot be sent is not tried at all`() async throws {
        try await withFaultServer { _ in
            .good
        } _: { server in
            try await withDiscovery { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: server.url))
                var options = RequestOptions()
                options.isIdempotent = true
                options.headers = ["bad name": "x"]
                #expect(await failure { try await discovery.request("ns.s->f", options: options) }?.code == .invalid)
                #expect(server.tries == 0)
            }
        }
    }
}
