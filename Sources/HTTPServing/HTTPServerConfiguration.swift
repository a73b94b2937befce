/// Where a server listens and how much it takes on. Every limit is a bound on memory or on time that a peer can cost.
package struct HTTPServerConfiguration: Sendable {
    /// A literal address or a name that resolves to one of this machine's.
    package var host: String
    /// 0 lets the system choose; ``HTTPServer/port`` tells the choice.
    package var port: Int
    /// Open connections. One more is answered 503 and closed; under TLS it is closed only. Each has a socket, for which
    /// ``DescriptorLimit`` can make room, some KiB while idle, and 16 KiB more while its peer sends ahead or takes no replies.
    package var maximumConnections: Int
    /// Requests whose handler runs. One more is answered 503 with `Retry-After: 1`; there is no waiting line.
    package var maximumConcurrentRequests: Int
    /// Bytes of one request's body. A longer one is answered 413 and never held.
    package var maximumBodySize: Int
    /// Bytes of all bodies, and of heads over 2 KiB, that are being received or worked on, together. One more byte is answered 503 with
    /// `Retry-After: 1`.
    ///
    /// Without it, `maximumConnections` half sent bodies would be the bound: gigabytes.
    package var maximumBodyMemory: Int
    /// Bytes of all replies that their clients have not taken, together. With more, those that have waited longest are cut off.
    package var maximumReplyMemory: Int
    /// Bytes of a request's target and headers together, and of its trailers. More is answered 431.
    package var maximumHeadSize: Int
    /// Headers of a request, and of its trailers. More is answered 431.
    package var maximumHeaderCount: Int
    /// From the first byte of a request to the end of its headers; then 408.
    package var headerTimeout: Duration
    /// From the end of the headers to the end of the body, however long that is; then 408.
    package var bodyTimeout: Duration
    /// From the end of a reply, or the start of a connection, to the first byte of the next request; then the connection is closed.
    package var idleTimeout: Duration
    /// From the start of a reply until the client has taken so much of it that the rest fits the socket; then the connection is cut.
    package var replyTimeout: Duration
    /// From the end of a connection's last reply until the peer closes too; then the connection is cut.
    ///
    /// Cutting at once would make the peer's kernel throw away a reply that its program has not read yet.
    package var closeTimeout: Duration
    /// How long after the last arrival a draining server still takes new connections: callers that resolved its address a moment ago.
    package var linger: Duration
    /// Nil for plain HTTP.
    package var tls: HTTPServerTLS?

    package init(
        host: String = "127.0.0.1",
        port: Int = 0,
        maximumConnections: Int = 1024,
        maximumConcurrentRequests: Int = 512,
        maximumBodySize: Int = 6 * 1024 * 1024 + 64 * 1024,
        maximumBodyMemory: Int = 256 * 1024 * 1024,
        maximumReplyMemory: Int = 256 * 1024 * 1024,
        maximumHeadSize: Int = 64 * 1024,
        maximumHeaderCount: Int = 256,
        headerTimeout: Duration = .seconds(10),
        bodyTimeout: Duration = .seconds(60),
        idleTimeout: Duration = .seconds(60),
        replyTimeout: Duration = .seconds(60),
        closeTimeout: Duration = .seconds(2),
        linger: Duration = .seconds(1),
        tls: HTTPServerTLS? = nil
    ) {
        self.host = host
        self.port = port
        self.maximumConnections = maximumConnections
        self.maximumConcurrentRequests = maximumConcurrentRequests
        self.maximumBodySize = maximumBodySize
        self.maximumBodyMemory = maximumBodyMemory
        self.maximumReplyMemory = maximumReplyMemory
        self.maximumHeadSize = maximumHeadSize
        self.maximumHeaderCount = maximumHeaderCount
        self.headerTimeout = headerTimeout
        self.bodyTimeout = bodyTimeout
        self.idleTimeout = idleTimeout
        self.replyTimeout = replyTimeout
        self.closeTimeout = closeTimeout
        self.linger = linger
        self.tls = tls
    }
}
