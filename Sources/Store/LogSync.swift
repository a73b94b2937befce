internal import Foundation

/// Makes committed groups durable: one sync of the write-ahead log confirms all groups that wait for it, while the writer makes the next.
///
/// SQLite would sync inside COMMIT, under the lock: then the processor waits for the disk and other processes for both. Committing first and
/// syncing afterwards is as durable, because who waits is told only after the sync, and a log is synced as a whole: whatever another process
/// has read and built upon becomes durable no later than what it built. A log that was moved into the database meanwhile was synced there.
///
/// After a failed sync the kernel may call the lost pages clean, and frames behind a hole in the log are lost with it. So the log is moved
/// into the database and begun anew before anything else is confirmed.
final class LogSync: @unchecked Sendable {  // `waiting` to `thread` are guarded by `condition`; the rest belongs to who set `isBusy`
    typealias Told = (write: PendingWrite, failure: StoreError?)

    private let path: String
    private let folder: String
    private let commits: CommitWord
    private let checkpointer: Checkpointer
    private let seam: Seam
    private let condition = NSCondition()
    private var waiting: [Told] = []
    private var isBusy = false
    private var isForgotten = false
    private var isStopped = false
    private var thread: Thread?
    private var descriptor: Int32 = -1
    /// The version that is known to be durable.
    private var durable: UInt64?
    /// A sync has failed, and the log has not been moved since.
    private var isSuspect = false

    init(path: String, home: Home, commits: CommitWord, checkpointer: Checkpointer) {
        self.path = "\(path)-wal"
        folder = home.path
        seam = home.seam
        self.commits = commits
        self.checkpointer = checkpointer
    }

    deinit { forgetLog() }

    /// Tells the callers of a group, those who wait for the disk after a sync. Called by the writer's thread, outside the lock.
    ///
    /// - Parameter atOnce: the writer has nothing else to do meanwhile. Without it, that is done on a thread of its own.
    func confirm(_ group: [Told], atOnce: Bool) {
        let needsSync = { (told: Told) in told.failure == nil && told.write.durability == .synced }
        let needing = group.filter(needsSync)
        if needing.count < group.count { Self.tell(group.filter { !needsSync($0) }) }
        guard !needing.isEmpty else { return }
        condition.lock()
        if atOnce, !isBusy, waiting.isEmpty {
            isBusy = true
            condition.unlock()
            serve(needing)
            condition.lock()
            isBusy = false
        } else {
            waiting += needing
            if thread == nil { startThread() }
        }
        condition.broadcast()
        condition.unlock()
    }

    /// The database was opened anew: its log may be another file now.
    func forget() {
        condition.lock()
        isForgotten = true
        condition.unlock()
    }

    /// Ends the thread once everybody is told. Blocks until then, except on the thread itself. No group may follow.
    func stop() {
        condition.lock()
        isStopped = true
        condition.broadcast()
        while thread != nil, thread !== Thread.current { condition.wait() }
        if !isBusy { forgetLog() }
        condition.unlock()
    }

    private func startThread() {
        let thread = Thread { [self] in
            condition.lock()
            while !waiting.isEmpty || !isStopped {
                guard !waiting.isEmpty, !isBusy else {
                    condition.wait()
                    continue
                }
                let group = waiting
                waiting = []
                isBusy = true
                condition.unlock()
                serve(group)
                condition.lock()
                isBusy = false
            }
            self.thread = nil
            condition.broadcast()
            condition.unlock()
        }
        thread.name = "discovery-sync"
        thread.stackSize = 1 << 20
        self.thread = thread
        thread.start()
    }

    /// By two at once where there are many: the next sync need not wait for that, and one alone would wake another for each caller in turn,
    /// who takes its place each time.
    private static func tell(_ group: [Told]) {
        guard group.count > 8 else { return group.forEach { $0.write.finish($0.failure) } }
        let half = group.count / 2
        Task { group[..<half].forEach { $0.write.finish($0.failure) } }
        Task { group[half...].forEach { $0.write.finish($0.failure) } }
    }

    // MARK: Syncing

    private func serve(_ group: [Told]) {
        do throws(StoreError) {
            try makeDurable()
            Self.tell(group)
        } catch {
            Self.tell(group.map { ($0.write, error) })
        }
    }

    private func makeDurable() throws(StoreError) {
        // Before the sync: what is committed while that runs may not be part of it.
        let version = commits.version()
        if isSuspect {
            guard checkpointer.moveAll() else { throw failure("the log could not be moved") }
            isSuspect = false
        } else if version != durable {
            do {
                try seam.atSync?()
                try syncLog()
            } catch {
                isSuspect = !checkpointer.moveAll()
                throw error
            }
        }
        durable = version
    }

    private func syncLog() throws(StoreError) {
        condition.lock()
        if isForgotten { forgetLog() }
        isForgotten = false
        condition.unlock()
        if descriptor < 0 {
            // SQLite locks the database file, not its log: closing another descriptor of that loses no lock.
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0, Platform.syncFolder(folder) else {
                let code = errno
                forgetLog()
                throw failure(String(cString: strerror(code)))
            }
        }
        guard Platform.sync(descriptor) else { throw failure(String(cString: strerror(errno))) }
    }

    private func forgetLog() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    private func failure(_ detail: String) -> StoreError {
        StoreError(
            .outcomeUnknown,
            "The disk failed (syncing \(path): \(detail)): whether the operation was done is unknown. Look, then repeat it if needed.")
    }
}
