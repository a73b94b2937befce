import ArgumentParser
import Configuration
import DiscoveryServer
import Foundation
import Logging

extension DaemonCommand {
    /// Options, then the environment, then the file.
    func reader() async throws -> ConfigReader {
        let given: [(AbsoluteConfigKey, String?)] = [
            (["home"], home), (["listen"], listen), (["keys"], keys), (["tls", "certificate"], tlsCertificate), (["tls", "key"], tlsKey),
            (["namespace"], namespace), (["region"], region), (["faithful"], faithful ? "true" : nil), (["log", "level"], logLevel),
            (["log", "format"], logFormat),
        ]
        var options: [AbsoluteConfigKey: ConfigValue] = [:]
        for (key, value) in given where value != nil { options[key] = ConfigValue(.string(value ?? ""), isSecret: false) }
        var providers: [any ConfigProvider] = [
            InMemoryProvider(values: options), EnvironmentVariablesProvider().prefixKeys(with: "discovery"),
        ]
        if let config { providers.append(try await file(config)) }
        return ConfigReader(providers: providers)
    }

    private func file(_ path: String) async throws -> any ConfigProvider {
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw ServerError(.configuration, "The file of settings \(path) cannot be read. Correct its path or its rights.")
        }
        let place = ConfigReader(provider: InMemoryProvider(values: ["filePath": .init(.string(path), isSecret: false)]))
        do {
            if path.hasSuffix(".json") { return try await FileProvider<JSONSnapshot>(config: place) }
            return try await FileProvider<YAMLSnapshot>(config: place)
        } catch {
            // A parser's error may have many lines, the first of which says where it is.
            let reason = (error as NSError).userInfo["NSDebugDescription"].map { "\($0)" } ?? "\(error)"
            let first = reason.prefix { !$0.isNewline }.trimmingCharacters(in: CharacterSet(charactersIn: ". "))
            throw ServerError(.configuration, "The file of settings \(path) cannot be used: \(first). Correct it.")
        }
    }

    func logger(_ reader: ConfigReader) throws -> Logger {
        let level = reader.string(forKey: "log.level") ?? "info"
        guard let level = Logger.Level(rawValue: level) else {
            throw ServerError(
                .configuration,
                "`log.level` is `\(level)`. Write \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        let form = reader.string(forKey: "log.format") ?? "text"
        guard form == "text" || form == "json" else {
            throw ServerError(.configuration, "`log.format` is `\(form)`. Write `text` or `json`.")
        }
        var logger = Logger(label: "discoveryd") { label -> any LogHandler in
            if form == "json" { JSONLogHandler(label: label) } else { StreamLogHandler.standardError(label: label) }
        }
        logger.logLevel = level
        return logger
    }
}
