import CoreMetrics
import Testing

@testable import DiscoveryServer

struct PrometheusMetricsTests {
    @Test
    func `counters, gauges and durations are written as Prometheus reads them`() {
        let metrics = PrometheusMetrics()
        Counter(label: "a.requests", dimensions: [("kind", "x\"\\\n")], factory: metrics).increment(by: 3)
        Counter(label: "a.requests", dimensions: [("kind", "x\"\\\n")], factory: metrics).increment()
        Gauge(label: "b.depth", dimensions: [], factory: metrics).record(2.5)
        let timer = Timer(label: "c.duration", dimensions: [("op", "get")], factory: metrics)
        timer.recordNanoseconds(200_000)
        timer.recordNanoseconds(60_000_000_000)
        let lines = metrics.text.split(separator: "\n")
        #expect(lines.contains(#"# TYPE a_requests_total counter"#))
        #expect(lines.contains(#"a_requests_total{kind="x\"\\\n"} 4"#))
        #expect(lines.contains("b_depth 2.5"))
        #expect(lines.contains(#"c_duration_seconds_bucket{op="get",le="0.0001"} 0"#))
        #expect(lines.contains(#"c_duration_seconds_bucket{op="get",le="0.00025"} 1"#))
        #expect(lines.contains(#"c_duration_seconds_bucket{op="get",le="30"} 1"#))
        #expect(lines.contains(#"c_duration_seconds_bucket{op="get",le="+Inf"} 2"#))
        #expect(lines.contains(#"c_duration_seconds_sum{op="get"} 60.0002"#))
        #expect(lines.contains(#"c_duration_seconds_count{op="get"} 2"#))
        #expect(lines.filter { $0.hasPrefix("# TYPE c_duration_seconds ") }.count == 1)
    }

    @Test
    func `no number of labels takes all memory`() {
        let metrics = PrometheusMetrics()
        for number in 0..<10_050 { Counter(label: "a", dimensions: [("n", String(number))], factory: metrics).increment() }
        #expect(metrics.all().series.count == 10_000)
        #expect(metrics.all().dropped == 50)
    }
}
