import DiscoveryKit
import InMemoryTracing
import Metrics
import MetricsTestKit
import Testing
import Tracing

/// The process's one tracer and metrics backend, for all tests.
private let tracer: InMemoryTracer = {
    let tracer = InMemoryTracer()
    InstrumentationSystem.bootstrap(tracer)
    return tracer
}()
private let metrics: TestMetrics = {
    let metrics = TestMetrics()
    MetricsSystem.bootstrap(metrics)
    return metrics
}()

@Suite(.serialized) struct TelemetryTests {
    @Test func `caller, function and nested call are one trace`() async throws {
        _ = tracer
        try await withDiscovery { discovery in
            let ready = Event<Discovery.Serving>()
            let inner = Task { try await discovery.serve("trace.s->inner", whenServing: { ready.happened($0) }) { _ in .text("inner") } }
            _ = await ready.wait()
            let outer = Task {
                try await discovery.serve("trace.s->outer", whenServing: { ready.happened($0) }) { _ in
                    try await discovery.request("trace.s->inner").message
                }
            }
            _ = await ready.wait()
            _ = try await discovery.request("trace.s->outer")
            for task in [inner, outer] {
                task.cancel()
                _ = await task.result
            }
        }
        let spans = tracer.finishedSpans.filter { "\($0.attributes["discovery.address"]?.toSpanAttribute() ?? "")".contains("trace.s") }
        let calls = spans.filter { $0.operationName == "discovery.request" || $0.operationName == "discovery.serve" }
        #expect(calls.count == 4)
        #expect(Set(calls.map(\.traceID)).count == 1)
    }

    @Test func `operations are timed with labels of small fixed sets`() async throws {
        _ = metrics
        try await withDiscovery { discovery in
            try await discovery.register("metrics.s->q", Resource(.queue, at: "arn:aws:sqs:local:000000000000:jobs"))
            _ = await failure { try await discovery.request("metrics.s->q") }
        }
        let timer = try metrics.expectTimer(
            "discovery.operation.duration", [("operation", "request"), ("kind", "queue"), ("code", "wrongKind")])
        #expect(timer.values.count >= 1)
        #expect(timer.values.allSatisfy { $0 > 0 })
    }

    @Test func `tries of one call are one span with an event for each retry, and counted`() async throws {
        _ = (tracer, metrics)
        let adapter = ScriptedAdapter { number, _ in number < 2 ? .unreachable : nil }
        try await withDiscovery(configure: { $0.adapters = [adapter] }) { discovery in
            try await discovery.register("retried.s->f", Resource(.function, at: "http://127.0.0.1:9/"))
            try await discovery.request("retried.s->f")
        }
        let spans = tracer.finishedSpans.filter { "\($0.attributes["discovery.address"]?.toSpanAttribute() ?? "")".contains("retried.s") }
        let calls = spans.filter { $0.operationName == "discovery.request" }
        #expect(calls.count == 1)
        #expect(calls.first?.events.map(\.name) == ["discovery.retry", "discovery.retry"])
        #expect(try metrics.expectCounter("discovery.request.retries", [("code", "ok")]).totalValue >= 2)
    }

    @Test func `a name that is not there is measured, too`() async throws {
        _ = metrics
        try await withDiscovery { discovery in _ = await failure { try await discovery.request("nowhere.s->f") } }
        let timer = try metrics.expectTimer(
            "discovery.operation.duration", [("operation", "request"), ("kind", "none"), ("code", "notFound")])
        #expect(timer.values.count >= 1)
    }

    @Test func `who sends a message and who handles it are one trace, and both are counted`() async throws {
        _ = (tracer, metrics)
        let queue = ScriptedQueue()
        try await withQueue(queue) { discovery in
            try await discovery.queue("ns.s->jobs", Message.text("traced"))
            let trace = try #require(queue.outgoing.first?.trace)
            queue.put(ScriptedQueue.message("traced", trace: trace))
            let listening = Task { try await discovery.listen("ns.s->jobs") { (_: Delivery) in } }
            await queue.until(.finished("traced"))
            listening.cancel()
            _ = await listening.result
            #expect(!trace.isEmpty)
        }
        let delivered = tracer.finishedSpans.filter { $0.operationName == "discovery.deliver" }
        let sent = tracer.finishedSpans.filter { $0.operationName == "discovery.queue" }
        #expect(delivered.contains { span in sent.contains { $0.traceID == span.traceID } })
        #expect(try metrics.expectCounter("discovery.queue.messages", [("code", "ok")]).totalValue >= 1)
        #expect(try metrics.expectCounter("discovery.listen.settlements", [("outcome", "finished")]).totalValue >= 1)
        let timer = try metrics.expectTimer(
            "discovery.operation.duration", [("operation", "deliver"), ("kind", "queue"), ("code", "ok")])
        #expect(timer.values.count >= 1)
    }
}
