import Foundation
import Testing

@testable import HTTPServing

/// Requests, damaged at random: none may trap the server, hang it, or draw anything but well-formed replies from it.
struct MutationTests {
    private static let originals = [
        "GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n",
        "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello world",
        "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nT: v\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
        "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: 127.0.0.1:4580\r\nX-Amz-Target: Route53AutoNaming_v20170314.DiscoverInstances\r\nContent-Type: "
            + "application/x-amz-json-1.1\r\nAuthorization: AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/servicediscovery/aws4_request\r\n"
            + "Content-Length: 45\r\n\r\n{\"NamespaceName\":\"ais\",\"ServiceName\":\"flask\"}",
        "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\nDELETE http://x/y HTTP/1.1\r\nHost: x\r\n\r\n",
    ].map { Array($0.utf8) }

    private static let fragments = [
        "\r\n", "\n", "\r", "\0", ":", " ", "0", "-1", "ffffffffffffffff", "HTTP/9.9", "Content-Length: 5\r\n", "Host: y\r\n", "\u{FFFD}",
        "Transfer-Encoding: chunked\r\n", "Expect: 100-continue\r\n", "Upgrade: h2c\r\n", "\r\n ",
    ].map {
        Array($0.utf8)
    }

    private static func mutate(_ original: [UInt8], with random: inout SplitMix) -> [UInt8] {
        var bytes = original
        for _ in 0...Int.random(in: 0...4, using: &random) {
            let at = Int.random(in: 0...bytes.count, using: &random)
            let end = min(bytes.count, at + Int.random(in: 0...12, using: &random))
            switch Int.random(in: 0..<8, using: &random) {
            case 0: bytes.insert(contentsOf: fragments.randomElement(using: &random)!, at: at)
            case 1: bytes.removeSubrange(at..<end)
            case 2: bytes.insert(contentsOf: bytes[at..<end], at: at)
            case 3: if at < bytes.count { bytes[at] = UInt8.random(in: 0...255, using: &random) }
            case 4: if at < bytes.count { bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
            case 5:
                let piece = Array(bytes[at..<end])
                bytes.removeSubrange(at..<end)
                bytes.insert(contentsOf: piece, at: Int.random(in: 0...bytes.count, using: &random))
            case 6: bytes.insert(contentsOf: [UInt8](repeating: bytes.isEmpty ? 0 : bytes[min(at, bytes.count - 1)], count: 3_000), at: at)
            default: bytes.insert(contentsOf: originals.randomElement(using: &random)!, at: at)
            }
        }
        return bytes
    }

    @Test func `no damaged request traps the server, hangs it, or draws a damaged reply`() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["DISCOVERY_SEED"].flatMap { UInt64($0) } ?? .random(in: 0...UInt64.max)
        let rounds = environment["DISCOVERY_ROUNDS"].flatMap { Int($0) } ?? 30
        print("HTTPServingTests mutations: DISCOVERY_SEED=\(seed) DISCOVERY_ROUNDS=\(rounds)")
        var random = SplitMix(state: seed)
        let short = Duration.milliseconds(30)
        let configuration = HTTPServerConfiguration(
            maximumBodySize: 1000, headerTimeout: short, bodyTimeout: short, idleTimeout: short, closeTimeout: short, linger: .zero)
        // Half of them at once.
        let atOnce: @Sendable (HTTPRequest) -> HTTPResponse? = { request in
            request.path.utf8.count % 2 == 0 ? nil : HTTPResponse(headers: [("a", "b")], body: request.body)
        }
        try await withServer(configuration, atOnce: atOnce) { server in
            for round in 0..<rounds {
                let mutants = (0..<16).map { _ in Self.mutate(Self.originals.randomElement(using: &random)!, with: &random) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for mutant in mutants {
                        let cut = Int.random(in: 0...mutant.count, using: &random)
                        group.addTask {
                            let replies = try await onThread { try Self.exchange(mutant, cut: cut, port: server.port) }
                            let text = String(decoding: replies, as: UTF8.self)
                            #expect(
                                replies.isEmpty || text.hasPrefix("HTTP/1.1 "),
                                "seed \(seed), round \(round): \(String(decoding: mutant, as: UTF8.self).debugDescription) drew \(text.debugDescription)"
                            )
                        }
                    }
                    try await group.waitForAll()
                }
                try await eventually("the server holds nothing") {
                    server.connections == 0 && server.requests == 0 && server.state.bodyBytesHeld == 0 && server.state.replyBytesHeld == 0
                }
                // A busy machine may not get to send within the short limits; a server that is broken never answers.
                var healthy: [UInt8] = []
                for _ in 0..<100 where !String(decoding: healthy, as: UTF8.self).hasSuffix("POST /p hello world") {
                    healthy = try await onThread { try Self.exchange(Self.originals[1], cut: 9, port: server.port) }
                }
                #expect(String(decoding: healthy, as: UTF8.self).hasSuffix("POST /p hello world"), "seed \(seed), round \(round)")
            }
        }
    }

    /// Sends in two pieces, and takes whatever comes until the server closes.
    private static func exchange(_ bytes: [UInt8], cut: Int, port: Int) throws -> [UInt8] {
        let client = try RawClient(port: port)
        defer { client.close() }
        do {
            try client.send(Array(bytes[..<cut]))
            try client.send(Array(bytes[cut...]))
        } catch is RawClient.Failure {
            // It was closed before it had heard all: what it said is still there to be read.
        }
        return try client.rest()
    }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
