import Foundation
import HTTPServing
import Synchronization

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A peer that sends what it is told, well-formed or not. Blocks: use it inside ``onThread(_:)``.
final class RawClient: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let call: String
        let code: Int32
        var description: String { "\(call): \(String(cString: strerror(code)))" }
    }

    struct Reply: Equatable {
        var status: Int
        /// Names in lower case.
        var headers: [String: String]
        var body: [UInt8]
        var text: String { String(decoding: body, as: UTF8.self) }
        var closes: Bool { headers["connection"] == "close" }
    }

    private let descriptor: Int32
    private let isClosed = Atomic(false)

    /// A loopback address that nobody else listens on, so that a port given back is not somebody else's a moment later. Darwin has one only.
    static func ownHost() -> String {
        #if canImport(Darwin)
            "127.0.0.1"
        #else
            "127.\(Int.random(in: 1...254)).\(Int.random(in: 1...254)).\(Int.random(in: 1...254))"
        #endif
    }

    /// Listens where another has listened. A process that some test is starting holds the port until it has become another program.
    static func listenAgain(_ host: String, _ port: Int) async throws -> HTTPServer {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                return try await HTTPServer.bind(HTTPServerConfiguration(host: host, port: port)) { _ in HTTPResponse(status: 204) }
            } catch  where ContinuousClock.now < deadline { continue }
        }
    }

    init(host: String = "127.0.0.1", port: Int, receiveBuffer: Int32? = nil) throws {
        #if canImport(Darwin)
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
            var quiet: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &quiet, socklen_t(MemoryLayout<Int32>.size))
        #else
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        if var size = receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size)) }
        // No test waits this long: a server that hangs fails its test instead of the suite.
        var limit = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard result == 0 else {
            let code = errno
            self.close()
            throw Failure(call: "connect", code: code)
        }
    }

    func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { write($0) }
            guard count > 0 else { throw Failure(call: "send", code: errno) }
            sent += count
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Darwin)
            Darwin.send(descriptor, bytes.baseAddress, bytes.count, 0)
        #else
            Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        #endif
    }

    /// - Returns: At most `count` bytes; none at the peer's end.
    func receive(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let received = recv(descriptor, &bytes, count, 0)
        guard received >= 0 else { throw Failure(call: "recv", code: errno) }
        return Array(bytes[..<received])
    }

    /// Reads byte by byte, so that nothing of what follows is taken.
    /// - Returns: Nil if the peer closed before a reply.
    func reply(toHEAD isHEAD: Bool = false) throws -> Reply? {
        var head: [UInt8] = []
        while !head.ends(with: "\r\n\r\n") {
            let byte = try receive(1)
            if byte.isEmpty { return nil }
            head += byte
        }
        let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n").filter { !$0.isEmpty }
        var reply = Reply(status: Int(lines[0].split(separator: " ")[1]) ?? 0, headers: [:], body: [])
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            reply.headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        let length = isHEAD ? 0 : Int(reply.headers["content-length"] ?? "0") ?? 0
        while reply.body.count < length {
            let bytes = try receive(min(length - reply.body.count, 65536))
            if bytes.isEmpty { throw Failure(call: "recv", code: EPIPE) }
            reply.body += bytes
        }
        return reply
    }

    /// Whatever comes until the peer closes or resets.
    func rest() throws -> [UInt8] {
        var all: [UInt8] = []
        do {
            while case let bytes = try receive(65536), !bytes.isEmpty { all += bytes }
        } catch let failure as Failure where failure.code == ECONNRESET {}
        return all
    }

    /// Waits so long at most for bytes, or the end.
    func hasNothingToRead(forMilliseconds limit: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, limit) == 0
    }

    /// Sends no more, but reads on.
    func closeOutput() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Once, however often it is called: the number soon names someone else's socket.
    func close() {
        if isClosed.exchange(true, ordering: .relaxed) { return }
        #if canImport(Darwin)
            _ = Darwin.close(descriptor)
        #else
            _ = Glibc.close(descriptor)
        #endif
    }
}

extension [UInt8] {
    fileprivate func ends(with text: StaticString) -> Bool {
        suffix(text.utf8CodeUnitCount).elementsEqual(text.withUTF8Buffer { Array($0) })
    }
}

/// Runs blocking code beside Swift's pool, whose few threads the server's handlers need.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}
