import Testing

@testable import CloudFormation

@Suite struct ServerlessTests {
    private static let file = """
        service: ais
        frameworkVersion: '3'
        provider:
          name: aws
          runtime: nodejs20.x
          stage: ${opt:stage, 'dev'}
          environment:
            TABLE: ${ssm:/never/read}
        plugins: [serverless-cloudmap]
        functions:
          get-job:
            handler: src/get.handler
            timeout: 10
            environment: {STAGE: '${sls:stage}', REGION: '${AWS::Region}'}
          unused:
            handler: ${file(./never.js)}
        custom:
          stage: ${self:provider.stage}
          names:
            dev: jobs-dev
            prod: jobs-production
          retries: 3
          cloudmap:
            services:
              - cfname: SchedulerService
                name: scheduler
                namespace: ais-${self:custom.stage}
                description: who runs what in ${opt:region, self:custom.region, "nowhere"}
                instances:
                  - cfname: GetJob
                    name: get-job
                    arn: !GetAtt GetDashjobLambdaFunction.Arn
                    config:
                      retries: ${self:custom.retries}
                  - cfname: JobQueue
                    name: jobs
                    id: jobs.v2
                    arn: !GetAtt Jobs.Arn
                    config: {url: !Ref Jobs}
              - cfname: OtherService
                name: other
                namespace: ns-123
                instances:
                  - cfname: News
                    name: news
                    arn: arn:aws:sns:eu-west-1:123456789012:news-${env:SUFFIX, 'x'}
                  - cfname: Special
                    name: special
                    arn: some-arn
                    config: {type: script, handler: mine}
        resources:
          - Resources:
              Jobs:
                Type: AWS::SQS::Queue
                Properties:
                  QueueName: ${self:custom.names.${self:custom.stage}}
          - Outputs:
              Url: {Value: !Ref Jobs}
            Conditions: {Never: !Equals [a, b]}

        """

    private static func stack(_ text: String, _ variables: ServerlessFile.Variables = .init()) throws -> ResolvedStack {
        try ServerlessFile(parsing: text.replacing("${ssm:/never/read}", with: "t"), name: "serverless.yml").template(variables).evaluate()
    }

    @Test func `services, instances, namespaces and resources become a stack`() throws {
        let stack = try Self.stack(Self.file, .init(options: ["stage": "prod"], environment: ["SUFFIX": "y"]))
        let made = try Dictionary(
            uniqueKeysWithValues: stack.resources.map { resource in
                (resource.logicalID, try resource.properties { name, attribute in .text("\(name)/\(attribute ?? "ref")") })
            })
        #expect(made["Namespaceaisprod"] == ["Name": "ais-prod"])
        #expect(
            made["SchedulerService"] == [
                "Name": "scheduler", "NamespaceId": "Namespaceaisprod/ref", "Description": "who runs what in nowhere",
            ])
        #expect(
            made["GetJob"] == [
                "InstanceAttributes": ["arn": "GetDashjobLambdaFunction/Arn", "handler": "get-job", "type": "function", "retries": "3"],
                "InstanceId": "get-job", "ServiceId": "SchedulerService/ref",
            ])
        #expect(
            made["JobQueue"] == [
                "InstanceAttributes": ["arn": "Jobs/Arn", "url": "Jobs/ref", "handler": "jobs", "type": "queue"],
                "InstanceId": "jobs.v2", "ServiceId": "SchedulerService/ref",
            ])
        #expect(made["OtherService"]?["NamespaceId"] == "ns-123")
        #expect(made["News"]?["InstanceAttributes"]?.members?["arn"] == "arn:aws:sns:eu-west-1:123456789012:news-y")
        #expect(made["News"]?["InstanceAttributes"]?.members?["type"] == "topic")
        #expect(made["Special"]?["InstanceAttributes"] == ["arn": "some-arn", "type": "script", "handler": "mine"])
        #expect(made["Jobs"] == ["QueueName": "jobs-production"])
        #expect(
            made["GetDashjobLambdaFunction"] == [
                "FunctionName": "ais-prod-get-job", "Handler": "src/get.handler", "Runtime": "nodejs20.x", "Timeout": 10,
                "Environment": ["Variables": ["STAGE": "prod", "REGION": "${AWS::Region}", "TABLE": "t"]], "Role": "serverless",
                "Code": ["ZipFile": ""],
            ])
        #expect(made.count == 9 && stack.outputs.map(\.name) == ["Url"])
    }

    @Test func `defaults are taken where nothing is given`() throws {
        let stack = try Self.stack(Self.file)
        #expect(try stack["Jobs"]?.properties { _, _ in nil } == ["QueueName": "jobs-dev"])
        #expect(stack["Namespaceaisdev"] != nil)
    }

    @Test func `the older form has one service`() throws {
        let stack = try Self.stack(
            """
            custom:
              cloudmap:
                service: {cfname: S, name: s, namespace: ns-1}
                instances: [{cfname: I, name: i, arn: 'arn:aws:sqs:local:000000000000:q'}]
            """)
        #expect(stack.resources.map(\.logicalID) == ["S", "I"])
        #expect(try stack["I"]?.properties { _, _ in "id" }["InstanceAttributes"]?.members?["type"] == "queue")
    }

    @Test(arguments: [
        ("x: ▸${opt:nothing}", TemplateError.Code.unknownReference, "${opt:nothing}"),
        ("x: ▸${ssm:/a}", .unsupported, "ssm:/a"),
        ("x: ▸${file(a.yml)}", .unsupported, "file(a.yml)"),
        ("x: ▸${self:x}", .circular, "${self:x} → ${self:x}"),
        ("x: ▸a${self:provider}", .wrongType, "is an object"),
        ("x: ▸a-${opt:a, ssm:b}", .unsupported, "ssm:b"),
        ("x: ${self:y}\ny: ▸a-${self:x}", .circular, "→"),
    ])
    func `a variable that leads nowhere is a fault with its place`(value: String, code: TemplateError.Code, part: String) throws {
        let lines = value.split(separator: "\n")
        let line = lines.firstIndex { $0.contains("▸") } ?? 0
        let column = lines[line].unicodeScalars.prefix { $0 != "▸" }.count
        let text = """
            \(value.filter { $0 != "▸" })
            provider: {a: b}
            resources:
              Resources: {Queue: {Type: 'AWS::SQS::Queue', Properties: {QueueName: '${self:x}'}}}
            """
        let fault = #expect(throws: TemplateError.self) { try ServerlessFile(parsing: text, name: "s.yml").template() }
        #expect(fault?.code == code && fault?.message.contains(part) == true, "\(String(describing: fault))")
        #expect(fault?.description.hasPrefix("s.yml:\(line + 1):\(column + 1): ") == true, "\(String(describing: fault))")
    }

    @Test(arguments: [
        ("custom: {cloudmap: {services: [{name: s, namespace: ns-1}]}}", "cfname is missing"),
        ("custom: {cloudmap: {services: [{cfname: S, namespace: ns-1}]}}", "name is missing"),
        ("custom: {cloudmap: {services: [{cfname: S, name: s}]}}", "namespace is missing"),
        ("custom: {cloudmap: {services: [{cfname: S, name: s, namespac: ns-1}]}}", "Did you mean namespace?"),
        ("custom: {cloudmap: {services: [{cfname: S, name: s, namespace: ns-1, instances: [{cfname: I}]}]}}", "name is missing"),
        ("custom: {cloudmap: {services: [{cfname: S, name: s, namespace: ns-1, instances: [{cfname: S, name: i}]}]}}", "second time"),
        ("custom: {a: b}", "neither a block"),
        ("[a]", "is an object"),
    ])
    func `what the block lacks is named`(text: String, part: String) {
        let fault = #expect(throws: TemplateError.self) { try ServerlessFile(parsing: text, name: "s.yml").template() }
        #expect(fault?.message.contains(part) == true, "\(String(describing: fault))")
    }

    @Test func `variables that stand for ever more are refused`() {
        var text = "custom:\n  a0: ''\n"
        for line in 1...19 { text += "  a\(line): '${self:custom.a\(line - 1)}${self:custom.a\(line - 1)}'\n" }
        text += "resources: {Resources: {Queue: {Type: 'AWS::SQS::Queue', Properties: {QueueName: '${self:custom.a19}x'}}}}\n"
        let fault = #expect(throws: TemplateError.self) { try ServerlessFile(parsing: text, name: "s.yml").template() }
        #expect(fault?.code == .tooLarge)
    }

    @Test(.timeLimit(.minutes(10)))
    func `any bytes are a file or a fault with a place`() async {
        print("ServerlessTests: \(Rounds.note)")
        for await round in Rounds.each() {
            var generator = SplitMix(round: round)
            var bytes: [UInt8] = []
            for mutation in 0..<40 {
                if mutation % 5 == 0 { bytes = Array(Self.file.utf8) }
                MutationTests.mutate(&bytes, &generator)
                do throws(TemplateError) {
                    _ = try ServerlessFile(parsing: bytes, name: "it").template().evaluate()
                } catch {
                    #expect(
                        error.line >= 1 && error.column >= 1 && error.template == "it", "\(Rounds.note) round \(round) mutation \(mutation)"
                    )
                }
            }
        }
    }
}
