import Foundation
import Store
import Synchronization

/// Keeps notes in the `messages` database of a home, as it is told.
struct Notes {
    let home: String

    private static let schema = Schema(.messages, steps: ["CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT"])

    /// What the next transactions meet: nothing, SIGKILL between commit and counter, SIGSTOP inside the transaction.
    private enum Fate: Int { case none, kill, stop }
    private static let fate = Atomic<Int>(0)

    func run() async {
        var seam = Seam()
        // `raise` and not `kill`: this thread is not to go one step further.
        seam.afterCommit = { if Self.fate.load(ordering: .relaxed) == Fate.kill.rawValue { raise(SIGKILL) } }
        seam.insideTransaction = { if Self.fate.load(ordering: .relaxed) == Fate.stop.rawValue { raise(SIGSTOP) } }
        var opened: (home: Home, store: Store)?
        while let line = Line.read() {
            let command = Command(line)
            do {
                switch command.verb {
                case "open":
                    let home = try Home(path: home, group: command.text("group"), seam: seam)
                    opened = (home, try Store(home, Self.schema))
                    Line.write("ok")
                case "close":
                    opened?.store.close()
                    opened = nil
                    Line.write("ok")
                case "fate":
                    let fate: Fate = command.has("kill") ? .kill : command.has("stop") ? .stop : .none
                    Self.fate.store(fate.rawValue, ordering: .relaxed)
                    Line.write("ok")
                case "umask": Line.write("ok \(umask(mode_t(command.integer("mask") ?? 0o22)))")
                case "limit": Line.write(Self.limit(command.integer("bytes")))
                case "become": Line.write(become(user: command.integer("user") ?? 65534, group: command.integer("group") ?? 65534))
                case "child": Line.write(try await child())
                default:
                    guard let opened else { return Line.write("error closed the home is not open") }
                    Line.write(try await answer(command, opened.home, opened.store))
                }
            } catch let error as StoreError {
                Line.write("error \(error.code) \(error.message)")
            } catch {
                Line.write("error other \(error)")
            }
        }
    }

    private func answer(_ command: Command, _ home: Home, _ store: Store) async throws -> String {
        switch command.verb {
        case "put":
            try await put(command.integer("id") ?? 0, command, store)
            return "ok"
        case "many":
            let from = command.integer("from") ?? 0
            let count = command.integer("count") ?? 0
            let width = command.integer("width") ?? 1
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<width {
                    group.addTask {
                        for id in stride(from: from + lane, to: from + count, by: width) { try await put(id, command, store) }
                    }
                }
                try await group.waitForAll()
            }
            return "ok \(count)"
        case "drop":
            let id = command.integer("id") ?? 0
            return "ok \(try await store.write(reclaims: true) { try $0.connection.run("DELETE FROM notes WHERE id = ?", .integer(id)) })"
        case "get":
            let id = command.integer("id") ?? 0
            return "ok \(try await store.read { try $0.first("SELECT text FROM notes WHERE id = ?", .integer(id)) { $0.text(0) } } ?? "-")"
        case "count":
            return "ok \(try await store.read { try $0.first("SELECT count(*) FROM notes") { $0.integer(0) } } ?? 0)"
        case "version": return "ok \(store.version())"
        case "still": return "ok \(store.isStill(UInt64(command.integer("version") ?? 0)))"
        case "lease":
            let lease = try home.lease()
            return "ok \(lease.slot) \(lease.generation)"
        case "alive":
            return "ok \(home.isAlive(Lease(slot: command.integer("slot") ?? 0, generation: Int64(command.integer("generation") ?? 0))))"
        case "rings": return "ok \(home.rings(of: Bell(for: command.text("bell") ?? "")))"
        case "sleep":
            let deadline = command.integer("milliseconds").map { ContinuousClock.now + .milliseconds($0) }
            return
                "ok \(try await home.sleep(at: Bell(for: command.text("bell") ?? ""), since: UInt64(command.integer("since") ?? 0), until: deadline))"
        case "echo": return try await echo(command, home)
        case "fork": return try await forked(home, store)
        default: return "error other there is no \(command.verb)"
        }
    }

    private func put(_ id: Int, _ command: Command, _ store: Store) async throws {
        let text = command.integer("size").map { String(repeating: "x", count: $0) } ?? command.text("text") ?? "\(id)"
        let bell = command.text("bell")
        try await store.write(
            command.has("ordered") ? .ordered : .synced, patience: command.integer("patience").map { .milliseconds($0) },
            reclaims: command.has("reclaims")
        ) { transaction in
            try transaction.connection.run("INSERT OR REPLACE INTO notes VALUES (?, ?)", .integer(id), .text(text))
            if let bell { transaction.ring(Bell(for: bell)) }
        }
    }

    /// Answers each ring of one bell by writing, which rings another: half of a game that ends when a wake-up is lost.
    private func echo(_ command: Command, _ home: Home) async throws -> String {
        let store = try Store(home, Self.schema)
        defer { store.close() }
        let bell = Bell(for: command.text("hears") ?? "")
        let answer = Bell(for: command.text("rings") ?? "")
        var seen = 0
        Line.write("ok listening")
        while seen < command.integer("rounds") ?? 0 {
            let rings = home.rings(of: bell)
            let version = store.version()
            let latest = Int(try await store.read { try $0.first("SELECT max(id) FROM notes") { $0.integer(0) } } ?? 0)
            if latest > seen {
                seen = latest
                try await store.write(.ordered) { transaction in
                    try transaction.connection.run("UPDATE notes SET text = 'heard' WHERE id = ?", .integer(latest))
                    transaction.ring(answer)
                }
                continue
            }
            // As an owner of a cache does: while the version stands there is nothing to look at.
            guard store.isStill(version) else { continue }
            _ = try await home.sleep(at: bell, since: rings)
        }
        return "ok \(seen)"
    }

    static func limit(_ bytes: Int?) -> String {
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit()
        #if canImport(Darwin)
            getrlimit(RLIMIT_FSIZE, &limit)
            limit.rlim_cur = bytes.map { rlim_t($0) } ?? limit.rlim_max
            return setrlimit(RLIMIT_FSIZE, &limit) == 0 ? "ok" : "error other setrlimit"
        #else
            let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
            getrlimit(resource, &limit)
            limit.rlim_cur = bytes.map { rlim_t($0) } ?? limit.rlim_max
            return setrlimit(resource, &limit) == 0 ? "ok" : "error other setrlimit"
        #endif
    }

    private func become(user: Int, group: Int) -> String {
        setgroups(0, nil) == 0 && setgid(gid_t(group)) == 0 && setuid(uid_t(user)) == 0
            ? "ok" : "error other \(String(cString: strerror(errno)))"
    }
}
