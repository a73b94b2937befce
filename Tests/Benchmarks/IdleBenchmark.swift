import DiscoveryKit

/// A process that has resolved, requested and serves, and is asked nothing: it sleeps.
enum IdleBenchmark: Benchmark {
    static let name = "idle"
    static let summary = "system calls of a serving process in 3 s without work"

    static func run(_ session: Session) async throws -> [Figure] {
        let home = session.freshPath()
        defer { session.remove(home) }
        return try await figures("idle", session, IdlingRole.self, [home])
    }

    /// The system calls of a process that has printed its first line and is asked nothing.
    static func figures(_ name: String, _ session: Session, _ role: any Role.Type, _ arguments: [String]) async throws -> [Figure] {
        // What work leaves behind has its own time: the log is emptied after 2 s, Dispatch's threads end after 5 s, the time-out for a
        // connection that was made long since passes after 10 s.
        let (calls, line) = try await Tracer(session).calls(of: role, arguments, for: .seconds(15))
        let start = line + 12
        // Dispatch on Linux looks after its pool once a second, in every program: on the thread that waits for up to 16 events.
        let dispatch = Set(
            calls.filter { $0.line.contains("epoll_wait") && ($0.line.contains(", 16, -1)") || $0.line.contains(", 16, 0)")) }.map(\.thread)
        )
        let idle = calls.filter { $0.time >= start }
        let ours = idle.filter { !dispatch.contains($0.thread) }
        let names = ours.isEmpty ? "" : ": " + Set(ours.map(\.name)).sorted().joined(separator: ", ")
        return [
            Figure(name + names, "system calls in 3 s", [Double(ours.count)], goal: .atMost(0)),
            Figure("\(name), of Dispatch's own timer", "system calls in 3 s", [Double(idle.count - ours.count)]),
        ]
    }
}

/// `home`: serves a function, calls it once, prints a line, and then does nothing.
enum IdlingRole: Role {
    static let name = "idling-role"

    static func run(_ arguments: [String]) async throws {
        let discovery = try Discovery(home: arguments[0])
        let serving = Task {
            try await discovery.serve("ais.scheduler->get-job") { (number: Int) in number + 1 }
        }
        while (try? await discovery.resolve("ais.scheduler->get-job")) == nil { try await Task.sleep(for: .milliseconds(10)) }
        let answer = try await discovery.request("ais.scheduler->get-job", 7, as: Int.self)
        say(String(answer))
        waitForEndOfInput()
        serving.cancel()
        _ = await serving.result
        await discovery.shutdown()
    }
}
