import Foundation

/// A running discoveryd. It is started and first asked by system calls alone: that takes it some twenty milliseconds, and Foundation's way of
/// starting a program half as long.
final class DaemonChild {
    /// The program that is measured: what `DISCOVERYD` names, or the one beside the benchmarks.
    static let path =
        ProcessInfo.processInfo.environment["DISCOVERYD"]
        ?? URL(filePath: Bundle.main.executablePath ?? "").deletingLastPathComponent().appending(path: "discoveryd").path

    /// Has the program read from the disk again, as after an installation: what a linker has just written lies in the page cache in larger
    /// pieces, of which a process is given more than it asks for.
    static func dropFileFromMemory() {
        #if !canImport(Darwin)
            let file = open(path, O_RDONLY)
            fsync(file)
            posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
            close(file)
        #endif
    }

    let port: Int
    private let process: pid_t
    private let output: Int32

    /// Starts it, on one core if told so, and waits until it says where it listens. Blocks.
    init(home: String, core: Int? = nil) throws {
        let pinned = core.map { ["taskset", "-c", String($0)] } ?? []
        (process, output) = try Self.spawn(pinned + [Self.path, "--home", home, "--listen", "127.0.0.1:0", "--log-level", "error"])
        do { port = try Self.port(in: output) } catch {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
            close(output)
            throw error
        }
    }

    /// From its greeting, whose first line ends with it.
    private static func port(in output: Int32) throws -> Int {
        var greeting: [UInt8] = []
        while !greeting.contains(UInt8(ascii: "\n")) {
            guard let more = read(output) else { throw Child.Failure(description: "discoveryd did not start") }
            greeting += more
        }
        let first = String(decoding: greeting, as: UTF8.self).split(separator: "\n").first ?? ""
        guard let port = first.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw Child.Failure(description: "discoveryd says: \(first)")
        }
        return port
    }

    private static func spawn(_ command: [String]) throws -> (process: pid_t, output: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Child.Failure(description: "there is no pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[1]) }
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&files, ends[1], 1)
        posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0)
        // The threads of Swift's pool block all signals, and it has to hear of its end.
        var attributes = posix_spawnattr_t()
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let error = posix_spawnp(&process, command[0], &files, &attributes, &arguments, environ)
        guard error == 0 else { throw Child.Failure(description: "\(command[0]) does not start: error \(error)") }
        return (process, ends[0])
    }

    /// What comes next; `nil` at the end. Blocks.
    private static func read(_ file: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = Foundation.read(file, &bytes, bytes.count)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    /// Returns with the first answer. Blocks.
    func answersReady() throws {
        let failure = Child.Failure(description: "discoveryd does not answer")
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafeBytes(of: &address) {
            connect(client, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
        let question = Array("GET /_discovery/ready HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
        guard connected == 0, write(client, question, question.count) == question.count, let answer = Self.read(client),
            answer.starts(with: "HTTP/1.1 200 ".utf8)
        else { throw failure }
    }

    func residentMiB() throws -> Double {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? .nan) / 1_024
    }

    /// Has it end, and waits for that. Blocks.
    func end() throws {
        kill(process, SIGTERM)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        close(output)
        guard status == 0 else { throw Child.Failure(description: "discoveryd left with status \(status)") }
    }
}
