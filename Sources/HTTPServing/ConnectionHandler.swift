internal import NIOCore
internal import NIOHTTP1
internal import NIOTLS

/// One connection: feeds events to its machine and does what that says. Belongs to the connection's event loop.
///
/// Replies are written as bytes, and what was parsed while a request is in work waits here: NIO's own encoder and pipelining handler would
/// do both, with a few allocations and passes over the headers more for each request.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    /// A body is held in one piece; its first reservation is not what the peer claims, but at most this.
    private static let firstReservation = 64 * 1024
    private static let goOn = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")

    private enum Event {
        case part(HTTPServerRequestPart)
        case parsingFailed(HTTPRefusal)
    }

    private let server: ServerState
    private var machine: ConnectionMachine
    private var timer = ConnectionTimer()
    /// What the timer was last set for.
    private var timed: ConnectionMachine.Patience?
    private var context: ChannelHandlerContext?
    private var arrivals: ArrivalHandler?
    private lazy var peer = HTTPRequest.Peer(context?.channel.remoteAddress)

    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    /// Bytes counted in the server's memory for a long head and the body, from their arrival until the handler has returned.
    private var reserved = 0
    /// The handler at work. Kept until it returns; the server counts it, and awaits that count at its end.
    private var work: Task<Void, Never>?
    /// Parsed while a request was in work: at most one slice of bytes.
    private var later = CircularBuffer<Event>(initialCapacity: 0)
    private var hasUnflushed = false
    /// The reply is counted in the server's memory until the peer has taken it.
    private var hasWaitingReply = false

    init(server: ServerState) {
        self.server = server
        machine = ConnectionMachine(
            maximumBodySize: server.configuration.maximumBodySize, isEncrypted: server.configuration.tls != nil)
    }

    /// Fills the pipeline of a connection that was just accepted, behind what decrypts.
    func install(in channel: any Channel) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderListSize = server.configuration.maximumHeadSize
        limits.maxHeaderFieldSize = server.configuration.maximumHeadSize
        limits.maxHeaderFieldCount = server.configuration.maximumHeaderCount
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
        let arrivals = ArrivalHandler(connection: self)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(arrivals)
        self.arrivals = arrivals
        try pipeline.addHandler(ByteToMessageHandler(decoder))
        try pipeline.addHandler(self)
    }

    // MARK: Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelActive(context: ChannelHandlerContext) {
        updateTimer()
        // The linger may have ended while the connection was being set up, when it could not be told.
        if server.phase >= .refusing { lingerEnded() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event {
            machine.handshakeEnded()
            updateTimer()
            if server.phase >= .refusing { lingerEnded() }
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Bytes of a head after its first slice are counted as those of bodies are: what thousands of peers leave half sent is bounded.
    func bytesCame(_ count: Int) -> ConnectionMachine.BytesAction {
        if machine.state == .readingHead, let context {
            guard server.reserve(bytes: count) else {
                parsingFailed(.overloaded, context: context)
                return .discard
            }
            reserved += count
        }
        return machine.bytesCame()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if machine.isBusy || !later.isEmpty { later.append(.part(part)) } else { take(part, context: context) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flush(context: context)
        updateTimer()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        replyTaken()
        if machine.becameWritable() { takeLater() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow: parsingFailed(.headTooLong, context: context)
        case HTTPParserError.invalidVersion: parsingFailed(.versionUnknown, context: context)
        case is HTTPParserError: parsingFailed(.malformed, context: context)
        // The parser has already failed, and was answered.
        case is ByteToMessageDecoderError: break
        default: context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        disconnected()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        disconnected()
        timer.cancel()
        arrivals = nil
        self.context = nil
    }

    // MARK: Reading a request

    private func take(_ part: HTTPServerRequestPart, context: ChannelHandlerContext) {
        switch part {
        case .head(let head): headCame(head, context: context)
        case .body(let buffer): bodyCame(buffer, context: context)
        case .end: endCame(context: context)
        }
    }

    /// A request is out of the connection's hands: goes on with what came meanwhile. Not from inside a reading turn, which goes on anyway.
    private func takeLater() {
        while !machine.isBusy, let context, let event = later.popFirst() {
            switch event {
            case .part(let part): take(part, context: context)
            case .parsingFailed(let refusal): parsingFailed(refusal, context: context)
            }
        }
        if !machine.isBusy { arrivals?.release() }
        if let context { flush(context: context) }
        updateTimer()
    }

    private func headCame(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        switch machine.headCame(ConnectionMachine.Head(head)) {
        case .proceed: self.head = head
        case .proceedWithContinue:
            self.head = head
            context.writeAndFlush(wrapOutboundOut(Self.goOn), promise: nil)
        case .refuse(let refusal): refuse(refusal, context: context)
        case .ignore: break
        }
    }

    private func bodyCame(_ buffer: ByteBuffer, context: ChannelHandlerContext) {
        let count = buffer.readableBytes
        switch machine.bodyCame(count, fits: { server.reserve(bytes: count) }) {
        case .keep:
            reserved += count
            if body.isEmpty {
                let declared = head?.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
                body.reserveCapacity(max(count, min(declared, Self.firstReservation)))
            }
            body.append(contentsOf: buffer.readableBytesView)
        case .refuse(let refusal): refuse(refusal, context: context)
        case .ignore: break
        }
    }

    private func endCame(context: ChannelHandlerContext) {
        guard machine.endCame(), let head else { return }
        let request = HTTPRequest(head: head, body: body, peer: peer)
        self.head = nil
        body = []
        switch server.requestCame() {
        case .work:
            if let response = server.handlers.atOnce?(request) { return workEnded(response) }
            let respond = server.handlers.respond
            let loop = context.eventLoop
            let connection = NIOLoopBound(self, eventLoop: loop)
            work = Task {
                let response = await respond(request).settled()
                loop.execute {
                    connection.value.workEnded(response)
                    connection.value.takeLater()
                }
            }
        case .refuse(let refusal): reply(server.response(to: refusal), closes: server.phase != .serving)
        }
    }

    private func parsingFailed(_ refusal: HTTPRefusal, context: ChannelHandlerContext) {
        if machine.isBusy {
            later.append(.parsingFailed(refusal))
        } else if let refusal = machine.parsingFailed(refusal) {
            refuse(refusal, context: context)
        }
    }

    /// Drops what has come of a request that will have no handler.
    private func abandonRequest() {
        head = nil
        body = []
        if reserved > 0 { server.release(bytes: reserved) }
        reserved = 0
    }

    // MARK: Replying

    private func workEnded(_ response: HTTPResponse) {
        work = nil
        let leaving = server.requestEnded(bytes: reserved)
        reserved = 0
        reply(response, closes: leaving)
    }

    /// Leaves it to its caller to flush and to go on with the next request.
    private func reply(_ response: HTTPResponse, closes: Bool) {
        // Refused requests come here without having been counted as work, but with their body.
        abandonRequest()
        guard let context, let form = machine.replyCame(closes: closes || response.asksToClose) else { return }
        let size = write(response.framed(form) ?? server.bytes(of: .brokenReply, form), context: context)
        hasUnflushed = true
        if !context.channel.isWritable { flush(context: context) }
        let isTaken = context.channel.isWritable
        if !isTaken {
            hasWaitingReply = true
            server.replyWaits(bytes: size, of: context.channel)
        }
        switch machine.replyWritten(closes: form.closes, taken: isTaken) {
        // The time for the next request begins anew, also where the timer did not see this one.
        case .next: timed = nil
        case .wait: updateTimer()
        case .shutOutput: shutOutput(context: context)
        }
    }

    private func write(_ reply: FramedReply, context: ChannelHandlerContext) -> Int {
        context.write(wrapOutboundOut(reply.head), promise: nil)
        if let body = reply.body { context.write(wrapOutboundOut(body), promise: nil) }
        return reply.count
    }

    private func flush(context: ChannelHandlerContext) {
        guard hasUnflushed else { return }
        hasUnflushed = false
        context.flush()
    }

    private func replyTaken() {
        guard hasWaitingReply, let context else { return }
        hasWaitingReply = false
        server.replyTaken(of: context.channel)
    }

    /// Answers what was not heard out, as the connection's last reply.
    private func refuse(_ refusal: HTTPRefusal, context: ChannelHandlerContext) {
        abandonRequest()
        _ = write(server.bytes(of: refusal, ReplyForm(closes: true)), context: context)
        shutOutput(context: context)
    }

    // MARK: Ending

    /// Shuts the output after what is written. The connection itself ends when the peer closes too, or its patience does.
    private func shutOutput(context: ChannelHandlerContext) {
        hasUnflushed = false
        context.flush()
        let shut = context.eventLoop.makePromise(of: Void.self)
        shut.futureResult.assumeIsolated().whenComplete { result in
            switch result {
            case .success:
                self.machine.outputShut()
                self.updateTimer()
            case .failure: self.context?.close(promise: nil)
            }
        }
        context.close(mode: .output, promise: shut)
        updateTimer()
    }

    func lingerEnded() {
        guard context?.channel.isActive == true else { return }
        act(on: machine.lingerEnded())
    }

    func serverStopped() {
        guard context?.channel.isActive == true else { return }
        act(on: machine.serverStopped())
    }

    private func act(on action: ConnectionMachine.EndingAction) {
        guard let context else { return }
        switch action {
        case .nothing: break
        case .refuse(let refusal): refuse(refusal, context: context)
        case .shutOutput: shutOutput(context: context)
        case .cut: context.close(promise: nil)
        }
    }

    private func disconnected() {
        if machine.disconnected() { work?.cancel() }
        later.removeAll()
        // What a handler works on stays counted until it returns.
        if work == nil { abandonRequest() }
    }

    // MARK: Time

    private func updateTimer() {
        let patience = machine.patience
        guard patience != timed, let loop = context?.eventLoop else { return }
        timed = patience
        timer.set(patience.map { .now() + server.timeLimits[$0] }, on: loop, fire: timerFire(on: loop))
    }

    private func timerFire(on loop: any EventLoop) -> @Sendable () -> Void {
        let connection = NIOLoopBound(self, eventLoop: loop)
        return { connection.value.timerFired() }
    }

    private func timerFired() {
        guard let loop = context?.eventLoop, timer.fired(at: .now(), on: loop, fire: timerFire(on: loop)) else { return }
        timed = nil
        act(on: machine.patienceEnded())
    }
}
