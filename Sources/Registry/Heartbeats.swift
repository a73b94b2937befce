package import Store

extension Registry {
    /// A registration that lives only while it is renewed.
    package struct Heartbeat: Sendable, Hashable {
        package let serviceID: String
        package let instanceID: String
        package let incarnation: Int64
        /// Until it is unhealthy; twice as long until it is removed.
        package let term: Duration

        package init(serviceID: String, instanceID: String, incarnation: Int64, term: Duration) {
            self.serviceID = serviceID
            self.instanceID = instanceID
            self.incarnation = incarnation
            self.term = term
        }

        var key: InstanceKey { InstanceKey(serviceID: serviceID, instanceID: instanceID) }

        /// The attribute that asks for it: seconds. In a home that no daemon serves nobody listens, and the instance stays.
        package static let attribute = "DISCOVERY_LEASE_SECONDS"
        package static let seconds = 1...86_400
    }
}

/// When heartbeats were last heard, and which are overdue. Kept in the memory of the one process that serves a home: a renewal costs a look
/// into a dictionary, and no commit. Nothing of it survives that process, so whoever loads them gives each a fresh term.
///
/// What is due is done in transactions that others share, and may fail: so an action is begun in its transaction, where it is left if it was
/// overtaken by a renewal, and counts when it was committed. Until then its heartbeat is known.
package struct Heartbeats: Sendable {
    package enum Action: Sendable, Hashable {
        case unhealthy(Registry.Heartbeat)
        /// One that was overdue was heard again.
        case healthy(Registry.Heartbeat)
        case remove(Registry.Heartbeat)

        package var heartbeat: Registry.Heartbeat {
            switch self {
            case .unhealthy(let heartbeat), .healthy(let heartbeat), .remove(let heartbeat): heartbeat
            }
        }
    }

    /// What became of an action.
    package enum Outcome: Sendable, Hashable {
        /// It was overtaken, and left.
        case dropped
        /// That registration is not there any more.
        case gone
        /// There was nothing to write: its health is so already, or its service has none.
        case kept
        case written
    }

    package enum Renewal: Sendable, Hashable {
        /// None that is here to stay: it has no heartbeat, or is not known yet, or is being removed, or gone. The table knows.
        case unknown
        case renewed
        /// It had turned unhealthy: if it says that it is well, do this.
        case revived(Action)
    }

    private enum Stage {
        case well
        /// It may be written that it is unhealthy.
        case turning
        case overdue
    }

    private struct Entry {
        let heartbeat: Registry.Heartbeat
        var heard: HomeTime
        var stage = Stage.well
        /// Whether it was made unhealthy here, and not said to be by others before.
        var isOurs = false
        var isLeaving = false
        /// When it is looked at again; never while an action is owed. A renewal leaves it alone.
        var look: HomeTime?

        var end: HomeTime { heard + heartbeat.term * 2 }
        var deadline: HomeTime { stage == .overdue ? end : heard + heartbeat.term }
    }

    private var entries: [InstanceKey: Entry] = [:]
    private var looks = DueTimes<InstanceKey>()

    package init() {}

    package var count: Int { entries.count }
    /// How many times to look are held: not many more than there are heartbeats.
    package var lookCount: Int { looks.count }

    /// Begins the term of a registration, in the place of one of the same name. An older one than is known is ignored.
    ///
    /// - Parameter isUnhealthy: it was found unhealthy by a process that cannot know whether the one before it had made it so.
    package mutating func registered(_ heartbeat: Registry.Heartbeat, isUnhealthy: Bool = false, at now: HomeTime) {
        let key = heartbeat.key
        let old = entries[key]
        if let old, old.heartbeat.incarnation > heartbeat.incarnation { return }
        entries[key] = Entry(heartbeat: heartbeat, heard: now, stage: isUnhealthy ? .overdue : .well, isOurs: isUnhealthy, look: old?.look)
        look(at: key)
    }

    /// Begins its term anew.
    ///
    /// - Parameter incarnation: only that registration is meant.
    package mutating func renewed(serviceID: String, instanceID: String, incarnation: Int64? = nil, at now: HomeTime) -> Renewal {
        let key = InstanceKey(serviceID: serviceID, instanceID: instanceID)
        guard let index = entries.index(forKey: key) else { return .unknown }
        let heartbeat = entries.values[index].heartbeat
        guard incarnation == nil || incarnation == heartbeat.incarnation else { return .unknown }
        entries.values[index].heard = max(now, entries.values[index].heard)
        if entries.values[index].isLeaving { return .unknown }
        switch entries.values[index].stage {
        case .well: return .renewed
        case .overdue where !entries.values[index].isOurs:
            entries.values[index].stage = .well
            look(at: key)
            return .renewed
        case .turning, .overdue: return .revived(.healthy(heartbeat))
        }
    }

    /// Forgets all but these.
    package mutating func keep(only known: Set<Registry.Heartbeat>) {
        entries = entries.filter { known.contains($0.value.heartbeat) }
        looks = DueTimes(entries.compactMap { key, entry in entry.look.map { ($0, key) } })
    }

    /// What is to be done about those that are overdue by now. Each is owed then: said again only after it has ``failed(_:)``.
    package mutating func due(at now: HomeTime) -> [Action] {
        var actions: [Action] = []
        while let next = looks.first, next.time <= now {
            looks.removeFirst()
            // One that is gone, or is looked at earlier.
            guard let entry = entries[next.key], entry.look == next.time else { continue }
            entries[next.key]?.look = nil
            if entry.deadline > now {
                look(at: next.key)
            } else {
                actions.append(entry.end <= now ? .remove(entry.heartbeat) : .unhealthy(entry.heartbeat))
            }
        }
        return actions
    }

    /// Asked in the transaction that does it.
    ///
    /// - Returns: whether it is still wanted.
    package mutating func begin(_ action: Action, at now: HomeTime) -> Bool {
        let key = action.heartbeat.key
        guard let entry = entries[key], entry.heartbeat == action.heartbeat else { return false }
        switch action {
        case .healthy: return entry.stage != .well
        case .unhealthy:
            guard entry.stage != .overdue, entry.deadline <= now else { return false }
            entries[key]?.stage = .turning
        case .remove:
            guard entry.end <= now else { return false }
            entries[key]?.isLeaving = true
        }
        return true
    }

    /// It was committed, or dropped.
    package mutating func applied(_ action: Action, _ outcome: Outcome) {
        let key = action.heartbeat.key
        guard var entry = entries[key], entry.heartbeat == action.heartbeat else { return }
        switch (action, outcome) {
        case (_, .gone), (.remove, .kept), (.remove, .written):
            entries[key] = nil
            return
        case (.unhealthy, .kept), (.unhealthy, .written):
            // A renewal may have made it well already.
            if entry.stage == .turning { (entry.stage, entry.isOurs) = (.overdue, entry.isOurs || outcome == .written) }
        case (.healthy, .kept), (.healthy, .written): (entry.stage, entry.isOurs) = (.well, false)
        case (_, .dropped): break
        }
        entries[key] = entry
        look(at: key)
    }

    /// They were perhaps not committed: what is still wanted is due again.
    package mutating func failed(_ actions: [Action]) {
        for action in actions {
            let key = action.heartbeat.key
            guard let entry = entries[key], entry.heartbeat == action.heartbeat else { continue }
            entries[key]?.isLeaving = false
            if entry.stage == .turning { entries[key]?.isOurs = true }
            look(at: key)
        }
    }

    /// Sees to it that one is looked at by its deadline.
    private mutating func look(at key: InstanceKey) {
        guard let entry = entries[key], entry.look.map({ $0 > entry.deadline }) ?? true else { return }
        entries[key]?.look = entry.deadline
        looks.insert(entry.deadline, key)
        // Those of before are left behind, but not without end.
        guard looks.count > 2 * entries.count + 64 else { return }
        looks = DueTimes(entries.compactMap { key, entry in entry.look.map { ($0, key) } })
    }

    /// When to ask again; it may turn out that nothing is due then.
    package var nextDue: HomeTime? { looks.first?.time }
}
