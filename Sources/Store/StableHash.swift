/// Hashes that are the same in every process and at any time, which Swift's own are not. No secret is safe behind them.
package enum StableHash {
    /// FNV-1a, 64 bits.
    package static func fnv1a(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// The finalizer of SplitMix64: every bit of the outcome hangs on every bit that went in, and different numbers stay different.
    package static func mixed(_ number: UInt64) -> UInt64 {
        let once = (number ^ number >> 30) &* 0xBF58_476D_1CE4_E5B9
        let twice = (once ^ once >> 27) &* 0x94D0_49BB_1331_11EB
        return twice ^ twice >> 31
    }
}
