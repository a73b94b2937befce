import Foundation
import Testing

@testable import Messaging

/// The reader of bodies and policies, as RFC 8259 has it.
@Suite struct JSONDocumentTests {
    @Test(arguments: [
        "null", " true ", "\t[\r\n]\n", "{}", "[[[[]]]]", #"{"a":{"b":[1,2,{"c":null}]}}"#, "-0", "0", "0.0", "1E5", "1e-5", "1e+5",
        "-12.34e56",
        #""""#, #""\"\\\/\b\f\n\r\t\u0041\uD83D\uDE00""#, "\"\u{7F}\"", "\"é日😀\"", #""\ud800""#, #""\udc00x""#, #""\ud800\u0041""#,
        #"{"a":1,"a":2}"#, "[1e400,-1e400]", "\"\u{2028}\"", "[0,-1]", #"{"":""}"#,
    ])
    func `what is JSON`(text: String) throws { _ = try JSONDocument(reading: Array(text.utf8)) }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "NaN", "Infinity", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "0x1", "1 2", "[", "]", "[1",
        "[1,", "[1,]",
        "[,1]", "[1 2]", "{", "}", "{1:2}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":1"#, #"{"a" 1}"#, #"{,}"#, #"{"a":1]"#, "[1}",
        #"""#, #""a"#, #""\""#,
        #""\x""#, #""\u00""#, #""\u00g0""#, #""\u"#, "\"\n\"", "\"\u{0}\"", "'a'", "// a", "[1]// a", "\u{FEFF}{}", "truefalse", "\u{0}",
        "1\u{0}",
    ])
    func `what is no JSON`(text: String) {
        #expect(throws: JSONFault.self) { try JSONDocument(reading: Array(text.utf8)) }
    }

    @Test(arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0xFF]])
    func `bytes that are no UTF-8`(bytes: [UInt8]) { #expect(throws: JSONFault.self) { try JSONDocument(reading: bytes) } }

    @Test func `escapes are undone, halves of pairs replaced`() throws {
        let document = try JSONDocument(
            reading: Array(#"["\"\\\/\b\f\n\r\t\u0041\u00e9\uD83D\uDE00z", "\ud800", "\ud800\u0041", "\udc00", "é\n"]"#.utf8))
        let texts = document.children(of: 0).map { document.string(document.nodes[$0].text) }
        #expect(texts == ["\"\\/\u{8}\u{C}\n\r\tAé😀z", "\u{FFFD}", "\u{FFFD}A", "\u{FFFD}", "é\n"])
    }

    @Test func `nesting has a limit, and nothing traps beyond it`() throws {
        func nested(_ depth: Int) -> [UInt8] { Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8) }
        #expect(try JSONDocument(reading: nested(JSONDocument.deepest)).nodes.count == JSONDocument.deepest)
        #expect(throws: JSONFault.self) { try JSONDocument(reading: nested(JSONDocument.deepest + 1)) }
        #expect(throws: JSONFault.self) { try JSONDocument(reading: [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)) }
        let objects = String(repeating: #"{"a":"#, count: JSONDocument.deepest) + "1" + String(repeating: "}", count: JSONDocument.deepest)
        let path = Array(repeatElement("a", count: JSONDocument.deepest).joined(separator: ".").utf8)
        #expect(try JSONDocument(reading: Array(objects.utf8)).hasLeaf(at: path) { $0.number == FilterNumber(units: 100_000) })
    }

    @Test func `a fault says where`() {
        #expect { try JSONDocument(reading: Array(#"{"a": tru}"#.utf8)) } throws: { ($0 as? JSONFault)?.offset == 6 }
        #expect { try JSONDocument(reading: Array(#"{"a": 1, b: 2}"#.utf8)) } throws: { ($0 as? JSONFault)?.offset == 9 }
    }

    /// What a document holds, rebuilt, for comparing with Foundation.
    private static func rebuilt(_ document: JSONDocument, _ index: Int = 0) -> Any {
        let node = document.nodes[index]
        switch node.kind {
        case .object:
            var members: [String: Any] = [:]
            for child in document.children(of: index) { members[document.string(document.nodes[child].key)] = rebuilt(document, child) }
            return members
        case .array: return document.children(of: index).map { rebuilt(document, $0) }
        case .string: return document.string(node.text)
        case .number: return Double(document.string(node.text)) ?? .nan
        case .true: return true
        case .false: return false
        case .null, .opaque: return NSNull()
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `any bytes are read or refused, as Foundation does`() async throws {
        print("JSONDocumentTests: \(Rounds.note)")
        var generator = SplitMix()
        var read = 0
        for await round in Rounds.each() {
            var bytes: [UInt8] = []
            for mutation in 0..<1_000 {
                if mutation % 8 == 0 { bytes = Array(RandomFilters.json(&generator).utf8) }
                if mutation % 8 > 0 { RandomFilters.mutate(&bytes, &generator) }
                let context: Comment = "\(Rounds.note) round \(round): \(String(decoding: bytes, as: UTF8.self))"
                guard let document = try? JSONDocument(reading: bytes) else { continue }
                read += 1
                #expect(document.nodes[0].end == document.nodes.count, context)
                // Foundation has no numbers beyond a double, and takes halves of pairs otherwise.
                guard let other = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed),
                    !bytes.contains(UInt8(ascii: "\\"))
                else { continue }
                guard !Self.hasEqualKeys(document) else { continue }
                #expect(NSArray(array: [Self.rebuilt(document)]) == NSArray(array: [other]), context)
            }
        }
        #expect(read > Rounds.count * 100)
    }

    private static func hasEqualKeys(_ document: JSONDocument) -> Bool {
        document.nodes.indices.contains { index in
            guard document.nodes[index].kind == .object else { return false }
            let keys = document.children(of: index).map { document.string(document.nodes[$0].key) }
            return Set(keys).count < keys.count
        }
    }
}
