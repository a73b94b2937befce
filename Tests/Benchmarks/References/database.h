/* What the references share: SQLite set up as the library sets it up, and a thread that moves the log into the database, since no commit
 * does. Beyond 16 MiB it does so beside the writer; beyond 32 MiB the writer waits for the rest, so that the log starts over. */

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *database_path;
static const int threshold = (16 << 20) / 4096;
/* Held for the length of a transaction. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_t checkpointer;
static int pages, ended;

static void check(sqlite3 *database, int code, const char *what) {
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
    fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(database));
    exit(1);
}

static void run(sqlite3 *database, const char *sql) { check(database, sqlite3_exec(database, sql, NULL, NULL, NULL), sql); }

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql) {
    sqlite3_stmt *statement;
    check(database, sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL), sql);
    return statement;
}

/* Whether there is a row; a statement that has none is ready for its next use. */
static int next(sqlite3 *database, sqlite3_stmt *statement) {
    int code = sqlite3_step(statement);
    check(database, code, sqlite3_sql(statement));
    if (code == SQLITE_ROW) return 1;
    sqlite3_reset(statement);
    return 0;
}

static void step(sqlite3 *database, sqlite3_stmt *statement) {
    next(database, statement);
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
    check(NULL, sqlite3_open(database_path, &database), "open");
    /* A connection that has read nothing does not know that there is a log, and a checkpoint on it does nothing. */
    run(database, "SELECT 1 FROM sqlite_schema");
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
        if (pages < 4 * threshold) continue;
        pages = 0;
        pthread_mutex_unlock(&mutex);
        pthread_mutex_lock(&turn);
        sqlite3_wal_checkpoint_v2(database, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
        pthread_mutex_unlock(&turn);
        pthread_mutex_lock(&mutex);
    }
    pthread_mutex_unlock(&mutex);
    sqlite3_close(database);
    return NULL;
}

static sqlite3 *open_database(const char *path, const char *schema) {
    sqlite3 *database;
    database_path = path;
    check(NULL, sqlite3_open(path, &database), "open");
    run(database, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
                  "PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY");
    run(database, schema);
    sqlite3_wal_hook(database, committed, NULL);
    pthread_create(&checkpointer, NULL, checkpoint, NULL);
    return database;
}

static void end_checkpoints(void) {
    pthread_mutex_lock(&mutex);
    ended = 1;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
    pthread_join(checkpointer, NULL);
}

static void begin_transaction(sqlite3 *database, sqlite3_stmt *begin) {
    pthread_mutex_lock(&turn);
    step(database, begin);
}

static void end_transaction(sqlite3 *database, sqlite3_stmt *commit) {
    step(database, commit);
    pthread_mutex_unlock(&turn);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}
