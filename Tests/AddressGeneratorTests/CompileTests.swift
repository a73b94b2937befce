import Testing

/// That operations which fit a kind compile, and others do not.
@Suite(.enabled(if: TypeCheck.isPossible, "the build's products are not where SwiftPM puts them")) struct CompileTests {
    private static let names = """
        import DiscoveryKit

        struct Query: Codable { var id: Int }
        struct Job: Codable { var id: Int }
        let discovery: Discovery = { fatalError() }()
        enum App {
            static let function = Address.Function("ns.s->function")
            static let queue = Address.Queue("ns.s->queue")
            static let topic = Address.Topic("ns.s->topic")
        }

        """

    /// What is wrong with the statements, by line: each is in a function of its own.
    private func errors(in statements: [String]) async throws -> [Int: String] {
        let functions = statements.enumerated().map { "func f\($0)() async throws { \($1) }" }
        let errors = try await TypeCheck.errors(in: [
            "Uses.swift": "import DiscoveryKit; " + functions.joined(separator: "\n"), "Names.swift": Self.names,
        ])
        #expect(Set(errors.keys).isSubset(of: ["Uses.swift"]), "\(errors)")
        return errors["Uses.swift"] ?? [:]
    }

    /// `discovery` is a client, `Discovery` the type.
    private func both(_ statements: [String]) -> [String] {
        statements.flatMap { [$0.replacing("CLIENT", with: "discovery"), $0.replacing("CLIENT", with: "Discovery")] }
    }

    @Test func `an operation that fits the kind compiles, on clients and on the type`() async throws {
        let statements = both([
            "let job: Job = try await CLIENT.request(App.function, Query(id: 7)); _ = job",
            "_ = try await CLIENT.request(App.function, Query(id: 7), as: Job.self)",
            "let job: Job = try await CLIENT.request(App.function); _ = job",
            "let reply: Reply = try await CLIENT.request(App.function, Query(id: 7)); _ = reply",
            "try await CLIENT.request(App.function, Query(id: 7))",
            "try await CLIENT.request(App.function)",
            "try await CLIENT.requestLater(App.function, Query(id: 7))",
            "try await CLIENT.serve(App.function) { (query: Query) in Job(id: query.id) }",
            "try await CLIENT.queue(App.queue, Job(id: 7))",
            "try await CLIENT.listen(App.queue) { (job: Job) in print(job) }",
            "for try await delivery in CLIENT.listen(App.queue) { try await delivery.finish() }",
            "try await CLIENT.publish(App.topic, Job(id: 7))",
            "try await CLIENT.subscribe(App.topic) { (job: Job) in print(job) }",
            "try await CLIENT.subscribe(App.topic, App.queue)",
            "try await CLIENT.subscribe(App.topic, App.function)",
            "try await CLIENT.listen(App.topic) { (job: Job) in print(job) }",
            "for try await delivery in CLIENT.listen(App.topic) { try await delivery.finish() }",
            "_ = try await CLIENT.resolve(App.topic.address)",
        ])
        #expect(try await errors(in: statements) == [:])
    }

    @Test func `literals compile as they did`() async throws {
        let statements = both([
            #"let job: Job = try await CLIENT.request("ns.s->a", Query(id: 7)); _ = job"#,
            #"try await CLIENT.request("ns.s->a")"#, #"try await CLIENT.request("ns.s->\(7)", Message.text("x"))"#,
            #"try await CLIENT.requestLater("ns.s->a", Query(id: 7))"#, #"try await CLIENT.queue("ns.s->a", "text")"#,
            #"try await CLIENT.publish("ns.s->a", Message.text("x"))"#, #"try await CLIENT.subscribe("ns.s->a", "ns.s->b")"#,
            #"try await CLIENT.listen("ns.s->a") { (job: Job) in print(job) }"#,
            #"for try await delivery in CLIENT.listen("ns.s->a") { try await delivery.finish() }"#,
            #"try await CLIENT.serve("ns.s->a") { (query: Query) in Job(id: query.id) }"#,
        ])
        #expect(try await errors(in: statements) == [:])
    }

    @Test func `an operation that does not fit the kind does not compile`() async throws {
        let statements = both(
            ["queue", "topic"].flatMap { kind in
                [
                    "let job: Job = try await CLIENT.request(App.\(kind), Query(id: 7)); _ = job",
                    "let job: Job = try await CLIENT.request(App.\(kind)); _ = job",
                    "try await CLIENT.request(App.\(kind), Query(id: 7))", "try await CLIENT.request(App.\(kind))",
                    "try await CLIENT.requestLater(App.\(kind), Query(id: 7))",
                    "try await CLIENT.serve(App.\(kind)) { (query: Query) in Job(id: query.id) }",
                ]
            }
                + ["function", "topic"].map { "try await CLIENT.queue(App.\($0), Job(id: 7))" }
                + ["function", "queue"].flatMap { kind in
                    [
                        "try await CLIENT.publish(App.\(kind), Job(id: 7))",
                        "try await CLIENT.subscribe(App.\(kind)) { (job: Job) in print(job) }",
                        "try await CLIENT.subscribe(App.\(kind), App.queue)",
                    ]
                }
                + [
                    "try await CLIENT.subscribe(App.topic, App.topic)",
                    "try await CLIENT.listen(App.function) { (job: Job) in print(job) }",
                    "for try await delivery in CLIENT.listen(App.function) { try await delivery.finish() }",
                    "_ = try await CLIENT.resolve(App.function)",
                ])
        #expect(Set(try await errors(in: statements).keys) == Set(1...statements.count))
    }

    @Test func `a literal, a text and a name that is not there are no addresses of a kind`() async throws {
        let statements = [
            #"let function: Address.Function = "ns.s->a"; _ = function"#, #"let text = "ns.s->a"; _ = Address.Queue(text)"#,
            "try await Discovery.request(App.functoin)", "let queue: Address.Queue = App.topic; _ = queue",
        ]
        #expect(Set(try await errors(in: statements).keys) == Set(1...statements.count))
    }
}
