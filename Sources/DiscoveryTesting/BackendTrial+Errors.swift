internal import DiscoveryKit

extension BackendTrial {
    func missesWhatIsNotThere() async throws {
        try await register(address("scheduler"), Resource(.function, at: Self.nowhere))
        let others: [(Address, String)] = [
            (address("schedular"), "scheduler"), (address("scheduler", .id("oen")), "one"),
            (Address(namespace: namespace + "x", service: "scheduler"), namespace),
        ]
        for (missing, near) in others {
            let error = try await Conformance.expect(.notFound, of: "\(missing), which is not there") { _ = try await resolve(missing) }
            try Conformance.expect(error.message.contains(near), "the error to say that there is `\(near)`", seen: error.message)
            try Conformance.expect("the error's address", is: missing.description, seen: error.address?.description ?? "none")
            try await Conformance.expect(.notFound, of: "a request to \(missing)") { _ = try await other.request(missing) }
        }
        try await Conformance.expect(.notFound, of: "deregistering what is not there") {
            try await one.deregister(address("scheduler", .id("two")))
        }
        try await Conformance.expect(.malformedAddress, of: "an address without a service") { _ = try await resolve("a.->b") }
    }

    func failsCalls() async throws {
        struct Broken: Error {}
        try await register(address("nowhere"), Resource(.function, at: Self.nowhere))
        try await register(address("queue"), Resource(.queue, at: "arn:aws:sqs:local:000000000000:jobs"))
        try await Conformance.expect(.unreachable, of: "a call to a port where nobody listens") {
            _ = try await other.request(address("nowhere"), options: deadline(.seconds(5)))
        }
        try await Conformance.expect(.wrongKind, of: "a request to a queue") { _ = try await other.request(address("queue")) }
        try await serving(address("broken"), { _ in throw Broken() }) {
            let error = try await Conformance.expect(.functionFailed, of: "a call whose handler throws") {
                _ = try await other.request(address("broken"))
            }
            try Conformance.expect("the type of the function's error", is: "Broken", seen: error.functionError?.type ?? "nothing")
        }
        try await serving(address("text"), { _ in .text("no JSON") }) {
            try await Conformance.expect(.coding, of: "an answer that is not what the caller asked for") {
                let _: Int = try await other.request(address("text"))
            }
        }
        try await serving(address("slow"), { request in try await Self.wait(for: request) }) {
            try await Conformance.expect(.deadlineExceeded, of: "a call that is not answered in time") {
                _ = try await Conformance.within(patience, "a call to end by its deadline of 200 ms") { [self] in
                    try await other.request(address("slow"), options: deadline(.milliseconds(200)))
                }
            }
            try await Conformance.expect(.cancelled, of: "a call that is cancelled") {
                _ = try await Conformance.within(patience, "a call to end when it is cancelled") { [self] in
                    let call = Task { try await other.request(address("slow")) }
                    try await Task.sleep(for: .milliseconds(100))
                    call.cancel()
                    return try await call.value
                }
            }
        }
    }

    func refuses() async throws {
        let resource = Resource(.function, at: Self.nowhere)
        let malformed: [(String, Address, Resource)] = [
            ("an address that names no instance", address("bad", .only), resource),
            ("an address that names any instance", address("bad", .any), resource),
            ("an id that no registry takes", address("bad", .id("a b")), resource),
            ("a resource without a location", address("bad"), Resource(.function, at: "")),
            ("an attribute longer than 1,024 characters", address("bad"), Resource(.function, at: Self.nowhere, attributes: ["a": long])),
        ]
        for (what, place, resource) in malformed {
            try await Conformance.expect(.invalid, of: "registering \(what)") { try await register(place, resource) }
        }
        try await Conformance.expect(.notFound, of: "what was refused") { _ = try await resolve(address("bad")) }
    }

    func endsWithShutdown() async throws {
        try await register(address("kept"), Resource(.function, at: Self.nowhere))
        _ = try await resolve(address("kept"))
        await other.shutdown()
        await other.shutdown()
        try await Conformance.expect(.homeUnusable, of: "a client that was shut down") { _ = try await resolve(address("kept")) }
        try await Conformance.expect(.homeUnusable, of: "registering by a client that was shut down") {
            try await other.register(address("kept"), Resource(.function, at: Self.nowhere))
        }
        _ = try await resolve(address("kept"), by: one)
    }

    private var long: String { String(repeating: "x", count: 1_025) }

    /// Answers long after its caller has given up, unless it is cancelled then.
    static func wait(for request: Request) async throws -> Message {
        try await Task.sleep(until: request.deadline + .seconds(10), clock: .continuous)
        return .empty
    }
}
