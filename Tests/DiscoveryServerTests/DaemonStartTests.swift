import DiscoveryKit
import DiscoveryServer
import Foundation
import HTTPServing
import Logging
import Testing

/// How a daemon begins, and how it says that it cannot: one sentence, and the exit code that is documented for it.
struct DaemonStartTests {
    private static func expectComplaint(
        _ arguments: [String], code: Int32, _ parts: String..., location: SourceLocation = #_sourceLocation
    ) async throws {
        let outcome = try await Daemon.outcome(of: arguments)
        let complaint = outcome.complaint
        #expect(outcome.code == code, "\(complaint)", sourceLocation: location)
        #expect(outcome.output.isEmpty, "\(outcome.output)", sourceLocation: location)
        #expect(
            complaint.hasPrefix("discoveryd: ") && (complaint.hasSuffix(".\n") || complaint.hasSuffix("`?\n")), "\(complaint)",
            sourceLocation: location)
        #expect(complaint.split(separator: "\n").count == 1, "\(complaint)", sourceLocation: location)
        for part in parts { #expect(complaint.contains(part), "\(complaint)", sourceLocation: location) }
        // Nothing that only its authors understand.
        for part in ["Error Domain", "unexpected", "Fatal", "..\n", "Optional("] {
            #expect(!complaint.contains(part), "\(complaint)", sourceLocation: location)
        }
    }

    @Test func `of two daemons on one home the second is told who was first, and takes over when that was killed`() async throws {
        try await withFolder { folder in
            let home = folder + "/home"
            let first = try await Daemon(home: home)
            // Also where it finds the first one's port taken: the home is what they have in common.
            for port in [0, first.port] {
                try await Self.expectComplaint(
                    ["--home", home, "--listen", "127.0.0.1:\(port)"], code: 75, "is served by `discoveryd`",
                    "Use that one, end it, or name another home")
            }
            first.kill()
            let next = try await Daemon(home: home)
            #expect(try await next(WireRequest("GET", "/_discovery/ready")).status == 200)
        }
    }

    @Test func `a port that is taken is told`() async throws {
        try await withFolder { folder in
            let first = try await Daemon(home: folder + "/one")
            try await Self.expectComplaint(
                ["--home", folder + "/two", "--listen", "127.0.0.1:\(first.port)"], code: 73,
                "cannot listen on 127.0.0.1 port \(first.port)",
                "--listen")
        }
    }

    @Test func `a home that cannot be is told`() async throws {
        try await withFolder { folder in
            try "x".write(toFile: folder + "/file", atomically: true, encoding: .utf8)
            for home in [folder + "/file", folder + "/file/home", "/proc/home"] {
                try await Self.expectComplaint(["--home", home, "--listen", "127.0.0.1:0"], code: 73, home)
            }
        }
    }

    @Test func `a server whose home cannot be gives its port back`() async throws {
        try await withFolder { folder in
            try "x".write(toFile: folder + "/file", atomically: true, encoding: .utf8)
            let free = try await RawClient.listenAgain(RawClient.ownHost(), 0)
            await free.drain(deadline: .zero)
            var configuration = ServerConfiguration(home: folder + "/file", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            (configuration.host, configuration.port) = (free.host, free.port)
            await #expect(throws: DiscoveryError.self) { try await Server(configuration).run() }
            try await RawClient.listenAgain(free.host, free.port).drain(deadline: .zero)
        }
    }

    @Test(arguments: [
        ("{", "JSON"), (#"{"keys": [{"id": "A"}]}"#, "missing"),
        (#"{"keys": [{"id": "A", "secret": "x", "rules": []}]}"#, "16"),
    ])
    func `a file of keys that is wrong is told, when it starts and when it is checked`(text: String, says: String) async throws {
        try await withFolder { folder in
            try KeyHolder.write(Data(text.utf8), to: folder + "/keys")
            let arguments = ["--home", folder + "/home", "--listen", "127.0.0.1:0", "--keys", folder + "/keys"]
            try await Self.expectComplaint(arguments, code: 78, folder + "/keys", says)
            try await Self.expectComplaint(arguments + ["--check"], code: 78, folder + "/keys", says)
            #expect(!FileManager.default.fileExists(atPath: folder + "/home/registry"))
        }
    }

    @Test func `files of TLS that are wrong are told, when it starts and when it is checked`() async throws {
        try await withFolder { folder in
            try "no certificate".write(toFile: folder + "/bad.pem", atomically: true, encoding: .utf8)
            for certificate in ["/bad.pem", "/none.pem"] {
                let arguments = [
                    "--home", folder + "/home", "--listen", "127.0.0.1:0", "--tls-certificate", folder + certificate, "--tls-key",
                    folder + certificate,
                ]
                try await Self.expectComplaint(arguments, code: 78, folder + certificate, "PEM")
                try await Self.expectComplaint(arguments + ["--check"], code: 78, folder + certificate, "PEM")
            }
        }
    }

    @Test func `a file of settings that is wrong is told`() async throws {
        try await withFolder { folder in
            for (name, text) in [("a.json", "{"), ("a.yaml", "listen: [unclosed"), ("b.json", #"{"maximum": {"body": "much"}}"#)] {
                try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
                let says = name == "b.json" ? "maximum.body" : folder + "/" + name
                try await Self.expectComplaint(["--home", folder, "--config", folder + "/" + name], code: 78, says)
            }
            try await Self.expectComplaint(["--home", folder, "--config", folder + "/none.json"], code: 78, folder + "/none.json")
        }
    }

    @Test(arguments: [
        ("a.json", #"{"tls": {"certificat": "chain.pem"}}"#, "`tls.certificat` in", "Did you mean `tls.certificate`?"),
        ("a.json", #"{"region": ["us-east-1"]}"#, "`region` in", "another kind"),
        ("a.json", #"{"maximum": {"body": [4]}}"#, "`maximum.body` in", "another kind"),
        ("a.yaml", "region: eu-west-1\nlistn: 127.0.0.1:0", "`listn` in", "Did you mean `listen`?"),
        ("a.yaml", "keys: {path: /etc/keys}", "`keys.path` in", "Did you mean `keys`?"),
        ("a.yaml", "7: [1, 2]", "`7` in", "There are `allow.link.local`"),
        ("a.yaml", "keys:", "`keys` in", "another kind"), ("a.json", #"{"keys": null}"#, "`keys` in", "another kind"),
        ("a.json", #"["keys"]"#, "a.json", "mapping"), ("a.yaml", "", "a.yaml", "mapping"),
        // Before what would be said of the rest.
        ("a.yaml", "tls: {certificat: chain.pem, key: key.pem}", "`tls.certificat` in", "Did you mean `tls.certificate`?"),
        ("a.yaml", "listen: 0.0.0.0:4580\nkyes: /etc/keys", "`kyes` in", "`keys`"),
    ])
    func `a setting that is none, or of another kind, is told`(name: String, text: String, says: String, advises: String) async throws {
        try await withFolder { folder in
            try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
            try await Self.expectComplaint(
                ["--home", folder + "/home", "--check", "--config", folder + "/" + name], code: 78, says, advises)
        }
    }

    @Test(arguments: [
        (["--listen", "nowhere"], "no place to listen"), (["--listen", "0.0.0.0:0"], "without keys"),
        (["--tls-key", "x"], "tls.certificate"),
        (["--log-level", "loud"], "log.level"), (["--log-format", "loud"], "log.format"),
    ])
    func `options that contradict are told`(arguments: [String], says: String) async throws {
        try await withFolder { folder in
            try await Self.expectComplaint(["--home", folder + "/home"] + arguments, code: 78, says)
        }
    }

    @Test func `settings are read from a file, and shown without secrets when they are checked`() async throws {
        try await withFolder { folder in
            try KeyHolder.write(try KeyHolder.file([("GOOD", ["*"], "*")]), to: folder + "/keys")
            let settings = """
                {"home": "\(folder)/home", "listen": "127.0.0.1:0", "keys": "\(folder)/keys", "drain": {"timeout": 3},
                 "timeout": {"header": 1, "body": 2, "idle": 3}, "maximum": {"body": 4}}
                """
            try settings.write(toFile: folder + "/a.json", atomically: true, encoding: .utf8)
            let outcome = try await Daemon.outcome(of: ["--config", folder + "/a.json", "--region", "eu-west-1", "--check"])
            #expect(outcome.code == 0 && outcome.complaint.isEmpty, "\(outcome)")
            for line in [
                "home: \(folder)/home", "region: eu-west-1", "drain.timeout: 3", "timeout.header: 1", "timeout.body: 2", "timeout.idle: 3",
                "maximum.body: 4",
            ] { #expect(outcome.output.contains(line), "\(line) of \(outcome.output)") }
            #expect(!outcome.output.contains { $0.contains(KeyHolder(id: "GOOD").secret) })
        }
    }
}
