import DiscoveryKit
import Foundation

/// Orders that are packed by whoever is there, in processes that know nothing of one another but a name: `shop.orders->incoming`.
///
///     Worker produce 9      puts 9 orders into the queue; the fifth is for -5 things
///     Worker work           packs orders until it is ended; one that cannot be packed fails, and is set aside after two tries
///     Worker work mended    as a later version that takes such an order for a return
///     Worker                makes the queues and plays it all: a producer, two workers, the order set aside, and its way back
///
/// Queues are made and messages returned by the command `discovery`, which the build puts beside this program.
@main
struct Worker {
    struct Order: Codable, Sendable { var number: Int, quantity: Int }
    struct Impossible: Error, CustomStringConvertible { let description: String }

    static let incoming: Address = "shop.orders->incoming"
    static let setAside: Address = "shop.orders->set-aside"

    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        switch (arguments.first, arguments.dropFirst().first) {
        case ("produce", let count?): try await produce(Int(count) ?? 1)
        case ("work", let version): try await work(isMended: version == "mended")
        case (nil, _): try await play()
        default: print("usage: Worker [produce COUNT | work [mended]]")
        }
    }

    // MARK: What each process does

    static func produce(_ count: Int) async throws {
        for number in 1...max(1, count) {
            // Durable once this returns, whether or not anybody works.
            try await Discovery.queue(incoming, Order(number: number, quantity: number == 5 ? -5 : number))
        }
    }

    static func work(isMended: Bool) async throws {
        var options = ListenOptions()
        options.firstBackoff = .milliseconds(10)
        try await Discovery.listen(incoming, options: options) { (order: Order) in
            guard order.quantity > 0 || isMended else { throw Impossible(description: "nobody can pack \(order.quantity) things") }
            say(order.quantity > 0 ? "order \(order.number) is packed" : "order \(order.number) is taken back")
        }
    }

    // MARK: The whole story

    static func play() async throws {
        let count = 9
        try discovery("queues", "create", "set-aside", "--address", setAside.description)
        try discovery(
            "queues", "create", "incoming", "--dead-letter", "set-aside", "--maximum-receives", "2", "--address", incoming.description)

        let workers = try [Child(["work"]), Child(["work"])]
        defer { for worker in workers { worker.end() } }
        try Child(["produce", String(count)]).wait()
        say("\(count) orders are in the queue")

        // The order that fails twice goes to the queue that its own names for that; it is looked at, and put back there.
        for try await delivery in Discovery.listen(setAside) {
            let order: Order = try delivery.decode()
            say("order \(order.number) was set aside")
            try await delivery.retry(after: .zero)
            break
        }
        for worker in workers { worker.end() }

        let mended = try Child(["work", "mended"])
        defer { mended.end() }
        try discovery("redrive", "set-aside")
        // What the workers that were ended had in hand comes again, too, when their leases are over.
        while let line = mended.line() {
            say(line)
            if line.contains("taken back") { break }
        }
    }

    /// One write a line, so that the lines of several processes do not mix.
    static func say(_ line: String) { try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8)) }

    static func discovery(_ arguments: String...) throws {
        let command = Child.folder.appendingPathComponent("discovery")
        guard FileManager.default.isExecutableFile(atPath: command.path) else {
            throw Impossible(description: "there is no command at \(command.path): build the package of the samples whole")
        }
        let process = try Process.run(command, arguments: arguments)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Impossible(description: "discovery \(arguments.joined(separator: " ")) failed") }
    }
}

/// Another process of this program.
final class Child {
    private let process = Process()
    private let output = Pipe()
    private var bytes: FileHandle { output.fileHandleForReading }

    static let folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()

    init(_ arguments: [String]) throws {
        process.executableURL = Self.folder.appendingPathComponent("Worker")
        process.arguments = arguments
        if arguments.contains("mended") { process.standardOutput = output }
        try process.run()
    }

    func wait() throws {
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Worker.Impossible(description: "a process failed") }
    }

    func end() {
        process.terminate()
        process.waitUntilExit()
    }

    func line() -> String? {
        var line: [UInt8] = []
        while let byte = try? bytes.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { line.append(byte) }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }
}
