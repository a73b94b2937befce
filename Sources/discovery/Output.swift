import DiscoveryKit
import Foundation
import Store

/// Tables for people, JSON for programs.
enum Output {
    static func print(_ text: String) {
        write(text + "\n", to: .standardOutput)
    }

    /// - Parameter onOneLine: for output of which each line is a value.
    static func print(json value: some Encodable, onOneLine: Bool = false) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if !onOneLine { encoder.outputFormatting.insert(.prettyPrinted) }
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// One sentence on standard error.
    static func complain(_ text: String) {
        write("discovery: \(text)\n", to: .standardError)
    }

    /// Ends the program when the output cannot be written: quietly when whoever read it has gone.
    static func write(_ bytes: [UInt8]) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(bytes))
        } catch {
            if errno != EPIPE { complain("The output cannot be written: \(error.localizedDescription)") }
            exit(errno == EPIPE ? 141 : DiscoveryError.Code.damaged.exitCode)
        }
    }

    private static func write(_ text: String, to handle: FileHandle) {
        if handle === FileHandle.standardOutput { return write(Array(text.utf8)) }
        try? handle.write(contentsOf: Data(text.utf8))
    }

    /// Columns as wide as their widest cell, two spaces apart.
    static func table(_ header: [String], _ rows: [[String]]) -> String {
        let all = [header] + rows.map { $0.map(printable) }
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let cells = row.indices.map { column in
                column == row.count - 1 ? row[column] : row[column].padding(toLength: widths[column], withPad: " ", startingAt: 0)
            }
            return cells.joined(separator: "  ").trimmingCharacters(in: CharacterSet(charactersIn: " "))
        }.joined(separator: "\n")
    }

    /// A time span for people, to the precision that they care for.
    static func rough(_ duration: Duration) -> String {
        let seconds = max(0, Int64(duration / .seconds(1)))
        return switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7_200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3_600) h"
        default: "\(seconds / 86_400) d"
        }
    }

    /// The beginning of a text, on one line.
    static func excerpt(_ text: String, length: Int = 60) -> String {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count > length ? line.prefix(length) + "…" : line
    }

    /// Outside text in a terminal: no control characters.
    static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 || (127..<160).contains($0.value) ? "\u{FFFD}" : $0 }))
    }
}

extension Output {
    /// Says that something waits, and nobody delivers it.
    ///
    /// - Parameter advice: what else can be done about that.
    static func complainWithoutCourier(_ discovery: Discovery, advice: String = "anything that serves or listens") async throws {
        let (waiting, courier) = try await discovery.deliveries()
        guard waiting > 0 else { return }
        let what = "messages wait for \(waiting) endpoint\(waiting == 1 ? "" : "s")"
        guard let courier else { return complain("No courier runs, and \(what). Run `discovery courier`, or \(advice).") }
        if courier.isStopped { complain("The courier is \(courier); \(what).") }
    }

    /// What waits for the courier, a line for each who is to get it.
    static func lines(_ backlog: [Discovery.Backlog], courier: Election.Holder?) -> [String] {
        ["courier    \(courier?.description ?? (backlog.isEmpty ? "none runs, and none is needed" : "none runs: run `discovery courier`"))"]
            + backlog.map { part in
                "  \(part.messages) \(part.topic.isEmpty ? "call" : "message")\(part.messages == 1 ? "" : "s") for \(part.endpoint)"
                    + (part.topic.isEmpty ? "" : ", of the topic \(part.topic)")
            }
    }
}
