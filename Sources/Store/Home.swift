internal import Foundation

/// A directory that any number of processes on this machine open at once, with no server.
///
/// ```
/// registry.sqlite   namespaces, services, instances       (+ -wal, -shm)
/// messages.sqlite   queues, topics, messages              (+ -wal, -shm)
/// lock-registry, lock-messages   writer locks, with a note of who holds them
/// lock-…            one for each office that processes hold in turn, such as the courier's
/// signals           one page, mapped by all: commit counters, bells, home time
/// leases            a word per process slot, with a kernel lock on it
/// ballast           16 MiB, given up when the disk is full
/// ```
///
/// The database files are only ever opened by SQLite: closing any other descriptor of them would drop its locks.
package final class Home: Sendable {
    package let path: String
    package let seam: Seam
    let signals: Signals
    let ballast: Ballast
    private let leases: Leases
    private let sleepers: Sleepers
    private let generation: Int
    let isShared: Bool

    /// Opens the directory, or makes it: with mode 0700, or for a group with 2770. Blocks for the disk, briefly.
    ///
    /// - Throws: `.unusable` when it is not ours to write, or on a network file system; `.full`.
    package init(path: String, group: String? = nil, seam: Seam = Seam()) throws(StoreError) {
        let path = Self.absolute(path)
        try Self.make(path, group: group)
        let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw .system("open", path, errno: errno) }
        defer { Foundation.close(directory) }
        if let kind = Platform.networkFileSystem(directory) {
            throw StoreError(
                .unusable,
                "\(path) lies on a network file system (\(kind)), whose locks cannot be trusted. Name a home on a local disk with DISCOVERY_HOME."
            )
        }
        guard access(path, W_OK | X_OK) == 0 else { throw .system("access", path, errno: errno) }
        var status = stat()
        fstat(directory, &status)
        self.path = path
        self.seam = seam
        generation = ForkGuard.generation
        isShared = status.st_mode & mode_t(S_ISGID) != 0
        signals = try Signals(path: "\(path)/signals")
        leases = try Leases(path: "\(path)/leases")
        ballast = Ballast(path: "\(path)/ballast")
        sleepers = Sleepers(signals)
        ballast.take()
        share("signals", "leases", "ballast", "lock-registry", "lock-messages")
    }

    deinit { sleepers.stop() }

    /// Where a home lies when nobody says: `$XDG_STATE_HOME/discovery`, else `~/.local/state/discovery`.
    package static func defaultPath(environment: [String: String]) -> String {
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return state + "/discovery" }
        return (environment["HOME"] ?? NSHomeDirectory()) + "/.local/state/discovery"
    }

    private static func absolute(_ path: String) -> String {
        let full = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        return full.count > 1 && full.hasSuffix("/") ? String(full.dropLast()) : full
    }

    private static func make(_ path: String, group: String?) throws(StoreError) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR) else {
                throw StoreError(.unusable, "\(path) is not a directory. Name another home with DISCOVERY_HOME.")
            }
            return
        }
        var owner: gid_t?
        if let group {
            guard let entry = getgrnam(group) else {
                throw StoreError(.unusable, "There is no group \(group) on this machine. Correct DISCOVERY_HOME_GROUP.")
            }
            owner = entry.pointee.gr_gid
        }
        var parent = ""
        for part in path.split(separator: "/") {
            parent += "/" + part
            if mkdir(parent, 0o700) != 0, errno != EEXIST { throw .system("mkdir", parent, errno: errno) }
        }
        if let owner {
            guard chown(path, uid_t.max, owner) == 0, chmod(path, 0o2770) == 0 else { throw .system("chown", path, errno: errno) }
        }
    }

    /// In a home of a group the files are the group's too, whatever this process's umask.
    func share(_ names: String...) {
        guard isShared else { return }
        for name in names { chmod("\(path)/\(name)", 0o660) }
    }

    /// Refuses work when this open home can no longer be used. One system call.
    ///
    /// - Throws: `.unusable` when the home was removed while open, or this process is a forked child.
    package func check() throws(StoreError) {
        try checkProcess()
        var status = stat()
        guard fstat(signals.file.descriptor, &status) == 0, status.st_nlink > 0 else {
            throw StoreError(.unusable, "The home at \(path) was removed while it was open. Open it again to start with an empty one.")
        }
    }

    /// The half of `check` that costs one load. What would wait for a thread asks it, since a forked child has none.
    func checkProcess() throws(StoreError) {
        guard ForkGuard.generation == generation else {
            throw StoreError(
                .unusable, "This process is a fork of the one that opened \(path). Open the home after the fork, not before it.")
        }
    }

    /// Tells the home from another that came to its place after it was removed.
    var identity: String {
        var status = stat()
        fstat(signals.file.descriptor, &status)
        return "\(status.st_dev):\(status.st_ino)"
    }

    /// The time by which all deadlines in this home are kept; never falls.
    package func now() -> HomeTime { seam.now?() ?? HomeTime(milliseconds: signals.now() / 1_000_000) }

    // MARK: Leases

    /// The lease of this process: it lives as long as the process does.
    ///
    /// - Throws: `.full` when all are taken; `.unusable` in a forked child, which would take its parent's for its own.
    package func lease() throws(StoreError) -> Lease {
        try checkProcess()
        return try leases.current()
    }

    /// Whether the process that holds `lease` lives. One system call.
    package func isAlive(_ lease: Lease) -> Bool { leases.isAlive(lease) }

    // MARK: Bells

    /// How often `bell` rang. Read it, then the store, then sleep: nothing is missed.
    package func rings(of bell: Bell) -> UInt64 { signals.rings(of: bell) }

    /// Sleeps until `bell` has rung since `rings` was read, in this process or another. Nobody polls.
    ///
    /// - Returns: false when `deadline` came first or the task was cancelled.
    /// - Throws: `.unusable` when the system has no file watches left, or this process is a forked child.
    package func sleep(at bell: Bell, since rings: UInt64, until deadline: ContinuousClock.Instant? = nil) async throws(StoreError) -> Bool
    {
        try checkProcess()
        return try await sleepers.sleep(at: bell, since: rings, until: deadline)
    }

    func ring(_ bells: UInt64) {
        guard bells != 0 else { return }
        signals.ring(bells)
        sleepers.wake()
    }
}
