import Messaging
import Store

/// What users would run instead, asked for the same: a message is confirmed when it is on the disk.
enum QueueRedisBenchmark: Benchmark {
    static let name = "queue-redis"
    static let summary = "64 senders, and whole lives by 64 + 64, against Redis Streams with appendfsync always and as many clients"

    private static let each = 500

    static func run(_ session: Session) async throws -> [Figure] {
        let client = try session.reference("redis")
        let socket = session.freshPath()
        let server = try start(session, socket)
        let tasks = QueueLifeBenchmark.tasks
        func theirs(_ mode: String) throws -> Double {
            Double(tasks * each) / (try seconds(of: [client, socket, mode, String(tasks), String(each)]))
        }
        let sends = try await Pairs.measure(session) {
            try await QueueSendBenchmark.rate(session, of: tasks * each) { try await $0.produce(tasks, each: each) }
        } reference: {
            try theirs("sends")
        }
        let lives = try await Pairs.measure(session) {
            try await HotQueue.with(session) { try await $0.lives(tasks, tasks, each: each) }
        } reference: {
            try theirs("lives")
        }
        try server.finish()
        return [
            Figure("queue-redis, 64 senders", "1/s", sends, goal: .ratioAtLeast(1)),
            Figure("queue-redis, lives by 64 + 64", "1/s", lives, goal: .ratioAtLeast(1)),
        ]
    }

    /// A server for this run alone, in a folder of the session. A shell ends it when its own input ends: none is left behind.
    private static func start(_ session: Session, _ socket: String) throws -> Child {
        guard (try? Child.output(of: ["redis-server", "--version"])) != nil else {
            throw Skipped(reason: "redis-server is not installed (Debian: apt-get install redis-server)")
        }
        let folder = session.freshPath()
        let options =
            "--port 0 --unixsocket \(socket) --dir \(folder) --appendonly yes --appendfsync always --auto-aof-rewrite-percentage 0"
        let server = try Child.start([
            "sh", "-c",
            "mkdir \(folder); redis-server \(options) --save '' & server=$!; cat >/dev/null; kill $server; wait $server; exit 0",
        ])
        while let line = server.readLine() {
            if line.contains("ready to accept connections") { return server }
        }
        throw Skipped(reason: "redis-server did not start")
    }
}
