/*
 * call.c - see call.h.  A call is one block of memory: the struct, then the
 * method, the target and the body, copied and wiped together.
 */
#include "call.h"
#include "engine.h"
#include "memory.h"

static char *place(char **at, const char *text, size_t len)
{
    char *start = *at;

    if (len > 0) {
        memcpy(start, text, len);
    }
    start[len] = '\0';
    *at += len + 1;
    return start;
}

static void copy_request(struct sso_call *call,
                         const struct sso_request *request, const char *prefix,
                         size_t prefix_len)
{
    char *at = (char *)(call + 1);

    call->method = place(&at, request->method, strlen(request->method));
    call->target = at;
    memcpy(at, prefix, prefix_len);
    at += prefix_len;
    call->path = place(&at, request->path, strlen(request->path));
    if (request->body != NULL) {
        call->body = place(&at, request->body, request->body_len);
        call->body_len = request->body_len;
    }
    call->repeatable = request->repeatable;
    call->is_delete = strcmp(request->method, "DELETE") == 0;
    call->writes = strcmp(request->method, "GET") != 0 &&
                   strcmp(request->method, "HEAD") != 0;
    call->outcome.writes = call->writes;
}

struct sso_call *sso_call_new(struct sso_settings *settings,
                              const struct sso_request *request, void *user)
{
    const char *prefix = settings != NULL ? settings->base.prefix : "";
    size_t prefix_len = strlen(prefix);
    size_t size = sizeof(struct sso_call);
    struct sso_call *call;

    if (request != NULL) {
        size_t more =
            strlen(request->method) + prefix_len + strlen(request->path) + 3;

        if (request->body_len > SIZE_MAX - size - more) {
            return NULL;
        }
        size += more + request->body_len;
    }
    call = sso_malloc(size);
    if (call == NULL) {
        return NULL;
    }
    memset(call, 0, sizeof(*call));
    call->block_size = size;
    call->settings = settings != NULL ? sso_settings_ref(settings) : NULL;
    call->user = user;
    sso_buffer_init(&call->outcome.headers, SSO_MAX_HEADERS);
    sso_buffer_init(&call->outcome.body, SSO_MAX_BODY);
    sso_buffer_init(&call->outcome.chain, SSO_MAX_BODY);
    call->outcome.retry_after = -1;
    if (request != NULL) {
        copy_request(call, request, prefix, prefix_len);
    }
    return call;
}

bool sso_call_use_settings(struct sso_call *call, struct sso_settings *settings)
{
    const char *prefix = settings->base.prefix;
    size_t prefix_len = strlen(prefix);
    size_t path_len = strlen(call->path);

    if (call->settings == settings) {
        return true;
    }
    if (prefix_len > 0 || call->target != call->path) {
        size_t size = prefix_len + path_len + 1;
        char *target = sso_malloc(size);

        if (target == NULL) {
            return false;
        }
        (void)snprintf(target, size, "%s%s", prefix, call->path);
        sso_free(call->own_target);
        call->own_target = target;
        call->target = target;
    }
    sso_settings_unref(call->settings);
    call->settings = sso_settings_ref(settings);
    return true;
}

void sso_call_allow_body(struct sso_call *call, size_t most)
{
    call->outcome.body.limit = most;
}

void sso_call_reset_outcome(struct sso_call *call)
{
    struct sso_outcome *o = &call->outcome;

    sso_buffer_reset(&o->headers);
    sso_buffer_reset(&o->chain);
    sso_buffer_reset(&o->body);
    memset(&o->timings, 0, sizeof(o->timings));
    o->kind = SSO_OK;
    o->status = 0;
    o->code = 0;
    o->phase = SSO_PHASE_NONE;
    o->retry_after = -1;
    o->retryable = false;
    o->http_version = 0;
    o->date_skew = 0;
    o->message[0] = '\0';
}

void sso_call_free(struct sso_call *call)
{
    if (call == NULL) {
        return;
    }
    if (call->engine != NULL) {
        sso_engine_forget(call->engine, call);
    }
    sso_settings_unref(call->settings);
    sso_free(call->own_target);
    sso_buffer_free(&call->outcome.headers);
    sso_buffer_free(&call->outcome.body);
    sso_buffer_free(&call->outcome.chain);
    sso_wipe(call, call->block_size);
    sso_free(call);
}

const struct sso_settings *sso_call_settings(const struct sso_call *call)
{
    return call->settings;
}

void *sso_call_user(const struct sso_call *call)
{
    return call->user;
}

const struct sso_outcome *sso_call_outcome(const struct sso_call *call)
{
    if (call->state != SSO_CALL_FINISHED &&
        call->state != SSO_CALL_HANDED_OUT) {
        return NULL;
    }
    return &call->outcome;
}

bool sso_call_cancel(struct sso_call *call)
{
    return call->engine != NULL && sso_engine_cancel(call->engine, call);
}
