internal import Foundation
internal import Synchronization

/// Those in this process who wait for a bell. One thread watches for all of them, from the first sleeper on; while nobody is due it sits
/// in one system call.
final class Sleepers: Sendable {
    private struct Sleeper {
        let bell: Bell
        let rings: UInt64
        let deadline: ContinuousClock.Instant?
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var sleepers: [Int: Sleeper] = [:]
        var next = 0
        var watch: FileWatch?
        var isStopped = false
    }

    private let signals: Signals
    private let state = Mutex(State())

    init(_ signals: Signals) { self.signals = signals }

    func sleep(at bell: Bell, since rings: UInt64, until deadline: ContinuousClock.Instant?) async throws(StoreError) -> Bool {
        try startWatching()
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let sleeper = Sleeper(bell: bell, rings: rings, deadline: deadline, continuation: continuation)
                let isStopped = state.withLock { state in
                    if !state.isStopped { state.sleepers[id] = sleeper }
                    return state.isStopped
                }
                if isStopped { return continuation.resume(returning: false) }
                if Task.isCancelled { return end(id, isRung: false) }
                // In this order: whoever rings before the flag is set is seen by the second look, whoever rings after it wakes us.
                signals.announceSleeper(at: bell)
                if signals.rings(of: bell) != rings { return end(id, isRung: true) }
                if deadline != nil { signals.poke() }
            }
        } onCancel: {
            end(id, isRung: false)
        }
    }

    /// Wakes those whose bell has rung.
    func wake() { wakeDue() }

    func stop() {
        let (sleepers, isWatching) = state.withLock { state in
            state.isStopped = true
            defer { state.sleepers = [:] }
            return (state.sleepers.values, state.watch != nil)
        }
        for sleeper in sleepers { sleeper.continuation.resume(returning: false) }
        if isWatching { signals.poke() }
    }

    private func end(_ id: Int, isRung: Bool) {
        let sleeper = state.withLock { $0.sleepers.removeValue(forKey: id) }
        sleeper?.continuation.resume(returning: isRung)
    }

    private func startWatching() throws(StoreError) {
        let result: Result<FileWatch?, StoreError> = state.withLock { state in
            guard state.watch == nil, !state.isStopped else { return .success(nil) }
            return Result { () throws(StoreError) in
                let watch = try FileWatch(path: signals.file.path)
                state.watch = watch
                return watch
            }
        }
        guard let watch = try result.get() else { return }
        let thread = Thread { [self] in
            while let deadline = nearestDeadline() {
                watch.wait(until: deadline)
                wakeDue()
            }
        }
        thread.name = "discovery-bells"
        thread.start()
    }

    /// `.some(nil)` when nobody has a deadline, `nil` when the thread is to end.
    private func nearestDeadline() -> ContinuousClock.Instant?? {
        state.withLock { state in
            guard !state.isStopped else { return nil }
            return .some(state.sleepers.values.compactMap(\.deadline).min())
        }
    }

    private func wakeDue() {
        let now = ContinuousClock.now
        let due: [(Sleeper, Bool)] = state.withLock { state in
            var due: [(Sleeper, Bool)] = []
            for (id, sleeper) in state.sleepers {
                // The ringer cleared the flag for all who share the bell: set it again before looking.
                signals.announceSleeper(at: sleeper.bell)
                let isRung = signals.rings(of: sleeper.bell) != sleeper.rings
                guard isRung || sleeper.deadline.map({ $0 <= now }) == true else { continue }
                due.append((sleeper, isRung))
                state.sleepers[id] = nil
            }
            return due
        }
        for (sleeper, isRung) in due { sleeper.continuation.resume(returning: isRung) }
    }
}
