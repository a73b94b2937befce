internal import Foundation
internal import Synchronization

/// An office of a home, such as the courier's: of all processes that open the home, one at a time holds it.
///
/// It is a lock of the kernel's, which the next candidate has at once when the holder ends, `kill -9` included. Nobody polls: the candidates
/// of a process share one thread, which sits in one system call.
package struct Election: Sendable {
    private let home: Home
    private let office: Office

    init(_ name: String, of home: Home) {
        self.home = home
        office = Office.of(home, name: name)
    }

    /// Waits until this process holds the office, runs `body`, and gives the office up. Candidates of one process take turns as well, those of
    /// others between them.
    ///
    /// - Throws: `.cancelled` when the task was cancelled before the office was its; `.unusable` for a home that was removed, or in a forked
    ///   child; what `body` throws.
    package func hold<Value>(_ body: () async throws -> Value) async throws -> Value {
        try home.checkProcess()
        let file = try await office.take()
        defer { office.giveUp(file) }
        // It may have been removed during the wait: then somebody else may hold the same office of the home that came after it.
        try home.check()
        return try await body()
    }

    /// The same, but waits for nobody.
    ///
    /// - Returns: `nil` when the office is held already, by whomever.
    package func holdIfFree<Value>(_ body: () async throws -> Value) async throws -> Value? {
        try home.checkProcess()
        guard let file = try office.takeIfFree() else { return nil }
        defer { office.giveUp(file) }
        return try await body()
    }

    /// Who holds the office, this process included; `nil` when nobody does. A few system calls, of which none waits.
    package func holder() -> Holder? { office.holder() }

    /// Who holds an office: described by the program, its pid, and whether it is stopped.
    package struct Holder: Sendable, Hashable, CustomStringConvertible {
        package let description: String
        /// Whether it was stopped by a signal, and so does nothing for now.
        package let isStopped: Bool
    }
}

extension Home {
    /// The office of this name.
    ///
    /// - Parameter name: becomes part of a file's name: lower-case letters and `-`, and no database's.
    package func election(_ name: String) -> Election {
        precondition(
            !name.isEmpty && name.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "-") }
                && Schema.Name(rawValue: name) == nil, "\(name) is no name for an office")
        return Election(name, of: self)
    }
}

/// The candidates of this process for one office, whichever `Home` they opened.
///
/// A thread in `flock` cannot be called back. When all who waited have gone it stays where it is, for the next candidate to take over, and
/// gives the lock up as soon as it has it; so there is one at most for each office.
private final class Office: Sendable {
    private struct State {
        var candidates: [(id: UInt64, continuation: CheckedContinuation<LockFile, any Error>)] = []
        var lastID: UInt64 = 0
        /// Whether the thread is there.
        var isSeeking = false
        var isHeld = false

        /// Whether a thread is to be started for those who wait.
        mutating func startsSeeking() -> Bool {
            guard !candidates.isEmpty, !isSeeking, !isHeld else { return false }
            isSeeking = true
            return true
        }
    }

    private let path: String
    private let share: @Sendable () -> Void
    private let state = Mutex(State())

    private init(path: String, share: @escaping @Sendable () -> Void) {
        self.path = path
        self.share = share
    }

    private struct Known {
        weak var office: Office?
    }

    private static let known = Mutex<[String: Known]>([:])

    static func of(_ home: Home, name: String) -> Office {
        let path = "\(home.path)/lock-\(name)"
        // Of a home that was removed and made anew the offices are others.
        let key = "\(home.identity) \(path)"
        return known.withLock { known in
            if let office = known[key]?.office { return office }
            known = known.filter { $0.value.office != nil }
            let isShared = home.isShared
            let office = Office(path: path) {
                // In a home of a group the file is the group's too, whatever this process's umask.
                if isShared { chmod(path, 0o660) }
            }
            known[key] = Known(office: office)
            return office
        }
    }

    func take() async throws -> LockFile {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isFirst = state.withLock { state in
                    state.candidates.append((id, continuation))
                    return state.startsSeeking()
                }
                if isFirst { seek() }
                if Task.isCancelled { withdraw(id) }
            }
        } onCancel: {
            withdraw(id)
        }
    }

    /// A few system calls, of which none waits.
    func takeIfFree() throws(StoreError) -> LockFile? {
        let isFree = state.withLock { state in
            guard !state.isHeld, !state.isSeeking else { return false }
            state.isHeld = true
            return true
        }
        guard isFree else { return nil }
        let result = Result { () throws(StoreError) in
            let file = try LockFile(path: path)
            share()
            return try file.tryLock() ? file : nil
        }
        if case .success(let file?) = result {
            file.writeNote()
            return file
        }
        let isWanted = state.withLock { state in
            state.isHeld = false
            return state.startsSeeking()
        }
        if isWanted { seek() }
        return try result.get()
    }

    func giveUp(_ file: LockFile) {
        // Unlocked, and then asked for anew: other processes may have waited longer than those of this one.
        file.unlock()
        let isWanted = state.withLock { state in
            state.isHeld = false
            return state.startsSeeking()
        }
        if isWanted { seek() }
    }

    func holder() -> Election.Holder? {
        guard access(path, F_OK) == 0, let file = try? LockFile(path: path), file.isHeld() else { return nil }
        return .init(description: file.holder(), isStopped: file.isHolderStopped)
    }

    private func withdraw(_ id: UInt64) {
        let candidate = state.withLock { state in
            state.candidates.firstIndex { $0.id == id }.map { state.candidates.remove(at: $0) }
        }
        candidate?.continuation.resume(throwing: StoreError.cancelled)
    }

    private func seek() {
        let thread = Thread { [self] in
            do {
                let file = try LockFile(path: path)
                share()
                try file.lock()
                found(file)
            } catch {
                fail(error)
            }
        }
        thread.name = "discovery-office"
        thread.start()
    }

    private func found(_ file: LockFile) {
        let first = state.withLock { state in
            state.isSeeking = false
            state.isHeld = !state.candidates.isEmpty
            return state.candidates.isEmpty ? nil : state.candidates.removeFirst()
        }
        guard let first else { return file.unlock() }
        file.writeNote()
        first.continuation.resume(returning: file)
    }

    private func fail(_ error: any Error) {
        let candidates = state.withLock { state in
            state.isSeeking = false
            defer { state.candidates = [] }
            return state.candidates
        }
        for candidate in candidates { candidate.continuation.resume(throwing: error) }
    }
}
