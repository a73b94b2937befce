import CloudFormation
import Foundation

/// Evaluates templates for a program that compares what comes of them: a line of JSON in, a line of JSON out.
///
///     {"template": "queue.yaml", "parameters": {"Stage": "dev"}, "stackName": "s", "stackID": "arn:…", "region": "us-east-1",
///      "accountID": "123456789012", "imports": {"shared-id": "ns-1"}, "ids": {"Queue": {"Ref": "http://…", "Arn": "arn:…"}}}
///
/// The answer has `resources`, as `ResolvedStack.json` gives them, `outputs`, `exports` (names of outputs) and the `order`; or an `error`.
struct Evaluating {
    /// Where the templates are.
    let folder: String

    struct Question: Decodable {
        var template: String
        var parameters: [String: String]
        var stackName: String
        var stackID: String
        var region: String
        var accountID: String
        var imports: [String: String]
        /// What `Ref`, by that name, and each attribute of a resource gives.
        var ids: [String: [String: String]]
    }

    func run() {
        while let line = Line.read() {
            do {
                let question = try JSONDecoder().decode(Question.self, from: Data(line.utf8))
                Line.write(try answer(question))
            } catch {
                Line.write(TemplateValue.object(["error": .text("\(error)")]).json)
            }
        }
    }

    private func answer(_ question: Question) throws -> String {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(question.template)"))
        let stack = try Template(parsing: Array(bytes), name: question.template).evaluate(
            .init(
                parameters: question.parameters, stackName: question.stackName, stackID: question.stackID, region: question.region,
                accountID: question.accountID, imports: question.imports))
        let lookup: TemplateExpression.Lookup = { name, attribute in
            question.ids[name]?[attribute ?? "Ref"].map { .text($0) }
        }
        var outputs: [String: TemplateValue] = [:]
        var exports: [String: TemplateValue] = [:]
        for output in stack.outputs {
            outputs[output.name] = .text(try output.value(resolving: lookup))
            exports[output.name] = output.exportName.map { .text($0) }
        }
        let rest = TemplateValue.object([
            "outputs": .object(outputs), "exports": .object(exports), "order": .list(stack.resources.map { .text($0.logicalID) }),
        ])
        // Held against the schemas as a deployment does it, then as one text.
        for resource in stack.resources { _ = try resource.properties(resolving: lookup) }
        return "{\"resources\":\(try stack.json(resolving: lookup)),\"stack\":\(rest.json)}"
    }
}
