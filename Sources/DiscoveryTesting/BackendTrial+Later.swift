internal import DiscoveryKit

extension BackendTrial {
    func requestsLater() async throws {
        let place = address("later")
        let isAccepted = Heard()
        let (calls, continuation) = AsyncStream<Message>.makeStream(bufferingPolicy: .bufferingOldest(10))
        let message = Message.text("käse", attributes: ["a": .string("ü"), "n": .number("1.50"), "b": .binary([0, 255])])
        var options = RequestOptions()
        options.headers = [Conformance.header: "as sent"]
        try await serving(
            place,
            { request in
                // Who put it off does not wait for it.
                if request.message.body == message.body { await isAccepted.reached(1) }
                continuation.yield(try await Conformance.echo(request))
                return .empty
            }
        ) {
            let first = try await Conformance.within(patience, "a call to be accepted while its function has not answered") {
                [other, options] in try await other.requestLater(place, message, options: options)
            }
            isAccepted.hear("")
            var expected = message
            expected.attributes[Conformance.header] = .string("as sent")
            try Conformance.expect("what the function is sent", is: expected, seen: try await next(calls))
            let second = try await one.requestLater(place, Message.bytes([0, 255]))
            try Conformance.expect("the body of the second call", is: [0, 255], seen: try await next(calls).body)
            try Conformance.expect(first != second, "two calls to have two ids", seen: "\(first) and \(second)")
        }
        let queue = address("queue")
        try await register(queue, Resource(.queue, at: "arn:aws:sqs:local:000000000000:jobs"))
        try await Conformance.expect(.wrongKind, of: "putting off a call of a queue") { _ = try await one.requestLater(queue, message) }
    }

    private func next(_ calls: AsyncStream<Message>) async throws -> Message {
        try await Conformance.within(patience, "a call that was put off to be made") {
            for await call in calls { return call }
            throw CancellationError()
        }
    }
}
