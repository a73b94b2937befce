import Foundation
import Testing

@testable import CloudFormation

/// Templates that are evaluated here and by moto, and those that are for users.
@Suite struct CorpusTests {
    private static func stack(_ file: URL, _ inputs: Template.Inputs = .init()) throws -> ResolvedStack {
        try Template(parsing: Array(Data(contentsOf: file)), name: file.lastPathComponent).evaluate(inputs)
    }

    @Test func `every template of the corpus is evaluated with its defaults`() throws {
        let files = try Peers.files(in: Peers.corpus).filter { $0.lastPathComponent != "variants.json" }
        #expect(files.count >= 60)
        let inputs = Template.Inputs(
            region: "us-east-1", accountID: "123456789012", imports: ["shared-namespace-id": "ns-1", "shared-dev-bucket": "b"])
        for file in files { #expect(throws: Never.self) { try Self.stack(file, inputs) } }
    }

    @Test func `the corpus has every type of resources and every function, long and short`() throws {
        let files = try Peers.files(in: Peers.corpus)
        let all = try files.map { try String(contentsOf: $0, encoding: .utf8) }.joined()
        for type in ResourceType.all { #expect(all.contains(type.name), "\(type.name)") }
        let functions = [
            "And", "Base64", "Cidr", "Equals", "FindInMap", "GetAtt", "If", "ImportValue", "Join", "Length", "Not", "Or", "Select", "Split",
            "Sub", "ToJsonString",
        ]
        for name in functions { #expect(all.contains("Fn::\(name)") || all.contains("!\(name) "), "\(name)") }
        for name in functions where !["Length", "ToJsonString", "Cidr"].contains(name) {
            #expect(all.contains("Fn::\(name)"), "Fn::\(name)")
            #expect(all.contains("!\(name)"), "!\(name)")
        }
    }

    @Test(.enabled(if: Peers.folder != nil, Peers.missing))
    func `moto makes the same of the corpus, but for what is known`() async throws {
        let script = Peers.repository.appendingPathComponent("Tests/Peers/compare_templates.py").path
        let outcome = try await Peers.run("python", [script, Peers.corpus.path, try Peers.processes()])
        let lines = outcome.output.split(separator: "\n")
        print("➜ moto: \(lines.last ?? "")")
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(lines.last?.hasPrefix("compared ") == true, "\(outcome.output)")
    }

    // MARK: Templates

    @Test(arguments: try Peers.files(in: Peers.templates))
    func `a template of ours is evaluated with its defaults, and says what it is for`(file: URL) throws {
        let text = try String(contentsOf: file, encoding: .utf8)
        let template = try Template(parsing: text, name: file.lastPathComponent)
        let stack = try Self.stack(file)
        #expect(!stack.resources.isEmpty && !stack.outputs.isEmpty)
        #expect(template.parameters.allSatisfy { $0.defaultValue != nil && $0.description != nil })
        #expect(stack.outputs.allSatisfy { $0.description != nil })
        #expect(template.description?.isEmpty == false)
        #expect(text.hasPrefix("# "))
        #expect(text.contains("# Here:    discovery deploy ") && text.contains(" Templates/\(file.lastPathComponent)"))
        #expect(text.contains("# On AWS:  aws cloudformation deploy --stack-name "))
        // Complete once everything it refers to is made.
        for resource in stack.resources {
            _ = try resource.properties { id, attribute in .text(attribute.map { "\(id)-\($0)" } ?? id) }
        }
    }

    @Test func `the templates can all be deployed with their defaults, one beside the other`() throws {
        let namespaces = try Peers.files(in: Peers.templates).compactMap { file in
            try Self.stack(file)["Namespace"]?.properties { _, _ in nil }["Name"]?.string
        }
        #expect(namespaces.count == 7 && Set(namespaces).count == 7, "\(namespaces)")
    }

    @Test func `the scheduler's namespace is made, or is the one its mapping names`() throws {
        let file = Peers.templates.appendingPathComponent("scheduler.yaml")
        let stack = try Self.stack(file, .init(parameters: ["Stage": "prod"]))
        #expect(
            stack.resources.map(\.logicalID) == ["Namespace", "SchedulerQueue", "SchedulerService", "SchedulerQueueInstance"])
        #expect(try stack["Namespace"]?.properties { _, _ in nil } == ["Name": "namespace-prod"])
        let own = try String(contentsOf: file, encoding: .utf8).replacing("CloudMapNamespaceID: new", with: "CloudMapNamespaceID: ns-1")
        let other = try Template(parsing: own, name: "scheduler.yaml").evaluate(.init())
        #expect(other["Namespace"] == nil)
        #expect(try other["SchedulerService"]?.properties { _, _ in nil }["NamespaceId"] == "ns-1")
    }

    @Test func `the application's function is an instance where its URL is given`() throws {
        let file = Peers.templates.appendingPathComponent("whole-app.yaml")
        #expect(try Self.stack(file)["GreetInstance"] == nil)
        let stack = try Self.stack(file, .init(parameters: ["FunctionUrl": "http://127.0.0.1:8080/"]))
        #expect(
            try stack["GreetInstance"]?.properties { id, _ in .text(id) }["InstanceAttributes"]
                == ["type": "function", "url": "http://127.0.0.1:8080/"])
        #expect(throws: TemplateError.self) { try Self.stack(file, .init(parameters: ["FunctionUrl": "nowhere"])) }
    }

    @Test(.enabled(if: Peers.folder != nil, Peers.missing))
    func `cfn-lint finds nothing in the templates`() async throws {
        let files = try Peers.files(in: Peers.templates).map(\.path)
        let outcome = try await Peers.run("cfn-lint", ["--regions", "us-east-1", "--"] + files)
        #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.output)")
        // It has looked: a template that is wrong is told.
        let wrong = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-lint-\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: wrong) }
        try Data("Resources: {Queue: {Type: 'AWS::SQS::Queue', Properties: {DelaySeconds: many}}}\n".utf8).write(to: wrong)
        #expect(try await Peers.run("cfn-lint", ["--regions", "us-east-1", "--", wrong.path]).output.contains("E3012"))
    }
}
