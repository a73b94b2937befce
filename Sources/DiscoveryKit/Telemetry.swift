internal import Logging
internal import Metrics
internal import ServiceContextModule
internal import Synchronization
internal import Tracing

/// Logs, metrics and traces of operations, through Apple's three APIs: nothing is recorded, and nothing spent, unless the application
/// bootstraps a backend before it makes its client. With many callers even asking each time would be felt: all threads ask the same place.
///
/// | metric | labels |
/// |---|---|
/// | `discovery.operation.duration` (timer) | `operation`, `kind`, `code`: each of a small fixed set |
/// | `discovery.request.retries`, `discovery.queue.retries`, `discovery.publish.retries` (counters) | `code`: of the call in the end |
/// | `discovery.queue.messages`, `discovery.publish.messages` (counters) | `code`: `ok`, or why a message was not accepted |
/// | `discovery.listen.settlements` (counter) | `outcome`: `finished`, `retried`, `deadLettered`, `lost` or `failed` |
final class Telemetry: Sendable {
    private struct Label: Hashable {
        let operation: StaticOperation
        let kind: Resource.Kind?
        let code: String
    }

    private let logger: Logger
    private let isMeasuring = !(MetricsSystem.factory is NOOPMetricsHandler)
    private let isTracing = type(of: InstrumentationSystem.instrument) != NoOpInstrument.self
    private let isWatching: Bool
    private struct Timers {
        var all: [Label: Metrics.Timer] = [:]
        /// Asked for again and again, most of the time.
        var last: (label: Label, timer: Metrics.Timer)?
    }

    private let timers = Mutex(Timers())
    private struct CounterKey: Hashable {
        let label: String
        let value: String
    }

    private let counters = Mutex<[CounterKey: Counter]>([:])

    init(logger: Logger) {
        self.logger = logger
        isWatching = isMeasuring || isTracing || logger.logLevel == .trace
    }

    enum StaticOperation: String, Sendable { case request, requestLater, serve, register, deregister, queue, publish, deliver }

    /// Runs an operation inside a span, times it, and logs how it ended.
    func observe<Value>(
        _ operation: StaticOperation, _ address: Address, from start: ContinuousClock.Instant? = nil,
        _ body: (inout Observation) async throws(DiscoveryError) -> Value
    ) async throws(DiscoveryError) -> Value {
        var observation = Observation()
        guard isWatching else { return try await body(&observation) }
        let start = start ?? .now
        var code = "ok"
        defer { ended(operation, address, observation, code, start.duration(to: .now)) }
        do throws(DiscoveryError) {
            guard isTracing else { return try await body(&observation) }
            return try await traced(operation, address, &observation, body)
        } catch {
            code = error.code.description
            throw error
        }
    }

    private func traced<Value>(
        _ operation: StaticOperation, _ address: Address, _ observation: inout Observation,
        _ body: (inout Observation) async throws(DiscoveryError) -> Value
    ) async throws(DiscoveryError) -> Value {
        let result: Result<Value, DiscoveryError> = await withSpan(
            "discovery.\(operation.rawValue)", ofKind: operation.spanKind
        ) { span in
            if span.isRecording { span.attributes["discovery.address"] = address.text }
            observation.span = span
            do throws(DiscoveryError) {
                return .success(try await body(&observation))
            } catch {
                span.recordError(error)
                span.setStatus(SpanStatus(code: .error))
                span.attributes["discovery.code"] = error.code.description
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func ended(
        _ operation: StaticOperation, _ address: Address, _ observation: Observation, _ code: String, _ duration: Duration
    ) {
        timer(Label(operation: operation, kind: observation.kind, code: code)).recordNanoseconds(Int64(duration / .nanoseconds(1)))
        if observation.retries > 0 {
            counter("discovery.\(operation.rawValue).retries", "code", code).increment(by: observation.retries)
        }
        logger.trace(
            "operation ended",
            metadata: [
                "discovery.operation": .string(operation.rawValue), "discovery.address": .string(address.text),
                "discovery.code": .string(code),
            ])
    }

    /// Counts what became of messages that were sent, or published.
    func sent(_ results: [Result<MessageID, DiscoveryError>], by operation: StaticOperation) {
        guard isMeasuring else { return }
        for result in results {
            let code = if case .failure(let error) = result { error.code.description } else { "ok" }
            counter("discovery.\(operation.rawValue).messages", "code", code).increment()
        }
    }

    /// Counts what became of a delivery.
    func settled(_ settlement: Delivery.Settlement, _ outcome: Result<Void, DiscoveryError>) {
        guard isMeasuring else { return }
        let label =
            switch outcome {
            case .success: settlement.outcome
            case .failure(let error): error.code == .leaseLost ? "lost" : "failed"
            }
        counter("discovery.listen.settlements", "outcome", label).increment()
    }

    private func counter(_ label: String, _ dimension: String, _ value: String) -> Counter {
        counters.withLock { counters in
            let key = CounterKey(label: label, value: value)
            if let counter = counters[key] { return counter }
            let counter = Counter(label: label, dimensions: [(dimension, value)])
            counters[key] = counter
            return counter
        }
    }

    private func timer(_ label: Label) -> Metrics.Timer {
        timers.withLock { timers in
            if let last = timers.last, last.label == label { return last.timer }
            let dimensions = [("operation", label.operation.rawValue), ("kind", label.kind?.description ?? "none"), ("code", label.code)]
            let timer = timers.all[label] ?? Metrics.Timer(label: "discovery.operation.duration", dimensions: dimensions)
            timers.all[label] = timer
            timers.last = (label, timer)
            return timer
        }
    }

    /// The trace that the current task is part of, as headers to send along: with a W3C tracer, `traceparent`.
    static func traceHeaders() -> [String: String] {
        guard let context = ServiceContext.current else { return [:] }
        var headers: [String: String] = [:]
        InstrumentationSystem.instrument.inject(context, into: &headers, using: DictionaryInjector())
        return headers
    }

    /// Runs `body` as part of the trace that a caller sent along.
    static func withTrace<Value>(from headers: [String: String], _ body: () async -> Value) async -> Value {
        var context = ServiceContext.current ?? .topLevel
        InstrumentationSystem.instrument.extract(headers, into: &context, using: DictionaryExtractor())
        return await ServiceContext.$current.withValue(context) { await body() }
    }

    private struct DictionaryInjector: Injector {
        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
    }

    private struct DictionaryExtractor: Extractor {
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key.lowercased()] }
    }
}

extension Telemetry.StaticOperation {
    fileprivate var spanKind: SpanKind {
        switch self {
        case .serve: .server
        case .queue, .publish, .requestLater: .producer
        case .deliver: .consumer
        case .request, .register, .deregister: .client
        }
    }
}

/// What is learnt about an operation while it runs.
struct Observation {
    var kind: Resource.Kind?
    /// While somebody traces.
    var span: (any Span)?
    private(set) var retries = 0

    mutating func willRetry(after failure: DiscoveryError) {
        retries += 1
        span?.addEvent(SpanEvent(name: "discovery.retry", attributes: ["discovery.code": .string(failure.code.description)]))
    }
}
