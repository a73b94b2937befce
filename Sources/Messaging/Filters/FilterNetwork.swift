internal import Foundation

/// A block of IPv4 or IPv6 addresses, written as CIDR has it: `10.0.0.0/24`.
struct FilterNetwork: Sendable, Hashable {
    enum Fault: Error { case noSlash, address, bits(most: Int) }

    /// As it was written.
    let text: String
    private let address: Address
    private let bits: Int

    /// Bits of the address beyond the mask do not matter.
    init(_ text: ArraySlice<UInt8>) throws(Fault) {
        let parts = text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw .noSlash }
        guard let address = Address(parts[0]) else { throw .address }
        guard (1...3).contains(parts[1].count), parts[1].allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .bits(most: address.width)
        }
        let bits = parts[1].reduce(0) { $0 * 10 + Int($1 & 0xF) }
        guard bits <= address.width else { throw .bits(most: address.width) }
        self.text = String(decoding: text, as: UTF8.self)
        self.address = address.masked(bits)
        self.bits = bits
    }

    /// Whether a text is an address, of the same family, in the block.
    func contains(_ text: ArraySlice<UInt8>) -> Bool { Address(text)?.masked(bits) == address }

    private struct Address: Hashable {
        let isIPv6: Bool
        var high: UInt64
        var low: UInt64 = 0

        var width: Int { isIPv6 ? 128 : 32 }

        init?(_ text: ArraySlice<UInt8>) {
            guard text.count < Int(INET6_ADDRSTRLEN), !text.contains(0) else { return nil }
            let isIPv6 = text.contains(UInt8(ascii: ":"))
            let bytes = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer -> in6_addr? in
                buffer.initialize(repeating: 0)
                for (index, byte) in text.enumerated() { buffer[index] = CChar(bitPattern: byte) }
                var address = in6_addr()
                return buffer.baseAddress.flatMap { inet_pton(isIPv6 ? AF_INET6 : AF_INET, $0, &address) == 1 ? address : nil }
            }
            guard let bytes else { return nil }
            self.isIPv6 = isIPv6
            (high, low) = withUnsafeBytes(of: bytes) {
                ($0.loadUnaligned(as: UInt64.self).bigEndian, $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian)
            }
        }

        func masked(_ bits: Int) -> Address {
            var masked = self
            // Swift's smart shifts make nothing of a word that is shifted by 64 or more.
            masked.high &= ~(UInt64.max >> UInt64(min(bits, 64)))
            masked.low &= ~(UInt64.max >> UInt64(max(bits - 64, 0)))
            return masked
        }
    }
}
