import Foundation
import Synchronization
import Testing

/// A process of one of our programs, driven by lines: `Processes`, unless told. It is killed when the test is done with it.
final class Child: Sendable {
    let id: pid_t
    /// Between making a pipe and marking it close-on-exec no other process may be started: it would keep an end open.
    fileprivate static let spawning = Mutex(())
    private let input: Int32
    private let output: Int32
    /// Reads block a thread of their own, not one of the cooperative pool's.
    private let thread = DispatchQueue(label: "child")
    private let unread = Mutex<[UInt8]>([])
    private let status = Mutex<Int32?>(nil)

    /// - Parameter before: a program to run it under, such as `strace -f`.
    convenience init(_ role: String, _ arguments: String..., before: [String] = []) throws {
        try self.init(words: before + [try Self.program("Processes"), role] + arguments)
    }

    /// - Parameter complaints: the file that its standard error goes to, instead of ours.
    init(words: [String], complaints: String? = nil) throws {
        signal(SIGPIPE, SIG_IGN)
        var argv = words.map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        var id: pid_t = 0
        var toChild: [Int32] = [0, 0]
        var fromChild: [Int32] = [0, 0]
        let result = Self.spawning.withLock { _ in
            guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { return errno }
            for end in toChild + fromChild { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            #if canImport(Darwin)
                var actions: posix_spawn_file_actions_t?
            #else
                var actions = posix_spawn_file_actions_t()
            #endif
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
            posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
            if let complaints { posix_spawn_file_actions_addopen(&actions, 2, complaints, O_WRONLY | O_CREAT | O_APPEND, 0o600) }
            // Other tests listen on sockets that are not close-on-exec: a child must not keep their ports.
            for name in (try? FileManager.default.contentsOfDirectory(atPath: "/dev/fd")) ?? [] {
                if let descriptor = Int32(name), descriptor > 2, fcntl(descriptor, F_GETFD) == 0 {
                    posix_spawn_file_actions_addclose(&actions, descriptor)
                }
            }
            return posix_spawnp(&id, words[0], &actions, nil, &argv, environ)
        }
        close(toChild[0])
        close(fromChild[1])
        try #require(result == 0, "\(words[0]): \(String(cString: strerror(result)))")
        self.id = id
        input = toChild[1]
        output = fromChild[0]
    }

    deinit {
        kill(SIGKILL)
        wait()
        close(input)
        close(output)
    }

    /// The executable lies beside the bundle of the tests.
    static func program(_ name: String) throws -> String {
        var folders = [Bundle.main.bundleURL, URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()]
        folders += folders.map { $0.deletingLastPathComponent() }
        folders.append(URL(filePath: ".build/debug"))
        let program = folders.map { $0.appending(path: name).path }.first { FileManager.default.isExecutableFile(atPath: $0) }
        return try #require(program, "there is no \(name) beside \(CommandLine.arguments[0])")
    }

    func send(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(input, bytes, bytes.count)
    }

    /// The next line; `nil` when the process has ended.
    func line() async -> String? {
        await withCheckedContinuation { continuation in
            thread.async { continuation.resume(returning: self.lineBlocking()) }
        }
    }

    /// Every line to the end of the process.
    func lines() async -> [String] {
        var lines: [String] = []
        while let line = await line() { lines.append(line) }
        return lines
    }

    /// The answer to a command.
    @discardableResult
    func ask(_ command: String) async -> String {
        send(command)
        return await line() ?? "ended"
    }

    private func lineBlocking() -> String? {
        unread.withLock { unread in
            var buffer = [UInt8](repeating: 0, count: 1 << 14)
            while true {
                if let end = unread.firstIndex(of: 10) {
                    defer { unread.removeSubrange(...end) }
                    return String(decoding: unread[..<end], as: UTF8.self)
                }
                let count = read(output, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                // What came after the last newline was cut off by the end: it says nothing.
                guard count > 0 else { return nil }
                unread += buffer.prefix(count)
            }
        }
    }

    func kill(_ signal: Int32) {
        status.withLock { status in
            // A process that was waited for is gone, and its number may be another's.
            if status == nil { _ = Foundation.kill(id, signal) }
        }
    }

    /// Waits for the end. Blocks, briefly for one that was killed.
    @discardableResult
    func wait() -> Int32 {
        status.withLock { status in
            if let status { return status }
            var ended: Int32 = 0
            while waitpid(id, &ended, 0) < 0 && errno == EINTR {}
            status = ended
            return ended
        }
    }

    /// Kills it as the kernel's out-of-memory killer would, and waits until it is gone.
    func end() {
        kill(SIGKILL)
        wait()
    }

    /// Waits until a SIGSTOP has taken effect.
    func waitUntilStopped() async {
        await withCheckedContinuation { continuation in
            thread.async {
                var status: Int32 = 0
                while waitpid(self.id, &status, WUNTRACED) < 0 && errno == EINTR {}
                continuation.resume()
            }
        }
    }
}

/// Runs a program to its end.
///
/// - Returns: its exit status; nothing of its output.
@discardableResult
func run(_ words: String...) throws -> Int32 {
    var argv = words.map { strdup($0) } + [nil]
    defer { argv.forEach { free($0) } }
    var id: pid_t = 0
    let result = Child.spawning.withLock { _ in posix_spawnp(&id, words[0], nil, nil, &argv, environ) }
    try #require(result == 0, "\(words[0]): \(String(cString: strerror(result)))")
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0 && errno == EINTR {}
    return status >> 8 & 0xFF | status & 0x7F
}

/// Whether a process has become this program and waits in it: only then is everything closed that its parent kept to itself.
func isRunning(_ process: pid_t, _ program: String) -> Bool {
    let line = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
    return line.contains("(\(program)) S")
}
