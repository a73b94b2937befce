import Foundation
import HTTPServing
import Synchronization
import Testing

/// Clients that send what nobody should, to the whole daemon: each hears what is wrong, and the others notice nothing.
struct HostileClientTests {
    private struct Attack: Sendable {
        let what: String
        let bytes: [UInt8]
        /// In order; a connection ends after the last.
        let statuses: [Int]
        /// Sends the bytes of a request that never ends, one by one, until it is told to stop.
        var drips = false

        init(_ what: String, _ text: String, _ statuses: Int..., drips: Bool = false) {
            self.init(what, Array(text.utf8), statuses, drips: drips)
        }

        init(_ what: String, _ bytes: [UInt8], _ statuses: [Int], drips: Bool = false) {
            (self.what, self.bytes, self.statuses, self.drips) = (what, bytes, statuses, drips)
        }
    }

    private static let good = "GET /_discovery/health HTTP/1.1\r\nHost: x\r\n\r\n"
    private static let map =
        "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: Route53AutoNaming_v20170314.DiscoverInstances\r\nContent-Length: "

    private static let attacks: [Attack] = [
        Attack("a head that stops", "GET / HTTP/1.1\r\nHost: x\r\nA: ", 408), Attack("a body that stops", map + "9\r\n\r\n{", 408),
        Attack("half a method", "G", 408), Attack("a head, drop by drop", "GET / HTTP/1.1\r\nHost: x\r\n", 408, drips: true),
        Attack("a body, drop by drop", map + "50000\r\n\r\n", 408, drips: true),
        Attack("a long target", "GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        Attack("a long header", "GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "a", count: 100_000))\r\n\r\n", 431),
        Attack("many headers", "GET / HTTP/1.1\r\nHost: x\r\n\(String(repeating: "A: b\r\n", count: 2_000))\r\n", 431),
        Attack("a long body", map + "99999999\r\n\r\n{", 413),
        Attack("a body of any length", map + "99999999999999999999999999\r\n\r\n{", 400),
        Attack("a body of less than nothing", map + "-1\r\n\r\n{", 400),
        Attack(
            "a body in too many chunks",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                + String(repeating: "4000\r\n\(String(repeating: "a", count: 16_384))\r\n", count: 17), 413),
        Attack("a chunk of no length", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        Attack("garbage", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\r\n\r\n", 400),
        Attack("garbage behind a request", good + "\0\0garbage\r\n\r\n", 200, 400),
        Attack("two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        Attack(
            "a length and chunks", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        Attack("no host", "GET / HTTP/1.1\r\n\r\n", 400), Attack("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        Attack("another version", "GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505),
        Attack("another protocol", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        Attack(
            "a target of no text", Array("GET /_discovery/resolve/a.".utf8) + [0xFF, 0xFE] + Array(" HTTP/1.1\r\nHost: x\r\n\r\n".utf8),
            [400]),
        Attack("a header of NULs", "GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n", 400),
    ]

    @Test func `hostile clients are told what is wrong, cost little, and disturb nobody`() async throws {
        try await withFolder { folder in
            let daemon = try await Self.daemon(folder)
            #expect(try await daemon(WireRequest("PUT", "/_discovery/register/ais.garden->a", "http://127.0.0.1:1/")).status == 200)
            let before = daemon.memory
            // As many as this process may have, and some to spare.
            let count = DescriptorLimit.raise(forConnections: 10_000)
            let idle = try await onThread { try (0..<count).map { _ in try daemon.connect() } }
            let isOver = Flag()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await onThread { try Self.behave(daemon, until: isOver) } }
                try await withThrowingTaskGroup(of: Void.self) { attackers in
                    for attack in Self.attacks {
                        for _ in 0..<4 { attackers.addTask { try await onThread { try Self.perform(attack, on: daemon) } } }
                    }
                    for _ in 0..<200 { attackers.addTask { try await onThread { try Self.leave(daemon) } } }
                    try await attackers.waitForAll()
                }
                isOver.raise()
                try await group.waitForAll()
            }
            let grown = daemon.memory - before
            // Some KiB for each connection, and what the allocator keeps.
            #expect(grown < 96 << 20, "\(grown >> 20) MiB")
            for client in idle { client.close() }
            daemon.signal(SIGTERM)
            #expect(await daemon.end() == 0)
        }
    }

    @Test func `bodies that mean nothing are refused with their fault`() async throws {
        try await withFolder { folder in
            let daemon = try await Self.daemon(folder)
            #expect(try await daemon(WireRequest("PUT", "/_discovery/register/ais.garden->a", "http://127.0.0.1:1/")).status == 200)
            func body(_ members: String) -> [UInt8] { Array(#"{"NamespaceName": "ais", "ServiceName": "garden"\#(members)}"#.utf8) }
            func nested(_ depth: Int, _ open: String, _ close: String) -> String {
                String(repeating: open, count: depth) + String(repeating: close, count: depth)
            }
            let cases: [(what: String, body: [UInt8], fault: String?)] = [
                ("as it should be", body(""), nil), ("members nobody knows", body(#", "x": [1, {"y": null}]"#), nil),
                // Of two the last counts.
                ("two of a member", body(#", "ServiceName": "nothing""#), "ServiceNotFound"),
                (
                    "two of a member, the last right",
                    Array(#"{"ServiceName": "x", "NamespaceName": "ais", "ServiceName": "garden"}"#.utf8), nil
                ),
                ("10,000 arrays", body(#", "x": \#(nested(10_000, "[", "]"))"#), "SerializationException"),
                ("10,000 objects", body(#", "x": \#(nested(10_000, #"{"x":"#, "}"))"#), "SerializationException"),
                ("200,000 that never end", Array(String(repeating: "[", count: 200_000).utf8), "SerializationException"),
                ("a number beyond all", body(#", "MaxResults": 99999999999999999999999999"#), "SerializationException"),
                ("an exponent beyond all", body(#", "MaxResults": 1e400"#), "SerializationException"),
                ("a number beyond the rule", body(#", "MaxResults": 9223372036854775807"#), "InvalidInput"),
                ("no number", body(#", "MaxResults": "1""#), "SerializationException"),
                ("no UTF-8", Array(#"{"NamespaceName": ""#.utf8) + [0xFF] + Array(#""}"#.utf8), "SerializationException"),
                ("half a pair of surrogates", body(#", "QueryParameters": {"\ud800": "x"}"#), "SerializationException"),
                ("nothing behind", body("") + Array("}".utf8), "SerializationException"),
                ("a text", Array("hello".utf8), "SerializationException"),
                ("a list", Array("[]".utf8), "SerializationException"), ("nothing", [], "InvalidInput"),
                ("null", Array("null".utf8), "SerializationException"),
            ]
            for (what, bytes, fault) in cases {
                var request = WireRequest.cloudMap("DiscoverInstances")
                request.body = bytes
                let reply = try await daemon(request)
                #expect(
                    reply.fault == fault && reply.status == (fault == nil ? 200 : 400), "\(what): \(reply.status) \(reply.text.prefix(300))"
                )
                #expect(reply.headers["x-amzn-requestid"] != nil, "\(what)")
            }
            let registrations: [[UInt8]] = [
                Array(#"{"location": \#(nested(10_000, "[", "]"))}"#.utf8), Array(#"{"location": 7}"#.utf8), Array("{".utf8), [0xFF, 0xFE],
                Array(#"{"location": "http://127.0.0.1:1/", "attributes": {"a": 1e999}}"#.utf8),
            ]
            for bytes in registrations {
                var request = WireRequest("PUT", "/_discovery/register/ais.garden->b", "")
                request.body = bytes
                let reply = try await daemon(request)
                #expect(
                    (400..<500).contains(reply.status) || reply.status == 501,
                    "\(String(decoding: bytes.prefix(60), as: UTF8.self)): \(reply.status) \(reply.text)")
                #expect(reply.code != nil)
            }
        }
    }

    private static func daemon(_ folder: String) async throws -> Daemon {
        let settings = #"{"timeout": {"header": 2, "body": 2, "idle": 60}, "maximum": {"body": 262144}}"#
        try settings.write(toFile: folder + "/a.json", atomically: true, encoding: .utf8)
        return try await Daemon(home: folder + "/home", ["--config", folder + "/a.json"])
    }

    /// Takes everything that comes until the daemon closes: each reply is whole, and says what is wrong.
    private static func perform(_ attack: Attack, on daemon: Daemon) throws {
        let client = try daemon.connect()
        defer { client.close() }
        // It may be answered before it has sent all.
        try? client.send(attack.bytes)
        while attack.drips, client.hasNothingToRead(forMilliseconds: 100) { try? client.send("a") }
        let replies = try WireReader.replies(in: try client.rest())
        #expect(replies.map(\.status) == attack.statuses, "\(attack.what): \(replies)")
        for reply in replies where reply.status != 200 {
            #expect(reply.code == "refused" && reply.headers["x-amzn-requestid"] != nil, "\(attack.what): \(reply)")
        }
    }

    /// Sends all or half of a request, and closes one side or both.
    private static func leave(_ daemon: Daemon) throws {
        let client = try daemon.connect()
        defer { client.close() }
        let request = Bool.random() ? good : map + "50\r\n\r\n{"
        try client.send(Array(request.utf8.prefix(Int.random(in: 0...request.utf8.count))))
        if Bool.random() { client.closeOutput() }
    }

    /// Somebody who does nothing wrong, and is answered all the while.
    private static func behave(_ daemon: Daemon, until isOver: Flag) throws {
        let client = try daemon.connect()
        defer { client.close() }
        var count = 0
        while !isOver.isUp {
            count += 1
            let reply = try client.exchange(
                count % 2 == 0
                    ? .cloudMap("DiscoverInstances", #"{"NamespaceName": "ais", "ServiceName": "garden"}"#)
                    : WireRequest("GET", "/_discovery/resolve/ais.garden->a"))
            #expect(reply?.status == 200, "request \(count): \(reply?.text ?? "nothing")")
            if reply == nil { return }
        }
        #expect(count > 10)
    }
}

/// Raised once, seen by threads.
private final class Flag: Sendable {
    private let state = Atomic(false)

    var isUp: Bool { state.load(ordering: .acquiring) }
    func raise() { state.store(true, ordering: .releasing) }
}
