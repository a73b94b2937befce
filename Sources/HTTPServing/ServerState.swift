internal import NIOCore
internal import NIOSSL
internal import Synchronization

/// What a server's connections, its `run` and its `drain` share. The ledger decides under the lock; effects happen outside it.
final class ServerState: Sendable {
    struct Handlers: Sendable {
        let refuse: @Sendable (HTTPRefusal) -> HTTPResponse
        let atOnce: (@Sendable (HTTPRequest) -> HTTPResponse?)?
        let respond: @concurrent @Sendable (HTTPRequest) async -> HTTPResponse
    }

    let configuration: HTTPServerConfiguration
    let timeLimits: TimeLimits
    let handlers: Handlers
    private let notice: DrainNotice

    private struct Link {
        let channel: any Channel
        let admission: ServerLedger.Admission
        /// Nil for a connection that is only refused, or not yet set up.
        var handler: NIOLoopBound<ConnectionHandler>?
        /// A reply that its peer takes its time to take.
        var reply: (bytes: Int, since: NIODeadline)?
    }

    private struct Guarded {
        var ledger: ServerLedger
        var links: [ObjectIdentifier: Link] = [:]
        var listener: Listener?
        /// The ends of the linger and of the drain's patience.
        var alarms: [Scheduled<Void>] = []
        var drainers: [CheckedContinuation<Void, Never>] = []
        var runners: [CheckedContinuation<Void, Never>] = []

        mutating func takeDrainers() -> [CheckedContinuation<Void, Never>] {
            defer { drainers = [] }
            return drainers
        }

        mutating func takeRunners() -> [CheckedContinuation<Void, Never>] {
            defer { runners = [] }
            return runners
        }
    }

    private let guarded: Mutex<Guarded>

    init(_ configuration: HTTPServerConfiguration, _ handlers: Handlers, _ notice: DrainNotice) {
        self.configuration = configuration
        timeLimits = TimeLimits(configuration)
        self.handlers = handlers
        self.notice = notice
        guarded = Mutex(Guarded(ledger: ServerLedger(configuration)))
    }

    // MARK: Connections

    /// Counts a connection that was just accepted, on the listener's event loop.
    /// - Returns: Whether it is to be kept.
    func admit(_ channel: any Channel) -> Bool {
        let key = ObjectIdentifier(channel)
        let admission = guarded.withLock {
            let admission = $0.ledger.connectionCame(at: .now())
            if admission != .drop { $0.links[key] = Link(channel: channel, admission: admission) }
            return admission
        }
        if admission == .drop { return false }
        channel.closeFuture.whenComplete { _ in
            self.update {
                if let reply = $0.links.removeValue(forKey: key)?.reply { $0.ledger.replyTaken(bytes: reply.bytes) }
                return $0.ledger.connectionEnded(wasServed: admission == .serve)
            }
        }
        return true
    }

    /// Sets up a connection that was admitted, on its own event loop.
    /// - Parameter tls: What decrypts; nil for plain HTTP.
    func welcome(_ channel: any Channel, tls: NIOSSLContext? = nil) throws {
        let connection = ConnectionHandler(server: self)
        let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
        let key = ObjectIdentifier(channel)
        let admission = guarded.withLock {
            if $0.links[key]?.admission == .serve { $0.links[key]?.handler = bound }
            return $0.links[key]?.admission
        }
        switch admission {
        case .serve:
            if let tls {
                try channel.pipeline.syncOperations.addHandler(PlainRequestHandler(server: self))
                try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
            }
            try connection.install(in: channel)
        case .refuse where tls == nil:
            let reply = bytes(of: .overloaded, ReplyForm(closes: true))
            try channel.pipeline.syncOperations.addHandler(RefusingHandler(reply, patience: timeLimits[.close]))
        // Under TLS nothing can be told before a handshake, whose work is what there is too much of.
        case .refuse: throw ChannelError.ioOnClosedChannel
        // Cut meanwhile.
        case .drop, nil: throw ChannelError.ioOnClosedChannel
        }
    }

    func requestCame() -> ServerLedger.Verdict {
        guarded.withLock { $0.ledger.requestCame(at: .now()) }
    }

    /// - Returns: Whether the reply is to be its connection's last.
    func requestEnded(bytes: Int) -> Bool {
        let (effects, leaving) = guarded.withLock { ($0.ledger.requestEnded(bytes: bytes), $0.ledger.phase != .serving) }
        perform(effects)
        return leaving
    }

    /// Counts a reply that the socket did not take whole. Where all of them hold too much, those that have waited longest are cut off.
    func replyWaits(bytes: Int, of channel: any Channel) {
        let key = ObjectIdentifier(channel)
        let cut = guarded.withLock { guarded -> [any Channel] in
            guard guarded.links[key] != nil else { return [] }
            guarded.links[key]?.reply = (bytes, .now())
            guarded.ledger.replyWaits(bytes: bytes)
            guard guarded.ledger.holdsTooMuchReply else { return [] }
            var cut: [any Channel] = []
            for (slow, link) in guarded.links.filter({ $0.key != key && $0.value.reply != nil })
                .sorted(by: { $0.value.reply?.since ?? .distantFuture < $1.value.reply?.since ?? .distantFuture })
            where guarded.ledger.holdsTooMuchReply {
                guarded.links[slow]?.reply = nil
                guarded.ledger.replyTaken(bytes: link.reply?.bytes ?? 0)
                cut.append(link.channel)
            }
            return cut
        }
        for channel in cut { channel.close(promise: nil) }
    }

    func replyTaken(of channel: any Channel) {
        guarded.withLock {
            let key = ObjectIdentifier(channel)
            guard let reply = $0.links[key]?.reply else { return }
            $0.links[key]?.reply = nil
            $0.ledger.replyTaken(bytes: reply.bytes)
        }
    }

    /// A refusal as whoever runs the server dresses it; bare where that breaks the framing.
    func bytes(of refusal: HTTPRefusal, _ form: ReplyForm) -> FramedReply {
        if let reply = handlers.refuse(refusal).framed(form) ?? refusal.response.framed(form) { return reply }
        preconditionFailure("a bare refusal is well-formed")
    }

    func response(to refusal: HTTPRefusal) -> HTTPResponse { handlers.refuse(refusal) }

    func reserve(bytes: Int) -> Bool {
        guarded.withLock { $0.ledger.reserve(bytes: bytes) }
    }

    func release(bytes: Int) {
        guarded.withLock { $0.ledger.release(bytes: bytes) }
    }

    // MARK: Beginning and ending

    var phase: ServerLedger.Phase { guarded.withLock { $0.ledger.phase } }
    var requestsInWork: Int { guarded.withLock { $0.ledger.requests } }
    var openConnections: Int { guarded.withLock { $0.links.count } }
    var bodyBytesHeld: Int { guarded.withLock { $0.ledger.bodyBytes } }
    var replyBytesHeld: Int { guarded.withLock { $0.ledger.replyBytes } }
    var lostListener: Bool { guarded.withLock { $0.ledger.lostListener } }
    var wasCut: Bool { guarded.withLock { $0.ledger.wasCut } }

    private var allAreSetUp: Bool { guarded.withLock { $0.links.values.allSatisfy(\.channel.isActive) } }

    func listens(on listener: Listener) {
        guarded.withLock { $0.listener = listener }
        listener.channel.closeFuture.whenComplete { _ in self.update { $0.ledger.listenerClosed() } }
    }

    func run() {
        update { $0.ledger.run() }
    }

    func cut() {
        update { $0.ledger.cut() }
    }

    private func abort() {
        update { $0.ledger.abort() }
    }

    /// Begins to drain. Only the first call's deadline counts.
    func drain(deadline: Duration) {
        let deadline = TimeAmount(limited: deadline)
        defer { notice.begin() }
        let began = guarded.withLock { guarded -> (ServerLedger.Effects, Listener?) in
            let began = guarded.ledger.phase == .serving
            return (guarded.ledger.drain(at: .now(), deadline: deadline), began ? guarded.listener : nil)
        }
        if let listener = began.1 {
            keep(listener.channel.eventLoop.scheduleTask(in: deadline) { self.abort() })
        }
        perform(began.0)
    }

    /// Returns when no connection is left. Cannot be cancelled: whoever drains has said how long that may take.
    func waitForConnections() async {
        await withCheckedContinuation { waiter in
            let isOver = guarded.withLock {
                if $0.ledger.phase == .stopped { return true }
                $0.drainers.append(waiter)
                return false
            }
            if isOver { waiter.resume() }
        }
    }

    /// Returns when no connection is left and every handler has returned.
    func waitForHandlers() async {
        await withCheckedContinuation { waiter in
            let isOver = guarded.withLock {
                if $0.ledger.phase == .stopped, $0.ledger.requests == 0 { return true }
                $0.runners.append(waiter)
                return false
            }
            if isOver { waiter.resume() }
        }
    }

    private func update(_ event: (inout Guarded) -> ServerLedger.Effects) {
        perform(guarded.withLock { event(&$0) })
    }

    private func perform(_ effects: ServerLedger.Effects) {
        if effects.isEmpty { return }
        let (listener, links) = guarded.withLock { ($0.listener, Array($0.links.values)) }
        if effects.contains(.accept) { listener?.channel.setOption(.autoRead, value: true).whenFailure { _ in self.abort() } }
        if effects.contains(.setAlarm), let listener {
            let end = guarded.withLock { $0.ledger.lingerEnd }
            keep(listener.channel.eventLoop.scheduleTask(deadline: end) { self.update { $0.ledger.alarmRang(at: .now()) } })
        }
        if effects.contains(.emptyListener) { listener?.closeWhenEmpty { self.allAreSetUp } }
        if effects.contains(.closeListener) { listener?.channel.close(promise: nil) }
        if effects.contains(.endLinger) { tell(links) { $0.lingerEnded() } }
        if effects.contains(.stopConnections) { tell(links) { $0.serverStopped() } }
        if effects.contains(.cutConnections) { for link in links { link.channel.close(promise: nil) } }
        if effects.contains(.wakeDrainers) { wake { $0.takeDrainers() } }
        if effects.contains(.wakeRunners) { wake { $0.takeRunners() } }
    }

    /// On each connection's own event loop, later: never inside what a connection is doing now.
    private func tell(_ links: [Link], _ news: @escaping @Sendable (ConnectionHandler) -> Void) {
        for handler in links.compactMap(\.handler) {
            handler.eventLoop.execute { news(handler.value) }
        }
    }

    private func wake(_ take: (inout Guarded) -> [CheckedContinuation<Void, Never>]) {
        let (alarms, waiters) = guarded.withLock { guarded in
            defer { guarded.alarms = [] }
            return (guarded.alarms, take(&guarded))
        }
        for alarm in alarms { alarm.cancel() }
        for waiter in waiters { waiter.resume() }
    }

    /// Keeps an alarm, so that it does not outlive what it is for.
    private func keep(_ alarm: Scheduled<Void>) {
        let isOver = guarded.withLock {
            $0.alarms.append(alarm)
            return $0.ledger.phase == .stopped
        }
        if isOver { alarm.cancel() }
    }
}
