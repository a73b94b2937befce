import DiscoveryKit
import DiscoveryTesting
import Foundation
import Logging
import Messaging
import Store
import Testing

@Suite struct BackendConformanceTests {
    @Test(arguments: Conformance.checks(of: { Discovery.none }, queue: Resource(.queue, at: "jobs")).map(\.name))
    func `a home conforms`(check name: String) async throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-test-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: home) }
        let messaging = try Messaging(Home(path: home))
        _ = try await messaging.createQueue("jobs")
        messaging.close()
        try await run(name, queue: Resource(.queue, at: "jobs")) {
            var configuration = Discovery.Configuration()
            configuration.backend = .embedded(home: home)
            return configuration
        }
    }

    @Test(arguments: Conformance.checks(of: { Discovery.none }).map(\.name))
    func `a stub conforms`(check name: String) async throws {
        let stub: Stub = [:]
        try await run(name) {
            var configuration = Discovery.Configuration()
            configuration.backend = .stub(stub)
            return configuration
        }
    }

    @Test(arguments: BrokenBackend.Fault.allCases)
    func `a check finds the fault that it is for`(fault: BrokenBackend.Fault) async throws {
        let backend = BrokenBackend(fault)
        await #expect(throws: ConformanceFailure.self) {
            // A replica that never answers is waited for.
            let patience: Duration = [.keepsOneReplica, .losesReturned].contains(fault) ? .seconds(2) : .seconds(20)
            try await run(fault.check, queue: Resource(.queue, at: "memory:jobs"), patience: patience) {
                var configuration = Discovery.Configuration()
                configuration.backend = backend.backend
                return configuration
            }
        }
    }

    @Test func `every check has a fault that it finds`() {
        let found = Set(BrokenBackend.Fault.allCases.map(\.check))
        #expect(
            Conformance.checks(of: { Discovery.none }, queue: Resource(.queue, at: "memory:jobs")).map(\.name).filter {
                !found.contains($0)
            } == [])
    }

    private func run(
        _ name: String, queue: Resource? = nil, patience: Duration = .seconds(20),
        configuration: @escaping @Sendable () -> Discovery.Configuration
    ) async throws {
        let checks = Conformance.checks(
            of: {
                var configuration = configuration()
                configuration.logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                return try Discovery(configuration)
            }, queue: queue, patience: patience)
        try await #require(checks.first { $0.name == name }).run()
    }
}

extension Discovery {
    /// For the names of the checks alone.
    fileprivate static var none: Discovery {
        let stub: Stub = [:]
        return stub.discovery
    }
}
