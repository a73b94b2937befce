/// What is asked of each byte of a text, eight bytes at a time: every registration passes here.
enum TextScan {
    /// Whether all are `!` to `~`.
    static func isGraphic(_ text: String) -> Bool {
        all(text, words: isGraphic, bytes: Rules.isGraphic)
    }

    /// Whether all are `!` to `~`, spaces or tabs.
    static func isGraphicOrBlank(_ text: String) -> Bool {
        all(text, words: isGraphic) { Rules.isGraphic($0) || $0 == 0x20 || $0 == 0x09 }
    }

    /// Whether all may stand in a JSON string as they are: RFC 8259, section 7.
    static func isPlain(_ text: String) -> Bool {
        all(text, words: { isGraphic($0) && !has(UInt8(ascii: "\""), in: $0) && !has(UInt8(ascii: "\\"), in: $0) }) {
            $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
    }

    /// - Parameters:
    ///   - words: whether eight bytes fit; where it says no, they are asked about one by one.
    ///   - bytes: whether one does.
    @inline(__always)
    private static func all(_ text: String, words: (UInt64) -> Bool, bytes: (UInt8) -> Bool) -> Bool {
        let answer = text.utf8.withContiguousStorageIfAvailable { storage in
            let raw = UnsafeRawBufferPointer(storage)
            var next = 0
            while next < raw.count {
                if next + 8 <= raw.count, words(raw.loadUnaligned(fromByteOffset: next, as: UInt64.self)) {
                    next += 8
                } else {
                    guard bytes(raw[next]) else { return false }
                    next += 1
                }
            }
            return true
        }
        return answer ?? text.utf8.allSatisfy(bytes)
    }

    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// With all high bits clear, subtracting from bytes that have theirs set, or adding one, carries nothing from one byte to the next.
    @inline(__always)
    private static func isGraphic(_ word: UInt64) -> Bool {
        word & highs == 0 && ((word | highs) &- 0x21 &* ones) & highs == highs && (word &+ ones) & highs == 0
    }

    @inline(__always)
    private static func has(_ byte: UInt8, in word: UInt64) -> Bool {
        let differences = word ^ (UInt64(byte) &* ones)
        return (differences &- ones) & ~differences & highs != 0
    }
}
