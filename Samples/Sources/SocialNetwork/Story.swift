import DiscoveryKit
import Foundation

/// The network used by two people, while a service is killed and another is swapped. Ends with an error where something is not as told.
enum Story {
    static func play() async throws {
        let network = try await Network.run(port: 0) { network in
            let page = try await whenThere { try await Discovery.resolve("social.page->home").location }
            for name: Address in [
                "social.auth->check", "social.user->post", "social.user->follow", "social.timeline->read", "social.feed->read",
                "social.worker->previews",
            ] {
                _ = try await whenThere { try await Discovery.resolve(name) }
            }
            let ada = Browser(page: page, jar: network.folder + "/ada"), bob = Browser(page: page, jar: network.folder + "/bob")
            _ = try await (ada.post("login", "name=ada"), bob.post("login", "name=bob"))
            _ = try await bob.post("follow", "name=ada")

            let seen = try await ada.post("post", "text=Water <b>early</b>: https://example.org/how-to-water-roses")
            try check(seen.contains("Water &lt;b&gt;early&lt;/b&gt;"), "ada posts, and sees it on her page, where it is only text")
            try check(seen.contains("how to water roses · example.org"), "the worker has made a preview of its link")
            let first = try await newest(of: "ada")
            try check(
                try await feed(of: "bob", including: first.id).contains { $0.id == first.id }, "bob, who follows her, has it in his feed")
            try check(try await bob.get().contains("Water &lt;b&gt;"), "and sees it on his page")

            let killed = network.process(of: "feed")
            _ = killed.map { kill($0, SIGKILL) }
            let gap = try await ada.post("post", "text=Second")
            try check(gap.contains("Second"), "the feed is killed, and ada posts all the same")
            let second = try await newest(of: "ada")
            let after = try await whenThere { try await feed(of: "bob", including: second.id) }
            try check(
                network.process(of: "feed") != killed && after.map(\.id) == [second.id, first.id],
                "the feed is back, has forgotten nothing, and got what came meanwhile")

            let place = try await Discovery.resolve("social.timeline->read")
            let swap = try Child(["swap"], folder: network.folder)
            while try await Discovery.resolve("social.timeline->read") == place { try await Task.sleep(for: .milliseconds(10)) }
            try check(try await newest(of: "ada").id == first.id, "another process has taken the timeline over: it is oldest first")
            swap.close()
            guard await swap.end() == 0 else { throw Refusal("the swap failed") }
            try check(try await newest(of: "ada").id == second.id, "it has put the first one back: newest first")
            let previews: [String: Worker.Preview] = try await Discovery.request(
                "social.worker->previews", Worker.Wanted(posts: [first.id, second.id], waits: false))
            try check(Array(previews.keys) == [first.id], "the worker has heard of the post with a link alone")
        }
        try check(network.isGone, "all is stopped, and nothing is left behind")
    }

    /// The first of somebody's timeline.
    static func newest(of name: String) async throws -> Post {
        let posts: [Post] = try await Discovery.request("social.timeline->read", Reading(name: name))
        guard let post = posts.first else { throw Refusal("\(name) has posted nothing") }
        return post
    }

    static func feed(of name: String, including post: String) async throws(DiscoveryError) -> [Post] {
        try await Discovery.request("social.feed->read", Reading(name: name, including: post))
    }

    static func check(_ isSo: Bool, _ what: String) throws {
        guard isSo else { throw Refusal("It is not so that \(what).") }
        say(what)
    }
}

/// One person's browser: curl, with a jar for the cookie.
struct Browser: Sendable {
    let page: String, jar: String

    func get() async throws -> String { try await curl([]) }
    func post(_ path: String, _ field: String) async throws -> String { try await curl(["--data-urlencode", field], path) }

    private func curl(_ arguments: [String], _ path: String = "") async throws -> String {
        let file = jar + ".html"
        let options = ["curl", "-sSL", "--max-time", "30", "-b", jar, "-c", jar, "-o", file]
        let child = try Child(options + arguments + [page + path], folder: "", program: "/usr/bin/env")
        guard await child.end() == 0 else { throw Refusal("curl failed") }
        return try String(contentsOfFile: file, encoding: .utf8)
    }
}
