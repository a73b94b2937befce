internal import DiscoveryKit
internal import Synchronization

extension BackendTrial {
    func requests() async throws {
        try await serving(address("echo")) {
            let bodies: [(String, [UInt8])] = [
                ("an empty body", []), ("a body of every byte", Array(0...255)),
                ("a body of 1 MiB", Array(repeating: UInt8(ascii: "x"), count: 1 << 20)),
            ]
            for (what, body) in bodies {
                let reply = try await other.request(address("echo"), .bytes(body))
                try Conformance.expect(
                    reply.message.body == body, "\(what) to come back", seen: "\(reply.message.body.count) bytes that differ")
                try Conformance.expect("`servedBy`", is: address("echo"), seen: reply.servedBy)
            }
            var message = Message.text(
                "ü",
                attributes: ["Name": .string("käse & brot; 1%"), "count": .number("12345678901234567890.5"), "raw": .binary([0, 255])])
            message.contentType = "text/x-conformance; charset=utf-8"
            var options = RequestOptions()
            options.headers = ["Conformance-Header": "as sent"]
            let reply = try await other.request(address("echo"), message, options: options)
            try Conformance.expect("the content type", is: message.contentType, seen: reply.message.contentType)
            message.attributes[Conformance.header] = .string("as sent")
            try Conformance.expect("the attributes and the header", is: message.attributes, seen: reply.message.attributes)
            let text: String = try await other.request(address("echo"), "a text")
            try Conformance.expect("a text as JSON", is: "a text", seen: text)
        }
    }

    func serves() async throws {
        try await serving(address("timed"), { .text("\(ContinuousClock.now.duration(to: $0.deadline) / .seconds(1))") }) {
            for client in [one, other] {
                let answer = try await client.request(address("timed"), options: deadline(.seconds(7)))
                let left = Double(String(decoding: answer.message.body, as: UTF8.self)) ?? .infinity
                try Conformance.expect(
                    left > 0 && left <= 7.5, "the handler to be told how long its caller waits, at most 7 s", seen: "\(left) s")
            }
        }
        try await Conformance.expect(.notFound, of: "a function whose `serve` has ended") {
            _ = try await other.request(address("timed"))
        }
    }

    func takesOver() async throws {
        let place = address("shared")
        let first = Task { [one] in try await one.serve(place) { (_: Request) in .text("first") } }
        defer { first.cancel() }
        try await waitUntilResolved(place)
        let before = try await resolve(place).location
        try await serving(place, by: other, { _ in .text("second") }) {
            try await Conformance.within(patience, "\(place) to lead to who served it last") { [one] in
                while try await one.resolve(place).location == before { try await Task.sleep(for: .milliseconds(5)) }
            }
            try await expectAnswer("second", from: place, "while both serve it")
            first.cancel()
            _ = await first.result
            try await expectAnswer("second", from: place, "once the first has ended")
        }
    }

    private func expectAnswer(_ expected: String, from address: Address, _ when: String) async throws {
        for client in [one, other] {
            let reply = try await client.request(address)
            try Conformance.expect("who answers \(when)", is: expected, seen: String(decoding: reply.message.body, as: UTF8.self))
        }
    }

    func servesReplicas() async throws {
        try await serving(address("many", .any), { _ in .text("first") }) {
            let first = try await resolve(address("many", .only)).location
            try await serving(address("many", .any), { _ in .text("second") }) {
                var answers: Set<String> = []
                // The second may not be registered yet.
                let end = ContinuousClock.now + patience
                while answers.count < 2, ContinuousClock.now < end {
                    let reply = try await other.request(address("many", .only))
                    answers.insert(String(decoding: reply.message.body, as: UTF8.self))
                }
                try Conformance.expect(answers == ["first", "second"], "both replicas to be called", seen: "only \(answers.sorted())")
            }
            try await settling {
                try Conformance.expect("who is left when one ends", is: first, seen: try await resolve(address("many", .only)).location)
            }
        }
    }

    func swaps() async throws {
        let front = address("front")
        try await serving(address("blue"), { _ in .text("blue") }) {
            try await serving(address("green"), by: other, { _ in .text("green") }) {
                let places = ["blue": try await resolve(address("blue")).location, "green": try await resolve(address("green")).location]
                try await register(front, Resource(.function, at: places["blue"] ?? ""))
                let load = Load()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            while !load.isOver.load(ordering: .relaxed) {
                                do { _ = try await other.request(front) } catch {
                                    throw ConformanceFailure(expected: "no call to fail while its function is swapped", seen: "\(error)")
                                }
                            }
                        }
                    }
                    do {
                        for turn in 1...40 {
                            let name = turn.isMultiple(of: 2) ? "blue" : "green"
                            try await register(front, Resource(.function, at: places[name] ?? ""))
                            try await settling {
                                let reply = try await other.request(front)
                                try Conformance.expect(
                                    "who answers right after swap \(turn)", is: name,
                                    seen: String(decoding: reply.message.body, as: UTF8.self))
                            }
                        }
                    } catch {
                        load.isOver.store(true, ordering: .relaxed)
                        throw error
                    }
                    load.isOver.store(true, ordering: .relaxed)
                    try await group.waitForAll()
                }
            }
        }
    }

    func deadline(_ deadline: Duration) -> RequestOptions {
        var options = RequestOptions()
        options.deadline = deadline
        return options
    }
}

/// What callers go on with until they are told.
private final class Load: Sendable {
    let isOver = Atomic(false)
}
