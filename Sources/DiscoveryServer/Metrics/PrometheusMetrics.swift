package import CoreMetrics
internal import Synchronization

/// What this process counts, kept for whoever reads it in Prometheus's text format.
///
/// Labels are few and bounded by those who count. Should somebody not heed that, what comes beyond ``limit`` series is counted nowhere, and
/// `discovery_metrics_dropped_total` tells how often.
package final class PrometheusMetrics: MetricsFactory {
    private static let limit = 10_000

    struct Key: Hashable, Sendable {
        let label: String
        let dimensions: [Dimension]

        struct Dimension: Hashable, Sendable {
            let name: String
            let value: String
        }

        init(_ label: String, _ dimensions: [(String, String)]) {
            self.label = label
            self.dimensions = dimensions.map { Dimension(name: $0.0, value: $0.1) }.sorted { ($0.name, $0.value) < ($1.name, $1.value) }
        }
    }

    enum Series: Sendable {
        case counter(PrometheusCounter)
        case gauge(PrometheusGauge)
        case histogram(PrometheusHistogram)
    }

    private struct State {
        var series: [Key: Series] = [:]
        var dropped = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let key = Key(label, dimensions)
        return find(key, { if case .counter(let counter) = $0 { counter } else { nil } }, make: PrometheusCounter.init) { .counter($0) }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler { gauge(label, dimensions) }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        gauge(label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        find(Key(label, dimensions), { if case .histogram(let histogram) = $0 { histogram } else { nil } }, make: PrometheusHistogram.init)
        {
            .histogram($0)
        }
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    /// All series now, those of one label together.
    func all() -> (series: [(Key, Series)], dropped: Int) {
        let (series, dropped) = state.withLock { ($0.series, $0.dropped) }
        return (series.sorted { Self.text($0.key) < Self.text($1.key) }.map { ($0.key, $0.value) }, dropped)
    }

    private static func text(_ key: Key) -> String {
        key.label + key.dimensions.map { "\u{0}\($0.name)\u{0}\($0.value)" }.joined()
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> PrometheusGauge {
        find(Key(label, dimensions), { if case .gauge(let gauge) = $0 { gauge } else { nil } }, make: PrometheusGauge.init) { .gauge($0) }
    }

    private func find<Handler>(
        _ key: Key, _ known: (Series) -> Handler?, make: () -> Handler, wrap: (Handler) -> Series
    ) -> Handler {
        state.withLock { state in
            if let series = state.series[key] {
                if let handler = known(series) { return handler }
                // The name is another kind's already.
                state.dropped += 1
                return make()
            }
            let handler = make()
            if state.series.count < Self.limit { state.series[key] = wrap(handler) } else { state.dropped += 1 }
            return handler
        }
    }

    private func remove(_ handler: AnyObject) {
        state.withLock { state in
            state.series = state.series.filter { _, series in
                switch series {
                case .counter(let counter): counter !== handler
                case .gauge(let gauge): gauge !== handler
                case .histogram(let histogram): histogram !== handler
                }
            }
        }
    }
}
