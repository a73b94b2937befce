import ArgumentParser
import DiscoveryKit
import Foundation
import Messaging
import Store

struct PeekCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peek", abstract: "Looks at the messages of a queue where they lie, delayed and held ones as well. Receives nothing.",
        discussion: """
            Says who holds a message and until when, how often it was received, and why it failed last. Those that wait come first, in their
            order. With --id one message is shown whole, wherever it is by now.

            Examples: discovery peek jobs
                      discovery peek 'ais.garden->jobs' --limit 100 --json
                      discovery peek jobs-dead --id 01234567-89ab-8def-8000-000000000001
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: QueueArgument.help) var queue: String
    @Option(help: "How many messages at most.") var limit = 10
    @Option(help: ArgumentHelp("Show one message whole.", valueName: "id")) var id: String?

    func validate() throws {
        if !(1...100_000).contains(limit) { throw ValidationError("--limit is 1 to 100000.") }
        if let id, Messaging.MessageID(parsing: id) == nil { throw ValidationError("`\(id)` is no message's id.") }
    }

    func run() async throws {
        try await common.withDiscovery { discovery in
            let name = try await discovery.queueName(queue)
            if let id = id.flatMap({ Messaging.MessageID(parsing: $0) }) {
                let (found, now) = try await discovery.withMessages { (try await $0.peek(id), $0.store.home.now()) }
                guard let found else { throw DiscoveryError(.notFound, "There is no message \(id) in this home, or not any more.") }
                let row = PeekedRow(found, now: now)
                return common.json ? try Output.print(json: row.report) : show(row)
            }
            let (rows, isMore) = try await discovery.withMessages { messaging in
                var messages: [Messaging.Peeked] = []
                var position: Messaging.PeekPosition?
                repeat {
                    let page = try await messaging.peek(at: name, after: position, limit: min(1_000, limit - messages.count))
                    messages += page.messages
                    position = page.next
                } while position != nil && messages.count < limit
                let now = messaging.store.home.now()
                return (messages.map { PeekedRow($0, now: now) }, position != nil)
            }
            if common.json { return try Output.print(json: rows.map(\.report)) }
            if rows.isEmpty { return Output.print("\(name) is empty.") }
            Output.print(
                Output.table(
                    ["MESSAGE", "STATE", "RECEIVED", "AGE", "BODY", "FAILED LAST"],
                    rows.map { row in
                        [
                            row.message.id.description, row.state, String(row.message.receives), Output.rough(row.age), row.excerpt,
                            Output.excerpt(row.message.lastFailure ?? "-", length: 120),
                        ]
                    }))
            if isMore { Output.print("There may be more: --limit") }
        }
    }

    private func show(_ row: PeekedRow) {
        let message = row.message
        let lines: [(String, String?)] = [
            ("message", message.id.description), ("queue", message.queue), ("state", row.state),
            ("received", "\(message.receives) time\(message.receives == 1 ? "" : "s")"), ("sent", row.date(of: message.sent).timestamp),
            ("group", message.group), ("deduplication", message.deduplication), ("came from", message.deadLetterSource),
            ("failed last", message.lastFailure.map { Output.excerpt($0, length: 1_000) }),
        ]
        let attributes = row.content.attributes.sorted { $0.key < $1.key }.map { ("attribute", "\($0.key)=\($0.value.text)" as String?) }
        Output.print(Output.table(["", ""], (lines + attributes).compactMap { name, text in text.map { [name, $0] } }).trimmed)
        Output.print("")
        Output.write(row.content.body + [UInt8(ascii: "\n")])
    }
}

/// A message that was looked at, with the home's time read as the wall clock's.
private struct PeekedRow {
    let message: Messaging.Peeked
    let content: Message
    private let clock: HomeClock

    init(_ message: Messaging.Peeked, now: HomeTime) {
        self.message = message
        clock = HomeClock(now)
        content = Message(message)
    }

    func date(of time: HomeTime) -> Date { clock.date(of: time) }

    var age: Duration { .milliseconds(clock.now.milliseconds - message.sent.milliseconds) }

    var state: String { clock.text(message.state) }

    var excerpt: String {
        guard let text = String(validating: content.body, as: UTF8.self) else { return "\(content.body.count) bytes" }
        return Output.excerpt(text)
    }

    var report: MessageReport<Fields> {
        let (state, until, holder): (String, HomeTime?, Messaging.Holder?) =
            switch message.state {
            case .waiting: ("waiting", nil, nil)
            case .delayed(let until): ("delayed", until, nil)
            case .held(let holder, let until): ("held", until, holder)
            }
        return MessageReport(
            Fields(
                id: message.id.description, queue: message.queue, state: state, until: until.map { date(of: $0).timestamp },
                holder: holder?.process, holderPID: holder?.pid, receiveCount: message.receives, sent: date(of: message.sent).timestamp,
                group: message.group, deduplication: message.deduplication, deadLetterSource: message.deadLetterSource,
                lastFailure: message.lastFailure), content)
    }

    struct Fields: Encodable {
        let id: String, queue: String, state: String, until: String?, holder: String?, holderPID: Int32?, receiveCount: Int
        let sent: String, group: String?, deduplication: String?, deadLetterSource: String?, lastFailure: String?
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .newlines) }
}
