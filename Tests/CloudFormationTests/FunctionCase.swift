import Testing

@testable import CloudFormation

/// An expression, and what it comes to: JSON, or a fault.
struct FunctionCase: Sendable, CustomTestStringConvertible {
    let expression: String
    let expected: Expected

    enum Expected: Sendable {
        case json(String)
        /// The code, and a part of the message.
        case fault(TemplateError.Code, String)
    }

    var testDescription: String { "\(expression) → \(expected)" }

    static func value(_ expression: String, _ json: String) -> FunctionCase {
        FunctionCase(expression: expression, expected: .json(json))
    }

    static func fault(_ expression: String, _ code: TemplateError.Code, _ part: String) -> FunctionCase {
        FunctionCase(expression: expression, expected: .fault(code, part))
    }

    /// A template in which the expression is a property that takes any value.
    static func template(_ expression: String, condition: String = "{'Fn::Equals': [a, a]}") -> String {
        """
        Parameters:
          Stage: {Type: String, Default: prod}
          Count: {Type: Number, Default: 3}
          Names: {Type: CommaDelimitedList, Default: 'a, b,c'}
          Ports: {Type: List<Number>, Default: '80,443'}
          Index: {Type: Number, Default: 1}
          Flag: {Type: String, Default: 'true'}
          Secret: {Type: String, NoEcho: true, Default: hush-hush}
          Empty: {Type: String, Default: ''}
        Mappings:
          Stages:
            prod: {id: ns-prod, zones: [x, y], count: 7, '123': numeric}
            dev: {id: ns-dev, zones: [z]}
        Conditions:
          IsProd: !Equals [!Ref Stage, prod]
          IsDev: !Equals [!Ref Stage, dev]
          Tested: \(condition)
        Resources:
          Queue: {Type: 'AWS::SQS::Queue'}
          Topic: {Type: 'AWS::SNS::Topic'}
          Absent: {Type: 'AWS::SQS::Queue', Condition: IsDev}
          Subject:
            Type: AWS::Lambda::Function
            Properties:
              Role: none
              Code: {ZipFile: none}
              ImageConfig: \(expression)

        """
    }

    static let inputs = Template.Inputs(
        stackName: "test", region: "eu-west-1", accountID: "123456789012", notificationARNs: ["arn:one"],
        imports: ["shared-id": "ns-shared", "prod-id": "ns-of-prod"])

    static func lookup(_ name: String, _ attribute: String?) -> TemplateValue? {
        attribute.map { .text("\(name)/\($0)") } ?? .text("\(name)/ref")
    }

    func check(_ text: String) throws {
        switch expected {
        case .json(let json):
            let subject = try #require(try Template(parsing: text, name: "t.yaml").evaluate(Self.inputs)["Subject"])
            let value = try subject.properties(resolving: Self.lookup)["ImageConfig"]
            #expect(value?.json == json)
        case .fault(let code, let part):
            let error = #expect(throws: TemplateError.self) {
                let subject = try #require(try Template(parsing: text, name: "t.yaml").evaluate(Self.inputs)["Subject"])
                _ = try subject.properties(resolving: Self.lookup)
            }
            guard let error else { return }
            #expect(error.code == code, "\(error)")
            #expect(error.message.contains(part), "\(error)")
            #expect(!error.description.contains("hush"), "\(error)")
            // The expression is the last line, the conditions' own are on line 17.
            let line = text.split(separator: "\n").count
            #expect(error.line == line || error.line == 17, "\(error)")
            #expect(error.column > 3, "\(error)")
            #expect(error.template == "t.yaml")
        }
    }
}
