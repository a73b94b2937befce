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
        #expect(beats.settle(at: .at(9.999)).isEmpty)
        #expect(beats.settle(at: .at(10)) == [.unhealthy(one)])
        #expect(beats.settle(at: .at(10)).isEmpty && beats.nextDue == .at(20))
        #expect(beats.settle(at: .at(20)) == [.remove(one)])
        #expect(beats.count == 0 && beats.nextDue == nil)
        #expect(beats.renewed(serviceID: "srv", instanceID: "one", at: .at(21)) == .unknown)
    }

    @Test func `a renewal begins the term anew, and revives one that was overdue`() {
        var beats = Heartbeats()
        let one = heartbeat("one")
        beats.registered(one, at: .at(0))
        #expect(beats.renewed(serviceID: "srv", instanceID: "one", at: .at(9)) == .renewed)
        #expect(beats.renewed(serviceID: "srv", instanceID: "two", at: .at(9)) == .unknown)
        #expect(beats.settle(at: .at(18)).isEmpty)
        #expect(beats.settle(at: .at(19)) == [.unhealthy(one)])
        #expect(beats.renewed(serviceID: "srv", instanceID: "one", at: .at(25)) == .revived(.healthy(one)))
        // Until that is done, each that is heard revives it.
        #expect(beats.renewed(serviceID: "srv", instanceID: "one", at: .at(25)) == .revived(.healthy(one)))
        #expect(beats.begin(.healthy(one), at: .at(25)) == true)
        beats.applied(.healthy(one), .written)
        #expect(beats.begin(.healthy(one), at: .at(25)) == false)
        #expect(beats.renewed(serviceID: "srv", instanceID: "one", at: .at(25)) == .renewed)
        #expect(beats.settle(at: .at(34.999)).isEmpty)
        #expect(beats.settle(at: .at(35)) == [.unhealthy(one)])
        // Heard of too late for anything else.
        #expect(beats.settle(at: .at(500)) == [.remove(one)])
    }

    @Test func `registering again is a renewal, with the term and the incarnation of the new one; an older one is ignored`() {
        var beats = Heartbeats()
        beats.registered(heartbeat("one", 100), at: .at(0))
        let second = heartbeat("one", 5, incarnation: 2)
        beats.registered(second, at: .at(1))
        beats.registered(heartbeat("one", 100), at: .at(2))
        #expect(beats.count == 1 && beats.nextDue == .at(6))
        #expect(beats.settle(at: .at(6)) == [.unhealthy(second)])
        let third = heartbeat("one", 50, incarnation: 3)
        beats.registered(third, at: .at(7))
        #expect(beats.settle(at: .at(56)).isEmpty)
        #expect(beats.settle(at: .at(57)) == [.unhealthy(third)])
        beats.keep(only: [heartbeat("one", 50, incarnation: 2)])
        #expect(beats.settle(at: .at(1_000)).isEmpty && beats.count == 0)
    }

    @Test func `what a renewal overtook before its turn is dropped, in its turn is made good, and what failed is due again`() {
        var beats = Heartbeats()
        let one = heartbeat("one")
        func renew(_ at: Double) -> Heartbeats.Renewal { beats.renewed(serviceID: "srv", instanceID: "one", at: .at(at)) }
        beats.registered(one, at: .at(0))
        #expect(beats.due(at: .at(10)) == [.unhealthy(one)])
        #expect(beats.due(at: .at(11)).isEmpty)
        beats.failed([.unhealthy(one)])
        #expect(beats.due(at: .at(11)) == [.unhealthy(one)])
        #expect(renew(12) == .renewed)
        #expect(beats.begin(.unhealthy(one), at: .at(12)) == false)
        beats.applied(.unhealthy(one), .dropped)
        #expect(beats.nextDue == .at(22))

        // Heard while it is being written: it is revived after that.
        #expect(beats.due(at: .at(22)) == [.unhealthy(one)])
        #expect(beats.begin(.unhealthy(one), at: .at(22)) == true)
        #expect(renew(22) == .revived(.healthy(one)))
        #expect(beats.begin(.healthy(one), at: .at(22)) == true)
        beats.applied(.healthy(one), .written)
        beats.applied(.unhealthy(one), .written)
        #expect(renew(23) == .renewed)

        // Nobody knows whether that was written: it is revived in any case.
        #expect(beats.due(at: .at(33)) == [.unhealthy(one)])
        #expect(beats.begin(.unhealthy(one), at: .at(33)) == true)
        beats.failed([.unhealthy(one)])
        #expect(renew(34) == .revived(.healthy(one)))
        beats.failed([.healthy(one)])
        #expect(renew(35) == .revived(.healthy(one)))

        #expect(beats.due(at: .at(55)) == [.remove(one)])
        #expect(renew(56) == .revived(.healthy(one)))
        #expect(beats.begin(.remove(one), at: .at(56)) == false)
        beats.applied(.remove(one), .dropped)
        #expect(beats.due(at: .at(76)) == [.remove(one)])
        #expect(beats.begin(.remove(one), at: .at(76)) == true)
        // It is leaving: not even a renewal keeps it, unless that fails.
        #expect(renew(77) == .unknown)
        beats.failed([.remove(one)])
        #expect(renew(78) == .revived(.healthy(one)) && beats.count == 1)
        #expect(beats.settle(at: .at(98)) == [.remove(one)] && beats.count == 0)
    }

    @Test func `only what was made unhealthy here is revived, also by a process that found it so`() {
        var beats = Heartbeats()
        let (one, two) = (heartbeat("one"), heartbeat("two"))
        beats.registered(one, at: .at(0))
        #expect(beats.due(at: .at(10)) == [.unhealthy(one)])
        #expect(beats.begin(.unhealthy(one), at: .at(10)) == true)
        // Others had said so.
        beats.applied(.unhealthy(one), .kept)
        #expect(beats.renewed(serviceID: "srv", instanceID: "one", at: .at(11)) == .renewed)
        #expect(beats.nextDue.map { $0 <= .at(21) } == true)
        #expect(beats.settle(at: .at(21)) == [.unhealthy(one)])
        beats.applied(.unhealthy(one), .gone)
        #expect(beats.count == 0)

        beats.registered(two, isUnhealthy: true, at: .at(30))
        #expect(beats.renewed(serviceID: "srv", instanceID: "two", incarnation: 2, at: .at(31)) == .unknown)
        #expect(beats.renewed(serviceID: "srv", instanceID: "two", incarnation: 1, at: .at(31)) == .revived(.healthy(two)))
        #expect(beats.begin(.healthy(two), at: .at(31)) == true)
        beats.applied(.healthy(two), .written)
        #expect(beats.settle(at: .at(40)).isEmpty && beats.settle(at: .at(41)) == [.unhealthy(two)])
    }

    @Test func `times to look are no more than a few for each, whatever comes and goes`() {
        var beats = Heartbeats()
        for number in 0..<10_000 {
            beats.registered(heartbeat("i\(number % 100)", 86_400 - number, incarnation: Int64(number)), at: .at(0))
            #expect(beats.lookCount <= 2 * beats.count + 64)
        }
        beats.keep(only: [heartbeat("i99", 86_400 - 9_999, incarnation: 9_999)])
        #expect(beats.count == 1 && beats.lookCount == 1 && beats.nextDue == .at(86_400 - 9_999))
    }

    /// What is done late, or not at all, is done as soon as it can be.
    private struct Model {
        var heard: [String: (at: Int, beat: Registry.Heartbeat, isOverdue: Bool)] = [:]

        func due(at now: Int) -> Set<Heartbeats.Action> {
            var actions: Set<Heartbeats.Action> = []
            for entry in heard.values {
                let term = Int(entry.beat.term.components.seconds)
                if now >= entry.at + 2 * term {
                    actions.insert(.remove(entry.beat))
                } else if now >= entry.at + term, !entry.isOverdue {
                    actions.insert(.unhealthy(entry.beat))
                }
            }
            return actions
        }

        mutating func did(_ action: Heartbeats.Action) {
            let id = action.heartbeat.instanceID
            if case .remove = action { heard[id] = nil } else { heard[id]?.isOverdue = true }
        }
    }

    @Test func `whatever comes, what its model does is done, and never later than it said`() async {
        for await round in Rounds.each() {
            var random = SplitMix(round: round)
            var beats = Heartbeats()
            var model = Model()
            var now = 0
            var incarnation: Int64 = 0
            for _ in 0..<500 {
                now += Int.random(in: 0...4, using: &random)
                let time = HomeTime.at(Double(now))
                let id = "i\(Int.random(in: 0..<8, using: &random))"
                switch Int.random(in: 0..<10, using: &random) {
                case 0...1:
                    incarnation += 1
                    let beat = heartbeat(id, .random(in: 1...30, using: &random), incarnation: incarnation)
                    beats.registered(beat, at: time)
                    model.heard[id] = (now, beat, false)
                case 2...6:
                    let expected: Heartbeats.Renewal =
                        model.heard[id].map { $0.isOverdue ? .revived(.healthy($0.beat)) : .renewed } ?? .unknown
                    let renewal = beats.renewed(serviceID: "srv", instanceID: id, at: time)
                    #expect(renewal == expected, "\(Rounds.note)")
                    model.heard[id]?.at = now
                    // Not each that is heard says that it is well.
                    if case .revived(let action) = renewal, Bool.random(using: &random) {
                        #expect(beats.begin(action, at: time) == true, "\(Rounds.note)")
                        beats.applied(action, .kept)
                        model.heard[id]?.isOverdue = false
                    }
                case 7:
                    model.heard[id] = nil
                    beats.keep(only: Set(model.heard.values.map(\.beat)))
                default:
                    let next = beats.nextDue
                    let expected = model.due(at: now)
                    let actions = beats.due(at: time)
                    #expect(Set(actions) == expected && actions.count == expected.count, "\(Rounds.note)")
                    if !expected.isEmpty { #expect(next.map { $0 <= time } == true, "\(Rounds.note)") }
                    #expect(beats.nextDue.map { $0 > time } ?? true, "\(Rounds.note)")
                    for action in actions {
                        // The commit fails, or what is due is overtaken, or neither.
                        switch Int.random(in: 0..<4, using: &random) {
                        case 0: beats.failed([action])
                        case 1:
                            let heartbeat = action.heartbeat
                            _ = beats.renewed(serviceID: "srv", instanceID: heartbeat.instanceID, at: time)
                            model.heard[heartbeat.instanceID]?.at = now
                            #expect(beats.begin(action, at: time) == false, "\(Rounds.note)")
                            beats.applied(action, .dropped)
                        default:
                            #expect(beats.begin(action, at: time) == true, "\(Rounds.note)")
                            beats.applied(action, .written)
                            model.did(action)
                        }
                    }
                }
                #expect(beats.count == model.heard.count && beats.lookCount <= 2 * beats.count + 64, "\(Rounds.note)")
            }
        }
    }
}

extension Heartbeats {
    /// Does what is due, as one who is never interrupted.
    fileprivate mutating func settle(at now: HomeTime) -> [Action] {
        let actions = due(at: now)
        for action in actions {
            #expect(begin(action, at: now) == true)
            applied(action, .written)
        }
        return actions
    }
}
