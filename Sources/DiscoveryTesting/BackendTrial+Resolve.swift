internal import DiscoveryKit

extension BackendTrial {
    func findsWhatIsRegistered() async throws {
        let resource = Resource(.function, at: Self.nowhere, attributes: ["stage": "prod", "note": "a b=c, d"])
        try await register(address("kept"), resource)
        for client in [other, one] {
            let found = try await resolve(address("kept"), by: client)
            try Conformance.expect("the kind", is: resource.kind, seen: found.kind)
            try Conformance.expect("the location", is: resource.location, seen: found.location)
            for (key, value) in resource.attributes {
                try Conformance.expect("the attribute `\(key)`", is: value, seen: found.attributes[key] ?? "nothing")
            }
        }
        try await register(address("kept", .id("a.b:c")), Resource(.queue, at: "arn:aws:sqs:local:000000000000:jobs"))
        let queue = try await resolve(address("kept", .id("a.b:c")))
        try Conformance.expect("the kind of a queue", is: .queue, seen: queue.kind)
        try Conformance.expect("its location", is: "arn:aws:sqs:local:000000000000:jobs", seen: queue.location)
    }

    func seesChanges() async throws {
        // Looked for before it is there, and after each change: whoever remembers must not remember too long.
        try await Conformance.expect(.notFound, of: "an address that is not registered yet") { _ = try await resolve(address("moving")) }
        for port in 2...6 {
            let location = "http://127.0.0.1:\(port)/"
            try await register(address("moving"), Resource(.function, at: location, attributes: ["port": "\(port)"]))
            for meant in [address("moving"), address("moving", .only), address("moving", .any)] {
                try await settling {
                    let found = try await resolve(meant)
                    try Conformance.expect("the location of \(meant), just registered", is: location, seen: found.location)
                    try Conformance.expect("its attribute", is: "\(port)", seen: found.attributes["port"] ?? "nothing")
                }
            }
        }
        try await one.deregister(address("moving"))
        for meant in [address("moving"), address("moving", .any)] {
            try await settling {
                try await Conformance.expect(.notFound, of: "\(meant), just deregistered") { _ = try await resolve(meant) }
            }
        }
    }

    func chooses() async throws {
        for (id, stage) in [("blue", "prod"), ("green", "test")] {
            try await register(
                address("both", .id(id)), Resource(.function, at: "\(Self.nowhere)\(id)", attributes: ["stage": stage]))
        }
        func stage(_ value: String, isRequired: Bool = true) -> [Address.Filter] {
            [Address.Filter(key: "stage", value: value, isRequired: isRequired)]
        }
        let expected: [(Address, String)] = [
            (address("both", .id("blue")), "blue"), (address("both", .id("green")), "green"),
            (address("both", .any, stage("prod")), "blue"), (address("both", .only, stage("test")), "green"),
            (address("both", .any, stage("test", isRequired: false)), "green"),
        ]
        for (meant, id) in expected {
            for _ in 0..<3 {
                try Conformance.expect("the location of \(meant)", is: "\(Self.nowhere)\(id)", seen: try await resolve(meant).location)
            }
        }
        let error = try await Conformance.expect(.ambiguous, of: "the service of two instances, none named") {
            _ = try await resolve(address("both", .only))
        }
        try Conformance.expect(
            error.message.contains("blue") && error.message.contains("green"), "the error to list the instances", seen: error.message)
        var seen: Set<String> = []
        for _ in 0..<200 where seen.count < 2 { seen.insert(try await resolve(address("both", .any)).location) }
        try Conformance.expect(seen.count == 2, "`->*` to mean each of two instances at times", seen: "\(seen)")
        for filters in [stage("none"), stage("test")] {
            try await Conformance.expect(.notFound, of: "an instance without the attribute asked for") {
                _ = try await resolve(address("both", .id("blue"), filters))
            }
        }
    }
}
