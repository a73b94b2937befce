import CloudFormation
import DiscoveryKit
import Foundation
import Messaging
import Registry
import Testing

@testable import Deployment

/// What others have made stays theirs, and what a stack has made is found, made again and removed, whatever was done by hand.
@Suite(.timeLimit(.minutes(5))) struct OthersTests {
    private static func space(_ rest: String) -> String {
        """
        Parameters: {Text: {Type: String, Default: a}, Secret: {Type: String, Default: none, NoEcho: true}}
        Resources:
          Space: {Type: AWS::ServiceDiscovery::HttpNamespace, Properties: {Name: space}}
          S: {Type: AWS::ServiceDiscovery::Service, Properties: {Name: s, NamespaceId: !Ref Space}}
        \(rest)
        """
    }

    private static let instance = """
          I: {Type: AWS::ServiceDiscovery::Instance, Properties: {ServiceId: !Ref S, InstanceId: i, InstanceAttributes: {type: queue, arn: q}}}
        """

    @Test func `an instance that is there is not taken, and no undoing removes it`() async throws {
        try await withDeployment { deployment, discovery, _ in
            try await deployment.deploy(Self.space(""))
            try await discovery.register("space.s->i", Resource(.function, at: "http://127.0.0.1:1/"))
            let error = await #expect(throws: DiscoveryError.self) { try await deployment.deploy(Self.space(Self.instance)) }
            #expect(error?.code == .alreadyExists)
            #expect(try await discovery.resolve("space.s->i").location == "http://127.0.0.1:1/")
        }
    }

    @Test func `a subscription that is there is not taken, and stays`() async throws {
        let template = """
            Resources:
              Sub: {Type: AWS::SNS::Subscription, Properties: {TopicArn: "arn:aws:sns:local:000000000000:t", Protocol: sqs, Endpoint: "arn:aws:sqs:local:000000000000:q"}}
            """
        try await withDeployment { deployment, discovery, _ in
            try await discovery.withMessages { messaging in
                _ = try await messaging.createTopic("t")
                _ = try await messaging.createQueue("q")
                _ = try await messaging.subscribe(.queue("q"), to: "t")
            }
            await #expect(throws: DiscoveryError.self) { try await deployment.deploy(template) }
            #expect(try await deployment.everything() == ["topic t", "queue q", "subscription q"])
            #expect(try await deployment.stacks().isEmpty)
        }
    }

    @Test func `what was removed by hand is made again, and never in the way`() async throws {
        try await withDeployment { deployment, discovery, _ in
            try await deployment.deploy(whole)
            try await discovery.withMessages { try await $0.deleteQueue("jobs-dev") }
            try await discovery.deregister("space-dev.garden->news")
            #expect(try await deployment.drift("s").drifts.map(\.isGone) == [true, true])
            let plan = try await deployment.plan(whole)
            #expect(plan.filter { $0.action == .create }.map(\.logicalID).sorted() == ["Jobs", "NewsInstance"])
            try await deployment.deploy(whole, ["Seconds": "60"])
            #expect(try await deployment.drift("s").drifts.isEmpty)
            try await discovery.withMessages { try await $0.deleteQueue("jobs-dev") }
            _ = try await deployment.destroy("s")
            #expect(try await deployment.everything().isEmpty)
        }
    }

    @Test func `a queue that was made again by hand is its maker's`() async throws {
        let template = "Resources:\n  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}"
        try await withDeployment { deployment, discovery, _ in
            try await deployment.deploy(template)
            try await discovery.withMessages { messaging in
                try await messaging.deleteQueue("q")
                _ = try await messaging.createQueue("q")
            }
            await #expect(throws: DiscoveryError.self) { try await deployment.deploy(template) }
            #expect(try await deployment.stacks().isEmpty, "nothing is left of it")
            #expect(try await deployment.everything() == ["queue q"])
        }
    }

    @Test func `undoing goes by what was done last, and removing by what hangs on what`() async throws {
        let moved = """
              New: {Type: AWS::ServiceDiscovery::Service, Properties: {Name: new, NamespaceId: !Ref Space}}
              I: {Type: AWS::ServiceDiscovery::Instance, Properties: {ServiceId: !Ref New, InstanceId: i, InstanceAttributes: {type: queue, arn: q}}}
            """
        try await withDeployment { deployment, discovery, _ in
            try await deployment.deploy(Self.space(Self.instance))
            try await discovery.withMessages { _ = try await $0.createQueue("taken") }
            let failing = Self.space(moved + "\n  Q: {Type: AWS::SQS::Queue, DependsOn: I, Properties: {QueueName: taken}}")
            let error = await #expect(throws: DiscoveryError.self) { try await deployment.deploy(failing) }
            #expect(error?.code == .alreadyExists, "\(String(describing: error))")
            #expect(try await deployment.drift("s").drifts.isEmpty)
            try await deployment.deploy(Self.space(moved))
            let outcome = try await deployment.deploy(
                Self.space("").replacing("  S: {Type", with: "  Other: {Type").replacing("Name: s,", with: "Name: other,"))
            #expect(outcome.leftovers.isEmpty, "\(outcome.leftovers)")
            #expect(try await deployment.everything() == ["namespace space", "service space.other", "queue taken"])
        }
    }

    @Test func `an export in use keeps its value`() async throws {
        let exporting = """
            Parameters: {Name: {Type: String, Default: a}}
            Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Name}}}
            Outputs: {Url: {Value: !Ref Q, Export: {Name: url}}}
            """
        let importing = "Resources:\n  Q: {Type: AWS::SQS::Queue, Properties: {Tags: [{Key: from, Value: !ImportValue url}]}}"
        try await withDeployment { deployment, _, _ in
            try await deployment.deploy(exporting)
            try await deployment.deploy(importing, as: "other")
            await #expect(throws: DiscoveryError.self) { try await deployment.deploy(exporting, ["Name": "b"]) }
            let queues = try await deployment.everything().filter { !$0.contains("other") }
            #expect(queues == ["queue a"])
            #expect(try await deployment.drift("s").drifts.isEmpty)
        }
    }

    @Test func `secrets are hidden whatever characters they have, in plans and where something has drifted`() async throws {
        let template = Self.space(
            """
              I: {Type: AWS::ServiceDiscovery::Instance, Properties: {ServiceId: !Ref S, InstanceId: i, InstanceAttributes: {type: queue, arn: q, key: !Ref Secret}}}
            """)
        try await withDeployment { deployment, discovery, _ in
            let (old, new) = (#"hunt"er\2"#, #"new"secret"#)
            try await deployment.deploy(template, ["Secret": old])
            let plan = "\(try await deployment.plan(template, ["Secret": new]))"
            #expect(!plan.contains("hunt") && !plan.contains("secret\""), "\(plan)")
            try await discovery.register("space.s->i", Resource(.queue, at: "q"))
            let drifts = try await deployment.drift("s").drifts
            #expect(drifts.count == 1 && !"\(drifts)".contains("hunt"), "\(drifts)")
        }
    }
}
