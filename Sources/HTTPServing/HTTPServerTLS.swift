/// What a server that speaks TLS (1.2 or newer) needs.
///
/// The files are looked at when a connection comes, at most once a second: whoever comes after they were changed meets the new ones.
/// Files that do not fit, as while only one of the two has been replaced, are reported and the old stay in use.
package struct HTTPServerTLS: Sendable {
    package enum Report: Sendable {
        /// From now on connections are given the new certificate.
        case reloaded
        /// The old one stays; told once for each state of the files.
        case refused(String)
    }

    /// A PEM file: the server's own certificate first, then those that lead to a root.
    package var certificateChain: String
    /// A PEM file, not encrypted.
    package var privateKey: String
    /// From the start of a connection until TLS is agreed on; then the connection is cut.
    package var handshakeTimeout: Duration
    /// Called on a thread of NIO's pool.
    package var report: @Sendable (Report) -> Void

    /// How long files that were looked at are trusted.
    var freshness = Duration.seconds(1)

    package init(
        certificateChain: String, privateKey: String, handshakeTimeout: Duration = .seconds(10),
        report: @escaping @Sendable (Report) -> Void = { _ in }
    ) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
        self.handshakeTimeout = handshakeTimeout
        self.report = report
    }
}
