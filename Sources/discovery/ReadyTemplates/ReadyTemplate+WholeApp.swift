extension ReadyTemplate {
    static let wholeApp = ReadyTemplate(
        name: "whole-app", naming: .project(parameter: "NamespaceName"), functions: ["main->greet"], queues: ["main->jobs"],
        trial: ("request", "main->greet"),
        text: #"""
            # What an application needs: a function, a queue with a dead-letter queue, and a topic that feeds the queue, all in one service.
            # `app.main->greet`, `app.main->jobs`, `app.main->failed-jobs`, `app.main->events`
            #
            # Here:    discovery deploy app Templates/whole-app.yaml
            # On AWS:  aws cloudformation deploy --stack-name app --template-file Templates/whole-app.yaml
            #
            # Then:    discovery publish 'app.main->events' '{"name": "Ada"}' --attribute kind=job
            #          discovery listen 'app.main->jobs' --wait 0s
            #
            # A function that a process serves under its name (`Discovery.serve`, `discovery serve`) is registered by that process: leave FunctionUrl
            # empty. For one that is at a URL, say where.
            AWSTemplateFormatVersion: '2010-09-09'
            Description: A function, a queue and a topic of an application, to be found by name

            Parameters:
              NamespaceName:
                Type: String
                Default: app
                Description: The first part of the addresses
              ServiceName:
                Type: String
                Default: main
                Description: The second part of the addresses
              FunctionUrl:
                Type: String
                Default: ''
                Description: Where the function `greet` is served; empty if a process serves it under its name
                AllowedPattern: (https?://\S+)?
                ConstraintDescription: a URL that begins with http:// or https://, or nothing
              MaximumReceives:
                Type: Number
                Default: 5
                MinValue: 1
                MaxValue: 1000
                Description: How often a message is tried before it is set aside

            Conditions:
              HasFunctionUrl: !Not [!Equals [!Ref FunctionUrl, '']]

            Resources:
              Namespace:
                Type: AWS::ServiceDiscovery::HttpNamespace
                Properties:
                  Name: !Ref NamespaceName

              Service:
                Type: AWS::ServiceDiscovery::Service
                Properties:
                  Name: !Ref ServiceName
                  NamespaceId: !Ref Namespace

              GreetInstance:
                Type: AWS::ServiceDiscovery::Instance
                Condition: HasFunctionUrl
                Properties:
                  ServiceId: !Ref Service
                  InstanceId: greet
                  InstanceAttributes:
                    type: function
                    url: !Ref FunctionUrl

              FailedJobs:
                Type: AWS::SQS::Queue
                Properties:
                  QueueName: !Sub ${AWS::StackName}-failed-jobs
                  MessageRetentionPeriod: 1209600

              Jobs:
                Type: AWS::SQS::Queue
                Properties:
                  QueueName: !Sub ${AWS::StackName}-jobs
                  VisibilityTimeout: 30
                  RedrivePolicy:
                    deadLetterTargetArn: !GetAtt FailedJobs.Arn
                    maxReceiveCount: !Ref MaximumReceives

              JobsInstance:
                Type: AWS::ServiceDiscovery::Instance
                Properties:
                  ServiceId: !Ref Service
                  InstanceId: jobs
                  InstanceAttributes:
                    type: queue
                    arn: !GetAtt Jobs.Arn
                    url: !Ref Jobs

              FailedJobsInstance:
                Type: AWS::ServiceDiscovery::Instance
                Properties:
                  ServiceId: !Ref Service
                  InstanceId: failed-jobs
                  InstanceAttributes:
                    type: queue
                    arn: !GetAtt FailedJobs.Arn
                    url: !Ref FailedJobs

              Events:
                Type: AWS::SNS::Topic
                Properties:
                  TopicName: !Sub ${AWS::StackName}-events

              EventsInstance:
                Type: AWS::ServiceDiscovery::Instance
                Properties:
                  ServiceId: !Ref Service
                  InstanceId: events
                  InstanceAttributes:
                    type: topic
                    arn: !Ref Events

              # On AWS a topic may send to a queue only where the queue's policy says so.
              JobsPolicy:
                Type: AWS::SQS::QueuePolicy
                Properties:
                  Queues:
                    - !Ref Jobs
                  PolicyDocument:
                    Version: '2012-10-17'
                    Statement:
                      - Effect: Allow
                        Principal:
                          Service: sns.amazonaws.com
                        Action: sqs:SendMessage
                        Resource: !GetAtt Jobs.Arn
                        Condition:
                          ArnEquals:
                            aws:SourceArn: !Ref Events

              # Of what is published, the events of the kind `job` are work to be done.
              JobsSubscription:
                Type: AWS::SNS::Subscription
                Properties:
                  TopicArn: !Ref Events
                  Protocol: sqs
                  Endpoint: !GetAtt Jobs.Arn
                  RawMessageDelivery: true
                  FilterPolicy:
                    kind:
                      - job

            Outputs:
              FunctionAddress:
                Description: What to call
                Value: !Sub ${NamespaceName}.${ServiceName}->greet
              QueueAddress:
                Description: Where to send to, and listen
                Value: !Sub ${NamespaceName}.${ServiceName}->jobs
              TopicAddress:
                Description: Where to publish
                Value: !Sub ${NamespaceName}.${ServiceName}->events

            """#)
}
