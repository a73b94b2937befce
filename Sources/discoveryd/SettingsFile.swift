import Configuration
import DiscoveryServer
import Foundation
import Yams

/// The file of `--config`, in JSON or YAML: every line of it means something, or the daemon says which does not.
struct SettingsFile {
    let provider: any ConfigProvider
    private let path: String
    /// What it sets, as `tls.certificate`.
    private let names: [String]

    /// Reads it, to its end: it may be a pipe.
    ///
    /// - Throws: `.configuration` for a file that cannot be read, or parsed.
    init(_ path: String) throws(ServerError) {
        guard let data = try? FileHandle(forReadingAtPath: path)?.readToEnd() ?? Data() else {
            throw ServerError(.configuration, "The file of settings \(path) cannot be read. Correct its path or its rights.")
        }
        let root: [String: Node]
        do {
            if path.hasSuffix(".json") {
                // Only this says where something is wrong.
                _ = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
                root = try JSONDecoder().decode([String: Node].self, from: data)
            } else {
                root = try YAMLDecoder().decode([String: Node].self, from: data)
            }
        } catch {
            throw ServerError(.configuration, "The file of settings \(path) cannot be used: \(Self.reason(error)). Correct it.")
        }
        var texts: [AbsoluteConfigKey: ConfigValue] = [:]
        var names: [String] = []
        Node.mapping(root).visit { name, text in
            names.append(name)
            if let text {
                texts[AbsoluteConfigKey(name.split(separator: ".").map(String.init))] = ConfigValue(.string(text), isSecret: false)
            }
        }
        self.path = path
        self.names = names.sorted()
        provider = InMemoryProvider(name: path, values: texts)
    }

    /// Refuses what was read in vain, once all settings were asked for.
    ///
    /// - Throws: `.configuration` for the first name that no setting has, or whose value is of another kind.
    func check(_ asked: AskedSettings) throws(ServerError) {
        for name in names {
            switch asked.wasUnderstood(name) {
            case true?: continue
            case false?:
                throw ServerError(.configuration, "`\(name)` in \(path) has a value of another kind than the setting. Correct it.")
            case nil: throw ServerError(.configuration, "`\(name)` in \(path) is no setting. \(asked.advice(for: name))")
            }
        }
    }

    /// In one line; a parser's own words, where it has any, say where it is.
    private static func reason(_ error: any Error) -> String {
        if error is DecodingError {
            guard case DecodingError.dataCorrupted(let context) = error, let inner = context.underlyingError else {
                return "it is no mapping of names to values"
            }
            return reason(inner)
        }
        let text = (error as NSError).userInfo["NSDebugDescription"].map { "\($0)" } ?? "\(error)"
        return text.prefix { !$0.isNewline }.trimmingCharacters(in: CharacterSet(charactersIn: ". "))
    }

    /// What JSON and YAML have in common. All that is one value is a text, as it is in an option and in the environment.
    private enum Node: Decodable {
        case text(String)
        case mapping([String: Node])
        /// A list, or nothing: no setting is that.
        case other

        init(from decoder: any Decoder) throws {
            if let mapping = try? [String: Node](from: decoder) {
                self = .mapping(mapping)
                return
            }
            guard let value = try? decoder.singleValueContainer(), !value.decodeNil() else {
                self = .other
                return
            }
            if let text = try? value.decode(String.self) {
                self = .text(text)
            } else if let flag = try? value.decode(Bool.self) {
                self = .text(String(flag))
            } else if let number = try? value.decode(Int.self) {
                self = .text(String(number))
            } else if let number = try? value.decode(Double.self) {
                self = .text(String(number))
            } else {
                self = .other
            }
        }

        func visit(below path: String = "", _ visitor: (String, String?) -> Void) {
            switch self {
            case .text(let text): visitor(path, text)
            case .other: visitor(path, nil)
            case .mapping(let nodes):
                for (name, node) in nodes { node.visit(below: path.isEmpty ? name : "\(path).\(name)", visitor) }
            }
        }
    }
}
