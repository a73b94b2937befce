import Foundation
import Testing

@testable import AddressGenerator

@Suite struct GenerationTests {
    static let head = """
        Parameters:
          Stage: {Type: String, Default: dev}
          Password: {Type: String, NoEcho: true, Default: changeme}
        Mappings:
          Namespaces: {dev: {Id: ns-dev}, prod: {Id: ns-prod}}
        Resources:
          Namespace: {Type: AWS::ServiceDiscovery::HttpNamespace, Properties: {Name: !Sub "ais-${Stage}"}}
          Scheduler:
            Type: AWS::ServiceDiscovery::Service
            Properties: {NamespaceId: !Ref Namespace, Name: scheduler, Description: "Who does what,\\n and when."}
          Jobs: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs.fifo, FifoQueue: true}}
          News: {Type: AWS::SNS::Topic}
          Role: {Type: AWS::IAM::Role}
          Function: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: x}, Role: !GetAtt Role.Arn}}

        """

    static func instance(
        _ name: String, _ id: String?, _ attributes: String, service: String = "!Ref Scheduler"
    ) -> String {
        "  \(name): {Type: AWS::ServiceDiscovery::Instance, Properties: {ServiceId: \(service)"
            + (id.map { ", InstanceId: \($0)" } ?? "") + ", InstanceAttributes: {\(attributes)}}}\n"
    }

    static func generate(
        _ template: String, named name: String = "app.template.yaml", _ options: GenerationOptions = GenerationOptions()
    ) throws(Finding) -> AddressGenerator.Generated {
        try AddressGenerator(options).swift(from: Array(template.utf8), named: name)
    }

    private func constants(_ lines: String) throws -> [String] {
        let generated = try Self.generate(Self.head + lines)
        #expect(generated.warnings == [])
        return generated.source.split(separator: "\n").filter { $0.contains("static let") }.map { line in
            String(line.drop { $0 == " " }.dropFirst("static let ".count))
        }
    }

    @Test func `each instance is a constant of its kind, in enums of its namespace and service`() throws {
        let template =
            Self.head + Self.instance("A", "get-job", "arn: !GetAtt Function.Arn") + Self.instance("B", "jobs", "url: !Ref Jobs")
            + Self.instance("C", "default", "arn: !Ref News") + Self.instance("D", "night", "type: state-machine, arn: !Ref Role")
            + Self.instance("E", "'\"2nd\" floor'", "type: function, id: x") + Self.instance("F", nil, "type: queue, id: x")
        let options = GenerationOptions(
            parameters: ["Stage": "a b's", "Password": "hunter2"], stackName: "app", namespaces: ["ns-1": "x"], enclosingEnum: "App",
            access: .public)
        let generated = try Self.generate(template, named: "/somewhere/app.template.yaml", options)
        #expect(
            generated.source == #"""
                // swift-format-ignore-file
                // The addresses of app.template.yaml. Do not change this file, change the template; this made it:
                // discovery generate swift app.template.yaml --parameter 'Password=****' --parameter 'Stage=a b'\''s' --stack-name app --namespace ns-1=x --enum App --access public

                public import DiscoveryKit

                /// The addresses of `app.template.yaml`.
                public enum App {
                    /// The namespace `ais-a b's`.
                    public enum AisABS {
                        /// The service `scheduler`.
                        public enum Scheduler {
                            /// `"ais-a b's".scheduler->"\"2nd\" floor"`, a function: Who does what, and when.
                            public static let _2ndFloor = Address.Function("\"ais-a b's\".scheduler->\"\\\"2nd\\\" floor\"")
                            /// `"ais-a b's".scheduler->default`, a topic: Who does what, and when.
                            public static let `default` = Address.Topic("\"ais-a b's\".scheduler->default")
                            /// `"ais-a b's".scheduler->get-job`, a function: Who does what, and when.
                            public static let getJob = Address.Function("\"ais-a b's\".scheduler->get-job")
                            /// `"ais-a b's".scheduler->jobs`, a queue: Who does what, and when.
                            public static let jobs = Address.Queue("\"ais-a b's\".scheduler->jobs")
                            /// `"ais-a b's".scheduler->night`, a workflow: Who does what, and when.
                            public static let night: Address = "\"ais-a b's\".scheduler->night"
                        }
                    }
                }

                // F, line 20, has no constant: its InstanceId is not given, and is made up when it is deployed.

                """#)
        #expect(
            generated.warnings.map(\.description) == [
                "/somewhere/app.template.yaml:20:3: warning: F has no constant: its InstanceId is not given, and is made up when it is deployed."
            ])
    }

    @Test func `names that are known without deploying are followed`() throws {
        #expect(
            try constants(
                Self.instance("A", "!GetAtt Jobs.QueueName", "type: queue, id: x")
                    + Self.instance("B", "!Sub '${Scheduler.Name}-${A}'", "type: queue, id: x", service: "!GetAtt Scheduler.Id")
                    + Self.instance("C", "!Join ['-', [c, !Ref Stage]]", "type: queue, id: x", service: "!GetAtt Scheduler.Arn")) == [
                    #"cDev = Address.Queue("ais-dev.scheduler->c-dev")"#,
                    #"jobsFifo = Address.Queue("ais-dev.scheduler->jobs.fifo")"#,
                    #"schedulerJobsFifo = Address.Queue("ais-dev.scheduler->scheduler-jobs.fifo")"#,
                ])
    }

    @Test(arguments: [
        ("arn: !GetAtt Jobs.Arn", "Queue"), ("url: !GetAtt Jobs.QueueUrl", "Queue"), ("rid: !Ref News", "Topic"),
        ("arn: !Join [':', [arn, aws, sns, local, '0', !GetAtt News.TopicName]]", "Topic"), ("arn: !GetAtt Function.Arn", "Function"),
        ("type: lambda, arn: !Ref Function", "Function"), ("type: PubSub, url: !Ref Jobs", "Topic"), ("url: 'https://a/b'", "Function"),
        ("AWS_INSTANCE_IPV4: 10.0.0.1, AWS_INSTANCE_PORT: '80'", "Function"), ("type: sqs, arn: !GetAtt Role.Arn", "Queue"),
        ("type: sqs, arn: !Join ['-', [ais, !Ref Stage, scheduler.fifo]]", "Queue"), ("type: sqs, arn: !ImportValue shared", "Queue"),
    ])
    func `the kind is what the attributes come to`(attributes: String, kind: String) throws {
        #expect(try constants(Self.instance("A", "a", attributes)) == [#"a = Address.\#(kind)("ais-dev.scheduler->a")"#])
    }

    @Test(arguments: [
        (instance("A", "!GetAtt News.TopicName", "type: queue, id: x"), "its InstanceId is known only once News is made"),
        (instance("A", "!ImportValue x", "type: queue, id: x"), "its InstanceId is known only once Fn::ImportValue x is made"),
        (instance("A", "!Base64 {Ref: Role}", "type: queue, id: x"), "known only once Role"),
        (instance("A", "a", "type: queue, id: x", service: "srv-1"), "its ServiceId is `srv-1`, a service whose name"),
        (instance("A", "a", "type: queue, id: x", service: "!ImportValue x"), "its ServiceId comes of Fn::ImportValue x, a service"),
        (instance("A", "a", "type: queue, id: x", service: "!Ref Namespace"), "its ServiceId comes of Namespace"),
        (instance("A", "a", "type: queue, id: x", service: "!Ref Password"), "its ServiceId is `****`"),
        (instance("A", "a", "type: pigeon, id: x"), "its type `pigeon` is none of: function, lambda"),
        (instance("A", "a", "id: x"), "it has no `type`"), (instance("A", "a", "arn: !Ref Function"), "it has no `type`"),
        (instance("A", "a", "type: queue"), "nothing says where it is"), (instance("A", "'-'", "type: queue, id: x"), "without a letter"),
        (instance("A", #""a\tb""#, "type: queue, id: x"), "no address has such names"),
        (instance("A", "a", "type: queue, id: !Select [3, !Split ['-', !Ref Jobs]]"), "its properties are known only once"),
        (
            "  Other: {Type: AWS::ServiceDiscovery::Service, Properties: {NamespaceId: !Ref Namespace}}\n"
                + instance("A", "a", "type: queue, id: x", service: "!Ref Other"),
            "the name of its service Other is not given"
        ),
        (
            "  Other: {Type: AWS::ServiceDiscovery::Service, Properties: {Name: o}}\n"
                + instance("A", "a", "type: queue, id: x", service: "!Ref Other"), "its service Other says no namespace"
        ),
        (
            "  Other: {Type: AWS::ServiceDiscovery::Service, Properties: {Name: o, NamespaceId: !ImportValue ns}}\n"
                + instance("A", "a", "type: queue, id: x", service: "!Ref Other"), "comes of Fn::ImportValue ns, a namespace"
        ),
        (
            "  Other: {Type: AWS::ServiceDiscovery::Service, Properties: {Name: o, NamespaceId: !FindInMap [Namespaces, !Ref Stage, Id]}}\n"
                + instance("A", "a", "type: queue, id: x", service: "!Ref Other"), "give it, as in --namespace ns-dev=NAME"
        ),
    ])
    func `an instance without a known name or kind is warned about, in the file too`(lines: String, reason: String) throws {
        let generated = try Self.generate(Self.head + lines)
        let warning = try #require(generated.warnings.first)
        #expect(generated.warnings.count == 1 && warning.message.contains(reason), "\(warning)")
        #expect(generated.source.contains("\n// A, line ") && generated.source.contains(reason))
        #expect(!generated.source.contains("static let"))
    }

    @Test func `namespaces that the template has the ids of can be named`() throws {
        let lines =
            "  Other: {Type: AWS::ServiceDiscovery::Service, Properties: {Name: o, DnsConfig: {DnsRecords: [], NamespaceId: ns-1}}}\n"
            + "  Mapped: {Type: AWS::ServiceDiscovery::Service, Properties: {Name: m, NamespaceId: !FindInMap [Namespaces, !Ref Stage, Id]}}\n"
            + Self.instance("A", "a", "type: queue, id: x", service: "!Ref Other")
            + Self.instance("B", "b", "type: queue, id: x", service: "!Ref Mapped")
        let generated = try Self.generate(Self.head + lines, GenerationOptions(namespaces: ["ns-1": "one", "ns-dev": "two"]))
        #expect(generated.warnings == [])
        #expect(generated.source.contains(#"Address.Queue("one.o->a")"#) && generated.source.contains(#"Address.Queue("two.m->b")"#))
    }

    @Test(arguments: [
        (
            instance("A", "get-job", "type: sqs, id: x") + instance("B", "getJob", "type: sqs, id: x"),
            ["->get-job`", "->getJob`", "`getJob`"]
        ),
        (instance("A", "é", "type: sqs, id: x") + instance("B", #""e\u0301""#, "type: sqs, id: x"), ["instances"]),
        (instance("A", "a", "type: sqs, id: x") + instance("B", "a", "type: sns, id: x"), ["A and B", "another InstanceId"]),
        (
            "  Other: {Type: AWS::ServiceDiscovery::Service, Properties: {NamespaceId: !Ref Namespace, Name: Scheduler}}\n"
                + instance("A", "a", "type: sqs, id: x") + instance("B", "b", "type: sqs, id: x", service: "!Ref Other"),
            ["services `Scheduler` and `scheduler`", "Rename one"]
        ),
        (
            "  Space: {Type: AWS::ServiceDiscovery::HttpNamespace, Properties: {Name: ais.dev}}\n"
                + "  Other: {Type: AWS::ServiceDiscovery::Service, Properties: {NamespaceId: !Ref Space, Name: o}}\n"
                + instance("A", "a", "type: sqs, id: x") + instance("B", "b", "type: sqs, id: x", service: "!Ref Other"),
            ["namespaces `ais-dev` and `ais.dev`", "`AisDev`"]
        ),
    ])
    func `two names that are one in Swift are an error that names both`(lines: String, says: [String]) throws {
        let finding = try #require(throws: Finding.self) { try Self.generate(Self.head + lines) }
        #expect(finding.severity == .error && (finding.line ?? 0) > 15)
        for part in says { #expect(finding.message.contains(part), "\(finding)") }
    }

    @Test func `what is wrong with the template is an error with its place`() throws {
        let unknown = try #require(throws: Finding.self) { try Self.generate(Self.head, GenerationOptions(parameters: ["Stag": "x"])) }
        #expect(
            unknown.description.hasPrefix(
                "app.template.yaml:2:3: error: Parameters: The template has no parameter `Stag`. Did you mean Stage?"))
        let missing = try #require(throws: Finding.self) { try Self.generate("Parameters: {A: {Type: String}}\nResources: {}") }
        #expect(missing.description.contains("Resources"))
        let name = try #require(throws: Finding.self) { try Self.generate(Self.head, GenerationOptions(enclosingEnum: "Type")) }
        #expect(name.description.hasPrefix("app.template.yaml: error: An enum cannot be called `Type`"))
    }

    @Test func `a template without instances makes a file without constants`() throws {
        let generated = try Self.generate(Self.head)
        #expect(generated.source.hasSuffix("import DiscoveryKit\n\n// The template has no instances.\n"))
    }

    @Test func `text of the template cannot leave its comment`() throws {
        let head = Self.head.replacing(#""Who does what,\n and when.""#, with: #""a\n}\r\nlet x = 1 \u2028 */ \u202e\0""#)
        let source = try Self.generate(
            head + Self.instance("A", "a", "type: sqs, id: x"), named: "a\nb.yaml", GenerationOptions(stackName: "s\nt")
        ).source
        #expect(source.contains("a queue: a } let x = 1 */\n"))
        #expect(source.split(separator: "\n").allSatisfy { $0.drop { $0 == " " }.hasPrefix("let x") == false })
        #expect(source.contains("The addresses of a b.yaml.") && source.contains("--stack-name 's t'"))
    }

    @Test func `a secret is in no comment`() throws {
        let head = Self.head.replacing(#""Who does what,\n and when.""#, with: #"!Sub "with ${Password}""#)
        let lines = Self.instance("A", "a", "type: sqs, id: x") + Self.instance("B", "b", "type: !Ref Password, id: x")
        let generated = try Self.generate(head + lines, GenerationOptions(parameters: ["Password": "hunter2"]))
        #expect(generated.source.contains("a queue: with ****") && !generated.source.contains("hunter2"))
        #expect(generated.warnings.map { $0.message.contains("its type `****` is none of") } == [true])
    }

    @Test func `the same template makes the same bytes, whatever the order it is written in`() throws {
        let instances = ["a", "b", "c-d", "e"].map { Self.instance("I\($0.prefix(1))", $0, "type: sqs, id: x") }
        let first = try Self.generate(Self.head + instances.joined()).source
        #expect(try Self.generate(Self.head + instances.reversed().joined()).source == first)
        #expect(try Self.generate(Self.head + instances.joined()).source == first)
    }

    @Test func `options are read from a file, and a mistyped one is an error`() throws {
        func options(_ text: String) throws -> GenerationOptions { try JSONDecoder().decode(GenerationOptions.self, from: Data(text.utf8)) }
        #expect(
            try options(#"{"parameters": {"A": "1"}, "stackName": "s", "namespaces": {"n": "m"}, "enum": "E", "access": "package"}"#)
                == GenerationOptions(parameters: ["A": "1"], stackName: "s", namespaces: ["n": "m"], enclosingEnum: "E", access: .package))
        #expect(try options("{}") == GenerationOptions())
        #expect(throws: DecodingError.self) { try options(#"{"paramters": {}}"#) }
        #expect(throws: DecodingError.self) { try options(#"{"access": "private"}"#) }
        #expect(throws: DecodingError.self) { try options("[]") }
    }

    @Test(.enabled(if: TypeCheck.isPossible, "the build's products are not where SwiftPM puts them"))
    func `what is made compiles, whatever the names, and can be used`() async throws {
        let ids = [
            "default", "in", "self", "init", "type", "Protocol", "Any", "address", "2nd", "größe", "日本", "a/b", "'\"q\"'", #"'back\slash'"#,
            "import", "static", "throws", "repeat", "nil", "actor", "await", "get", "some", "super",
        ]
        var template = Self.head
        for (index, id) in ids.enumerated() {
            template += Self.instance("I\(index)", id, ["type: sqs, id: x", "type: lambda, id: x", "type: script, id: x"][index % 3])
        }
        for (index, name) in ["Address", "Type", "Self", "discovery-kit", "any", "protocol", "string", "swift", "x._http._tcp"].enumerated()
        {
            template += "  S\(index): {Type: AWS::ServiceDiscovery::Service, Properties: {NamespaceId: !Ref N\(index), Name: \(name)}}\n"
            template += "  N\(index): {Type: AWS::ServiceDiscovery::HttpNamespace, Properties: {Name: \(name)}}\n"
            template += Self.instance("J\(index)", "\(name)", "type: sns, id: x", service: "!Ref S\(index)")
        }
        for options in [
            GenerationOptions(), GenerationOptions(enclosingEnum: "App", access: .public), GenerationOptions(access: .package),
        ] {
            let generated = try Self.generate(template, options)
            #expect(generated.warnings == [])
            let scope = options.enclosingEnum.map { "\($0)." } ?? ""
            let use = """
                import DiscoveryKit

                let a: Address.Queue = \(scope)AisDev.Scheduler.default
                let b: Address.Topic = \(scope)AddressNamespace.AddressService.address
                let c: Address.Topic = \(scope)TypeNamespace.TypeService.type
                let d: Address.Queue = \(scope)AisDev.Scheduler.initInstance
                """
            for settings in [
                [], ["-enable-upcoming-feature", "InternalImportsByDefault", "-enable-upcoming-feature", "MemberImportVisibility"],
            ] {
                let arguments = settings + ["-package-name", "package", "-warnings-as-errors"]
                let errors = try await TypeCheck.errors(in: ["Generated.swift": generated.source, "Use.swift": use], with: arguments)
                #expect(errors.isEmpty, "\(errors)")
            }
        }
    }

    @Test func `any change to a template makes a file or an error`() {
        let environment = ProcessInfo.processInfo.environment
        let rounds = environment["DISCOVERY_ROUNDS"].flatMap { Int($0) } ?? 30
        var state = environment["DISCOVERY_SEED"].flatMap { UInt64($0) } ?? .random(in: 0 ... .max)
        print("GenerationTests: DISCOVERY_SEED=\(state) DISCOVERY_ROUNDS=\(rounds)")
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let whole =
            Self.head + Self.instance("A", "get-job", "arn: !GetAtt Function.Arn")
            + Self.instance("B", "!GetAtt Jobs.QueueName", "url: !Ref Jobs")
            + Self.instance("C", "'\"2nd\" floor'", "type: sns, rid: !ImportValue x")
            + Self.instance("D", "HTTPServer", "url: 'https://a/b'")
        let pieces = [
            "!Ref ", "A", "Scheduler", "''", "é", "_", "2", "-", " ", "\"", "Id", "{", "}", ", ", "!Sub ", "${A}", "\n", "\0", "🙂",
            "\u{202E}",
        ]
        var made = 0
        for _ in 0..<rounds * 40 {
            var bytes = Array(whole.utf8)
            for _ in 0...random(3) {
                let start = random(bytes.count), end = min(bytes.count, start + random(8))
                bytes.replaceSubrange(start..<end, with: Array(pieces[random(pieces.count)].utf8))
            }
            do throws(Finding) {
                let source = try AddressGenerator().swift(from: bytes, named: "app.template.yaml").source
                made += source.hasSuffix("\n") && source.contains("import DiscoveryKit\n") ? 1 : 0
            } catch {
                #expect(!error.message.isEmpty && error.template == "app.template.yaml")
            }
        }
        // A loop over nothing but refusals would prove little.
        #expect(made > rounds, "\(made)")
    }
}
