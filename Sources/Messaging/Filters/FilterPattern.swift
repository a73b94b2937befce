/// A text in which `*` stands for any run of characters, the empty one included.
struct FilterPattern: Sendable, Hashable {
    enum Fault: Error { case dangling, neighbours }

    /// As it was written.
    let text: [UInt8]
    /// What is between the asterisks.
    let pieces: [[UInt8]]
    /// For each piece, how much of its beginning is still good where a byte does not go on as it does (Knuth, Morris and Pratt): a long
    /// piece in a long text costs no more than the sum of both.
    private let fallbacks: [[Int]]

    /// - Parameter text: with `\*` and `\\` for the characters themselves.
    /// - Throws: ``Fault`` where a backslash stands before anything else, or an asterisk next to another.
    init(_ text: ArraySlice<UInt8>) throws(Fault) {
        self.text = Array(text)
        var pieces: [[UInt8]] = [[]]
        var isEscaped = false
        var isAfterAsterisk = false
        for byte in text {
            let isAsterisk = byte == UInt8(ascii: "*") && !isEscaped
            if isEscaped, byte != UInt8(ascii: "*"), byte != UInt8(ascii: "\\") { throw .dangling }
            if isAsterisk {
                guard !isAfterAsterisk else { throw .neighbours }
                pieces.append([])
            } else if !isEscaped, byte == UInt8(ascii: "\\") {
                isEscaped = true
                isAfterAsterisk = false
                continue
            } else {
                pieces[pieces.count - 1].append(byte)
            }
            isEscaped = false
            isAfterAsterisk = isAsterisk
        }
        guard !isEscaped else { throw .dangling }
        self.pieces = pieces
        fallbacks = pieces.map(Self.fallbacks)
    }

    var asterisks: Int { pieces.count - 1 }

    func matches(_ text: ArraySlice<UInt8>) -> Bool {
        guard asterisks > 0 else { return text.isSame(as: pieces[0][...]) }
        let (first, last) = (pieces[0], pieces[pieces.count - 1])
        guard text.count >= first.count + last.count, text.begins(with: first), text.ends(with: last) else { return false }
        var rest = text.dropFirst(first.count).dropLast(last.count)
        for index in 1..<asterisks {
            guard let end = end(of: index, in: rest) else { return false }
            rest = rest[end...]
        }
        return true
    }

    /// Where the first occurrence of a piece ends.
    private func end(of index: Int, in text: ArraySlice<UInt8>) -> Int? {
        let (piece, fallbacks) = (pieces[index], fallbacks[index])
        var matched = 0
        for position in text.indices {
            while matched > 0, piece[matched] != text[position] { matched = fallbacks[matched - 1] }
            if piece[matched] == text[position] { matched += 1 }
            if matched == piece.count { return position + 1 }
        }
        return nil
    }

    private static func fallbacks(_ piece: [UInt8]) -> [Int] {
        var fallbacks = [Int](repeating: 0, count: piece.count)
        var matched = 0
        for position in piece.indices.dropFirst() {
            while matched > 0, piece[matched] != piece[position] { matched = fallbacks[matched - 1] }
            if piece[matched] == piece[position] { matched += 1 }
            fallbacks[position] = matched
        }
        return fallbacks
    }
}
