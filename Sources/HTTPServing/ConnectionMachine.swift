/// What one connection does next, decided without touching it: an event in, an action out.
///
/// A connection has at most one request at a time in its hands. Bytes of the next are held, not parsed, until its reply is out.
struct ConnectionMachine {
    enum State: Equatable {
        /// TLS is being agreed on.
        case handshaking
        /// Nothing of the next request has come.
        case idle
        /// Some of a request has come, but not the end of its headers.
        case readingHead
        case readingBody(received: Int)
        /// The request has come; its reply is not written.
        case working
        /// The reply is written, but not so much of it taken that the next may be.
        case replying
        /// The last reply is written, and the socket is told to shut its output after it.
        case closing
        /// Output is shut; what still comes is thrown away until the peer closes.
        case lingering
        case closed
    }

    /// What the connection waits for its peer to do, each with a time limit of its own.
    enum Patience: Equatable {
        case handshake, request, head, body, reply, close
    }

    /// What the end of a request's headers tells.
    struct Head: Equatable {
        /// Exactly one `Host`, or HTTP/1.0; RFC 9112 §3.2 wants 400 otherwise.
        var hasValidHost = true
        /// `Int.max` for a length that does not fit.
        var declaredLength: Int?
        var expectsContinue = false
        var keepsAlive = true
        var isHEAD = false
        var isHTTP10 = false
        /// What is wrong with the head beyond its length, so that it is refused.
        var flaw: HTTPRefusal?
    }

    private(set) var state: State
    private var head = Head()
    private let maximumBodySize: Int

    init(maximumBodySize: Int, isEncrypted: Bool = false) {
        self.maximumBodySize = maximumBodySize
        state = isEncrypted ? .handshaking : .idle
    }

    /// What is waited for; nil while it is the handler's turn, which has no time limit here.
    var patience: Patience? {
        switch state {
        case .handshaking: .handshake
        case .idle: .request
        case .readingHead: .head
        case .readingBody: .body
        case .replying, .closing: .reply
        case .lingering: .close
        case .working, .closed: nil
        }
    }

    // MARK: Reading

    mutating func handshakeEnded() {
        if state == .handshaking { state = .idle }
    }

    /// Whether what has been parsed has to wait: a request is in the connection's hands.
    var isBusy: Bool { state == .working || state == .replying }

    enum BytesAction: Equatable { case parse, hold, discard }

    mutating func bytesCame() -> BytesAction {
        switch state {
        case .idle, .handshaking:
            state = .readingHead
            return .parse
        case .readingHead, .readingBody: return .parse
        case .working, .replying: return .hold
        case .closing, .lingering, .closed: return .discard
        }
    }

    enum HeadAction: Equatable { case proceed, proceedWithContinue, refuse(HTTPRefusal), ignore }

    mutating func headCame(_ head: Head) -> HeadAction {
        guard state == .readingHead || state == .idle else { return .ignore }
        self.head = head
        guard head.hasValidHost else { return refuse(.malformed) }
        if let flaw = head.flaw { return refuse(flaw) }
        guard head.declaredLength ?? 0 <= maximumBodySize else { return refuse(.bodyTooLong) }
        state = .readingBody(received: 0)
        return head.expectsContinue && !head.isHTTP10 && head.declaredLength != 0 ? .proceedWithContinue : .proceed
    }

    enum BodyAction: Equatable { case keep, refuse(HTTPRefusal), ignore }

    /// - Parameter fits: Whether the server has memory left for these bytes; asked only where it matters.
    mutating func bodyCame(_ count: Int, fits: () -> Bool) -> BodyAction {
        guard case .readingBody(let received) = state else { return .ignore }
        guard count <= maximumBodySize - received else { return refuse(.bodyTooLong) }
        guard fits() else { return refuse(.overloaded) }
        state = .readingBody(received: received + count)
        return .keep
    }

    /// - Returns: Whether the request is to be answered.
    mutating func endCame() -> Bool {
        guard case .readingBody = state else { return false }
        state = .working
        return true
    }

    /// The peer's bytes are no HTTP, or break a limit of the parser.
    /// - Returns: What to answer; nil if there is nothing to answer.
    mutating func parsingFailed(_ refusal: HTTPRefusal) -> HTTPRefusal? {
        switch state {
        case .idle, .readingHead, .readingBody:
            state = .closing
            return refusal
        case .handshaking, .working, .replying, .closing, .lingering, .closed: return nil
        }
    }

    // MARK: Replying

    /// - Parameter closes: Whether the server or the handler wants this to be the connection's last reply.
    /// - Returns: How to write the reply; nil if nobody is there to take it.
    func replyCame(closes: Bool) -> ReplyForm? {
        guard state == .working else { return nil }
        let closes = closes || !head.keepsAlive
        return ReplyForm(closes: closes, omitsBody: head.isHEAD, announcesKeepAlive: head.isHTTP10 && !closes)
    }

    enum WrittenAction: Equatable { case next, wait, shutOutput }

    /// - Parameter taken: Whether so little of the reply is left that another may be written.
    mutating func replyWritten(closes: Bool, taken: Bool) -> WrittenAction {
        guard state == .working else { return .wait }
        if closes {
            // Shutting the output comes after what is written, so that nothing need be waited for here.
            state = .closing
            return .shutOutput
        }
        state = taken ? .idle : .replying
        return taken ? .next : .wait
    }

    /// The peer took enough of what was written.
    /// - Returns: Whether the next request may come.
    mutating func becameWritable() -> Bool {
        guard state == .replying else { return false }
        state = .idle
        return true
    }

    // MARK: Ending

    enum EndingAction: Equatable { case nothing, refuse(HTTPRefusal), shutOutput, cut }

    mutating func patienceEnded() -> EndingAction {
        switch state {
        case .idle:
            state = .closing
            return .shutOutput
        case .readingHead, .readingBody:
            state = .closing
            return .refuse(.tooSlow)
        case .handshaking, .replying, .closing, .lingering: return .cut
        case .working, .closed: return .nothing
        }
    }

    /// The server's linger is over: connections without a request go.
    ///
    /// An idle one is answered before it is asked: a request that is on its way would find the connection closed, and its sender not know
    /// whether it was heard. So it finds that it was refused, and whoever sends none finds a connection that has ended.
    mutating func lingerEnded() -> EndingAction {
        switch state {
        case .idle:
            state = .closing
            return .refuse(.leaving)
        case .replying:
            // None can be on its way yet, but for a pipelined one.
            state = .closing
            return .shutOutput
        case .handshaking, .readingHead, .readingBody, .working, .closing, .lingering, .closed: return .nothing
        }
    }

    /// Nothing is in work any more: half sent requests go too. One in work cannot be; were it, its reply would close.
    mutating func serverStopped() -> EndingAction {
        switch state {
        case .readingHead, .readingBody:
            state = .closing
            return .refuse(.leaving)
        // No request can be on its way.
        case .handshaking: return .cut
        default: return lingerEnded()
        }
    }

    /// All that was written has left, and the peer has been told that nothing follows.
    mutating func outputShut() {
        if state == .closing { state = .lingering }
    }

    /// - Returns: Whether a handler's work has become pointless.
    mutating func disconnected() -> Bool {
        defer { state = .closed }
        return state == .working
    }

    private mutating func refuse(_ refusal: HTTPRefusal) -> HeadAction {
        state = .closing
        return .refuse(refusal)
    }

    private mutating func refuse(_ refusal: HTTPRefusal) -> BodyAction {
        state = .closing
        return .refuse(refusal)
    }
}
