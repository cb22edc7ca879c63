/*
 * call.c - see call.h.  A call is one block of memory: the struct, then the
 * method, the URL and the body, copied and wiped together.
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
                         const struct sso_request *request, const char *base,
                         size_t base_len)
{
    char *at = (char *)(call + 1);

    call->method = place(&at, request->method, strlen(request->method));
    call->url = at;
    memcpy(at, base, base_len);
    at += base_len;
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
    const char *base = settings != NULL ? settings->base.url : "";
    size_t base_len = strlen(base);
    size_t size = sizeof(struct sso_call);
    struct sso_call *call;

    if (request != NULL) {
        size_t more =
            strlen(request->method) + base_len + strlen(request->path) + 3;

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
    call->outcome.retry_after = -1;
    if (request != NULL) {
        copy_request(call, request, base, base_len);
    }
    return call;
}

bool sso_call_use_settings(struct sso_call *call, struct sso_settings *settings)
{
    size_t base_len = strlen(settings->base.url);
    size_t path_len = strlen(call->path);
    char *url;

    if (call->settings == settings) {
        return true;
    }
    url = sso_malloc(base_len + path_len + 1);
    if (url == NULL) {
        return false;
    }
    memcpy(url, settings->base.url, base_len);
    memcpy(url + base_len, call->path, path_len + 1);
    sso_free(call->own_url);
    call->own_url = url;
    call->url = url;
    sso_settings_unref(call->settings);
    call->settings = sso_settings_ref(settings);
    return true;
}

void sso_call_reset_outcome(struct sso_call *call)
{
    struct sso_outcome *o = &call->outcome;

    sso_buffer_reset(&o->headers);
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
    sso_free(call->own_url);
    sso_buffer_free(&call->outcome.headers);
    sso_buffer_free(&call->outcome.body);
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
