import Foundation
import Testing

@testable import discovery

@Suite struct OverrideCommandTests {
    @Test func `an override is set, listed, replaced and removed`() async throws {
        try await CommandSession.run { discovery in
            #expect(try await discovery("override", "--list").output.contains("no overrides"))
            _ = try await discovery("register", "ais.scheduler->get-job", "http://127.0.0.1:9/")
            let set = try await discovery(
                "override", "ais.*", "--redirect", "http://u:secret@127.0.0.1:8/x?token=secret", "--delay", "200ms", "--failure-rate",
                "0.1",
                "--until", "2126-01-02T03:04:05Z", "--note", "load test")
            #expect(
                set.output
                    == "ais.* is redirected to http://127.0.0.1:8/x?…, failing at a rate of 0.1, delayed by 0.2 s, until 2126-01-02T03:04:05Z (load test)\n"
            )
            #expect(set.status == 0 && set.complaint.isEmpty, "\(set.complaint)")
            let canned = try await discovery("override", "ais.scheduler->get-*", "--reply", "{\"id\": 7}", "--status", "201", "--for", "1h")
            #expect(canned.output.hasPrefix("ais.scheduler->get-* is answered with status 201 and 9 bytes"), "\(canned)")
            let elsewhere = try await discovery("override", "ais.scheduler", "--to-home", "relative/home")
            #expect(elsewhere.output.contains("in the home /") && elsewhere.output.contains("/relative/home"), "\(elsewhere)")

            let listed = try await discovery("override", "--list").output.split(separator: "\n")
            #expect(
                listed.map { $0.split(separator: " ")[0] } == ["PATTERN", "ais.scheduler->get-*", "ais.scheduler", "ais.*"], "\(listed)")
            #expect(!listed.joined().contains("secret") && !listed.joined().contains("\"id\""))
            struct Entry: Decodable { let pattern: String, redirect: String?, delay: Double?, reply: Reply? }
            struct Reply: Decodable { let status: Int, text: String? }
            let entries = try JSONDecoder().decode(
                [Entry].self, from: Data(try await discovery("override", "--list", "--json").output.utf8))
            #expect(entries.map(\.pattern) == ["ais.scheduler->get-*", "ais.scheduler", "ais.*"])
            #expect(entries[0].reply?.status == 201 && entries[0].reply?.text == "{\"id\": 7}" && entries[2].delay == 0.2)

            let replaced = try await discovery("override", "ais.*", "--redirect", "corp.worker->a", "--json")
            #expect(try JSONDecoder().decode(Entry.self, from: Data(replaced.output.utf8)).redirect == "corp.worker->a")
            #expect(try await discovery("override", "ais.*", "--remove").output == "ais.* is overridden no more\n")
            let missing = try await discovery("override", "ais.*", "--remove")
            #expect(missing.status == 66 && missing.complaint.contains("no override of `ais.*`"))
            #expect(try await discovery("override", "--remove-all").output == "Removed 2 overrides.\n")
            #expect(try await discovery("override", "--remove-all", "--json").output.contains("\"removed\" : 0"))
            #expect(try await discovery("doctor").output.contains("overrides  0 rows"))
        }
    }

    @Test func `one for what is not registered is set, and that is said`() async throws {
        try await CommandSession.run { discovery in
            for (pattern, says) in [("ais.*", "discovery ls"), ("scheduler", "`default.scheduler`"), ("ais.s->a", "discovery ls")] {
                let outcome = try await discovery("override", pattern, "--failure-rate", "1")
                #expect(outcome.status == 0 && outcome.output.contains("is failing"))
                #expect(outcome.complaint.contains("nothing is registered now that `\(pattern)` means") && outcome.complaint.contains(says))
            }
            #expect(try await discovery("override", "--list").output.split(separator: "\n").count == 4)
        }
    }

    @Test(arguments: [
        ([], "Name the addresses"), (["--delay", "1s"], "Name the addresses"), (["a.*"], "does nothing"),
        (["a.*", "--note", "x"], "does nothing"),
        (["", "--delay", "1s"], "it is empty"), (["a\u{7}", "--delay", "1s"], "cannot be printed"),
        (["a.*", "--redirect", "http://h/", "--reply", "x"], "`redirect` and `reply`"),
        (["a.*", "--redirect", "http://h/", "--to-home", "/h"], "`redirect` and `home`"), (["a.*", "--to-home", ""], "--to-home is empty"),
        (["a.*", "--redirect", "ftp://h/"], "`http:` or `https:`"), (["a.*", "--redirect", "a..b"], "at byte 2"),
        (["a.*", "--status", "200"], "--reply"), (["a.*", "--reply", "x", "--status", "99"], "from 200 to 599"),
        (["a.*", "--failure-rate", "2"], "from 0 to 1"), (["a.*", "--failure-rate", "10%"], "10%"),
        (["a.*", "--failure-rate", "nan"], "nan"),
        (["a.*", "--delay", "200"], "200ms"), (["a.*", "--delay", "2h"], "3600"), (["a.*", "--delay", "soon"], "--delay takes"),
        (["a.*", "--delay", "1s", "--for", "1"], "--for takes"), (["a.*", "--delay", "1s", "--for", "0s"], "longer than nothing"),
        (["a.*", "--delay", "1s", "--until", "tomorrow"], "--until takes"),
        (["a.*", "--delay", "1s", "--until", "2001-01-01T00:00:00Z"], "which is over"),
        (["a.*", "--delay", "1s", "--for", "1h", "--until", "2126-01-01T00:00:00Z"], "exclude each other"),
        (["--list", "a.*"], "--list takes no pattern"), (["--list", "--delay", "1s"], "--list takes no --delay"),
        (["--list", "--remove-all"], "exclude each other"), (["--remove"], "Name the pattern"), (["", "--remove"], "it is empty"),
        (["a.*", "--remove", "--note", "x"], "--remove takes no --note"), (["a.*", "--remove-all"], "--remove"),
    ])
    func `a wrong use is told in a sentence, before a home is made`(arguments: [String], says: String) async throws {
        try await CommandSession.run { discovery in
            let outcome = try await discovery.start(["override"] + arguments).end()
            #expect(outcome.status == 64, "\(outcome)")
            #expect(outcome.complaint.contains(says), "\(outcome.complaint)")
            #expect(!outcome.complaint.contains("Fatal error") && !outcome.complaint.contains("DiscoveryError("))
            #expect(!FileManager.default.fileExists(atPath: discovery.home))
        }
    }

    @Test func `the help says on whom it acts, with examples`() async throws {
        try await CommandSession.run { discovery in
            let help = try await discovery("override", "--help")
            #expect(help.status == 0 && help.output.contains("Examples") && help.output.contains("every process"))
        }
    }

    @Test func `a file of overrides that cannot be used stops the command, naming the variable`() async throws {
        try await CommandSession.run { discovery in
            let outcome = try await discovery("ls", environment: ["DISCOVERY_OVERRIDES": "/no/such/file"])
            #expect(
                outcome.status == 78 && outcome.complaint.contains("DISCOVERY_OVERRIDES") && outcome.complaint.contains("/no/such/file"))
        }
    }

    @Test(
        arguments: [
            ("200ms", .milliseconds(200)), ("2s", .seconds(2)), ("1.5s", .milliseconds(1_500)), ("5m", .seconds(300)),
            ("1h", .seconds(3_600)),
            ("2d", .seconds(172_800)), ("0s", .zero), ("007s", .seconds(7)), ("1", nil), ("", nil), ("s", nil), ("ms", nil), ("-1s", nil),
            ("+1s", nil), ("1 s", nil), (".5s", nil), ("1.s", nil), ("1.2.3s", nil), ("1e3s", nil), ("0x1s", nil), ("nans", nil),
            ("infs", nil),
            ("1S", nil), ("1sec", nil), ("99999999999999999999h", nil), ("٣s", nil),
        ] as [(String, Duration?)])
    func `a duration is a number and a unit`(text: String, duration: Duration?) {
        #expect(DurationArgument(argument: text)?.duration == duration)
    }
}
