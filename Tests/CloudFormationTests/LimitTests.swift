import Testing

@testable import CloudFormation

@Suite struct LimitTests {
    private static func fault(_ text: String, _ name: String = "it.yaml") -> TemplateError? {
        fault(Array(text.utf8), name)
    }

    private static func fault(_ bytes: [UInt8], _ name: String = "it.yaml") -> TemplateError? {
        do throws(TemplateError) {
            _ = try Template(parsing: bytes, name: name).evaluate()
            return nil
        } catch {
            return error
        }
    }

    private static let queue = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n"

    @Test func `a template has a mebibyte at most`() {
        let most = Self.queue + "# " + String(repeating: "x", count: (1 << 20) - Self.queue.utf8.count - 2)
        #expect(Self.fault(most) == nil)
        #expect(Self.fault(most + "x")?.code == .tooLarge)
    }

    @Test(arguments: ["it.json", "it.yaml"])
    func `a template is 100 levels deep at most`(name: String) {
        func nested(_ levels: Int) -> String {
            "{\"Metadata\": {\"a\": \(String(repeating: "[", count: levels))\(String(repeating: "]", count: levels))}, \"Resources\": {\"Queue\": {\"Type\": \"AWS::SQS::Queue\"}}}"
        }
        #expect(Self.fault(nested(98), name) == nil)
        #expect(Self.fault(nested(99), name)?.code == .tooLarge)
        #expect(Self.fault(nested(1_500), name)?.line == 1)
        #expect(Self.fault(nested(400_000), name) != nil)
    }

    @Test func `block nesting has the same limit`() {
        let deep = (0..<2_000).map { String(repeating: " ", count: min($0, 400)) + "- " }.joined(separator: "\n")
        #expect(Self.fault("a:\n" + deep) != nil)
        #expect(Self.fault(String(repeating: "- ", count: 5_000)) != nil)
        #expect(Self.fault(String(repeating: "? ", count: 5_000)) != nil)
    }

    @Test func `aliases are written out`() throws {
        let text = """
            Metadata: {tags: &tags [{Key: a, Value: b}]}
            Resources:
              One: {Type: 'AWS::SQS::Queue', Properties: {QueueName: &name one, Tags: *tags}}
              Two: {Type: 'AWS::SNS::Topic', Properties: {TopicName: *name, Tags: *tags}}
            """
        let stack = try Template(parsing: text, name: "").evaluate()
        #expect(
            try stack["Two"]?.properties { _, _ in nil } == ["TopicName": "one", "Tags": [["Key": "a", "Value": "b"]]])
    }

    /// Each line ten times the one before: a thousand million million.
    @Test func `a bomb of aliases is refused`() {
        var text = "Metadata:\n  a0: &a0 [x, x]\n"
        for line in 1...15 {
            text += "  a\(line): &a\(line) [\(Array(repeating: "*a\(line - 1)", count: 10).joined(separator: ", "))]\n"
        }
        #expect(Self.fault(text + Self.queue)?.code == .tooLarge)
        // As a key, it would be walked before there is a tree.
        #expect(Self.fault(text + "  ? *a15\n  : x\n" + Self.queue)?.code == .tooLarge)
        // Below the bound of the bytes, above that of the nodes.
        var small = "Metadata:\n  a0: &a0 [\(Array(repeating: "x", count: 1_000).joined(separator: ", "))]\n"
        small += "  a1: &a1 [\(Array(repeating: "*a0", count: 250).joined(separator: ", "))]\n"
        #expect(Self.fault(small + Self.queue)?.message.contains("200000 values") == true)
    }

    /// Each anchor's node holds the one before, 900 levels further down: more levels than a stack has frames.
    @Test func `a tower of aliases is refused`() {
        var text = "a0: &a0 x\n"
        for line in 1...100 {
            text += "a\(line): &a\(line) \(String(repeating: "[", count: 900))*a\(line - 1)\(String(repeating: "]", count: 900))\n"
        }
        #expect(Self.fault(text)?.code == .tooLarge)
    }

    @Test func `what only looks like aliases is no bomb`() {
        let script = (0..<200).map { "  f(a, **b, c&&d, &x) 2>&1 /* \($0) */ *.log */5 * * *" }.joined(separator: "\n")
        #expect(Self.fault("Description: |\n\(script)\n\(Self.queue)") == nil)
        #expect(Self.fault("Metadata: {a: 'R&D *bold* &and'}\n\(Self.queue)") == nil)
    }

    @Test func `texts of functions of functions are bounded`() {
        // 14 doublings of a thousand bytes, each function within the other.
        var expression = String(repeating: "x", count: 1_000)
        for _ in 0..<14 { expression = "{'Fn::Sub': ['${a}${a}', {a: \(expression)}]}" }
        let text = "Resources: {Queue: {Type: 'AWS::SQS::Queue', Properties: {QueueName: \(expression)}}}"
        let fault = Self.fault(text)
        #expect(fault?.code == .function && fault?.message.contains("1048576 bytes") == true, "\(String(describing: fault))")
    }

    @Test func `a text of opening braces alone is read in no time`() {
        let text = "Description: x\n" + Self.queue + "    Properties:\n      QueueName: !Sub '\(String(repeating: "${", count: 400_000))'\n"
        #expect(Self.fault(text) == nil)
    }

    @Test func `more resources than AWS takes are refused`() {
        func many(_ count: Int) -> String { "Resources:\n" + (0..<count).map { "  Q\($0): {Type: 'AWS::SQS::Queue'}\n" }.joined() }
        #expect(Self.fault(many(500)) == nil)
        #expect(Self.fault(many(501))?.code == .tooLarge)
        let line =
            "Resources:\n" + (0..<500).map { "  Q\($0): {Type: 'AWS::SQS::Queue'\($0 < 499 ? ", DependsOn: Q\($0 + 1)" : "")}\n" }.joined()
        #expect((try? Template(parsing: line, name: "").evaluate())?.resources.first?.logicalID == "Q499")
    }

    @Test func `what is not UTF-8 is refused where it begins`() {
        let fault = Self.fault(Array("Resources:\n  é: ".utf8) + [0xFF, 0x41])
        #expect(fault?.code == .malformed && fault?.line == 2 && fault?.column == 6)
        #expect(Self.fault([0xFE, 0xFF, 0, 0x41])?.message.contains("UTF-16") == true)
        #expect(Self.fault([0xEF, 0xBB, 0xBF] + Array(Self.queue.utf8)) == nil)
        #expect(Self.fault([]) != nil)
        #expect(Self.fault([0]) != nil)
    }

    @Test func `long names of deep values are refused before each is kept`() {
        let name = String(repeating: "x", count: 1_000)
        let list = String(repeating: "a,", count: 50_000)
        let text = "{Resources: {R: {Type: 'AWS::SQS::QueuePolicy', Properties: {PolicyDocument: {\(name): {\(name): [\(list)]}}}}}}"
        let fault = Self.fault(text)
        #expect(fault?.code == .tooLarge && (fault?.path.utf8.count ?? 0) < 400)
    }

    @Test func `conditions in a line are bounded, each as deep as may be`() {
        func line(_ count: Int) -> String {
            (0..<count).map { index in
                let next = index + 1 < count ? "{Condition: C\(index + 1)}" : "{'Fn::Equals': [a, a]}"
                return "  C\(index): \(String(repeating: "{'Fn::Not': [", count: 46))\(next)\(String(repeating: "]}", count: 46))\n"
            }.joined()
        }
        #expect(Self.fault("Conditions:\n\(line(20))\(Self.queue)") == nil)
        #expect(Self.fault("Conditions:\n\(line(21))\(Self.queue)")?.code == .tooLarge)
    }

    @Test func `a short template may not stand for ever longer texts`() {
        let long = String(repeating: "x", count: 4_096)
        func text(_ expression: String) -> String {
            """
            Parameters: {P: {Type: String, Default: \(long)}}
            Resources:
              F: {Type: 'AWS::Lambda::Function', Properties: {Role: r, Code: {}, ImageConfig: \(expression)}}
            """
        }
        let sub = "!Sub '\(String(repeating: "${P}", count: 200))'"
        #expect(Self.fault(text(sub)) == nil)
        #expect(Self.fault(text("[\(Array(repeating: sub, count: 100).joined(separator: ", "))]"))?.code == .tooLarge)
        #expect(Self.fault(text("!ToJsonString [\(Array(repeating: "!Ref P", count: 20_000).joined(separator: ", "))]"))?.code == .function)
    }

    @Test func `a list of a mebibyte is refused in bounded time`() {
        #expect(Self.fault("Resources: [\(String(repeating: "a,", count: 500_000))]")?.code == .tooLarge)
        #expect(Self.fault("{\"a\": [\(String(repeating: "1,", count: 500_000))1]}", "it.json")?.code == .tooLarge)
    }
}
