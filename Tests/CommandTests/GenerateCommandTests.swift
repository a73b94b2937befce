import Foundation
import Testing

@Suite struct GenerateCommandTests {
    private static let template = """
        Parameters: {Stage: {Type: String}}
        Resources:
          Namespace: {Type: AWS::ServiceDiscovery::HttpNamespace, Properties: {Name: !Sub "ais-${Stage}"}}
          Service: {Type: AWS::ServiceDiscovery::Service, Properties: {NamespaceId: !Ref Namespace, Name: scheduler}}
          Jobs:
            Type: AWS::ServiceDiscovery::Instance
            Properties: {ServiceId: !Ref Service, InstanceId: jobs, InstanceAttributes: {type: queue, id: jobs}}
          Other:
            Type: AWS::ServiceDiscovery::Instance
            Properties: {ServiceId: srv-1, InstanceId: other, InstanceAttributes: {type: queue, id: jobs}}

        """

    @Test func `Swift of a template is printed, or written to a file, and what has no constant is told`() async throws {
        try await CommandSession.run { discovery in
            let file = discovery.home + ".template.yaml", output = discovery.home + ".swift"
            defer { for path in [file, output] { try? FileManager.default.removeItem(atPath: path) } }
            try Data(Self.template.utf8).write(to: URL(fileURLWithPath: file))
            let arguments = ["generate", "swift", file, "--parameter", "Stage=prod", "--enum", "App", "--access", "package"]
            let printed = try await discovery.start(arguments).end()
            #expect(printed.status == 0)
            #expect(printed.output.contains(#"package static let jobs = Address.Queue("ais-prod.scheduler->jobs")"#))
            #expect(printed.complaint.contains(".template.yaml:8:3: warning: Other has no constant"))
            let written = try await discovery.start(arguments + ["--output", output]).end()
            #expect(written.status == 0 && written.output == "")
            #expect(try String(decoding: Data(contentsOf: URL(fileURLWithPath: output)), as: UTF8.self) == printed.output)
            // No home is opened for it.
            #expect(!FileManager.default.fileExists(atPath: discovery.home))
            for (more, status, says) in [
                ([], Int32(79), "Stage"), (["--parameter", "Stage"], 64, "key=value"),
                (["--parameter", "Stage=a", "--access", "x"], 64, "access"),
                (["--parameter", "Stage=a", "--enum", "class"], 79, "enum"),
                (["--parameter", "Stage=a", "--output", "/no/such/folder/file"], 64, "cannot be written"),
            ] {
                let outcome = try await discovery.start(["generate", "swift", file] + more).end()
                #expect(outcome.status == status && outcome.complaint.contains(says), "\(more): \(outcome.complaint)")
            }
            let missing = try await discovery.start(["generate", "swift", "/no/such/file"]).end()
            #expect(missing.status == 64 && missing.complaint.contains("cannot be read"))
        }
    }

    @Test func `what the plugin runs writes the same file, and tells faults as compilers do`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "generate-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let tool = CommandSession.executable.deletingLastPathComponent().appending(path: "discovery-generate")
        let paths = ["app.template.yaml", "out.swift", "options.json"].map { folder.appending(path: $0).path }
        func run(_ arguments: [String], options: String) async throws -> CommandSession.Outcome {
            try Data(options.utf8).write(to: URL(fileURLWithPath: paths[2]))
            return await (try CommandProcess(tool, arguments, [:])).end()
        }
        try Data(Self.template.utf8).write(to: URL(fileURLWithPath: paths[0]))
        let made = try await run(paths, options: #"{"parameters": {"Stage": "prod"}}"#)
        #expect(made.status == 0 && made.output == "" && made.complaint.hasPrefix("\(paths[0]):8:3: warning: Other has no constant"))
        try await CommandSession.run { discovery in
            let printed = try await discovery("generate", "swift", paths[0], "--parameter", "Stage=prod").output
            #expect(try String(decoding: Data(contentsOf: URL(fileURLWithPath: paths[1])), as: UTF8.self) == printed)
        }
        for (arguments, options, says) in [
            (paths, #"{"paramters": {}}"#, "options.json:1:1: error: There is no option `paramters`"),
            (paths, "{", "options.json:1:1: error: "),
            (paths, "{}", "app.template.yaml:1:14: error: Parameters.Stage"), (["/no/such/file", paths[1]], "{}", "cannot be read"),
            ([paths[0], "/no/such/folder/a", paths[2]], #"{"parameters": {"Stage": "a"}}"#, "cannot be written"),
        ] {
            let outcome = try await run(arguments, options: options)
            #expect(outcome.status == 1 && outcome.complaint.contains(says), "\(outcome.complaint)")
        }
        #expect(try await run([], options: "").status == 64)
    }
}
