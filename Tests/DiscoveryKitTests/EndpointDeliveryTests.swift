import Foundation
import HTTPServing
import Messaging
import NIOHTTP1
import Synchronization
import Testing

@testable import DiscoveryKit

/// What a POST to an endpoint comes to, against servers that answer well, badly, late and not at all.
@Suite(.timeLimit(.minutes(5)))
struct EndpointDeliveryTests {
    private typealias Outcome = EndpointDelivery.Outcome

    private static let notification = DiscoveryKit.Notification(
        topic: "orders", id: "m1", subject: "S", published: Date(timeIntervalSince1970: 1), body: Array("Hello\n".utf8),
        attributes: ["a": .init(.string("b"))], subscription: "s1")

    private func deliver(to url: String, within time: Duration = .seconds(60)) async throws -> EndpointDelivery.Outcome {
        try await EndpointDelivery().deliver(Self.notification, to: url, until: .now + time)
    }

    // MARK: Which status is which

    @Test(arguments: 100...999)
    func `each status is delivered, tried again or refused`(status: Int) {
        let answer = FunctionAnswer(status: status, headers: ["retry-after": "7", "location": "http://b/"], body: [])
        switch (status, EndpointDelivery.outcome(of: answer, from: "`http://a/`")) {
        case (200...299, .delivered): break
        case (300...399, .retry("`http://a/` redirects to `http://b/`, which is not followed. Subscribe that instead.", after: nil)): break
        case (429, .retry("`http://a/` answered with status 429.", after: .seconds(7))): break
        case (503, .retry("`http://a/` answered with status 503.", after: .seconds(7))): break
        case (429, _), (503, _): Issue.record("\(status)")
        case (400...499, .refused("`http://a/` answered with status \(status), which is not tried again.")): break
        case (500..., .retry("`http://a/` answered with status \(status).", after: nil)), (..<200, .retry(_, after: nil)): break
        case (_, let outcome): Issue.record("\(status): \(outcome)")
        }
    }

    @Test(arguments: [
        ("0", Duration.zero), ("-5", .zero), ("3600", .seconds(3_600)), ("9999999", .seconds(3_600)), ("soon", nil),
        ("Fri, 31 Dec 1999 23:59:59 GMT", nil), ("99999999999999999999", nil),
    ])
    func `what an endpoint asks for is an hour at most`(header: String, expected: Duration?) {
        let answer = FunctionAnswer(status: 429, headers: ["retry-after": header], body: [])
        #expect(EndpointDelivery.outcome(of: answer, from: "it") == .retry("it answered with status 429.", after: expected))
    }

    @Test func `a reason shows a little of the answer, and nothing that does anything to a terminal`() {
        let answer = FunctionAnswer(status: 500, headers: [:], body: Array("\u{1B}[2J no\n".utf8) + [UInt8](repeating: 0x78, count: 9_000))
        guard case .retry(let reason, nil) = EndpointDelivery.outcome(of: answer, from: "it") else {
            return _ = Issue.record("not retried")
        }
        #expect(reason.hasPrefix("it answered with status 500: \\u{1b}[2J no\\u{a}xxx"))
        #expect(reason.utf8.count < 400)
    }

    // MARK: A real server

    @Test func `an enveloped notification arrives whole, with SNS's headers`() async throws {
        let seen = Mutex<HTTPRequest?>(nil)
        let outcome = try await withServer { request in
            seen.withLock { $0 = request }
            return HTTPResponse(text: "thanks")
        } _: { url in
            try await deliver(to: "\(url)events?a=b")
        }
        #expect(outcome == .delivered)
        let request = try #require(seen.withLock { $0 })
        #expect(request.method == "POST" && request.path == "/events?a=b")
        #expect(request.body == Self.notification.envelope())
        for (name, value) in Self.notification.headers(isRaw: false) { #expect(request.headers.values(name) == [value]) }
        #expect(request.headers["x-amz-sns-rawdelivery"] == nil)
        #expect(request.headers["content-length"] == "\(request.body.count)")
    }

    @Test func `a raw notification is its body alone, in the type that the subscription names; a confirmation never is`() async throws {
        let seen = Mutex<[HTTPRequest]>([])
        let delivery = EndpointDelivery(isRaw: true, contentType: "application/json")
        var confirmation = Self.notification
        confirmation.kind = .subscriptionConfirmation
        let outcomes = try await withServer { request in
            seen.withLock { $0.append(request) }
            return HTTPResponse(status: 204)
        } _: { url in
            [
                try await delivery.deliver(Self.notification, to: url, until: .now + .seconds(60)),
                try await delivery.deliver(confirmation, to: url, until: .now + .seconds(60)),
            ]
        }
        #expect(outcomes == [.delivered, .delivered])
        let requests = seen.withLock { $0 }
        try #require(requests.count == 2)
        #expect(requests[0].body == Self.notification.body)
        #expect(requests[0].headers["x-amz-sns-rawdelivery"] == "true")
        #expect(requests.allSatisfy { $0.headers["content-type"] == "application/json" })
        #expect(requests[1].body == confirmation.envelope())
        #expect(requests[1].headers["x-amz-sns-rawdelivery"] == nil)
    }

    @Test(arguments: [
        (200, Outcome.delivered), (500, .retry("answered with status 500: because")), (404, .refused("answered with status 404, which")),
        (429, .retry("answered with status 429: because", after: .seconds(3))),
    ])
    private func `a status that comes over the wire`(status: Int, expected: EndpointDelivery.Outcome) async throws {
        let outcome = try await withServer { _ in
            HTTPResponse(status: status, headers: [("Retry-After", "3")], text: "because")
        } _: { url in
            try await deliver(to: url)
        }
        switch (outcome, expected) {
        case (.delivered, .delivered): break
        case (.retry(let reason, let after), .retry(let words, let expectedAfter)):
            #expect(reason.contains(words) && after == expectedAfter, "\(reason)")
        case (.refused(let reason), .refused(let words)): #expect(reason.contains(words), "\(reason)")
        default: Issue.record("\(outcome)")
        }
    }

    @Test func `a redirect is not followed`() async throws {
        let others = Count()
        try await withServer { _ in
            others.add()
            return HTTPResponse()
        } _: { other in
            for status in [301, 302, 307, 308] {
                let outcome = try await withServer { _ in
                    HTTPResponse(status: status, headers: [("Location", other)])
                } _: {
                    try await deliver(to: $0)
                }
                guard case .retry(let reason, nil) = outcome else { return _ = Issue.record("\(outcome)") }
                #expect(reason.contains("redirects to `\(other)`"), "\(reason)")
            }
        }
        #expect(others.value == 0)
    }

    @Test(arguments: [
        Fault.resetOnAccept, .resetBeforeBody, .resetAfterBody, .closeWithoutAnswer, .halfHead, .halfBody, .garbage,
    ])
    func `an endpoint that hangs up is tried again`(fault: Fault) async throws {
        let outcome = try await withFaultServer { _ in
            fault
        } _: {
            try await deliver(to: $0.url)
        }
        guard case .retry(let reason, nil) = outcome else { return _ = Issue.record("\(outcome)") }
        #expect(reason.contains("did not answer: "), "\(reason)")
    }

    @Test(arguments: [Fault.neverAnswer, .halfBodyThenSilence])
    func `an endpoint that is silent is given up at the deadline`(fault: Fault) async throws {
        let outcome = try await withFaultServer { _ in
            fault
        } _: {
            try await deliver(to: $0.url, within: .milliseconds(100))
        }
        guard case .retry(let reason, nil) = outcome else { return _ = Issue.record("\(outcome)") }
        #expect(reason.hasSuffix("did not answer in time."), "\(reason)")
    }

    @Test func `an endpoint that takes no connection is given up at the deadline`() async throws {
        let server = try UnacceptingServer()
        let outcome = try await deliver(to: server.url, within: .milliseconds(100))
        guard case .retry = outcome else { return _ = Issue.record("\(outcome)") }
    }

    @Test func `an endpoint that is not there is tried again, and one that comes later has it`() async throws {
        try await withFaultServer(isListening: false) { _ in
            .good
        } _: { server in
            guard case .retry(let reason, nil) = try await deliver(to: server.url) else { return _ = Issue.record("not retried") }
            #expect(reason.contains("connection refused"), "\(reason)")
            try await server.listen()
            #expect(try await deliver(to: server.url) == .delivered)
            #expect(server.received.map(\.body) == [Self.notification.envelope()])
        }
    }

    @Test func `an answer is not kept beyond a bound, and its status counts`() async throws {
        let size = 1 << 20
        #expect(
            try await withFaultServer { _ in
                .tooLargeReply(size)
            } _: {
                try await deliver(to: $0.url)
            } == .delivered)
        let outcome = try await withServer { _ in
            HTTPResponse(status: 500, body: [UInt8](repeating: 0x78, count: size))
        } _: {
            try await deliver(to: $0)
        }
        guard case .retry(let reason, nil) = outcome else { return _ = Issue.record("\(outcome)") }
        #expect(reason.hasSuffix("answered with status 500."), "\(reason)")
    }

    @Test(arguments: [
        "", "orders", "ftp://example.com/", "http+unix://%2Ftmp%2Fsocket/", "https+unix://a/", "http://", "http:///a", "unix:///a",
        "arn:aws:sns:local:000000000000:orders", "http://exa mple/", "file:///etc/passwd",
    ])
    func `what is no endpoint is refused`(url: String) async throws {
        guard case .refused(let reason) = try await deliver(to: url) else { return _ = Issue.record("not refused") }
        #expect(reason.hasSuffix("."))
    }

    @Test func `a content type that would break the request is refused`() async throws {
        let delivery = EndpointDelivery(contentType: "text/plain\r\nx-other: y")
        let outcome = try await withServer { _ in
            HTTPResponse()
        } _: {
            try await delivery.deliver(Self.notification, to: $0)
        }
        guard case .refused = outcome else { return _ = Issue.record("\(outcome)") }
    }

    @Test func `a reason does not give away what is secret in a URL`() async throws {
        let outcome = try await withServer { _ in
            HTTPResponse(status: 404)
        } _: { url in
            let secret = url.replacing("http://", with: "http://user:secret@") + "a?token=secret"
            return try await deliver(to: secret)
        }
        guard case .refused(let reason) = outcome else { return _ = Issue.record("\(outcome)") }
        #expect(!reason.contains("secret"), "\(reason)")
    }

    @Test func `a cancelled delivery ends at once, without an outcome`() async throws {
        let began = Event<Void>()
        try await withServer { _ in
            began.happened(())
            try? await Task.sleep(for: .seconds(600))
            return HTTPResponse()
        } _: { url in
            let task = Task { try await deliver(to: url, within: .seconds(600)) }
            _ = await began.wait()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}
