internal import Store
internal import Synchronization

/// Under which a request is answered, and logged: written like a UUID. Of one process no two are equal; of two processes, hardly.
struct RequestID: Sendable, Hashable, CustomStringConvertible {
    private let process: UInt64
    private let number: UInt64

    private static let process = UInt64.random(in: .min ... .max)
    private static let last = Atomic<UInt64>(UInt64.random(in: .min ... .max))

    /// The next one.
    init() {
        process = Self.process
        number = StableHash.mixed(Self.last.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var end = 0
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 {
                    buffer[end] = UInt8(ascii: "-")
                    end += 1
                }
                let digit = UInt8(truncatingIfNeeded: (index < 16 ? process : number) >> (60 - 4 * UInt64(index % 16))) & 0xF
                buffer[end] = digit < 10 ? 0x30 + digit : 0x57 + digit
                end += 1
            }
            return end
        }
    }
}
