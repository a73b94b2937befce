import DiscoveryKit
import Foundation
import HTTPServing
import Synchronization
import Testing

private struct Query: Codable, Sendable { let id: Int }
private struct Job: Codable, Sendable, Equatable { let name: String }

@Suite struct RequestTests {
    @Test func `a body is sent as JSON and the answer decoded`() async throws {
        try await withServer { request in
            HTTPResponse(headers: [("content-type", request.headers["content-type"] ?? "")], body: request.body)
        } _: { url in
            try await withDiscovery { discovery in
                try await discovery.register("ns.s->echo", Resource(.function, at: url))
                let query: Query = try await discovery.request("ns.s->echo", Query(id: 7))
                #expect(query.id == 7)
                let text: String = try await discovery.request("ns.s->echo", "a string")
                #expect(text == "a string", "a String is a JSON string, coded once")
                let reply = try await discovery.request("ns.s->echo", Message.text("as it is"))
                #expect(reply.message.body == Array("as it is".utf8) && reply.status == 200 && reply.servedBy == "ns.s->echo")
                #expect(reply.message.contentType == "text/plain; charset=utf-8")
                #expect(await failure { try await discovery.request("ns.s->echo", Query(id: 7), as: Job.self) }?.code == .coding)
            }
        }
    }

    @Test func `attributes, headers and the time left travel with a request`() async throws {
        let seen = Mutex<HTTPRequest?>(nil)
        try await withServer { request in
            seen.withLock { $0 = request }
            return HTTPResponse(headers: [("Discovery-Attribute-from", "String;function%20%C3%BC")], text: "ok")
        } _: { url in
            try await withDiscovery { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: url))
                var options = RequestOptions()
                options.deadline = .seconds(5)
                options.headers = ["x-own": "1"]
                let message = Message.text("x", attributes: ["Trace Id": .string("ä;%"), "n": .number("1.50"), "b": .binary([0, 255])])
                let reply = try await discovery.request("ns.s->f", message, options: options)
                #expect(reply.message.attributes == ["from": .string("function ü")])
                let request = try #require(seen.withLock { $0 })
                #expect(request.headers["x-own"] == "1")
                #expect((1...5_000).contains(Int(request.headers["discovery-timeout"] ?? "") ?? 0))
            }
        }
    }

    @Test func `a function's own error is thrown typed and never returned as success`() async throws {
        try await withServer { request in
            switch String(decoding: request.body, as: UTF8.self) {
            case "500": HTTPResponse(status: 500, text: #"{"errorType":"Broken","errorMessage":"no luck"}"#)
            case "404": HTTPResponse(status: 404, text: "gone fishing")
            case "lambda":
                HTTPResponse(
                    status: 200, headers: [("X-Amz-Function-Error", "Unhandled")], text: #"{"errorMessage":"boom","errorType":"E"}"#)
            case "redirect": HTTPResponse(status: 302, headers: [("Location", "http://127.0.0.1:1/")])
            default: HTTPResponse(text: "fine")
            }
        } _: { url in
            try await withDiscovery { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: url))
                let broken = await failure { try await discovery.request("ns.s->f", Message.text("500")) }
                #expect(broken?.code == .functionFailed)
                #expect(
                    broken?.functionError?.type == "Broken" && broken?.functionError?.message == "no luck"
                        && broken?.functionError?.status == 500)
                let missing = await failure { try await discovery.request("ns.s->f", Message.text("404")) }
                #expect(missing?.functionError?.message == "gone fishing" && missing?.functionError?.status == 404)
                let lambda = await failure { try await discovery.request("ns.s->f", Message.text("lambda")) }
                #expect(lambda?.functionError?.type == "E" && lambda?.functionError?.message == "boom")
                let redirected = await failure { try await discovery.request("ns.s->f", Message.text("redirect")) }
                #expect(redirected?.code == .functionFailed && redirected?.message.contains("http://127.0.0.1:1/") == true)
                #expect(try await discovery.request("ns.s->f").status == 200)
            }
        }
    }

    @Test func `an operation that does not fit the kind names both`() async throws {
        try await withDiscovery { discovery in
            try await discovery.register("ns.s->q", Resource(.queue, at: "arn:aws:sqs:local:000000000000:jobs"))
            let error = await failure { try await discovery.request("ns.s->q") }
            #expect(error?.code == .wrongKind && error?.message.contains("queue") == true && error?.message.contains("request") == true)
            try await discovery.register("ns.s->l", Resource(.function, at: "arn:aws:lambda:eu-west-1:000000000000:function:f"))
            #expect(await failure { try await discovery.request("ns.s->l") }?.code == .unsupported)
        }
    }

    @Test func `a resource with only a url is called`() async throws {
        try await withServer { _ in
            HTTPResponse(text: "called")
        } _: { url in
            try await withDiscovery { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: url))
                #expect(try await discovery.request("ns.s->f").message.body == Array("called".utf8))
            }
        }
    }

    @Test func `where nobody listens is unreachable, at once`() async throws {
        try await withDiscovery { discovery in
            // The discard service, which nobody runs; a port given back could be another test's a moment later.
            let url = "http://127.0.0.1:9/"
            try await discovery.register("ns.s->f", Resource(.function, at: url))
            let error = await failure { try await discovery.request("ns.s->f") }
            #expect(error?.code == .unreachable && error?.isRetryable == true, "\(error.debugDescription)")
            #expect(error?.message.contains(url) == true)
        }
    }

    @Test func `a reply beyond the limit is refused, whether it says its length or not`() async throws {
        try await withServer { _ in
            HTTPResponse(body: [UInt8](repeating: 65, count: 100_001))
        } _: { url in
            try await withDiscovery(configure: { $0.maximumReplySize = 100_000 }) { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: url))
                let error = await failure { try await discovery.request("ns.s->f") }
                #expect(error?.code == .tooLarge && error?.message.contains("100000") == true)
            }
            try await withDiscovery(configure: { $0.maximumReplySize = 100_001 }) { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: url))
                #expect(try await discovery.request("ns.s->f").message.body.count == 100_001)
            }
        }
    }

    @Test func `a call ends by its deadline`() async throws {
        try await withServer { _ in
            try? await Task.sleep(for: .seconds(60))
            return HTTPResponse()
        } _: { url in
            try await withDiscovery { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: url))
                var options = RequestOptions()
                options.deadline = .milliseconds(50)
                let late = await failure { try await discovery.request("ns.s->f", options: options) }
                #expect(late?.code == .deadlineExceeded, "\(late.debugDescription)")
                options.deadline = .zero
                #expect(await failure { try await discovery.request("ns.s->f", options: options) }?.code == .deadlineExceeded)
            }
        }
    }

    @Test func `a cancelled call ends at once and says so`() async throws {
        let arrived = Event<Void>()
        try await withServer { _ in
            arrived.happened(())
            try? await Task.sleep(for: .seconds(60))
            return HTTPResponse()
        } _: { url in
            try await withDiscovery { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: url))
                let call = Task { await failure { try await discovery.request("ns.s->f") } }
                await arrived.wait()
                call.cancel()
                #expect(await call.value?.code == .cancelled)
            }
        }
    }

    @Test func `a value that cannot be encoded is told before anything is sent`() async throws {
        try await withDiscovery { discovery in
            #expect(await failure { try await discovery.request("ns.s->f", Double.infinity) }?.code == .coding)
        }
    }

    @Test func `a header that cannot be sent is an error, not a crash`() async throws {
        try await withServer { _ in
            HTTPResponse()
        } _: { url in
            try await withDiscovery { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: url))
                var options = RequestOptions()
                options.headers = ["bad name": "x"]
                #expect(await failure { try await discovery.request("ns.s->f", options: options) } != nil)
                options.headers = ["x": "a\r\nb: c"]
                #expect(await failure { try await discovery.request("ns.s->f", options: options) } != nil)
            }
        }
    }

    @Test func `a location that is no URL is an error`() async throws {
        try await withDiscovery { discovery in
            for location in ["http://", "http:///path", "http://[::1", "http://a b/"] {
                try? await discovery.register("ns.s->f", Resource(.function, at: location))
                #expect(await failure { try await discovery.request("ns.s->f") } != nil, "\(location)")
            }
        }
    }
}
