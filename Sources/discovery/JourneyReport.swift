import DiscoveryKit
import Foundation
import Messaging
import Store

/// What happened to a message, for people and for programs.
struct JourneyReport: Encodable {
    struct Step: Encodable {
        let time: String
        let process: String
        let pid: Int32
        /// `sent`, `queued`, `undeliverable`, `received`, `failed`, `returned`, `finished`, `moved`, `deadLettered`, `expired` or `cancelled`.
        let event: String
        let text: String
    }

    struct Publication: Encodable {
        let id: String
        let time: String
        let process: String
        let pid: Int32
        let topic: String
        let matched: Int
        let refused: Int
        /// The first of those who refused it.
        let refusals: [Refusal]
    }

    struct Refusal: Encodable {
        let subscription: String
        let endpoint: String?
        let reason: String?
    }

    struct Branch: Encodable {
        let message: String
        let subscription: String?
        let endpoint: String?
        let queue: String
        let steps: [Step]
        /// Where it is now; `nil` when it is nowhere any more.
        let now: String?
    }

    let id: String
    let publication: Publication?
    let branches: [Branch]

    /// Of more branches only so many are shown to people.
    private static let shown = 50

    init(_ journey: Messaging.Journey, _ clock: HomeClock) {
        id = journey.id.description
        publication = journey.publication.map { publication in
            Publication(
                id: publication.id.description, time: clock.date(of: publication.time).timestamp, process: publication.by.process,
                pid: publication.by.pid,
                topic: publication.topic, matched: publication.matched, refused: publication.refused,
                refusals: publication.refusals.map {
                    Refusal(subscription: $0.subscription.id.description, endpoint: $0.subscription.endpoint?.name, reason: $0.reason)
                })
        }
        branches = journey.branches.map { branch in
            Branch(
                message: branch.message.description, subscription: branch.subscriber?.id.description,
                endpoint: branch.subscriber?.endpoint?.name, queue: branch.queue,
                steps: branch.steps.map {
                    Step(
                        time: clock.date(of: $0.time).timestamp, process: $0.by.process, pid: $0.by.pid, event: $0.event.name,
                        text: $0.event.text)
                }, now: branch.now.map { "\(clock.text($0.state)) in \($0.queue.shown)" })
        }
    }

    /// Texts from outside among them: without control characters.
    var lines: [String] {
        var lines = ["message    \(id)"]
        if let publication { lines += self.lines(publication) }
        for branch in branches.prefix(Self.shown) { lines += self.lines(branch) }
        if branches.count > Self.shown { lines.append("and \(branches.count - Self.shown) more: --json has them all") }
        return lines.map(Output.printable)
    }

    private func lines(_ publication: Publication) -> [String] {
        var lines = [
            "published  \(publication.time)  by \(publication.process) (pid \(publication.pid)), to the topic \(publication.topic)",
            "matched    \(publication.matched) subscription\(publication.matched == 1 ? "" : "s")",
        ]
        if publication.refused > 0 {
            lines.append("refused    by the filter polic\(publication.refused == 1 ? "y" : "ies") of \(publication.refused)")
        }
        for refusal in publication.refusals {
            lines.append(
                "  \(refusal.endpoint ?? "a listener, or one that ended") (\(refusal.subscription))"
                    + (refusal.reason.map { $0.isEmpty ? "" : ": \($0)" } ?? ": why is not known any more"))
        }
        if publication.refusals.count < publication.refused {
            lines.append("  and \(publication.refused - publication.refusals.count) more")
        }
        if publication.id == id, publication.matched > branches.count {
            lines.append("missing    \(publication.matched - branches.count): their queues could not take it, or had it already")
        }
        return lines
    }

    private func lines(_ branch: Branch) -> [String] {
        let name = branch.endpoint ?? (branch.queue.hasPrefix("~") ? "a listener" : branch.queue.isEmpty ? "a queue" : branch.queue)
        var lines = [branch.message == id ? "to \(name)" : "to \(name) (\(branch.message))"]
        let width = branch.steps.map(\.time.count).max() ?? 0
        lines += branch.steps.map {
            "  \($0.time.padding(toLength: width, withPad: " ", startingAt: 0))  \($0.text), by \($0.process) (pid \($0.pid))"
        }
        lines.append("  now        \(branch.now ?? "gone")")
        return lines
    }
}

extension String {
    /// The name of a queue as people see it: those of subscriptions have none of their own.
    fileprivate var shown: String { hasPrefix("~") ? "the queue of its subscription" : self }
}

extension Messaging.Journey.Event {
    fileprivate var name: String {
        switch self {
        case .sent: "sent"
        case .arrived: "queued"
        case .undeliverable: "undeliverable"
        case .received: "received"
        case .failed: "failed"
        case .returned: "returned"
        case .finished: "finished"
        case .moved: "moved"
        case .deadLettered: "deadLettered"
        case .expired: "expired"
        case .cancelled: "cancelled"
        }
    }

    fileprivate var text: String {
        switch self {
        case .sent: "sent"
        case .arrived: "queued"
        case .undeliverable(let reason): "put into the dead-letter queue: \(reason)"
        case .received(1): "received"
        case .received(let count): "received for the \(Self.ordinal(count)) time"
        case .failed(let reason, let after) where after < .seconds(1): "failed, to be tried again at once: \(reason)"
        case .failed(let reason, let after): "failed, to be tried again in \(Output.rough(after)): \(reason)"
        case .returned: "given back"
        case .finished: "finished"
        case .moved(let queue): "moved to \(queue.shown)"
        case .deadLettered(let queue, let reason):
            "moved to the dead-letter queue \(queue)\(reason.map { ": \($0)" } ?? ": received too often")"
        case .expired: "removed: it was older than its queue keeps messages"
        case .cancelled: "cancelled"
        }
    }

    private static func ordinal(_ count: Int) -> String {
        switch (count % 100, count % 10) {
        case (11...13, _): "\(count)th"
        case (_, 1): "\(count)st"
        case (_, 2): "\(count)nd"
        case (_, 3): "\(count)rd"
        default: "\(count)th"
        }
    }
}
