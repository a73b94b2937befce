import Foundation

/// Measures what the library promises about speed, against references measured in the same run.
@main struct Main {
    static let benchmarks: [any Benchmark.Type] = [
        ResolveBenchmark.self, LeasedResolveBenchmark.self, OpenBenchmark.self, RegisterBenchmark.self, RequestBenchmark.self,
        IdleBenchmark.self, SyncCountBenchmark.self, QueueSendBenchmark.self, QueueLifeBenchmark.self, PublishBenchmark.self,
        QueueRedisBenchmark.self,
        QueueReceiveBenchmark.self, QueueWakeBenchmark.self, QueueMemoryBenchmark.self, QueueDiskBenchmark.self,
        ServerBenchmark.self, DaemonBenchmark.self,
    ]
    static let roles: [any Role.Type] = [
        ResolvingRole.self, RegisteringRole.self, AnsweringRole.self, IdlingRole.self, ProducingRole.self, ConsumingRole.self,
        ParkedRole.self, MemoryRole.self, ServingRole.self,
    ]

    static let help = """
        usage: Benchmarks [--rounds N] [--messages N] [--only NAME] [--check] [--json] [--list] [--help]

          --rounds N     measure each side N times, alternating (7)
          --messages N   as many messages in a long queue (10000000)
          --only NAME    this benchmark; may be given several times
          --check        leave with 1 when a goal is missed
          --json         print the figures as JSON
          --list         print the names of the benchmarks

        A figure is the median of its rounds, with the smallest and the largest; a ratio is the median of the rounds' ratios.
        """

    static func main() async {
        do {
            let arguments = CommandLine.arguments.dropFirst()
            if let role = roles.first(where: { $0.name == arguments.first }) {
                return try await role.run(Array(arguments.dropFirst()))
            }
            let options = try Options(arguments, benchmarks: benchmarks.map { $0.name })
            if options.wantsHelp { return print(help) }
            if options.wantsList { return benchmarks.forEach { print("\($0.name): \($0.summary)") } }
            if try await run(options) > 0, options.isChecked { exit(1) }
        } catch {
            FileHandle.standardError.write(Data("Benchmarks: \(error)\n".utf8))
            exit(error is Options.Misuse ? 64 : 1)
        }
    }

    /// - Returns: how many goals were missed.
    private static func run(_ options: Options) async throws -> Int {
        let session = try Session(rounds: options.rounds, messages: options.messages)
        defer { session.end() }
        let isTable = !options.isJSON
        if isTable { say(try session.surroundings() + "\n" + Table.heading) }
        var figures: [Figure] = []
        var skipped: [String: String] = [:]
        for benchmark in benchmarks where options.only.isEmpty || options.only.contains(benchmark.name) {
            do {
                let measured = try await benchmark.run(session)
                if isTable { measured.forEach { say(Table.row($0)) } }
                figures += measured
            } catch let reason as Skipped {
                skipped[benchmark.name] = reason.reason
                if isTable { say("\(benchmark.name) skipped: \(reason.reason)") }
            }
        }
        if isTable { say(try session.surroundings()) } else { say(try Table.json(figures, skipped)) }
        let missed = figures.filter { $0.isMet == false }
        if isTable, !missed.isEmpty { say("missed: " + missed.map(\.name).joined(separator: ", ")) }
        return missed.count
    }
}

/// What the command line asks for.
struct Options {
    struct Misuse: Error, CustomStringConvertible { let description: String }

    var rounds = 7
    var messages = 10_000_000
    var only: Set<String> = []
    var isChecked = false
    var isJSON = false
    var wantsList = false
    var wantsHelp = false

    init(_ arguments: some Sequence<String>, benchmarks: [String]) throws(Misuse) {
        var rest = arguments.makeIterator()
        while let argument = rest.next() {
            switch argument {
            case "--rounds":
                guard let number = rest.next().flatMap({ Int($0) }), number > 0 else {
                    throw Misuse(description: "--rounds takes a number from 1.")
                }
                rounds = number
            case "--messages":
                guard let number = rest.next().flatMap({ Int($0) }), number >= 1_000 else {
                    throw Misuse(description: "--messages takes a number from 1000.")
                }
                messages = number
            case "--only":
                guard let name = rest.next(), benchmarks.contains(name) else {
                    throw Misuse(description: "--only takes one of: \(benchmarks.joined(separator: ", ")).")
                }
                only.insert(name)
            case "--check": isChecked = true
            case "--json": isJSON = true
            case "--list": wantsList = true
            case "--help", "-h": wantsHelp = true
            default: throw Misuse(description: "There is no option \(argument); see --help.")
            }
        }
    }
}
