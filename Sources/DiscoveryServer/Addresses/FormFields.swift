internal import DiscoveryKit
internal import Foundation

/// The fields of a query, `name=value&…`, percent-encoded. Of a name given twice the last counts.
struct FormFields: Sendable {
    private static let limit = 64

    private let fields: [String: String]

    /// - Throws: `.invalid` for more than 64 fields, or what is not percent-encoded UTF-8.
    init(_ text: some StringProtocol) throws(DiscoveryError) {
        var fields: [String: String] = [:]
        let parts = text.split(separator: "&", maxSplits: Self.limit)
        guard parts.count <= Self.limit else { throw DiscoveryError(.invalid, "The query has more than \(Self.limit) fields.") }
        for part in parts {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = pair.first?.removingPercentEncoding,
                let value = pair.count > 1 ? String(pair[1]).replacing("+", with: " ").removingPercentEncoding : ""
            else { throw DiscoveryError(.invalid, "The query is not percent-encoded UTF-8.") }
            fields[name] = value
        }
        self.fields = fields
    }

    subscript(name: String) -> Substring? { fields[name].map { $0[...] } }

    /// - Throws: `.invalid` for what is no number of seconds in the range; fractions are allowed.
    func seconds(_ name: String, in range: ClosedRange<Double>) throws(DiscoveryError) -> Duration? {
        guard let text = fields[name] else { return nil }
        guard let seconds = Double(text), range.contains(seconds) else {
            throw DiscoveryError(.invalid, "`\(name)` is a number of seconds from \(Int(range.lowerBound)) to \(Int(range.upperBound)).")
        }
        return .seconds(seconds)
    }
}
