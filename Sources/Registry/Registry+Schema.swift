package import Store

extension Registry {
    /// Format 1, then formats 2 and 3.
    ///
    /// `services.revision` is Cloud Map's InstancesRevision; `services.changes` grows with every change that an answer could show, health
    /// included. `counters.revision` is the highest revision of any deleted service: a service made anew starts above it. `overrides.expires`,
    /// in milliseconds since 1970, is when the row may be removed. `stacks.record` is text that only those who deploy read; what a stack exports
    /// and imports is kept beside it, as other stacks depend on it.
    package static let schema = Schema(
        .registry, overlaps: false,
        steps: [
            """
            CREATE TABLE namespaces (
                number INTEGER PRIMARY KEY,
                id TEXT NOT NULL UNIQUE,
                name TEXT NOT NULL,
                http_name TEXT NOT NULL UNIQUE,
                kind TEXT NOT NULL,
                description TEXT,
                creator TEXT,
                created INTEGER NOT NULL
            ) STRICT;
            CREATE TABLE services (
                number INTEGER PRIMARY KEY,
                id TEXT NOT NULL UNIQUE,
                namespace INTEGER NOT NULL REFERENCES namespaces,
                name TEXT NOT NULL,
                configuration TEXT NOT NULL,
                creator TEXT,
                created INTEGER NOT NULL,
                revision INTEGER NOT NULL,
                changes INTEGER NOT NULL,
                UNIQUE (namespace, name)
            ) STRICT;
            CREATE TABLE instances (
                service INTEGER NOT NULL REFERENCES services,
                id TEXT NOT NULL,
                incarnation INTEGER NOT NULL,
                attributes TEXT NOT NULL,
                health TEXT NOT NULL,
                lease_slot INTEGER,
                lease_generation INTEGER,
                registered INTEGER NOT NULL,
                PRIMARY KEY (service, id)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX instances_leased ON instances (service, lease_slot) WHERE lease_slot IS NOT NULL;
            CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
            INSERT INTO counters VALUES ('revision', 0);
            """,
            """
            CREATE TABLE overrides (
                pattern TEXT PRIMARY KEY,
                text TEXT NOT NULL,
                changed INTEGER NOT NULL,
                expires INTEGER
            ) STRICT, WITHOUT ROWID;
            """,
            """
            CREATE TABLE stacks (name TEXT PRIMARY KEY, record TEXT NOT NULL, changed INTEGER NOT NULL) STRICT, WITHOUT ROWID;
            CREATE TABLE exports (name TEXT PRIMARY KEY, stack TEXT NOT NULL, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
            CREATE TABLE imports (export TEXT NOT NULL, stack TEXT NOT NULL, PRIMARY KEY (export, stack)) STRICT, WITHOUT ROWID;
            """,
        ])
}
