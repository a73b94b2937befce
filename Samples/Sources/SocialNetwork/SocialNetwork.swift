import DiscoveryKit
import Foundation

/// A small social network: five services and a page, each a process of its own. They call, publish and listen by name; none knows where another is.
///
///     SocialNetwork                 plays the whole story: posts, a killed service, a swap; then everything is gone again
///     SocialNetwork start [PORT]    runs it, with the page at http://127.0.0.1:PORT/, until Control-C
///     SocialNetwork swap            takes the function `social.timeline->read` over, until return is pressed
///
/// `SocialNetwork auth`, `user`, `timeline`, `feed`, `worker` and `page` are the processes themselves.
@main
struct SocialNetwork {
    static func main() async {
        do { try await run(CommandLine.arguments.dropFirst().first) } catch {
            try? FileHandle.standardError.write(contentsOf: Data("SocialNetwork: \(error)\n".utf8))
            exit(1)
        }
    }

    static func run(_ role: String?) async throws {
        let port = CommandLine.arguments.dropFirst(2).first.map { Int($0) } ?? 8466
        switch (role, port) {
        case (nil, _): try await Story.play()
        case ("start", let port?): try await Network.run(port: port) { try await $0.runUntilSignal() }
        case ("swap", _): try await Timeline.swap()
        case ("auth", _): try await service(Auth.run)
        case ("user", _): try await service(User.run)
        case ("timeline", _): try await service(Timeline.run)
        case ("feed", _): try await service(Feed.run)
        case ("worker", _): try await service(Worker.run)
        case ("page", let port?): try await service { try await PageServer.run(port: port) }
        default: throw Refusal("usage: SocialNetwork [start [PORT] | swap]")
        }
    }

    /// A service runs as long as its process; and that as long as whoever started it, since a pipe ends with the last who could write to it.
    static func service(_ run: @Sendable () async throws -> Void) async throws {
        Thread.detachNewThread {
            _ = try? FileHandle.standardInput.readToEnd()
            exit(0)
        }
        try await run()
    }
}

/// Runs the parts of a service side by side. None of them ends by itself, unless it fails.
func together(_ parts: @Sendable () async throws -> Void...) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for part in parts { group.addTask { try await part() } }
        try await group.waitForAll()
    }
}

/// Calls again while what is called is not there: not yet, or not just now.
func whenThere<Value>(_ body: () async throws -> Value) async throws -> Value {
    while true {
        do { return try await body() } catch let error as DiscoveryError where [.notFound, .unreachable].contains(error.code) {
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

/// One write a line, so that the lines of several processes do not mix.
func say(_ line: String) { try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8)) }

/// What goes wrong, in words for whoever asked.
struct Refusal: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
