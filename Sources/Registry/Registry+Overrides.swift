internal import Store

/// What all processes of a home do otherwise than is registered. Here it is text under a pattern, which others read.
extension Registry {
    /// The most overrides a home keeps.
    package static let maximumOverrides = 1_000

    /// All overrides, the longest pattern first, then by text: those that say more come before those that say less. Expired ones may be
    /// among them.
    package func overrides() async throws -> [(pattern: String, text: String)] {
        try await store.read { connection in
            try connection.all(
                "SELECT pattern, text FROM overrides ORDER BY length(pattern) DESC, pattern LIMIT ?", .integer(Self.maximumOverrides)
            ) { (pattern: $0.text(0), text: $0.text(1)) }
        }
    }

    /// Adds an override, or replaces that of the same pattern.
    ///
    /// - Parameters:
    ///   - expires: from when on the row may be removed, in milliseconds since 1970 by the wall clock; `nil` for never.
    ///   - now: by the same clock.
    /// - Throws: `.invalidInput` when there are as many as a home keeps.
    package func setOverride(pattern: String, text: String, expires: Int64? = nil, now: Int64) async throws {
        try await store.write(bytes: pattern.utf8.count + text.utf8.count + 64) { transaction in
            let others = try transaction.connection.first(
                "SELECT count(*) FROM overrides WHERE pattern <> ? AND (expires IS NULL OR expires > ?)", .text(pattern), .integer(now),
                make: { $0.integer(0) })
            guard (others ?? 0) < Self.maximumOverrides else {
                throw Rules.invalid("The home has \(Self.maximumOverrides) overrides already, as many as it keeps. Remove some.")
            }
            try transaction.removeExpiredOverrides(now)
            try transaction.connection.run(
                "INSERT OR REPLACE INTO overrides (pattern, text, changed, expires) VALUES (?, ?, ?, ?)", .text(pattern), .text(text),
                .integer(transaction.now.milliseconds), .optional(expires))
        }
    }

    /// Removes the override of a pattern.
    ///
    /// - Parameter now: in milliseconds since 1970 by the wall clock.
    /// - Returns: whether there was one.
    package func removeOverride(pattern: String, now: Int64) async throws -> Bool {
        try await store.write(reclaims: true) { transaction in
            let removed = try transaction.connection.run("DELETE FROM overrides WHERE pattern = ?", .text(pattern))
            try transaction.removeExpiredOverrides(now)
            return removed > 0
        }
    }

    /// Removes all overrides.
    ///
    /// - Returns: how many there were.
    package func removeOverrides() async throws -> Int {
        try await store.write(reclaims: true) { transaction in try transaction.connection.run("DELETE FROM overrides") }
    }
}

extension Transaction {
    fileprivate func removeExpiredOverrides(_ now: Int64) throws(StoreError) {
        try connection.run("DELETE FROM overrides WHERE expires <= ?", .integer(now))
    }
}
