import Testing

@testable import HTTPServing

struct ServerLedgerTests {
    private static func ledger(running: Bool = true) -> ServerLedger {
        var ledger = ServerLedger(HTTPServerConfiguration(maximumConnections: 2, maximumConcurrentRequests: 1, maximumBodyMemory: 100))
        if running { #expect(ledger.run() == .accept) }
        return ledger
    }

    @Test func `limits admit so many and refuse the next`() {
        var ledger = Self.ledger()
        #expect(ledger.connectionCame() == .serve)
        #expect(ledger.connectionCame() == .serve)
        for _ in 0..<64 { #expect(ledger.connectionCame() == .refuse) }
        #expect(ledger.connectionCame() == .drop)
        #expect(ledger.connectionEnded(wasServed: true) == [])
        #expect(ledger.connectionCame() == .serve)
        #expect(ledger.requestCame() == .work)
        #expect(ledger.requestCame() == .refuse(.overloaded))
        #expect(ledger.reserve(bytes: 100) == true)
        #expect(ledger.reserve(bytes: 1) == false)
        #expect(ledger.requestEnded(bytes: 60) == [])
        #expect(ledger.requestCame() == .work)
        ledger.release(bytes: 40)
        #expect(ledger.bodyBytes == 0)
    }

    @Test func `a drain lingers, refuses, stops the rest, and ends with the last connection`() {
        var ledger = Self.ledger()
        #expect(ledger.connectionCame() == .serve)
        #expect(ledger.requestCame() == .work)
        #expect(ledger.drain() == .startLinger)
        #expect(ledger.drain() == [])
        #expect(ledger.connectionCame() == .serve)
        #expect(ledger.lingerEnded() == [.closeListener, .endLinger])
        #expect(ledger.requestCame() == .refuse(.leaving))
        #expect(ledger.listenerClosed() == [])
        #expect(ledger.requestEnded(bytes: 0) == .stopConnections)
        #expect(ledger.connectionCame() == .drop)
        #expect(ledger.connectionEnded(wasServed: true) == [])
        #expect(ledger.connectionEnded(wasServed: true) == [.wakeDrainers, .wakeRunners])
        #expect(ledger.phase == .stopped)
        #expect(ledger.abort() == [])
        #expect(!ledger.wasCut)
    }

    @Test func `the drain does not wait for a handler that was given up, but the run does`() {
        var ledger = Self.ledger()
        #expect(ledger.connectionCame() == .serve)
        #expect(ledger.requestCame() == .work)
        #expect(ledger.drain() == .startLinger)
        #expect(ledger.abort() == [.closeListener, .cutConnections])
        #expect(ledger.lingerEnded() == [])
        #expect(ledger.connectionEnded(wasServed: true) == [])
        #expect(ledger.listenerClosed() == .wakeDrainers)
        #expect(ledger.requestEnded(bytes: 0) == .wakeRunners)
    }

    @Test func `a server that never ran drains at once, and does not run afterwards`() {
        var ledger = Self.ledger(running: false)
        #expect(ledger.drain() == [.closeListener, .endLinger, .stopConnections])
        #expect(ledger.run() == [])
        #expect(ledger.listenerClosed() == [.wakeDrainers, .wakeRunners])
    }

    @Test func `losing the listener ends a server, and says so`() {
        var ledger = Self.ledger()
        #expect(ledger.listenerClosed() == [.closeListener, .cutConnections, .wakeDrainers, .wakeRunners])
        #expect(ledger.lostListener)
    }
}
