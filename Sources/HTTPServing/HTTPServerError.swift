/// What can go wrong with a server itself; what goes wrong with a request is a reply.
package enum HTTPServerError: Error, CustomStringConvertible {
    /// The address is taken, is not this machine's, or may not be used; nothing was opened.
    case cannotListen(host: String, port: Int, cause: any Error)
    /// The listening socket was closed by something other than the server.
    case listenerLost

    package var description: String {
        switch self {
        case .cannotListen(let host, let port, let cause): "cannot listen on \(host) port \(port): \(cause)"
        case .listenerLost: "the listening socket was closed under the server"
        }
    }
}
