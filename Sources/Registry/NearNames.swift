/// Which of some names a mistyped one may have meant.
package enum NearNames {
    /// At most five names, nearest first: those within a third of the length by edit distance, or that contain one another.
    package static func of(_ name: String, among names: some Sequence<String>) -> [String] {
        let wanted = Array(name.lowercased().utf8.prefix(128))
        let allowed = max(1, wanted.count / 3)
        var near: [(distance: Int, name: String)] = []
        for candidate in names {
            let other = Array(candidate.lowercased().utf8.prefix(128))
            let isPart =
                wanted.count > 2 && other.count > 2
                && (candidate.lowercased().contains(name.lowercased()) || name.lowercased().contains(candidate.lowercased()))
            let distance = abs(other.count - wanted.count) > allowed ? Int.max : editDistance(wanted, other)
            if distance <= allowed { near.append((distance, candidate)) } else if isPart { near.append((allowed + 1, candidate)) }
        }
        return near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(5).map(\.name)
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
