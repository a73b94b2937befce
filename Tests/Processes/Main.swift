import Foundation

/// A process for tests to run, drive, stop and kill: `Processes ROLE HOME …`. It speaks lines, one reply for each command.
@main struct Main {
    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        let arguments = CommandLine.arguments
        guard arguments.count > 2 else { return Line.write("usage: Processes ROLE HOME …") }
        switch arguments[1] {
        case "notes": await Notes(home: arguments[2]).run()
        case "registrar": await Registrar(home: arguments[2], name: arguments.count > 3 ? arguments[3] : "a").run()
        case "submitter" where arguments.count > 3: await Submitter(home: arguments[2], name: arguments[3]).run()
        case "producer" where arguments.count > 3: await Messenger(home: arguments[2], name: arguments[3]).produce()
        case "publisher" where arguments.count > 3: await Messenger(home: arguments[2], name: arguments[3]).publish()
        case "consumer" where arguments.count > 3: await Messenger(home: arguments[2], name: arguments[3]).consume()
        case "courier": await Delivering(home: arguments[2]).run()
        case "deployer" where arguments.count > 4:
            await Deploying(
                home: arguments[2], stack: arguments[3], template: arguments[4].isEmpty ? nil : arguments[4],
                parameters: Dictionary(
                    arguments.dropFirst(5).map { ($0.split(separator: "=", maxSplits: 1).map(String.init)) }.map { ($0[0], $0[1]) }
                ) { $1 }
            ).run()
        case "mailbox": await Mailbox(home: arguments[2]).run()
        case "candidate" where arguments.count > 3: await Candidate(home: arguments[2], office: arguments[3]).run()
        case "evaluating": Evaluating(folder: arguments[2]).run()
        case "leased": await Leased(home: arguments[2], id: arguments.count > 3 ? arguments[3] : "a").run()
        case "server" where arguments.count > 4: await Server(home: arguments[2], address: arguments[3], name: arguments[4]).run()
        default: Line.write("there is no role \(arguments[1])")
        }
    }
}

/// Lines to and from the test. A line written is out of the process: it outlives a SIGKILL.
enum Line {
    static func write(_ text: String) {
        var rest = Array((text.replacing("\n", with: " ") + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(1, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { exit(1) }
            rest = rest.dropFirst(count)
        }
    }

    /// Blocks; `nil` when the test has closed its end or is gone.
    static func read() -> String? { readLine(strippingNewline: true) }
}

/// `verb flag key=value …`
struct Command {
    let verb: String
    private let words: [Substring]

    init(_ line: String) {
        let words = line.split(separator: " ")
        verb = words.first.map(String.init) ?? ""
        self.words = Array(words.dropFirst())
    }

    func has(_ flag: String) -> Bool { words.contains(flag[...]) }
    func text(_ key: String) -> String? { words.first { $0.hasPrefix(key + "=") }.map { String($0.dropFirst(key.count + 1)) } }
    func integer(_ key: String) -> Int? { text(key).flatMap { Int($0) } }
}
