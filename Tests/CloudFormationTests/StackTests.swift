import Testing

@testable import CloudFormation

@Suite struct StackTests {
    private static func stack(_ text: String, _ inputs: Template.Inputs = .init()) throws -> ResolvedStack {
        try Template(parsing: text, name: "it.yaml").evaluate(inputs)
    }

    @Test func `each resource comes after those it depends on, otherwise as written`() throws {
        let stack = try Self.stack(
            """
            Resources:
              D: {Type: 'AWS::SQS::Queue', DependsOn: [C, B]}
              E: {Type: 'AWS::SQS::Queue'}
              C: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Sub 'x-${A.QueueName}'}}
              B: {Type: 'AWS::SQS::Queue', Properties: {RedrivePolicy: {deadLetterTargetArn: !GetAtt A.Arn, maxReceiveCount: 3}}}
              A: {Type: 'AWS::SQS::Queue'}
            """)
        #expect(stack.resources.map(\.logicalID) == ["A", "B", "C", "D", "E"])
        #expect(stack["D"]?.dependsOn == ["B", "C"] && stack["B"]?.dependsOn == ["A"] && stack["E"]?.dependsOn == [])
    }

    @Test func `what a condition leaves out is not made, and nothing waits for it`() throws {
        let text = """
            Parameters: {Stage: {Type: String}}
            Conditions: {IsProd: !Equals [!Ref Stage, prod]}
            Resources:
              Alarm: {Type: 'AWS::SNS::Topic', Condition: IsProd}
              Foreign: {Type: 'AWS::IAM::Role', Condition: IsProd}
              Queue:
                Type: AWS::SQS::Queue
                DependsOn: Alarm
                Properties:
                  QueueName: !If [IsProd, !GetAtt Alarm.TopicName, !Ref AWS::NoValue]
                  Tags: [!If [IsProd, {Key: a, Value: b}, !Ref AWS::NoValue]]
            Outputs:
              Alarm: {Condition: IsProd, Value: !Ref Alarm}
              Queue: {Value: !Ref Queue}
            """
        let stack = try Self.stack(text, .init(parameters: ["Stage": "dev"]))
        #expect(stack.resources.map(\.logicalID) == ["Queue"])
        #expect(stack["Queue"]?.dependsOn == [])
        #expect(try stack["Queue"]?.properties { _, _ in nil } == ["Tags": []])
        #expect(stack.outputs.map(\.name) == ["Queue"])
        let fault = #expect(throws: TemplateError.self) { try Self.stack(text, .init(parameters: ["Stage": "prod"])) }
        #expect(fault?.code == .unsupported)
    }

    @Test func `what is not here is left out when that is wanted, with what needs it`() throws {
        let text = """
            Resources:
              Role: {Type: 'AWS::IAM::Role', Properties: {RoleName: x}}
              Table: {Type: 'AWS::DynamoDB::Table'}
              Worker:
                Type: AWS::Lambda::Function
                DependsOn: Table
                Properties:
                  Role: !GetAtt Role.Arn
                  Code: {ZipFile: x}
              Name: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Sub '${Table}-queue'}}
              Tail: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Sub '${Name.QueueName}-queue'}}
              Other: {Type: 'AWS::SQS::Queue', DependsOn: Name}
            Outputs:
              Role: {Value: !Ref Role}
              Tail: {Value: !Ref Tail}
              Worker: {Value: !Ref Worker}
            """
        let stack = try Self.stack(text, .init(skipsUnsupported: true))
        #expect(stack.resources.map(\.logicalID) == ["Worker", "Other"])
        #expect(stack["Worker"]?.dependsOn == [] && stack["Other"]?.dependsOn == [])
        #expect(try stack["Worker"]?.properties { _, _ in nil } == ["Code": ["ZipFile": "x"]])
        #expect(stack.outputs.map(\.name) == ["Worker"])
        #expect(
            stack.skipped.map(\.path) == [
                "Resources.Role", "Resources.Table", "Resources.Worker.Properties.Role", "Resources.Name", "Resources.Tail", "Outputs.Role",
                "Outputs.Tail",
            ])
        #expect(stack.skipped[3].reason == "It needs Table, which is left out." && stack.skipped[3].mark.line == 10)
    }

    @Test func `a function without a role is refused also when others are left out`() throws {
        let text = """
            Resources:
              Table: {Type: 'AWS::DynamoDB::Table'}
              Worker: {Type: 'AWS::Lambda::Function', Properties: {Code: {ZipFile: x}}}
            """
        let fault = #expect(throws: TemplateError.self) { try Self.stack(text, .init(skipsUnsupported: true)) }
        #expect(fault?.code == .missingProperty)
    }

    @Test func `values are what the schema has, however they are written`() throws {
        let stack = try Self.stack(
            """
            Resources:
              Queue:
                Type: AWS::SQS::Queue
                UpdateReplacePolicy: Retain
                DeletionPolicy: RetainExceptOnCreate
                CreationPolicy: {ResourceSignal: {Count: 1}}
                Metadata: {Note: !Ref Nothing, n: null}
                Properties:
                  QueueName: 123
                  DelaySeconds: '10'
                  VisibilityTimeout: 30
                  FifoQueue: 'True'
                  RedrivePolicy: '{"maxReceiveCount": 3}'
                  Tags: [{Key: true, Value: 1.50}]
              Function:
                Type: AWS::Lambda::Function
                Properties:
                  Role: r
                  Code: {ZipFile: x}
                  Environment: {Variables: {A: 1, B: true, C: text}}
            """)
        #expect(
            try stack["Queue"]?.properties { _, _ in nil } == [
                "QueueName": "123", "DelaySeconds": 10, "VisibilityTimeout": 30, "FifoQueue": true,
                "RedrivePolicy": #"{"maxReceiveCount": 3}"#, "Tags": [["Key": "true", "Value": "1.50"]],
            ])
        #expect(
            try stack["Function"]?.properties { _, _ in nil }["Environment"] == ["Variables": ["A": "1", "B": "true", "C": "text"]])
        #expect(stack["Queue"]?.updateReplacePolicy == .retain && stack["Queue"]?.deletionPolicy == .retainExceptOnCreate)
        #expect(stack["Queue"]?.metadata == ["Note": ["Ref": "Nothing"], "n": .null])
    }

    @Test func `a value that comes late is held against the schema when it comes`() throws {
        let stack = try Self.stack(
            """
            Resources:
              Queue: {Type: 'AWS::SQS::Queue'}
              Service:
                Type: AWS::SQS::Queue
                Properties:
                  DelaySeconds: !Select [1, !Split ['-', !Ref Queue]]
            """)
        let service = try #require(stack["Service"])
        #expect(try service.properties { _, _ in "a-5" } == ["DelaySeconds": 5])
        let wrong = #expect(throws: TemplateError.self) { try service.properties { _, _ in "a-x" } }
        #expect(wrong?.code == .wrongType && wrong?.line == 6 && wrong?.template == "it.yaml")
        let short = #expect(throws: TemplateError.self) { try service.properties { _, _ in "a" } }
        #expect(short?.code == .function && short?.line == 6 && short?.path == "Resources.Service.Properties.DelaySeconds")
    }

    @Test func `JSON has escapes, pairs of surrogates and tabs`() throws {
        let text =
            "{\t\"Resources\":\n\t{\"Queue\":{\"Type\":\"AWS::SQS::Queue\",\"Properties\":{\"QueueName\":\"\\ud83d\\ude42\\u00e9\\/\\n\"}}}}\n"
        #expect(try Self.stack(text)["Queue"]?.properties { _, _ in nil } == ["QueueName": "🙂é/\n"])
        // What only begins like JSON is YAML.
        let loose = "{\"Resources\": {\"Queue\": {Type: AWS::SQS::Queue, # a note\n Properties: {QueueName: !Sub a}}},}"
        #expect(try Self.stack(loose)["Queue"]?.properties { _, _ in nil } == ["QueueName": "a"])
    }

    @Test func `which change replaces a resource is in the table`() throws {
        let queue = try #require(ResourceType.named("AWS::SQS::Queue"))
        #expect(queue.property("QueueName")?.replaces == true && queue.property("DelaySeconds")?.replaces == false)
        #expect(queue.attributes == ["Arn", "QueueName", "QueueUrl"] && queue.reference == "the queue's URL")
        #expect(ResourceType.named("AWS::SNS::Subscription")?.property("Endpoint")?.replaces == true)
        #expect(ResourceType.all.count == 13 && Set(ResourceType.all.map(\.name)).count == 13)
    }

    @Test func `what is not here can be left open, for reading names`() throws {
        let text = """
            Resources:
              Role: {Type: 'AWS::IAM::Role'}
              A: {Type: 'AWS::SQS::Queue', DependsOn: Role, Properties: {QueueName: !Sub 'x-${Role.Arn}'}}
              B: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Join ['-', [b, !ImportValue shared]], DelaySeconds: 5}}
            """
        #expect(throws: TemplateError.self) { try Self.stack(text) }
        var inputs = Template.Inputs()
        inputs.leavesUnknownOpen = true
        let stack = try Self.stack(text, inputs)
        #expect(stack.resources.map(\.logicalID) == ["A", "B"] && stack.skipped == [])
        #expect(stack["A"]?.properties.references.map(\.logicalID) == ["Role"])
        #expect(stack["B"]?.properties.references.map(\.logicalID) == [Template.importing("shared")])
        #expect(throws: TemplateError.self) { try stack["B"]?.properties { _, _ in nil } }
        #expect(try stack["B"]?.properties { _, _ in "c" }["QueueName"] == "b-c")
    }
}
