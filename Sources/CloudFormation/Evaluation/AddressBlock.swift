/// A block of IPv4 or IPv6 addresses: `10.0.0.0/16`.
struct AddressBlock: CustomStringConvertible {
    /// Of an address: 32 or 128.
    let width: Int
    let prefix: Int
    let first: UInt128

    init?(parsing text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= 64, let prefix = Self.number(parts[1], upTo: 128) else { return nil }
        if let address = Self.four(parts[0]) {
            (width, first) = (32, UInt128(address))
        } else if let address = Self.six(parts[0]) {
            (width, first) = (128, address)
        } else {
            return nil
        }
        guard prefix <= width else { return nil }
        self.prefix = prefix
    }

    private init(width: Int, prefix: Int, first: UInt128) {
        self.width = width
        self.prefix = prefix
        self.first = first
    }

    /// The first blocks with so many bits for hosts, or `nil` where there are fewer.
    func blocks(count: Int, bits: Int) -> [AddressBlock]? {
        let room = width - prefix - bits
        guard room >= 0, room >= 16 || count <= 1 << room else { return nil }
        let start = (first >> UInt128(width - prefix)) << UInt128(width - prefix)
        return (0..<count).map { AddressBlock(width: width, prefix: width - bits, first: start + UInt128($0) << UInt128(bits)) }
    }

    var description: String {
        if width == 32 {
            return [24, 16, 8, 0].map { String(first >> UInt128($0) & 0xFF) }.joined(separator: ".") + "/\(prefix)"
        }
        return Self.text(ofSix: stride(from: 112, through: 0, by: -16).map { UInt16(truncatingIfNeeded: first >> UInt128($0)) })
            + "/\(prefix)"
    }

    /// RFC 5952: the longest run of zeros, from two on, is left out.
    private static func text(ofSix groups: [UInt16]) -> String {
        var longest = 0..<0
        var start = 0
        for index in 0...groups.count where index == groups.count || groups[index] != 0 {
            if index - start > max(longest.count, 1) { longest = start..<index }
            start = index + 1
        }
        func text(_ groups: ArraySlice<UInt16>) -> String { groups.map { String($0, radix: 16) }.joined(separator: ":") }
        guard !longest.isEmpty else { return text(groups[...]) }
        return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
    }

    // MARK: Parsing

    private static func number(_ text: some StringProtocol, upTo most: Int) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text).flatMap { $0 <= most ? $0 : nil }
    }

    private static func four(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard let number = number(part, upTo: 255) else { return nil }
            address = address << 8 | UInt32(number)
        }
        return address
    }

    private static func six(_ text: Substring) -> UInt128? {
        let halves = Intrinsic.split(String(text), at: "::").map { half in
            half.isEmpty ? [] : half.split(separator: ":", omittingEmptySubsequences: false)
        }
        guard halves.count <= 2 else { return nil }
        let given = halves.reduce(0) { $0 + $1.count }
        guard halves.count == 1 ? given == 8 : given < 8 else { return nil }
        let zeros = Array(repeating: Substring("0"), count: 8 - given)
        var address: UInt128 = 0
        for group in halves[0] + zeros + (halves.count == 2 ? halves[1] : []) {
            guard (1...4).contains(group.utf8.count), group.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let number = UInt16(group, radix: 16)
            else { return nil }
            address = address << 16 | UInt128(number)
        }
        return address
    }
}
