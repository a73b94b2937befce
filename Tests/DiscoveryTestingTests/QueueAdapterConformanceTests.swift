@testable import DiscoveryKit
import DiscoveryTesting
import Foundation
import Messaging
import Store
import Testing

@Suite struct QueueAdapterConformanceTests {
    @Test func `the queues of a home conform`() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-test-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var configuration = Discovery.Configuration()
        configuration.backend = .embedded(home: path)
        let discovery = try Discovery(configuration)
        let messaging = try await discovery.client.home().messaging()
        _ = try await messaging.createQueue("dead")
        var jobs = Messaging.QueueConfiguration()
        jobs.redrive = .init(deadLetterQueue: "dead")
        _ = try await messaging.createQueue("jobs", jobs)
        _ = try await messaging.createQueue("jobs.fifo")
        let adapter = try #require(discovery.client.queues.adapters.first)
        let checks = Conformance.checks(
            ofQueueAdapter: adapter, queue: Resource(.queue, at: "arn:aws:sqs:local:000000000000:jobs"),
            deadLetters: Resource(.queue, at: "dead"), fifo: Resource(.queue, at: "file://\(path)/jobs.fifo"),
            missing: Resource(.queue, at: "http://localhost:4580/000000000000/missing"))
        #expect(checks.count == 13)
        for check in checks {
            do { try await check.run() } catch { Issue.record("\(check): \(error)") }
        }
        await discovery.shutdown()
    }

    @Test func `an adapter without a fault conforms`() async throws {
        for check in Self.checks(of: BrokenQueue(nil)) { try await check.run() }
    }

    @Test(arguments: BrokenQueue.Fault.allCases)
    func `a check finds the fault that it is for`(fault: BrokenQueue.Fault) async throws {
        let check = try #require(Self.checks(of: BrokenQueue(fault)).first { $0.name == fault.check })
        await #expect(throws: ConformanceFailure.self) { try await check.run() }
    }

    @Test func `every check has a fault that it finds`() {
        let found = Set(BrokenQueue.Fault.allCases.map(\.check))
        #expect(Self.checks(of: BrokenQueue(nil)).map(\.name).filter { !found.contains($0) } == [])
    }

    private static func checks(of adapter: BrokenQueue) -> [Conformance.Check] {
        Conformance.checks(
            ofQueueAdapter: adapter, queue: Resource(.queue, at: "memory:jobs"), deadLetters: Resource(.queue, at: "memory:dead"),
            fifo: Resource(.queue, at: "memory:jobs.fifo"), missing: Resource(.queue, at: "memory:missing"))
    }
}
