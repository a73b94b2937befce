internal import Store

/// What was deployed to a home from templates. A stack's record is text here, which those who deploy write and read.
extension Registry {
    /// A value that a stack offers to others.
    package struct Export: Sendable, Hashable {
        package let name: String
        package let stack: String
        package let value: String
    }

    /// The record of a stack; `nil` when there is none.
    package func stack(_ name: String) async throws -> String? {
        try await store.read { try $0.first("SELECT record FROM stacks WHERE name = ?", .text(name), make: { $0.text(0) }) }
    }

    /// All stacks, by name.
    package func stacks() async throws -> [(name: String, record: String)] {
        try await store.read {
            try $0.all("SELECT name, record FROM stacks ORDER BY name") { (name: $0.text(0), record: $0.text(1)) }
        }
    }

    /// Adds a stack's record, or replaces it.
    package func putStack(_ name: String, record: String) async throws {
        _ = try await store.write(bytes: record.utf8.count + 256) { transaction in
            try transaction.put(stack: name, record)
        }
    }

    /// Removes a stack's record, and what it exports and imports.
    package func removeStack(_ name: String) async throws {
        try await store.write(reclaims: true) { transaction in
            try transaction.connection.checkExports(of: name, besides: [])
            for statement: StaticString in [
                "DELETE FROM stacks WHERE name = ?", "DELETE FROM exports WHERE stack = ?", "DELETE FROM imports WHERE stack = ?",
            ] {
                try transaction.connection.run(statement, .text(name))
            }
        }
    }

    /// All that stacks export, by name.
    package func exports() async throws -> [Export] {
        try await store.read {
            try $0.all("SELECT name, stack, value FROM exports ORDER BY name") {
                Export(name: $0.text(0), stack: $0.text(1), value: $0.text(2))
            }
        }
    }

    /// Refuses what could not be exported in the end.
    ///
    /// - Throws: `.invalidInput` for a name that another stack exports; `.resourceInUse` when one that this stack exports now, and other stacks
    ///   import, is not among the names.
    package func checkExports(_ names: [String], of stack: String) async throws {
        try await store.read { connection in try connection.checkExports(of: stack, besides: names) }
    }

    /// Has a stack export and import these, and nothing else, and replaces its record: both or neither.
    ///
    /// - Throws: as ``checkExports(_:of:)``; `.invalidInput` for an import that nobody exports.
    package func setExports(_ exports: [String: String], imports: Set<String>, of stack: String, record: String) async throws {
        try await store.write(bytes: record.utf8.count + 256) { transaction in
            try transaction.connection.checkExports(of: stack, besides: Array(exports.keys))
            let connection = transaction.connection
            let used = try connection.all(
                "SELECT DISTINCT e.name, e.value, i.stack FROM exports e JOIN imports i ON i.export = e.name WHERE e.stack = ? AND i.stack <> ?",
                .text(stack), .text(stack)
            ) { (name: $0.text(0), value: $0.text(1), stack: $0.text(2)) }
            if let use = used.first(where: { exports[$0.name] != $0.value }) {
                throw RegistryError(
                    .resourceInUse,
                    "The export \(Rules.quoted(use.name)) would change, and is imported by the stack \(Rules.quoted(use.stack)). Change or destroy that one first."
                )
            }
            for name in imports {
                let exists = try connection.first("SELECT 1 FROM exports WHERE name = ?", .text(name), make: { _ in true })
                guard exists == true else { throw Rules.invalid("No stack exports \(Rules.quoted(name)) any more.") }
            }
            try connection.run("DELETE FROM exports WHERE stack = ?", .text(stack))
            for (name, value) in exports {
                try connection.run("INSERT INTO exports (name, stack, value) VALUES (?, ?, ?)", .text(name), .text(stack), .text(value))
            }
            try connection.run("DELETE FROM imports WHERE stack = ?", .text(stack))
            for name in imports { try connection.run("INSERT INTO imports (export, stack) VALUES (?, ?)", .text(name), .text(stack)) }
            try transaction.put(stack: stack, record)
        }
    }
}

extension Transaction {
    fileprivate func put(stack name: String, _ record: String) throws {
        try connection.run(
            "INSERT OR REPLACE INTO stacks (name, record, changed) VALUES (?, ?, ?)", .text(name), .text(record),
            .integer(now.milliseconds))
    }
}

extension Connection {
    fileprivate func checkExports(of stack: String, besides names: [String]) throws {
        for name in names {
            let other = try first(
                "SELECT stack FROM exports WHERE name = ? AND stack <> ?", .text(name), .text(stack), make: { $0.text(0) })
            if let other {
                throw Rules.invalid("The stack \(Rules.quoted(other)) exports \(Rules.quoted(name)) already. Take another name.")
            }
        }
        let used = try all(
            "SELECT e.name, i.stack FROM exports e JOIN imports i ON i.export = e.name WHERE e.stack = ? AND i.stack <> ?", .text(stack),
            .text(stack)
        ) { (name: $0.text(0), stack: $0.text(1)) }
        for use in used where !names.contains(use.name) {
            throw RegistryError(
                .resourceInUse,
                "The export \(Rules.quoted(use.name)) is imported by the stack \(Rules.quoted(use.stack)). Change or destroy that one first."
            )
        }
    }
}
