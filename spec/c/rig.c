/*
 * rig.c - see rig.h.
 */
#include "rig.h"
#include "../../src/transport/transfer.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double rig_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double rig_patience(void)
{
    const char *preload = getenv("LD_PRELOAD");
    bool slow = preload != NULL && strstr(preload, "valgrind") != NULL;

#if defined(__SANITIZE_ADDRESS__)
    slow = true;
#elif defined(__has_feature)
# if __has_feature(address_sanitizer)
    slow = true;
# endif
#endif
    return slow ? 1.0 : 0.1;
}

bool rig_try(struct rig_tries *t)
{
    if (t->made == 0) {
        t->timeout_ms = (int64_t)(rig_patience() * 1500);
    } else if (t->made == 5 || (!t->late && !t->cut_short)) {
        t->late = t->late || t->cut_short;
        return false;
    } else if (t->cut_short) {
        t->timeout_ms = 1500;
    }
    t->made++;
    t->late = false;
    t->cut_short = false;
    return true;
}

bool rig_can_veto(void)
{
    return SSO_CURL_FEATURES >= 0x075000 &&
           curl_version_info(CURLVERSION_NOW)->version_num >= 0x075000;
}

void rig_renew(struct rig *r, size_t max_in_flight)
{
    char why[256];

    sso_settings_unref(r->settings);
    r->settings = sso_settings_new(&r->spec, why, sizeof(why));
    if (r->settings == NULL) {
        printf("settings: %s\n", why);
        exit(2);
    }
    if (max_in_flight > 0) {
        sso_engine_unref(r->engine);
        r->engine = sso_engine_new(max_in_flight);
    }
}

void rig_open(struct rig *r, server_script *script)
{
    memset(r, 0, sizeof(*r));
    server_start(&r->server, script);
    r->spec.base_url = r->server.url;
    r->spec.api_key = RIG_KEY;
    r->spec.user_agent = "rig/1";
    r->spec.timeout_ms = 5000;
    r->spec.connect_timeout_ms = 2000;
    rig_renew(r, 8);
}

void rig_close(struct rig *r)
{
    sso_settings_unref(r->settings);
    sso_engine_unref(r->engine);
    server_stop(&r->server);
}

struct sso_call *rig_submit(struct rig *r, const char *method, const char *path,
                            const char *body)
{
    struct sso_request request;
    struct sso_call *call;

    request.method = method;
    request.path = path;
    request.body = body;
    request.body_len = body != NULL ? strlen(body) : 0;
    request.repeatable = strcmp(method, "POST") != 0;
    call = sso_call_new(r->settings, &request, r);
    if (call == NULL || sso_engine_submit(r->engine, call) != SSO_OK) {
        printf("submit failed\n");
        exit(2);
    }
    return call;
}

const struct sso_outcome *rig_outcome(const struct sso_call *call)
{
    static const struct sso_outcome none = {.kind = SSO_HOST,
                                            .message = "not over"};
    const struct sso_outcome *o = sso_call_outcome(call);

    return o != NULL ? o : &none;
}

const struct sso_outcome *rig_finish(struct rig *r, struct sso_call *call)
{
    double end = rig_now() + 10;

    while (sso_call_outcome(call) == NULL && rig_now() < end) {
        sso_engine_wait(r->engine, 50);
    }
    return rig_outcome(call);
}

struct sso_call *rig_run(struct rig *r, const char *method, const char *path,
                         const char *body)
{
    struct sso_call *call = rig_submit(r, method, path, body);

    rig_finish(r, call);
    return call;
}

const char *rig_kind(const struct sso_call *call)
{
    return sso_call_outcome(call) != NULL
               ? sso_kind_name(sso_call_outcome(call)->kind)
               : "none";
}

bool rig_await_requests(struct rig *r, int n)
{
    double end = rig_now() + 5;

    while (__atomic_load_n(&r->server.seen->requests, __ATOMIC_SEQ_CST) < n) {
        if (rig_now() > end) {
            return false;
        }
        sso_engine_wait(r->engine, 1);
    }
    return true;
}

bool rig_is_readable(int fd, int timeout_ms)
{
    struct pollfd p;

    p.fd = fd;
    p.events = POLLIN;
    p.revents = 0;
    return poll(&p, 1, timeout_ms) == 1 && (p.revents & POLLIN) != 0;
}

int rig_count_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int count = 0;

    while (readdir(d) != NULL) {
        count++;
    }
    closedir(d);
    return count;
}
