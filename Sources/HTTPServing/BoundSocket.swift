internal import Foundation
internal import NIOCore

/// A bound socket that programs started by this process do not inherit, as they do NIO's own: a child that outlives us would hold the port,
/// and callers would wait for an answer where a refusal tells them at once. May wait for a name to be looked up.
func boundSocket(_ configuration: HTTPServerConfiguration) throws -> NIOBSDSocket.Handle {
    let address = try SocketAddress.makeAddressResolvingHost(configuration.host, port: configuration.port)
    #if canImport(Darwin)
        let kind = SOCK_STREAM
    #else
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    #endif
    let descriptor = socket(address.protocol.rawValue, kind, 0)
    guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
    #if canImport(Darwin)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    #endif
    var one: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    let result = address.withSockAddr { pointer, size in bind(descriptor, pointer, socklen_t(size)) }
    guard result == 0 else {
        let code = errno
        close(descriptor)
        throw IOError(errnoCode: code, reason: "bind")
    }
    return descriptor
}
