import DiscoveryKit
import Foundation

/// Slow work that nobody waits for: previews of links. Its queue gets no other posts, by the filter it is subscribed with; start a second
/// worker, and they share the work.
enum Worker {
    struct Preview: Codable, Sendable { var host: String, title: String }
    /// Which posts' previews; with `waits`, once all of them are there.
    struct Wanted: Codable, Sendable { var posts: [String], waits: Bool }

    static func run() async throws {
        let previews = try Shelf<[String: Preview]>("worker", empty: [:])
        var options = ListenOptions()
        options.concurrency = 2
        try await together(
            { [options] in
                try await Discovery.listen("social.worker->links", options: options) { (post: Post) in
                    let preview = try await preview(of: post.link)
                    try await previews.change { $0[post.id] = preview }
                }
            },
            {
                try await Discovery.serve("social.worker->previews") { (wanted: Wanted) in
                    await previews.value { !wanted.waits || wanted.posts.allSatisfy($0.keys.contains) }
                        .filter { wanted.posts.contains($0.key) }
                }
            })
    }

    /// Made of the link itself, after a while that stands for fetching it.
    static func preview(of link: URL?) async throws -> Preview {
        try await Task.sleep(for: .milliseconds(200))
        let words = link?.deletingPathExtension().lastPathComponent.split { "-_/".contains($0) } ?? []
        return Preview(host: link?.host ?? "nowhere", title: words.isEmpty ? "untitled" : words.joined(separator: " "))
    }
}
