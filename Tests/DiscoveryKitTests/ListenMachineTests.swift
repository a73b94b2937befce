@testable import DiscoveryKit
import Testing

@Suite struct ListenMachineTests {
    private let start = ContinuousClock.now

    private func machine(slots: Int = 2, prefetch: Int = 0, visibility: Duration = .seconds(30), mostBlocked: Int = 100) -> ListenMachine {
        ListenMachine(.init(prefetch: prefetch, mostBlocked: mostBlocked, visibility: visibility), slots: slots)
    }

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func `it receives as many as there is room for, once at a time`() {
        var machine = machine(slots: 3, prefetch: 2)
        #expect(machine.actions(at: start) == [.receive(maximum: 5)])
        #expect(machine.actions(at: start) == [])
        _ = machine.received([nil, nil, nil, nil], at: at(1))
        #expect(machine.actions(at: at(1)) == [.start(1), .start(2), .start(3), .receive(maximum: 1)])
        machine.settled(1, returns: false)
        machine.addSlots(1)
        #expect(machine.actions(at: at(1)) == [.start(4)])
    }

    @Test func `without room it receives nothing`() {
        var machine = machine(slots: 0)
        #expect(machine.actions(at: start) == [])
        #expect(machine.nextDeadline == nil)
        machine.addSlots(1)
        #expect(machine.actions(at: start) == [.receive(maximum: 1)])
    }

    @Test func `of each group one is started at a time, in order`() {
        var machine = machine(slots: 4)
        _ = machine.actions(at: start)
        _ = machine.received(["a", "a", "b", "a"], at: start)
        #expect(machine.actions(at: start).prefix(2) == [.start(1), .start(3)])
        machine.settled(1, returns: false)
        #expect(machine.actions(at: start).contains(.start(2)))
        machine.settled(3, returns: false)
        machine.settled(2, returns: false)
        #expect(machine.actions(at: start).contains(.start(4)))
    }

    @Test func `when one of a group comes again, those behind it are given back and not overtaken by`() {
        var machine = machine(slots: 4)
        _ = machine.actions(at: start)
        _ = machine.received(["a", "a", "b", "a"], at: start)
        _ = machine.actions(at: start)
        machine.settled(1, returns: true)
        #expect(machine.actions(at: start) == [.giveBack(2), .giveBack(4)])
        for ticket: ListenMachine.Ticket in [2, 4, 3] { machine.settled(ticket, returns: true) }
        _ = machine.received(["a"], at: start)
        machine.addSlots(4)
        #expect(machine.actions(at: start).first == .start(5), "the group is free again")
    }

    @Test func `messages behind others take no room from other groups, up to a bound`() {
        var machine = machine(slots: 3, mostBlocked: 4)
        _ = machine.actions(at: start)
        _ = machine.received(["a", "a", "a"], at: start)
        #expect(machine.actions(at: start) == [.start(1), .receive(maximum: 2)])
        _ = machine.received(["a", "a"], at: start)
        #expect(machine.actions(at: start) == [], "four wait behind the first")
    }

    @Test func `a lease is extended at half of it, for as long as the message is held`() {
        var machine = machine(slots: 1)
        _ = machine.actions(at: start)
        _ = machine.received([nil], at: start)
        _ = machine.actions(at: start)
        #expect(machine.nextDeadline == at(15))
        #expect(machine.actions(at: at(14.9)) == [])
        #expect(machine.actions(at: at(15)) == [.extend(1, to: .seconds(30))])
        #expect(machine.actions(at: at(16)) == [], "once")
        machine.extended(1, since: at(15))
        #expect(machine.nextDeadline == at(30))
        #expect(machine.actions(at: at(30)) == [.extend(1, to: .seconds(30))])
        machine.extended(1, since: at(30))
        machine.settled(1, returns: false)
        #expect(machine.actions(at: at(60)) == [])
    }

    @Test func `a message at hand is extended, too`() {
        var machine = machine(slots: 1, prefetch: 1)
        _ = machine.actions(at: start)
        _ = machine.received([nil, nil], at: start)
        _ = machine.actions(at: start)
        #expect(Set(machine.actions(at: at(15)).map { "\($0)" }).count == 2)
    }

    @Test func `no lease is extended beyond twelve hours`() {
        var machine = machine(slots: 1, visibility: .seconds(40_000))
        _ = machine.actions(at: start)
        _ = machine.received([nil], at: start)
        _ = machine.actions(at: start)
        #expect(machine.actions(at: at(20_000)) == [.extend(1, to: .seconds(23_200))])
        machine.extended(1, since: at(20_000))
        #expect(machine.actions(at: at(100_000)) == [])
    }

    @Test func `extending that fails is tried again while the lease lasts, and beyond`() {
        var machine = machine(slots: 1, visibility: .seconds(32))
        _ = machine.actions(at: start)
        _ = machine.received([nil], at: start)
        _ = machine.actions(at: start)
        #expect(machine.actions(at: at(16)) == [.extend(1, to: .seconds(32))])
        machine.extendFailed(1, isLost: false, at: at(16))
        #expect(machine.nextDeadline == at(24))
        _ = machine.actions(at: at(24))
        machine.extendFailed(1, isLost: false, at: at(40))
        #expect(machine.nextDeadline == at(44))
    }

    @Test func `a lost lease has those behind it given back, and a lost message at hand is not begun`() {
        var machine = machine(slots: 1, prefetch: 3)
        _ = machine.actions(at: start)
        _ = machine.received(["a", "a", "b", "b"], at: start)
        #expect(machine.actions(at: start).first == .start(1))
        machine.extendFailed(1, isLost: true, at: at(16))
        #expect(machine.actions(at: at(14)).contains(.giveBack(2)))
        machine.settled(2, returns: true)
        machine.extendFailed(3, isLost: true, at: at(16))
        #expect(machine.actions(at: at(14)).contains(.giveBack(4)))
        machine.settled(4, returns: true)
        machine.settled(1, returns: true)
        machine.addSlots(1)
        #expect(!machine.actions(at: at(14)).contains { if case .start = $0 { true } else { false } })
    }

    @Test func `after a failure it waits, longer each time, and at most ten seconds`() {
        var machine = machine(slots: 1)
        var generator = Highest()
        var now = start
        var waits: [Duration] = []
        for _ in 0..<9 {
            #expect(machine.actions(at: now) == [.receive(maximum: 1)])
            machine.receiveFailed(at: now, using: &generator)
            let due = machine.nextDeadline ?? now
            waits.append(now.duration(to: due))
            #expect(machine.actions(at: due - .milliseconds(1)) == [])
            now = due
        }
        #expect(waits.prefix(4) == [.milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800)])
        #expect(waits.last == .seconds(10))
        _ = machine.actions(at: now)
        _ = machine.received([], at: now + .seconds(20))
        #expect(machine.actions(at: now + .seconds(20)) == [.receive(maximum: 1)], "at once, after one that worked")
    }

    @Test func `a queue that answers at once that it has nothing is not asked without end`() {
        var machine = machine(slots: 1)
        _ = machine.actions(at: start)
        _ = machine.received([], at: start)
        #expect(machine.actions(at: start) == [])
        #expect(machine.nextDeadline == start + .milliseconds(100))
    }

    @Test func `stopped, it ends receiving, gives back what was not begun, and is over when nothing is held`() {
        var machine = machine(slots: 1, prefetch: 2)
        _ = machine.actions(at: start)
        _ = machine.received([nil, "a", "a"], at: start)
        #expect(machine.actions(at: start) == [.start(1), .receive(maximum: 1)])
        machine.settled(1, returns: false)
        machine.addSlots(1)
        #expect(machine.actions(at: start) == [.start(2)])
        machine.stop()
        #expect(machine.isReceiveEnding)
        #expect(machine.actions(at: start) == [.giveBack(3), .endReceive])
        #expect(machine.actions(at: start) == [])
        _ = machine.received([nil, "b"], at: start)
        #expect(machine.actions(at: start) == [.giveBack(4), .giveBack(5)], "what a receive in flight still brings")
        for ticket: ListenMachine.Ticket in 3...5 { machine.settled(ticket, returns: true) }
        #expect(!machine.isOver)
        #expect(machine.actions(at: at(15)) == [.extend(2, to: .seconds(30))], "what runs is still extended")
        machine.settled(2, returns: false)
        #expect(machine.isOver)
    }

    @Test func `what is dropped is given back, with those behind it`() {
        var machine = machine(slots: 2)
        _ = machine.actions(at: start)
        _ = machine.received(["a", "a"], at: start)
        _ = machine.actions(at: start)
        machine.drop(1)
        #expect(machine.actions(at: start) == [.giveBack(1)])
        machine.settled(1, returns: true)
        #expect(machine.actions(at: start) == [.giveBack(2)])
    }

    @Test func `a queue that moved is asked anew, and a receive in the old place ended`() {
        var machine = machine(slots: 1)
        let idle = machine.moved()
        #expect(!idle)
        _ = machine.actions(at: start)
        let (first, second) = (machine.moved(), machine.moved())
        #expect(first && !second, "once")
        _ = machine.received([], at: start)
        #expect(machine.actions(at: start) == [.receive(maximum: 1)])
    }

    /// What is random is as long as it can be.
    private struct Highest: RandomNumberGenerator {
        mutating func next() -> UInt64 { .max }
    }
}
