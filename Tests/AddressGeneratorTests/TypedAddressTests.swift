import DiscoveryKit
import DiscoveryTesting
import Foundation
import Testing

@testable import AddressGenerator

/// The constants of the sample's template, in use. They are in `App.swift`, as the command makes them.
@Suite struct TypedAddressTests {
    private struct Query: Codable, Sendable { var id: Int }
    private struct Job: Codable, Sendable, Equatable { var id: Int, name: String }

    @Test func `the file here is the one that the sample's template makes`() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let samples = tests.deletingLastPathComponent().deletingLastPathComponent().appending(path: "Samples/Sources/TypedScheduler")
        let options = try JSONDecoder().decode(
            GenerationOptions.self, from: Data(contentsOf: samples.appending(path: GenerationOptions.fileName)))
        let template = samples.appending(path: "scheduler.template.yaml")
        let generated = try AddressGenerator(options).swift(from: Array(Data(contentsOf: template)), named: template.path)
        #expect(generated.warnings == [])
        let made = try String(decoding: Data(contentsOf: tests.appending(path: "App.swift")), as: UTF8.self)
        #expect(generated.source == made)
    }

    @Test func `operations go to the address of the constant`() async throws {
        let stub: Stub = ["ais.scheduler->get-job": .json(Job(id: 7, name: "water the plants")), "ais.scheduler->jobs": .queue()]
        try await Discovery.withCurrent(stub.discovery) {
            let job: Job = try await Discovery.request(App.Ais.Scheduler.getJob, Query(id: 7))
            try await Discovery.queue(App.Ais.Scheduler.jobs, job)
            #expect(job == Job(id: 7, name: "water the plants"))
            try await Discovery.requestLater(App.Ais.Scheduler.getJob, Query(id: 8))
            let reply = try await stub.discovery.request(App.Ais.Scheduler.getJob)
            #expect(try reply.message.decode(Job.self) == job)
        }
        #expect(try stub.queued(to: "ais.scheduler->jobs").map { try $0.decode(Job.self).id } == [7])
        #expect(try stub.sent(to: "ais.scheduler->get-job").first?.decode(Query.self).id == 7)
    }

    @Test func `listeners and subscribers listen to the address of the constant`() async throws {
        let topic = Address.Topic("ais.scheduler->news")
        let stub: Stub = ["ais.scheduler->jobs": .queue(json: Job(id: 7, name: "x")), "ais.scheduler->news": .topic]
        let listening = Task { try await stub.discovery.listen(App.Ais.Scheduler.jobs) { (_: Job) in } }
        let hearing = Task { try await stub.discovery.subscribe(topic) { (_: Job) in } }
        _ = await stub.subscriptions(atLeast: 1)
        try await stub.discovery.publish(topic, Job(id: 8, name: "y"))
        #expect(await stub.settled(atLeast: 2).map(\.outcome) == [.finished, .finished])
        listening.cancel()
        hearing.cancel()
    }
}
