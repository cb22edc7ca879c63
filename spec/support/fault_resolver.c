/*
 * fault_resolver.c - a name service that fails in each way it can, for specs:
 * LD_PRELOAD=build/5.4/spec/fault_resolver.so makes these names special.
 *
 *     again.test fail.test memory.test family.test system.test
 *                      EAI_AGAIN, EAI_FAIL, … (system: errno EMFILE)
 */
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stddef.h>
#include <string.h>

typedef int resolver(const char *, const char *, const struct addrinfo *,
                     struct addrinfo **);

__attribute__((visibility("default"))) resolver getaddrinfo;

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **result)
{
    static const struct {
        const char *name;
        int failure;
    } rows[] = {
        {"again.test", EAI_AGAIN},   {"fail.test", EAI_FAIL},
        {"memory.test", EAI_MEMORY}, {"family.test", EAI_FAMILY},
        {"system.test", EAI_SYSTEM},
    };
    resolver *real;
    size_t i;

    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    for (i = 0; name != NULL && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(name, rows[i].name) == 0) {
            errno = EMFILE;
            return rows[i].failure;
        }
    return real(name, service, hints, result);
}
