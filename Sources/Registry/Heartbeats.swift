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

        /// The attribute that asks for it: seconds. In a home that no daemon serves nobody listens, and the instance stays.
        package static let attribute = "DISCOVERY_LEASE_SECONDS"
        package static let seconds = 1...86_400
    }
}

/// When heartbeats were last heard, and which are overdue. Kept in the memory of the one process that serves a home: a renewal costs a look
/// into a dictionary, and no commit. Nothing of it survives that process, so whoever loads them gives each a fresh term.
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

    package enum Renewal: Sendable, Hashable {
        /// None of that name: it has no heartbeat, or is gone.
        case unknown
        case renewed
        /// It had turned unhealthy: do this.
        case revived(Action)
    }

    private struct Key: Hashable {
        let serviceID: String
        let instanceID: String

        init(_ serviceID: String, _ instanceID: String) {
            self.serviceID = serviceID
            self.instanceID = instanceID
        }
    }

    private struct Entry {
        var heartbeat: Registry.Heartbeat
        var heard: HomeTime
        var isOverdue = false
        /// When it is looked at again. A renewal leaves it alone.
        var look: HomeTime

        var deadline: HomeTime { heard + (isOverdue ? heartbeat.term * 2 : heartbeat.term) }
    }

    private var entries: [Key: Entry] = [:]
    private var looks = Looks()

    package init() {}

    package var count: Int { entries.count }

    /// Begins the term of a registration, in the place of one of the same name. An older one than is known is ignored.
    package mutating func registered(_ heartbeat: Registry.Heartbeat, at now: HomeTime) {
        let key = Key(heartbeat.serviceID, heartbeat.instanceID)
        let old = entries[key]
        if let old, old.heartbeat.incarnation > heartbeat.incarnation { return }
        var entry = Entry(heartbeat: heartbeat, heard: now, look: now + heartbeat.term)
        if let old, old.look <= entry.look { entry.look = old.look } else { looks.insert(entry.look, key) }
        entries[key] = entry
    }

    /// Begins its term anew.
    package mutating func renewed(serviceID: String, instanceID: String, at now: HomeTime) -> Renewal {
        let key = Key(serviceID, instanceID)
        guard let index = entries.index(forKey: key) else { return .unknown }
        entries.values[index].heard = max(now, entries.values[index].heard)
        guard entries.values[index].isOverdue else { return .renewed }
        entries.values[index].isOverdue = false
        // Soon enough for the new term: what was overdue is looked at within the old one.
        return .revived(.healthy(entries.values[index].heartbeat))
    }

    /// Forgets one that was deregistered.
    package mutating func removed(serviceID: String, instanceID: String) { entries[Key(serviceID, instanceID)] = nil }

    /// What is to be done about those that are overdue by now. Each is said once.
    package mutating func due(at now: HomeTime) -> [Action] {
        var actions: [Action] = []
        while let next = looks.first, next.time <= now {
            looks.removeFirst()
            // One that was removed, or is looked at earlier.
            guard var entry = entries[next.key], entry.look == next.time else { continue }
            if entry.heard + entry.heartbeat.term * 2 <= now {
                actions.append(.remove(entry.heartbeat))
                entries[next.key] = nil
                continue
            }
            if !entry.isOverdue, entry.deadline <= now {
                entry.isOverdue = true
                actions.append(.unhealthy(entry.heartbeat))
            }
            entry.look = entry.deadline
            looks.insert(entry.look, next.key)
            entries[next.key] = entry
        }
        return actions
    }

    /// When to ask again; it may turn out that nothing is due then.
    package var nextDue: HomeTime? { looks.first?.time }

    /// A heap, earliest first.
    private struct Looks {
        private var nodes: [(time: HomeTime, key: Key)] = []

        var first: (time: HomeTime, key: Key)? { nodes.first }

        mutating func insert(_ time: HomeTime, _ key: Key) {
            nodes.append((time, key))
            var child = nodes.count - 1
            while child > 0, nodes[child].time < nodes[(child - 1) / 2].time {
                nodes.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
        }

        mutating func removeFirst() {
            nodes.swapAt(0, nodes.count - 1)
            nodes.removeLast()
            var parent = 0
            while true {
                let left = 2 * parent + 1
                var least = parent
                for child in [left, left + 1] where child < nodes.count && nodes[child].time < nodes[least].time { least = child }
                if least == parent { return }
                nodes.swapAt(parent, least)
                parent = least
            }
        }
    }
}
