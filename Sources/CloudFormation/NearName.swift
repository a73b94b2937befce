/// What a mistyped name may have meant, as the end of a sentence.
enum NearName {
    /// ` Did you mean Name?`, or nothing.
    static func hint(_ name: String, among names: some Sequence<String>) -> String {
        of(name, among: names).map { " Did you mean \($0)?" } ?? ""
    }

    /// The nearest within a third of the length by edit distance, capitals aside.
    static func of(_ name: String, among names: some Sequence<String>) -> String? {
        let wanted = Array(name.lowercased().utf8.prefix(128))
        let allowed = max(1, wanted.count / 3)
        var best: (distance: Int, name: String)?
        for candidate in names {
            let other = Array(candidate.lowercased().utf8.prefix(128))
            guard abs(other.count - wanted.count) <= allowed else { continue }
            let distance = editDistance(wanted, other)
            guard distance <= allowed else { continue }
            if let best, (best.distance, best.name) <= (distance, candidate) { continue }
            best = (distance, candidate)
        }
        return best?.name
    }

    /// Levenshtein's distance, in one row.
    private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let above = row[j + 1]
                row[j + 1] = a == b ? diagonal : 1 + min(diagonal, above, row[j])
                diagonal = above
            }
        }
        return row[right.count]
    }
}
