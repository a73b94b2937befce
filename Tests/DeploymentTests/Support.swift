import CloudFormation
import DiscoveryKit
import Foundation
import Logging
import Messaging
import Registry
import Testing

@testable import Deployment

/// A client on a home of its own, which is gone when the test is.
func withDeployment<Value>(
    configure: (inout Discovery.Configuration) -> Void = { _ in }, _ body: (Deployment, Discovery, String) async throws -> Value
) async throws -> Value {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-deployment-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var configuration = Discovery.Configuration()
    configuration.backend = .embedded(home: path)
    configuration.logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    configure(&configuration)
    let discovery = try Discovery(configuration)
    do {
        let value = try await body(Deployment(discovery), discovery, path)
        await discovery.shutdown()
        return value
    } catch {
        await discovery.shutdown()
        throw error
    }
}

extension Deployment {
    @discardableResult
    func deploy(_ template: String, _ parameters: [String: String] = [:], as stack: String = "s") async throws -> Outcome {
        try await deploy(request(stack, template, parameters))
    }

    func plan(_ template: String, _ parameters: [String: String] = [:]) async throws -> [StackPlan.Change] {
        try await plan(request("s", template, parameters)).plan.changes
    }

    private func request(
        _ stack: String, _ template: String, _ parameters: [String: String]
    ) throws -> Deployment.Request {
        Deployment.Request(
            stack: stack, template: try Template(parsing: template, name: "t.yaml"), parameters: parameters)
    }

    /// Everything that is in the home, by kind and name.
    func everything() async throws -> Set<String> {
        let registered = try await discovery.withRegistry { registry in
            var found = Set(try await registry.namespaces().map { "namespace \($0.name)" })
            for service in try await registry.services() {
                found.insert("service \(service.namespace).\(service.name)")
                for instance in try await registry.list(namespace: service.namespace, service: service.name, limit: 1_000).instances {
                    found.insert("instance \(service.namespace).\(service.name)->\(instance.id)")
                }
            }
            return found
        }
        let queued = try await discovery.withMessages { messaging in
            var found = Set(try await messaging.queues().map { "queue \($0.name)" })
            for topic in try await messaging.topics() { found.insert("topic \(topic.name)") }
            for subscription in try await messaging.subscriptions() { found.insert("subscription \(subscription.endpoint.name ?? "")") }
            return found
        }
        return registered.union(queued)
    }
}

/// Two of everything, with names and without.
let whole = """
    Parameters:
      Stage: {Type: String, Default: dev}
      Seconds: {Type: Number, Default: 30}
      Color: {Type: String, Default: blue}
    Resources:
      Space: {Type: AWS::ServiceDiscovery::HttpNamespace, Properties: {Name: !Sub "space-${Stage}", Description: !Ref Color}}
      Garden: {Type: AWS::ServiceDiscovery::Service, Properties: {Name: garden, NamespaceId: !Ref Space}}
      Jobs:
        Type: AWS::SQS::Queue
        Properties:
          QueueName: !Sub "jobs-${Stage}"
          VisibilityTimeout: !Ref Seconds
          RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}
          Tags: [{Key: color, Value: !Ref Color}]
      Dead: {Type: AWS::SQS::Queue}
      News: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Color}}
      Diary:
        Type: AWS::SNS::Subscription
        Properties: {TopicArn: !Ref News, Protocol: sqs, Endpoint: !GetAtt Jobs.Arn, FilterPolicy: {color: [!Ref Color]}}
      JobsInstance:
        Type: AWS::ServiceDiscovery::Instance
        Properties: {ServiceId: !Ref Garden, InstanceId: jobs, InstanceAttributes: {type: queue, url: !Ref Jobs, color: !Ref Color}}
      NewsInstance:
        Type: AWS::ServiceDiscovery::Instance
        Properties: {ServiceId: !Ref Garden, InstanceId: news, InstanceAttributes: {type: topic, arn: !Ref News}}
    Outputs:
      Url: {Value: !Ref Jobs, Export: {Name: !Sub "${AWS::StackName}-url"}}
    """
