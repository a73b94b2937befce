import DiscoveryKit

/// What those say whom one follows: each post is put into the feeds of its author's followers.
enum Feed {
    static func run() async throws {
        let feeds = try Shelf<[String: [Post]]>("feed", empty: [:])
        try await SocialNetwork.together(
            {
                // Returning finishes a message. Throwing, as when nobody serves `followers` just now, has it come again a little later.
                try await Discovery.listen("social.feed->posts") { (post: Post) in
                    let followers: [String] = try await Discovery.request("social.user->followers", post.author)
                    try await feeds.change { feeds in
                        for name in followers + [post.author] { feeds.keep(post, for: name) }
                    }
                }
            },
            { try await Discovery.serve("social.feed->read") { (reading: Reading) in await feeds.posts(reading) } })
    }
}
