import DiscoveryKit
import Foundation
import Logging
import Testing

@testable import DiscoveryServer

struct AccessKeysTests {
    private static func keys(_ rules: String) throws -> AccessKeys {
        try AccessKeys(parsing: Data(#"{"keys": [{"id": "A", "secret": "0123456789abcdef", "rules": \#(rules)}]}"#.utf8))
    }

    @Test
    func `a rule allows its actions on the addresses that it means`() throws {
        let keys = try Self.keys(#"[{"allow": ["publish", "queue"], "on": "ais.*"}, {"allow": ["resolve"], "on": "*"}]"#)
        let key = try #require(keys["A"])
        #expect(key.allows(.publish, namespace: "ais", service: "news", instance: .id("x")))
        #expect(key.allows(.queue, namespace: "ais", service: "", instance: .only))
        #expect(key.allows(.resolve, namespace: "", service: "", instance: .only))
        #expect(!key.allows(.publish, namespace: "corp", service: "news", instance: .id("x")))
        #expect(!key.allows(.request, namespace: "ais", service: "news", instance: .id("x")))
        #expect(keys["B"] == nil)
        #expect(key.account == "000000000000")
    }

    @Test
    func `an asterisk is every action`() throws {
        let key = try #require(try Self.keys(#"[{"allow": ["*"], "on": "*"}]"#)["A"])
        for action in AccessRule.Action.allCases { #expect(key.allows(action, namespace: "a", service: "b", instance: .any)) }
    }

    @Test(arguments: [
        "", "{", "[]", "{}", #"{"keys": [{}]}"#, #"{"keys": [{"id": "A", "secret": "short", "rules": []}]}"#,
        #"{"keys": [{"id": "A/B", "secret": "0123456789abcdef", "rules": []}]}"#,
        #"{"keys": [{"id": "A", "secret": "0123456789abcdef", "rules": [{"allow": ["fly"], "on": "*"}]}]}"#,
        #"{"keys": [{"id": "A", "secret": "0123456789abcdef", "rules": [{"allow": ["resolve"], "on": ""}]}]}"#,
        #"{"keys": [{"id": "A", "secret": "0123456789abcdef", "account": "12", "rules": []}]}"#,
        #"{"keys": [{"id": "A", "secret": "0123456789abcdef", "rules": []}, {"id": "A", "secret": "0123456789abcdef", "rules": []}]}"#,
    ])
    func `a file that means nothing is refused, without its secrets`(text: String) {
        let error = #expect(throws: ServerError.self) { try AccessKeys(parsing: Data(text.utf8)) }
        #expect(error?.code == .configuration)
        #expect(error?.description.contains("0123456789abcdef") == false)
    }

    @Test
    func `a file is read again when it has changed, and stays in use when it is broken`() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        func write(_ text: String, mode: mode_t = 0o600) throws {
            try Data(text.utf8).write(to: URL(filePath: path))
            chmod(path, mode)
        }
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try write(#"{"keys": []}"#, mode: 0o644)
        #expect(throws: ServerError.self) { try KeyFile(path: path, logger: quiet, interval: .zero) }
        try write(#"{"keys": []}"#)
        let file = try KeyFile(path: path, logger: quiet, interval: .zero)
        #expect(await file.current().count == 0)
        try write(#"{"keys": [{"id": "A", "secret": "0123456789abcdef", "rules": []}]}"#)
        #expect(await file.current()["A"] != nil)
        try write("{")
        #expect(await file.current()["A"] != nil)
        try write(#"{"keys": []}"#, mode: 0o644)
        #expect(await file.current()["A"] != nil)
        try write(#"{"keys": []}"#)
        #expect(await file.current().count == 0)
    }
}
