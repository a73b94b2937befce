import Registry
import Store
import Testing

/// Which heartbeats are overdue: a pure machine.
struct HeartbeatTests {
    private func heartbeat(_ id: String, _ seconds: Int = 10, incarnation: Int64 = 1) -> Registry.Heartbeat {
        Registry.Heartbeat(serviceID: "srv", instanceID: id, incarnation: incarnation, term: .seconds(seconds))
    }

    @Test func `one that is not renewed turns unhealthy after its term and is removed after twice that`() {
        var beats = Heartbeats()
        #expect(beats.nextDue == nil && beats.due(at: .at(1_000)).isEmpty)
        let one = heartbeat("one")
        beats.registered(one, at: .at(0))
        #expect(beats.nextDue == .at(10))
        #expect(beats.due(at: .at(9.999)).isEmpty)
        #expect(beats.due(at: .at(10)) == [.unhealthy(one)])
        #expect(beats.due(at: .at(10)).isEmpty && beats.nextDue == .at(20))
        #expect(beats.due(at: .at(20)) == [.remove(one)])
        #expect(beats.count == 0 && beats.nextDue == nil)
        #expect(beats.renewed(serviceID: "srv", instanceID: "one", at: .at(21)) == .unknown)
    }

    @Test func `a renewal begins the term anew, and revives one that was overdue`() {
        var beats = Heartbeats()
        let one = heartbeat("one")
        beats.registered(one, at: .at(0))
        #expect(beats.renewed(serviceID: "srv", instanceID: "one", at: .at(9)) == .renewed)
        #expect(beats.renewed(serviceID: "srv", instanceID: "two", at: .at(9)) == .unknown)
        #expect(beats.due(at: .at(18)).isEmpty)
        #expect(beats.due(at: .at(19)) == [.unhealthy(one)])
        #expect(beats.renewed(serviceID: "srv", instanceID: "one", at: .at(25)) == .revived(.healthy(one)))
        #expect(beats.renewed(serviceID: "srv", instanceID: "one", at: .at(25)) == .renewed)
        #expect(beats.due(at: .at(34.999)).isEmpty)
        #expect(beats.due(at: .at(35)) == [.unhealthy(one)])
        // Heard of too late for anything else.
        #expect(beats.due(at: .at(500)) == [.remove(one)])
    }

    @Test func `registering again is a renewal, with the term and the incarnation of the new one; an older one is ignored`() {
        var beats = Heartbeats()
        beats.registered(heartbeat("one", 100), at: .at(0))
        let second = heartbeat("one", 5, incarnation: 2)
        beats.registered(second, at: .at(1))
        beats.registered(heartbeat("one", 100), at: .at(2))
        #expect(beats.count == 1 && beats.nextDue == .at(6))
        #expect(beats.due(at: .at(6)) == [.unhealthy(second)])
        let third = heartbeat("one", 50, incarnation: 3)
        beats.registered(third, at: .at(7))
        #expect(beats.due(at: .at(56)).isEmpty)
        #expect(beats.due(at: .at(57)) == [.unhealthy(third)])
        beats.removed(serviceID: "srv", instanceID: "one")
        #expect(beats.due(at: .at(1_000)).isEmpty && beats.count == 0)
    }

    private struct Model {
        var heard: [String: (at: Int, beat: Registry.Heartbeat, isOverdue: Bool)] = [:]

        mutating func due(at now: Int) -> Set<Heartbeats.Action> {
            var actions: Set<Heartbeats.Action> = []
            for (id, entry) in heard {
                let term = Int(entry.beat.term.components.seconds)
                if now >= entry.at + 2 * term {
                    actions.insert(.remove(entry.beat))
                    heard[id] = nil
                } else if now >= entry.at + term, !entry.isOverdue {
                    actions.insert(.unhealthy(entry.beat))
                    heard[id]?.isOverdue = true
                }
            }
            return actions
        }
    }

    @Test func `whatever comes, what its model does is done, and never later than it said`() {
        for round in 0..<Rounds.count {
            var random = SplitMix(round: round)
            var beats = Heartbeats()
            var model = Model()
            var now = 0
            var incarnation: Int64 = 0
            for _ in 0..<500 {
                now += Int.random(in: 0...4, using: &random)
                let id = "i\(Int.random(in: 0..<8, using: &random))"
                switch Int.random(in: 0..<10, using: &random) {
                case 0...1:
                    incarnation += 1
                    let beat = heartbeat(id, .random(in: 1...30, using: &random), incarnation: incarnation)
                    beats.registered(beat, at: .at(Double(now)))
                    model.heard[id] = (now, beat, false)
                case 2...6:
                    let expected: Heartbeats.Renewal =
                        model.heard[id].map { $0.isOverdue ? .revived(.healthy($0.beat)) : .renewed } ?? .unknown
                    #expect(beats.renewed(serviceID: "srv", instanceID: id, at: .at(Double(now))) == expected, "\(Rounds.note)")
                    model.heard[id]?.at = now
                    model.heard[id]?.isOverdue = false
                case 7:
                    beats.removed(serviceID: "srv", instanceID: id)
                    model.heard[id] = nil
                default:
                    let next = beats.nextDue
                    let expected = model.due(at: now)
                    #expect(Set(beats.due(at: .at(Double(now)))) == expected, "\(Rounds.note)")
                    if !expected.isEmpty { #expect(next.map { $0 <= .at(Double(now)) } == true, "\(Rounds.note)") }
                    #expect(beats.nextDue.map { $0 > .at(Double(now)) } ?? true, "\(Rounds.note)")
                }
                #expect(beats.count == model.heard.count, "\(Rounds.note)")
            }
        }
    }
}
