import DiscoveryKit
import Foundation
import Testing

/// Every fault of a server, met by calls that may be repeated and by calls that may not, against what the rules say.
@Suite struct FaultTableTests {
    /// A row that was tried.
    private struct Seen: Sendable {
        let row: FaultCase
        let script: FaultCase.Script
        let isIdempotent: Bool
        let tries: Int?
        let runs: Int
        let waited: Duration
        let outcome: String
        let message: String

        /// What is not as the rules say; empty when all is.
        var wrong: [String] {
            let expected = Expect.result(of: row, isIdempotent: isIdempotent, script)
            var wrong: [String] = []
            if !expected.outcomes.contains(outcome) { wrong.append("outcome: \(expected.outcomes.sorted().joined(separator: " or "))") }
            if let tries, let range = expected.tries, !range.contains(tries) { wrong.append("tries: \(Self.text(range))") }
            if !expected.runs.contains(runs) { wrong.append("runs: \(Self.text(expected.runs))") }
            if !expected.waited.contains(waited) {
                wrong.append("waited: \(milliseconds(expected.waited.lowerBound))...\(milliseconds(expected.waited.upperBound)) ms")
            }
            // Whatever the table says.
            if !isIdempotent, runs > 1 { wrong.append("it ran twice unasked") }
            return wrong
        }

        private static func text(_ range: ClosedRange<Int>) -> String {
            range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)...\(range.upperBound)"
        }
    }

    /// So many calls at once: most of them only wait.
    private static let lanes = 8

    @Test(.timeLimit(.minutes(5)))
    func `every fault costs no more tries, runs and time than the rules allow`() async throws {
        var rows: [(row: FaultCase, script: FaultCase.Script, isIdempotent: Bool)] = []
        for row in FaultCase.all {
            for isIdempotent in [false, true] {
                for script in row.scripts { rows.append((row, script, isIdempotent)) }
            }
        }
        let work = rows
        let seen = try await withHome { home in
            try await withThrowingTaskGroup(of: [(Int, Seen)].self) { group in
                for lane in 0..<Self.lanes {
                    group.addTask {
                        var seen: [(Int, Seen)] = []
                        for index in stride(from: lane, to: work.count, by: Self.lanes) {
                            let (row, script, isIdempotent) = work[index]
                            seen.append((index, try await Self.meet(row, script, isIdempotent: isIdempotent, home: home, index)))
                        }
                        return seen
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }.sorted { $0.0 < $1.0 }.map(\.1)
            }
        }
        print(Self.table(seen))
        for row in seen where !row.wrong.isEmpty {
            Issue.record(
                "\(row.row.name), \(row.script), idempotent \(row.isIdempotent): \(row.outcome), \(row.tries.map(String.init) ?? "?") tries, \(row.runs) runs, \(milliseconds(row.waited)) ms; expected \(row.wrong.joined(separator: ", ")). \(row.message)"
            )
        }
        #expect(seen.count == work.count)
    }

    /// One call through one fault, by a client and to a server that have met nothing before.
    private static func meet(_ row: FaultCase, _ script: FaultCase.Script, isIdempotent: Bool, home: String, _ number: Int) async throws
        -> Seen
    {
        let unaccepting = row.place == .notAccepting ? try UnacceptingServer() : nil
        return try await withFaultServer(isListening: row.place != .refusing) { [fault = row.fault] number in
            if case .first(let count) = script, number >= count { return .good }
            return fault
        } _: { server in
            try await withDiscovery(home: home, configure: { $0.maximumReplySize = Expect.maximumReplySize }) { discovery in
                let address = Address(namespace: "fault", service: "row-\(number)", instance: .id("f"))
                try await discovery.register(address, Resource(.function, at: unaccepting?.url ?? server.url))
                // What is measured is the call, not the opening of a home.
                _ = try await discovery.resolve(address)
                var options = RequestOptions()
                options.deadline = row.deadline
                options.isIdempotent = isIdempotent
                let size = if case .resetBeforeBody = row.fault { Expect.largeBody } else { 10 }
                let start = ContinuousClock.now
                let arrival =
                    row.place == .refusing && script != .forever
                    ? Task {
                        // So that the first try meets nobody, and one of those that follow does not: all of these may come soon.
                        try await Task.sleep(for: .milliseconds(1))
                        try await server.listen()
                    } : nil
                let error = await failure {
                    try await discovery.request(address, Message.bytes([UInt8](repeating: 7, count: size)), options: options)
                }
                let waited = ContinuousClock.now - start
                try await arrival?.value
                return Seen(
                    row: row, script: script, isIdempotent: isIdempotent, tries: row.place == .server ? server.tries : nil,
                    runs: server.runs, waited: waited, outcome: error?.code.description ?? "answer", message: error?.message ?? "")
            }
        }
    }

    private static func table(_ seen: [Seen]) -> String {
        func cell(_ text: String, _ width: Int) -> String {
            text.padding(toLength: max(width, text.count + 1), withPad: " ", startingAt: 0)
        }
        func line(_ cells: [String]) -> String { zip(cells, [28, 10, 12, 7, 6, 11, 18, 0]).map { cell($0, $1) }.joined() }
        var lines = [line(["fault", "script", "idempotent", "tries", "runs", "waited ms", "outcome", "expected instead"])]
        for row in seen {
            lines.append(
                line([
                    row.row.name, row.script.description, row.isIdempotent ? "yes" : "no", row.tries.map(String.init) ?? "-",
                    String(row.runs), String(milliseconds(row.waited)), row.outcome, row.wrong.joined(separator: ", "),
                ]))
        }
        let wrong = seen.count { !$0.wrong.isEmpty }
        return (["", "\(seen.count) calls through faults, \(wrong) not as they should be"] + lines + [""]).joined(separator: "\n")
    }
}

private func milliseconds(_ duration: Duration) -> Int { Int(duration / .milliseconds(1)) }
