import Foundation
import Testing

/// Templates, as a user deploys them.
@Suite(.timeLimit(.minutes(5))) struct StackCommandTests {
    private static let template = """
        Parameters:
          Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}
          Seconds: {Type: Number, Default: 30}
        Resources:
          Space: {Type: AWS::ServiceDiscovery::HttpNamespace, Properties: {Name: !Sub "garden-${Stage}"}}
          Service: {Type: AWS::ServiceDiscovery::Service, Properties: {Name: work, NamespaceId: !Ref Space}}
          Jobs: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs, VisibilityTimeout: !Ref Seconds}}
          Instance:
            Type: AWS::ServiceDiscovery::Instance
            Properties: {ServiceId: !Ref Service, InstanceId: jobs, InstanceAttributes: {type: queue, url: !Ref Jobs}}
        Outputs:
          Url: {Value: !Ref Jobs}
        """

    private func withTemplate(_ body: (CommandSession, String) async throws -> Void) async throws {
        try await CommandSession.run { discovery in
            let path = discovery.home + ".yaml"
            try Self.template.write(toFile: path, atomically: true, encoding: .utf8)
            defer { try? FileManager.default.removeItem(atPath: path) }
            try await body(discovery, path)
        }
    }

    @Test func `a template is planned, deployed, used, changed, compared and destroyed`() async throws {
        try await withTemplate { discovery, path in
            let plan = try await discovery("plan", "garden", path)
            #expect(
                plan.status == 0 && plan.output.contains("create    Jobs  AWS::SQS::Queue") && plan.output.contains("4 changes"), "\(plan)")
            #expect(try await discovery("stacks").output.contains("Nothing was deployed yet"))
            let deployed = try await discovery("deploy", "garden", path)
            #expect(deployed.status == 0 && deployed.output.contains("garden is deployed"), "\(deployed)")
            #expect(deployed.output.contains("Url = http://localhost:4580/000000000000/jobs"))
            #expect(try await discovery("deploy", "garden", path).output.contains("garden is as the template says"))
            #expect(try await discovery("queue", "garden-dev.work->jobs", "water").status == 0)
            #expect(try await discovery("drift", "garden").output.contains("as it was deployed: 4 resources"))

            let change = try await discovery("plan", "garden", path, "--parameter", "Seconds=60")
            #expect(change.output.contains("VisibilityTimeout: 30 -> 60") && change.output.contains("1 change\n"), "\(change)")
            #expect(try await discovery("deploy", "garden", path, "-p", "Seconds=60").status == 0)
            #expect(try await discovery("queues", "set", "jobs", "--visibility", "90s").status == 0)
            let drift = try await discovery("drift", "garden")
            #expect(drift.status == 1 && drift.output.contains("VisibilityTimeout  is 90, was deployed as 60"), "\(drift)")
            #expect(try await discovery("stacks", "garden").output.contains("AWS::SQS::Queue"))

            let destroyed = try await discovery("destroy", "garden")
            #expect(destroyed.status == 0 && destroyed.output.contains("garden is gone"), "\(destroyed)")
            #expect(try await discovery("queues", "ls").output.contains("There is no queue yet"))
        }
    }

    @Test func `what is wrong is told with its place, and nothing is deployed`() async throws {
        try await withTemplate { discovery, path in
            let unknown = try await discovery("deploy", "garden", path, "--parameter", "Stag=prod")
            #expect(unknown.status == 79 && unknown.complaint.contains(":2:3: ") && unknown.complaint.contains("Stage"), "\(unknown)")
            let value = try await discovery("plan", "garden", path, "--parameter", "Stage=test")
            #expect(value.status == 79 && value.complaint.contains("must be one of dev, prod"), "\(value)")
            let missing = try await discovery("deploy", "garden", "/nothing/here.yaml")
            #expect(missing.status == 64 && missing.complaint.contains("There is no file /nothing/here.yaml"), "\(missing)")
            try Self.template.replacing("!Ref Jobs}}", with: "!Ref Job}}").write(toFile: path, atomically: true, encoding: .utf8)
            let reference = try await discovery("deploy", "garden", path)
            #expect(
                reference.status == 79 && reference.complaint.contains(":10:") && reference.complaint.contains("Did you mean Jobs?"),
                "\(reference)")
            #expect(try await discovery("destroy", "garden").status == 66)
            #expect(try await discovery("drift", "garden").status == 66)
            #expect(try await discovery("ls").output.contains("garden") == false)
        }
    }

    @Test func `every command of stacks explains itself with an example`() async throws {
        try await CommandSession.run { discovery in
            for command in ["plan", "deploy", "drift", "destroy", "stacks", "explain"] {
                let help = try await discovery.start([command, "--help"]).end()
                #expect(help.status == 0 && help.output.contains("Example"), "\(command)")
            }
        }
    }
}
