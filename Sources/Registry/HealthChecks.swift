package import Store

/// Which instances are to be asked over the network how they are, when, and what their answers come to: as Route 53's health checks, which
/// Cloud Map makes for a service with a HealthCheckConfig. Kept in the memory of the one process that serves a home.
///
/// An instance is well until as many answers in a row as its service's threshold say otherwise, and ill until as many say that it is well.
/// Only such a turn is written: what others say of an instance stands until its next. (Amazon Route 53 Developer Guide, "How Amazon
/// Route 53 determines whether a health check is healthy".)
package struct HealthChecks: Sendable {
    /// What is asked, and of whom.
    package struct Question: Sendable, Hashable {
        package let serviceID: String
        package let instanceID: String
        package let incarnation: Int64
        package let check: Registry.HealthCheck
        /// An IP address, of either kind.
        package let host: String
        package let port: Int

        package init(serviceID: String, instanceID: String, incarnation: Int64, check: Registry.HealthCheck, host: String, port: Int) {
            self.serviceID = serviceID
            self.instanceID = instanceID
            self.incarnation = incarnation
            self.check = check
            self.host = host
            self.port = port
        }

        var key: InstanceKey { InstanceKey(serviceID: serviceID, instanceID: instanceID) }

        /// `nil` for what is not checked: an alias of something that AWS watches itself, and what says no address and port. Of two
        /// addresses the one of IPv4 is asked.
        init?(_ instance: Registry.Instance, of serviceID: String, _ check: Registry.HealthCheck) {
            let attributes = instance.attributes
            guard attributes[Rules.alias] == nil, let port = attributes[Rules.port].flatMap({ UInt16($0) }),
                let host = attributes[Rules.ipv4] ?? attributes[Rules.ipv6]
            else { return nil }
            self.init(
                serviceID: serviceID, instanceID: instance.id, incarnation: instance.incarnation, check: check, host: host, port: Int(port))
        }
    }

    private struct Entry {
        let question: Question
        var isWell: Bool
        /// Answers in a row that say the opposite.
        var contradictions = 0
        var due: HomeTime
        var isAsked = false
        /// The number of the last turn, once it is settled; `Int.max` until then.
        var settled = 0
    }

    /// From one question to the next.
    package let interval: Duration
    private var entries: [InstanceKey: Entry] = [:]
    private var times = DueTimes<InstanceKey>()
    /// How many turns were settled.
    package private(set) var turns = 0

    package init(interval: Duration) { self.interval = interval }

    package var count: Int { entries.count }

    /// Takes these for all that are to be asked. One that is known already keeps its turn; a new one is due at once.
    ///
    /// An instance that was ill here, and was found well, was made so by others, and is well until it turns again. The other way round it
    /// stays as they say: who reported it ill may know more than its port.
    ///
    /// - Parameters:
    ///   - questions: with each, whether its instance was found well.
    ///   - turns: ``turns`` before they were read: a turn that was settled meanwhile may be missing in what was found.
    ///   - isSpread: whether new ones are asked one after the other until an interval has passed, and not all at once.
    package mutating func replace(
        with questions: [(question: Question, isWell: Bool)], asOf turns: Int, at now: HomeTime, isSpread: Bool = false
    ) {
        var next: [InstanceKey: Entry] = [:]
        for (index, (question, isWell)) in questions.enumerated() {
            let key = question.key
            if var entry = entries[key], entry.question == question {
                if isWell, !entry.isWell, entry.settled <= turns { (entry.isWell, entry.contradictions) = (true, 0) }
                next[key] = entry
            } else {
                next[key] = Entry(question: question, isWell: isWell, due: isSpread ? now + interval * index / questions.count : now)
            }
        }
        entries = next
        times = DueTimes(entries.compactMap { key, entry in entry.isAsked ? nil : (entry.due, key) })
    }

    /// Whom to ask now. Nobody is asked again before ``answered(_:isWell:)``.
    package mutating func due(at now: HomeTime, limit: Int) -> [Question] {
        var due: [Question] = []
        while due.count < limit, let next = times.first, next.time <= now {
            times.removeFirst()
            guard let entry = entries[next.key] else { continue }
            entries[next.key]?.isAsked = true
            entries[next.key]?.due = now + interval
            due.append(entry.question)
        }
        return due
    }

    /// Notes an answer, or that none came in time.
    ///
    /// - Returns: the health to write where that has turned; it is to be ``settled(_:isWritten:)``, and does not turn again before.
    package mutating func answered(_ question: Question, isWell: Bool) -> Registry.Health? {
        let key = question.key
        guard var entry = entries[key], entry.question == question, entry.isAsked else { return nil }
        entry.isAsked = false
        times.insert(entry.due, key)
        entry.contradictions = entry.isWell == isWell ? 0 : entry.contradictions + 1
        let turns = entry.contradictions >= question.check.threshold && entry.settled != .max
        if turns { (entry.isWell, entry.contradictions, entry.settled) = (isWell, 0, .max) }
        entries[key] = entry
        return turns ? (isWell ? .healthy : .unhealthy) : nil
    }

    /// A turn was written; or it could not be, and the next answer that says the same is one again.
    package mutating func settled(_ question: Question, isWritten: Bool) {
        turns += 1
        let key = question.key
        guard var entry = entries[key], entry.question == question, entry.settled == .max else { return }
        entry.settled = turns
        if !isWritten { (entry.isWell, entry.contradictions) = (!entry.isWell, question.check.threshold - 1) }
        entries[key] = entry
    }

    /// When somebody is due next.
    package var nextDue: HomeTime? { times.first?.time }
}
