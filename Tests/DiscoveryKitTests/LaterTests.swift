@testable import DiscoveryKit
import Foundation
import HTTPServing
import Messaging
import Synchronization
import Testing

private struct Letter: Codable, Sendable, Equatable {
    var to: String
}

extension Messaging {
    /// What a call came to that could not be made; waits for one.
    fileprivate func undelivered() async throws -> Messaging.Received {
        try #require(try await receive(from: Messaging.undelivered, wait: .seconds(30)).first, "nothing came to the queue")
    }
}

@Suite(.timeLimit(.minutes(5))) struct LaterTests {
    @Test func `a call is made as it was put off, once there is a function and somebody who serves`() async throws {
        let came = Event<HTTPRequest>()
        try await withServer({ request in
            came.happened(request)
            return HTTPResponse(status: 200, headers: [], body: [])
        }) { url in
            try await withDiscovery { discovery in
                var options = RequestOptions()
                options.headers = ["X-Color": "blue"]
                var message = Message.text("\u{1F339}", attributes: ["n": .number("7")])
                message.contentType = "text/special"
                let id = try await discovery.requestLater("mailer->send", message, options: options)
                try await discovery.requestLater("mailer->send", Letter(to: "ann"))
                try await discovery.requestLater("mailer->send", .empty)
                try await discovery.requestLater("mailer->send", .bytes([0, 255]))
                let (backlog, courier) = try await discovery.backlog()
                #expect(backlog.map(\.endpoint) == ["default.mailer->send"] && backlog.map(\.messages) == [4] && courier == nil)
                try await discovery.register("mailer->send", Resource(.function, at: url))
                // Whoever serves anything is a courier.
                let other = Task { try await discovery.serve("other->one") { (request: Request) in request.message } }
                var requests: [HTTPRequest] = []
                while requests.count < 4, let request = await came.wait() { requests.append(request) }
                #expect(try await discovery.backlog().courier != nil)
                other.cancel()
                _ = await other.result
                #expect(try await discovery.backlog().courier == nil)
                let special = try #require(requests.first { $0.headers["content-type"] == "text/special" })
                #expect(String(decoding: special.body, as: UTF8.self) == "\u{1F339}" && special.headers["x-color"] == "blue")
                #expect(Set(requests.map(\.body)) == [Array("\u{1F339}".utf8), Array(#"{"to":"ann"}"#.utf8), [], [0, 255]])
                #expect(UUID(uuidString: id.description) != nil)
            }
        }
    }

    @Test func `what fails is tried again, and what is refused is not: it goes to the queue of what was undelivered, with the reason`()
        async throws
    {
        let (failing, refusing) = (Endpoint(500, 502, 200), Endpoint(404))
        try await withServer({ failing.answer($0) }) { failingURL in
            try await withServer({ refusing.answer($0) }) { refusingURL in
                try await withDiscovery { discovery in
                    try await discovery.register("ns.s->failing", Resource(.function, at: failingURL))
                    try await discovery.register("ns.s->refusing", Resource(.function, at: refusingURL))
                    try await discovery.requestLater("ns.s->failing", .text("try"))
                    try await discovery.requestLater("ns.s->refusing", .text("no"))
                    let courier = Task { try await discovery.run() }
                    await failing.came(3)
                    let messaging = try await discovery.client.home().messaging()
                    let letter = try await messaging.undelivered()
                    #expect(letter.body == Array("no".utf8) && letter.lastFailure?.contains("404") == true)
                    let call = try #require(DeferredCall(letter))
                    #expect(call.address == "ns.s->refusing" && call.message(letter).body == Array("no".utf8))
                    #expect(failing.bodies == ["try", "try", "try"] && refusing.bodies == ["no"])
                    courier.cancel()
                    _ = await courier.result
                }
            }
        }
    }

    @Test func `a call that was given up goes back from there, and is made again`() async throws {
        let function = Endpoint(400, 200)
        try await withServer({ function.answer($0) }) { url in
            try await withDiscovery { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: url))
                try await discovery.requestLater("ns.s->f", .text("again"))
                let courier = Task { try await discovery.run() }
                let messaging = try await discovery.client.home().messaging()
                let letter = try await messaging.undelivered()
                _ = try await messaging.changeVisibility([.init(letter.receipt, .zero)], in: Messaging.undelivered).first?.get()
                _ = try await messaging.startMove(from: Messaging.undelivered)
                await function.came(2)
                #expect(function.bodies == ["again", "again"])
                courier.cancel()
                _ = await courier.result
            }
        }
    }

    @Test func `what is no function is not called later either`() async throws {
        try await withDiscovery { discovery in
            try await discovery.register("ns.s->q", .queue(named: "q"))
            try await discovery.register("ns.s->f", Resource(.function, at: "http://127.0.0.1:1/"))
            #expect(await failure { try await discovery.requestLater("ns.s->q", .empty) }?.code == .wrongKind)
            #expect(await failure { try await discovery.requestLater("ns.s", .empty) }?.code == .ambiguous)
            #expect(await failure { try await discovery.requestLater("", .empty) }?.code == .malformedAddress)
            let many = Dictionary(uniqueKeysWithValues: (0..<10).map { ("a\($0)", Message.Attribute.string("x")) })
            #expect(await failure { try await discovery.requestLater("ns.s->f", .text("x", attributes: many)) }?.code == .invalid)
            let long = Message.bytes(Array(repeating: 65, count: 2 << 20))
            #expect(await failure { try await discovery.requestLater("ns.s->f", long) }?.code == .tooLarge)
            #expect(try await discovery.backlog().backlog.isEmpty)
        }
    }

    @Test func `calls of an address that nobody answers delay no other`() async throws {
        let quick = Endpoint(200)
        try await withServer({ quick.answer($0) }) { url in
            try await withDiscovery { discovery in
                try await discovery.register("ns.s->quick", Resource(.function, at: url))
                for number in 0..<30 {
                    try await discovery.requestLater("ns.s->gone", .text("\(number)"))
                    try await discovery.requestLater("ns.s->quick", .text("\(number)"))
                }
                let courier = Task { try await discovery.run() }
                await quick.came(30)
                #expect(Set(quick.bodies) == Set((0..<30).map(String.init)))
                courier.cancel()
                _ = await courier.result
            }
        }
    }

    @Test func `while anybody listens here this process is a courier, and no longer`() async throws {
        try await withDiscovery { discovery in
            let messaging = try await discovery.client.home().messaging()
            for queue in ["one", "two"] {
                _ = try await messaging.createQueue(queue)
                try await discovery.register("ns.s->\(queue)", .queue(named: queue))
                try await discovery.queue("ns.s->\(queue)", "a")
            }
            let heard = Count()
            let listeners = (["ns.s->one", "ns.s->two"] as [Address]).map { address in
                Task { try await discovery.listen(address) { (_: Delivery) in heard.add() } }
            }
            await heard.reached(2)
            while try await discovery.backlog().courier == nil { await Task.yield() }
            listeners[0].cancel()
            _ = await listeners[0].result
            #expect(try await discovery.backlog().courier != nil)
            listeners[1].cancel()
            _ = await listeners[1].result
            #expect(try await discovery.backlog().courier == nil)
        }
    }
}
