import DiscoveryKit

/// The scheduler again, with its names from scheduler.template.yaml: the plugin `DiscoveryAddresses` makes them constants of the types that
/// their kinds have, so that a misspelt name does not compile, nor does a request to the queue.
///
///     TypedScheduler        serves the function and asks it for a job, once
@main
struct TypedScheduler {
    struct Query: Codable, Sendable { var id: Int }
    struct Job: Codable, Sendable { var id: Int, name: String }

    static func main() async throws {
        let serving = Task { try await serve() }
        defer { serving.cancel() }
        // The function is there once its address resolves.
        while true {
            do throws(DiscoveryError) {
                _ = try await Discovery.resolve(App.Ais.Scheduler.getJob.address)
                break
            } catch .notFound {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        try await ask(for: 7)
    }

    static func serve() async throws {
        try await Discovery.serve(App.Ais.Scheduler.getJob) { (query: Query) in
            Job(id: query.id, name: "water the plants, for the \(query.id)th time")
        }
    }

    static func ask(for id: Int) async throws {
        // Of App.Ais.Scheduler.jobs it would not compile: that is a queue.
        let job: Job = try await Discovery.request(App.Ais.Scheduler.getJob, Query(id: id))
        print("job \(job.id): \(job.name)")
    }
}
