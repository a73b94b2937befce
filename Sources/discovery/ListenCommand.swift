import ArgumentParser
import DiscoveryKit
import Foundation
import ServiceLifecycle

struct ListenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listen", abstract: "Receives the messages of a queue: prints them, or runs a program for each.",
        discussion: """
            Without a program each body is printed, and its message finished. With --keep nothing is finished: the messages are held, each printed
            once, and given back when the command ends; of a FIFO group that is the first. (To look without receiving: discovery peek.)

            With a program, it is started for each message, with the body on its standard input. Its exit code decides:
              0               the message is finished: it is gone for good
              75 and others   it comes again, after a random time that grows with every try, until the queue's limit
              100             it goes to the queue's dead-letter queue at once
            What the program writes to standard error is kept with the message as the reason. Its lease is extended while the program runs,
            up to 12 hours. In the program's environment are DISCOVERY_ADDRESS, DISCOVERY_MESSAGE_ID, DISCOVERY_MESSAGE_COUNT (how often it
            was received, this time included), DISCOVERY_MESSAGE_GROUP where it has one, and DISCOVERY_MESSAGE_ATTRIBUTE_name for each
            attribute, with _ for what is no letter or digit.

            Goes on until SIGTERM or Control-C: then it takes no more, lets the programs that run end, and ends.

            Examples: discovery listen 'ais.garden->jobs'
                      discovery listen 'ais.garden->jobs' --concurrency 8 -- ./work.sh
                      discovery listen 'ais.garden->jobs' --count 1 --wait 10s --json
                      discovery listen 'ais.garden->jobs' --wait 0s -- sh -c 'read id; echo "job $id is done"'
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: AddressArgument.help) var address: AddressArgument
    @Option(help: "How many programs run at once; as many as there are cores unless given. 1 without a program.") var concurrency: Int?
    @Option(help: ArgumentHelp("End after so many messages, counting each time one is received.", valueName: "number")) var count: Int?
    @Option(help: ArgumentHelp("End when no message has come for so long; 0s: when there is none now.", valueName: "duration")) var wait:
        String?
    @Option(
        help: ArgumentHelp(
            "The longest wait before a failed message comes again; it doubles each time. 1s unless given.", valueName: "duration"))
    var backoff: String?
    @Option(
        help: ArgumentHelp(
            "For how long others wait for a message that this process took when it is killed. 30s unless given.", valueName: "duration"))
    var visibility: String?
    @Flag(help: "Print messages, and give them back at the end.") var keep = false
    @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.") var command: [String] = []

    /// How many messages are held for --keep.
    private static let mostKept = 1_000

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count is 1 or more.") }
        if let concurrency, !(1...1_024).contains(concurrency) { throw ValidationError("--concurrency is 1 to 1024.") }
        if keep, !command.isEmpty { throw ValidationError("--keep prints messages: it takes no program, whose exit code would decide.") }
        if keep, concurrency != nil { throw ValidationError("--keep prints one message after the other: it takes no --concurrency.") }
        _ = try options()
    }

    func run() async throws {
        let address = try address.address
        let program = command.isEmpty ? nil : try await HandlingProgram(command, home: try common.homePath, address: address)
        let service = Service(
            discovery: try Discovery(common.configuration), address: address, options: try options(), program: program,
            mostKept: keep ? min(count ?? Self.mostKept, Self.mostKept) : nil, json: common.json)
        try await common.run(service)
    }

    private func options() throws -> ListenOptions {
        var options = ListenOptions()
        // Printed in their order, one after the other.
        options.concurrency = concurrency ?? (command.isEmpty ? 1 : max(2, ProcessInfo.processInfo.activeProcessorCount))
        options.limit = count
        options.patience = try DurationArgument.duration(wait, of: "--wait")
        options.firstBackoff = try DurationArgument.duration(backoff, of: "--backoff")
        options.visibility = try DurationArgument.duration(visibility, of: "--visibility")
        for (option, duration) in [("--backoff", options.firstBackoff), ("--visibility", options.visibility)] {
            if let duration, duration <= .zero || duration > .seconds(43_200) {
                throw ValidationError("\(option) is above 0s and at most 12h.")
            }
        }
        return options
    }

    private struct Service: ServiceLifecycle.Service {
        let discovery: Discovery
        let address: Address
        let options: ListenOptions
        let program: HandlingProgram?
        /// `nil` where messages are not kept.
        let mostKept: Int?
        let json: Bool

        func run() async throws {
            do {
                if let mostKept {
                    try await show(upTo: mostKept)
                } else {
                    try await discovery.listen(address, options: options) { (delivery: Delivery) in try await handle(delivery) }
                }
            } catch {
                await discovery.shutdown()
                throw error
            }
            await discovery.shutdown()
        }

        private func handle(_ delivery: Delivery) async throws {
            guard let program else { return try show(delivery) }
            let reason: String
            switch try await program.handle(delivery) {
            case .finish: return
            case .retry(let why):
                Output.complain("Message \(delivery.id) comes again: \(why)")
                throw ServedProgram.Failure(description: why)
            case .deadLetter(let why): reason = why
            }
            do throws(DiscoveryError) {
                try await delivery.deadLetter(reason)
                Output.complain("Message \(delivery.id) is a dead letter: \(reason)")
            } catch {
                Output.complain(error.message)
                throw error
            }
        }

        /// Holds what it prints until the end.
        private func show(upTo most: Int) async throws {
            var kept: [Delivery] = []
            var failure: (any Error)?
            do {
                for try await delivery in discovery.listen(address, options: options) {
                    try show(delivery)
                    kept.append(delivery)
                    if kept.count == most { break }
                }
            } catch {
                failure = error
            }
            // One for which that fails comes again when its lease is over.
            for delivery in kept { try? await delivery.retry(after: .zero) }
            if let failure { throw failure }
        }

        private func show(_ delivery: Delivery) throws {
            let body = delivery.message.body
            guard json else { return Output.write(body + (body.last == UInt8(ascii: "\n") ? [] : [UInt8(ascii: "\n")])) }
            struct Fields: Encodable { let id: String, receiveCount: Int, group: String? }
            let fields = Fields(id: delivery.id.description, receiveCount: delivery.receiveCount, group: delivery.group)
            try Output.print(json: MessageReport(fields, delivery.message), onOneLine: true)
        }
    }
}
