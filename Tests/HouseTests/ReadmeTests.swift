import Foundation
import Testing

@Suite struct ReadmeTests {
    @Test(.enabled(if: Repository.hasReadme, "there is no README.md yet"))
    func `the commands of the README run and print what it says`() async throws {
        let all = try ReadmeBlock.extract(from: try #require(try Repository.text("README.md")))
        for block in all {
            if let reason = block.skipped {
                print("README.md:\(block.line): not run: \(reason)")
            }
        }
        let blocks = all.filter { $0.skipped == nil }
        #expect(!blocks.isEmpty, "README.md has no sh block that is run")
        let programs = try #require(
            ReadmeSession.products(arguments: CommandLine.arguments, workingDirectory: FileManager.default.currentDirectoryPath))
        let session = ReadmeSession(workingDirectory: Repository.root, programs: programs, limit: .seconds(900))
        expectNone(Self.problems(blocks, try await session.run(blocks)))
    }

    /// What the outcomes say against the blocks; after the first that did not end well, nothing more can be said.
    static func problems(_ blocks: [ReadmeBlock], _ outcomes: [ReadmeSession.Outcome]) -> [String] {
        var problems: [String] = []
        for (block, outcome) in zip(blocks, outcomes) {
            guard outcome.end == .finished else {
                let reason = outcome.end == .failed ? "failed, or did not end in time" : "never began, since one before it left the shell"
                return problems + ["README.md:\(block.line): \(reason):\n\(block.commands)\nIt printed:\n\(outcome.output)"]
            }
            if let expected = block.expected, let missing = ReadmeBlock.firstMissing(of: expected, in: outcome.output) {
                problems.append("README.md:\(block.line): did not print, or not in this order: \(missing)\nIt printed:\n\(outcome.output)")
            }
        }
        return problems
    }
}

@Suite struct ReadmeBlockTests {
    @Test func `blocks of commands are found with their output and their reason not to run`() throws {
        let markdown = """
            # Title
            ```sh
            discovery a
            discovery b
            ```

            ```text
            first …
            ```
            ```text
            no output: not right after commands
            ```
            Words.
            <!-- test: skip it needs an account -->

            ```sh
            discovery c
            ```
            Words between.
            ```text
            no output either
            ```
            ````swift
            ```sh
            not commands
            ```
            ````
            1. In a list
               ```sh
               cat <<END
                 indented
               END
               ```
            """
        #expect(
            try ReadmeBlock.extract(from: markdown) == [
                ReadmeBlock(line: 2, commands: "discovery a\ndiscovery b", expected: "first …", skipped: nil),
                ReadmeBlock(line: 16, commands: "discovery c", expected: nil, skipped: "it needs an account"),
                ReadmeBlock(line: 29, commands: "cat <<END\n  indented\nEND", expected: nil, skipped: nil),
            ])
    }

    @Test(arguments: [
        ("```sh\na", 1), ("a\n```bash\na\n```", 2), ("<!-- test: skip -->\n```sh\na\n```", 1), ("<!-- test: skp why -->\n```sh\na\n```", 1),
        ("<!-- test: skip why -->\nwords\n```sh\na\n```", 1), ("<!-- test: skip why -->\n```swift\na\n```", 1),
        ("\n<!-- test: skip why -->\n", 2),
    ])
    func `what would quietly go untested is an error`(markdown: String, line: Int) throws {
        let fault = try #require(throws: ReadmeFault.self) { try ReadmeBlock.extract(from: markdown) }
        #expect(fault.line == line)
    }

    @Test(arguments: [
        ("a", "a"), ("a\n\nb", "x\na  \ny\n b\n"), ("a … c", "a b c"), ("…", ""), ("…\nb", "a\nb"), ("id …", "id 12"), ("a…c…e", "abcde"),
    ])
    func `output that has the expected lines in order is let through`(expected: String, output: String) {
        #expect(ReadmeBlock.firstMissing(of: expected, in: output) == nil)
    }

    @Test(arguments: [
        ("a", "", "a"), ("a", "ab", "a"), ("a\nb", "b\na", "b"), ("a\na", "a", "a"), ("a … c", "a b d", "a … c"), ("ab…bc", "abc", "ab…bc"),
        ("…\nb", "a", "b"),
    ])
    func `output that lacks an expected line is found`(expected: String, output: String, missing: String) {
        #expect(ReadmeBlock.firstMissing(of: expected, in: output) == missing)
    }
}

@Suite struct ReadmeSessionTests {
    private func run(_ blocks: [String], limit: Duration = .seconds(60)) async throws -> [ReadmeSession.Outcome] {
        let session = ReadmeSession(
            workingDirectory: URL(fileURLWithPath: "/"), programs: URL(fileURLWithPath: "/programs first"), limit: limit)
        return try await session.run(blocks.map { ReadmeBlock(line: 1, commands: $0, expected: nil, skipped: nil) })
    }

    @Test func `blocks share a session, and each has its own output`() async throws {
        let outcomes = try await run([
            "a=1; cd /tmp; echo one; echo two >&2", "echo \"$a $PWD\"", "echo \"$PATH\"; ls -A \"$DISCOVERY_HOME\"",
        ])
        #expect(outcomes.map(\.end) == [.finished, .finished, .finished])
        #expect(outcomes.map(\.output).prefix(2) == ["one\ntwo\n", "1 /tmp\n"])
        #expect(outcomes[2].output.hasPrefix("/programs first:"))
        #expect(outcomes[2].output.split(separator: "\n").count == 1, "the home is not empty")
    }

    @Test(arguments: ["false", "echo $unset", "no-such-command", "exit 0", "cat <<END"])
    func `a block that fails, or leaves the shell, ends the session`(commands: String) async throws {
        let blocks = ["echo begun", commands, "echo after"]
        let outcomes = try await run(blocks)
        #expect(outcomes.map(\.end) == [.finished, .failed, .neverBegan])
        let problems = ReadmeTests.problems(
            blocks.map { ReadmeBlock(line: 7, commands: $0, expected: nil, skipped: nil) }, outcomes)
        #expect(problems.map { $0.hasPrefix("README.md:7: failed") } == [true])
    }

    @Test func `commands that are no shell at all run nothing`() async throws {
        #expect(try await run(["echo 'open"]).map(\.end) != [.finished])
    }

    @Test func `output that is not what the README says is a problem`() {
        let block = ReadmeBlock(line: 3, commands: "a", expected: "one", skipped: nil)
        #expect(ReadmeTests.problems([block], [.init(end: .finished, output: "one\n")]) == [])
        #expect(ReadmeTests.problems([block], [.init(end: .finished, output: "two\n")]).count == 1)
    }

    @Test func `what a block leaves running dies with the session, which does not wait for it`() async throws {
        let outcomes = try await run(["sleep 600 & echo $!"])
        let process = try #require(outcomes.first.flatMap { Int32($0.output.filter(\.isNumber)) })
        #expect(outcomes.map(\.end) == [.finished])
        // Dead, though perhaps not yet buried: whoever inherited it may take its time.
        var state = "R"
        while !state.isEmpty, !state.hasPrefix("Z") {
            state = try await Command.run("/usr/bin/env", ["ps", "-o", "stat=", "-p", "\(process)"]).output
        }
    }

    @Test func `a block that does not end is ended`() async throws {
        var limit = Duration.seconds(2)
        var outcomes = try await run(["echo waiting; sleep 600"], limit: limit)
        // On a machine that stalls it may not even have begun.
        while outcomes.first?.output.isEmpty == true, limit < .seconds(120) {
            limit *= 2
            outcomes = try await run(["echo waiting; sleep 600"], limit: limit)
        }
        #expect(outcomes.map(\.end) == [.failed])
        #expect(outcomes.first?.output.hasPrefix("waiting") == true)
    }

    @Test func `the build's products lie beside the test bundle`() {
        #expect(
            ReadmeSession.products(arguments: ["/a/.build/debug/discoveryPackageTests.xctest", "--x"], workingDirectory: "/")?.path
                == "/a/.build/debug")
        #expect(
            ReadmeSession.products(
                arguments: ["/usr/bin/tool", "--test-bundle-path", "/a/debug/A.xctest/Contents/MacOS/A"], workingDirectory: "/")?.path
                == "/a/debug")
        #expect(ReadmeSession.products(arguments: ["debug/A.xctest"], workingDirectory: "/a")?.path == "/a/debug")
        #expect(ReadmeSession.products(arguments: ["/usr/bin/tool"], workingDirectory: "/") == nil)
        #expect(ReadmeSession.products(arguments: CommandLine.arguments, workingDirectory: FileManager.default.currentDirectoryPath) != nil)
    }
}
