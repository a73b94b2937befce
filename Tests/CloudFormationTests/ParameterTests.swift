import Testing

@testable import CloudFormation

@Suite struct ParameterTests {
    private static let template = """
        Parameters:
          Name: {Type: String, Default: 5, MinLength: 1, MaxLength: 5, Description: what it is called}
          Count: {Type: Number, MinValue: -1, MaxValue: 1.5, Default: 1}
          Names: {Type: CommaDelimitedList, AllowedValues: [a, b]}
          Ports: {Type: 'List<Number>', Default: '1, 2'}
          Vpc: {Type: 'AWS::EC2::VPC::Id', Default: vpc-1}
          Subnets: {Type: 'List<AWS::EC2::Subnet::Id>', Default: 'a,b'}
          Pattern: {Type: String, AllowedPattern: '^[a-z]+(-[0-9]{2})?$', Default: a-12}
          Secret: {Type: String, NoEcho: true, AllowedPattern: '[a-z]+', Default: hush}
        Resources:
          Queue: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Ref Secret}}

        """

    private static func parameters(_ given: [String: String]) throws -> [String: TemplateValue] {
        try Template(parsing: template, name: "").evaluate(.init(parameters: given)).parameters
    }

    @Test func `values are given, or are defaults, by type`() throws {
        #expect(
            try Self.parameters(["Names": "a,b,a"]) == [
                "Name": "5", "Count": 1, "Names": ["a", "b", "a"], "Ports": [1, 2], "Vpc": "vpc-1", "Subnets": ["a", "b"],
                "Pattern": "a-12", "Secret": "****",
            ])
        let given = try Self.parameters(["Names": "", "Name": "größe", "Count": "-1", "Ports": "3"])
        #expect(given["Names"] == [] && given["Name"] == "größe" && given["Count"] == .number("-1") && given["Ports"] == [3])
    }

    @Test(arguments: [
        ("Name", ""), ("Name", "sixsix"), ("Count", "1.6"), ("Count", "-2"), ("Count", "0x1"), ("Count", "nan"), ("Count", "inf"),
        ("Count", " 1"), ("Count", ""), ("Count", "1e999"), ("Names", "a,c"), ("Names", "a,"), ("Ports", "x"), ("Pattern", "a-1"),
        ("Pattern", "A"), ("Pattern", "a-12\n"), ("Secret", "HUSH"), ("Secret", String(repeating: "a", count: 4_097)),
    ])
    func `a value that breaks its rules is refused, and a secret is not shown`(name: String, value: String) throws {
        let fault = #expect(throws: TemplateError.self) { try Self.parameters(["Names": "a"].merging([name: value]) { $1 }) }
        #expect(fault?.code == .invalidParameter && fault?.path == "Parameters.\(name)" && fault?.column == 3)
        #expect(fault?.message.contains("HUSH") == false && (fault?.message.utf8.count ?? 0) < 500)
    }

    @Test func `what parameters a template has can be asked`() throws {
        let template = try Template(parsing: Self.template, name: "")
        let name = try #require(template.parameters.first)
        #expect(name.name == "Name" && name.type == "String" && name.defaultValue == "5" && name.description == "what it is called")
        #expect(name.minimumLength == 1 && name.maximumLength == 5 && !name.isSecret && name.mark.line == 2)
        #expect(template.parameters.last?.isSecret == true && template.parameters.last?.allowedPattern == "[a-z]+")
        #expect(template.parameters[2].allowedValues == ["a", "b"] && template.parameters[1].maximumValue == 1.5)
    }

    @Test func `a secret is used, and shown nowhere`() throws {
        let template = try Template(parsing: Self.template, name: "")
        let stack = try template.evaluate(.init(parameters: ["Names": "a", "Secret": "verysecret"]))
        #expect(try stack["Queue"]?.properties { _, _ in nil } == ["QueueName": "verysecret"])
        #expect(stack.conceal("QueueName: xverysecretx") == "QueueName: x****x")
    }

    @Test func `a secret in a value of a wrong type is not shown`() throws {
        let text = """
            Parameters: {Secret: {Type: String, NoEcho: true}}
            Resources: {Queue: {Type: 'AWS::SQS::Queue', Properties: {DelaySeconds: !Sub 'x${Secret}'}}}
            """
        let fault = #expect(throws: TemplateError.self) {
            try Template(parsing: text, name: "").evaluate(.init(parameters: ["Secret": "verysecret"]))
        }
        #expect(fault?.code == .wrongType && fault?.message.contains("`x****`") == true)
    }

    @Test func `each element of a secret list is a secret`() throws {
        let text = """
            Parameters: {Keys: {Type: CommaDelimitedList, NoEcho: true}}
            Resources: {Queue: {Type: 'AWS::SQS::Queue', Properties: {DelaySeconds: !Select [1, !Ref Keys]}}}
            """
        let fault = #expect(throws: TemplateError.self) {
            try Template(parsing: text, name: "").evaluate(.init(parameters: ["Keys": "one, verysecret"]))
        }
        #expect(fault?.message.contains("`****`") == true)
    }

    @Test func `rules of the template are held against the parameters`() throws {
        let text = """
            Parameters: {Stage: {Type: String}, Size: {Type: String, Default: small}}
            Rules:
              Production:
                RuleCondition: !Equals [!Ref Stage, prod]
                Assertions:
                  - Assert: !Contains [[large, huge], !Ref Size]
                    AssertDescription: production is large
                  - Assert: {'Fn::EachMemberIn': [[!Ref Size], [large]]}
                  - Assert: {'Fn::EachMemberEquals': [[!Ref Size, large], large]}
            Resources: {Queue: {Type: 'AWS::SQS::Queue'}}
            """
        let template = try Template(parsing: text, name: "")
        _ = try template.evaluate(.init(parameters: ["Stage": "dev"]))
        _ = try template.evaluate(.init(parameters: ["Stage": "prod", "Size": "large"]))
        let small = #expect(throws: TemplateError.self) { try template.evaluate(.init(parameters: ["Stage": "prod"])) }
        #expect(small?.code == .rule && small?.message.contains("production is large") == true && small?.line == 6)
        let huge = #expect(throws: TemplateError.self) { try template.evaluate(.init(parameters: ["Stage": "prod", "Size": "huge"])) }
        #expect(huge?.code == .rule && huge?.line == 8)
    }
}
