import ArgumentParser
import Configuration
import DiscoveryServer
import Logging

extension DaemonCommand {
    /// Options, then the environment, then the file.
    func reader(_ file: SettingsFile?, _ asked: AskedSettings) -> ConfigReader {
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
        if let file { providers.append(file.provider) }
        return ConfigReader(providers: providers, accessReporter: asked)
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
