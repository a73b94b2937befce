import ArgumentParser
import DiscoveryKit
import Foundation

struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Puts messages into a queue, and prints their ids once they are on the disk.",
        discussion: """
            The body is the argument, a file, or else standard input, and is sent as it is. With --lines every line is a message: lines are sent as
            they come, in order, and each id is printed on a line of its own; a line that is refused is told, and the rest are sent. For a
            FIFO queue, a message without --group is of the group `default`.

            Examples: discovery queue 'ais.garden->jobs' '{"id": 7}'
                      discovery queue 'ais.garden->jobs' --file job.json --delay 5m -a priority=high
                      discovery queue 'ais.garden->jobs' --deliver-at 2126-01-02T03:04:05Z 'water the plants'
                      seq 1000 | discovery queue 'ais.garden->jobs' --lines
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: AddressArgument.help) var address: AddressArgument
    @Argument(help: "The body; read from --file or standard input unless given.") var body: String?
    @Option(help: ArgumentHelp("Read the body from a file; - is standard input.", valueName: "file"), completion: .file()) var file: String?
    @Flag(help: "Send each line of the file, or of standard input, as a message.") var lines = false
    @Option(help: ArgumentHelp("When it may be received: after so long.", valueName: "duration")) var delay: String?
    @Option(help: ArgumentHelp("When it may be received: at a time to come.", valueName: "time")) var deliverAt: String?
    @Option(help: ArgumentHelp("The group: a FIFO queue keeps the order in it, others are fair to it.", valueName: "text")) var group:
        String?
    @Option(help: ArgumentHelp("FIFO queues: two messages with the same text, within 5 minutes, are one.", valueName: "text"))
    var deduplication: String?
    @OptionGroup var attributes: AttributeOptions

    func validate() throws {
        if body != nil, file != nil { throw ValidationError("Give the body once: as an argument, or by --file.") }
        if body != nil, lines { throw ValidationError("--lines sends the lines of a --file or of standard input: leave the body out.") }
        if lines, deduplication != nil {
            throw ValidationError("--deduplication is for one message: of several with the same one, the first alone is sent.")
        }
        _ = try options()
    }

    func run() async throws {
        let address = try address.address
        let options = try options()
        let attributes = try attributes.attributes()
        try await common.withDiscovery { discovery in
            if lines { return try await sendLines(discovery, address, attributes, options) }
            let bytes = try body.map { Array($0.utf8) } ?? Array(wholeInput())
            let message = Message.bytes(bytes, attributes: attributes)
            let id = try await discovery.queue(address, message, options: options)
            if common.json { try Output.print(json: ["id": id.description]) } else { Output.print(id.description) }
        }
    }

    /// A line that is refused is told and the next are sent; the exit code is that of the last refusal.
    private func sendLines(
        _ discovery: Discovery, _ address: Address, _ attributes: [String: Message.Attribute], _ options: SendOptions
    ) async throws {
        struct Report: Encodable { let line: Int, id: String?, error: String? }
        var input = InputLines(try inputHandle())
        var number = 0
        var failure: DiscoveryError?
        while let lines = try await input.next() {
            let messages = lines.map { Message.bytes($0, attributes: attributes) }
            for result in try await discovery.queue(address, contentsOf: messages, options: options) {
                number += 1
                switch result {
                case .success(let id):
                    if common.json {
                        try Output.print(json: Report(line: number, id: id.description, error: nil), onOneLine: true)
                    } else {
                        Output.print(id.description)
                    }
                case .failure(let error):
                    if common.json { try Output.print(json: Report(line: number, id: nil, error: error.message), onOneLine: true) }
                    Output.complain("Line \(number): \(error.message)")
                    failure = error
                }
            }
        }
        if let failure { throw ExitCode(failure.code.exitCode) }
    }

    // MARK: Arguments

    private func options() throws -> SendOptions {
        var options = SendOptions()
        options.delay = try DurationArgument.duration(delay, of: "--delay")
        if let deliverAt {
            guard delay == nil else { throw ValidationError("--delay and --deliver-at exclude each other.") }
            guard let date = Date(timestamp: deliverAt) else {
                throw ValidationError("--deliver-at takes a time such as 2026-01-02T03:04:05Z, not `\(deliverAt)`.")
            }
            options.deliverAt = date
        }
        options.group = group
        options.deduplication = deduplication
        return options
    }

    private func wholeInput() throws -> Data {
        do {
            return try inputHandle().readToEnd() ?? Data()
        } catch let error as ValidationError {
            throw error
        } catch {
            throw ValidationError("\(file ?? "Standard input") cannot be read: \(error.localizedDescription)")
        }
    }

    private func inputHandle() throws -> FileHandle {
        guard let file, file != "-" else { return .standardInput }
        do {
            return try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
        } catch {
            throw ValidationError("\(file) cannot be read: \(error.localizedDescription)")
        }
    }
}
