/* The least that SQLite must do for a durable queue: what ours is measured against. It knows nothing of callers, receipts, rules, limits or
 * other processes.
 *
 *   queue sends PATH GROUP TRANSACTIONS
 *   queue lives PATH GROUP TRANSACTIONS
 *   queue receives PATH GROUP TRANSACTIONS BACKLOG
 *
 * A transaction holds GROUP messages of 1 KiB. Sends and finishes are synced (WAL, synchronous=FULL), receives are not (NORMAL). A life is a
 * message sent in one transaction, received in a second and finished in a third. `receives` first puts BACKLOG messages into the queue.
 * Prints the seconds from the first BEGIN to the last COMMIT that count. */

#include "database.h"

enum { body_size = 1024, visibility = 30000 };

/* The index is the one that a receive needs: the messages of a queue in the order in which they are due. */
static const char *schema =
    "CREATE TABLE bodies (number INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;"
    "CREATE TABLE messages ("
    "  number INTEGER PRIMARY KEY, queue INTEGER NOT NULL, due INTEGER NOT NULL, sent INTEGER NOT NULL, receives INTEGER NOT NULL,"
    "  receipt INTEGER) STRICT;"
    "CREATE INDEX messages_due ON messages (queue, due);";

static sqlite3 *database;
static sqlite3_stmt *begin, *commit, *insert_body, *insert, *find, *receive, *read_body, *delete, *delete_body;
static char body[body_size];
static sqlite3_int64 clock_time = 1700000000000;
static int is_synced = 1;
static size_t bytes_read;

/* The pragma acts when it is compiled: it is not prepared. */
static void start(int synced) {
    if (synced != is_synced) run(database, synced ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    is_synced = synced;
    begin_transaction(database, begin);
    clock_time++;
}

static void send_group(int group, int synced) {
    start(synced);
    for (int each = 0; each < group; each++) {
        sqlite3_bind_blob(insert_body, 1, body, body_size, SQLITE_STATIC);
        step(database, insert_body);
        sqlite3_bind_int64(insert, 1, sqlite3_last_insert_rowid(database));
        sqlite3_bind_int64(insert, 2, 1);
        sqlite3_bind_int64(insert, 3, clock_time);
        sqlite3_bind_int64(insert, 4, clock_time);
        step(database, insert);
    }
    end_transaction(database, commit);
}

static int receive_group(int group, sqlite3_int64 *received) {
    int count = 0;
    start(0);
    sqlite3_bind_int64(find, 1, 1);
    sqlite3_bind_int64(find, 2, clock_time);
    sqlite3_bind_int64(find, 3, group);
    while (next(database, find)) received[count++] = sqlite3_column_int64(find, 0);
    for (int each = 0; each < count; each++) {
        sqlite3_bind_int64(receive, 1, clock_time + visibility);
        sqlite3_bind_int64(receive, 2, clock_time * 1000 + each);
        sqlite3_bind_int64(receive, 3, received[each]);
        step(database, receive);
        sqlite3_bind_int64(read_body, 1, received[each]);
        if (next(database, read_body)) bytes_read += sqlite3_column_bytes(read_body, 0) + *(const char *)sqlite3_column_blob(read_body, 0);
        sqlite3_reset(read_body);
    }
    end_transaction(database, commit);
    return count;
}

static void finish_group(int group, const sqlite3_int64 *received) {
    start(1);
    for (int each = 0; each < group; each++) {
        sqlite3_bind_int64(delete, 1, received[each]);
        step(database, delete);
        sqlite3_bind_int64(delete_body, 1, received[each]);
        step(database, delete_body);
    }
    end_transaction(database, commit);
}

int main(int count, char **arguments) {
    if (count < 5) return 64;
    const char *mode = arguments[1];
    int group = atoi(arguments[3]), transactions = atoi(arguments[4]), backlog = count > 5 ? atoi(arguments[5]) : 0;
    sqlite3_int64 *received = calloc(group, sizeof *received);
    memset(body, 'x', body_size);
    database = open_database(arguments[2], schema);
    begin = prepare(database, "BEGIN IMMEDIATE");
    commit = prepare(database, "COMMIT");
    insert_body = prepare(database, "INSERT INTO bodies (body) VALUES (?)");
    insert = prepare(database, "INSERT INTO messages (number, queue, due, sent, receives) VALUES (?, ?, ?, ?, 0)");
    find = prepare(database, "SELECT number FROM messages WHERE queue = ? AND due <= ? ORDER BY due LIMIT ?");
    receive = prepare(database, "UPDATE messages SET due = ?, receipt = ?, receives = receives + 1 WHERE number = ?");
    read_body = prepare(database, "SELECT body FROM bodies WHERE number = ?");
    delete = prepare(database, "DELETE FROM messages WHERE number = ?");
    delete_body = prepare(database, "DELETE FROM bodies WHERE number = ?");
    for (int left = backlog; left > 0; left -= 1000) send_group(left < 1000 ? left : 1000, 0);
    if (backlog > 0) run(database, "PRAGMA wal_checkpoint(TRUNCATE)");

    double began = now();
    for (int transaction = 0; transaction < transactions; transaction++) {
        if (strcmp(mode, "receives") != 0) send_group(group, 1);
        if (strcmp(mode, "sends") == 0) continue;
        int got = receive_group(group, received);
        if (got < group) return 1;
        if (strcmp(mode, "lives") == 0) finish_group(got, received);
    }
    double seconds = now() - began;

    end_checkpoints();
    printf("%.6f\n", seconds);
    return 0;
}
