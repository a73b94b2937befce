internal import Foundation

/// A JSON text, read into one list of nodes in the order in which they are written. Nothing is copied out of it: strings are places in its
/// bytes.
///
/// Foundation's reader would be in the way here: it builds an object for each value, has no numbers beyond a double's range, and leaves
/// open which of two equal keys counts.
struct JSONDocument: Sendable {
    enum Kind: UInt8, Sendable {
        case object, array
        case string, number, `true`, `false`, null
        /// A value that is there, and of which nothing more can be said.
        case opaque

        var isLeaf: Bool { self != .object && self != .array }
    }

    struct Node: Sendable {
        let kind: Kind
        /// A number out of the range that filters know.
        var isBeyond = false
        /// Where the next node begins that is not inside this one.
        var end: Int32 = 0
        /// In an object: the place of the key in the bytes, unescaped.
        var key: Place
        /// Of a string: the text, unescaped. Of a number: how it is written.
        var text: Place
        var number = FilterNumber(units: 0)
    }

    struct Place: Sendable {
        var start: Int32 = 0
        var count: Int32 = 0

        static let nowhere = Place()
        var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
    }

    /// The text, then the strings in it that had to be unescaped.
    var bytes: [UInt8]
    /// The first is the document's value.
    var nodes: [Node] = []
    /// Whether there is anything but objects and arrays.
    var hasLeaf = false

    subscript(place: Place) -> ArraySlice<UInt8> { bytes[place.range] }

    func string(_ place: Place) -> String { String(decoding: self[place], as: UTF8.self) }

    /// The nodes right inside an object or array, in order.
    func children(of index: Int) -> some Sequence<Int> {
        let end = Int(nodes[index].end)
        return sequence(state: index + 1) { next in
            guard next < end else { return nil }
            defer { next = Int(nodes[next].end) }
            return next
        }
    }
}

extension JSONDocument {
    /// Whether a leaf at a path is accepted: looks at each until one is.
    ///
    /// A path is keys with dots between, and a dot in a key is the same as one between keys: SNS takes `{"a.b": …}` for `{"a": {"b": …}}`
    /// and the other way round. Arrays on the way and at its end stand for each of their elements, at any depth. Of equal keys of one object
    /// the last counts.
    func hasLeaf(at path: [UInt8], where accepts: (Node) -> Bool) -> Bool {
        guard let root = nodes.first, root.kind == .object else { return false }
        return hasLeaf(in: 0, path, from: 0, where: accepts)
    }

    private func hasLeaf(in object: Int, _ path: [UInt8], from offset: Int, where accepts: (Node) -> Bool) -> Bool {
        // Two keys that begin the same path are the same key if they are of one length. Hardly ever is there more than one.
        var found = -1
        var others: [Int] = []
        let end = Int(nodes[object].end)
        var member = object + 1
        while member < end {
            if isBegun(path, from: offset, by: nodes[member].key) {
                if found < 0 || nodes[found].key.count == nodes[member].key.count {
                    found = member
                } else if let other = others.firstIndex(where: { nodes[$0].key.count == nodes[member].key.count }) {
                    others[other] = member
                } else {
                    others.append(member)
                }
            }
            member = Int(nodes[member].end)
        }
        guard found >= 0 else { return false }
        return hasLeaf(behind: found, path, from: offset, where: accepts)
            || others.contains { hasLeaf(behind: $0, path, from: offset, where: accepts) }
    }

    private func hasLeaf(behind member: Int, _ path: [UInt8], from offset: Int, where accepts: (Node) -> Bool) -> Bool {
        let rest = offset + Int(nodes[member].key.count) + 1
        let isLast = rest > path.count
        let end = Int(nodes[member].end)
        var index = member
        while index < end {
            switch nodes[index].kind {
            case .array: index += 1
            case .object:
                if !isLast, hasLeaf(in: index, path, from: rest, where: accepts) { return true }
                index = Int(nodes[index].end)
            default:
                if isLast, accepts(nodes[index]) { return true }
                index += 1
            }
        }
        return false
    }

    private func isBegun(_ path: [UInt8], from offset: Int, by key: Place) -> Bool {
        let end = offset + Int(key.count)
        guard end <= path.count, end == path.count || path[end] == UInt8(ascii: ".") else { return false }
        return (0..<Int(key.count)).allSatisfy { bytes[Int(key.start) + $0] == path[offset + $0] }
    }
}

extension JSONDocument {
    func equals(_ place: Place, _ text: [UInt8]) -> Bool { Int(place.count) == text.count && holds(text, at: place.range.lowerBound) }

    func begins(_ place: Place, with text: [UInt8]) -> Bool { place.count >= text.count && holds(text, at: place.range.lowerBound) }

    func ends(_ place: Place, with text: [UInt8]) -> Bool {
        place.count >= text.count && holds(text, at: place.range.upperBound - text.count)
    }

    private func holds(_ text: [UInt8], at start: Int) -> Bool {
        bytes.withUnsafeBytes { all in
            text.withUnsafeBytes { part in
                guard let all = all.baseAddress, let part = part.baseAddress else { return true }
                return memcmp(all + start, part, text.count) == 0
            }
        }
    }
}
