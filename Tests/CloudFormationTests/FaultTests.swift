import Testing

@testable import CloudFormation

@Suite struct FaultTests {
    @Test(arguments: texts + structures + parameters + properties + circles)
    func `a fault is found where it is`(row: FaultCase) {
        row.check()
    }

    private static let queue = "Resources: {Queue: {Type: 'AWS::SQS::Queue'}}\n"

    static let texts: [FaultCase] = [
        .init("▸", .malformed, "", "empty"),
        .init("▸# nothing\n", .malformed, "", "empty"),
        .init("▸text", .structure, "", "a section Resources"),
        .init("▸[1, 2]", .structure, "", "a section Resources"),
        .init("Resources:\n▸\tQueue:\n", .malformed, "", "tab"),
        .init("Resources: {\n▸", .malformed, "", "not YAML"),
        .init("Resources:\n  A: b▸: c\n", .malformed, "", "not YAML"),
        .init("\(queue)▸---\n\(queue)", .malformed, "", "second document"),
        .init("Resources:\n  ▸Queue: {Type: 'AWS::SQS::Queue'}\n  Queue: {Type: 'AWS::SNS::Topic'}\n", .duplicate, "Queue", "there twice"),
        .init("Resources:\n  A: ▸*nothing\n", .malformed, "", "undefined alias"),
        .init("x: &x {a: 1}\nResources:\n  Queue:\n    ▸<<: *x\n", .unsupported, "Resources.Queue", "Merge keys"),
        .init("Resources:\n  ▸[a]: b\n", .malformed, "Resources", "A key must be"),
        .init("Resources:\n  ▸!Ref a: b\n", .malformed, "Resources", "A key must be"),
        .init("Resources:\n  A: ▸!Foo b\n", .function, "Resources.A", "no function"),
        .init("Resources: \"▸\u{1}\"\n", .malformed, "", "control characters"),
        .init("größe: \"▸\u{1}\"\n", .malformed, "", "control characters"),
        // JSON
        .init("{\"Resources\": {}▸", .malformed, "", "found the end of the text"),
        .init("{\"Resources\": ▸nil}", .malformed, "Resources", "found `nil`"),
        .init("{\n\t\"Resources\": {\"A\": 1,\n\t▸\"A\": 2}}", .duplicate, "Resources.A", "line 2"),
        .init("{\"a\": \"▸\\ud800\"}", .malformed, "", "surrogates"),
        .init("{\"a\": \"▸\\x\"}", .malformed, "", "no such escape"),
        .init("{\"a\": \"b▸\n\"} x", .malformed, "", "no line ends"),
        .init("{\"a\": ▸01}", .malformed, "a", "Expected a JSON value"),
        .init("{\"Resources\": {}} ▸x", .malformed, "", "Expected the end"),
    ]

    static let structures: [FaultCase] = [
        .init("▸Description: none\n", .structure, "", "needs a section Resources"),
        .init("Resources: ▸{}\n", .structure, "Resources", "at least one"),
        .init("Resources: ▸[a]\n", .structure, "Resources", "must be an object"),
        .init("\(queue)▸Parameter: {}\n", .structure, "Parameter", "Did you mean Parameters?"),
        .init("\(queue)▸Globals: {}\n", .unsupported, "Globals", "is not taken"),
        .init("AWSTemplateFormatVersion: ▸2010-09-10\n\(queue)", .structure, "AWSTemplateFormatVersion", "2010-09-09"),
        .init("Transform: ▸AWS::Serverless-2016-10-31\n\(queue)", .unsupported, "Transform", "AWS::Serverless-2016-10-31"),
        .init("Transform: [AWS::LanguageExtensions, ▸Mine]\n\(queue)", .unsupported, "Transform", "`Mine`"),
        .init("Description: ▸[a]\n\(queue)", .structure, "Description", "must be a text"),
        .init("Resources:\n  ▸my-queue: {Type: 'AWS::SQS::Queue'}\n", .structure, "Resources.my-queue", "letters and digits"),
        .init("Resources:\n  ▸Größe: {Type: 'AWS::SQS::Queue'}\n", .structure, "Resources.Größe", "letters and digits"),
        .init("Resources:\n  ▸Queue: {Properties: {}}\n", .structure, "Resources.Queue", "needs a Type"),
        .init("Resources:\n  Queue: ▸AWS::SQS::Queue\n", .structure, "Resources.Queue", "must be an object"),
        .init(
            "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n    ▸Propertis: {}\n", .structure, "Resources.Queue.Propertis",
            "Did you mean Properties?"),
        .init(
            "Parameters: {Queue: {Type: String, Default: a}}\nResources:\n  ▸Queue: {Type: 'AWS::SQS::Queue'}\n", .duplicate,
            "Resources.Queue", "is a parameter too"),
        .init(
            "Resources:\n  Queue:\n    Type: ▸AWS::SQS::Queeu\n  Role:\n    Type: AWS::IAM::Role\n", .unsupported, "Resources.Queue.Type",
            "Queue (AWS::SQS::Queeu, line 3), Role (AWS::IAM::Role, line 5). Did you mean AWS::SQS::Queue?"),
        .init(
            "Resources:\n  Queue: {Type: 'AWS::SQS::Queue', DependsOn: ▸Qeue}\n", .unknownReference, "Resources.Queue.DependsOn",
            "Did you mean Queue?"),
        .init(
            "Resources:\n  Queue: {Type: 'AWS::SQS::Queue', DependsOn: ▸[Queue]}\n", .circular, "Resources.Queue.DependsOn",
            "depends on itself"),
        .init(
            "Resources:\n  Queue: {Type: 'AWS::SQS::Queue', Condition: ▸Nothing}\n", .unknownCondition, "Resources.Queue", "no condition"),
        .init(
            "Resources:\n  Queue: {Type: 'AWS::SQS::Queue', DeletionPolicy: ▸Snapshot}\n", .unsupported,
            "Resources.Queue.DeletionPolicy", "no snapshots"),
        .init(
            "Resources:\n  Queue: {Type: 'AWS::SQS::Queue', UpdateReplacePolicy: ▸RetainExceptOnCreate}\n", .structure,
            "Resources.Queue.UpdateReplacePolicy", "Delete or Retain"),
        .init("Mappings: {M: ▸a}\n\(queue)", .structure, "Mappings.M", "two levels"),
        .init("Mappings: {M: {a: {b: ▸{c: d}}}}\n\(queue)", .structure, "Mappings.M.a.b", "texts and lists"),
        .init("Mappings: {M: {a: {b: ▸!Ref Queue}}}\n\(queue)", .structure, "Mappings.M.a.b", "texts and lists"),
        .init("\(queue)Outputs: {▸Url: {Description: x}}\n", .structure, "Outputs.Url", "needs a Value"),
        .init("\(queue)Outputs: {Url: {Value: ▸[a]}}\n", .wrongType, "Outputs.Url.Value", "Use Fn::Join"),
        .init(
            "\(queue)Outputs: {Url: {Value: a, Export: {Name: ▸!Ref Queue}}}\n", .function, "Outputs.Url.Export.Name",
            "must be known"),
        .init(
            "\(queue)Outputs: {A: {Value: a, Export: {Name: n}}, B: {Value: a, Export: {Name: ▸n}}}\n", .duplicate,
            "Outputs.B.Export.Name", "The output A"),
        .init("\(queue)Outputs: {Url: {Value: ▸!Ref Qeue}}\n", .unknownReference, "Outputs.Url.Value", "Did you mean Queue?"),
        .init("Conditions: {C: ▸[a]}\n\(queue)", .function, "Conditions.C", "A condition is one of"),
        .init(
            "Rules: {R: {Assertions: [{Assert: ▸!Equals [a, b], AssertDescription: never}]}}\n\(queue)", .rule,
            "Rules.R.Assertions.0", "the rule R: never"),
    ]

    static let parameters: [FaultCase] = [
        .init(
            "Parameters:\n  ▸A: {Type: String}\n  B: {Type: String}\n\(queue)", .missingParameter, "Parameters.A", "not given: A, B."),
        .init(
            "Parameters:\n  ▸Stage: {Type: String, Default: a}\n\(queue)", .unknownParameter, "Parameters", "Did you mean Stage?",
            parameters: ["Stag": "x"]),
        .init("▸\(queue)", .unknownParameter, "Parameters", "It has none", parameters: ["Stage": "x"]),
        .init("Parameters: {▸A: {Default: a}}\n\(queue)", .structure, "Parameters.A", "needs a Type"),
        .init("Parameters: {A: {Type: ▸Strin}}\n\(queue)", .structure, "Parameters.A.Type", "Did you mean String?"),
        .init(
            "Parameters: {A: {Type: ▸'AWS::SSM::Parameter::Value<String>'}}\n\(queue)", .unsupported, "Parameters.A.Type",
            "AWS::SSM::Parameter::Value<String>"),
        .init("Parameters: {A: {Type: String, ▸Defualt: a}}\n\(queue)", .structure, "Parameters.A.Defualt", "Did you mean Default?"),
        .init("Parameters: {A: {Type: String, Default: ▸[a]}}\n\(queue)", .structure, "Parameters.A.Default", "must be a text"),
        .init("Parameters: {A: {Type: String, MinLength: ▸x}}\n\(queue)", .structure, "Parameters.A.MinLength", "must be a number"),
        .init("Parameters: {A: {Type: String, NoEcho: ▸maybe}}\n\(queue)", .structure, "Parameters.A.NoEcho", "true or false"),
        .init(
            "Parameters: {A: {Type: String, AllowedPattern: ▸'[a-'}}\n\(queue)", .structure, "Parameters.A.AllowedPattern",
            "no regular expression"),
        .init(
            "Parameters: {▸A: {Type: Number}}\n\(queue)", .invalidParameter, "Parameters.A", "must be a number; `x`",
            parameters: ["A": "x"]),
        .init(
            "Parameters: {▸A: {Type: Number, NoEcho: true}}\n\(queue)", .invalidParameter, "Parameters.A", "the value is none",
            parameters: ["A": "x"]),
        .init(
            "Parameters: {▸A: {Type: Number, MinValue: 5}}\n\(queue)", .invalidParameter, "Parameters.A", "at least 5",
            parameters: ["A": "4.9"]),
        .init(
            "Parameters: {▸A: {Type: Number, MaxValue: 0.5}}\n\(queue)", .invalidParameter, "Parameters.A", "at most 0.5",
            parameters: ["A": "1"]),
        .init(
            "Parameters: {▸A: {Type: String, MinLength: 3}}\n\(queue)", .invalidParameter, "Parameters.A", "at least 3",
            parameters: ["A": "🙂🙂"]),
        .init(
            "Parameters: {▸A: {Type: String, MaxLength: 3}}\n\(queue)", .invalidParameter, "Parameters.A", "and has 4",
            parameters: ["A": "abcd"]),
        .init(
            "Parameters: {▸A: {Type: String, AllowedValues: [dev, prod], ConstraintDescription: a stage}}\n\(queue)", .invalidParameter,
            "Parameters.A", "one of dev, prod; `test` is not. The template says: `a stage`.", parameters: ["A": "test"]),
        .init(
            "Parameters: {▸A: {Type: String, AllowedPattern: '[a-z]+'}}\n\(queue)", .invalidParameter, "Parameters.A",
            "must match `[a-z]+`", parameters: ["A": "abc1"]),
        .init(
            "Parameters: {▸A: {Type: CommaDelimitedList, AllowedPattern: '[a-z]+'}}\n\(queue)", .invalidParameter, "Parameters.A",
            "`1` does not", parameters: ["A": "abc, 1"]),
        .init(
            "Parameters: {▸A: {Type: List<Number>}}\n\(queue)", .invalidParameter, "Parameters.A", "must be a number",
            parameters: ["A": "1,,2"]),
    ]

    static let properties: [FaultCase] = [
        .init(resource("AWS::SQS::Queue", "▸QueueNam: a"), .unknownProperty, "Resources.R.Properties.QueueNam", "Did you mean QueueName?"),
        .init(
            resource("AWS::SQS::Queue", "VisibilityTimeout: ▸soon"), .wrongType, "Resources.R.Properties.VisibilityTimeout",
            "from 0 to 43200, and is `soon`"),
        .init(
            resource("AWS::SQS::Queue", "VisibilityTimeout: ▸43201"), .wrongType, "Resources.R.Properties.VisibilityTimeout",
            "from 0 to 43200"),
        .init(resource("AWS::SQS::Queue", "DelaySeconds: ▸1.5"), .wrongType, "Resources.R.Properties.DelaySeconds", "a whole number"),
        .init(resource("AWS::SQS::Queue", "FifoQueue: ▸maybe"), .wrongType, "Resources.R.Properties.FifoQueue", "true or false"),
        .init(resource("AWS::SQS::Queue", "QueueName: ▸[a]"), .wrongType, "Resources.R.Properties.QueueName", "a text, and is a list"),
        .init(
            resource("AWS::SQS::Queue", "RedrivePolicy: ▸'{'"), .wrongType, "Resources.R.Properties.RedrivePolicy", "the JSON text of one"),
        .init(
            resource("AWS::SQS::Queue", "QueueName: ▸!Split [',', !Ref R]"), .wrongType, "Resources.R.Properties.QueueName",
            "a text, and is a list"),
        .init(
            resource("AWS::SQS::QueuePolicy", "{PolicyDocument: {}, Queues: ▸!Ref Other}"), .wrongType, "Resources.R.Properties.Queues",
            "a list, and is a text"),
        .init(
            resource("AWS::SQS::Queue", "Tags: [▸{Key: a}]"), .missingProperty, "Resources.R.Properties.Tags.0", "Value is missing"),
        .init(
            "Resources:\n  R:\n    Type: AWS::ServiceDiscovery::Instance\n    Properties:\n      ▸ServiceId: a\n", .missingProperty,
            "Resources.R.Properties",
            "InstanceAttributes is missing"),
        .init(
            resource("AWS::ServiceDiscovery::Instance", "{ServiceId: a, InstanceAttributes: {port: ▸[1]}}"), .wrongType,
            "Resources.R.Properties.InstanceAttributes.port", "a text"),
        .init(
            resource("AWS::SNS::Subscription", "{TopicArn: a, Protocol: ▸sqss}"), .wrongType, "Resources.R.Properties.Protocol",
            "one of application"),
        .init(
            "Resources: {▸R: {Type: 'AWS::SQS::QueuePolicy'}}\n", .missingProperty, "Resources.R.Properties", "PolicyDocument is missing"),
        .init("Resources: {R: {Type: 'AWS::SQS::Queue', Properties: ▸[a]}}\n", .wrongType, "Resources.R.Properties", "must be an object"),
        .init(
            "Conditions: {C: !Equals [a, b]}\nResources: {R: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !If [C, x, ▸[y]]}}}\n",
            .wrongType, "Resources.R.Properties.QueueName", "a text, and is a list"),
    ]

    static let circles: [FaultCase] = [
        .init(
            """
            Resources:
              A: {Type: 'AWS::SQS::Queue', Properties: {QueueName: ▸!GetAtt B.QueueName}}
              B: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Sub 'x-${C}'}}
              C: {Type: 'AWS::SQS::Queue', DependsOn: A}

            """, .circular, "Resources.A", "A → B → C → A"),
        .init(
            "Resources:\n  A: {Type: 'AWS::SQS::Queue', Properties: {QueueName: ▸!Ref A}}\n", .circular, "Resources.A", "A → A"),
        .init(
            "Conditions:\n  A: !Condition B\n  B: ▸!Condition A\n\(queue)", .circular, "Conditions.B", "A → B → A"),
    ]

    private static func resource(_ type: String, _ properties: String) -> String {
        let properties = properties.hasPrefix("{") ? properties : "{\(properties)}"
        return "Resources:\n  R: {Type: '\(type)', Properties: \(properties)}\n  Other: {Type: 'AWS::SQS::Queue'}\n"
    }
}
