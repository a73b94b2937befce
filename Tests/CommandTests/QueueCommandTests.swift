import Foundation
import Testing

@testable import discovery

@Suite struct QueueCommandTests {
    private struct Row: Decodable { let queue: String, waiting: Int, inFlight: Int, delayed: Int, deadLetterQueue: String? }
    private struct Received: Decodable {
        let id: String, body: String?, base64: String?, receiveCount: Int, group: String?, attributes: [String: Attribute]
    }
    private struct Attribute: Decodable, Equatable { let type: String, value: String }
    private struct Peeked: Decodable {
        let id: String, state: String, until: String?, holder: String?, holderPID: Int32?, receiveCount: Int, body: String?
        let deadLetterSource: String?, lastFailure: String?
    }

    private func decoded<Value: Decodable>(_ output: String, _: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(output.utf8))
    }

    private func peeked(_ discovery: CommandSession, _ queue: String) async throws -> [Peeked] {
        try decoded(try await discovery("peek", queue, "--json").output)
    }

    /// A home with the queue `jobs` at `ns.s->jobs`, whose dead letters go to `dead` after two receives.
    private func withQueue(_ body: (CommandSession) async throws -> Void) async throws {
        try await CommandSession.run { discovery in
            #expect(try await discovery("queues", "create", "dead").status == 0)
            let made = try await discovery(
                "queues", "create", "jobs", "--dead-letter", "dead", "--maximum-receives", "2", "--address", "ns.s->jobs")
            #expect(made.output == "jobs is a queue, and ns.s->jobs leads to it\n", "\(made)")
            try await body(discovery)
        }
    }

    @Test func `a queue is made, registered, listed, set, emptied and deleted`() async throws {
        try await CommandSession.run { discovery in
            #expect(try await discovery("queues", "ls").output.contains("There is no queue yet"))
            let early = try await discovery("queues", "create", "jobs", "--dead-letter", "dead")
            #expect(early.status == 79 && early.complaint.contains("does not exist"), "\(early)")
            #expect(try await discovery("queues", "create", "dead").output == "dead is a queue\n")
            for _ in 0..<2 {
                let made = try await discovery("queues", "create", "jobs", "--dead-letter", "dead", "--address", "ns.s->jobs")
                #expect(made.status == 0, "made just so: \(made)")
            }
            let other = try await discovery("queues", "create", "jobs")
            #expect(other.status == 80 && other.complaint.contains("other attributes"), "\(other)")
            #expect(try await discovery("resolve", "ns.s->jobs").output.contains("queue  arn:aws:sqs:local:000000000000:jobs"))
            #expect(try await discovery("queue", "ns.s->jobs", "a").status == 0)
            #expect(try await discovery("queue", "ns.s->jobs", "b", "--delay", "1h").status == 0)
            let listed = try await discovery("queues", "ls").output
            #expect(listed.contains("jobs   1        0          1") && listed.contains("dead after 10"), "\(listed)")
            let rows: [Row] = try decoded(try await discovery("queues", "ls", "jo", "--json").output)
            #expect(rows.map(\.queue) == ["jobs"] && rows[0].waiting == 1 && rows[0].delayed == 1)
            #expect(try await discovery("queues", "ls", "x").output.contains("begins so"))

            let set = try await discovery("queues", "set", "ns.s->jobs", "--visibility", "2m", "--no-dead-letter")
            #expect(
                set.output == "jobs is set: visibility 2 min, delay 0 s, retention 4 d, messages of up to 1048576 bytes\n",
                "\(set)" as Comment?)
            let lacking = try await discovery("queues", "set", "jobs", "--maximum-receives", "3")
            #expect(lacking.status == 79 && lacking.complaint.contains("--dead-letter"), "\(lacking)")

            let refused = try await discovery("queues", "delete", "jobs")
            #expect(refused.status == 79 && refused.complaint.contains("2 messages") && refused.complaint.contains("--force"), "\(refused)")
            #expect(try await discovery("queues", "purge", "jobs").output == "jobs is empty: 2 messages removed\n")
            #expect(try await discovery("peek", "jobs").output == "jobs is empty.\n")
            #expect(try await discovery("queues", "delete", "jobs").output == "jobs is deleted\n")
            let gone = try await discovery("queue", "ns.s->jobs", "a")
            #expect(gone.status == 66 && gone.complaint.contains("no queue `jobs`"), "\(gone)")
        }
    }

    @Test func `deleting a dead-letter queue says whose it was`() async throws {
        try await withQueue { discovery in
            let deleted = try await discovery("queues", "delete", "dead")
            #expect(deleted.status == 0 && deleted.complaint.contains("dead-letter queue of jobs"), "\(deleted)")
        }
    }

    @Test func `a body comes from the argument, a file or the input, as it is, with its attributes`() async throws {
        try await withQueue { discovery in
            let file = discovery.home + "-body"
            defer { try? FileManager.default.removeItem(atPath: file) }
            try Data([0, 255, 10]).write(to: URL(fileURLWithPath: file))
            let id = try await discovery(
                "queue", "ns.s->jobs", "one", "-a", "stage=prod", "--number", "n=1.50", "--binary", "b=AP8=", "--group", "g"
            ).output.trimmingCharacters(in: .newlines)
            #expect(try await discovery("queue", "ns.s->jobs", input: "two\n").status == 0)
            #expect(try await discovery("queue", "ns.s->jobs", "--file", file, "--json").output.contains("\"id\""))
            var received: [Received] = []
            for _ in 0..<3 {
                received.append(try decoded(try await discovery("listen", "ns.s->jobs", "--count", "1", "--json").output))
            }
            let one = try #require(received.first { $0.body == "one" })
            #expect(one.id == id && one.group == "g" && one.receiveCount == 1)
            #expect(
                one.attributes == [
                    "stage": Attribute(type: "String", value: "prod"), "n": Attribute(type: "Number", value: "1.50"),
                    "b": Attribute(type: "Binary", value: "AP8="),
                ])
            #expect(received.contains { $0.body == "two\n" } && received.contains { $0.base64 == "AP8K" })
        }
    }

    @Test func `lines are messages, in order; one that is refused is told, and the rest are sent`() async throws {
        try await withQueue { discovery in
            let sent = try await discovery("queue", "ns.s->jobs", "--lines", input: "a\n\nc")
            #expect(sent.output.split(separator: "\n").count == 3, "\(sent)")
            #expect(try await discovery("listen", "ns.s->jobs", "--wait", "0s").output == "a\n\nc\n")
            let long = String(repeating: "x", count: (1 << 20) + 1)
            let some = try await discovery("queue", "ns.s->jobs", "--lines", input: "a\n\(long)\nb\n")
            #expect(some.status == 81 && some.complaint.contains("Line 2: "), "\(some.complaint)")
            #expect(try await discovery("listen", "ns.s->jobs", "--wait", "0s").output == "a\nb\n")
        }
    }

    @Test func `a line is a message as soon as it is written`() async throws {
        try await withQueue { discovery in
            let sender = try discovery.start(["queue", "ns.s->jobs", "--lines"])
            let listener = try discovery.start(["listen", "ns.s->jobs"])
            for line in ["first", "second"] {
                sender.write(line + "\n")
                #expect(await listener.line() == line)
            }
            sender.closeInput()
            #expect(await sender.end().status == 0)
            listener.signal(SIGTERM)
            #expect(await listener.end().status == 0)
            #expect(try await peeked(discovery, "jobs").isEmpty)
        }
    }

    @Test func `the exit code decides: finished, again, or a dead letter, with the reason`() async throws {
        try await withQueue { discovery in
            _ = try await discovery("queue", "ns.s->jobs", "--lines", input: "good\ntemporary\nfatal\n")
            let script = """
                read body; echo "$body: $DISCOVERY_ADDRESS, time $DISCOVERY_MESSAGE_COUNT"
                case $body in
                temporary) echo "not now" >&2; exit 75 ;;
                fatal) echo "never" >&2; exit 100 ;;
                esac
                """
            // Three messages, and the one that failed once more: its second failure is one too many.
            let heard = try await discovery("listen", "ns.s->jobs", "--count", "4", "--backoff", "1ms", "--", "sh", "-c", script)
            #expect(heard.status == 0, "\(heard)")
            #expect(
                heard.output.split(separator: "\n").sorted() == [
                    "fatal: ns.s->jobs, time 1", "good: ns.s->jobs, time 1", "temporary: ns.s->jobs, time 1",
                    "temporary: ns.s->jobs, time 2",
                ])
            #expect(heard.complaint.contains("comes again: not now") && heard.complaint.contains("is a dead letter: never"), "\(heard)")
            let next = try await discovery("listen", "ns.s->jobs", "--wait", "0s")
            #expect(next.output.isEmpty, "what was received too often is not handed over: \(next)")
            let dead = try await peeked(discovery, "dead")
            #expect(Set(dead.map(\.body)).isSubset(of: ["temporary", "fatal"]) && dead.contains { $0.body == "fatal" })
            #expect(dead.first { $0.body == "fatal" }?.lastFailure == "never")
            #expect(dead.allSatisfy { $0.deadLetterSource == "jobs" })
        }
    }

    @Test func `a program has what a message has beside its body`() async throws {
        try await withQueue { discovery in
            let id = try await discovery("queue", "ns.s->jobs", "x", "-a", "my.stage=prod", "--group", "g").output
            let listener = try discovery.start(
                [
                    "listen", "ns.s->jobs", "--count", "1", "--", "sh", "-c",
                    "echo \"$DISCOVERY_MESSAGE_ID $DISCOVERY_MESSAGE_GROUP $DISCOVERY_MESSAGE_ATTRIBUTE_my_stage [$DISCOVERY_MESSAGE_ATTRIBUTE_old]\"",
                ], environment: ["DISCOVERY_MESSAGE_ATTRIBUTE_old": "of an outer message"])
            #expect(await listener.end().output == "\(id.trimmingCharacters(in: .newlines)) g prod []\n")
        }
    }

    @Test func `a program that reads nothing and is killed fails by its signal`() async throws {
        try await withQueue { discovery in
            _ = try await discovery("queue", "ns.s->jobs", input: String(repeating: "x", count: 200_000))
            let deaf = try await discovery("listen", "ns.s->jobs", "--count", "1", "--backoff", "1ms", "--", "sh", "-c", "kill -9 $$")
            #expect(deaf.status == 0 && deaf.complaint.contains("signal 9"), "\(deaf.complaint)")
            #expect(try await peeked(discovery, "jobs").first?.lastFailure?.contains("signal 9") == true)
        }
    }

    @Test func `exit code 100 without a dead-letter queue is said, and the message comes again`() async throws {
        try await CommandSession.run { discovery in
            _ = try await discovery("queues", "create", "q", "--address", "ns.s->q")
            _ = try await discovery("queue", "ns.s->q", "x")
            let heard = try await discovery("listen", "ns.s->q", "--count", "1", "--", "sh", "-c", "exit 100")
            #expect(heard.complaint.contains("has no dead-letter queue"), "\(heard)")
            #expect(try await peeked(discovery, "q").first?.receiveCount == 1)
        }
    }

    @Test func `no more messages are received than were asked for`() async throws {
        try await withQueue { discovery in
            _ = try await discovery("queue", "ns.s->jobs", "--lines", input: "1\n2\n3\n4\n5\n")
            let heard = try await discovery("listen", "ns.s->jobs", "--count", "3", "--concurrency", "2", "--", "cat")
            #expect(heard.status == 0, "\(heard)")
            let left = try await peeked(discovery, "jobs")
            #expect(left.count == 2 && left.allSatisfy { $0.receiveCount == 0 && $0.state == "waiting" })
        }
    }

    @Test func `what is kept is printed once, held meanwhile, and given back`() async throws {
        try await withQueue { discovery in
            _ = try await discovery("queue", "ns.s->jobs", "--lines", input: "1\n2\n")
            let keeper = try discovery.start(["listen", "ns.s->jobs", "--keep"])
            #expect(await keeper.line() == "1")
            #expect(await keeper.line() == "2")
            let held = try await peeked(discovery, "jobs")
            #expect(held.count == 2 && held.allSatisfy { $0.state == "held" && $0.holderPID == keeper.id && $0.until != nil }, "\(held)")
            #expect(try await discovery("peek", "jobs").output.contains("held by discovery (pid \(keeper.id))"))
            keeper.signal(SIGTERM)
            #expect(await keeper.end().status == 0)
            #expect(try await peeked(discovery, "jobs").map(\.state) == ["waiting", "waiting"])
            #expect(try await discovery("listen", "ns.s->jobs", "--keep", "--wait", "0s").output == "1\n2\n")
        }
    }

    @Test func `SIGTERM lets the program that runs end, and takes nothing more`() async throws {
        try await withQueue { discovery in
            let go = discovery.home + "-go"
            defer { try? FileManager.default.removeItem(atPath: go) }
            #expect(mkfifo(go, 0o600) == 0)
            _ = try await discovery("queue", "ns.s->jobs", "--lines", input: "1\n2\n")
            let listener = try discovery.start(
                [
                    "listen", "ns.s->jobs", "--concurrency", "1", "--", "sh", "-c",
                    "read x; echo \"begun $x\"; read line <'\(go)'; echo \"done $x\"",
                ])
            #expect(await listener.line() == "begun 1")
            listener.signal(SIGTERM)
            // Opening it for writing waits for the program to read.
            let door = try FileHandle(forWritingTo: URL(fileURLWithPath: go))
            try door.write(contentsOf: Data("go\n".utf8))
            let outcome = await listener.end()
            #expect(outcome.status == 0 && outcome.output == "done 1\n", "\(outcome)")
            let left = try await peeked(discovery, "jobs")
            #expect(left.map(\.body) == ["2"] && left[0].state == "waiting")
        }
    }

    @Test func `a watched list is printed again when it has changed`() async throws {
        try await withQueue { discovery in
            let watcher = try discovery.start(["queues", "ls", "jobs", "--watch", "--json"])
            let first: [Row] = try decoded(try #require(await watcher.line()))
            #expect(first.map(\.waiting) == [0])
            _ = try await discovery("queue", "ns.s->jobs", "x")
            let second: [Row] = try decoded(try #require(await watcher.line()))
            #expect(second.map(\.waiting) == [1])
            _ = try await discovery("queues", "purge", "jobs")
            let third: [Row] = try decoded(try #require(await watcher.line()))
            #expect(third.map(\.waiting) == [0])
        }
    }

    @Test func `one message is shown whole by its id, wherever it is`() async throws {
        try await withQueue { discovery in
            let body = String(repeating: "0123456789", count: 20)
            let id = try await discovery("queue", "ns.s->jobs", body, "-a", "stage=prod", "--delay", "1h").output.trimmingCharacters(
                in: .newlines)
            let listed = try await discovery("peek", "ns.s->jobs").output
            #expect(listed.contains(id) && listed.contains("delayed for ") && !listed.contains(body))
            let shown = try await discovery("peek", "jobs", "--id", id).output
            #expect(shown.contains(body) && shown.contains("stage=prod") && shown.contains("received   0 times"), "\(shown)")
            let foreign = try await discovery("peek", "jobs", "--id", "00000000-0000-8000-8000-000000000001")
            #expect(foreign.status == 66, "\(foreign)")
        }
    }

    @Test func `dead letters go back to where they came from, or elsewhere, and to nowhere twice`() async throws {
        try await withQueue { discovery in
            _ = try await discovery("queues", "create", "again")
            func kill() async throws {
                _ = try await discovery("queue", "ns.s->jobs", "--lines", input: "1\n2\n3\n")
                let listened = try await discovery("listen", "ns.s->jobs", "--count", "3", "--", "sh", "-c", "exit 100")
                #expect(listened.status == 0)
            }
            try await kill()
            #expect(try await discovery("redrive", "dead").output == "3 messages of dead moved to where they came from\n")
            #expect(try await peeked(discovery, "jobs").count == 3)
            _ = try await discovery("queues", "purge", "jobs")
            try await kill()
            struct Report: Decodable { let state: String, moved: Int, destination: String? }
            let report: Report = try decoded(
                try await discovery("redrive", "dead", "--to", "again", "--rate", "500", "--json").output)
            #expect(report.state == "COMPLETED" && report.moved == 3 && report.destination == "again")
            #expect(try await peeked(discovery, "again").count == 3)
            let none = try await discovery("redrive", "again")
            #expect(none.status == 79 && none.complaint.contains("not the dead-letter queue"), "\(none)")
        }
    }

    @Test func `a redrive that was ended is taken up by the next, or cancelled`() async throws {
        try await withQueue { discovery in
            _ = try await discovery("queue", "ns.s->jobs", "--lines", input: (1...10).map { "\($0)\n" }.joined())
            _ = try await discovery("listen", "ns.s->jobs", "--count", "10", "--", "sh", "-c", "exit 100")
            let idle = try await discovery("redrive", "dead", "--cancel")
            #expect(idle.status == 66, "\(idle)")
            // One a second: the first at once. The command is killed when that is seen.
            let slow = try discovery.start(["redrive", "dead", "--rate", "1"])
            let watcher = try discovery.start(["queues", "ls", "jobs", "--watch", "--json"])
            while let line = await watcher.line(), try decoded(line, [Row].self).first?.waiting == 0 {}
            slow.signal(SIGKILL)
            _ = await slow.end()
            let other = try await discovery("redrive", "dead", "--to", "jobs")
            #expect(other.status == 77 && other.complaint.contains("--cancel"), "\(other)")
            let cancelled = try await discovery("redrive", "dead", "--cancel")
            #expect(cancelled.status == 0 && cancelled.output.contains("the task is ended"), "\(cancelled)")
            #expect(try await discovery("redrive", "dead").status == 0)
            #expect(try await peeked(discovery, "jobs").count == 10)
        }
    }

    @Test func `a FIFO queue keeps its order and knows duplicates`() async throws {
        try await CommandSession.run { discovery in
            _ = try await discovery("queues", "create", "q.fifo", "--content-deduplication", "--address", "ns.s->q")
            let sent = try await discovery("queue", "ns.s->q", "--lines", "--group", "g", input: "b\na\nb\nc\n")
            #expect(Set(sent.output.split(separator: "\n")).count == 3, "\(sent)")
            #expect(try await discovery("peek", "q.fifo").output.contains("waiting"))
            #expect(try await discovery("listen", "ns.s->q", "--count", "3").output == "b\na\nc\n")
        }
    }

    @Test(arguments: [
        (["queue", "ns.s->q", "a", "--file", "b"], Int32(64), "once"), (["queue", "ns.s->q", "a", "--lines"], 64, "--lines"),
        (["queue", "ns.s->q", "--lines", "--deduplication", "x"], 64, "--deduplication"),
        (["queue", "ns.s->q", "a", "--delay", "5"], 64, "a number with a unit"),
        (["queue", "ns.s->q", "a", "--delay", "5s", "--deliver-at", "2126-01-01T00:00:00Z"], 64, "exclude"),
        (["queue", "ns.s->q", "a", "--deliver-at", "tomorrow"], 64, "--deliver-at takes"),
        (["queue", "ns.s->q", "a", "-a", "b"], 64, "key=value"),
        (["queue", "ns.s->q", "a", "--number", "b"], 64, "--number"), (["queue", "ns.s->q", "a", "--binary", "b=?"], 64, "base 64"),
        (["queue", "ns.s->q", "--file", "/no/such/file"], 64, "cannot be read"), (["queue", "a.b->", "x"], 65, "->"),
        (["queue", "ns.s->q", "x"], 66, "namespace"), (["listen", "ns.s->q"], 66, "namespace"),
        (["listen", "ns.s->q", "--count", "0"], 64, "1 or more"),
        (["listen", "ns.s->q", "--keep", "--", "cat"], 64, "--keep"),
        (["listen", "ns.s->q", "--keep", "--concurrency", "2"], 64, "--keep"),
        (["listen", "ns.s->q", "--concurrency", "0"], 64, "1024"), (["listen", "ns.s->q", "--backoff", "0s"], 64, "--backoff"),
        (["listen", "ns.s->q", "--visibility", "13h"], 64, "--visibility"), (["listen", "ns.s->q", "--wait", "soon"], 64, "--wait takes"),
        (["listen", "ns.s->q", "--", "no-such-program-anywhere"], 78, "no program"),
        (["queues", "create", "a b"], 79, "80 letters"), (["queues", "create", "a.b"], 79, ".fifo"),
        (["queues", "create", "a", "--visibility", "13h"], 79, "43200"),
        (["queues", "create", "a", "--maximum-receives", "3"], 64, "--dead-letter"),
        (["queues", "create", "a", "--content-deduplication"], 79, "FIFO"),
        (["queues", "create", "a", "--deduplication-scope", "x"], 64, "`queue` or `group`"),
        (["queues", "set", "a", "--no-dead-letter", "--dead-letter", "b"], 64, "exclude"), (["queues", "set", "a"], 66, "no queue `a`"),
        (["queues", "purge", "a"], 66, "no queue `a`"), (["queues", "delete", "a"], 66, "no queue `a`"),
        (["peek", "a"], 66, "no queue `a`"),
        (["peek", "ns.s->a"], 66, "namespace"), (["peek", "a", "--id", "x"], 64, "no message's id"),
        (["peek", "a", "--limit", "0"], 64, "--limit"),
        (["redrive", "a"], 66, "no queue `a`"), (["redrive", "a", "--rate", "501"], 64, "500"),
        (["redrive", "a", "--cancel", "--rate", "1"], 64, "--cancel"),
    ])
    func `what is wrong is said in a sentence, with the documented exit code`(arguments: [String], status: Int32, says: String) async throws
    {
        try await CommandSession.run { discovery in
            let process = try discovery.start(arguments)
            process.closeInput()
            let outcome = await process.end()
            #expect(outcome.status == status, "\(outcome)")
            #expect(outcome.complaint.contains(says), "\(outcome.complaint)")
            #expect(!outcome.complaint.contains("Fatal error") && !outcome.complaint.contains("DiscoveryError("))
        }
    }

    @Test func `doctor says which queues are missing, and opens none where there is none`() async throws {
        try await withQueue { discovery in
            let well = try await discovery("doctor").output
            #expect(well.contains("jobs  0 messages") && well.contains("All is well."), "\(well)")
            _ = try await discovery("register", "ns.s->lost", "arn:aws:sqs:local:000000000000:lost")
            _ = try await discovery("queues", "delete", "dead")
            let doubtful = try await discovery("doctor")
            #expect(doubtful.status == 0 && doubtful.output.contains("ns.s->lost: there is no queue `lost` in this home"), "\(doubtful)")
            #expect(doubtful.output.contains("jobs: its dead-letter queue `dead` is gone"), "\(doubtful)")
        }
        try await CommandSession.run { discovery in
            _ = try await discovery("register", "ns.s->a", "http://a/")
            #expect(try await discovery("doctor").output.contains("All is well."))
            #expect(!FileManager.default.fileExists(atPath: discovery.home + "/messages.sqlite"))
        }
    }

    @Test func `doctor says what a damaged queue has lost, and saves the rest into a new home`() async throws {
        try await withQueue { discovery in
            let line = String(repeating: "x", count: 3_000)
            _ = try await discovery("queue", "ns.s->jobs", "--lines", input: (0..<200).map { "\($0) \(line)\n" }.joined())
            let path = URL(fileURLWithPath: discovery.home + "/messages.sqlite")
            let handle = try FileHandle(forWritingTo: path)
            try handle.seek(toOffset: try handle.seekToEnd() / 4096 / 2 * 4096)
            try handle.write(contentsOf: Data(repeating: 0xFF, count: 8 * 4096))
            try handle.close()
            let found = try await discovery("doctor")
            #expect(found.status == 74 && found.output.contains("Damaged. Salvage"), "\(found)")
            let target = discovery.home + "-saved"
            defer { try? FileManager.default.removeItem(atPath: target) }
            let saved = try await discovery("doctor", "--salvage", target)
            #expect(saved.status == 0 && saved.output.contains("LOST"), "\(saved)")
            let well = try await discovery("doctor", "--home", target)
            #expect(well.status == 0, "\(well)")
            let heard = try await discovery("listen", "ns.s->jobs", "--wait", "0s", "--home", target)
            let count = heard.output.split(separator: "\n").count
            #expect(count > 50 && count < 200 && heard.status == 0, "\(count) \(heard.complaint)")
        }
    }

    @Test func `a function is no queue`() async throws {
        try await CommandSession.run { discovery in
            _ = try await discovery("register", "ns.s->f", "http://127.0.0.1:9/")
            for command in [["queue", "ns.s->f", "x"], ["listen", "ns.s->f"], ["peek", "ns.s->f"]] {
                let outcome = try await discovery.start(command).end()
                #expect(outcome.status == 68 && outcome.complaint.contains("function"), "\(command): \(outcome)")
            }
        }
    }

    @Test func `every command of queues explains itself with an example`() async throws {
        try await CommandSession.run { discovery in
            for command in [
                ["queue"], ["listen"], ["queues"], ["queues", "create"], ["queues", "set"], ["queues", "ls"], ["queues", "purge"],
                ["queues", "delete"],
                ["peek"], ["redrive"],
            ] {
                let help = try await discovery.start(command + ["--help"]).end()
                #expect(help.status == 0 && help.output.contains("Example"), "\(command)")
            }
            #expect(try await discovery("listen", "--help").output.contains("100"))
        }
    }
}
