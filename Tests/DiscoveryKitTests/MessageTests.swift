@testable import DiscoveryKit
import Testing

@Suite struct MessageTests {
    private struct Job: Codable, Equatable {
        var name: String
        var at: String
        var count: Int?
    }

    @Test func `a value is sent as JSON with sorted keys`() throws {
        let message = try Message.json(Job(name: "a/b", at: "é", count: 3), attributes: ["kind": .string("job")])
        #expect(String(decoding: message.body, as: UTF8.self) == #"{"at":"é","count":3,"name":"a/b"}"#)
        #expect(message.attributes == ["kind": .string("job")])
        #expect(try message.decode() == Job(name: "a/b", at: "é", count: 3))
    }

    @Test func `a string is encoded once as JSON, and verbatim as a text`() throws {
        let json = try Message.json("hello")
        #expect(json.body == Array("\"hello\"".utf8))
        #expect(try json.decode(String.self) == "hello")
        #expect(Message.text("hello").body == Array("hello".utf8))
        #expect(Message.bytes([0, 255]).body == [0, 255])
        #expect(Message.empty == Message.bytes([]))
    }

    @Test func `a value that JSON cannot say is a coding error`() {
        let error = #expect(throws: DiscoveryError.self) { try Message.json(Double.nan) }
        #expect(error?.code == .coding)
        #expect(error?.cause is EncodingError)
    }

    @Test(arguments: [Message.empty, .text("{"), .text(#"{"name":7}"#), .bytes([0xFF, 0xFE, 0x00])])
    func `a body of another form is a coding error`(message: Message) {
        let error = #expect(throws: DiscoveryError.self) { try message.decode(Job.self) }
        #expect(error?.code == .coding)
        #expect(error?.cause != nil)
        #expect(error?.message.contains("Job") == true)
    }

    @Test func `an answer that cannot be decoded says who gave it, a request for whom it was`() {
        let reply = Reply(message: .text("{"), status: 200, servedBy: "ais.worker->a")
        #expect(#expect(throws: DiscoveryError.self) { try reply.decode(Job.self) }?.address == "ais.worker->a")
        let request = Request(.text("7"), to: "ais.worker->b", deadline: .now, headers: ["Trace-Parent": "x"])
        #expect(#expect(throws: DiscoveryError.self) { try request.decode(Job.self) }?.address == "ais.worker->b")
        #expect(request.headers == ["trace-parent": "x"])
        #expect((try? request.decode(Int.self)) == 7)
    }

    @Test func `a message id prints as the backend gave it`() {
        #expect("\(MessageID("m-1"))" == "m-1")
    }

    @Test func `headers of a request come before configured ones, in any case`() {
        var configured = RequestOptions()
        configured.headers = ["Authorization": "a", "X-Team": "b"]
        var options = RequestOptions()
        options.headers = ["authorization": "c"]
        #expect(options.headers(over: configured) == ["authorization": "c", "x-team": "b"])
        #expect(RequestOptions().headers(over: configured) == ["authorization": "a", "x-team": "b"])
    }

    @Test func `what a server's options leave open comes from the configuration`() {
        var serving = ServeOptions()
        serving.port = 0
        serving.attributes = ["weight": "2"]
        var defaults = ServeOptions()
        defaults.host = "127.0.0.1"
        defaults.port = 80
        defaults.concurrency = 8
        defaults.attributes = ["weight": "1", "zone": "a"]
        let filled = serving.completed(from: defaults)
        #expect(filled.host == "127.0.0.1" && filled.port == 0 && filled.concurrency == 8)
        #expect(filled.attributes == ["weight": "2", "zone": "a"])
    }
}
