internal import Foundation
internal import Store

extension Registry {
    /// Which part of a list is wanted.
    package struct PageRequest: Sendable, Hashable {
        /// 1 to 100; 100 unless told.
        package var limit: Int?
        /// From the page before.
        package var token: String?

        package init(limit: Int? = nil, token: String? = nil) {
            self.limit = limit
            self.token = token
        }

        func size() throws(RegistryError) -> Int {
            guard (1...100).contains(limit ?? 100) else { throw Rules.invalid("A page has 1 to 100 entries, not \(limit ?? 0).") }
            return limit ?? 100
        }

        /// The key of the last entry of the page before; `nil` for the first page.
        func start(of list: String) throws(RegistryError) -> String? {
            guard let token else { return nil }
            return try PageToken.key(in: token, of: list)
        }

        func numberedStart(of list: String) throws(RegistryError) -> Int64? {
            guard let key = try start(of: list) else { return nil }
            guard let number = Int64(key) else { throw PageToken.invalid }
            return number
        }
    }

    /// Part of a list. Cloud Map cuts pages before it filters, so one may be empty and have a successor.
    package struct Page<Element: Sendable>: Sendable {
        package let elements: [Element]
        /// For the next page; `nil` at the end.
        package let token: String?

        package init(_ elements: [Element], token: String?) {
            self.elements = elements
            self.token = token
        }

        /// - Parameter rows: one more than the page has, if there is one more.
        init(_ rows: [Element], limit: Int, of list: String, key: (Element) -> String) {
            let elements = Array(rows.prefix(limit))
            self.init(elements, token: rows.count > limit ? elements.last.map { PageToken.make(key($0), of: list) } : nil)
        }

        func compactMap<Other>(_ transform: (Element) throws -> Other?) rethrows -> Page<Other> {
            Page<Other>(try elements.compactMap(transform), token: token)
        }
    }
}

/// Where a page ended, as callers carry it: opaque, and checked when it comes back. The check catches mistakes, such as the token of another
/// list; a forged one could only name another place in the same list.
enum PageToken {
    static let invalid = Rules.invalid("The token is not one of this list's. Pass on what the page before said, or start without one.")

    static func make(_ key: String, of list: String) -> String {
        Data(bytes(of: checksum(key, list)) + Array(key.utf8)).base64EncodedString()
    }

    static func key(in token: String, of list: String) throws(RegistryError) -> String {
        guard token.utf8.count <= 4_096, let data = Data(base64Encoded: token), data.count > 8 else { throw invalid }
        let key = String(decoding: data.dropFirst(8), as: UTF8.self)
        guard Array(data.prefix(8)) == bytes(of: checksum(key, list)) else { throw invalid }
        return key
    }

    private static func bytes(of value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) } }

    private static func checksum(_ key: String, _ list: String) -> UInt64 { StableHash.fnv1a("\(list)\0\(key)".utf8) }
}
