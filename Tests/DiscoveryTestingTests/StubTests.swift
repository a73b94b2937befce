import DiscoveryKit
import DiscoveryTesting
import Logging
import Testing

@Suite struct StubTests {
    struct Query: Codable, Sendable, Equatable { var id: Int }
    struct Job: Codable, Sendable, Equatable { var id: Int, name = "water the plants" }
    struct Broken: Error {}

    @Test func `a call is answered with what its address is stubbed with`() async throws {
        var typed = Message.text("a,b")
        typed.contentType = "text/csv"
        let stub: Stub = [
            "ais.scheduler->get-job": .json(Job(id: 7)), "ais.table": .message(typed), "ais.users": .failure(.unreachable),
            "ais.double": .answers { (query: Query) in Query(id: 2 * query.id) },
            "ais.raw": .answers { (request: Request) in .text("\(request.address)") },
        ]
        let job: Job = try await stub.discovery.request("ais.scheduler->get-job", Query(id: 7))
        #expect(job == Job(id: 7))
        let table = try await stub.discovery.request("ais.table")
        #expect(table.message == typed && table.servedBy == "ais.table" && table.status == 200)
        let double: Query = try await stub.discovery.request("ais.double", Query(id: 4))
        #expect(double == Query(id: 8))
        let raw = try await stub.discovery.request("ais.raw")
        #expect(raw.message.body == Array("ais.raw".utf8))
        let error = await #expect(throws: DiscoveryError.self) { try await stub.discovery.request("ais.users") }
        #expect(error?.code == .unreachable && error?.address == "ais.users")
    }

    @Test func `what was sent is on record, in order, with the options that matter`() async throws {
        let stub: Stub = ["ais.jobs": .json(true), "ais.users": .failure(.functionFailed)]
        var options = RequestOptions()
        options.deadline = .seconds(2)
        options.isIdempotent = true
        options.headers = ["X-Tenant": "7"]
        try await stub.discovery.request("ais.jobs", Query(id: 1), options: options)
        _ = try? await stub.discovery.request("ais.users", Message.text("who?", attributes: ["a": .string("b")]))
        try await stub.discovery.request("ais.jobs", Query(id: 2))
        #expect(stub.sent.map(\.address) == ["ais.jobs", "ais.users", "ais.jobs"])
        let jobs = stub.sent(to: "ais.jobs")
        #expect(try jobs.map { try $0.decode(Query.self) } == [Query(id: 1), Query(id: 2)])
        #expect(jobs[0].deadline == .seconds(2) && jobs[0].isIdempotent && jobs[0].headers == ["x-tenant": "7"])
        #expect(jobs[1].deadline == .seconds(30) && !jobs[1].isIdempotent && jobs[1].headers == [:])
        #expect(stub.sent(to: "ais.users").map(\.message) == [.text("who?", attributes: ["a": .string("b")])])
        #expect(stub.sent(to: "ais.nobody").isEmpty)
    }

    // A mocked queue of the ancestors gave its first message again and again.
    @Test func `answers in turn are each given once, and a call too many is told so`() async throws {
        let stub: Stub = ["ais.turns": .inTurn(.json(1), .failure(.full), .inTurn(.json(3)), .answers { (_: Request) in .text("4") })]
        func next() async throws -> Int { try await stub.discovery.request("ais.turns") }
        #expect(try await next() == 1)
        let full = await #expect(throws: DiscoveryError.self) { try await next() }
        #expect(full?.code == .full)
        #expect(try await [next(), next()] == [3, 4])
        for _ in 0..<2 {
            let error = await #expect(throws: DiscoveryError.self) { try await next() }
            #expect(error?.code == .unexpected && error?.message.contains("all of its answers, 4") == true)
        }
        #expect(stub.sent.count == 6)
    }

    @Test func `an unreachable stub is asked once per call, however often it is called`() async throws {
        let stub: Stub = ["ais.users": .failure(.unreachable)]
        for number in 1...30 {
            await #expect(throws: DiscoveryError.self) { try await stub.discovery.request("ais.users") }
            #expect(stub.sent.count == number)
        }
    }

    @Test func `an address is stubbed as it is written, with the default namespace or without`() async throws {
        let stub: Stub = [
            "ais.a->*": .json("any"), "ais.a": .json("only"), "ais.a->one": .json("one"), "ais.a[stage=prod,?zone=b]->*": .json("prod"),
            "bare": .json("bare"), "default.whole": .json("whole"), "\"my.ns\".a->\"b c\"": .json("quoted"),
        ]
        let expected: [(Address, String)] = [
            ("ais.a->*", "any"), ("ais.a", "only"), ("ais.a->one", "one"), ("ais.a[?zone=b,stage=prod]->*", "prod"), ("bare", "bare"),
            ("whole", "whole"), ("default.whole", "whole"), ("\"my.ns\".a->\"b c\"", "quoted"),
        ]
        for (address, answer) in expected {
            let seen: String = try await stub.discovery.request(address)
            #expect(seen == answer, "\(address)")
            #expect(try await stub.discovery.resolve(address).kind == .function)
        }
        for address: Address in ["ais.a->two", "ais.a[stage=test]->*", "ais.a[stage=prod]->*", "other.bare"] {
            let error = await #expect(throws: DiscoveryError.self) { try await stub.discovery.request(address) }
            #expect(error?.code == .notFound, "\(address)")
        }
    }

    @Test func `an address that is not stubbed lists near ones and all that are`() async throws {
        let stub: Stub = ["ais.scheduler->get-job": .json(1), "corp.mail": .json(2)]
        let error = await #expect(throws: DiscoveryError.self) { try await stub.discovery.request("ais.schedular->get-job") }
        #expect(error?.code == .notFound && error?.address == "ais.schedular->get-job")
        #expect(
            error?.message
                == "ais.schedular->get-job is neither stubbed nor registered. Did you mean `ais.scheduler->get-job`? Stubbed, as they are written: `ais.scheduler->get-job`, `corp.mail`."
        )
        let nothing: Stub = [:]
        let empty = await #expect(throws: DiscoveryError.self) { try await nothing.discovery.resolve("a.b") }
        #expect(empty?.message == "a.b is neither stubbed nor registered. Nothing is stubbed.")
        let malformed = await #expect(throws: DiscoveryError.self) { try await stub.discovery.request("a..b") }
        #expect(malformed?.code == .malformedAddress)
    }

    @Test(arguments: 0..<20)
    func `tests side by side each have their own stub, through static calls`(number: Int) async throws {
        let stub: Stub = ["ais.jobs": .json(number)]
        try await Discovery.withCurrent(stub.discovery) {
            for _ in 0..<20 {
                let seen: Int = try await Discovery.request("ais.jobs")
                #expect(seen == number)
            }
        }
        #expect(stub.sent.count == 20)
    }

    @Test func `a closure's own error is the function's, and ours is the caller's`() async throws {
        let stub: Stub = [
            "ais.broken": .answers { (_: Request) in throw Broken() },
            "ais.busy": .answers { (_: Request) in throw DiscoveryError(.busy, "Not now.") },
            "ais.typed": .answers { (query: Query) in query },
        ]
        let broken = await #expect(throws: DiscoveryError.self) { try await stub.discovery.request("ais.broken") }
        #expect(broken?.code == .functionFailed && broken?.functionError?.type == "Broken" && broken?.functionError?.status == 500)
        let busy = await #expect(throws: DiscoveryError.self) { try await stub.discovery.request("ais.busy") }
        #expect(busy?.code == .busy)
        let coding = await #expect(throws: DiscoveryError.self) { try await stub.discovery.request("ais.typed", Message.text("no JSON")) }
        #expect(coding?.code == .coding)
        let infinite: Stub = ["ais.infinite": .json(Double.infinity)]
        let unsent = await #expect(throws: DiscoveryError.self) { try await infinite.discovery.request("ais.infinite") }
        #expect(unsent?.code == .coding)
    }

    @Test func `deadlines, cancellation and overrides act on what is stubbed`() async throws {
        let stub: Stub = [
            "ais.slow": .answers { (request: Request) in
                try await Task.sleep(for: .seconds(60))
                return .empty
            }
        ]
        var options = RequestOptions()
        options.deadline = .milliseconds(50)
        let late = await #expect(throws: DiscoveryError.self) { try await stub.discovery.request("ais.slow", options: options) }
        #expect(late?.code == .deadlineExceeded)
        let call = Task { try await stub.discovery.request("ais.slow") }
        call.cancel()
        let cancelled = await #expect(throws: DiscoveryError.self) { try await call.value }
        #expect(cancelled?.code == .cancelled)

        var configuration = Discovery.Configuration()
        configuration.backend = .stub(stub)
        configuration.overrides = [Override("ais.slow", .reply(text: "fast"))]
        configuration.namespace = "ais"
        configuration.logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let overridden = try await Discovery(configuration).request("slow")
        #expect(overridden.message.body == Array("fast".utf8))
        #expect(stub.sent.count == 2)
    }

    @Test func `what is registered is kept in memory, on record, and seen by every client of the stub`() async throws {
        let stub: Stub = [:]
        var configuration = Discovery.Configuration()
        configuration.backend = .stub(stub)
        let other = try Discovery(configuration)
        try await stub.discovery.register("ais.web->one", Resource(.function, at: "http://127.0.0.1:1/"))
        #expect(try await other.resolve("ais.web->one").location == "http://127.0.0.1:1/")
        try await other.register("ais.web->one", Resource(.function, at: "http://127.0.0.1:2/"))
        #expect(try await stub.discovery.resolve("ais.web").location == "http://127.0.0.1:2/")
        try await stub.discovery.deregister("ais.web->one")
        let gone = await #expect(throws: DiscoveryError.self) { try await other.resolve("ais.web->one") }
        #expect(gone?.code == .notFound)
        #expect(stub.changes.map(\.address) == ["ais.web->one", "ais.web->one", "ais.web->one"])
        #expect(stub.changes.map(\.resource?.location) == ["http://127.0.0.1:1/", "http://127.0.0.1:2/", nil])
    }

    @Test func `what is served can be called beside what is stubbed, until it ends`() async throws {
        let stub: Stub = ["ais.prices": .json(3)]
        try await Discovery.withCurrent(stub.discovery) {
            let serving = Task {
                try await Discovery.serve("ais.orders->total") { (count: Int) in
                    let price: Int = try await stub.discovery.request("ais.prices")
                    return count * price
                }
            }
            while stub.changes.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
            let total: Int = try await Discovery.request("ais.orders->total", 4)
            #expect(total == 12)
            serving.cancel()
            _ = await serving.result
            await #expect(throws: DiscoveryError.self) { try await Discovery.request("ais.orders->total", 4) }
        }
        #expect(stub.sent.map(\.address) == ["ais.orders->total", "ais.prices"])
        #expect(stub.changes.map { $0.resource == nil } == [false, true])
    }

    @Test(.timeLimit(.minutes(5))) func `a call that is put off is accepted with an id, made once, and on record`() async throws {
        let stub: Stub = ["mail": .inTurn(.failure(.unreachable), .json(true)), "ais.jobs": .queue()]
        var options = RequestOptions()
        options.headers = ["X-Tenant": "7"]
        let first = try await stub.discovery.requestLater("mail", Query(id: 1), options: options)
        #expect(try await stub.sent(atLeast: 1).map { try $0.decode(Query.self) } == [Query(id: 1)])
        let second = try await stub.discovery.requestLater("mail", Query(id: 2))
        let sent = await stub.sent(atLeast: 2)
        #expect(sent.map(\.address) == ["mail", "mail"] && sent[0].headers == ["x-tenant": "7"])
        #expect(stub.deferred.map(\.id) == [first, second] && first != second)
        #expect(stub.deferred[0].address == "mail" && stub.deferred[0].options.headers == options.headers)
        let error = await #expect(throws: DiscoveryError.self) { try await stub.discovery.requestLater("ais.jobs", Query(id: 3)) }
        #expect(error?.code == .wrongKind && stub.deferred.count == 2)
    }

    @Test func `what only a home can do says so`() async throws {
        let stub: Stub = [:]
        let error = await #expect(throws: DiscoveryError.self) { try await stub.discovery.removeOverrides() }
        #expect(error?.code == .unsupported)
        await #expect(throws: DiscoveryError.self) { try await stub.discovery.overrides() }
        #expect(try await stub.discovery.explain("a.b").failure?.contains("neither stubbed nor registered") == true)
    }
}
