import Registry
import Store
import Testing

/// Custom health that counts some time after its first report.
struct PendingHealthTests {
    private typealias Pending = Registry.PendingHealth

    @Test func `the first report decides when, a repeat changes nothing, a reverse takes it back`() {
        let delay = Duration.seconds(30)
        let pending = Pending(.unhealthy, due: .at(30))
        let table: [(name: String, Registry.Health, Registry.Health, Pending?, Double, Registry.Health, Pending?)] = [
            ("first", .unhealthy, .healthy, nil, 0, .healthy, pending), ("same as now", .healthy, .healthy, nil, 0, .healthy, nil),
            ("repeat", .unhealthy, .healthy, pending, 20, .healthy, pending), ("reverse", .healthy, .healthy, pending, 20, .healthy, nil),
            ("again after a reverse", .unhealthy, .healthy, nil, 25, .healthy, Pending(.unhealthy, due: .at(55))),
            ("repeat when due", .unhealthy, .healthy, pending, 30, .unhealthy, nil),
            ("reverse when due", .healthy, .healthy, pending, 31, .unhealthy, Pending(.healthy, due: .at(61))),
            ("the other way", .healthy, .unhealthy, nil, 0, .unhealthy, Pending(.healthy, due: .at(30))),
        ]
        for (name, report, health, before, time, expected, after) in table {
            let next = Pending.reported(report, of: health, pending: before, at: .at(time), delay: delay)
            #expect(next.health == expected && next.pending == after, "\(name)")
        }
    }

    @Test func `without a delay a report counts at once, also over one that is pending`() {
        for pending in [nil, Pending(.unhealthy, due: .at(30))] {
            let next = Pending.reported(.unhealthy, of: .healthy, pending: pending, at: .at(1), delay: .zero)
            #expect(next.health == .unhealthy && next.pending == nil)
            let back = Pending.reported(.healthy, of: .healthy, pending: pending, at: .at(1), delay: .zero)
            #expect(back.health == .healthy && back.pending == nil)
        }
    }

    @Test func `a health counts when it was reported for thirty seconds without a reverse`() async {
        for await round in Rounds.each() {
            var random = SplitMix(round: round)
            var state: (health: Registry.Health, pending: Pending?) = (.healthy, nil)
            // The model: since when the reports have differed from the health that counts.
            var health = Registry.Health.healthy
            var since: Double?
            var now = 0.0
            for _ in 0..<200 {
                now += Double(Int.random(in: 0...20, using: &random))
                let report: Registry.Health = Bool.random(using: &random) ? .healthy : .unhealthy
                state = Pending.reported(report, of: state.health, pending: state.pending, at: .at(now), delay: .seconds(30))
                if let start = since, now >= start + 30 {
                    health = health == .healthy ? .unhealthy : .healthy
                    since = nil
                }
                since = report == health ? nil : since ?? now
                #expect(state.health == health && state.pending?.due == since.map { .at($0 + 30) }, "\(Rounds.note)")
            }
        }
    }
}
