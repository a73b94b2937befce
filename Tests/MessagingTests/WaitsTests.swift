import Testing

@testable import Messaging

/// Who waits at a queue, and what comes next for them, as a table of moments.
struct WaitsTests {
    private static let start = ContinuousClock.now

    private static func waiter(_ id: Int, until seconds: Int) -> Waits.Waiter {
        Waits.Waiter(id: id, demand: Demand(maximum: 1), deadline: start + .seconds(seconds), isBound: false) { _ in }
    }

    private static func turn(_ waits: inout Waits, at seconds: Int, ringing: UInt64) -> String {
        let (turn, over) = waits.turn(at: start + .seconds(seconds), ringing: ringing)
        let next =
            switch turn {
            case .look(let waiters): "look for \(waiters.map(\.id))"
            case .sleep(let rings, let deadline): "sleep since \(rings) until \((deadline - start).components.seconds)"
            case .end: "end"
            }
        return over.isEmpty ? next : "\(over.map(\.id)) over, \(next)"
    }

    @Test func `the desk sleeps until the first is over or something is due, and ends with the last`() {
        var waits = Waits(rings: 7, due: nil)
        waits.join(Self.waiter(1, until: 20))
        waits.join(Self.waiter(2, until: 10))
        #expect(Self.turn(&waits, at: 0, ringing: 7) == "sleep since 7 until 10")
        #expect(Self.turn(&waits, at: 10, ringing: 7) == "[2] over, sleep since 7 until 20")
        #expect(Self.turn(&waits, at: 11, ringing: 8) == "look for [1]")
        let none = waits.looked(
            for: waits.waiters, from: Self.start + .seconds(11), rings: 8, due: Self.start + .seconds(15), found: [[]])
        #expect(none.answered.isEmpty && waits.waiters[0].isBound)
        #expect(Self.turn(&waits, at: 11, ringing: 8) == "sleep since 8 until 15")
        #expect(Self.turn(&waits, at: 15, ringing: 8) == "look for [1]")
        _ = waits.looked(for: waits.waiters, from: Self.start + .seconds(15), rings: nil, due: nil, found: [[]])
        #expect(Self.turn(&waits, at: 15, ringing: 8) == "look for [1]")
        _ = waits.looked(for: waits.waiters, from: Self.start + .seconds(16), rings: 8, due: nil, found: [[]])
        #expect(Self.turn(&waits, at: 20, ringing: 8) == "[1] over, end")
    }

    /// A process that had no processor from before the message came until after the wait was over.
    @Test(arguments: [(rings: 8 as UInt64, due: Int?.none), (rings: 7, due: 5)])
    func `who is late is looked for once more where something may be there, and not for ever`(rings: UInt64, due: Int?) {
        var waits = Waits(rings: 7, due: due.map { Self.start + .seconds($0) })
        for (id, end) in [(1, 10), (2, 90), (3, 10), (4, 61)] { waits.join(Self.waiter(id, until: end)) }
        #expect(Self.turn(&waits, at: 60, ringing: rings) == "look for [1, 2, 3, 4]")
        let asked = waits.waiters
        // Others keep sending: there may always be more. A look ends with the first who gets nothing.
        let look = waits.looked(for: asked, from: Self.start + .seconds(60), rings: nil, due: nil, found: [[]])
        #expect(look.answered.map(\.0.id) == [1, 3] && look.answered.allSatisfy(\.1.isEmpty) && look.unclaimed.isEmpty)
        #expect(waits.waiters.map(\.id) == [2, 4])
        // One that was broken off by another's fault says nothing of those behind.
        let broken = waits.looked(for: waits.waiters, from: Self.start + .seconds(99), rings: nil, due: nil, found: [])
        #expect(broken.answered.isEmpty && waits.waiters.map(\.id) == [2, 4])
    }
}
