package import Store

extension Registry {
    /// Rings when what is to be checked over the network may be something else.
    package static let checksBell = Bell(for: "\u{0}registry checks")

    /// All instances that are to be checked over the network, and whether each is taken for well now.
    package func healthQuestions() async throws -> [(question: HealthChecks.Question, isWell: Bool)] {
        let home = store.home
        return try await store.read { connection in
            var questions: [(question: HealthChecks.Question, isWell: Bool)] = []
            for (service, check) in try connection.checkedServices() {
                guard let instances = try connection.unlessDamaged({ try connection.instances(of: service.number) }) else { continue }
                for instance in instances where instance.lease.map(home.isAlive) ?? true {
                    guard let question = HealthChecks.Question(instance, of: service.id, check) else { continue }
                    questions.append((question, instance.health != .unhealthy))
                }
            }
            return questions
        }
    }

    /// Writes what a check came to: of exactly that registration, whose service is checked still.
    ///
    /// - Returns: whether that was news.
    @discardableResult
    package func setHealth(_ health: Health, by question: HealthChecks.Question) async throws -> Bool {
        try await store.write { transaction in
            try self.memo.flush(in: transaction)
            guard let row = try transaction.connection.soundService(question.serviceID), row.isChecked else {
                return false
            }
            let isNews = try transaction.setHealth(health, of: question.instanceID, question.incarnation, in: row, byCheck: true)
            if isNews { self.memo.forget() }
            return isNews
        }
    }
}
