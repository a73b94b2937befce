import ArgumentParser
import DiscoveryKit
import Foundation

struct RequestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request", abstract: "Calls a function and prints its answer.",
        discussion: """
            The body is sent as it is. With --each-line every line of standard input is a body, and each answer is printed on a line of its own:
            the same process goes on calling while the address moves. A call that certainly did not start is tried again, up to five times within
            the deadline.

            With --later the call is accepted for the home's courier, durably, and its message's id printed: a process that serves, listens, or
            runs `discovery courier` makes it, and tries again for about an hour. What fails in the end waits in the queue `undelivered`.

            Examples: discovery request 'ais.scheduler->get-job' '{"id": 7}'
                      discovery request 'ais.scheduler->get-job' --input job.json
                      seq 3 | discovery request 'ais.scheduler->get-job' --each-line
                      discovery request 'ais.mailer->send' '{"to": "ann"}' --later
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: AddressArgument.help) var address: AddressArgument
    @Argument(help: "The body; none unless given.") var body: String?
    @Option(help: ArgumentHelp("Read the body from a file; - is standard input.", valueName: "file"), completion: .file()) var input:
        String?
    @Flag(help: "Call once per line of standard input.") var eachLine = false
    @Option(help: ArgumentHelp("How long to wait in all; DISCOVERY_DEADLINE or 30 unless given.", valueName: "seconds")) var deadline:
        Double?
    @Flag(help: "Doing it twice does no harm: try again also where it may have been done already.") var idempotent = false
    @Flag(help: "Do not wait for the function: have it called later.") var later = false
    @Option(help: ArgumentHelp("A header to send along; may be repeated.", valueName: "name: value")) var header: [String] = []

    func validate() throws {
        if [body != nil, input != nil, eachLine].count(where: { $0 }) > 1 {
            throw ValidationError("Give the body once: as an argument, by --input, or by --each-line.")
        }
        if let deadline, !(deadline > 0 && deadline <= 86_400) { throw ValidationError("--deadline is above 0 and up to 86400 seconds.") }
    }

    func run() async throws {
        let address = try address.address
        var options = RequestOptions()
        options.deadline = deadline.map { .seconds($0) }
        options.isIdempotent = idempotent ? true : nil
        for line in header {
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
                throw ValidationError("--header takes `name: value`, not `\(line)`.")
            }
            options.headers[String(line[..<colon])] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        try await common.withDiscovery { discovery in
            if eachLine {
                try await callEachLine(discovery, address, options)
            } else {
                try await call(discovery, address, try message(), options)
            }
            if later { try await Output.complainWithoutCourier(discovery) }
        }
    }

    private func call(_ discovery: Discovery, _ address: Address, _ message: Message, _ options: RequestOptions) async throws {
        guard later else { return try show(try await discovery.request(address, message, options: options)) }
        let id = try await discovery.requestLater(address, message, options: options)
        if common.json { try Output.print(json: ["id": id.description], onOneLine: eachLine) } else { Output.print(id.description) }
    }

    /// A failed call is told and the next is made; the exit code is that of the last failure.
    private func callEachLine(_ discovery: Discovery, _ address: Address, _ options: RequestOptions) async throws {
        var failure: DiscoveryError?
        while let line = readLine() {
            do {
                try await call(discovery, address, .text(line), options)
            } catch let error as DiscoveryError {
                Output.complain(error.message)
                failure = error
            }
        }
        if let failure { throw ExitCode(failure.code.exitCode) }
    }

    private func message() throws -> Message {
        if let body { return .text(body) }
        guard let input else { return .empty }
        do {
            let handle = input == "-" ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(fileURLWithPath: input))
            return .bytes(try handle.readToEnd() ?? Data())
        } catch {
            throw ValidationError("\(input) cannot be read: \(error.localizedDescription)")
        }
    }

    private func show(_ reply: Reply) throws {
        if common.json {
            struct Report: Encodable { let status: Int, servedBy: String, body: String }
            let report = Report(
                status: reply.status, servedBy: reply.servedBy.description, body: String(decoding: reply.message.body, as: UTF8.self))
            return try Output.print(json: report, onOneLine: eachLine)
        }
        let isTerminated = reply.message.body.last == UInt8(ascii: "\n")
        Output.write(reply.message.body + (isTerminated ? [] : [UInt8(ascii: "\n")]))
    }
}
