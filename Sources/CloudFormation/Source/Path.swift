/// The names that lead to a value.
struct Path: Sendable, Hashable, CustomStringConvertible {
    private(set) var names: [String]

    static let root = Path(names: [])

    static func / (path: Path, name: String) -> Path { Path(names: path.names + [name]) }
    static func / (path: Path, index: Int) -> Path { path / String(index) }

    var parent: Path { Path(names: names.dropLast()) }
    var description: String { names.joined(separator: ".") }

    /// For messages: with long names cut.
    var shown: String { names.map { $0.utf8.count > 255 ? String($0.prefix(60)) + "…" : $0 }.joined(separator: ".") }

    /// Places are kept by path, so a path is no longer than it must be: two names of 255 bytes, and some levels.
    static let longest = 1_024
}
