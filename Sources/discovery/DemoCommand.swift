import ArgumentParser
import DiscoveryKit
import Foundation

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Shows the main job in a temporary home, with real processes, each step printed.",
        discussion: "Example: discovery demo")

    func run() async throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent(
            "discovery-demo-\(ProcessInfo.processInfo.processIdentifier)"
        ).path
        defer { try? FileManager.default.removeItem(atPath: home) }
        let demo = Demo(home: home)
        defer { demo.endAll() }
        try demo.play()
    }
}

/// The story: a function is served, called, moved under its caller, and lost with its process; a message waits, fails, and is handled; another
/// is published to two queues, one of which wants only some.
private final class Demo {
    private let home: String
    private var processes: [DemoProcess] = []

    init(home: String) { self.home = home }

    func play() throws {
        let address = "ais.scheduler->get-job"
        Output.print("A home for this demonstration: \(home)\n")

        step("A first process serves a function under an address. Any program will do:")
        let first = try start(["serve", address, "--", "sh", "-c", "read id; echo \"job $id, says the first\""])
        try first.expectLine(containing: "serving")

        step("A second process calls it by that address, once per line of its input. It is told nowhere where the function is:")
        let caller = try start(["request", address, "--each-line"])
        try call(caller, "1", expecting: "says the first")

        step("A third process serves another implementation, elsewhere:")
        let second = try start(["serve", "ais.scheduler->get-job-v2", "--", "sh", "-c", "read id; echo \"job $id, says the second\""])
        let line = try second.expectLine(containing: "serving")
        guard let url = line.split(separator: " ").last.map(String.init) else { throw DemoFailure("no URL in: \(line)") }

        step("A fourth re-registers the address to point there:")
        try start(["register", address, url]).expectLine(containing: url)

        step("The caller, the same process as before, makes its next call:")
        try call(caller, "2", expecting: "says the second")

        step("The second implementation's process is killed with SIGKILL. Its own registration was leased, and is gone at the next look:")
        second.kill()
        try start(["resolve", "ais.scheduler->get-job-v2"]).expectComplaint(containing: "has ended")

        step("The first still runs. Registered once more, the caller's next call goes to it:")
        let firstURL = try first.served()
        try start(["register", address, firstURL]).expectLine(containing: firstURL)
        try call(caller, "3", expecting: "says the first")
        try playQueue()
        try playTopic()
        Output.print("\nThat is the main job: code says what it wants, and never where it is.")
    }

    /// A queue: messages wait for who handles them, one that cannot be handled is set aside, and goes back when that is mended.
    private func playQueue() throws {
        let address = "ais.garden->jobs"
        step("Messages wait for who handles them. A queue, and another for those that nobody can handle:")
        try start(["queues", "create", "dead"]).expectLine(containing: "is a queue")
        try start(["queues", "create", "jobs", "--dead-letter", "dead", "--address", address]).expectLine(containing: address)

        step("Nobody listens yet. The messages are on the disk when the command returns:")
        try start(["queue", address, "water the plants"]).expectLine(containing: "-")
        try start(["queue", address, "water the cat"]).expectLine(containing: "-")

        step("A worker runs a program for each message. Exit code 0 finishes it; this one gives the second up with 100:")
        let program = "read job; echo \"doing: $job\"; case $job in *cat) echo \"a cat stays dry\" >&2; exit 100;; esac"
        let worker = try start(["listen", address, "--count", "2", "--concurrency", "1", "--", "sh", "-c", program])
        try worker.expectLine(containing: "plants")
        try worker.expectLine(containing: "cat")
        try worker.expectEnd()

        step("It is a dead letter now, with the reason. Looking at it takes nothing out:")
        let peek = try start(["peek", "dead"])
        try peek.expectLine(containing: "FAILED LAST")
        try peek.expectLine(containing: "a cat stays dry")

        step("With a better program it goes back to where it came from:")
        try start(["redrive", "dead"]).expectLine(containing: "1 message")
        try start(["listen", address, "--count", "1", "--", "sed", "s/water/feed/"]).expectLine(containing: "feed the cat")
    }

    /// A topic: what is published goes to every queue that is subscribed, as long as its filter lets it through.
    private func playTopic() throws {
        let address = "ais.garden->news"
        step("What is published to a topic goes to all who are subscribed. Two queues are; one wants only news of the weather:")
        try start(["topics", "create", "news", "--address", address]).expectLine(containing: address)
        for queue in ["diary", "umbrella"] {
            try start(["queues", "create", queue, "--address", "ais.garden->\(queue)"]).expectLine(containing: "is a queue")
        }
        try start(["subscribe", address, "diary", "--raw"]).expectLine(containing: "diary is subscribed")
        try start(["subscribe", address, "umbrella", "--raw", "--filter", #"{"kind": ["weather"]}"#])
            .expectLine(containing: "umbrella is subscribed")

        step("When publish returns, the message is on the disk for everyone who gets it:")
        try start(["publish", address, "the roses bloom", "--attribute", "kind=flowers"]).expectLine(containing: "-")
        try start(["publish", address, "it rains", "--attribute", "kind=weather"]).expectLine(containing: "-")

        step("The diary got both, the umbrella what concerns it:")
        try listen(to: "ais.garden->diary", expecting: ["the roses bloom", "it rains"])
        try listen(to: "ais.garden->umbrella", expecting: ["it rains"])
    }

    /// Takes what is in a queue, and expects nothing else to be there.
    private func listen(to queue: String, expecting lines: [String]) throws {
        let listener = try start(["listen", queue, "--wait", "0s"])
        for line in lines { try listener.expectLine(containing: line) }
        try listener.expectSilence()
    }

    func endAll() { for process in processes { process.kill() } }

    private func step(_ text: String) { Output.print("\n— \(text)") }

    @discardableResult
    private func start(_ arguments: [String]) throws -> DemoProcess {
        let process = try DemoProcess(arguments, home: home)
        Output.print("  $ discovery \(arguments.map(quoted).joined(separator: " "))    (pid \(process.id))")
        processes.append(process)
        return process
    }

    private func call(_ caller: DemoProcess, _ line: String, expecting text: String) throws {
        Output.print("  > \(line)")
        try caller.write(line)
        try caller.expectLine(containing: text)
    }

    private func quoted(_ word: String) -> String {
        word.allSatisfy { $0.isLetter || $0.isNumber || "-_./:".contains($0) } ? word : "'\(word)'"
    }
}

private struct DemoFailure: Error, CustomStringConvertible {
    let description: String
    init(_ text: String) { description = "The demonstration failed: \(text)" }
}

/// A child process whose lines are read one at a time.
private final class DemoProcess {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let complaints = Pipe()
    private var lines: [String] = []
    var id: Int32 { process.processIdentifier }

    init(_ arguments: [String], home: String) throws {
        guard let path = Bundle.main.executablePath else { throw DemoFailure("this program does not know its own path") }
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["DISCOVERY_HOME": home, "DISCOVERY_BACKEND": "embedded"]) { $1 }
        process.standardInput = input
        process.standardOutput = output
        process.standardError = complaints
        try process.run()
    }

    func write(_ line: String) throws { try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8)) }

    /// Prints and returns the next line; a process that ends instead has failed, and its complaint says why.
    @discardableResult
    func expectLine(containing text: String) throws -> String {
        guard let line = readLine(output) else { throw DemoFailure(readLine(complaints) ?? "a process ended without a word") }
        Output.print("    \(line)")
        lines.append(line)
        guard line.contains(text) else { throw DemoFailure("expected “\(text)”, got “\(line)”") }
        return line
    }

    func expectComplaint(containing text: String) throws {
        let line = readLine(complaints) ?? ""
        Output.print("    \(line)")
        guard line.contains(text) else { throw DemoFailure("expected “\(text)”, got “\(line)”") }
    }

    /// Waits for its end, without another word.
    func expectSilence() throws {
        if let line = readLine(output) { throw DemoFailure("nothing more was expected, and it said “\(line)”") }
        try expectEnd()
    }

    /// Waits for its end; what it says meanwhile is not asked for.
    func expectEnd() throws {
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw DemoFailure(readLine(complaints) ?? "a process failed without a word") }
    }

    /// The URL in the line that `serve` printed.
    func served() throws -> String {
        guard let url = lines.first?.split(separator: " ").first(where: { $0.hasPrefix("http") }) else {
            throw DemoFailure("it serves nowhere")
        }
        return String(url)
    }

    func kill() {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    private func readLine(_ pipe: Pipe) -> String? {
        var line: [UInt8] = []
        while let byte = try? pipe.fileHandleForReading.read(upToCount: 1)?.first {
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }
}
