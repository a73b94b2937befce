internal import Store
internal import Synchronization

/// Random numbers for what nobody gains by guessing: the order of an answer, the ids of requests. The system's own cost a call of the kernel
/// each. SplitMix64, of Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return StableHash.mixed(state)
    }
}

extension SplitMix {
    private static let seeds = Atomic<UInt64>(UInt64.random(in: .min ... .max))

    /// Another one each time.
    static func next() -> SplitMix { SplitMix(seed: StableHash.mixed(seeds.wrappingAdd(1, ordering: .relaxed).newValue)) }
}
