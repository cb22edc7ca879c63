/*
 * ping_load.c - how long a location of a web server takes, seen by one client
 * on a kept connection.
 *
 * usage: ping_load SOCKET PATH SECONDS
 *
 * Asks again and again over a unix socket, with a pause of random length in
 * between so that it keeps no step with a timer of the server's, and prints
 * "count p50 p99 longest", times in microseconds.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Pauses, microseconds. */
#define SHORTEST 200
#define LONGEST  900

__attribute__((noreturn)) static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/*
 * Whoever waits for a turn on the CPU asks late and hears late.  Where this is
 * not allowed the times include that.
 */
static void hurry(void)
{
    struct sched_param p;

    memset(&p, 0, sizeof(p));
    p.sched_priority = 10;
    (void)sched_setscheduler(0, SCHED_FIFO, &p);
}

static int connect_to(const char *path)
{
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    memset(&address, 0, sizeof(address));
    address.sun_family = AF_UNIX;
    if (strlen(path) >= sizeof(address.sun_path)) {
        fprintf(stderr, "ping_load: the path is too long: %s\n", path);
        exit(1);
    }
    memcpy(address.sun_path, path, strlen(path));
    if (fd < 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        fail(path);
    return fd;
}

/* One request and its whole answer, which fits one segment. */
static double ping(int fd, const char *request)
{
    char answer[4096];
    size_t len = 0;
    double from = now_us();

    if (write(fd, request, strlen(request)) != (ssize_t)strlen(request))
        fail("write");
    do {
        ssize_t n = read(fd, answer + len, sizeof(answer) - 1 - len);
        if (n <= 0)
            fail("read");
        len += (size_t)n;
        answer[len] = '\0';
    } while (strstr(answer, "\r\n\r\npong") == NULL);
    return now_us() - from;
}

static void pause_a_moment(void)
{
    struct timespec t = {0, 0};

    t.tv_nsec = (SHORTEST + rand() % (LONGEST - SHORTEST)) * 1000L;
    nanosleep(&t, NULL);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static double times[1000000];
    size_t count = 0, room = sizeof(times) / sizeof(times[0]);
    char request[256];
    double end;
    int fd;

    if (argc != 4) {
        fprintf(stderr, "usage: ping_load SOCKET PATH SECONDS\n");
        return 2;
    }
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n",
             argv[2]);
    hurry();
    fd = connect_to(argv[1]);
    (void)ping(fd, request);
    end = now_us() + atof(argv[3]) * 1e6;
    do {
        pause_a_moment();
        times[count++] = ping(fd, request);
    } while (count < room && now_us() < end);
    close(fd);
    qsort(times, count, sizeof(times[0]), compare);
    printf("%zu %.1f %.1f %.1f\n", count, times[count / 2],
           times[count * 99 / 100], times[count - 1]);
    return 0;
}
