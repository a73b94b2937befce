internal import GRDB

/// The tables of one database, as numbered steps from an empty file to today.
///
/// Rule for changes: steps are only ever appended, each takes a released version to the next, and none is edited once released.
package struct Schema: Sendable {
    /// Which of the two databases of a home.
    package enum Name: String, Sendable, CaseIterable { case registry, messages }

    package let name: Name
    package let steps: [StaticString]
    /// Whether the next group is made while the disk is waited for. Worth it where operations append. Where they write the same pages again
    /// and again it is not: groups get smaller, and write those pages more often than the disk saves.
    package let overlaps: Bool

    package init(_ name: Name, overlaps: Bool = true, steps: [StaticString]) {
        self.name = name
        self.overlaps = overlaps
        self.steps = steps
    }

    /// Marks a file as ours in its header ("disc").
    static let applicationID: Int32 = 0x6469_7363

    /// Takes a database to this version, in one transaction. Called under the writer lock.
    func migrate(_ database: Database, path: String) throws {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard version <= steps.count else {
            throw StoreError(
                .unusable,
                "\(path) was written by a newer version of discovery (format \(version); this program knows up to \(steps.count)). Use that version, or another home."
            )
        }
        let application = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        guard application == Self.applicationID || (application == 0 && version == 0 && tables == 0) else {
            throw StoreError(.unusable, "\(path) is a database of another program. Name another home with DISCOVERY_HOME.")
        }
        guard version < steps.count else { return }
        try database.inTransaction(.immediate) {
            for step in steps[version...] { try database.execute(sql: step.description) }
            try database.execute(sql: "PRAGMA user_version = \(steps.count); PRAGMA application_id = \(Self.applicationID)")
            return .commit
        }
    }
}
