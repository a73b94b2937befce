/// Writes JSON straight into bytes, its keys in the order given: encoders of the standard library sort them, or leave them as they fall.
struct NotificationWriter {
    private(set) var bytes: [UInt8] = []
    /// Whether what comes next in the object or list is its first.
    private var isFirst = true

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func object(_ body: (inout NotificationWriter) -> Void) { enclose("{", "}", body) }

    mutating func list(_ body: (inout NotificationWriter) -> Void) { enclose("[", "]", body) }

    /// What comes next belongs to this key.
    mutating func key(_ key: String) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        text(key)
        bytes.append(UInt8(ascii: ":"))
    }

    mutating func member(_ key: String, _ value: String?) {
        self.key(key)
        if let value { text(value) } else { bytes += "null".utf8 }
    }

    /// - Parameter value: text in UTF-8; what is none is replaced by U+FFFD, since all of JSON is text.
    mutating func member(_ key: String, _ value: [UInt8]) {
        self.key(key)
        if String(validating: value, as: UTF8.self) != nil {
            value.withUnsafeBufferPointer { quote($0) }
        } else {
            text(String(decoding: value, as: UTF8.self))
        }
    }

    private mutating func enclose(_ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ body: (inout NotificationWriter) -> Void) {
        bytes.append(UInt8(ascii: opening))
        isFirst = true
        body(&self)
        bytes.append(UInt8(ascii: closing))
        isFirst = false
    }

    private mutating func text(_ text: String) {
        var text = text
        text.withUTF8 { quote($0) }
    }

    /// One pass: what need not be escaped is copied in whole stretches.
    private mutating func quote(_ text: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        for index in 0..<text.count {
            let byte = text[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            bytes += text[start..<index]
            start = index + 1
            bytes.append(UInt8(ascii: "\\"))
            switch byte {
            case 0x08: bytes.append(UInt8(ascii: "b"))
            case 0x09: bytes.append(UInt8(ascii: "t"))
            case 0x0A: bytes.append(UInt8(ascii: "n"))
            case 0x0C: bytes.append(UInt8(ascii: "f"))
            case 0x0D: bytes.append(UInt8(ascii: "r"))
            case 0..<0x20:
                bytes += "u00".utf8
                bytes.append(Self.digits[Int(byte >> 4)])
                bytes.append(Self.digits[Int(byte & 0xF)])
            default: bytes.append(byte)
            }
        }
        bytes += text[start...]
        bytes.append(UInt8(ascii: "\""))
    }

    private static let digits = Array("0123456789abcdef".utf8)
}
