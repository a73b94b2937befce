@testable import DiscoveryKit
import DiscoveryTesting
import Foundation
import Messaging
import Testing

@Suite struct PublishAdapterConformanceTests {
    @Test func `the topics of a home conform`() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-test-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var configuration = Discovery.Configuration()
        configuration.backend = .embedded(home: path)
        let discovery = try Discovery(configuration)
        let messaging = try await discovery.client.home().messaging()
        for (topic, queues) in [("news", ["a", "b"]), ("news.fifo", ["c.fifo"])] {
            _ = try await messaging.createTopic(topic)
            for queue in queues {
                _ = try await messaging.createQueue(queue)
                _ = try await messaging.subscribe(.queue(queue), to: topic, .init(isRaw: true))
            }
        }
        let checks = Conformance.checks(
            ofPublishAdapter: try #require(discovery.client.topics), topic: Resource(.topic, at: LocalTopic.arn("news")),
            subscribers: [.queue(named: "a"), .queue(named: "b")],
            fifo: (Resource(.topic, at: "news.fifo"), .queue(named: "c.fifo")), missing: Resource(.topic, at: "missing"),
            queues: try #require(discovery.client.queues.adapters.first))
        #expect(checks.count == 8)
        for check in checks {
            do { try await check.run() } catch { Issue.record("\(check): \(error)") }
        }
        await discovery.shutdown()
    }

    @Test func `an adapter without a fault conforms`() async throws {
        for check in Self.checks(of: BrokenTopic(nil)) { try await check.run() }
    }

    @Test(arguments: BrokenTopic.Fault.allCases)
    func `a check finds the fault that it is for`(fault: BrokenTopic.Fault) async throws {
        // What a subscriber is not given is waited for.
        let patience: Duration = fault == .forgetsTheSecond ? .seconds(1) : .seconds(20)
        let check = try #require(Self.checks(of: BrokenTopic(fault), patience: patience).first { $0.name == fault.check })
        await #expect(throws: ConformanceFailure.self) { try await check.run() }
    }

    @Test func `every check has a fault that it finds`() {
        let found = Set(BrokenTopic.Fault.allCases.map(\.check))
        #expect(Self.checks(of: BrokenTopic(nil)).map(\.name).filter { !found.contains($0) } == [])
    }

    @Test func `checks without their resource are left out`() {
        let checks = Conformance.checks(
            ofPublishAdapter: BrokenTopic(nil), topic: Resource(.topic, at: "memory:news"), subscribers: [], queues: BrokenQueue(nil))
        #expect(checks.count == 5)
    }

    private static func checks(of adapter: BrokenTopic, patience: Duration = .seconds(20)) -> [Conformance.Check] {
        Conformance.checks(
            ofPublishAdapter: adapter, topic: Resource(.topic, at: "memory:news"),
            subscribers: [Resource(.queue, at: "memory:jobs"), Resource(.queue, at: "memory:dead")],
            fifo: (Resource(.topic, at: "memory:news.fifo"), Resource(.queue, at: "memory:jobs.fifo")),
            missing: Resource(.topic, at: "memory:missing"), queues: adapter.queues, patience: patience)
    }
}
