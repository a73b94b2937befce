extension PrometheusMetrics {
    /// What is counted now, in Prometheus's text exposition format, version 0.0.4.
    package var text: String {
        let (all, dropped) = all()
        var text = ""
        var last = ""
        for (key, series) in all {
            let name = Self.name(key.label, series)
            if key.label != last {
                text += "# TYPE \(name) \(series.type)\n"
                last = key.label
            }
            switch series {
            case .counter(let counter): text += "\(name)\(Self.labels(key)) \(counter.value)\n"
            case .gauge(let gauge): text += "\(name)\(Self.labels(key)) \(Self.number(gauge.value))\n"
            case .histogram(let histogram): text += Self.lines(name, key, histogram.reading)
            }
        }
        return text + "# TYPE discovery_metrics_dropped_total counter\ndiscovery_metrics_dropped_total \(dropped)\n"
    }

    private static func lines(_ name: String, _ key: Key, _ reading: PrometheusHistogram.Reading) -> String {
        var text = ""
        var count = 0
        for (bound, within) in zip(PrometheusHistogram.bounds.map(\.text) + ["+Inf"], reading.counts) {
            count += within
            text += "\(name)_bucket\(labels(key, and: ("le", bound))) \(count)\n"
        }
        return text + "\(name)_sum\(labels(key)) \(Double(reading.nanoseconds) / 1e9)\n\(name)_count\(labels(key)) \(count)\n"
    }

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`, with the unit or `_total` behind it.
    private static func name(_ label: String, _ series: Series) -> String {
        var name = String(
            String.UnicodeScalarView(
                label.unicodeScalars.map { $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0)) ? $0 : "_" }))
        if name.first?.isNumber ?? true { name = "_" + name }
        let suffix =
            switch series {
            case .counter: "_total"
            case .gauge: ""
            case .histogram: "_seconds"
            }
        return name.hasSuffix(suffix) ? name : name + suffix
    }

    private static func labels(_ key: Key, and more: (String, String)? = nil) -> String {
        let pairs = key.dimensions.map { ($0.name, $0.value) } + (more.map { [$0] } ?? [])
        guard !pairs.isEmpty else { return "" }
        return "{" + pairs.map { "\($0)=\"\(escaped($1))\"" }.joined(separator: ",") + "}"
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }
}

extension PrometheusMetrics.Series {
    fileprivate var type: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }
}
