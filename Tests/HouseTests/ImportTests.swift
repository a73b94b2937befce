import Testing

@Suite struct ImportTests {
    @Test func `an import may only point down`() async throws {
        let sources = try await Repository.swiftFiles(below: ["Sources"])
        #expect(!sources.isEmpty)
        expectNone(sources.flatMap { Layer.violations(of: $0) })
    }

    @Test func `every target's folder has a row in the table`() async throws {
        let folders = Set(try await Repository.files().filter { $0.hasPrefix("Sources/") }.map { String($0.split(separator: "/")[1]) })
        expectNone(folders.subtracting(Layer.table.keys).sorted().map { "Sources/\($0) has no row in the table of Layers.swift" })
    }

    @Test func `the table lets no import point up or sideways`() {
        expectNone(Layer.contradictions())
    }

    @Test(arguments: [
        ("import Foundation\ninternal import GRDB", "Store"),
        ("import Store", "Registry"),
        ("import Store\nimport Crypto", "Messaging"),
        ("@preconcurrency import NIOCore\npackage import NIOHTTP1\nimport NIOSSL", "HTTPServing"),
        ("public import Logging\nimport struct Synchronization.Mutex\nimport Registry", "DiscoveryKit"),
        ("import Yams", "CloudFormation"),
        ("import Deployment\nimport ArgumentParser\nimport Store", "discovery"),
        ("// import GRDB\n/* import NIOCore */ let text = \"\"\"\nimport DiscoveryKit\n\"\"\"\nlet important = 1", "DNSProtocol"),
    ])
    func `an import that the table allows is let through`(text: String, target: String) {
        #expect(Layer.violations(of: SwiftSource(path: "Sources/\(target)/A.swift", text: text)) == [])
    }

    @Test(arguments: [
        ("import DiscoveryKit", "Store", "point down"),
        ("internal import Messaging", "Registry", "point down"),
        ("import Registry", "Store", "point down"),
        ("public import DiscoveryServer", "DiscoveryTesting", "point down"),
        ("    package import discovery", "discoveryd", "point down"),
        ("import DNSProtocol", "DiscoveryKit", "not among those"),
        ("import DiscoveryKit", "CloudFormation", "not among those"),
        ("import Store", "HTTPServing", "not among those"),
        ("import GRDB", "DiscoveryKit", "among the packages"),
        ("@testable import NIOCore", "Registry", "among the packages"),
        ("@preconcurrency internal import NIOCore", "Store", "among the packages"),
        ("internal @preconcurrency import NIOCore", "Store", "among the packages"),
        ("import struct GRDB.Row", "Registry", "among the packages"),
        ("import Foundation; import Crypto", "DNSProtocol", "among the packages"),
        ("@_spi(Private) import Logging", "Store", "among the packages"),
        ("#if canImport(FoundationNetworking)\nimport FoundationNetworking\n#endif", "AWSProtocol", "among the packages"),
        ("/* why */ import Subprocess", "DiscoveryServer", "among the packages"),
        ("import Foundation", "Unheard", "no row"),
    ])
    func `an import that the table does not allow is found`(text: String, target: String, reason: String) throws {
        let found = Layer.violations(of: SwiftSource(path: "Sources/\(target)/A.swift", text: text))
        try #require(found.count == 1)
        #expect(found[0].contains(reason) && found[0].contains("Sources/\(target)/A.swift"))
    }

    @Test func `a file outside any target is found`() {
        #expect(Layer.violations(of: SwiftSource(path: "Sources/A.swift", text: "")).count == 1)
    }
}
