import DiscoveryKit

/// One row of the table of faults: what goes wrong, and what the rules say about it.
struct FaultCase: Sendable {
    enum Place: Sendable { case server, refusing, notAccepting }

    /// Who is tried again.
    enum Retried: Sendable {
        /// Everybody: the function did not start.
        case always
        /// Calls marked idempotent: the function may have run.
        case ifIdempotent
        case never
        /// As `ifIdempotent`, and others too where the client is certain that it had sent nothing, which is a race.
        case ifNothingWasSent
    }

    /// What the server does before it is good.
    enum Script: Sendable, Hashable, CustomStringConvertible {
        case first(Int)
        case forever

        var description: String {
            switch self {
            case .first(let count): "first \(count)"
            case .forever: "for ever"
            }
        }
    }

    let name: String
    var place = Place.server
    var fault = Fault.good
    var retried = Retried.never
    /// With what a call fails that was not saved by another try; empty when the answer is good.
    var codes: [DiscoveryError.Code] = []
    var scripts: [Script] = [.first(1), .first(Expect.mostTries - 1), .forever]
    var deadline = Expect.patient
    /// For how long each `Retry-After` forbids another try.
    var pause = Duration.zero
    /// A fault that lasts to the deadline, or forbids to try within it, leaves no room for another try.
    var isLast = false

    /// All of them, in the order in which the table is printed.
    static let all: [FaultCase] = [
        FaultCase(name: "no fault", scripts: [.forever]),
        FaultCase(name: "late, within the deadline", fault: .delay(.milliseconds(100), then: .good), scripts: [.forever]),
        FaultCase(
            name: "late, beyond the deadline", fault: .delay(Expect.short * 3, then: .good), codes: [.deadlineExceeded],
            scripts: [.first(1), .forever], deadline: Expect.short, isLast: true),
        FaultCase(name: "reset on accept", fault: .resetOnAccept, retried: .ifNothingWasSent, codes: [.outcomeUnknown, .unreachable]),
        FaultCase(name: "reset before the body", fault: .resetBeforeBody, retried: .ifIdempotent, codes: [.outcomeUnknown]),
        FaultCase(name: "reset after the body", fault: .resetAfterBody, retried: .ifIdempotent, codes: [.outcomeUnknown]),
        FaultCase(name: "closed without answer", fault: .closeWithoutAnswer, retried: .ifIdempotent, codes: [.outcomeUnknown]),
        FaultCase(name: "half a head", fault: .halfHead, retried: .ifIdempotent, codes: [.outcomeUnknown]),
        FaultCase(name: "half a body", fault: .halfBody, retried: .ifIdempotent, codes: [.outcomeUnknown]),
        FaultCase(
            name: "half a body, then silence", fault: .halfBodyThenSilence, codes: [.deadlineExceeded], scripts: [.first(1), .forever],
            deadline: Expect.short, isLast: true),
        FaultCase(
            name: "no answer", fault: .neverAnswer, codes: [.deadlineExceeded], scripts: [.first(1), .forever], deadline: Expect.short,
            isLast: true),
        FaultCase(
            name: "never accepted", place: .notAccepting, codes: [.deadlineExceeded, .unreachable], scripts: [.forever],
            deadline: Expect.short, isLast: true),
        FaultCase(name: "refused", place: .refusing, retried: .always, codes: [.unreachable], scripts: [.first(1), .forever]),
        FaultCase(name: "302", fault: .redirect(302, to: "http://127.0.0.1:9/"), codes: [.functionFailed], scripts: [.first(1)]),
        FaultCase(name: "400", fault: .answer(status: 400), codes: [.functionFailed], scripts: [.first(1), .forever]),
        FaultCase(name: "404", fault: .answer(status: 404), codes: [.functionFailed], scripts: [.first(1)]),
        FaultCase(name: "413", fault: .answer(status: 413), codes: [.tooLarge], scripts: [.first(1)]),
        FaultCase(name: "429", fault: .answer(status: 429), retried: .always, codes: [.unreachable]),
        paused(429, for: .seconds(1)),
        paused(429, for: .seconds(3600)),
        FaultCase(
            name: "429 of the function's own", fault: .answer(status: 429, headers: [("X-Amz-Function-Error", "Unhandled")]),
            codes: [.functionFailed], scripts: [.first(1), .forever]),
        FaultCase(name: "500", fault: .answer(status: 500), retried: .ifIdempotent, codes: [.functionFailed]),
        FaultCase(name: "501", fault: .answer(status: 501), codes: [.functionFailed], scripts: [.first(1), .forever]),
        FaultCase(name: "502", fault: .answer(status: 502), retried: .ifIdempotent, codes: [.functionFailed]),
        FaultCase(name: "503", fault: .answer(status: 503), retried: .always, codes: [.unreachable]),
        paused(503, for: .seconds(1)),
        paused(503, for: .seconds(3600)),
        FaultCase(name: "504", fault: .answer(status: 504), retried: .ifIdempotent, codes: [.functionFailed]),
        FaultCase(name: "garbage", fault: .garbage, retried: .ifIdempotent, codes: [.outcomeUnknown]),
        FaultCase(
            name: "too large a reply", fault: .tooLargeReply(Expect.maximumReplySize + 1), codes: [.tooLarge],
            scripts: [.first(1), .forever]),
    ]

    private static func paused(_ status: Int, for pause: Duration) -> FaultCase {
        FaultCase(
            name: "\(status), Retry-After: \(pause.components.seconds)",
            fault: .answer(status: status, headers: [("Retry-After", "\(pause.components.seconds)")]), retried: .always,
            codes: [.unreachable], scripts: [.first(1), .forever], deadline: .milliseconds(3_500), pause: pause,
            isLast: pause > Expect.patient)
    }
}

/// What a call through a fault has to come to. The rules and every number of the table are here.
enum Expect {
    /// In all, the first one included.
    static let mostTries = 5
    /// A busy machine may be so late.
    static let slack = Duration.seconds(2)
    /// Longer than all backoffs between the tries of one call.
    static let patient = Duration.seconds(10)
    /// For calls that last to their deadline.
    static let short = Duration.milliseconds(500)
    /// Before it, a call that must fail at once has to be over.
    static let atOnce = Duration.seconds(2)
    static let maximumReplySize = 100_000
    /// More than the buffers of both kernels take, so that a reset meets a body that is being sent.
    static let largeBody = 5 << 20

    struct Result: Sendable {
        var outcomes: Set<String>
        /// Not known where nobody counts them.
        var tries: ClosedRange<Int>?
        var runs: ClosedRange<Int>
        var waited: ClosedRange<Duration>
    }

    static func result(of row: FaultCase, isIdempotent: Bool, _ script: FaultCase.Script) -> Result {
        let failures = Set(row.codes.map(\.description))
        guard !failures.isEmpty else { return Result(outcomes: ["answer"], tries: 1...1, runs: 1...1, waited: .zero...row.deadline) }
        let isRetried: Bool? =
            switch row.retried {
            case .always: true
            case .ifIdempotent: isIdempotent
            case .never: false
            case .ifNothingWasSent: isIdempotent ? true : nil
            }
        var faulty = mostTries
        if case .first(let count) = script { faulty = count }
        var most = mostTries
        // A pause that would lie beyond the deadline is not begun.
        if row.pause > .zero { most = min(most, 1 + Int(row.deadline / row.pause)) }
        // A try that lasts to the deadline may be overtaken by it.
        let ran = row.fault.runs ? (row.isLast ? 0 : 1)...1 : 0...0
        let once = Result(outcomes: failures, tries: 1...1, runs: ran, waited: .zero...(row.deadline + slack))
        var again = once
        let isSaved = faulty < most
        let tries = isSaved ? faulty + 1 : most
        again.outcomes = isSaved ? ["answer"] : failures
        // A busy machine may leave no room for the last pauses.
        let fewest = !isSaved && row.pause > .zero ? max(1, tries - 2) : tries
        again.tries = fewest...tries
        again.runs = row.fault.runs ? fewest...tries : isSaved ? 1...1 : 0...0
        // The last try may begin so late that the deadline ends it.
        if !isSaved, row.pause > .zero { again.outcomes.insert("deadlineExceeded") }
        if row.pause > .zero { again.waited = (row.pause * (fewest - 1))...(row.deadline + slack) }
        var result: Result =
            switch isRetried {
            case false: once
            case _ where row.isLast: once
            case true: again
            case nil:
                Result(
                    outcomes: once.outcomes.union(again.outcomes), tries: 1...tries, runs: 0...again.runs.upperBound, waited: once.waited)
            }
        if row.isLast, row.pause > .zero { result.waited = .zero...atOnce }
        switch row.place {
        case .server: break
        case .notAccepting: (result.tries, result.runs) = (nil, 0...0)
        // Which try meets the server that came at last is not known.
        case .refusing: (result.tries, result.runs) = (nil, isSaved ? 1...1 : 0...0)
        }
        return result
    }
}
