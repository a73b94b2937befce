import Foundation
import Testing

/// The built `discoveryd`, in a process of its own. It is killed when the test is done with it.
final class Daemon: Sendable {
    let home: String
    let url: String
    let host: String
    let port: Int
    private let child: Child
    private let log: String

    /// Returns once it answers.
    ///
    /// - Parameter healthInterval: seconds between checks of instances; 0 for none.
    init(home: String, listen: String = "127.0.0.1:0", healthInterval: Int = 0, _ arguments: [String] = []) async throws {
        self.home = home
        log = FileManager.default.temporaryDirectory.appending(path: "discoveryd-\(UUID()).log").path
        child = try Child(
            // What the tests register is on machines that are not theirs to ask.
            words: ["/usr/bin/env", "DISCOVERY_HEALTH_INTERVAL=\(healthInterval)", try Child.program("discoveryd"), "--home", home]
                + ["--listen", listen] + arguments, complaints: log)
        let first = await child.line() ?? ""
        let complaints = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        let place = try #require(first.range(of: " at ", options: .backwards), "discoveryd did not start: \(complaints)")
        url = String(first[place.upperBound...])
        host = try #require(URL(string: url)?.host())
        port = try #require(URL(string: url)?.port)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: log)
    }

    /// Runs it where it is expected to end by itself.
    static func outcome(of arguments: [String]) async throws -> (code: Int32, output: [String], complaint: String) {
        try await withFolder { folder in
            let child = try Child(words: [try Child.program("discoveryd")] + arguments, complaints: folder + "/log")
            let output = await child.lines()
            return (Self.code(child.wait()), output, try String(contentsOfFile: folder + "/log", encoding: .utf8))
        }
    }

    /// What it wrote to standard error so far.
    var complaints: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    func signal(_ signal: Int32) { child.kill(signal) }

    /// Ends it as the kernel's out-of-memory killer would, and waits until it is gone.
    func kill() { child.end() }

    /// Waits for its end.
    ///
    /// - Returns: the exit code; that of a signal is negative.
    func end() async -> Int32 {
        // The last line is the end of its output, and nothing of it ends before.
        _ = await child.lines()
        return Self.code(child.wait())
    }

    private static func code(_ status: Int32) -> Int32 { status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F) }

    /// Its resident memory in bytes; 0 where the system does not tell.
    var memory: Int {
        let status = (try? String(contentsOfFile: "/proc/\(child.id)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1_024
    }

    /// A connection. Blocks.
    func connect(to host: String? = nil) throws -> RawClient { try RawClient(host: host ?? self.host, port: port) }

    /// One request on a connection of its own.
    @discardableResult
    func callAsFunction(_ request: WireRequest, to host: String? = nil) async throws -> RawClient.Reply {
        try await onThread { [self] in
            let client = try connect(to: host)
            defer { client.close() }
            try client.send(request.bytes)
            return try #require(try client.reply(toHEAD: request.method == "HEAD"), "no reply to \(request.method) \(request.target)")
        }
    }
}

/// A request as it stands on the wire.
struct WireRequest: Sendable {
    var method: String
    var target: String
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    init(_ method: String, _ target: String, _ body: String = "", headers: [(String, String)] = []) {
        self.method = method
        self.target = target
        self.headers = [("Host", "127.0.0.1")] + headers
        self.body = Array(body.utf8)
    }

    /// An operation of Cloud Map.
    static func cloudMap(_ operation: String, _ body: String = "{}") -> WireRequest {
        WireRequest(
            "POST", "/", body,
            headers: [("X-Amz-Target", "Route53AutoNaming_v20170314.\(operation)"), ("Content-Type", "application/x-amz-json-1.1")])
    }

    var bytes: [UInt8] {
        var text = "\(method) \(target) HTTP/1.1\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if !body.isEmpty || method == "POST" || method == "PUT" { text += "Content-Length: \(body.count)\r\n" }
        return Array((text + "\r\n").utf8) + body
    }
}

extension RawClient {
    /// - Returns: nil if the peer closed before a reply.
    func exchange(_ request: WireRequest) throws -> Reply? {
        try send(request.bytes)
        return try reply()
    }
}

extension RawClient.Reply {
    /// The members of a JSON object.
    var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:] }

    /// The fault of one of AWS's services.
    var fault: String? { (json["__type"] as? String).map { String($0.split(separator: "#").last ?? "") } }
    var code: String? { json["code"] as? String }
}
