import DiscoveryKit

/// Who follows whom, and where posts come in.
enum User {
    struct Profile: Codable, Sendable { var name: String, follows: Set<String> }
    struct Following: Codable, Sendable { var token: String, name: String }
    struct Draft: Codable, Sendable { var token: String, text: String }

    static func run() async throws {
        let follows = try Shelf<[String: Set<String>]>("user", empty: [:])
        try await SocialNetwork.together(
            {
                try await Discovery.serve("social.user->profile") { (name: String) in
                    Profile(name: name, follows: await follows.value[name] ?? [])
                }
            },
            {
                try await Discovery.serve("social.user->followers") { (name: String) in
                    await follows.value.filter { $0.value.contains(name) }.map(\.key)
                }
            },
            {
                try await Discovery.serve("social.user->follow") { (following: Following) in
                    let name: String = try await Discovery.request("social.auth->check", following.token)
                    try await follows.change { $0[name, default: []].insert(following.name) }
                    return true
                }
            },
            { try await Discovery.serve("social.user->post") { (draft: Draft) in try await post(draft) } })
    }

    static func post(_ draft: Draft) async throws -> Post {
        guard 1...500 ~= draft.text.count else { throw Refusal(description: "A post has 1 to 500 characters.") }
        let post = Post(author: try await Discovery.request("social.auth->check", draft.token), text: draft.text)
        // Durable for every subscriber once this returns, whether or not any of them runs. Who they are is no concern of ours.
        try await Discovery.publish("social.posts->created", .json(post, attributes: ["kind": .string(post.kind)]))
        return post
    }
}
