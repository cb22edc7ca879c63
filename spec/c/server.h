/*
 * server.h - a small HTTP server for the C specs: a forked process on a free
 * loopback port, one thread a connection, blocking sockets, and a script, a C
 * function, that is run once for every request.
 *
 * It shares no code with the client.  What it saw is counted in shared
 * memory.  It ends with server_stop, or with the test.
 */
#ifndef SSO_SPEC_SERVER_H
#define SSO_SPEC_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SERVER_RAW_SIZE (1024u * 1024u)

/* Written by the server, read by the test; one writer a counter at a time. */
struct server_seen {
    int connections;
    int requests;
    int gates; /* opened by the test, waited for by server_wait_gate */
    int ended; /* connections, by server_end */
    size_t raw_len;
    char raw[SERVER_RAW_SIZE]; /* the last request, byte for byte */
};

struct server {
    pid_t pid;
    int port;
    char url[64]; /* http://127.0.0.1:PORT */
    struct server_seen *seen;
};

/* One request; raw is zero-terminated, a body follows the head. */
struct exchange {
    int fd;
    int number;        /* of the request at this server, from 1 */
    int on_connection; /* of the request on its connection, from 1 */
    int connection;    /* which one, from 1 */
    char *raw;
    size_t head_len;
    size_t raw_len;
    struct server_seen *seen;
};

/* True: the connection is kept. */
typedef bool server_script(struct exchange *x);

void server_start(struct server *s, server_script *script);
void server_stop(struct server *s);

/*
 * A port that refuses connections and that nobody else can get: bound, never
 * listened at.  Returns a descriptor to close; url: 64 bytes, written.
 */
int server_refuse(char *url);

/* For scripts.  status: "200 OK"; headers: whole lines or "". */
bool server_reply(struct exchange *x, const char *status, const char *headers,
                  const char *body);
void server_send(struct exchange *x, const char *bytes);
void server_send_bytes(struct exchange *x, const char *bytes, size_t len);
bool server_is_for(const struct exchange *x, const char *text);
bool server_reset(struct exchange *x); /* RST instead of FIN; false */
bool server_hang(struct exchange *x);  /* until the client goes; false */
bool server_end(struct exchange *x);   /* FIN, and then counts it; false */
void server_wait_gate(struct exchange *x, int gates);

/* For tests: waits, at most five seconds, until a counter has this value. */
bool server_await(const int *counter, int value);
void server_open_gate(struct server *s);

#endif
