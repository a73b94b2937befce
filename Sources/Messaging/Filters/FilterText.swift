internal import Foundation

/// Bytes as a key: hashed and compared as one block, in place.
struct FilterText: Hashable, Sendable {
    let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    static func == (left: FilterText, right: FilterText) -> Bool { left.bytes.isSame(as: right.bytes) }

    func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
}

extension ArraySlice<UInt8> {
    func isSame(as other: ArraySlice<UInt8>) -> Bool {
        guard count == other.count else { return false }
        return withUnsafeBytes { left in
            other.withUnsafeBytes { right in
                guard let left = left.baseAddress, let right = right.baseAddress else { return true }
                return memcmp(left, right, count) == 0
            }
        }
    }

    func begins(with other: [UInt8]) -> Bool { prefix(other.count).isSame(as: other[...]) }
    func ends(with other: [UInt8]) -> Bool { suffix(other.count).isSame(as: other[...]) }
}
