import Testing

@testable import CloudFormation

/// `DISCOVERY_SEED` repeats a run, `DISCOVERY_ROUNDS` makes it longer.
@Suite struct MutationTests {
    private static func stack(_ template: Template) throws(TemplateError) -> ResolvedStack {
        let parameters = template.parameters.contains { $0.name == "Stage" } ? ["Stage": "dev"] : [:]
        return try template.evaluate(.init(parameters: parameters, imports: ["shared": "x"], skipsUnsupported: true))
    }

    @Test(arguments: Templates.all)
    func `templates as people write them are evaluated`(text: String) throws {
        let stack = try Self.stack(try Template(parsing: text, name: "it.yaml"))
        #expect(stack.resources.count >= 2)
        var made: [String: TemplateValue] = [:]
        for resource in stack.resources {
            _ = try resource.properties { name, attribute in made[name].map { _ in .text("\(name)-\(attribute ?? "ref")") } }
            made[resource.logicalID] = "made"
        }
        for output in stack.outputs { #expect(try !output.value { name, _ in made[name] }.isEmpty) }
    }

    @Test(.timeLimit(.minutes(10)))
    func `any bytes are a template or a fault with a place`() async {
        print("MutationTests: \(Rounds.note)")
        var evaluated = 0
        for await round in Rounds.each() {
            var generator = SplitMix(round: round)
            var bytes: [UInt8] = []
            for mutation in 0..<60 {
                if mutation % 3 == 0 { bytes = Array(Templates.all.randomElement(using: &generator)?.utf8 ?? "".utf8) }
                Self.mutate(&bytes, &generator)
                evaluated += Self.check(bytes, "\(Rounds.note) round \(round) mutation \(mutation)") ? 1 : 0
            }
        }
        // A loop over nothing but refusals would prove little.
        #expect(evaluated > Rounds.count * 3, "\(evaluated)")
    }

    @Test(.timeLimit(.minutes(10)))
    func `any signs of YAML are a template or a fault with a place`() async {
        let signs = Array("[]{}:,-?&*!|>'\"%@`#ab \n\t\\~<.=1$".utf8)
        for await round in Rounds.each() {
            var generator = SplitMix(round: round)
            for mutation in 0..<200 {
                let bytes = (0..<Int.random(in: 1...60, using: &generator)).map { _ in signs.randomElement(using: &generator) ?? 0 }
                _ = Self.check(bytes, "\(Rounds.note) round \(round) signs \(mutation)")
            }
        }
    }

    /// Whether the bytes came to a stack, having checked that they came to that or to a fault.
    private static func check(_ bytes: [UInt8], _ context: Comment) -> Bool {
        do throws(TemplateError) {
            let stack = try stack(try Template(parsing: bytes, name: "it"))
            for resource in stack.resources { _ = try resource.properties { name, _ in .text(name) } }
            for output in stack.outputs { _ = try output.value { name, _ in .text(name) } }
            return true
        } catch {
            let lines =
                bytes.count { $0 == 0x0A || $0 == 0x0D } + String(decoding: bytes, as: UTF8.self).unicodeScalars.count { $0.value > 0x84 }
                + 2
            #expect((1...lines).contains(error.line) && error.column >= 1, context)
            #expect(error.message.utf8.count < 3_000 && !error.message.isEmpty && error.template == "it", context)
            return false
        }
    }

    static func mutate(_ bytes: inout [UInt8], _ generator: inout SplitMix) {
        let syntax = Array("[]{}:,-?&*!|>'\"%@#\\ \n\t~<.$".utf8)
        let words = [
            "!Ref ", "!Sub ", "{Ref: a}", "&a ", "*a", "null", "Fn::If", "[[[[", "${", "}", "Queue", "\n    ", "- ",
            "{'Fn::Select': [9, []]}",
        ]
        let position = Int.random(in: 0...bytes.count, using: &generator)
        switch Int.random(in: 0..<12, using: &generator) {
        case 0..<2: bytes.insert(syntax.randomElement(using: &generator) ?? 0, at: position)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: position)
        case 3..<5: if position < bytes.count { bytes.remove(at: position) }
        case 5..<7: if position < bytes.count { bytes[position] = UInt8.random(in: 0x20...0x7F, using: &generator) }
        case 7..<9: bytes.insert(contentsOf: Array((words.randomElement(using: &generator) ?? "").utf8), at: position)
        case 9:
            let end = min(bytes.count, position + Int.random(in: 0...60, using: &generator))
            bytes.removeSubrange(position..<end)
        case 10:
            let end = min(bytes.count, position + Int.random(in: 0...60, using: &generator))
            bytes.insert(contentsOf: Array(bytes[position..<end]), at: Int.random(in: 0...bytes.count, using: &generator))
        default: bytes.removeLast(min(bytes.count, Int.random(in: 0...200, using: &generator)))
        }
    }
}
