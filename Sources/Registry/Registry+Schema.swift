package import Store

extension Registry {
    /// Format 1, then formats 2 to 4.
    ///
    /// `services.revision` is Cloud Map's InstancesRevision; `services.changes` grows with every change that an answer could show, health
    /// included. `counters.revision` is the highest revision of any deleted service: a service made anew starts above it. `overrides.expires`,
    /// in milliseconds since 1970, is when the row may be removed. `stacks.record` is text that only those who deploy read; what a stack exports
    /// and imports is kept beside it, as other stacks depend on it.
    ///
    /// `creators`, `heartbeats` and `pending_health` hold what few instances have. A row counts while its incarnation is the instance's:
    /// so a registration that has none of it writes none of it, and a program of format 3 that has the home open can go on.
    /// `heartbeats.number` grows with every registration, for those who read only what is new. `operations.due` is set while an operation is
    /// pending, and `operations.change` then holds what is to be done; that of an update stays, to know it when it is repeated.
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
            """
            ALTER TABLE namespaces ADD COLUMN vpc TEXT;
            ALTER TABLE namespaces ADD COLUMN soa INTEGER;
            ALTER TABLE services ADD COLUMN attributes TEXT;
            CREATE TABLE tags (
                resource TEXT NOT NULL,
                key TEXT NOT NULL,
                value TEXT NOT NULL,
                PRIMARY KEY (resource, key)
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE operations (
                number INTEGER PRIMARY KEY,
                id TEXT NOT NULL UNIQUE,
                kind TEXT NOT NULL,
                status TEXT NOT NULL,
                namespace TEXT,
                service TEXT,
                instance TEXT,
                target TEXT NOT NULL,
                request TEXT,
                change TEXT,
                failure TEXT,
                message TEXT,
                created INTEGER NOT NULL,
                updated INTEGER NOT NULL,
                due INTEGER
            ) STRICT;
            CREATE INDEX operations_due ON operations (due) WHERE due IS NOT NULL;
            CREATE INDEX operations_pending ON operations (target) WHERE due IS NOT NULL;
            CREATE INDEX operations_requested ON operations (request) WHERE request IS NOT NULL;
            CREATE TABLE creators (
                service INTEGER NOT NULL,
                id TEXT NOT NULL,
                incarnation INTEGER NOT NULL,
                request TEXT NOT NULL,
                PRIMARY KEY (service, id)
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE heartbeats (
                number INTEGER PRIMARY KEY AUTOINCREMENT,
                service INTEGER NOT NULL,
                id TEXT NOT NULL,
                incarnation INTEGER NOT NULL,
                seconds INTEGER NOT NULL,
                UNIQUE (service, id)
            ) STRICT;
            CREATE TABLE pending_health (
                service INTEGER NOT NULL,
                id TEXT NOT NULL,
                incarnation INTEGER NOT NULL,
                health TEXT NOT NULL,
                due INTEGER NOT NULL,
                PRIMARY KEY (service, id)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX pending_health_due ON pending_health (due);
            CREATE TRIGGER instances_removed AFTER DELETE ON instances BEGIN
                DELETE FROM creators WHERE service = OLD.service AND id = OLD.id;
                DELETE FROM heartbeats WHERE service = OLD.service AND id = OLD.id;
                DELETE FROM pending_health WHERE service = OLD.service AND id = OLD.id;
            END;
            """,
        ])
}
