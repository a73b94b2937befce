import CloudFormation
import DiscoveryKit
import Foundation
import Messaging
import Registry
import Synchronization
import Testing

@testable import Deployment

@Suite(.timeLimit(.minutes(5))) struct DeployTests {
    @Test func `deploying twice changes nothing, changing one property one thing, and destroying leaves nothing`() async throws {
        try await withDeployment { deployment, discovery, _ in
            #expect(try await deployment.plan(whole).map(\.action) == Array(repeating: .create, count: 8))
            let first = try await deployment.deploy(whole)
            #expect(
                first.record.status == .complete && first.record.outputs.map(\.value) == ["http://localhost:4580/000000000000/jobs-dev"])
            let everything = try await deployment.everything()
            #expect(
                everything.count == 8 && everything.contains("queue jobs-dev") && everything.contains("instance space-dev.garden->jobs"))
            #expect(try await deployment.plan(whole).isEmpty)
            #expect(try await deployment.deploy(whole).plan.isEmpty)
            #expect(try await deployment.drift("s").drifts.isEmpty)

            let changes = try await deployment.plan(whole, ["Seconds": "60"])
            let change = try #require(changes.first)
            #expect(changes.count == 1 && change.action == .update && change.logicalID == "Jobs")
            #expect(change.properties == [.init(name: "VisibilityTimeout", old: "30", new: "60", replaces: false)])
            try await deployment.deploy(whole, ["Seconds": "60"])
            #expect(try await deployment.everything() == everything)
            let queue = try await discovery.withMessages { try await $0.queue("jobs-dev") }
            #expect(queue.configuration.visibility == .seconds(60))

            #expect(try await deployment.destroy("s").isEmpty)
            #expect(try await deployment.everything().isEmpty)
            #expect(try await deployment.stacks().isEmpty)
        }
    }

    @Test func `a change that cannot be made in place makes the resource anew, and those that hang on it`() async throws {
        try await withDeployment { deployment, _, _ in
            try await deployment.deploy(whole)
            let plan = try await deployment.plan(whole, ["Stage": "prod", "Color": "red"])
            let actions = Dictionary(uniqueKeysWithValues: plan.map { ($0.logicalID, $0.action) })
            #expect(
                actions == [
                    "Space": .replace, "Garden": .replace, "Jobs": .replace, "News": .update, "Diary": .replace, "JobsInstance": .replace,
                    "NewsInstance": .replace,
                ])
            #expect(plan.first { $0.logicalID == "Garden" }?.properties.first?.new == #""{Space}""#)
            try await deployment.deploy(whole, ["Stage": "prod", "Color": "red"])
            let everything = try await deployment.everything()
            #expect(everything.count == 8 && everything.contains("queue jobs-prod") && !everything.contains("queue jobs-dev"))
            #expect(try await deployment.drift("s").drifts.isEmpty)
        }
    }

    @Test func `what leaves the template is removed, but what it says is to be retained`() async throws {
        func template(_ rest: String) -> String {
            "Resources:\n  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}\n" + rest
        }
        try await withDeployment { deployment, _, _ in
            try await deployment.deploy(
                template(
                    """
                      Gone: {Type: AWS::SQS::Queue, Properties: {QueueName: gone}}
                      Kept: {Type: AWS::SQS::Queue, DeletionPolicy: Retain, Properties: {QueueName: kept}}
                    """))
            let plan = try await deployment.plan(template(""))
            #expect(Set(plan.map { "\($0.action) \($0.logicalID)" }) == ["remove Gone", "retain Kept"])
            try await deployment.deploy(template(""))
            #expect(try await deployment.everything() == ["queue q", "queue kept"])
        }
    }

    @Test func `a creation that fails is undone as a whole, and so is a change`() async throws {
        try await withDeployment { deployment, discovery, _ in
            try await discovery.withMessages { _ = try await $0.createQueue("taken") }
            let taken = whole.replacing(
                "Dead: {Type: AWS::SQS::Queue}",
                with:
                    "Dead: {Type: AWS::SQS::Queue}\n  Last: {Type: AWS::SQS::Queue, DependsOn: NewsInstance, Properties: {QueueName: taken}}"
            )
            await #expect(throws: DiscoveryError.self) { try await deployment.deploy(taken) }
            #expect(try await deployment.everything() == ["queue taken"])
            #expect(try await deployment.stacks().isEmpty)

            try await deployment.deploy(whole)
            let before = try await deployment.everything()
            let record = try #require(try await deployment.stacks().first)
            let error = await #expect(throws: DiscoveryError.self) {
                try await deployment.deploy(taken, ["Stage": "prod", "Color": "red", "Seconds": "5"])
            }
            #expect(error?.code == .alreadyExists && error?.message.contains("taken") == true)
            #expect(try await deployment.everything() == before)
            #expect(try await deployment.drift("s").drifts.isEmpty)
            #expect(try await deployment.stacks() == [record])
            #expect(try await deployment.plan(whole).isEmpty)
        }
    }

    @Test func `what is wrong with a template changes nothing`() async throws {
        try await withDeployment { deployment, _, _ in
            for template in [
                whole.replacing("!Ref Space", with: "!Ref Spice"), whole.replacing("VisibilityTimeout:", with: "Visibility:"),
                whole.replacing("!Ref Jobs, color", with: "!ImportValue nothing, color"), "Resources: {A: {Type: AWS::S3::Bucket}}",
            ] {
                await #expect(throws: TemplateError.self) { try await deployment.deploy(template) }
            }
            await #expect(throws: TemplateError.self) { try await deployment.deploy(whole, ["Shade": "x"]) }
            await #expect(throws: DiscoveryError.self) { try await deployment.deploy(whole, as: "1") }
            await #expect(throws: DiscoveryError.self) { _ = try await deployment.destroy("none") }
            let (everything, stacks) = (try await deployment.everything(), try await deployment.stacks())
            #expect(everything.isEmpty && stacks.isEmpty)
        }
    }

    @Test func `a resource with a name of its own is not made anew under it`() async throws {
        func template(_ kind: String) -> String {
            """
            Resources:
              Space: {Type: AWS::ServiceDiscovery::HttpNamespace, Properties: {Name: space}}
              S: {Type: AWS::ServiceDiscovery::Service, Properties: {Name: s, NamespaceId: !Ref Space\(kind)}}
            """
        }
        try await withDeployment { deployment, _, _ in
            try await deployment.deploy(template(""))
            let error = await #expect(throws: DiscoveryError.self) {
                try await deployment.plan(template(", HealthCheckCustomConfig: {FailureThreshold: 1}"))
            }
            #expect(error?.message.contains("HealthCheckCustomConfig") == true)
        }
    }

    @Test func `what one stack exports another imports, and keeps from going`() async throws {
        let importing = "Resources:\n  Q: {Type: AWS::SQS::Queue, Properties: {Tags: [{Key: from, Value: !ImportValue s-url}]}}"
        try await withDeployment { deployment, _, _ in
            try await deployment.deploy(whole)
            try await deployment.deploy(importing, as: "other")
            await #expect(throws: DiscoveryError.self) { _ = try await deployment.destroy("s") }
            await #expect(throws: DiscoveryError.self) {
                try await deployment.deploy(whole.replacing(", Export: {Name: !Sub \"${AWS::StackName}-url\"}", with: ""))
            }
            let twice = "Resources:\n  Q: {Type: AWS::SQS::Queue}\nOutputs: {O: {Value: x, Export: {Name: s-url}}}"
            await #expect(throws: DiscoveryError.self) { try await deployment.deploy(twice, as: "third") }
            #expect(try await deployment.stacks().map(\.name) == ["other", "s"])
            _ = try await deployment.destroy("other")
            _ = try await deployment.destroy("s")
            #expect(try await deployment.everything().isEmpty)
        }
    }

    @Test func `a secret is in no plan, neither the old nor the new`() async throws {
        let template = """
            Parameters: {Key: {Type: String, NoEcho: true}}
            Resources:
              Space: {Type: AWS::ServiceDiscovery::HttpNamespace, Properties: {Name: space, Description: !Sub "key ${Key}"}}
            """
        try await withDeployment { deployment, _, _ in
            try await deployment.deploy(template, ["Key": "first-secret"])
            let plan = try await deployment.plan(template, ["Key": "second-secret"])
            #expect(plan.count == 1 && !"\(plan)".contains("first-secret") && !"\(plan)".contains("second-secret"))
        }
    }

    @Test func `what was changed by hand has drifted`() async throws {
        try await withDeployment { deployment, discovery, _ in
            try await deployment.deploy(whole)
            try await discovery.withMessages { messaging in
                _ = try await messaging.configureQueue("jobs-dev") { $0.visibility = .seconds(7) }
            }
            try await discovery.deregister("space-dev.garden->news")
            let (drifts, examined) = try await deployment.drift("s")
            #expect(examined == 8 && drifts.map(\.logicalID) == ["Jobs", "NewsInstance"])
            #expect(
                drifts[0].differences.map(\.name) == ["VisibilityTimeout"] && drifts[0].differences[0].actual == "7" && drifts[1].isGone)
        }
    }

    @Test func `the scheduler of Peak's article is deployed, and its queue used by its address`() async throws {
        try await withDeployment { deployment, discovery, _ in
            let namespace = try await discovery.withRegistry { try await $0.createNamespace(name: "namespace-prod") }
            let template = """
                Parameters: {Stage: {Type: String, Default: dev}}
                Mappings:
                  CloudMapMappings:
                    dev: {CloudMapNamespaceID: ns-0000000000000000}
                    prod: {CloudMapNamespaceID: \(namespace.id)}
                Resources:
                  SchedulerQueue:
                    Type: AWS::SQS::Queue
                    Properties: {QueueName: !Join ['-', ['ais', !Ref Stage, 'scheduler.fifo']], FifoQueue: true}
                  SchedulerService:
                    Type: AWS::ServiceDiscovery::Service
                    Properties: {Name: scheduler-service, NamespaceId: !FindInMap [CloudMapMappings, !Ref Stage, CloudMapNamespaceID]}
                  SchedulerQueueInstance:
                    Type: AWS::ServiceDiscovery::Instance
                    Properties:
                      InstanceId: scheduler-queue
                      ServiceId: !Ref SchedulerService
                      InstanceAttributes:
                        arn: !Join ['-', ['ais', !Ref Stage, 'scheduler.fifo']]
                        type: queue
                        url: !Ref SchedulerQueue
                """
            await #expect(throws: DiscoveryError.self) { try await deployment.deploy(template) }
            #expect(try await deployment.everything() == ["namespace namespace-prod"], "the namespace of dev is not there")
            try await deployment.deploy(template, ["Stage": "prod"])
            try await discovery.queue("namespace-prod.scheduler-service->scheduler-queue", "a message")
            var deliveries = discovery.listen("namespace-prod.scheduler-service->scheduler-queue").makeAsyncIterator()
            let delivery = try #require(try await deliveries.next())
            #expect(delivery.message.body == Array(#""a message""#.utf8))
            try await delivery.finish()
        }
    }

    @Test func `a function of a template is whatever serves its name here`() async throws {
        let template = """
            Resources:
              F: {Type: AWS::Lambda::Function, Properties: {FunctionName: shout, Role: r, Code: {ZipFile: x}}}
              Space: {Type: AWS::ServiceDiscovery::HttpNamespace, Properties: {Name: space}}
              S: {Type: AWS::ServiceDiscovery::Service, Properties: {Name: s, NamespaceId: !Ref Space}}
              I: {Type: AWS::ServiceDiscovery::Instance, Properties: {ServiceId: !Ref S, InstanceId: shout, InstanceAttributes: {arn: !GetAtt F.Arn}}}
            """
        try await withDeployment(configure: { $0.policies = [PolicyRule("*") { $0.attempts = 1 }] }) { deployment, discovery, _ in
            try await deployment.deploy(template)
            // However often: who serves it next is called at once.
            for _ in 0..<10 {
                let error = await #expect(throws: DiscoveryError.self) {
                    try await discovery.request("space.s->shout", .text("a"))
                }
                #expect(error?.code == .unreachable && error?.message.contains("local.lambda->shout") == true)
            }
            let serving = Task {
                try await discovery.serve("local.lambda->shout") { (request: Request) in
                    .text(String(decoding: request.message.body, as: UTF8.self).uppercased())
                }
            }
            while (try? await discovery.resolve("local.lambda->shout")) == nil { await Task.yield() }
            let reply = try await discovery.request("space.s->shout", .text("hello"))
            #expect(reply.message.body == Array("HELLO".utf8))
            serving.cancel()
            _ = await serving.result
        }
    }

    @Test func `a Serverless file takes namespaces as they are, and leaves them`() async throws {
        let text = """
            service: scheduler
            custom:
              stage: ${opt:stage, 'dev'}
              cloudmap:
                services:
                  - cfname: SchedulerService
                    name: scheduler
                    namespace: ais
                    description: the scheduler
                    instances:
                      - cfname: JobsInstance
                        name: jobs
                        id: jobs
                        arn: arn:aws:sqs:local:000000000000:jobs
                        config: {type: queue, stage: "${self:custom.stage}"}
            """
        try await withDeployment { deployment, discovery, _ in
            _ = try await discovery.withRegistry { try await $0.createNamespace(name: "ais") }
            let file = try ServerlessFile(parsing: text, name: "serverless.yml")
            let request = Deployment.Request(
                stack: "s", template: try file.template(.init(options: ["stage": "prod"])), adoptsNamespaces: true)
            _ = try await deployment.deploy(request)
            #expect(try await discovery.resolve("ais.scheduler->jobs").attributes["stage"] == "prod")
            #expect(try await deployment.plan(request).plan.isEmpty)
            #expect(try await deployment.drift("s").drifts.isEmpty)
            _ = try await deployment.destroy("s")
            #expect(try await deployment.everything() == ["namespace ais"])
        }
    }
}

/// What the project offers ready to use.
@Suite(.timeLimit(.minutes(5))) struct ReadyTemplateTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Templates")

    @Test func `each ready template is deployed with its defaults beside the others, changes nothing the second time, and leaves nothing`()
        async throws
    {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter { $0.hasSuffix(".yaml") }.sorted()
        #expect(names.count >= 7)
        try await withDeployment { deployment, _, _ in
            for name in names {
                let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
                let request = Deployment.Request(
                    stack: String(name.dropLast(5)), template: try Template(parsing: text, name: name))
                let outcome = try await deployment.deploy(request)
                #expect(outcome.leftovers.isEmpty && outcome.record.status == .complete && outcome.skipped.isEmpty)
                #expect(try await deployment.plan(request).plan.isEmpty, "\(name)")
                #expect(try await deployment.drift(request.stack).drifts.isEmpty, "\(name)")
            }
            for name in names.reversed() { _ = try await deployment.destroy(String(name.dropLast(5))) }
            let everything = try await deployment.everything()
            #expect(everything.isEmpty, "\(everything)")
        }
    }
}
