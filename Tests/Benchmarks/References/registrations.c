/* The rows of 256 callers' registrations, put into the registry's tables by SQLite alone: what group commit is measured against.
 *
 *   registrations PATH GROUP TRANSACTIONS ATTRIBUTES
 *
 * A transaction holds GROUP registrations and is synced (WAL, synchronous=FULL). As in the library, no commit checkpoints: a thread with a
 * connection of its own moves the log into the database when it has grown beyond 16 MiB. Prints the seconds from the first BEGIN to the last
 * COMMIT. */

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

static const char *path;
static const int threshold = (16 << 20) / 4096;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int pages, ended;

static void check(sqlite3 *database, int code, const char *what) {
    if (code == SQLITE_OK || code == SQLITE_DONE) return;
    fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(database));
    exit(1);
}

static void run(sqlite3 *database, const char *sql) { check(database, sqlite3_exec(database, sql, NULL, NULL, NULL), sql); }

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql) {
    sqlite3_stmt *statement;
    check(database, sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL), sql);
    return statement;
}

static void step(sqlite3 *database, sqlite3_stmt *statement) {
    check(database, sqlite3_step(statement), sqlite3_sql(statement));
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

static int committed(void *unused, sqlite3 *database, const char *name, int count) {
    (void)unused, (void)database, (void)name;
    pthread_mutex_lock(&mutex);
    pages = count;
    if (pages >= threshold) pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
    return SQLITE_OK;
}

static void *checkpoint(void *unused) {
    sqlite3 *database;
    (void)unused;
    check(NULL, sqlite3_open(path, &database), "open");
    pthread_mutex_lock(&mutex);
    while (!ended) {
        if (pages < threshold) {
            pthread_cond_wait(&condition, &mutex);
            continue;
        }
        pages = 0;
        pthread_mutex_unlock(&mutex);
        sqlite3_wal_checkpoint_v2(database, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        pthread_mutex_lock(&mutex);
    }
    pthread_mutex_unlock(&mutex);
    sqlite3_close(database);
    return NULL;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int count, char **arguments) {
    if (count != 5) return 64;
    path = arguments[1];
    int group = atoi(arguments[2]), transactions = atoi(arguments[3]);
    const char *attributes = arguments[4];
    sqlite3 *database;
    check(NULL, sqlite3_open(path, &database), "open");
    run(database, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
                  "PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY");
    run(database, schema);
    sqlite3_wal_hook(database, committed, NULL);
    sqlite3_stmt *begin = prepare(database, "BEGIN IMMEDIATE");
    sqlite3_stmt *insert = prepare(database, "INSERT OR REPLACE INTO instances VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    sqlite3_stmt *update = prepare(database, "UPDATE services SET revision = ?, changes = changes + 1 WHERE number = ?");
    sqlite3_stmt *commit = prepare(database, "COMMIT");
    pthread_t checkpointer;
    pthread_create(&checkpointer, NULL, checkpoint, NULL);

    double start = now();
    for (int transaction = 0; transaction < transactions; transaction++) {
        step(database, begin);
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
        step(database, commit);
    }
    double seconds = now() - start;

    pthread_mutex_lock(&mutex);
    ended = 1;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
    pthread_join(checkpointer, NULL);
    printf("%.6f\n", seconds);
    return 0;
}
