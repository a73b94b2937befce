extension ReadyTemplate {
    static let scheduler = ReadyTemplate(
        name: "scheduler", naming: .fixed(namespace: "namespace-prod", parameter: "Stage", value: "prod"),
        queues: ["scheduler-service->scheduler-queue"], trial: ("queue", "scheduler-service->scheduler-queue"),
        text: #"""
            # A scheduler's queue, one for each stage: `namespace-prod.scheduler-service->scheduler-queue`.
            #
            # Here:    discovery deploy scheduler-prod Templates/scheduler.yaml --parameter Stage=prod
            # On AWS:  aws cloudformation deploy --stack-name scheduler-prod --template-file Templates/scheduler.yaml --parameter-overrides Stage=prod
            #
            # Then:    discovery queue 'namespace-prod.scheduler-service->scheduler-queue' '{"job": 7}'
            #
            # Where a stage has a namespace already, put its id in the mapping in place of `new`.
            AWSTemplateFormatVersion: '2010-09-09'
            Description: The scheduler's queue, to be found by name in its stage's namespace

            Parameters:
              Stage:
                Type: String
                Default: dev
                AllowedValues: [dev, staging, prod]
                Description: Which of the namespaces this is for

            Mappings:
              CloudMapMappings:
                dev:
                  CloudMapNamespaceID: new
                staging:
                  CloudMapNamespaceID: new
                prod:
                  CloudMapNamespaceID: new

            Conditions:
              MakesNamespace: !Equals [!FindInMap [CloudMapMappings, !Ref Stage, CloudMapNamespaceID], new]

            Resources:
              Namespace:
                Type: AWS::ServiceDiscovery::HttpNamespace
                Condition: MakesNamespace
                Properties:
                  Name: !Join ['-', [namespace, !Ref Stage]]

              SchedulerQueue:
                Type: AWS::SQS::Queue
                Properties:
                  QueueName: !Join ['-', ['ais', !Ref Stage, 'scheduler.fifo']]
                  FifoQueue: true
                  VisibilityTimeout: 300

              SchedulerService:
                Type: AWS::ServiceDiscovery::Service
                Properties:
                  Name: scheduler-service
                  Description: Jobs that wait for the scheduler
                  NamespaceId: !If
                    - MakesNamespace
                    - !Ref Namespace
                    - !FindInMap [CloudMapMappings, !Ref Stage, CloudMapNamespaceID]

              SchedulerQueueInstance:
                Type: AWS::ServiceDiscovery::Instance
                Properties:
                  ServiceId: !Ref SchedulerService
                  InstanceId: scheduler-queue
                  InstanceAttributes:
                    arn: !Join ['-', ['ais', !Ref Stage, 'scheduler.fifo']]
                    type: queue
                    url: !Ref SchedulerQueue

            Outputs:
              Address:
                Description: Where to send to, and listen, if the namespace is this stack's
                Condition: MakesNamespace
                Value: !Sub namespace-${Stage}.scheduler-service->scheduler-queue
              QueueUrl:
                Description: The queue's URL, for programs that use AWS's own libraries
                Value: !Ref SchedulerQueue

            """#)
}
