import Testing

@testable import CloudFormation

@Suite struct TemplateTests {
    /// The template of the article that Peak's libraries come with.
    static let scheduler = """
        AWSTemplateFormatVersion: '2010-09-09'
        Description: The scheduler's queue, to be found by name
        Parameters:
          Stage:
            Type: String
            AllowedValues: [dev, prod]
        Mappings:
          CloudMapMappings:
            dev:
              CloudMapNamespaceID: ns-dev
            prod:
              CloudMapNamespaceID: ns-prod
        Resources:
          SchedulerInstance:
            Type: AWS::ServiceDiscovery::Instance
            Properties:
              InstanceAttributes:
                arn: !Join ['-', ['ais', !Ref Stage, 'scheduler.fifo']]
                type: queue
                url: !Ref SchedulerQueue
              InstanceId: scheduler-queue
              ServiceId: !Ref SchedulerService
          SchedulerService:
            Type: AWS::ServiceDiscovery::Service
            Properties:
              Name: scheduler-service
              NamespaceId: !FindInMap [CloudMapMappings, !Ref Stage, CloudMapNamespaceID]
          SchedulerQueue:
            Type: AWS::SQS::Queue
            DeletionPolicy: Retain
            Properties:
              QueueName: !Join ['-', ['ais', !Ref Stage, 'scheduler.fifo']]
              FifoQueue: 'true'
              VisibilityTimeout: "300"
        Outputs:
          Url:
            Description: where to send to
            Value: !Ref SchedulerQueue
            Export: {Name: !Sub '${AWS::StackName}-url'}

        """

    @Test func `the scheduler's template gives its queue, service and instance, in order`() throws {
        let template = try Template(parsing: Self.scheduler, name: "scheduler.yaml")
        #expect(template.parameters.map(\.name) == ["Stage"])
        let stack = try template.evaluate(.init(parameters: ["Stage": "prod"], stackName: "scheduler"))
        #expect(stack.resources.map(\.logicalID) == ["SchedulerQueue", "SchedulerService", "SchedulerInstance"])
        let made: [String: TemplateValue] = [
            "SchedulerQueue": "http://localhost:4580/000000000000/ais-prod-scheduler.fifo", "SchedulerService": "srv-1",
        ]
        let instance = try #require(stack["SchedulerInstance"])
        #expect(instance.dependsOn == ["SchedulerQueue", "SchedulerService"])
        #expect(
            try instance.properties { name, _ in made[name] } == [
                "InstanceAttributes": [
                    "arn": "ais-prod-scheduler.fifo", "type": "queue", "url": "http://localhost:4580/000000000000/ais-prod-scheduler.fifo",
                ],
                "InstanceId": "scheduler-queue", "ServiceId": "srv-1",
            ])
        let queue = try #require(stack["SchedulerQueue"])
        #expect(
            try queue.properties { _, _ in nil } == ["QueueName": "ais-prod-scheduler.fifo", "FifoQueue": true, "VisibilityTimeout": 300])
        #expect(queue.deletionPolicy == .retain && queue.updateReplacePolicy == .delete)
        #expect((queue.mark.line, queue.mark.column) == (28, 3))
        #expect(try stack["SchedulerService"]?.properties { _, _ in nil }["NamespaceId"] == "ns-prod")
        let output = try #require(stack.outputs.first)
        #expect(output.exportName == "scheduler-url" && output.description == "where to send to")
        #expect(try output.value { name, _ in made[name] } == "http://localhost:4580/000000000000/ais-prod-scheduler.fifo")
        let fault = #expect(throws: TemplateError.self) { try instance.properties { _, _ in nil } }
        #expect(fault?.code == .unknownReference && fault?.line == 20)
    }

    @Test func `the whole stack is one JSON text`() throws {
        let stack = try Template(parsing: Self.scheduler, name: "").evaluate(.init(parameters: ["Stage": "dev"]))
        #expect(
            try stack.json() == """
                {"SchedulerInstance":{"Properties":{"InstanceAttributes":{"arn":"ais-dev-scheduler.fifo","type":"queue",\
                "url":{"Ref":"SchedulerQueue"}},"InstanceId":"scheduler-queue","ServiceId":{"Ref":"SchedulerService"}},\
                "Type":"AWS::ServiceDiscovery::Instance"},"SchedulerQueue":{"Properties":{"FifoQueue":true,\
                "QueueName":"ais-dev-scheduler.fifo","VisibilityTimeout":300},"Type":"AWS::SQS::Queue"},\
                "SchedulerService":{"Properties":{"Name":"scheduler-service","NamespaceId":"ns-dev"},\
                "Type":"AWS::ServiceDiscovery::Service"}}
                """)
    }
}
