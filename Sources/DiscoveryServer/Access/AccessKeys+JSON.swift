internal import DiscoveryKit
internal import Foundation

extension AccessKeys {
    private struct File: Decodable {
        struct Key: Decodable {
            struct Rule: Decodable {
                let allow: [String]
                let on: String
            }

            let id: String
            let secret: String
            let account: String?
            let rules: [Rule]
        }

        let keys: [Key]
    }

    /// The account of keys that name none.
    static let defaultAccount = "000000000000"

    /// Whether a text is an AWS account: 12 digits.
    static func isAccount(_ text: String) -> Bool { text.utf8.count == 12 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } }

    /// Reads what a file of keys holds.
    ///
    /// - Throws: `.configuration`, with one sentence that repeats no secret.
    init(parsing bytes: Data) throws(ServerError) {
        let file: File
        do { file = try JSONDecoder().decode(File.self, from: bytes) } catch {
            throw ServerError(.configuration, Self.described(error))
        }
        var keys: [String: AccessKey] = [:]
        for (place, key) in file.keys.enumerated() {
            let what = "Key \(place + 1)"
            guard (1...128).contains(key.id.utf8.count), key.id.utf8.allSatisfy({ Self.isIDByte($0) }) else {
                throw ServerError(.configuration, "\(what): an id has 1 to 128 letters, digits, `_` and `-`.")
            }
            guard key.secret.utf8.count >= 16, key.secret.utf8.count <= 1_024 else {
                throw ServerError(
                    .configuration, "\(what), \(key.id): a secret has 16 to 1,024 characters. `openssl rand -base64 30` makes one.")
            }
            let account = key.account ?? Self.defaultAccount
            guard Self.isAccount(account) else {
                throw ServerError(.configuration, "\(what), \(key.id): an account has 12 digits.")
            }
            guard keys[key.id] == nil else { throw ServerError(.configuration, "\(what): there are two keys \(key.id).") }
            var rules: [AccessRule] = []
            for rule in key.rules { rules.append(try Self.rule(rule, of: "\(what), \(key.id)")) }
            keys[key.id] = AccessKey(id: key.id, secret: key.secret, account: account, rules: rules)
        }
        self.init(Array(keys.values))
    }

    private static func rule(_ rule: File.Key.Rule, of key: String) throws(ServerError) -> AccessRule {
        var actions: Set<AccessRule.Action> = []
        for name in rule.allow {
            if name == "*" {
                actions.formUnion(AccessRule.Action.allCases)
            } else if let action = AccessRule.Action(rawValue: name) {
                actions.insert(action)
            } else {
                let all = AccessRule.Action.allCases.map { "`\($0)`" }.joined(separator: ", ")
                throw ServerError(.configuration, "\(key): `\(name.prefix(40))` is no action. There are \(all), and `*` for all.")
            }
        }
        do throws(DiscoveryError) {
            return AccessRule(actions: actions, pattern: try AddressPattern(parsing: rule.on))
        } catch {
            throw ServerError(.configuration, "\(key): \(error.message)")
        }
    }

    private static func isIDByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    /// Where a file is wrong, without what is in it.
    private static func described(_ error: any Error) -> String {
        func place(_ context: DecodingError.Context) -> String {
            context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
        }
        return switch error as? DecodingError {
        case .keyNotFound(let key, let context): "`\(key.stringValue)` is missing in \(place(context).isEmpty ? "it" : place(context))."
        case .typeMismatch(_, let context), .valueNotFound(_, let context): "\(place(context)) is of the wrong type."
        default:
            "It is no JSON of the form {\"keys\": [{\"id\": …, \"secret\": …, \"rules\": [{\"allow\": [\"resolve\"], \"on\": \"ais.*\"}]}]}."
        }
    }
}
