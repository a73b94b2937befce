package import Store

extension Messaging {
    /// Format 1, then format 2.
    ///
    /// Every number comes from `counters`, and none is given twice. A message hangs on a lane: its queue's own, whose number is the queue's
    /// `epoch`, or that of its group. A purge gives the queue another epoch and puts the old one in `trash`, to be emptied in small steps.
    ///
    /// `messages.due`: from when on it may be received. In a FIFO queue 0 while it waits, so that the index keeps the order of sending, and
    /// the end of its visibility while it is in flight. `delivery` counts receives and moves and so names a delivery; `base` is what it was
    /// when the message came to this queue. `arrives`: set when it was sent with a delay. `body`: set when it is not the message's own.
    /// `noted`: it has a row in `notes`. `subscription`: the one it came by, where its receiver is to know.
    ///
    /// `bodies.publication`: the number of the message as it was published, when that is not the body's own. The counter
    /// `catalog` changes with every queue, topic and subscription: what is remembered of them holds while it stays.
    ///
    /// `lanes.next`: never later than when the lane may next be received from, in 2^-20 ms, the fraction being the turn; a FIFO group with
    /// messages in flight may when the last of them is visible. A queue has its own lane there as well once it has seen a group.
    ///
    /// `journeys`: what happened to messages, in the bytes of ``JourneyBytes``, a row for each transaction: see ``Journal``.
    ///
    /// Times are the home's, in milliseconds.
    package static let schema = Schema(
        .messages,
        steps: [
            """
            CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
            INSERT INTO settings VALUES ('secret', randomblob(24));
            CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
            INSERT INTO counters VALUES ('number', 0), ('catalog', 0);
            CREATE TABLE queues (
                number INTEGER PRIMARY KEY,
                name TEXT NOT NULL UNIQUE,
                epoch INTEGER NOT NULL UNIQUE,
                has_groups INTEGER NOT NULL,
                delay INTEGER NOT NULL,
                maximum_size INTEGER NOT NULL,
                retention INTEGER NOT NULL,
                wait INTEGER NOT NULL,
                visibility INTEGER NOT NULL,
                dead_letter TEXT,
                maximum_receives INTEGER,
                redrive_allow TEXT,
                deduplicates_content INTEGER NOT NULL,
                deduplication_scope TEXT NOT NULL,
                throughput_limit TEXT NOT NULL,
                created INTEGER NOT NULL,
                changed INTEGER NOT NULL
            ) STRICT;
            CREATE INDEX queues_dead_letter ON queues (dead_letter) WHERE dead_letter IS NOT NULL;
            CREATE TABLE tags (
                owner INTEGER NOT NULL,
                key TEXT NOT NULL,
                value TEXT NOT NULL,
                PRIMARY KEY (owner, key)
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE lanes (
                number INTEGER PRIMARY KEY,
                epoch INTEGER NOT NULL,
                name TEXT NOT NULL,
                next INTEGER NOT NULL,
                UNIQUE (epoch, name)
            ) STRICT;
            CREATE INDEX lanes_next ON lanes (epoch, next);
            CREATE TABLE messages (
                number INTEGER PRIMARY KEY,
                lane INTEGER NOT NULL,
                due INTEGER NOT NULL,
                sent INTEGER NOT NULL,
                delivery INTEGER NOT NULL,
                base INTEGER NOT NULL,
                arrives INTEGER,
                first INTEGER,
                taken INTEGER,
                holder INTEGER,
                body INTEGER,
                deduplication TEXT,
                noted INTEGER,
                subscription INTEGER
            ) STRICT;
            CREATE INDEX messages_due ON messages (lane, due);
            CREATE INDEX messages_delayed ON messages (lane, due) WHERE arrives IS NOT NULL AND first IS NULL;
            CREATE TABLE bodies (
                number INTEGER PRIMARY KEY,
                uses INTEGER NOT NULL,
                body BLOB NOT NULL,
                attributes BLOB,
                trace TEXT,
                topic TEXT,
                subject TEXT,
                publication INTEGER
            ) STRICT;
            CREATE TABLE notes (message INTEGER PRIMARY KEY, origin TEXT, failure TEXT) STRICT;
            CREATE TABLE deduplications (
                number INTEGER PRIMARY KEY,
                owner INTEGER NOT NULL,
                key TEXT NOT NULL,
                expires INTEGER NOT NULL,
                UNIQUE (owner, key)
            ) STRICT;
            CREATE TABLE attempts (
                queue INTEGER NOT NULL,
                id TEXT NOT NULL,
                expires INTEGER NOT NULL,
                deliveries TEXT NOT NULL,
                PRIMARY KEY (queue, id)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX attempts_expires ON attempts (expires);
            CREATE TABLE holders (pid INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
            CREATE TABLE moves (
                number INTEGER PRIMARY KEY,
                source TEXT NOT NULL,
                source_number INTEGER NOT NULL,
                destination TEXT,
                per_second INTEGER,
                state TEXT NOT NULL,
                moved INTEGER NOT NULL,
                total INTEGER NOT NULL,
                started INTEGER NOT NULL,
                failure TEXT
            ) STRICT;
            CREATE INDEX moves_source ON moves (source_number, number);
            CREATE INDEX moves_running ON moves (number) WHERE state = 'RUNNING';
            CREATE TABLE topics (
                number INTEGER PRIMARY KEY,
                name TEXT NOT NULL UNIQUE,
                display_name TEXT NOT NULL,
                deduplicates_content INTEGER NOT NULL,
                deduplication_scope TEXT NOT NULL,
                created INTEGER NOT NULL
            ) STRICT;
            CREATE TABLE subscriptions (
                number INTEGER PRIMARY KEY,
                topic INTEGER NOT NULL,
                protocol TEXT NOT NULL,
                endpoint TEXT NOT NULL,
                is_raw INTEGER NOT NULL,
                filter TEXT,
                filter_scope TEXT,
                dead_letter TEXT,
                delivery TEXT,
                token TEXT,
                token_expires INTEGER,
                is_pending INTEGER NOT NULL,
                lease_slot INTEGER,
                lease_generation INTEGER,
                created INTEGER NOT NULL,
                UNIQUE (topic, protocol, endpoint)
            ) STRICT;
            CREATE TABLE trash (epoch INTEGER PRIMARY KEY) STRICT;
            """,
            """
            CREATE TABLE journeys (
                position INTEGER PRIMARY KEY,
                time INTEGER NOT NULL,
                pid INTEGER NOT NULL,
                process TEXT NOT NULL,
                events BLOB NOT NULL
            ) STRICT;
            """,
        ])
}
