/* The rows of 256 callers' registrations, put into the registry's tables by SQLite alone: what group commit is measured against.
 *
 *   registrations PATH GROUP TRANSACTIONS ATTRIBUTES
 *
 * A transaction holds GROUP registrations and is synced (WAL, synchronous=FULL). Prints the seconds from the first BEGIN to the last
 * COMMIT. */

#include "database.h"

static const char *schema =
    "CREATE TABLE services ("
    "  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, namespace INTEGER NOT NULL, name TEXT NOT NULL,"
    "  configuration TEXT NOT NULL, creator TEXT, created INTEGER NOT NULL, revision INTEGER NOT NULL, changes INTEGER NOT NULL,"
    "  UNIQUE (namespace, name)) STRICT;"
    "CREATE TABLE instances ("
    "  service INTEGER NOT NULL REFERENCES services, id TEXT NOT NULL, incarnation INTEGER NOT NULL, attributes TEXT NOT NULL,"
    "  health TEXT NOT NULL, lease_slot INTEGER, lease_generation INTEGER, registered INTEGER NOT NULL,"
    "  PRIMARY KEY (service, id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX instances_leased ON instances (service, lease_slot) WHERE lease_slot IS NOT NULL;"
    "INSERT INTO services VALUES (1, 'srv-abcdefghijklmnop', 1, 'workers', '{}', NULL, 1700000000000, 0, 0);";

int main(int count, char **arguments) {
    if (count != 5) return 64;
    int group = atoi(arguments[2]), transactions = atoi(arguments[3]);
    const char *attributes = arguments[4];
    sqlite3 *database = open_database(arguments[1], schema);
    sqlite3_stmt *begin = prepare(database, "BEGIN IMMEDIATE");
    sqlite3_stmt *insert = prepare(database, "INSERT OR REPLACE INTO instances VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    sqlite3_stmt *update = prepare(database, "UPDATE services SET revision = ?, changes = changes + 1 WHERE number = ?");
    sqlite3_stmt *commit = prepare(database, "COMMIT");

    double start = now();
    for (int transaction = 0; transaction < transactions; transaction++) {
        begin_transaction(database, begin);
        for (int caller = 0; caller < group; caller++) {
            int revision = transaction * group + caller;
            char id[32];
            snprintf(id, sizeof id, "task-%d", 100000 + revision);
            sqlite3_bind_int64(insert, 1, 1);
            sqlite3_bind_text(insert, 2, id, -1, SQLITE_TRANSIENT);
            sqlite3_bind_int64(insert, 3, revision);
            sqlite3_bind_text(insert, 4, attributes, -1, SQLITE_TRANSIENT);
            sqlite3_bind_text(insert, 5, "UNKNOWN", -1, SQLITE_TRANSIENT);
            sqlite3_bind_int64(insert, 8, 1700000000000 + transaction);
            step(database, insert);
            sqlite3_bind_int64(update, 1, revision);
            sqlite3_bind_int64(update, 2, 1);
            step(database, update);
        }
        end_transaction(database, commit);
    }
    double seconds = now() - start;

    end_checkpoints();
    printf("%.6f\n", seconds);
    return 0;
}
