import NIOCore
import Testing

@testable import HTTPServing

struct ServerLedgerTests {
    /// With a linger of ten seconds.
    private static func ledger(running: Bool = true) -> ServerLedger {
        var ledger = ServerLedger(
            HTTPServerConfiguration(maximumConnections: 2, maximumConcurrentRequests: 1, maximumBodyMemory: 100, linger: .seconds(10)))
        if running { #expect(ledger.run() == .accept) }
        return ledger
    }

    private static func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    @Test func `limits admit so many and refuse the next`() {
        var ledger = Self.ledger()
        #expect(ledger.connectionCame(at: Self.at(0)) == .serve)
        #expect(ledger.connectionCame(at: Self.at(0)) == .serve)
        for _ in 0..<64 { #expect(ledger.connectionCame(at: Self.at(0)) == .refuse) }
        #expect(ledger.connectionCame(at: Self.at(0)) == .drop)
        #expect(ledger.connectionEnded(wasServed: true) == [])
        #expect(ledger.connectionCame(at: Self.at(0)) == .serve)
        #expect(ledger.requestCame(at: Self.at(0)) == .work)
        #expect(ledger.requestCame(at: Self.at(0)) == .refuse(.overloaded))
        #expect(ledger.reserve(bytes: 100) == true)
        #expect(ledger.reserve(bytes: 1) == false)
        #expect(ledger.requestEnded(bytes: 60) == [])
        #expect(ledger.requestCame(at: Self.at(0)) == .work)
        ledger.release(bytes: 40)
        #expect(ledger.bodyBytes == 0)
    }

    @Test func `a drain lingers, refuses, stops the rest, and ends with the last connection`() {
        var ledger = Self.ledger()
        #expect(ledger.connectionCame(at: Self.at(0)) == .serve)
        #expect(ledger.requestCame(at: Self.at(0)) == .work)
        #expect(ledger.drain(at: Self.at(0), deadline: .seconds(100)) == .setAlarm)
        #expect(ledger.drain(at: Self.at(5), deadline: .seconds(1)) == [])
        #expect(ledger.connectionCame(at: Self.at(0)) == .serve)
        #expect(ledger.alarmRang(at: Self.at(10)) == .emptyListener)
        #expect(ledger.alarmRang(at: Self.at(10)) == [])
        #expect(ledger.requestCame(at: Self.at(0)) == .refuse(.overloaded))
        #expect(ledger.listenerClosed() == .setAlarm)
        #expect(ledger.alarmRang(at: Self.at(10)) == .endLinger)
        #expect(ledger.requestCame(at: Self.at(0)) == .refuse(.leaving))
        #expect(ledger.requestEnded(bytes: 0) == .stopConnections)
        #expect(ledger.connectionCame(at: Self.at(0)) == .drop)
        #expect(ledger.connectionEnded(wasServed: true) == [])
        #expect(ledger.connectionEnded(wasServed: true) == [.wakeDrainers, .wakeRunners])
        #expect(ledger.phase == .stopped)
        #expect(ledger.abort() == [])
        #expect(!ledger.wasCut)
    }

    @Test func `the linger is counted from the last arrival, at the listener's end as before`() {
        var ledger = Self.ledger()
        #expect(ledger.drain(at: Self.at(1), deadline: .seconds(100)) == .setAlarm)
        #expect(ledger.lingerEnd == Self.at(11))
        #expect(ledger.connectionCame(at: Self.at(4)) == .serve)
        #expect(ledger.alarmRang(at: Self.at(11)) == .setAlarm)
        #expect(ledger.lingerEnd == Self.at(14))
        #expect(ledger.requestCame(at: Self.at(7)) == .work)
        #expect(ledger.alarmRang(at: Self.at(14)) == .setAlarm)
        #expect(ledger.alarmRang(at: Self.at(17)) == .emptyListener)
        #expect(ledger.connectionCame(at: Self.at(18)) == .serve)
        #expect(ledger.listenerClosed() == .setAlarm)
        #expect(ledger.alarmRang(at: Self.at(18)) == .setAlarm)
        #expect(ledger.lingerEnd == Self.at(28))
        #expect(ledger.alarmRang(at: Self.at(28)) == .endLinger)
    }

    @Test func `those who never stop coming make the linger last for half of the deadline`() {
        var ledger = Self.ledger()
        #expect(ledger.drain(at: Self.at(0), deadline: .seconds(30)) == .setAlarm)
        #expect(ledger.connectionCame(at: Self.at(14)) == .serve)
        #expect(ledger.alarmRang(at: Self.at(14)) == .setAlarm)
        #expect(ledger.alarmRang(at: Self.at(15)) == .emptyListener)
        #expect(ledger.connectionCame(at: Self.at(16)) == .serve)
        #expect(ledger.listenerClosed() == .setAlarm)
        #expect(ledger.alarmRang(at: Self.at(16)) == [.endLinger, .stopConnections])
    }

    @Test func `the drain does not wait for a handler that was given up, but the run does`() {
        var ledger = Self.ledger()
        #expect(ledger.connectionCame(at: Self.at(0)) == .serve)
        #expect(ledger.requestCame(at: Self.at(0)) == .work)
        #expect(ledger.drain(at: Self.at(0), deadline: .seconds(100)) == .setAlarm)
        #expect(ledger.abort() == [.closeListener, .cutConnections])
        #expect(ledger.alarmRang(at: Self.at(10)) == [])
        #expect(ledger.connectionEnded(wasServed: true) == [])
        #expect(ledger.listenerClosed() == .wakeDrainers)
        #expect(ledger.requestEnded(bytes: 0) == .wakeRunners)
    }

    @Test func `a server that never ran drains at once, and does not run afterwards`() {
        var ledger = Self.ledger(running: false)
        #expect(ledger.drain(at: Self.at(0), deadline: .seconds(100)) == [.closeListener, .endLinger, .stopConnections])
        #expect(ledger.run() == [])
        #expect(ledger.listenerClosed() == [.wakeDrainers, .wakeRunners])
    }

    @Test func `losing the listener ends a server, and says so`() {
        var ledger = Self.ledger()
        #expect(ledger.listenerClosed() == [.closeListener, .cutConnections, .wakeDrainers, .wakeRunners])
        #expect(ledger.lostListener)
    }
}
