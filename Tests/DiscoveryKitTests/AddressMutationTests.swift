import Foundation
import Testing

@testable import DiscoveryKit

/// `DISCOVERY_SEED` repeats a run, `DISCOVERY_ROUNDS` makes it longer.
@Suite struct AddressMutationTests {
    @Test(.timeLimit(.minutes(5)))
    func `any parts print and parse to equal parts`() async throws {
        print("AddressMutationTests: \(Rounds.note)")
        var generator = SplitMix()
        for await round in Rounds.each() {
            for _ in 0..<200 {
                let parts = Self.parts(&generator)
                let address = Address(namespace: parts.namespace, service: parts.service, filters: parts.filters, instance: parts.instance)
                let context: Comment = "\(Rounds.note) round \(round): \(address)"
                #expect(address.fault == nil, context)
                #expect(try address.parts() == parts, context)
                #expect(try Address(parsing: address.description) == address, context)
                let interpolated: Address =
                    switch (parts.namespace, parts.instance) {
                    case (let namespace?, .id(let id)): "\(namespace).\(parts.service)->\(id)"
                    case (nil, .id(let id)): "\(parts.service)->\(id)"
                    case (let namespace?, _): "\(namespace).\(parts.service)"
                    case (nil, _): "\(parts.service)"
                    }
                let instance = parts.instance == .any ? .only : parts.instance
                #expect(interpolated == Address(namespace: parts.namespace, service: parts.service, instance: instance), context)
            }
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `any bytes parse or are refused, and what parses prints back`() async throws {
        print("AddressMutationTests: \(Rounds.note)")
        var parsed = 0
        var generator = SplitMix()
        for await round in Rounds.each() {
            var bytes: [UInt8] = []
            for mutation in 0..<2_000 {
                if mutation % 10 == 0 { bytes = Array(Self.seeds.randomElement(using: &generator)?.utf8 ?? "".utf8) }
                Self.mutate(&bytes, &generator)
                parsed += Self.check(String(decoding: bytes, as: UTF8.self), "\(Rounds.note) round \(round): \(bytes)") ? 1 : 0
            }
        }
        // A loop over nothing but refusals would prove little.
        #expect(parsed > Rounds.count * 20)
    }

    /// Whether the text is an address, having checked that it is one of the two throughout.
    private static func check(_ text: String, _ context: Comment) -> Bool {
        let address = Address(stringLiteral: text)
        #expect(address.text.utf8.count <= 4 * Address.maximumLength + 3, context)
        #expect(address == Address(stringLiteral: text), context)
        if let fault = address.fault {
            #expect(fault.code == .malformedAddress && fault.message.utf8.count < 2_000, context)
            #expect((try? Address(parsing: text)) == nil, context)
            #expect(address.service == address.text, context)
            return false
        }
        #expect(address.text.utf8.count <= Address.maximumLength, context)
        guard let parts = try? address.parts() else {
            Issue.record("what parsed cannot be taken apart; \(context)")
            return false
        }
        #expect((try? Address(parsing: address.description)) == address, context)
        #expect(
            Address(namespace: parts.namespace, service: parts.service, filters: parts.filters, instance: parts.instance) == address,
            context)
        // The short ways in and apart agree with the long one.
        var parser = Address.Parser(address.text)
        #expect((try? parser.address()) == parts, context)
        if isPlain(text) { #expect(parts.text == text, context) }
        let isBare = parts.filters.isEmpty && !address.text.contains("\"") && !address.text.contains("_")
        if isBare { #expect(isPlain(address.text), context) }
        return true
    }

    private static func isPlain(_ text: String) -> Bool {
        var text = text
        return text.withUTF8(Address.isPlain)
    }

    // MARK: Random values

    private static let seeds = [
        "ais.scheduler->get-job", "worker", "\"my.ns\".\"_http._tcp\"->a", "ais.worker[zone=a,?version=\"2 b\"]->*", "corp._http._tcp->a.b",
        "größe.\"日\\\"本\\\\\"->\"*\"", "",
    ]

    private static func mutate(_ bytes: inout [UInt8], _ generator: inout SplitMix) {
        let syntax = Array("\"\\.->[]=,?*_-tcp ".utf8)
        let position = Int.random(in: 0...bytes.count, using: &generator)
        switch Int.random(in: 0..<12, using: &generator) {
        case 0..<3: bytes.insert(syntax.randomElement(using: &generator) ?? 0, at: position)
        case 3..<5: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: position)
        case 5..<8: if position < bytes.count { bytes.remove(at: position) }
        case 8..<10: if position < bytes.count { bytes[position] = UInt8.random(in: 0x20...0x7F, using: &generator) }
        case 10: bytes.insert(contentsOf: bytes[position...], at: Int.random(in: 0...bytes.count, using: &generator))
        default:
            // Now and then around the limit.
            let length = Int.random(in: 0..<60, using: &generator) == 0 ? Int.random(in: 4_080...4_110, using: &generator) : 3
            bytes.insert(contentsOf: repeatElement(syntax.randomElement(using: &generator) ?? 0, count: length), at: position)
        }
        if bytes.count > 10_000 { bytes.removeLast(bytes.count - 10_000) }
    }

    private static func parts(_ generator: inout SplitMix) -> Address.Parts {
        var filters: [String: Address.Filter] = [:]
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
            let key = name(&generator)
            let value = Bool.random(using: &generator) ? name(&generator) : ""
            filters[key] = .init(key: key, value: value, isRequired: Bool.random(using: &generator))
        }
        let instance: Address.Instance = [.only, .any, .id(name(&generator))].randomElement(using: &generator) ?? .only
        return Address.Parts(
            namespace: Bool.random(using: &generator) ? name(&generator) : nil, service: name(&generator),
            filters: filters.values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }, instance: instance)
    }

    private static func name(_ generator: inout SplitMix) -> String {
        let pieces = [
            "a", "b-", "7", "_", "_x", "_tcp", "_udp", ".", "..", "-", ">", "->", "*", "\"", "\\", " ", "[", "]", "=", ",", "?", "é",
            "e\u{301}", "\u{301}",
            "日本", "👩‍👩‍👧", "\u{FFFD}", "/", ":", "@", "+", "~", "%", "#",
        ]
        return (0..<Int.random(in: 1...6, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "a" }.joined()
    }
}
