extension ReadyTemplate {
    static let queueWithDeadLetterQueue = ReadyTemplate(
        name: "queue-with-dead-letter-queue", naming: .project(parameter: "NamespaceName"), queues: ["work->jobs"],
        trial: ("queue", "work->jobs"),
        text: #"""
            # A queue, and another for the messages that nobody can handle: `queues.work->jobs` and `queues.work->failed-jobs`.
            #
            # Here:    discovery deploy work Templates/queue-with-dead-letter-queue.yaml
            # On AWS:  aws cloudformation deploy --stack-name work --template-file Templates/queue-with-dead-letter-queue.yaml
            #
            # Then:    discovery queue 'queues.work->jobs' 'water the plants'
            #          discovery listen 'queues.work->jobs' -- sh -c 'cat'
            AWSTemplateFormatVersion: '2010-09-09'
            Description: A queue with a dead-letter queue, both to be found by name

            Parameters:
              NamespaceName:
                Type: String
                Default: queues
                Description: The first part of the addresses
              ServiceName:
                Type: String
                Default: work
                Description: The second part of the addresses
              QueueName:
                Type: String
                Default: jobs
                Description: The last part of the queue's address; the other's begins with `failed-`
              MaximumReceives:
                Type: Number
                Default: 5
                MinValue: 1
                MaxValue: 1000
                Description: How often a message is tried before it is set aside
              VisibilityTimeout:
                Type: Number
                Default: 30
                MinValue: 0
                MaxValue: 43200
                Description: Seconds until a message comes again whose handler was lost

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

              # Kept for 14 days, the longest there is: longer than the queue keeps what waits in it.
              DeadLetterQueue:
                Type: AWS::SQS::Queue
                Properties:
                  QueueName: !Sub ${AWS::StackName}-failed-${QueueName}
                  MessageRetentionPeriod: 1209600

              Queue:
                Type: AWS::SQS::Queue
                Properties:
                  QueueName: !Sub ${AWS::StackName}-${QueueName}
                  VisibilityTimeout: !Ref VisibilityTimeout
                  RedrivePolicy:
                    deadLetterTargetArn: !GetAtt DeadLetterQueue.Arn
                    maxReceiveCount: !Ref MaximumReceives

              QueueInstance:
                Type: AWS::ServiceDiscovery::Instance
                Properties:
                  ServiceId: !Ref Service
                  InstanceId: !Ref QueueName
                  InstanceAttributes:
                    type: queue
                    arn: !GetAtt Queue.Arn
                    url: !Ref Queue

              DeadLetterInstance:
                Type: AWS::ServiceDiscovery::Instance
                Properties:
                  ServiceId: !Ref Service
                  InstanceId: !Sub failed-${QueueName}
                  InstanceAttributes:
                    type: queue
                    arn: !GetAtt DeadLetterQueue.Arn
                    url: !Ref DeadLetterQueue

            Outputs:
              Address:
                Description: Where to send to, and listen
                Value: !Sub ${NamespaceName}.${ServiceName}->${QueueName}
              DeadLetterAddress:
                Description: Where to look for what failed
                Value: !Sub ${NamespaceName}.${ServiceName}->failed-${QueueName}
              QueueUrl:
                Description: The queue's URL, for programs that use AWS's own libraries
                Value: !Ref Queue

            """#)
}
