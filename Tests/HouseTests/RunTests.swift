import Foundation
import Testing

/// That the test command counts what happened, above all a process that ended before its tests did.
@Suite struct RunTests {
    private let planned = ["A", "B", "C"].map {
        #"{"kind":"test","payload":{"id":"T.`s`\/\#($0)()\/A.swift:1:2","kind":"function","name":"\#($0)()"},"version":"6.3.0"}"#
    }

    private func event(_ kind: String, _ test: String?, symbol: String = "pass", text: String = "text", more: String = "") -> String {
        let id = test.map { #","testID":"T.`s`\/\#($0)()\/A.swift:1:2""# } ?? ""
        return #"{"kind":"event","payload":{\#(more)"kind":"\#(kind)","messages":[{"symbol":"\#(symbol)","text":"\#(text)"}]\#(id)}}"#
    }

    private var issue: String { event("issueRecorded", "B", symbol: "fail", text: "no", more: #""issue":{"isFailure":true},"#) }

    @Test func `the reason of a failure is told with its comment and its place`() async throws {
        let commented = issue.replacing(#""text":"no"}"#, with: #""text":"no"},{"symbol":"details","text":"since"}"#)
        #expect(try await conclude(planned + [commented]).lines.contains("  T.s/B(): no: since"))
        let placed = issue.replacing(
            #""isFailure":true"#, with: #""isFailure":true,"sourceLocation":{"column":3,"fileID":"T\/B.swift","line":79}"#)
        #expect(try await conclude(planned + [placed]).lines.contains("  T.s/B(): no (B.swift:79)"))
    }

    private func conclude(_ lines: [String]) async throws -> (status: Int32, lines: [Substring]) {
        let file = FileManager.default.temporaryDirectory.appending(path: "events-\(UInt32.random(in: 0 ... .max))")
        defer { try? FileManager.default.removeItem(at: file) }
        try lines.map { $0 + "\n" }.joined().write(to: file, atomically: true, encoding: .utf8)
        let result = try await Command.run(Repository.root.appending(path: "Tests/run").path, ["--count", file.path])
        return (result.status, result.output.split(separator: "\n"))
    }

    @Test func `passes, failures and skips are counted, and what is printed about them does not confuse`() async throws {
        let result = try await conclude(
            planned + [
                event("runStarted", nil), event("testStarted", "A"), event("testStarted", "B"), issue, issue,
                event("testSkipped", "C", symbol: "skip", text: #"Test C() skipped: \"a \\ reason\""#),
                event("testEnded", "A", text: #"\"kind\":\"runEnded\" 9 passed, 9 failed, 9 skipped"#),
                event("testEnded", "B", symbol: "fail"), event("runEnded", nil),
            ])
        #expect(result.status == 1)
        #expect(
            result.lines == [
                "failed:", "  T.s/B(): no", "skipped:", #"  T: Test C() skipped: "a \ reason""#, "1 passed, 1 failed, 1 skipped",
            ])
    }

    @Test func `a run without failures succeeds`() async throws {
        let ends = ["A", "B", "C"].map { event("testEnded", $0) }
        let known = event("issueRecorded", "A", symbol: "passWithKnownIssue", more: #""issue":{"isFailure":false},"#)
        let result = try await conclude(planned + [known] + ends + [event("runEnded", nil)])
        #expect(result.status == 0)
        #expect(result.lines == ["3 passed, 0 failed, 0 skipped"])
    }

    @Test func `a test that was cancelled is skipped`() async throws {
        let result = try await conclude(
            planned + [
                event("testEnded", "A"), event("testEnded", "B"), event("testEnded", "C", symbol: "skip", text: "Test C() was cancelled"),
                event("runEnded", nil),
            ])
        #expect(result.lines.last == "2 passed, 0 failed, 1 skipped")
    }

    @Test func `a process that ends early fails, and so do the tests that did not finish`() async throws {
        let result = try await conclude(
            planned + [event("testStarted", "A"), event("testStarted", "B"), event("testEnded", "A"), #"{"kind":"ev"#])
        #expect(result.status == 1)
        #expect(result.lines.last == "1 passed, 3 failed, 0 skipped")
        #expect(result.lines.contains("  T.s/B(): did not finish") && result.lines.contains("  T.s/C(): was never started"))
    }

    @Test func `no events at all are a failure, and so is a run without a test`() async throws {
        #expect(try await conclude([]).lines.last == "0 passed, 1 failed, 0 skipped")
        #expect(try await conclude([event("runStarted", nil), event("runEnded", nil)]).lines.last == "0 passed, 1 failed, 0 skipped")
    }

    @Test func `a failure outside any test, or of a suite, is a failure`() async throws {
        let ends = ["A", "B", "C"].map { event("testEnded", $0) } + [event("runEnded", nil)]
        let outside = event("issueRecorded", nil, symbol: "fail", more: #""issue":{"isFailure":true},"#)
        #expect(try await conclude(planned + [outside] + ends).lines.last == "3 passed, 1 failed, 0 skipped")
        let suite = event("testEnded", "suite", symbol: "fail")
        #expect(try await conclude(planned + [issue, suite] + ends).lines.last == "2 passed, 1 failed, 0 skipped")
    }
}
