/*
 * slow_resolver.c - a name server of our own for specs, without one:
 * LD_PRELOAD=build/5.4/spec/slow_resolver.so makes these names special.
 *
 *     slow-1500.test      127.0.0.1, after 1,500 ms
 *     nowhere-200.test    no such name, after 200 ms
 *     *.invalid           no such name, at once (RFC 6761)
 *
 * Every other name goes to the C library.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int resolver(const char *, const char *, const struct addrinfo *,
                     struct addrinfo **);

__attribute__((visibility("default"))) resolver getaddrinfo;

static void sleep_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&t, NULL);
}

/* The milliseconds in "<prefix>1500.test", -1 for other names. */
static long delay_of(const char *name, const char *prefix)
{
    size_t len = strlen(prefix);
    char *end;
    long ms;

    if (strncmp(name, prefix, len) != 0)
        return -1;
    ms = strtol(name + len, &end, 10);
    return end != name + len && strcmp(end, ".test") == 0 ? ms : -1;
}

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **result)
{
    resolver *real;
    long ms;
    size_t len = name != NULL ? strlen(name) : 0;

    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (name == NULL)
        return real(name, service, hints, result);
    if (len > 8 && strcmp(name + len - 8, ".invalid") == 0)
        return EAI_NONAME;
    ms = delay_of(name, "nowhere-");
    if (ms >= 0) {
        sleep_ms(ms);
        return EAI_NONAME;
    }
    ms = delay_of(name, "slow-");
    if (ms >= 0) {
        sleep_ms(ms);
        name = "127.0.0.1";
    }
    return real(name, service, hints, result);
}
