public import DiscoveryKit

extension Conformance {
    /// The checks of an adapter. Those whose resource is `nil` are left out.
    ///
    /// - Parameters:
    ///   - echo: where the adapter finds a function that does what ``echo`` does.
    ///   - failing: a function that answers every call with an error of its own.
    ///   - unreachable: where nothing is.
    ///   - silent: a function that takes a call and answers nothing for a minute.
    ///   - patience: how long one step may take before it counts as hanging.
    public static func checks(
        ofAdapter adapter: any RequestAdapter, echo: Resource, failing: Resource? = nil, unreachable: Resource? = nil,
        silent: Resource? = nil, patience: Duration = .seconds(20)
    ) -> [Check] {
        let trial = AdapterTrial(adapter: adapter, patience: patience)
        var checks = [
            Check("adapter: it accepts its resources, and no others") {
                try trial.accepts([echo, failing, unreachable, silent].compactMap { $0 })
            },
            Check("adapter: a body arrives byte by byte, and so does the answer") { try await trial.passesBodies(to: echo) },
            Check("adapter: attributes arrive with their types, and come back") { try await trial.passesAttributes(to: echo) },
            Check("adapter: the content type and headers arrive") { try await trial.passesHeaders(to: echo) },
            Check("adapter: the answer is by the request's address") { try await trial.saysWhoServed(echo) },
            Check("adapter: calls side by side are not mixed up") { try await trial.callsSideBySide(echo) },
            Check("adapter: a deadline that has passed is kept") { try await trial.keepsPassedDeadline(echo) },
        ]
        if let failing {
            checks.append(Check("adapter: a function's own error is `.functionFailed`") { try await trial.reportsFailure(of: failing) })
        }
        if let unreachable {
            checks.append(Check("adapter: where nothing is, is `.unreachable`") { try await trial.reportsUnreachable(unreachable) })
        }
        if let silent {
            checks.append(Check("adapter: a call ends by its deadline") { try await trial.keepsDeadline(silent) })
            checks.append(Check("adapter: a call ends when it is cancelled") { try await trial.endsWhenCancelled(silent) })
        }
        return checks
    }
}

/// An adapter and the calls that check it.
struct AdapterTrial: Sendable {
    let adapter: any RequestAdapter
    let patience: Duration

    private static let address: Address = "conformance.adapter->one"

    private func call(
        _ resource: Resource, _ message: Message = .empty, to address: Address = address, headers: [String: String] = [:],
        within limit: Duration? = nil
    ) async throws -> Reply {
        let request = Request(message, to: address, deadline: .now + (limit ?? .seconds(60)), headers: headers)
        return try await Conformance.within(patience, "an answer or an error") { [adapter] in
            try await adapter.request(request, from: resource)
        }
    }

    func accepts(_ resources: [Resource]) throws {
        try Conformance.expect(adapter.accepts, toTake: resources, of: .function)
    }

    func passesBodies(to echo: Resource) async throws {
        let bodies: [(String, [UInt8])] = [
            ("an empty body", []), ("a body of every byte", Array(0...255)), ("line ends", Array("\r\n\n\r\u{0}\r\n".utf8)),
            ("a body of 1 MiB", (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }),
        ]
        for (what, body) in bodies {
            let seen = try await call(echo, .bytes(body)).message.body
            try Conformance.expect(seen == body, "\(what) to come back", seen: "\(seen.count) bytes that differ")
        }
    }

    func passesAttributes(to echo: Resource) async throws {
        let attributes: [String: Message.Attribute] = [
            "text": .string("käse & brot; 1%\n\"next\""), "count": .number("-12345678901234567890.50"), "raw": .binary([0, 10, 255]),
            "Capital": .string(""),
        ]
        let seen = try await call(echo, .text("with attributes", attributes: attributes)).message.attributes
        try Conformance.expect("the attributes", is: attributes, seen: seen)
        try Conformance.expect("those of a message without any", is: [:], seen: try await call(echo).message.attributes)
    }

    func passesHeaders(to echo: Resource) async throws {
        for type in ["application/json", "text/x-conformance; charset=utf-8"] {
            var message = Message.text("{}")
            message.contentType = type
            try Conformance.expect("the content type", is: type, seen: try await call(echo, message).message.contentType)
        }
        let reply = try await call(echo, headers: [Conformance.header: "as sent"])
        try Conformance.expect(
            "the header that arrived", is: .string("as sent"), seen: reply.message.attributes[Conformance.header] ?? .string("nothing"))
    }

    func saysWhoServed(_ echo: Resource) async throws {
        for address in [Self.address, "conformance.adapter->another"] {
            let reply = try await call(echo, to: address)
            try Conformance.expect("`servedBy`", is: address, seen: reply.servedBy)
            try Conformance.expect((200..<300).contains(reply.status), "a status from 200 to 299", seen: "\(reply.status)")
        }
    }

    func callsSideBySide(_ echo: Resource) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<16 {
                group.addTask {
                    let seen = try await call(echo, .text("\(number)")).message.body
                    try Conformance.expect("the answer to its own call", is: "\(number)", seen: String(decoding: seen, as: UTF8.self))
                }
            }
            try await group.waitForAll()
        }
    }

    func keepsPassedDeadline(_ echo: Resource) async throws {
        do {
            // One that answers at once has done no harm.
            _ = try await call(echo, within: .zero)
        } catch let error as DiscoveryError {
            try Conformance.expect("the code", is: .deadlineExceeded, seen: error.code)
        }
    }

    func reportsFailure(of failing: Resource) async throws {
        let error = try await Conformance.expect(.functionFailed, of: "a function that fails") { _ = try await call(failing) }
        try Conformance.expect(error.functionError != nil, "the error to say in `functionError` what the function said", seen: "\(error)")
    }

    func reportsUnreachable(_ unreachable: Resource) async throws {
        try await Conformance.expect(.unreachable, of: "a call to where nothing is") { _ = try await call(unreachable) }
    }

    func keepsDeadline(_ silent: Resource) async throws {
        try await Conformance.expect(.deadlineExceeded, of: "a call that is not answered in time") {
            _ = try await call(silent, within: .milliseconds(300))
        }
    }

    func endsWhenCancelled(_ silent: Resource) async throws {
        let request = Request(.empty, to: Self.address, deadline: .now + .seconds(50), headers: [:])
        try await Conformance.expect(.cancelled, of: "a call that is cancelled") {
            _ = try await Conformance.within(patience, "a call to end when it is cancelled") { [adapter] in
                let call = Task { try await adapter.request(request, from: silent) }
                try await Task.sleep(for: .milliseconds(200))
                call.cancel()
                return try await call.value
            }
        }
    }
}
