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

    /// Reads it.
    ///
    /// - Throws: `.configuration` for a file that cannot be read, or parsed.
    init(_ path: String) async throws {
        guard FileManager.default.isReadableFile(atPath: path), let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw ServerError(.configuration, "The file of settings \(path) cannot be read. Correct its path or its rights.")
        }
        self.path = path
        let place = ConfigReader(provider: InMemoryProvider(values: ["filePath": .init(.string(path), isSecret: false)]))
        do {
            if path.hasSuffix(".json") {
                provider = try await FileProvider<JSONSnapshot>(config: place)
                names = Self.names(in: try JSONSerialization.jsonObject(with: Data(text.utf8)))
            } else {
                provider = try await FileProvider<YAMLSnapshot>(config: place)
                names = Self.names(in: try Yams.load(yaml: text))
            }
        } catch {
            // A parser's error may have many lines, the first of which says where it is.
            let reason = (error as NSError).userInfo["NSDebugDescription"].map { "\($0)" } ?? "\(error)"
            let first = reason.prefix { !$0.isNewline }.trimmingCharacters(in: CharacterSet(charactersIn: ". "))
            throw ServerError(.configuration, "The file of settings \(path) cannot be used: \(first). Correct it.")
        }
    }

    private static func names(in value: Any?, below path: [String] = []) -> [String] {
        guard let object = value as? [AnyHashable: Any] else { return path.isEmpty ? [] : [path.joined(separator: ".")] }
        return object.flatMap { names(in: $0.value, below: path + ["\($0.key)"]) }.sorted()
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
            case nil:
                let near = asked.near(name).map { "Did you mean `\($0)`?" } ?? "`discoveryd --check` prints those there are."
                throw ServerError(.configuration, "`\(name)` in \(path) is no setting. \(near)")
            }
        }
    }
}
