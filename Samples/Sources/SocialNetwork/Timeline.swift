import DiscoveryKit
import Foundation

/// What one says oneself, newest first.
enum Timeline {
    static func run() async throws {
        let timelines = try Shelf<[String: [Post]]>("timeline", empty: [:])
        try await together(
            {
                try await Discovery.listen("social.timeline->posts") { (post: Post) in
                    try await timelines.change { $0.keep(post, for: post.author) }
                }
            },
            { try await Discovery.serve("social.timeline->read") { (reading: Reading) in await timelines.posts(reading) } })
    }

    /// Another implementation, oldest first, takes the name over while everything runs: callers come here from their next call on. It has the
    /// first one registered under another name, to call it itself; and puts it back in the end.
    static func swap() async throws {
        let first = try await Discovery.resolve("social.timeline->read")
        try await Discovery.register("social.timeline->newest-first", first)
        let serving = Task {
            try await Discovery.serve("social.timeline->read") { (reading: Reading) in
                let posts: [Post] = try await Discovery.request("social.timeline->newest-first", reading)
                return Array(posts.reversed())
            }
        }
        while try await Discovery.resolve("social.timeline->read") == first { try await Task.sleep(for: .milliseconds(10)) }
        say("social.timeline->read is oldest first now; press return to put the first one back")
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: _ = readLine()) }
        }
        try await Discovery.register("social.timeline->read", first)
        try await Discovery.deregister("social.timeline->newest-first")
        serving.cancel()
        _ = await serving.result
    }
}
