/// Templates as people write them.
enum Templates {
    static let all = [TemplateTests.scheduler, fanOut, wholeApp, json, discovery]

    /// A topic whose queues get what they filter for, with policies as consoles and guides have them.
    static let fanOut = """
        ---
        AWSTemplateFormatVersion: 2010-09-09
        Description: >-
          A topic, and a queue with a dead-letter queue
          for each kind of order.
        Metadata:
          AWS::CloudFormation::Interface:
            ParameterGroups:
              - Label: {default: Retries}
                Parameters: [MaxReceives]
        Parameters:
          MaxReceives: {Type: Number, Default: 5, MinValue: 1, MaxValue: 1000}
          Prefix: {Type: String, Default: orders, AllowedPattern: '[a-z][a-z0-9-]{1,40}'}
          Email: {Type: String, Default: ''}
        Conditions:
          HasEmail: !Not [!Equals [!Ref Email, '']]
        Resources:
          Orders:
            Type: AWS::SNS::Topic
            Properties:
              TopicName: !Sub ${Prefix}-${AWS::Region}
              DisplayName: 'Orders: new'
              Tags:
                - Key: stack
                  Value: !Ref AWS::StackName
          Dead:
            Type: AWS::SQS::Queue
            Properties: {MessageRetentionPeriod: 1209600}
          Large:
            Type: AWS::SQS::Queue
            Properties:
              QueueName: !Join [-, [!Ref Prefix, large]]
              VisibilityTimeout: 120
              RedrivePolicy:
                deadLetterTargetArn: !GetAtt Dead.Arn
                maxReceiveCount: !Ref MaxReceives
          LargePolicy:
            Type: AWS::SQS::QueuePolicy
            Properties:
              Queues: [!Ref Large]
              PolicyDocument:
                Version: 2012-10-17
                Statement:
                  - Effect: Allow
                    Principal: {Service: sns.amazonaws.com}
                    Action: sqs:SendMessage
                    Resource: !GetAtt Large.Arn
                    Condition:
                      ArnEquals:
                        aws:SourceArn: !Ref Orders
          LargeSubscription:
            Type: AWS::SNS::Subscription
            DependsOn: LargePolicy
            Properties:
              TopicArn: !Ref Orders
              Protocol: sqs
              Endpoint: !GetAtt Large.Arn
              RawMessageDelivery: true
              FilterPolicyScope: MessageBody
              FilterPolicy:
                kind: [order]
                total:
                  - numeric: ['>=', 1000]
          Mail:
            Type: AWS::SNS::Subscription
            Condition: HasEmail
            Properties:
              TopicArn: !Ref Orders
              Protocol: email
              Endpoint: !Ref Email
        Outputs:
          TopicArn:
            Value: !Ref Orders
            Export:
              Name: !Sub '${AWS::StackName}-orders'

        """

    /// Functions with roles, which are not here, and code within the template.
    static let wholeApp = """
        AWSTemplateFormatVersion: "2010-09-09"
        Parameters:
          Stage:
            Type: String
            Default: dev
            AllowedValues:
              - dev
              - prod
          Zones:
            Type: CommaDelimitedList
            Default: "a, b"
          Password:
            Type: String
            NoEcho: true
            Default: changeme
        Mappings:
          Settings:
            dev: {memory: 128, timeout: "3"}
            prod: {memory: 1024, timeout: "30"}
        Conditions:
          IsProd: !Equals [!Ref Stage, prod]
          IsLarge: !And
            - !Condition IsProd
            - Fn::Not:
                - Fn::Equals: [!Select [0, !Ref Zones], none]
        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Version: '2012-10-17'
                Statement: [{Effect: Allow, Principal: {Service: [lambda.amazonaws.com]}, Action: ['sts:AssumeRole']}]
          GetJob:
            Type: AWS::Lambda::Function
            Properties:
              FunctionName: !Sub "${AWS::StackName}-${Stage}-get-job"
              Handler: index.handler
              Runtime: nodejs20.x
              MemorySize: !FindInMap [Settings, !Ref Stage, memory]
              Timeout: !FindInMap [Settings, !Ref Stage, timeout]
              Role: !GetAtt Role.Arn
              Environment:
                Variables:
                  JOBS: !Ref Jobs
                  ZONES: !Join [",", !Ref Zones]
                  PASSWORD: !Ref Password
                  CONFIG: !Sub
                    - '{"url": "${Url}", "large": ${Large}}'
                    - Url: !GetAtt Jobs.QueueUrl
                      Large: !If [IsLarge, true, false]
              Code:
                ZipFile: |
                  // a & b, *c, &d
                  exports.handler = async (event) => {
                    console.log(`${event.id}`, "${!x}");
                    return { statusCode: 200, body: JSON.stringify([1, 2]) };
                  };
          Jobs:
            Type: AWS::SQS::Queue
            DeletionPolicy: !If [IsProd, Retain, Delete]
            Properties:
              QueueName: !Sub "${AWS::StackName}-jobs.fifo"
              FifoQueue: true
              ContentBasedDeduplication: !If [IsProd, true, !Ref "AWS::NoValue"]
          Namespace:
            Type: AWS::ServiceDiscovery::HttpNamespace
            Properties: {Name: !Sub "app-${Stage}"}
          Scheduler:
            Type: AWS::ServiceDiscovery::Service
            Properties:
              NamespaceId: !Ref Namespace
              Name: scheduler
          GetJobInstance:
            Type: AWS::ServiceDiscovery::Instance
            Properties:
              ServiceId: !GetAtt Scheduler.Id
              InstanceId: get-job
              InstanceAttributes: {type: function, arn: !GetAtt GetJob.Arn}
        Outputs:
          Jobs: {Value: !GetAtt Jobs.Arn, Export: {Name: !Sub "${AWS::StackName}:jobs"}}
          Block: {Value: !Select [1, !Cidr [10.0.0.0/16, 2, 8]]}
          Data: {Value: !Base64 {'Fn::Sub': "x-${Stage}"}}

        """

    static let json = #"""
        {
          "AWSTemplateFormatVersion": "2010-09-09",
          "Description": "quotes \" and \u00e9 \ud83d\ude42",
          "Parameters": {"Stage": {"Type": "String", "Default": "dev"}, "Delay": {"Type": "Number", "Default": "5"}},
          "Mappings": {"M": {"dev": {"ids": ["a", "b"]}}},
          "Conditions": {"C": {"Fn::Or": [{"Fn::Equals": [{"Ref": "Stage"}, "dev"]}, {"Condition": "D"}]},
                         "D": {"Fn::Equals": ["a", "b"]}},
          "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": {"Ref": "Delay"}}},
            "Topic": {"Type": "AWS::SNS::Topic", "Condition": "C", "Properties": {
              "TopicName": {"Fn::Join": ["-", ["t", {"Fn::Select": ["1", {"Fn::FindInMap": ["M", {"Ref": "Stage"}, "ids"]}]}]]},
              "Subscription": [{"Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]}, "Protocol": "sqs"}]}}
          },
          "Outputs": {"Q": {"Value": {"Fn::Sub": ["${a}/${Queue}", {"a": {"Fn::ImportValue": "shared"}}]}}}
        }
        """#

    /// DNS namespaces and health checks, with anchors.
    static let discovery = """
        Transform: AWS::LanguageExtensions
        Parameters: {Vpc: {Type: 'AWS::EC2::VPC::Id', Default: vpc-1}}
        Resources:
          Private:
            Type: AWS::ServiceDiscovery::PrivateDnsNamespace
            Properties: {Name: corp.internal, Vpc: !Ref Vpc, Properties: {DnsProperties: {SOA: {TTL: 60}}}}
          Web:
            Type: AWS::ServiceDiscovery::Service
            Properties: &service
              NamespaceId: !GetAtt Private.Id
              Description: !Sub '${Private.Arn} ${Private.HostedZoneId}'
              DnsConfig:
                RoutingPolicy: MULTIVALUE
                DnsRecords:
                - {Type: A, TTL: '60'}
                - Type: SRV
                  TTL: 60
              HealthCheckCustomConfig:
                FailureThreshold: 1
          Copy: {Type: 'AWS::ServiceDiscovery::Service', Properties: *service}
          Host:
            Type: AWS::ServiceDiscovery::Instance
            Properties:
              ServiceId: !Ref Web
              InstanceAttributes:
                AWS_INSTANCE_IPV4: 10.0.0.1
                AWS_INSTANCE_PORT: 8080
                weights: !ToJsonString {a: !Length [1, 2]}

        """
}
