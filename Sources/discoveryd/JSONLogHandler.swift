import Foundation
import Logging

/// Logs one JSON object a line to standard error, for programs that collect them.
struct JSONLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    private let label: String

    init(label: String) { self.label = label }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = [
            "time": Date().ISO8601Format(.iso8601(timeZone: .gmt, includingFractionalSeconds: true)), "level": event.level.rawValue,
        ]
        line["logger"] = label
        line["message"] = event.message.description
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { _, new in new }) { line[key] = value.description }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? encoder.encode(line) else { return }
        try? FileHandle.standardError.write(contentsOf: bytes + Data("\n".utf8))
    }
}
