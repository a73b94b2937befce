import Foundation
import Testing

@Suite struct CommandTests {
    @Test func `register, resolve, ls, explain and deregister tell one story`() async throws {
        try await CommandSession.run { discovery in
            #expect(try await discovery("ls").output.contains("Nothing is registered yet"))
            let registered = try await discovery("register", "ais.scheduler->get-job", "http://127.0.0.1:9/", "-a", "stage=prod")
            #expect(registered.status == 0 && registered.output == "ais.scheduler->get-job is the function at http://127.0.0.1:9/\n")
            #expect(try await discovery("resolve", "ais.scheduler->get-job").output.contains("function  http://127.0.0.1:9/"))
            #expect(try await discovery("ls").output.contains("ais.scheduler  1          1"))
            let listed = try await discovery("ls", "ais.scheduler").output
            #expect(listed.contains("get-job") && listed.contains("stage=prod"))
            #expect(try await discovery("explain", "ais.scheduler->get-job").output.contains("chosen     ais.scheduler->get-job"))
            #expect(try await discovery("deregister", "ais.scheduler->get-job").status == 0)
            #expect(try await discovery("resolve", "ais.scheduler->get-job").status == 66)
            #expect(try await discovery("ls", "ais.scheduler->get-job").status == 66)
            #expect(try await discovery("ls", "ais.scheduler[a=b]").status == 64)
        }
    }

    @Test func `json is for programs`() async throws {
        try await CommandSession.run { discovery in
            struct Report: Decodable { let kind: String, location: String, attributes: [String: String] }
            _ = try await discovery("register", "ns.s->q", "arn:aws:sqs:local:000000000000:jobs")
            let resolved = try await discovery("resolve", "ns.s->q", "--json")
            let report = try JSONDecoder().decode(Report.self, from: Data(resolved.output.utf8))
            #expect(report.kind == "queue" && report.location == "arn:aws:sqs:local:000000000000:jobs")
            for command in [["ls"], ["ls", "ns.s"], ["explain", "ns.s->q"], ["doctor"]] {
                let process = try discovery.start(command + ["--json"])
                let outcome = await process.end()
                #expect(outcome.status == 0)
                #expect((try? JSONSerialization.jsonObject(with: Data(outcome.output.utf8))) != nil, "\(command)")
            }
        }
    }

    @Test(arguments: [
        (["resolve", "a.b->"], Int32(65), "->"), (["resolve", ""], 65, "address"), (["resolve", "ns.s->a"], 66, "namespace"),
        (["deregister", "ns.s->a"], 66, "namespace"), (["register", "ns.s", "http://a/"], 79, "name one instance"),
        (["register", "ns.s->a", "carrier://pigeon"], 77, "type"), (["register", "ns.s->a", "http://a/", "-a", "nope"], 64, "key=value"),
        (["register", "ns.s->a"], 79, "does not say where"), (["request", "ns.s->a", "x", "--each-line"], 64, "once"),
        (["request", "ns.s->a", "--input", "/no/such/file"], 64, "cannot be read"), (["serve", "ns.s->a"], 64, "after --"),
        (["serve", "ns.s->a", "--", "no-such-program-anywhere"], 78, "no program"),
        (["serve", "ns.s->a", "--port", "70000", "--", "cat"], 64, "65535"),
        (["nonsense"], 64, "nonsense"), (["register", "ns.s->a", "http://a/", "-a", "AWS_NONSENSE=1"], 79, "reserved"),
        (["register", "ns.s->\"a b\"", "http://a/"], 79, "instance's id"), (["request", "ns.s->a", "--deadline", "0"], 64, "deadline"),
        (["doctor", "--home", "/no/such/home"], 73, "no home"), (["backup", "/tmp", "--home", "/no/such/home"], 73, "no home"),
    ])
    func `what is wrong is said in a sentence, with the documented exit code`(arguments: [String], status: Int32, says: String) async throws
    {
        try await CommandSession.run { discovery in
            let outcome = try await discovery.start(arguments).end()
            #expect(outcome.status == status, "\(outcome.complaint)")
            #expect(outcome.complaint.contains(says), "\(outcome.complaint)")
            #expect(!outcome.complaint.contains("Fatal error") && !outcome.complaint.contains("DiscoveryError("))
        }
    }

    @Test func `a home that cannot be used is said in a sentence`() async throws {
        try await CommandSession.run { discovery in
            #expect(try await discovery("ls", "--home", "/proc/x").status == 73)
            #expect(try await discovery("ls", environment: ["DISCOVERY_BACKEND": "etcd"]).status == 78)
            _ = try await discovery("register", "ns.s->a", "http://a/")
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: discovery.home + "/registry.sqlite"))
            try handle.write(contentsOf: Data(repeating: 0xFF, count: 4096))
            try handle.close()
            let outcome = try await discovery("ls")
            #expect(outcome.status == 74 && outcome.complaint.contains("discovery doctor"), "\(outcome)")
            #expect(try await discovery("doctor").status == 74)
        }
    }

    @Test func `every command explains itself with an example`() async throws {
        try await CommandSession.run { discovery in
            for command in [
                "register", "deregister", "ls", "resolve", "explain", "request", "serve", "queue", "listen", "queues", "peek", "redrive",
                "publish", "subscribe", "unsubscribe", "topics", "override", "init", "doctor", "backup", "demo",
            ] {
                let help = try await discovery(command, "--help")
                #expect(help.status == 0 && help.output.contains("Example"), "\(command)")
            }
            #expect(try await discovery("--help").output.contains("Exit codes"))
            #expect(try await discovery("--generate-completion-script", "bash").output.contains("discovery"))
        }
    }

    @Test func `a program is a function, its failure the function's own error`() async throws {
        try await CommandSession.run { discovery in
            let server = try discovery.start(["serve", "ns.s->upper", "--", "sh", "-c", "tr a-z A-Z; test -z \"$FAIL\" || exit 3"])
            #expect(await server.line()?.hasPrefix("serving ns.s->upper at http://127.0.0.1:") == true)
            #expect(try await discovery("request", "ns.s->upper", "hello").output == "HELLO\n")
            #expect(try await discovery("request", "ns.s->upper", "--input", "-", input: "from stdin\n").output == "FROM STDIN\n")
            #expect(try await discovery("request", "ns.s->upper", "--each-line", input: "a\nb\nc\n").output == "A\nB\nC\n")
            let failing = try discovery.start(["serve", "ns.s->fails", "--", "sh", "-c", "echo nothing to do >&2; exit 3"])
            _ = await failing.line()
            let failed = try await discovery("request", "ns.s->fails", "x")
            #expect(failed.status == 70 && failed.complaint.contains("nothing to do"))
            let deaf = try discovery.start(["serve", "ns.s->deaf", "--", "sh", "-c", "echo never listened"])
            _ = await deaf.line()
            #expect(try await discovery("request", "ns.s->deaf", String(repeating: "x", count: 100_000)).output == "never listened\n")
            let slow = try discovery.start(["serve", "ns.s->slow", "--timeout", "0.2", "--", "sleep", "60"])
            _ = await slow.line()
            #expect(try await discovery("request", "ns.s->slow", "x").complaint.contains("did not end"))
            server.signal(SIGTERM)
            #expect(await server.end().status == 0)
            #expect(try await discovery("resolve", "ns.s->upper").status == 66)
        }
    }

    @Test func `an instance is gone with its killed process, though a child of it lives`() async throws {
        try await CommandSession.run { discovery in
            let server = try discovery.start(["serve", "ns.s->f", "--", "sh", "-c", "echo $$; exec sleep 60"])
            _ = await server.line()
            let caller = try discovery.start(["request", "ns.s->f", "x", "--deadline", "20"])
            // The program runs once the kernel calls a child of the server by its name.
            var child: Int32?
            while child == nil {
                child = children(of: server.id).first {
                    (try? String(contentsOfFile: "/proc/\($0)/stat", encoding: .utf8))?.contains("(sleep) S") == true
                }
                await Task.yield()
            }
            server.signal(SIGKILL)
            _ = await server.end()
            #expect(kill(child ?? -1, 0) == 0, "the child is alive")
            let outcome = try await discovery("resolve", "ns.s->f")
            #expect(outcome.status == 66 && outcome.complaint.contains("has ended"))
            #expect(try await discovery("ls", "ns.s").output.contains("ended"))
            _ = await caller.end()
            kill(child ?? -1, SIGKILL)
        }
    }

    @Test func `one process serves, a second calls, a third moves the address, and the second's next call goes there`() async throws {
        try await CommandSession.run { discovery in
            let first = try discovery.start(["serve", "ns.s->f", "--", "echo", "first"])
            let second = try discovery.start(["serve", "ns.s->g", "--", "echo", "second"])
            let urls = [await first.line(), await second.line()].map { $0?.split(separator: " ").last.map(String.init) ?? "" }
            let caller = try discovery.start(["request", "ns.s->f", "--each-line"])
            for round in 0..<20 {
                _ = try await discovery("register", "ns.s->f", urls[round % 2])
                caller.write("x\n")
                #expect(await caller.line() == (round % 2 == 0 ? "first" : "second"))
            }
        }
    }

    @Test func `the demonstration runs to its end`() async throws {
        try await CommandSession.run { discovery in
            let outcome = try await discovery("demo")
            #expect(outcome.status == 0, "\(outcome.output)\(outcome.complaint)")
            #expect(outcome.output.contains("That is the main job") && outcome.output.contains("feed the cat"))
            // The diary got it, the umbrella did not.
            #expect(outcome.output.components(separatedBy: "    the roses bloom\n").count == 2)
            #expect(outcome.output.components(separatedBy: "    it rains\n").count == 3)
        }
    }

    @Test func `a backup is a home, and doctor finds it well`() async throws {
        try await CommandSession.run { discovery in
            _ = try await discovery("register", "ns.s->a", "http://a/")
            let copy = discovery.home + "-copy"
            defer { try? FileManager.default.removeItem(atPath: copy) }
            #expect(try await discovery("backup", copy).status == 0)
            #expect(try await discovery("backup", copy).status == 73, "never over something")
            #expect(try await discovery("resolve", "ns.s->a", "--home", copy).output.contains("http://a/"))
            #expect(try await discovery("doctor", "--home", copy).output.contains("All is well."))
        }
    }

    private func children(of process: Int32) -> [Int32] {
        let listed = (try? String(contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .utf8)) ?? ""
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
        let others = all.compactMap { try? String(contentsOfFile: "/proc/\(process)/task/\($0)/children", encoding: .utf8) }
        return (others + [listed]).flatMap { $0.split(separator: " ").compactMap { Int32($0) } }
    }
}
