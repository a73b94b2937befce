import Foundation
import Testing

@Suite struct InitCommandTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let templates = [
        "fifo-queue", "http-function", "namespace", "queue-with-dead-letter-queue", "scheduler", "topic-fanout", "whole-app",
    ]

    /// Runs in a folder of its own, and gives the files that are there after it.
    private func run(_ arguments: [String], before: (URL) throws -> Void = { _ in }) async throws -> (
        outcome: CommandSession.Outcome, files: [String: String]
    ) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-init-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try before(folder)
        let program = URL(fileURLWithPath: "/bin/sh")
        let script = "cd \"$0\" && exec \"$@\""
        let process = try CommandProcess(program, ["-c", script, folder.path, CommandSession.executable.path, "init"] + arguments, [:])
        let outcome = await process.end()
        var files: [String: String] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
            files[path] = try? String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
        }
        return (outcome, files)
    }

    @Test func `every template of Templates is one that a project can begin with`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.root.appendingPathComponent("Templates").path)
            .filter { $0.hasSuffix(".yaml") }
        #expect(files.sorted() == Self.templates.map { "\($0).yaml" })
    }

    @Test(arguments: templates)
    func `a project has the template as it is, a program, and how to run it`(template: String) async throws {
        let (outcome, files) = try await run(["shop", "--template", template])
        #expect(outcome.status == 0 && outcome.complaint == "", "\(outcome)")
        #expect(
            files.keys.sorted() == [
                "shop/.gitignore", "shop/Package.swift", "shop/README.md", "shop/Sources/shop/App.swift", "shop/Templates/\(template).yaml",
            ])
        let original = try String(contentsOf: Self.root.appendingPathComponent("Templates/\(template).yaml"), encoding: .utf8)
        #expect(
            files["shop/Templates/\(template).yaml"] == original,
            "paste Templates/\(template).yaml into the file of Sources/discovery/ReadyTemplates that holds it")
        let commands = outcome.output.split(separator: "\n").dropFirst(2)
        #expect(commands.count == 3 && commands.allSatisfy { files["shop/README.md"]?.contains($0) == true }, "\(outcome.output)")
        #expect(commands.first?.hasPrefix("discovery deploy shop Templates/\(template).yaml --parameter ") == true)
        #expect(files["shop/Package.swift"]?.contains("path: \"\(Self.root.path)\"") == true)
    }

    @Test func `the program serves and handles what the template names`() async throws {
        let files = try await run(["my-app"]).files
        let program = try #require(files["my-app/Sources/my-app/App.swift"])
        #expect(program.contains(#"Discovery.serve("my-app.main->greet")"#) && program.contains(#"Discovery.listen("my-app.main->jobs")"#))
        let scheduler = try await run(["jobs", "--template", "scheduler"])
        #expect(
            scheduler.files["jobs/Sources/jobs/App.swift"]?.contains("namespace-prod.scheduler-service->scheduler-queue") == true)
        #expect(scheduler.outcome.output.contains("--parameter Stage=prod"))
    }

    @Test func `a folder that is there is left as it is`() async throws {
        let (outcome, files) = try await run(["shop"]) { folder in
            try FileManager.default.createDirectory(at: folder.appendingPathComponent("shop"), withIntermediateDirectories: true)
            try Data("mine".utf8).write(to: folder.appendingPathComponent("shop/README.md"))
        }
        #expect(outcome.status == 80 && outcome.complaint.contains("already"), "\(outcome)")
        #expect(files == ["shop/README.md": "mine"])
        let file = try await run(["shop"]) { try Data("mine".utf8).write(to: $0.appendingPathComponent("shop")) }
        #expect(file.outcome.status == 80 && file.files == ["shop": "mine"])
    }

    @Test(arguments: [
        (["../shop"], Int32(64), "letters"), (["9lives"], 64, "letters"), ([""], 64, "letters"), (["caf\u{E9}"], 64, "letters"),
        (["DiscoveryKit"], 64, "module"), ([String(repeating: "a", count: 41)], 64, "40"),
        (["shop", "--template", "castle"], 64, "whole-app"), (["shop", "--package-path", "/no/such/folder"], 78, "Package.swift"),
    ])
    func `what cannot be a project makes nothing`(arguments: [String], status: Int32, says: String) async throws {
        let (outcome, files) = try await run(arguments)
        #expect(outcome.status == status && outcome.complaint.contains(says), "\(outcome)")
        #expect(files.isEmpty)
    }
}
