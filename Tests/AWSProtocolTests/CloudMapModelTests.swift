import Foundation
import Testing

@testable import AWSProtocol

/// Our shapes against the names of the API's model, which `Tests/Peers/name_shapes.py` wrote down.
@Suite struct CloudMapModelTests {
    struct Model: Decodable {
        struct Operation: Decodable {
            let faults: [String]
            let hostPrefix: String?
            let input: String?
            let output: String?
        }
        struct Structure: Decodable {
            let members: [String: String]
            let required: [String]
        }
        struct Wire: Decodable {
            let signingName: String
            let targetPrefix: String
            let version: String
        }
        let choices: [String: [String]]
        let faults: [String: [String]]
        let operations: [String: Operation]
        let structures: [String: Structure]
        let `protocol`: Wire
    }

    private static let file = Peers.repository.appendingPathComponent("Tests/AWSProtocolTests/Models/servicediscovery.json")

    private static func model() throws -> Model { try JSONDecoder().decode(Model.self, from: Data(contentsOf: file)) }

    /// How much of a model was found in ours, and what was not.
    private struct Coverage {
        let model: Model
        var seen: Set<String> = []
        var members = 0
        var faults = 0
        var problems: [String] = []

        mutating func compare(_ shape: RecordedShape, with name: String, at place: String) {
            guard let structure = model.structures[name] else {
                problems.append("\(place): there is no \(name) in the model")
                return
            }
            seen.insert(name)
            for member in Set(structure.members.keys).union(shape.members.keys).sorted() {
                guard let wanted = structure.members[member] else {
                    problems.append("\(place).\(member): the model's \(name) has no such member")
                    continue
                }
                guard let found = shape.members[member] else {
                    problems.append("\(place).\(member): is missing")
                    continue
                }
                members += 1
                if found.isRequired != structure.required.contains(member) {
                    problems.append("\(place).\(member): required in only one of the two")
                }
                compare(found.kind, with: wanted, at: "\(place).\(member)")
            }
        }

        private mutating func compare(_ kind: RecordedShape.Kind, with type: String, at place: String) {
            switch kind {
            case .structure(let shape): compare(shape, with: type, at: place)
            case .list(let element) where type.hasPrefix("[") && type.hasSuffix("]"):
                compare(element, with: String(type.dropFirst().dropLast()), at: place)
            case .choice(let values):
                if type != "string" { problems.append("\(place): is no \(type)") }
                if !model.choices.values.contains(where: { Set($0) == Set(values) }) {
                    problems.append("\(place): other values: \(values)")
                }
            case .plain, .list: if kind.description != type { problems.append("\(place): is a \(kind), not a \(type)") }
            }
        }
    }

    private static func shapes<Operation: AWSOperation>(of operation: Operation.Type) throws -> (
        input: RecordedShape, output: RecordedShape
    ) {
        (try RecordedShape(of: Operation.Input.self), try RecordedShape(of: Operation.Output.self))
    }

    @Test func `every operation, member and documented fault of the model is ours, and no other`() throws {
        let model = try Self.model()
        var coverage = Coverage(model: model)
        #expect(Set(CloudMap.operations.map { $0.name }) == Set(model.operations.keys) && CloudMap.operations.count == 30)
        for operation in CloudMap.operations {
            let wanted = try #require(model.operations[operation.name])
            #expect(operation.hostPrefix == wanted.hostPrefix, "\(operation.name)")
            #expect(operation.faults.map(\.rawValue).sorted() == wanted.faults, "\(operation.name)")
            #expect(operation.hasOutput == (wanted.output != nil), "\(operation.name)")
            #expect(operation.service == CloudMap.service && operation.target == "\(model.protocol.targetPrefix).\(operation.name)")
            coverage.faults += operation.faults.count
            let shapes = try Self.shapes(of: operation)
            coverage.compare(shapes.input, with: wanted.input ?? "", at: "\(operation.name).Input")
            if let output = wanted.output {
                coverage.compare(shapes.output, with: output, at: "\(operation.name).Output")
            } else {
                #expect(shapes.output.members.isEmpty)
            }
        }
        for problem in coverage.problems { Issue.record(Comment(rawValue: problem)) }
        #expect(coverage.seen == Set(model.structures.keys))
        let faults = Dictionary(uniqueKeysWithValues: CloudMap.faults.map { ($0.key.rawValue, $0.value.sorted()) })
        #expect(faults == model.faults)
        #expect(CloudMap.service.signingName == model.protocol.signingName && CloudMap.service.targetPrefix == model.protocol.targetPrefix)
        #expect(CloudMap.service.version.rawValue == model.protocol.version)
        let total = model.operations.values.reduce(0) { $0 + $1.faults.count }
        print(
            "➜ Cloud Map: \(CloudMap.operations.count)/\(model.operations.count) operations, \(coverage.seen.count)/\(model.structures.count) structures,",
            "\(coverage.faults)/\(total) documented faults of operations, \(faults.count)/\(model.faults.count) codes; \(coverage.members) members held"
        )
    }

    @Test func `the comparison finds what differs`() throws {
        struct Wrong: Codable, Hashable {
            var namespaceName: String?
            var serviceName: Int
            var more: [String]?
        }
        var coverage = Coverage(model: try Self.model())
        coverage.compare(try RecordedShape(of: Wrong.self), with: "DiscoverInstancesRevisionRequest", at: "it")
        #expect(
            coverage.problems == [
                "it.NamespaceName: required in only one of the two", "it.OwnerAccount: is missing",
                "it.ServiceName: is a integer, not a string",
                "it.more: the model's DiscoverInstancesRevisionRequest has no such member",
            ] || coverage.problems.count == 4, "\(coverage.problems)")
    }

    @Test(.enabled(if: Peers.folder != nil, Peers.missing))
    func `the names are those of the model that botocore has`() async throws {
        let script = Peers.repository.appendingPathComponent("Tests/Peers/name_shapes.py").path
        let outcome = try await Peers.run("python", [script, CloudMap.service.signingName])
        let names = try String(contentsOf: Self.file, encoding: .utf8)
        #expect(outcome.status == 0 && outcome.output == names)
    }
}
