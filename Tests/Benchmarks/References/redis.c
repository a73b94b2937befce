/* Clients of a Redis stream, each of which waits for the reply before it says the next thing.
 *
 *   redis SOCKET sends CLIENTS EACH
 *   redis SOCKET lives CLIENTS EACH
 *
 * `sends`: CLIENTS clients, each XADD of 1 KiB, EACH times. `lives`: beside them as many consumers of one group, each of which takes up to ten
 * entries (XREADGROUP), then finishes them (XACK and XDEL, in one write). One thread serves all connections. Prints the seconds from the
 * first command to the last reply that counts. */

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { body_size = 1024, room = 1 << 16, most = 10 };

struct client {
    int socket, is_consumer, left, replies, taken;
    size_t length;
    char buffer[room];
};

static struct client *clients;
static struct pollfd *polled;
static char add[body_size + 128];
static size_t add_length;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void say(int socket, const char *text, size_t length) {
    while (length > 0) {
        ssize_t count = write(socket, text, length);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) fail("write");
        text += count, length -= count;
    }
}

/* The end of one reply, or NULL when it is not all here. Bulk strings that are ids of entries are appended to `ids`, as arguments. */
static const char *reply(const char *from, const char *end, char *ids, int *count) {
    const char *line = memchr(from, '\n', end - from);
    if (line == NULL) return NULL;
    long number = strtol(from + 1, NULL, 10);
    line++;
    switch (*from) {
    case '-':
        fprintf(stderr, "%.*s", (int)(line - from), from);
        exit(1);
    case '+':
    case ':': return line;
    case '$':
        if (number < 0) return line;
        if (end - line < number + 2) return NULL;
        if (ids != NULL && number < 64 && isdigit(line[0]) && memchr(line, '-', number) != NULL) {
            sprintf(ids + strlen(ids), "$%ld\r\n%.*s\r\n", number, (int)number, line);
            ++*count;
        }
        return line + number + 2;
    case '*':
        for (; number > 0 && line != NULL; number--) line = reply(line, end, ids, count);
        return line;
    default: fail("not a reply"); return NULL;
    }
}

static void ask(struct client *client) {
    static const char wait[] = "*11\r\n$10\r\nXREADGROUP\r\n$5\r\nGROUP\r\n$1\r\ng\r\n$1\r\nc\r\n$5\r\nCOUNT\r\n$2\r\n10\r\n"
                               "$5\r\nBLOCK\r\n$1\r\n0\r\n$7\r\nSTREAMS\r\n$1\r\ns\r\n$1\r\n>\r\n";
    client->replies = 1;
    if (client->is_consumer) say(client->socket, wait, sizeof wait - 1);
    else if (client->left-- > 0) say(client->socket, add, add_length);
}

/* Takes what has come. Returns how many sends or lives are done by it. */
static int hear(struct client *client) {
    ssize_t count = read(client->socket, client->buffer + client->length, room - client->length);
    if (count <= 0) fail("read");
    client->length += count;
    int done = 0;
    for (;;) {
        char ids[most * 64] = "";
        int found = 0;
        const char *end = client->buffer + client->length;
        const char *after = reply(client->buffer, end, client->is_consumer ? ids : NULL, &found);
        if (after == NULL) return done;
        client->length = end - after;
        memmove(client->buffer, after, client->length);
        if (--client->replies > 0) continue;
        if (client->is_consumer && client->taken == 0 && found > 0) {
            char finish[2 * sizeof ids + 128];
            int length = sprintf(finish, "*%d\r\n$4\r\nXACK\r\n$1\r\ns\r\n$1\r\ng\r\n%s*%d\r\n$4\r\nXDEL\r\n$1\r\ns\r\n%s", 3 + found, ids,
                                 2 + found, ids);
            say(client->socket, finish, length);
            client->taken = found, client->replies = 2;
            continue;
        }
        done += client->is_consumer ? client->taken : 1;
        client->taken = 0;
        ask(client);
        if (client->length == 0) return done;
    }
}

int main(int count, char **arguments) {
    if (count != 5) return 64;
    int lives = strcmp(arguments[2], "lives") == 0, senders = atoi(arguments[3]), each = atoi(arguments[4]);
    int all = lives ? 2 * senders : senders;
    clients = calloc(all, sizeof *clients);
    polled = calloc(all, sizeof *polled);
    add_length = sprintf(add, "*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$1\r\nb\r\n$%d\r\n", body_size);
    memset(add + add_length, 'x', body_size);
    add_length += body_size;
    memcpy(add + add_length, "\r\n", 2);
    add_length += 2;
    for (int index = 0; index < all; index++) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        strncpy(address.sun_path, arguments[1], sizeof address.sun_path - 1);
        int socket_ = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(socket_, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
        clients[index] = (struct client){.socket = socket_, .is_consumer = index >= senders, .left = each};
        polled[index] = (struct pollfd){.fd = socket_, .events = POLLIN};
    }
    static const char group[] = "*1\r\n$8\r\nFLUSHALL\r\n*6\r\n$6\r\nXGROUP\r\n$6\r\nCREATE\r\n$1\r\ns\r\n$1\r\ng\r\n$1\r\n$\r\n$8\r\nMKSTREAM\r\n";
    say(clients[0].socket, group, sizeof group - 1);
    for (clients[0].replies = 2; clients[0].replies > 0;) {
        char byte;
        if (read(clients[0].socket, &byte, 1) != 1) fail("read");
        if (byte == '-') fail("the stream cannot be made");
        if (byte == '\n') clients[0].replies--;
    }

    double began = now();
    for (int index = 0; index < all; index++) ask(&clients[index]);
    int sent = 0, lived = 0;
    while (lives ? lived < senders * each : sent < senders * each) {
        if (poll(polled, all, -1) < 0 && errno != EINTR) fail("poll");
        for (int index = 0; index < all; index++) {
            if (polled[index].revents == 0) continue;
            int done = hear(&clients[index]);
            if (clients[index].is_consumer) lived += done;
            else sent += done;
        }
    }
    printf("%.6f\n", now() - began);
    return 0;
}
