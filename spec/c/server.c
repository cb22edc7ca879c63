/*
 * server.c - see server.h.
 */
#include "server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static server_script *running;
static struct server_seen *seen;

static void fail(const char *what)
{
    perror(what);
    exit(2);
}

static void pause_ms(long ms)
{
    struct timespec t;

    t.tv_sec = ms / 1000;
    t.tv_nsec = ms % 1000 * 1000000;
    nanosleep(&t, NULL);
}

bool server_await(const int *counter, int value)
{
    int i;

    for (i = 0; i < 5000; i++) {
        if (__atomic_load_n(counter, __ATOMIC_SEQ_CST) >= value) {
            return true;
        }
        pause_ms(1);
    }
    return false;
}

void server_open_gate(struct server *s)
{
    __atomic_add_fetch(&s->seen->gates, 1, __ATOMIC_SEQ_CST);
}

void server_wait_gate(struct exchange *x, int gates)
{
    server_await(&x->seen->gates, gates);
}

void server_send_bytes(struct exchange *x, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(x->fd, bytes, len, MSG_NOSIGNAL);

        if (sent <= 0) {
            return;
        }
        bytes += sent;
        len -= (size_t)sent;
    }
}

void server_send(struct exchange *x, const char *bytes)
{
    server_send_bytes(x, bytes, strlen(bytes));
}

bool server_reply(struct exchange *x, const char *status, const char *headers,
                  const char *body)
{
    char head[2048];
    int len = snprintf(head, sizeof(head),
                       "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n", status,
                       strlen(body), headers);

    server_send_bytes(x, head, (size_t)len);
    server_send(x, body);
    return true;
}

bool server_is_for(const struct exchange *x, const char *text)
{
    return strstr(x->raw, text) != NULL;
}

bool server_reset(struct exchange *x)
{
    struct linger off = {1, 0};

    setsockopt(x->fd, SOL_SOCKET, SO_LINGER, &off, sizeof(off));
    return false;
}

bool server_hang(struct exchange *x)
{
    char bytes[4096];

    while (recv(x->fd, bytes, sizeof(bytes), 0) > 0) {
    }
    return false;
}

bool server_end(struct exchange *x)
{
    shutdown(x->fd, SHUT_WR);
    __atomic_add_fetch(&x->seen->ended, 1, __ATOMIC_SEQ_CST);
    return false;
}

/* Length of the body that the head announces. */
static size_t body_len(const char *head)
{
    const char *line = head;

    while ((line = strstr(line, "\r\n")) != NULL) {
        line += 2;
        if (strncasecmp(line, "content-length:", 15) == 0) {
            return (size_t)strtoul(line + 15, NULL, 10);
        }
    }
    return 0;
}

/* Reads one request into x->raw; false at the connection's end. */
static bool read_request(struct exchange *x)
{
    size_t wanted = 0;

    x->raw_len = 0;
    for (;;) {
        ssize_t got = recv(x->fd, x->raw + x->raw_len,
                           SERVER_RAW_SIZE - 1 - x->raw_len, 0);
        const char *end;

        if (got <= 0) {
            return false;
        }
        x->raw_len += (size_t)got;
        x->raw[x->raw_len] = '\0';
        end = strstr(x->raw, "\r\n\r\n");
        if (end != NULL && wanted == 0) {
            x->head_len = (size_t)(end - x->raw) + 4;
            wanted = x->head_len + body_len(x->raw);
        }
        if (wanted > 0 && x->raw_len >= wanted) {
            return true;
        }
    }
}

static void *serve(void *argument)
{
    struct exchange *x = argument;
    bool kept = true;

    while (kept && read_request(x)) {
        memcpy(x->seen->raw, x->raw, x->raw_len + 1);
        x->seen->raw_len = x->raw_len;
        x->on_connection++;
        x->number = __atomic_add_fetch(&x->seen->requests, 1, __ATOMIC_SEQ_CST);
        kept = running(x);
    }
    close(x->fd);
    free(x->raw);
    free(x);
    return NULL;
}

static void accept_all(int listener)
{
    for (;;) {
        struct exchange *x = calloc(1, sizeof(*x));
        pthread_t thread;
        int on = 1;

        x->raw = malloc(SERVER_RAW_SIZE);
        x->seen = seen;
        x->fd = accept(listener, NULL, NULL);
        if (x->fd < 0) {
            fail("accept");
        }
        setsockopt(x->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        x->connection =
            __atomic_add_fetch(&seen->connections, 1, __ATOMIC_SEQ_CST);
        if (pthread_create(&thread, NULL, serve, x) != 0) {
            fail("pthread_create");
        }
        pthread_detach(thread);
    }
}

static int bind_free_port(int *port)
{
    struct sockaddr_in name;
    socklen_t len = sizeof(name);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memset(&name, 0, sizeof(name));
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&name, len) != 0 ||
        getsockname(fd, (struct sockaddr *)&name, &len) != 0) {
        fail("bind");
    }
    *port = ntohs(name.sin_port);
    return fd;
}

static void write_url(char *url, int port)
{
    snprintf(url, 64, "http://127.0.0.1:%d", port);
}

int server_refuse(char *url)
{
    int port;
    int fd = bind_free_port(&port);

    write_url(url, port);
    return fd;
}

void server_start(struct server *s, server_script *script)
{
    int listener = bind_free_port(&s->port);
    pid_t parent = getpid();

    if (listen(listener, 512) != 0) {
        fail("listen");
    }
    s->seen =
        mmap(NULL, sizeof(*s->seen), PROT_READ | PROT_WRITE,
             /* cppcheck-suppress invalidFunctionArg ; as mmap(2) has it */
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->seen == MAP_FAILED) {
        fail("mmap");
    }
    write_url(s->url, s->port);
    s->pid = fork();
    if (s->pid < 0) {
        fail("fork");
    }
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(0);
        }
        running = script;
        seen = s->seen;
        accept_all(listener);
    }
    close(listener);
}

void server_stop(struct server *s)
{
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    munmap(s->seen, sizeof(*s->seen));
}
