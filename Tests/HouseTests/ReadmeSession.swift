import Foundation

/// One shell session that runs the README's blocks one after the other, as a reader would who pastes them.
struct ReadmeSession {
    struct Outcome: Equatable {
        enum End: Equatable {
            case finished, failed, neverBegan
        }

        let end: End
        let output: String
    }

    let workingDirectory: URL
    /// Where the programs are that the blocks call; it comes first in the path.
    let programs: URL
    let limit: Duration

    /// What each block came to, in order. However the session ends, nothing that it started in its process group lives on.
    func run(_ blocks: [ReadmeBlock]) async throws -> [Outcome] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "readme-\(UInt32.random(in: 0 ... .max))")
        let home = folder.appending(path: "home")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try script(blocks, in: folder).write(to: folder.appending(path: "session"), atomically: true, encoding: .utf8)

        // With job control, the shell gives its background job a process group: one signal then reaches all of it. That the session
        // is over is read from a file: what it leaves running inherits every other sign of life.
        let outer = """
            set -m
            bash session </dev/null >session.output 2>&1 &
            echo "$!" >group.new && mv group.new group
            wait "$!"
            : >over
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["bash", "-c", outer]
        process.currentDirectoryURL = folder
        process.environment = environment(home: home)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()

        let deadline = ContinuousClock.now + limit
        while !exists("over", in: folder), ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(20))
            if Task.isCancelled { break }
        }
        if let group = Int32(text("group", in: folder).filter(\.isNumber)) {
            kill(-group, SIGKILL)
        } else {
            process.terminate()
        }
        let complaints = text("session.output", in: folder)
        return blocks.indices.map { index in
            let output = text("\(index).output", in: folder)
            if exists("\(index).finished", in: folder) {
                return Outcome(end: .finished, output: output)
            }
            return exists("\(index).output", in: folder)
                ? Outcome(end: .failed, output: output + complaints) : Outcome(end: .neverBegan, output: complaints)
        }
    }

    /// Each block writes to a file of its own, and a file says that its last command has ended well.
    private func script(_ blocks: [ReadmeBlock], in folder: URL) -> String {
        var script = "set -eu\ncd \(quoted(workingDirectory.path))\n"
        for (index, block) in blocks.enumerated() {
            script += "exec >\(quoted(folder.appending(path: "\(index).output").path)) 2>&1\n"
            script += block.commands + "\n"
            script += ": >\(quoted(folder.appending(path: "\(index).finished").path))\n"
        }
        return script
    }

    /// Ours, without the settings of this test run: a reader has none of them.
    private func environment(home: URL) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("DISCOVERY_") }
        environment["PATH"] = programs.path + ":" + (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin")
        environment["DISCOVERY_HOME"] = home.path
        return environment
    }

    private func exists(_ name: String, in folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: name).path)
    }

    private func text(_ name: String, in folder: URL) -> String {
        guard let bytes = try? Data(contentsOf: folder.appending(path: name)) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func quoted(_ path: String) -> String {
        "'" + path.replacing("'", with: #"'\''"#) + "'"
    }
}

extension ReadmeSession {
    /// The folder of the build's products: the test bundle lies in it. The arguments name the bundle, on Linux as the running program,
    /// on a Mac as what the testing tool is to load.
    static func products(arguments: [String], workingDirectory: String) -> URL? {
        for argument in arguments {
            let url = URL(fileURLWithPath: argument, relativeTo: URL(fileURLWithPath: workingDirectory, isDirectory: true)).absoluteURL
            let parts = url.pathComponents
            if let bundle = parts.firstIndex(where: { $0.hasSuffix(".xctest") }) {
                return URL(fileURLWithPath: "/" + parts[1..<bundle].joined(separator: "/"), isDirectory: true)
            }
        }
        return nil
    }
}
