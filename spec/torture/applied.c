/*
 * applied.c - a server for endurance.lua that keeps account of what it applied
 * where its own death cannot take it: a file with a byte for each call.
 *
 *   applied PORT FILE CALLS       prints "PORT PID", then serves until killed
 *
 * A call tells its number as x-call.  Byte n of FILE counts how often call n
 * was applied (up to 255), the four bytes after the last all requests, the
 * four after them all connections.  By its number a call meets one of these:
 *   n % 1009 == 0   is applied, and the connection closed without an answer
 *   n % 1013 == 0   is not applied, and the connection closed
 *   n % 499 == 0    is answered, and the connection closed
 * A file given whole at the next start is gone on with.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 512 /* connections */

struct connection {
    size_t len;
    char bytes[4096]; /* a request: these are small */
};

static struct pollfd polled[MOST + 1];
static struct connection *connections[MOST + 1];
static int count = 1; /* 0: the listener */

static unsigned char *account;
static unsigned long calls;

static void fail(const char *what)
{
    perror(what);
    exit(2);
}

/* One of the totals behind the bytes of the calls. */
static void add(int total)
{
    uint32_t n;

    memcpy(&n, account + calls + 4 * total, sizeof(n));
    n++;
    memcpy(account + calls + 4 * total, &n, sizeof(n));
}

static void open_account(const char *path)
{
    size_t size = calls + 8;
    int fd = open(path, O_RDWR | O_CREAT, 0600);

    if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
        fail(path);
    account = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (account == MAP_FAILED)
        fail("mmap");
    close(fd);
}

static int listen_at(int port)
{
    struct sockaddr_in name;
    socklen_t len = sizeof(name);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;

    memset(&name, 0, sizeof(name));
    name.sin_family = AF_INET;
    name.sin_port = htons((uint16_t)port);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, (struct sockaddr *)&name, len) != 0 || listen(fd, 512) != 0 ||
        getsockname(fd, (struct sockaddr *)&name, &len) != 0)
        fail("listen");
    printf("%d %d\n", ntohs(name.sin_port), (int)getpid());
    fflush(stdout);
    return fd;
}

static void accept_one(void)
{
    int fd = accept(polled[0].fd, NULL, NULL);
    int on = 1;

    if (fd < 0)
        return;
    if (count > MOST) {
        fprintf(stderr, "more than %d connections\n", MOST);
        exit(2);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    polled[count].fd = fd;
    polled[count].events = POLLIN;
    polled[count].revents = 0;
    connections[count] = calloc(1, sizeof(struct connection));
    if (connections[count] == NULL)
        fail("calloc");
    count++;
    add(1);
}

static void drop(int i)
{
    close(polled[i].fd);
    free(connections[i]);
    count--;
    polled[i] = polled[count];
    connections[i] = connections[count];
}

/* The number of a call whose request is there; -1: not yet, -2: none. */
static long number_of(const struct connection *c)
{
    const char *end = strstr(c->bytes, "\r\n\r\n");
    const char *line = strcasestr(c->bytes, "\r\nx-call: ");
    const char *length = strcasestr(c->bytes, "\r\ncontent-length: ");
    size_t wanted;
    long n;

    if (end == NULL)
        return -1;
    wanted = (size_t)(end - c->bytes) + 4;
    if (length != NULL && length < end)
        wanted += strtoul(length + 18, NULL, 10);
    if (c->len < wanted)
        return -1;
    n = line != NULL && line < end ? strtol(line + 10, NULL, 10) : -2;
    return n >= 0 && (unsigned long)n < calls ? n : -2;
}

/* True: the connection is kept. */
static bool answer(int fd, long n)
{
    static const char body[] =
        "{\"id\":66138975,\"public_certificate\":\"c\",\"not_before\":1,"
        "\"not_after\":2,\"intergration_id\":\"i\"}";
    char text[512];
    int len;

    add(0);
    if (n % 1013 == 0)
        return false;
    if (account[n] < 255)
        account[n]++;
    if (n % 1009 == 0)
        return false;
    len = snprintf(text, sizeof(text),
                   "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                   "Content-Length: %zu\r\n\r\n%s",
                   sizeof(body) - 1, body);
    return send(fd, text, (size_t)len, MSG_NOSIGNAL) == len && n % 499 != 0;
}

/* False: the connection is over. */
static bool serve(int i)
{
    struct connection *c = connections[i];
    ssize_t got =
        recv(polled[i].fd, c->bytes + c->len, sizeof(c->bytes) - 1 - c->len, 0);
    long n;

    if (got <= 0)
        return false;
    c->len += (size_t)got;
    c->bytes[c->len] = '\0';
    n = number_of(c);
    if (n == -1)
        return c->len < sizeof(c->bytes) - 1;
    if (n == -2) {
        fprintf(stderr, "a request without a number: %s\n", c->bytes);
        return false;
    }
    c->len = 0;
    return answer(polled[i].fd, n);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: applied PORT FILE CALLS\n");
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    calls = strtoul(argv[3], NULL, 10);
    open_account(argv[2]);
    polled[0].fd = listen_at(atoi(argv[1]));
    polled[0].events = POLLIN;
    for (;;) {
        int i;
        if (poll(polled, (nfds_t)count, -1) < 0)
            fail("poll");
        for (i = count - 1; i > 0; i--)
            if (polled[i].revents != 0 && !serve(i))
                drop(i);
        if (polled[0].revents != 0)
            accept_one();
    }
}
