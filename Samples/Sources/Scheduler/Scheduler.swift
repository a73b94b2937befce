import DiscoveryKit

/// A scheduler that other programs ask for jobs by name: `ais.scheduler->get-job`.
///
///     Scheduler serve       serves the function until it is ended
///     Scheduler ask 7       asks for job 7, wherever the function is
///     Scheduler             does both, once, in one process
@main
struct Scheduler {
    struct Query: Codable, Sendable { var id: Int }
    struct Job: Codable, Sendable { var id: Int, name: String }

    static let getJob: Address = "ais.scheduler->get-job"

    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        switch (arguments.first, arguments.dropFirst().first.flatMap({ Int($0) })) {
        case ("serve", nil): try await serve()
        case ("ask", let id?): try await ask(for: id)
        case (nil, _): try await both()
        default: print("usage: Scheduler [serve | ask ID]")
        }
    }

    static func serve() async throws {
        try await Discovery.serve(getJob) { (query: Query) in
            Job(id: query.id, name: "water the plants, for the \(query.id)th time")
        }
    }

    static func ask(for id: Int) async throws {
        let job: Job = try await Discovery.request(getJob, Query(id: id))
        print("job \(job.id): \(job.name)")
    }

    static func both() async throws {
        let serving = Task { try await serve() }
        defer { serving.cancel() }
        // The function is there once its address resolves.
        while true {
            do throws(DiscoveryError) {
                _ = try await Discovery.resolve(getJob)
                break
            } catch .notFound {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        try await ask(for: 7)
    }
}
