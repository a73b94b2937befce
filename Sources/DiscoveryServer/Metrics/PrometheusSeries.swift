internal import CoreMetrics
internal import Synchronization

final class PrometheusCounter: CounterHandler {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }

    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { count.store(0, ordering: .relaxed) }
}

final class PrometheusGauge: MeterHandler, RecorderHandler {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func increment(by amount: Double) { change { $0 + amount } }
    func decrement(by amount: Double) { change { $0 - amount } }

    private func change(_ body: (Double) -> Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let (exchanged, current) = bits.weakCompareExchange(
                expected: old, desired: body(Double(bitPattern: old)).bitPattern, ordering: .relaxed)
            if exchanged { return }
            old = current
        }
    }
}

/// Durations in buckets from 100 µs to 30 s.
final class PrometheusHistogram: TimerHandler {
    /// The upper ends, in nanoseconds, and as they are written, in seconds.
    static let bounds: [(nanoseconds: Int64, text: String)] = [
        (100_000, "0.0001"), (250_000, "0.00025"), (500_000, "0.0005"), (1_000_000, "0.001"), (2_500_000, "0.0025"), (5_000_000, "0.005"),
        (10_000_000, "0.01"), (25_000_000, "0.025"), (100_000_000, "0.1"), (500_000_000, "0.5"), (1_000_000_000, "1"), (5_000_000_000, "5"),
        (30_000_000_000, "30"),
    ]

    struct Reading: Sendable {
        /// How many were within each bound, and not within the one before; the last are those beyond all.
        var counts = [Int](repeating: 0, count: bounds.count + 1)
        var nanoseconds: Int64 = 0
    }

    private let state = Mutex(Reading())

    var reading: Reading { state.withLock { $0 } }

    func recordNanoseconds(_ duration: Int64) {
        let place = Self.bounds.firstIndex { duration <= $0.nanoseconds } ?? Self.bounds.count
        state.withLock { state in
            state.counts[place] += 1
            state.nanoseconds &+= max(0, duration)
        }
    }
}
