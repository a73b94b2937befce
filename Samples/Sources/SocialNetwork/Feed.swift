import DiscoveryKit

/// What those say whom one follows: each post is put into the feeds of its author's followers.
enum Feed {
    static func run() async throws {
        let feeds = try Shelf<[String: [Post]]>("feed", empty: [:])
        try await together(
            { try await Discovery.listen("social.feed->posts") { (post: Post) in try await spread(post, feeds) } },
            { try await Discovery.serve("social.feed->read") { (reading: Reading) in await feeds.posts(reading) } })
    }

    /// Returning finishes the message. Throwing, as when nobody serves `followers` just now, has it come again a little later.
    static func spread(_ post: Post, _ feeds: Shelf<[String: [Post]]>) async throws {
        let followers: [String] = try await Discovery.request("social.user->followers", post.author)
        try await feeds.change { feeds in
            for name in followers + [post.author] { feeds.keep(post, for: name) }
        }
    }
}

/// Whose posts to read; with `including`, once that post is among them. What is published arrives a moment later, so who has just posted
/// says what to wait for.
struct Reading: Codable, Sendable { var name: String, including: String? = nil }

extension [String: [Post]] {
    /// Puts a post on top, once: a message may come twice.
    mutating func keep(_ post: Post, for name: String) {
        guard self[name]?.contains(where: { $0.id == post.id }) != true else { return }
        self[name] = Array(([post] + self[name, default: []]).prefix(50))
    }
}

extension Shelf<[String: [Post]]> {
    func posts(_ reading: Reading) async -> [Post] {
        await value { posts in
            reading.including == nil || posts[reading.name, default: []].contains { $0.id == reading.including }
        }[reading.name, default: []]
    }
}
