extension ReadyTemplate {
    static let topicFanout = ReadyTemplate(
        name: "topic-fanout", naming: .project(parameter: "NamespaceName"), queues: ["weather->everything"],
        trial: ("publish", "weather->events"),
        text: #"""
            # A topic whose messages go to two queues, one of which wants only some: `news.weather->events`, `->everything`, `->warnings`.
            #
            # Here:    discovery deploy weather Templates/topic-fanout.yaml
            # On AWS:  aws cloudformation deploy --stack-name weather --template-file Templates/topic-fanout.yaml
            #
            # Then:    discovery publish 'news.weather->events' 'it rains' --attribute kind=warning
            #          discovery listen 'news.weather->warnings' --wait 0s
            AWSTemplateFormatVersion: '2010-09-09'
            Description: A topic and two queues that are subscribed to it, one with a filter

            Parameters:
              NamespaceName:
                Type: String
                Default: news
                Description: The first part of the addresses
              ServiceName:
                Type: String
                Default: weather
                Description: The second part of the addresses
              Kinds:
                Type: CommaDelimitedList
                Default: warning,alarm
                Description: The values of the attribute `kind` that the queue `warnings` gets

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

              Topic:
                Type: AWS::SNS::Topic
                Properties:
                  TopicName: !Sub ${AWS::StackName}-events

              Everything:
                Type: AWS::SQS::Queue
                Properties:
                  QueueName: !Sub ${AWS::StackName}-everything

              Warnings:
                Type: AWS::SQS::Queue
                Properties:
                  QueueName: !Sub ${AWS::StackName}-warnings

              # On AWS a topic may send to a queue only where the queue's policy says so.
              QueuePolicy:
                Type: AWS::SQS::QueuePolicy
                Properties:
                  Queues:
                    - !Ref Everything
                    - !Ref Warnings
                  PolicyDocument:
                    Version: '2012-10-17'
                    Statement:
                      - Effect: Allow
                        Principal:
                          Service: sns.amazonaws.com
                        Action: sqs:SendMessage
                        Resource:
                          - !GetAtt Everything.Arn
                          - !GetAtt Warnings.Arn
                        Condition:
                          ArnEquals:
                            aws:SourceArn: !Ref Topic

              EverythingSubscription:
                Type: AWS::SNS::Subscription
                Properties:
                  TopicArn: !Ref Topic
                  Protocol: sqs
                  Endpoint: !GetAtt Everything.Arn
                  RawMessageDelivery: true

              WarningsSubscription:
                Type: AWS::SNS::Subscription
                Properties:
                  TopicArn: !Ref Topic
                  Protocol: sqs
                  Endpoint: !GetAtt Warnings.Arn
                  RawMessageDelivery: true
                  FilterPolicy:
                    kind: !Ref Kinds

              TopicInstance:
                Type: AWS::ServiceDiscovery::Instance
                Properties:
                  ServiceId: !Ref Service
                  InstanceId: events
                  InstanceAttributes:
                    type: topic
                    arn: !Ref Topic

              EverythingInstance:
                Type: AWS::ServiceDiscovery::Instance
                Properties:
                  ServiceId: !Ref Service
                  InstanceId: everything
                  InstanceAttributes:
                    type: queue
                    arn: !GetAtt Everything.Arn
                    url: !Ref Everything

              WarningsInstance:
                Type: AWS::ServiceDiscovery::Instance
                Properties:
                  ServiceId: !Ref Service
                  InstanceId: warnings
                  InstanceAttributes:
                    type: queue
                    arn: !GetAtt Warnings.Arn
                    url: !Ref Warnings

            Outputs:
              TopicAddress:
                Description: Where to publish
                Value: !Sub ${NamespaceName}.${ServiceName}->events
              EverythingAddress:
                Description: Where all of it arrives
                Value: !Sub ${NamespaceName}.${ServiceName}->everything
              WarningsAddress:
                Description: Where what passes the filter arrives
                Value: !Sub ${NamespaceName}.${ServiceName}->warnings
              TopicArn:
                Description: The topic's ARN, for programs that use AWS's own libraries
                Value: !Ref Topic

            """#)
}
