internal import NIOCore
internal import NIOHTTP1

/// One connection: feeds events to its machine and does what that says. Belongs to the connection's event loop.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// A body is held in one piece; its first reservation is not what the peer claims, but at most this.
    private static let firstReservation = 64 * 1024
    /// A reply up to this size does not ask whether the socket took it before the next request may come. Bytes.
    private static let smallReply = 32 * 1024

    private let server: ServerState
    private var machine: ConnectionMachine
    private var timer = ConnectionTimer()
    /// What the timer was last set for.
    private var timed: ConnectionMachine.Patience?
    private var context: ChannelHandlerContext?
    private var arrivals: ArrivalHandler?

    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    /// Bytes counted in the server's memory for the body, from their arrival until the handler has returned.
    private var reserved = 0
    /// The handler at work. Kept until it returns; the server counts it, and awaits that count at its end.
    private var work: Task<Void, Never>?

    init(server: ServerState) {
        self.server = server
        machine = ConnectionMachine(maximumBodySize: server.configuration.maximumBodySize)
    }

    /// Fills the pipeline of a connection that was just accepted.
    func install(in channel: any Channel) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderListSize = server.configuration.maximumHeadSize
        limits.maxHeaderFieldSize = server.configuration.maximumHeadSize
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
        let arrivals = ArrivalHandler(connection: self)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(arrivals)
        self.arrivals = arrivals
        try pipeline.addHandler(HTTPResponseEncoder())
        try pipeline.addHandler(ByteToMessageHandler(decoder))
        try pipeline.addHandler(HTTPServerPipelineHandler())
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

    func bytesCame() -> ConnectionMachine.BytesAction {
        machine.bytesCame()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): headCame(head, context: context)
        case .body(let buffer): bodyCame(buffer, context: context)
        case .end: endCame(context: context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        updateTimer()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable, machine.becameWritable() else { return }
        writeEnd(context: context)
        beReadyForNext()
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

    private func headCame(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        switch machine.headCame(ConnectionMachine.Head(head)) {
        case .proceed: self.head = head
        case .proceedWithContinue:
            self.head = head
            context.writeAndFlush(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
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
        let request = HTTPRequest(head: head, body: body)
        self.head = nil
        body = []
        let loop = context.eventLoop
        let connection = NIOLoopBound(self, eventLoop: loop)
        switch server.requestCame() {
        case .work:
            let respond = server.respond
            work = Task {
                let response = await respond(request)
                let body = ByteBuffer(bytes: response.body)
                loop.execute { connection.value.workEnded(response, body: body) }
            }
        case .refuse(let refusal):
            // Not at once: a peer that pipelines thousands of small requests would have them answered one inside the other.
            let server = server
            loop.execute { connection.value.reply(refusal.response, body: ByteBuffer(), closes: server.phase != .serving) }
        }
    }

    private func parsingFailed(_ refusal: Refusal, context: ChannelHandlerContext) {
        if let refusal = machine.parsingFailed(refusal) { refuse(refusal, context: context) }
    }

    /// Drops what has come of a request that will have no handler.
    private func abandonRequest() {
        head = nil
        body = []
        if reserved > 0 { server.release(bytes: reserved) }
        reserved = 0
    }

    // MARK: Replying

    private func workEnded(_ response: HTTPResponse, body: ByteBuffer) {
        work = nil
        let leaving = server.requestEnded(bytes: reserved)
        reserved = 0
        if response.isWellFormed {
            reply(response, body: body, closes: leaving || response.asksToClose)
        } else {
            reply(HTTPResponse(status: 500), body: ByteBuffer(), closes: leaving)
        }
    }

    /// - Parameter body: The response's body, already made what a socket takes.
    private func reply(_ response: HTTPResponse, body: ByteBuffer, closes: Bool) {
        // Refused requests come here without having been counted as work, but with their body.
        abandonRequest()
        guard let context, let form = machine.replyCame(closes: closes) else { return }
        let isSmall = body.readableBytes <= Self.smallReply && context.channel.isWritable
        context.write(wrapOutboundOut(.head(response.head(form, bodyLength: body.readableBytes))), promise: nil)
        if body.readableBytes > 0, !form.omitsBody, response.mayHaveBody {
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        if !isSmall { context.flush() }
        switch machine.replyWritten(closes: form.closes, taken: isSmall || context.channel.isWritable) {
        case .next:
            writeEnd(context: context)
            if isSmall { context.flush() }
            beReadyForNext()
        case .wait: updateTimer()
        case .shutOutput:
            context.flush()
            shutOutput(context: context)
        }
    }

    /// Writes no byte, as every reply's length is told; lets the pipelining handler go on, which may bring the next request at once.
    /// Not written after a connection's last reply: that handler would fail an assertion where the reply came before its request.
    private func writeEnd(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
    }

    private func beReadyForNext() {
        arrivals?.release()
        updateTimer()
    }

    /// Answers what was not heard out, as the connection's last reply.
    private func refuse(_ refusal: Refusal, context: ChannelHandlerContext) {
        abandonRequest()
        let head = refusal.response.head(ReplyForm(closes: true), bodyLength: 0)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        shutOutput(context: context)
    }

    // MARK: Ending

    /// Shuts the output after what is written. The connection itself ends when the peer closes too, or its patience does.
    private func shutOutput(context: ChannelHandlerContext) {
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

extension ConnectionMachine.Head {
    /// One pass over the headers, as most have none of these.
    fileprivate init(_ head: HTTPRequestHead) {
        var hosts = 0
        var leavesHTTP = head.method == .CONNECT
        for (name, value) in head.headers {
            if name.isHeader("host") {
                hosts += 1
            } else if name.isHeader("content-length") {
                declaredLength = Int(value) ?? .max
            } else if name.isHeader("expect") {
                expectsContinue = value.lowercased() == "100-continue"
            } else if name.isHeader("upgrade") {
                leavesHTTP = true
            }
        }
        isHTTP10 = head.version.minor == 0
        hasValidHost = isHTTP10 ? hosts <= 1 : hosts == 1
        // NIO's parser stops at a request that offers to leave HTTP/1, so that no further one could be heard.
        keepsAlive = head.isKeepAlive && !leavesHTTP
        isHEAD = head.method == .HEAD
    }
}
