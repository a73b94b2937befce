extension Messaging {
    /// A message's id: the salt of its home and its number there, as a UUID of version 8. Stays the same through every queue the
    /// message moves to.
    package struct MessageID: Sendable, Hashable, CustomStringConvertible {
        let salt: UInt64
        let number: Int64

        init(salt: UInt64, number: Int64) {
            self.salt = salt & ~0xF000 | 0x8000
            self.number = number
        }

        /// `nil` when the text is no such id.
        package init?(parsing text: some StringProtocol) {
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.map(\.utf8.count) == [8, 4, 4, 4, 12], parts.allSatisfy({ $0.utf8.allSatisfy(Self.isHexadecimal) }),
                let salt = UInt64(parts[0...2].joined(), radix: 16), salt & 0xF000 == 0x8000,
                let low = UInt64(parts[3...4].joined(), radix: 16), low >> 62 == 0b10
            else { return nil }
            self.salt = salt
            number = Int64(low & ~(0b11 << 62))
        }

        package var description: String {
            let low = UInt64(number) | 1 << 63
            return [
                Self.hexadecimal(salt >> 32, 8), Self.hexadecimal(salt >> 16 & 0xFFFF, 4), Self.hexadecimal(salt & 0xFFFF, 4),
                Self.hexadecimal(low >> 48, 4), Self.hexadecimal(low & 0xFFFF_FFFF_FFFF, 12),
            ].joined(separator: "-")
        }

        private static func hexadecimal(_ value: UInt64, _ width: Int) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: width - text.utf8.count) + text
        }

        private static func isHexadecimal(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): true
            default: false
            }
        }
    }
}
