import DiscoveryKit
import Foundation
import NIOHTTP1

/// The page: what the services answer, put together. A service that is away leaves a gap, and takes nothing else with it.
enum Page {
    static func answer(_ visit: PageServer.Visit) async -> PageServer.Answer {
        func see(_ path: String, _ headers: (String, String)...) -> PageServer.Answer {
            PageServer.Answer(status: .seeOther, headers: [("Location", path)] + headers)
        }
        let token = visit.token ?? "", field = { visit.fields[$0] ?? "" }
        do {
            switch (visit.method, visit.path) {
            case (.POST, "/login"):
                let token: String = try await Discovery.request("social.auth->login", field("name"))
                return see("/", ("Set-Cookie", "token=\(token); HttpOnly; SameSite=Strict; Path=/"))
            case (.POST, "/post"):
                let post: Post = try await Discovery.request("social.user->post", User.Draft(token: token, text: field("text")))
                return see("/?including=\(post.id)")
            case (.POST, "/follow"):
                try await Discovery.request("social.user->follow", User.Following(token: token, name: field("name")))
                return see("/?of=\(query(field("name")))")
            case (.GET, "/"):
                guard visit.token != nil else { return PageServer.Answer(html: document(login)) }
                let name: String = try await Discovery.request("social.auth->check", token)
                return PageServer.Answer(
                    html: document(await home(name, of: visit.fields["of"] ?? name, including: visit.fields["including"])))
            default:
                return PageServer.Answer(status: .notFound, html: document("<p>There is no such page. <a href=\"/\">Go home</a></p>"))
            }
        } catch {
            // Refused, or not there.
            let status = error.code == .functionFailed ? HTTPResponseStatus.badRequest : .badGateway
            return PageServer.Answer(status: status, html: document(complaint(error) + login))
        }
    }

    static let login = """
        <form method="post" action="/login"><label>Your name <input name="name" required maxlength="20" autocomplete="username"></label>
        <button>Log in</button></form>
        """

    static func home(_ name: String, of other: String, including post: String?) async -> String {
        async let feed = posts("social.feed->read", Reading(name: name, including: post))
        async let timeline = posts("social.timeline->read", Reading(name: other, including: post))
        async let profile = profile(of: other, for: name)
        return await """
        <form method="post" action="/post"><label>What is new, \(escaped(name))?
        <textarea name="text" required maxlength="500" rows="2"></textarea></label><button>Post</button></form>
        <div><section><h2>Feed</h2>\(feed)</section>
        <section><h2>\(escaped(other))</h2>\(profile)\(timeline)</section></div>
        """
    }

    static func profile(of other: String, for name: String) async -> String {
        await part {
            let follows: Set<String> = try await Discovery.request("social.user->follows", other)
            let whom = other == name ? "required aria-label=\"Whom to follow\"" : "type=\"hidden\" value=\"\(escaped(other))\""
            return """
                <p>follows \(follows.isEmpty ? "nobody yet" : follows.sorted().map(link).joined(separator: ", "))</p>
                <form class="row" method="post" action="/follow"><input name="name" maxlength="20" \(whom)><button>Follow</button></form>
                """
        }
    }

    static func posts(_ address: Address, _ reading: Reading) async -> String {
        await part {
            let posts: [Post] = try await Discovery.request(address, reading)
            let wanted = Worker.Wanted(posts: posts.filter { $0.kind == "link" }.map(\.id), waits: reading.including != nil)
            // Previews come later, and the page does without them.
            let previews: [String: Worker.Preview]? = try? await Discovery.request("social.worker->previews", wanted)
            let items = posts.map { post in
                let preview = previews?[post.id].map { "<small>\(escaped($0.title)) · \(escaped($0.host))</small>" } ?? ""
                return """
                    <li><article><header>\(link(post.author))
                    <time datetime="\(post.time.formatted(.iso8601))">\(post.time.formatted(.dateTime.hour().minute()))</time></header>
                    <p>\(escaped(post.text))</p>\(preview)</article></li>
                    """
            }
            return posts.isEmpty ? "<p>Nothing yet.</p>" : "<ol>\(items.joined())</ol>"
        }
    }

    /// A part of the page, or why it is not there.
    static func part(_ body: () async throws -> String) async -> String {
        do { return try await body() } catch { return complaint(error) }
    }

    static func complaint(_ error: any Error) -> String {
        let error = error as? DiscoveryError
        return "<p role=\"alert\">\(escaped(error?.functionError?.message ?? error?.message ?? "Something went wrong."))</p>"
    }

    static func link(_ name: String) -> String { "<a href=\"/?of=\(query(name))\">\(escaped(name))</a>" }

    static func query(_ text: String) -> String { text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "" }

    static func escaped(_ text: String) -> String {
        [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;")].reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    }

    static func document(_ body: String) -> String {
        """
        <!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Social network</title>
        <style>
        :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
        body { max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere }
        h1, h1 a { color: inherit; text-decoration: none; font-size: 1.25rem } h2 { font-size: 1rem }
        div { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 0 2rem }
        label, textarea { display: block; width: 100%; box-sizing: border-box } input, textarea, button { font: inherit; padding: .4rem }
        button { margin-top: .5rem } .row { display: flex; gap: .5rem } .row button { margin: 0 } .row input { flex: 1; min-width: 0 }
        ol { list-style: none; padding: 0 } li { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .75rem 0 }
        li p { margin: 0; white-space: pre-wrap } li header { display: flex; justify-content: space-between } time, small { opacity: .7 }
        [role=alert] { border-left: 3px solid; padding-left: .75rem }
        </style><body><header><h1><a href="/">Social network</a></h1></header><main>\(body)</main></body></html>
        """
    }
}
