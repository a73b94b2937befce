import DiscoveryKit
import Foundation

/// Who follows whom, and where posts come in.
enum User {
    struct Following: Codable, Sendable { var token: String, name: String }
    struct Draft: Codable, Sendable { var token: String, text: String }

    static func run() async throws {
        let all = try Shelf<[String: Set<String>]>("user", empty: [:])
        try await together(
            { try await Discovery.serve("social.user->follows") { (name: String) in await all.value[name, default: []] } },
            {
                try await Discovery.serve("social.user->followers") { (name: String) in
                    await all.value.filter { $1.contains(name) }.map(\.key)
                }
            },
            { try await Discovery.serve("social.user->follow") { (following: Following) in try await follow(following, all) } },
            { try await Discovery.serve("social.user->post") { (draft: Draft) in try await post(draft) } })
    }

    static func follow(_ following: Following, _ all: Shelf<[String: Set<String>]>) async throws -> Bool {
        let name: String = try await Discovery.request("social.auth->check", following.token)
        guard 1...20 ~= following.name.count else { throw Refusal("A name is 1 to 20 letters and digits.") }
        try await all.change { $0[name, default: []].insert(following.name) }
        return true
    }

    static func post(_ draft: Draft) async throws -> Post {
        guard 1...500 ~= draft.text.count else { throw Refusal("A post has 1 to 500 characters.") }
        let post = Post(author: try await Discovery.request("social.auth->check", draft.token), text: draft.text)
        // Durable for every subscriber once this returns, whether or not any of them runs. Who they are is no concern of ours.
        try await Discovery.publish("social.posts->created", .json(post, attributes: ["kind": .string(post.kind)]))
        return post
    }
}

/// What is published.
struct Post: Codable, Sendable {
    var id = UUID().uuidString
    var author: String, text: String, time = Date()
    /// By this attribute a subscription's filter tells posts apart.
    var kind: String { link == nil ? "note" : "link" }
    var link: URL? {
        text.split(whereSeparator: \.isWhitespace).lazy.compactMap { URL(string: String($0)) }.first { $0.scheme == "https" }
    }
}
