internal import NIOCore

/// What a server has in its hands, and how far it has come in ending: events in, effects out.
struct ServerLedger {
    enum Phase: Int, Comparable {
        case serving
        /// The listener is open; each reply closes its connection.
        case lingering
        /// No connection begins any more. Those that have are answered, then the listener is closed.
        case emptying
        /// The listener is closed; new requests are refused, those in work are answered.
        case refusing
        /// Nothing is in work, or it was given up; connections are closing.
        case stopping
        /// No connection is left.
        case stopped

        static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
    }

    /// What is to be done after an event, once the ledger is unlocked.
    struct Effects: OptionSet {
        let rawValue: UInt16

        static let accept = Effects(rawValue: 1 << 0)
        /// At ``lingerEnd`` the ledger wants to be told.
        static let setAlarm = Effects(rawValue: 1 << 1)
        static let closeListener = Effects(rawValue: 1 << 2)
        /// Each connection learns that the linger is over.
        static let endLinger = Effects(rawValue: 1 << 3)
        /// Each connection learns that nothing is in work any more.
        static let stopConnections = Effects(rawValue: 1 << 4)
        static let cutConnections = Effects(rawValue: 1 << 5)
        /// Those who wait for the last connection go on.
        static let wakeDrainers = Effects(rawValue: 1 << 6)
        /// Those who wait for the last handler too go on.
        static let wakeRunners = Effects(rawValue: 1 << 7)
        /// The listener is to be closed once nothing waits there.
        static let emptyListener = Effects(rawValue: 1 << 8)
    }

    private(set) var phase = Phase.serving
    private(set) var isRunning = false
    private(set) var isListening = true
    private(set) var lostListener = false
    /// The server was cut off before it had ended.
    private(set) var wasCut = false
    private(set) var connections = 0
    /// Connections over the limit, which are being told so.
    private(set) var refusedConnections = 0
    /// Requests whose handler has not returned.
    private(set) var requests = 0
    private(set) var bodyBytes = 0
    /// Of replies that their peers have not taken.
    private(set) var replyBytes = 0
    /// When the last connection or request came, or the drain.
    private var lastArrival = NIODeadline.uptimeNanoseconds(0)
    /// Whoever calls without end without resolving again cannot make the linger last for longer.
    private var lingerLimit = NIODeadline.distantFuture

    private let linger: TimeAmount
    private let maximumConnections: Int
    /// Being told costs a socket too; more than these are closed without a word.
    private let maximumRefusedConnections = 64
    private let maximumRequests: Int
    private let maximumBodyBytes: Int
    private let maximumReplyBytes: Int

    init(_ configuration: HTTPServerConfiguration) {
        linger = TimeAmount(limited: configuration.linger)
        maximumConnections = configuration.maximumConnections
        maximumRequests = configuration.maximumConcurrentRequests
        maximumBodyBytes = configuration.maximumBodyMemory
        maximumReplyBytes = configuration.maximumReplyMemory
    }

    // MARK: Connections and requests

    enum Admission { case serve, refuse, drop }

    /// - Parameter now: Looked at only while draining.
    mutating func connectionCame(at now: @autoclosure () -> NIODeadline) -> Admission {
        guard phase < .stopping else { return .drop }
        if phase != .serving { lastArrival = now() }
        if connections < maximumConnections {
            connections += 1
            return .serve
        }
        guard refusedConnections < maximumRefusedConnections else { return .drop }
        refusedConnections += 1
        return .refuse
    }

    mutating func connectionEnded(wasServed: Bool) -> Effects {
        if wasServed { connections -= 1 } else { refusedConnections -= 1 }
        return advance()
    }

    enum Verdict: Equatable { case work, refuse(HTTPRefusal) }

    /// - Parameter now: Looked at only while draining.
    mutating func requestCame(at now: @autoclosure () -> NIODeadline) -> Verdict {
        guard phase < .refusing else { return .refuse(.leaving) }
        if phase != .serving { lastArrival = now() }
        guard requests < maximumRequests else { return .refuse(.overloaded) }
        requests += 1
        return .work
    }

    mutating func requestEnded(bytes: Int) -> Effects {
        requests -= 1
        bodyBytes -= bytes
        return advance()
    }

    mutating func reserve(bytes: Int) -> Bool {
        guard bytes <= maximumBodyBytes - bodyBytes else { return false }
        bodyBytes += bytes
        return true
    }

    mutating func release(bytes: Int) {
        bodyBytes -= bytes
    }

    var holdsTooMuchReply: Bool { replyBytes > maximumReplyBytes }

    mutating func replyWaits(bytes: Int) {
        replyBytes += bytes
    }

    mutating func replyTaken(bytes: Int) {
        replyBytes -= bytes
    }

    // MARK: Beginning and ending

    mutating func run() -> Effects {
        guard !isRunning, phase == .serving else { return [] }
        isRunning = true
        return .accept
    }

    /// - Parameter deadline: Until then the linger may last half of the time, so that the other half is left for what is in work.
    mutating func drain(at now: NIODeadline, deadline: TimeAmount) -> Effects {
        guard phase == .serving else { return [] }
        lastArrival = now
        lingerLimit = now + .nanoseconds(deadline.nanoseconds / 2)
        guard isRunning else {
            // Nobody has been answered who could linger.
            phase = .refusing
            return Effects([.closeListener, .endLinger]).union(advance())
        }
        phase = .lingering
        return .setAlarm
    }

    /// Counted from the last arrival, not from the drain: a machine that stalls holds up those who are on their way, too.
    var lingerEnd: NIODeadline { min(lastArrival + linger, lingerLimit) }

    mutating func alarmRang(at now: NIODeadline) -> Effects {
        guard phase == .lingering || phase == .emptying && !isListening else { return [] }
        guard now >= lingerEnd else { return .setAlarm }
        if phase == .lingering {
            phase = .emptying
            return .emptyListener
        }
        phase = .refusing
        return Effects.endLinger.union(advance())
    }

    /// Gives up what is in work.
    mutating func abort() -> Effects {
        guard phase < .stopped else { return [] }
        phase = .stopping
        return Effects([.closeListener, .cutConnections]).union(advance())
    }

    /// As `abort`, but because whoever runs the server was cancelled.
    mutating func cut() -> Effects {
        if phase < .stopped { wasCut = true }
        return abort()
    }

    mutating func listenerClosed() -> Effects {
        isListening = false
        // What was found waiting there lingers as well.
        if phase == .emptying { return .setAlarm }
        guard phase < .refusing else { return advance() }
        lostListener = true
        return abort()
    }

    private mutating func advance() -> Effects {
        var effects: Effects = []
        if phase == .refusing, requests == 0 {
            phase = .stopping
            effects.insert(.stopConnections)
        }
        if phase == .stopping, connections == 0, refusedConnections == 0, !isListening {
            phase = .stopped
            effects.insert(.wakeDrainers)
        }
        if phase == .stopped, requests == 0 { effects.insert(.wakeRunners) }
        return effects
    }
}
