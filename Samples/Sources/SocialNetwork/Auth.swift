import DiscoveryKit
import Foundation

/// Who is who. Whoever gives a name is believed, so there are no passwords to lose: what matters is that all others ask here.
enum Auth {
    static func run() async throws {
        let tokens = try Shelf<[String: String]>("auth", empty: [:])
        // A closure becomes callable by name, from any process. What it throws reaches the caller.
        try await together(
            { try await Discovery.serve("social.auth->login") { (name: String) in try await login(name, tokens) } },
            { try await Discovery.serve("social.auth->check") { (token: String) in try await check(token, tokens) } })
    }

    static func login(_ name: String, _ tokens: Shelf<[String: String]>) async throws -> String {
        guard 1...20 ~= name.count, name.allSatisfy({ $0.isLetter || $0.isNumber }) else {
            throw Refusal("A name is 1 to 20 letters and digits.")
        }
        let token = UUID().uuidString
        try await tokens.change { $0[token] = name }
        return token
    }

    static func check(_ token: String, _ tokens: Shelf<[String: String]>) async throws -> String {
        guard let name = await tokens.value[token] else { throw Refusal("Please log in.") }
        return name
    }
}
