import Foundation

/// A process of ours: this executable in one of its roles, or a program of the machine.
final class Child {
    struct Failure: Error, CustomStringConvertible { let description: String }

    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var unread: [UInt8] = []

    /// Runs the executable in a role; under a tracer, when its command line is given.
    static func play(_ role: any Role.Type, _ arguments: [String], under tracer: [String] = []) throws -> Child {
        guard let path = Bundle.main.executablePath else { throw Failure(description: "the executable does not know its path") }
        return try Child(tracer + [path, role.name] + arguments)
    }

    /// Runs a program of the machine.
    static func start(_ command: [String]) throws -> Child { try Child(command) }

    /// What a program prints.
    static func output(of command: [String]) throws -> String {
        let child = try Child(command)
        return try child.finish()
    }

    private init(_ command: [String]) throws {
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.runUnmasked()
        try output.fileHandleForWriting.close()
    }

    func say(_ line: String) throws { try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8)) }

    /// The next line it prints; blocks. `nil` at the end.
    func readLine() -> String? {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread.removeFirst(end + 1) }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { return nil }
            unread += more
        }
    }

    /// Closes its input and waits for its end.
    ///
    /// - Returns: what it still printed.
    @discardableResult
    func finish() throws -> String {
        try input.fileHandleForWriting.close()
        let rest = unread + Array(try output.fileHandleForReading.readToEnd() ?? Data())
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(process.arguments?.first ?? "a program") left with \(process.terminationStatus)")
        }
        return String(decoding: rest, as: UTF8.self)
    }
}

/// Counts system calls with strace.
struct Tracer {
    private let session: Session

    /// - Throws: ``Skipped`` where there is no strace, or it may not trace.
    init(_ session: Session) throws {
        self.session = session
        do {
            _ = try Child.output(of: ["strace", "-f", "-o", "/dev/null", "true"])
        } catch {
            throw Skipped(reason: "strace is not here, or may not trace")
        }
    }

    /// How many system calls a role makes from start to end.
    ///
    /// - Parameter only: calls to count; the others then run at full speed.
    func count(_ role: any Role.Type, _ arguments: [String], only: [String] = []) throws -> Double {
        let log = session.freshPath()
        defer { session.remove(log) }
        let filter = only.isEmpty ? [] : ["--seccomp-bpf", "-e", "trace=" + only.joined(separator: ",")]
        try Child.play(role, arguments, under: ["strace", "-f", "-c", "-o", log] + filter).finish()
        // % time, seconds, µs/call, calls, errors if any, name
        return try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").reduce(0) { sum, line in
            let fields = line.split(separator: " ")
            guard fields.count >= 5, Double(fields[0]) != nil, fields.last != "total" else { return sum }
            return sum + (Double(fields[3]) ?? 0)
        }
    }

    /// The system calls of a process, in the order they ended.
    struct Call {
        let thread: Substring
        /// Seconds since 1970.
        let time: Double
        let name: Substring
        let line: Substring
    }

    /// The system calls that a role has made from its start until `span` after its first line of output, and when that line came.
    func calls(of role: any Role.Type, _ arguments: [String], for span: Duration) async throws -> (calls: [Call], line: Double) {
        let log = session.freshPath()
        defer { session.remove(log) }
        let child = try Child.play(role, arguments, under: ["strace", "-f", "-ttt", "-o", log])
        guard child.readLine() != nil else { throw Child.Failure(description: "\(role.name) ended early") }
        let line = Date().timeIntervalSince1970
        try await Task.sleep(for: span)
        let end = Date().timeIntervalSince1970
        try child.finish()
        let calls: [Call] = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").compactMap { line in
            // pid, seconds since 1970, call; a call that others interrupt has a line for each half
            let fields = line.split(separator: " ", maxSplits: 2)
            guard fields.count == 3, let time = Double(fields[1]), time <= end, !line.hasSuffix("<unfinished ...>") else { return nil }
            let call = fields[2].hasPrefix("<... ") ? fields[2].dropFirst(5) : fields[2]
            return Call(thread: fields[0], time: time, name: call.prefix { $0.isLetter || $0.isNumber || $0 == "_" }, line: fields[2])
        }
        return (calls, line)
    }
}

/// Blocks until standard input ends.
func waitForEndOfInput() {
    while readLine() != nil {}
}

/// Prints a line at once, also into a pipe, and while another thread reads standard input: that holds a lock which flushing all would want.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

extension Process {
    /// Runs it with no signal blocked: the threads of Swift's pool block them all, and what they start inherits that and cannot be told to end.
    func runUnmasked() throws {
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try run()
    }
}
