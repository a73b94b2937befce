import DiscoveryKit
import DiscoveryTesting
import Foundation
import Logging
import Messaging
import Store
import Testing

@Suite struct BackendConformanceTests {
    @Test(arguments: Self.names)
    func `a home conforms`(check name: String) async throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-test-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: home) }
        let messaging = try Messaging(Home(path: home))
        _ = try await messaging.createQueue("jobs")
        _ = try await messaging.createTopic("news")
        messaging.close()
        try await run(name, queue: Resource(.queue, at: "jobs"), topic: Resource(.topic, at: "news")) {
            var configuration = Discovery.Configuration()
            configuration.backend = .embedded(home: home)
            return configuration
        }
    }

    @Test(arguments: Self.namesForStubs)
    func `a stub conforms`(check name: String) async throws {
        let stub: Stub = ["conformance.jobs": .queue(), "conformance.news": .topic]
        try await run(
            name, queue: Resource(.queue, at: "stub:conformance.jobs"), topic: Resource(.topic, at: "stub:conformance.news")
        ) {
            var configuration = Discovery.Configuration()
            configuration.backend = .stub(stub)
            return configuration
        }
    }

    @Test(arguments: Self.namesForStubs)
    func `a backend without a fault conforms`(check name: String) async throws {
        let backend = BrokenBackend(nil)
        try await run(name, queue: backend.queue, topic: backend.topic) {
            var configuration = Discovery.Configuration()
            configuration.backend = backend.backend
            return configuration
        }
    }

    @Test(arguments: BrokenBackend.Fault.allCases)
    func `a check finds the fault that it is for`(fault: BrokenBackend.Fault) async throws {
        let backend = BrokenBackend(fault)
        await #expect(throws: ConformanceFailure.self) {
            // A replica that never answers is waited for, and so is what another took.
            let patience: Duration =
                [.keepsOneReplica, .losesReturned, .sharesListeners, .forgetsCalls].contains(fault) ? .seconds(2) : .seconds(20)
            try await run(fault.check, queue: backend.queue, topic: backend.topic, patience: patience) {
                var configuration = Discovery.Configuration()
                configuration.backend = backend.backend
                return configuration
            }
        }
    }

    @Test func `every check has a fault that it finds`() {
        let found = Set(BrokenBackend.Fault.allCases.map(\.check))
        #expect(Self.names.filter { !found.contains($0) } == [])
    }

    private static let names = Conformance.checks(
        of: { Discovery.none }, queue: Resource(.queue, at: "jobs"), topic: Resource(.topic, at: "news")
    ).map(\.name)
    /// A stub gives each message once, also when its handler throws.
    private static let namesForStubs = names.filter { $0 != "listen: what is handled never comes again, and what fails comes again" }

    private func run(
        _ name: String, queue: Resource, topic: Resource, patience: Duration = .seconds(20),
        configuration: @escaping @Sendable () -> Discovery.Configuration
    ) async throws {
        let checks = Conformance.checks(
            of: {
                var configuration = configuration()
                configuration.logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                return try Discovery(configuration)
            }, queue: queue, topic: topic, patience: patience)
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
