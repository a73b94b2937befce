import Testing

@testable import CloudFormation

/// A template with a fault at the `▸` in it.
struct FaultCase: Sendable, CustomTestStringConvertible {
    let marked: String
    let code: TemplateError.Code
    let path: String
    let part: String
    let parameters: [String: String]

    init(_ marked: String, _ code: TemplateError.Code, _ path: String, _ part: String, parameters: [String: String] = [:]) {
        self.marked = marked
        self.code = code
        self.path = path
        self.part = part
        self.parameters = parameters
    }

    var testDescription: String { "\(code): \(part)" }

    func check() {
        let lines = marked.split(separator: "\n", omittingEmptySubsequences: false)
        let line = lines.firstIndex { $0.contains("▸") } ?? 0
        let column = lines[line].unicodeScalars.prefix { $0 != "▸" }.count
        let text = marked.filter { $0 != "▸" }
        let name = text.hasPrefix("{\"") ? "it.json" : "it.yaml"
        let error = #expect(throws: TemplateError.self) {
            _ = try Template(parsing: text, name: name).evaluate(.init(parameters: parameters))
        }
        guard let error else { return }
        #expect(error.code == code, "\(error)")
        #expect(error.path == path, "\(error)")
        #expect(error.message.contains(part), "\(error)")
        #expect(error.description.hasPrefix("\(name):\(line + 1):\(column + 1): "), "\(error)")
    }
}
