import Testing

@testable import Registry

/// Eight bytes at a time comes to the same as one.
struct TextScanTests {
    @Test func `every byte at every place of texts of every length is judged as by itself`() {
        for length in 0...20 {
            for place in 0..<length {
                for scalar in (0...0xFF).map({ Unicode.Scalar(UInt8($0)) }) {
                    var text = String(repeating: "~", count: place)
                    text.unicodeScalars.append(scalar)
                    text += String(repeating: "!", count: length - place - 1)
                    Self.expectSame(text)
                }
            }
        }
        Self.expectSame("")
    }

    private static func expectSame(_ text: String) {
        let isGraphic = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        let isGraphicOrBlank = text.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
        let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }
        guard TextScan.isGraphic(text) == isGraphic, TextScan.isGraphicOrBlank(text) == isGraphicOrBlank, TextScan.isPlain(text) == isPlain
        else {
            Issue.record("\(text.debugDescription)")
            return
        }
    }
}
