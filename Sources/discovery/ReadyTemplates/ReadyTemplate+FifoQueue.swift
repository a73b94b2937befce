extension ReadyTemplate {
    static let fifoQueue = ReadyTemplate(
        name: "fifo-queue", naming: .project(parameter: "NamespaceName"), queues: ["ledger->bookings"],
        trial: ("queue", "ledger->bookings"),
        text: #"""
            # A queue that keeps the order within each group, and takes a message once: `books.ledger->bookings`.
            #
            # Here:    discovery deploy ledger Templates/fifo-queue.yaml
            # On AWS:  aws cloudformation deploy --stack-name ledger --template-file Templates/fifo-queue.yaml
            #
            # Then:    discovery queue 'books.ledger->bookings' '{"amount": 5}' --group account-7
            AWSTemplateFormatVersion: '2010-09-09'
            Description: A FIFO queue, to be found by name

            Parameters:
              NamespaceName:
                Type: String
                Default: books
                Description: The first part of the address
              ServiceName:
                Type: String
                Default: ledger
                Description: The second part of the address
              QueueName:
                Type: String
                Default: bookings
                Description: The last part of the address, without .fifo
              ByContent:
                Type: String
                Default: 'true'
                AllowedValues: ['true', 'false']
                Description: Whether two messages with the same body within five minutes are one

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

              # A FIFO queue's dead-letter queue is a FIFO queue as well.
              DeadLetterQueue:
                Type: AWS::SQS::Queue
                Properties:
                  QueueName: !Sub ${AWS::StackName}-failed-${QueueName}.fifo
                  FifoQueue: true
                  MessageRetentionPeriod: 1209600

              Queue:
                Type: AWS::SQS::Queue
                Properties:
                  QueueName: !Sub ${AWS::StackName}-${QueueName}.fifo
                  FifoQueue: true
                  ContentBasedDeduplication: !Ref ByContent
                  RedrivePolicy:
                    deadLetterTargetArn: !GetAtt DeadLetterQueue.Arn
                    maxReceiveCount: 5

              QueueInstance:
                Type: AWS::ServiceDiscovery::Instance
                Properties:
                  ServiceId: !Ref Service
                  InstanceId: !Ref QueueName
                  InstanceAttributes:
                    type: queue
                    arn: !GetAtt Queue.Arn
                    url: !Ref Queue

            Outputs:
              Address:
                Description: Where to send to, and listen
                Value: !Sub ${NamespaceName}.${ServiceName}->${QueueName}
              QueueUrl:
                Description: The queue's URL, for programs that use AWS's own libraries
                Value: !Ref Queue

            """#)
}
