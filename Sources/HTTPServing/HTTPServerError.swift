/// What can go wrong with a server itself; what goes wrong with a request is a reply.
package enum HTTPServerError: Error, CustomStringConvertible {
    /// The address is taken, is not this machine's, or may not be used; nothing was opened.
    case cannotListen(host: String, port: Int, cause: any Error)
    /// The certificate's files cannot be read, or do not fit one another; nothing was opened.
    case cannotEncrypt(certificateChain: String, privateKey: String, cause: any Error)
    /// The listening socket was closed by something other than the server.
    case listenerLost

    package var description: String {
        switch self {
        case .cannotListen(let host, let port, let cause): "cannot listen on \(host) port \(port): \(cause)"
        case .cannotEncrypt(let chain, let key, let cause):
            "cannot use the certificate in \(chain) with the key in \(key): \(cause); both are PEM files, and the key is the certificate's"
        case .listenerLost: "the listening socket was closed under the server"
        }
    }
}
