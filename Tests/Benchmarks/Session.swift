import DiscoveryKit
import Foundation

/// One run of the benchmarks: how many rounds, how long a backlog, and a folder for homes that goes when the run ends.
final class Session {
    let rounds: Int
    /// How many messages lie in a long queue, or pass it.
    let messages: Int
    private let folder: URL
    private var folders = 0
    private var references: [String: String] = [:]

    init(rounds: Int, messages: Int) throws {
        self.rounds = rounds
        self.messages = messages
        folder = FileManager.default.temporaryDirectory.appending(path: "discovery-benchmarks-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    func end() { try? FileManager.default.removeItem(at: folder) }

    /// A path in the folder at which nothing is.
    func freshPath() -> String {
        folders += 1
        return folder.appending(path: String(folders)).path
    }

    func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    /// What the figures depend on: the file system, and how long one synced append takes on it just now. A median of milliseconds means that
    /// something else uses the machine: throw such a run away.
    func surroundings() throws -> String {
        let path = freshPath()
        defer { remove(path) }
        let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
        defer { close(descriptor) }
        let page = [UInt8](repeating: 7, count: 1024)
        let times = (0..<200).map { _ in
            milliseconds { _ = write(descriptor, page, page.count) + Int(fsync(descriptor)) }
        }
        let kind =
            (try? Child.output(of: ["df", "--output=fstype", folder.path]))?.split(separator: "\n").last.map(String.init) ?? "unknown"
        let load = (try? Child.output(of: ["cat", "/proc/loadavg"]))?.split(separator: " ").first.map(String.init) ?? "unknown"
        return
            "homes in \(folder.path) on \(kind); 1 KiB synced append \(Table.number(times.median)) ms, at most \(Table.number(times.max() ?? 0)) ms; load \(load)"
    }

    /// The path of a program in `References`, compiled by the first who asks.
    func reference(_ name: String) throws -> String {
        if let path = references[name] { return path }
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "References/\(name).c").path
        guard FileManager.default.fileExists(atPath: source) else {
            throw Skipped(reason: "the source of the reference, \(name).c, is not here")
        }
        let path = freshPath()
        do {
            _ = try Child.output(of: ["cc", "-O2", "-pthread", "-o", path, source, "-lsqlite3"])
        } catch {
            throw Skipped(reason: "the reference \(name).c was not compiled (\(error))")
        }
        references[name] = path
        return path
    }
}

extension Discovery {
    /// A client of a home, otherwise as the defaults have it.
    init(home: String) throws(DiscoveryError) {
        var configuration = Configuration()
        configuration.backend = .embedded(home: home)
        try self.init(configuration)
    }
}

// MARK: Time

func nanoseconds(_ body: () async throws -> Void) async rethrows -> Double {
    let start = ContinuousClock.now
    try await body()
    return (ContinuousClock.now - start) / .nanoseconds(1)
}

func milliseconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return (ContinuousClock.now - start) / .milliseconds(1)
}
