import Registry
import Store
import Testing

/// Who is asked when, and what the answers come to: a pure machine.
struct HealthCheckTests {
    private func question(_ id: String, threshold: Int = 1, incarnation: Int64 = 1) -> HealthChecks.Question {
        HealthChecks.Question(
            serviceID: "srv", instanceID: id, incarnation: incarnation, check: .init(kind: .tcp, threshold: threshold), host: "10.0.0.1",
            port: 80)
    }

    private func checks(_ questions: HealthChecks.Question..., isWell: Bool = true) -> HealthChecks {
        var checks = HealthChecks(interval: .seconds(10))
        checks.replace(with: questions.map { ($0, isWell) }, asOf: 0, at: .at(0))
        return checks
    }

    /// Asks whoever is due and answers for him.
    private func turn(_ checks: inout HealthChecks, at seconds: Double, isWell: Bool) -> [Registry.Health?] {
        checks.due(at: .at(seconds), limit: 100).map { question in
            let turn = checks.answered(question, isWell: isWell)
            if turn != nil { checks.settled(question, isWritten: true) }
            return turn
        }
    }

    @Test(arguments: [1, 3, 10])
    func `as many answers in a row as the threshold turn an instance, both ways`(threshold: Int) {
        var checks = checks(question("i", threshold: threshold))
        var time = 0.0
        for health in [Registry.Health.unhealthy, .healthy, .unhealthy] {
            for answer in 1...threshold {
                #expect(turn(&checks, at: time, isWell: health == .healthy) == [answer == threshold ? health : nil])
                #expect(turn(&checks, at: time + 9.999, isWell: false).isEmpty && checks.nextDue == .at(time + 10))
                time += 10
            }
            // One that agrees begins the count anew.
            #expect(turn(&checks, at: time, isWell: health == .healthy) == [nil])
            time += 10
            guard threshold > 1 else { continue }
            for isWell in [health != .healthy, health == .healthy] {
                #expect(turn(&checks, at: time, isWell: isWell) == [nil])
                time += 10
            }
        }
    }

    @Test func `nobody is asked again before he has answered, and no more at a time than allowed`() {
        var checks = checks(question("a"), question("b"), question("c"))
        let first = checks.due(at: .at(0), limit: 2)
        #expect(first.count == 2)
        let third = checks.due(at: .at(0), limit: 2)
        #expect(Set((first + third).map(\.instanceID)) == ["a", "b", "c"])
        #expect(checks.nextDue == nil && checks.due(at: .at(100), limit: 10).isEmpty)
        #expect(checks.answered(first[0], isWell: true) == nil)
        #expect(checks.nextDue == .at(10) && checks.due(at: .at(100), limit: 10) == [first[0]])
        #expect(checks.due(at: .at(100), limit: 0).isEmpty)
    }

    @Test func `a successor is asked at once, and nothing that was said of the one before counts`() {
        var checks = checks(question("i", threshold: 2))
        #expect(turn(&checks, at: 0, isWell: false) == [nil])
        let asked = checks.due(at: .at(10), limit: 1)
        let next = question("i", threshold: 2, incarnation: 2)
        checks.replace(with: [(next, true)], asOf: 0, at: .at(11))
        #expect(checks.answered(asked[0], isWell: false) == nil)
        #expect(checks.due(at: .at(11), limit: 9) == [next])
        #expect(checks.answered(next, isWell: false) == nil)
        #expect(checks.answered(next, isWell: false) == nil, "an answer that nobody asked for")
        #expect(turn(&checks, at: 21, isWell: false) == [.unhealthy])
        checks.replace(with: [], asOf: 1, at: .at(22))
        #expect(checks.count == 0 && checks.nextDue == nil)
    }

    @Test func `those who stay keep their turn, and what they were asked`() {
        var checks = checks(question("a"), question("b"))
        let asked = checks.due(at: .at(0), limit: 1)[0]
        checks.replace(with: [(question("a"), true), (question("b"), true), (question("c"), true)], asOf: 0, at: .at(1))
        #expect(Set(checks.due(at: .at(1), limit: 9).map(\.instanceID)) == Set(["a", "b", "c"]).subtracting([asked.instanceID]))
        #expect(checks.answered(asked, isWell: false) == .unhealthy && checks.nextDue == .at(10))
    }

    @Test func `at the start one is asked after the other, for an interval`() {
        var checks = HealthChecks(interval: .seconds(10))
        checks.replace(with: (0..<100).map { (question("i\($0)"), true) }, asOf: 0, at: .at(0), isSpread: true)
        #expect(checks.due(at: .at(0), limit: 100).count == 1)
        #expect(checks.due(at: .at(4.95), limit: 100).count == 49)
        #expect(checks.due(at: .at(9.9), limit: 100).count == 50)
    }

    @Test func `a turn that could not be written is one again with the next answer, and none comes before that is known`() {
        var checks = checks(question("i", threshold: 3), isWell: false)
        #expect(turn(&checks, at: 0, isWell: true) == [nil] && turn(&checks, at: 10, isWell: true) == [nil])
        #expect(checks.due(at: .at(20), limit: 1).map { checks.answered($0, isWell: true) } == [.healthy])
        for time in [30.0, 40, 50, 60] {
            #expect(checks.due(at: .at(time), limit: 1).map { checks.answered($0, isWell: false) } == [nil])
        }
        checks.settled(question("i", threshold: 3), isWritten: false)
        #expect(turn(&checks, at: 70, isWell: true) == [.healthy])
        #expect(turn(&checks, at: 80, isWell: true) == [nil])
    }

    @Test func `one that others have made well turns again, but not by what was read before its turn`() {
        let one = question("i")
        var checks = checks(one)
        #expect(turn(&checks, at: 0, isWell: false) == [.unhealthy] && checks.turns == 1)
        // Read before the turn was written, and after.
        checks.replace(with: [(one, true)], asOf: 0, at: .at(1))
        #expect(turn(&checks, at: 10, isWell: false) == [nil])
        checks.replace(with: [(one, true)], asOf: 1, at: .at(11))
        #expect(turn(&checks, at: 20, isWell: false) == [.unhealthy])
        // While it is being written what is found says nothing.
        #expect(turn(&checks, at: 30, isWell: true) == [.healthy])
        #expect(checks.due(at: .at(40), limit: 1).map { checks.answered($0, isWell: false) } == [.unhealthy])
        checks.replace(with: [(one, true)], asOf: checks.turns, at: .at(41))
        checks.settled(one, isWritten: true)
        #expect(turn(&checks, at: 50, isWell: true) == [.healthy])
        // Found ill, it is left so until it turns.
        checks.replace(with: [(one, false)], asOf: checks.turns, at: .at(51))
        #expect(turn(&checks, at: 60, isWell: true) == [nil] && turn(&checks, at: 70, isWell: false) == [.unhealthy])
    }

    // MARK: In a registry

    private static func service(
        _ registry: Registry, _ name: String, _ check: Registry.HealthCheck?
    ) async throws -> Registry.ServiceName {
        let namespace = try await registry.namespaces().first { $0.name == "shop.example" }
        let id = if let namespace { namespace.id } else { try await registry.createNamespace(name: "shop.example", kind: .publicDNS).id }
        return .id(try await registry.createService(namespaceID: id, name: name, configuration: .init(healthCheck: check)).id)
    }

    @Test func `those are asked whose service has a check and who say where they are`() async throws {
        try await withRegistry { registry in
            let check = Registry.HealthCheck(kind: .http, path: "/up", threshold: 2)
            let (checked, plain) = (
                try await Self.service(registry, "checked", check), try await Self.service(registry, "plain", nil)
            )
            let place = ["AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_IPV6": "fd00::1", "AWS_INSTANCE_PORT": "80"]
            _ = try await registry.register("plain", in: plain, attributes: .init(place))
            let incarnation = try await registry.register("both", in: checked, attributes: .init(place)).incarnation
            _ = try await registry.register(
                "v6", in: checked, attributes: ["AWS_INSTANCE_IPV6": "fd00::1", "AWS_INSTANCE_PORT": "0"])
            _ = try await registry.register("nowhere", in: checked, attributes: ["AWS_INSTANCE_PORT": "80"])
            let questions = try await registry.healthQuestions()
            #expect(questions.map(\.question.instanceID) == ["both", "v6"] && questions.allSatisfy(\.isWell))
            #expect(questions[0].question.host == "10.0.0.1" && questions[0].question.port == 80 && questions[0].question.check == check)
            #expect(questions[1].question.host == "fd00::1" && questions[1].question.port == 0)
            #expect(questions[0].question.incarnation == incarnation)
            // What a check comes to is that registration's alone.
            #expect(try await registry.setHealth(.unhealthy, by: questions[0].question))
            #expect(try await registry.setHealth(.unhealthy, by: questions[0].question) == false)
            #expect(try await registry.instance("both", in: checked)?.health == .unhealthy)
            #expect(try await registry.healthQuestions().map(\.isWell) == [false, true])
            _ = try await registry.register("both", in: checked, attributes: .init(place))
            #expect(try await registry.setHealth(.unhealthy, by: questions[0].question) == false)
            #expect(try await registry.instance("both", in: checked)?.health == .healthy)
        }
    }

    @Test func `who watches the checks is woken by what is about them`() async throws {
        try await withRegistry { registry in
            let checked = try await Self.service(registry, "checked", .init(kind: .tcp))
            let home = registry.store.home
            func rings(_ change: () async throws -> Void) async throws -> Bool {
                let before = home.rings(of: Registry.checksBell)
                try await change()
                return home.rings(of: Registry.checksBell) != before
            }
            let place: Registry.Attributes = ["AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_PORT": "80"]
            #expect(try await rings { _ = try await registry.register("i", in: checked, attributes: place) })
            #expect(try await rings { try await registry.deregister("i", from: checked) })
            #expect(try await rings { _ = try await registry.register("i", in: checked, attributes: place) })
            // Without a check it is not asked any more, and is not told to be ill by an answer that comes late.
            let question = try #require(try await registry.healthQuestions().first?.question)
            guard case .id(let id) = checked else { return }
            #expect(try await rings { try await registry.updateService(id: id, .init()) })
            #expect(try await registry.healthQuestions().isEmpty)
            #expect(try await registry.setHealth(.unhealthy, by: question) == false)
        }
    }
}
