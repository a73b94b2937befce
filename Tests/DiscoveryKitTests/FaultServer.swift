import DiscoveryKit
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// A server on loopback that misbehaves as told, and counts what reached it. Written on bytes: no HTTP of ours is part of it.
final class FaultServer: Sendable {
    /// From a request's number, from 0, to what is done with it.
    typealias Script = @Sendable (_ number: Int) -> Fault

    /// A request as it came.
    struct Received: Sendable {
        /// By lower-case name.
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        var ran = false
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    private struct State {
        var script: Script
        var received: [Received] = []
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: any Channel] = [:]
    }

    let port: Int
    var url: String { "http://127.0.0.1:\(port)/" }
    /// Bound for as long as the server lives and never listening: where nobody else does, a connection is refused, and nobody else can.
    private let reservation: Int32
    private let state: Mutex<State>

    /// Reserves a port. Connections are refused until ``listen()``.
    init(_ script: @escaping Script) throws {
        (reservation, port) = try Self.bound(port: 0)
        state = Mutex(State(script: script))
    }

    /// How many tries the server saw.
    var tries: Int { state.withLock { $0.received.count } }
    /// How often the function ran.
    var runs: Int { state.withLock { $0.received.count(where: \.ran) } }
    var received: [Received] { state.withLock { $0.received } }

    /// Goes on with another script; a request's number stays what it would have been.
    func follow(_ script: @escaping Script) { state.withLock { $0.script = script } }

    // MARK: Coming and going

    func listen() async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    self.keep(channel)
                    try channel.pipeline.syncOperations.addHandler(FaultConnection(self))
                }
            }
            .withBoundSocket(Self.bound(port: port).descriptor).get()
        state.withLock { $0.listener = listener }
    }

    /// Refuses connections from now on, and cuts those there are.
    func refuse() async {
        let (listener, connections) = state.withLock { state in
            defer { (state.listener, state.connections) = (nil, [:]) }
            return (state.listener, Array(state.connections.values))
        }
        try? await listener?.close().get()
        for connection in connections { try? await connection.close().get() }
    }

    func end() async {
        await refuse()
        close(reservation)
    }

    private func keep(_ channel: any Channel) {
        let key = ObjectIdentifier(channel)
        state.withLock { $0.connections[key] = channel }
        channel.closeFuture.whenComplete { _ in self.state.withLock { $0.connections[key] = nil } }
    }

    /// A socket on a port of loopback that programs started by tests do not inherit.
    static func bound(port: Int) throws -> (descriptor: Int32, port: Int) {
        #if canImport(Darwin)
            let kind = SOCK_STREAM
        #else
            let kind = Int32(SOCK_STREAM.rawValue)
        #endif
        let descriptor = socket(AF_INET, kind, 0)
        var one: Int32 = 1
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        try #require(result, "\(String(cString: strerror(errno)))")
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    // MARK: For its connections

    /// Whether the next try ends as soon as its connection is there; then it is counted.
    func resetsOnAccept() -> Bool {
        state.withLock { state in
            guard case .resetOnAccept = state.script(state.received.count) else { return false }
            state.received.append(Received())
            return true
        }
    }

    /// Counts a try whose head has come.
    func begin(_ headers: [String: String]) -> (number: Int, fault: Fault) {
        state.withLock { state in
            state.received.append(Received(headers: headers))
            return (state.received.count - 1, state.script(state.received.count - 1))
        }
    }

    /// The whole body of a try has come: its function runs, where the fault lets it.
    func came(_ number: Int, body: [UInt8], ran: Bool) {
        state.withLock { state in
            state.received[number].body = body
            state.received[number].ran = ran
        }
    }
}

/// A fault server for as long as `body` takes.
func withFaultServer<Value>(
    isListening: Bool = true, _ script: @escaping FaultServer.Script, _ body: (FaultServer) async throws -> Value
) async throws -> Value {
    let server = try FaultServer(script)
    do {
        if isListening { try await server.listen() }
        let value = try await body(server)
        await server.end()
        return value
    } catch {
        await server.end()
        throw error
    }
}

/// A place that lets connections wait for ever: its queue is full, and nobody takes from it.
final class UnacceptingServer: Sendable {
    let url: String
    private let descriptors: [Int32]

    init() throws {
        let (listener, port) = try FaultServer.bound(port: 0)
        var descriptors = [listener]
        try #require(Foundation.listen(listener, 0) == 0)
        url = "http://127.0.0.1:\(port)/"
        // More than the shortest queue holds. They do not wait for one another.
        for _ in 0..<4 {
            let (client, _) = try FaultServer.bound(port: 0)
            descriptors.append(client)
            _ = fcntl(client, F_SETFL, O_NONBLOCK)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(port).bigEndian
            inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
            _ = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
            }
        }
        self.descriptors = descriptors
    }

    deinit { for descriptor in descriptors { close(descriptor) } }
}
