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
}
