/*
 * call_floor.c - what update_certificate costs at the least: the same call,
 * written straight against libcurl and cJSON.
 *
 * usage: call_floor CALLS IN_FLIGHT CERT_ID PEM_FILE   (Linux: it uses epoll)
 *
 * Opens its connections and warms up (BENCH_WARM calls, 400 if not set, or
 * CALLS if fewer), then makes the measured calls and prints "calls wall-seconds
 * cpu-seconds".  Server, key and CA come from SENDGRID_BASE_URL,
 * SENDGRID_API_KEY and SSL_CERT_FILE, without which it trusts the system's
 * anchors: as a hashed folder, or with BENCH_ANCHORS as libcurl does by itself.
 * Each call encodes its body, keeps the answer's headers and body, decodes the
 * body and checks the id and the certificate, as a caller of the module does.
 */
#include <cjson/cJSON.h>
#include <curl/curl.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define WARM        400
#define INTEGRATION "b0b98502-9408-4b24-9e3d-31ed7cb15312"
#define AGENT       "call-floor/0.1.0 (C; libcurl " LIBCURL_VERSION ")"

/* BENCH_AGENT: what the module sends, so that both send the same bytes. */
static const char *agent(void)
{
    return getenv("BENCH_AGENT") != NULL ? getenv("BENCH_AGENT") : AGENT;
}

struct buffer {
    char *data; /* zero-terminated */
    size_t len, capacity;
};

/* One call at a time: an easy handle and what belongs to its call. */
struct transfer {
    CURL *easy;
    char *body; /* cJSON's, freed when the call has ended */
    struct buffer headers, answer;
};

struct bench {
    const char *base_url, *cert_id;
    char *pem;
    struct curl_slist *headers;
    struct transfer *transfers;
    CURLM *multi;
    int in_flight;
    int epoll;       /* watches the sockets of calls that run at once */
    long timeout_ms; /* what libcurl's timer asks for, -1: nothing */
};

__attribute__((noreturn, format(printf, 1, 2))) static void
fail(const char *format, ...)
{
    va_list args;

    fputs("call_floor: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static const char *environment(const char *name)
{
    if (getenv(name) == NULL)
        fail("%s is not set", name);
    return getenv(name);
}

static size_t append(struct buffer *b, const char *data, size_t len)
{
    if (b->len + len + 1 > b->capacity) {
        b->capacity = (b->len + len + 1) * 2;
        b->data = realloc(b->data, b->capacity);
        if (b->data == NULL)
            fail("no memory");
    }
    memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return len;
}

static char *read_file(const char *path)
{
    struct buffer b = {NULL, 0, 0};
    char block[4096];
    FILE *file = fopen(path, "rb");
    size_t n;

    if (file == NULL)
        fail("cannot read %s", path);
    while ((n = fread(block, 1, sizeof(block), file)) > 0)
        append(&b, block, n);
    fclose(file);
    if (b.len == 0)
        fail("%s is empty", path);
    return b.data;
}

/* ---- one call ----------------------------------------------------------- */

static size_t on_data(char *data, size_t size, size_t count, void *user)
{
    return append(user, data, size * count);
}

static void set_up(struct bench *b, struct transfer *t)
{
    CURL *easy = curl_easy_init();

    if (easy == NULL)
        fail("no memory");
    t->easy = easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (getenv("SSL_CERT_FILE") != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, getenv("SSL_CERT_FILE"));
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    } else if (getenv("BENCH_ANCHORS") == NULL) {
        /* The cheapest way to the system's anchors: the hashed folder alone. */
        curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
        curl_easy_setopt(easy, CURLOPT_CAPATH, "/etc/ssl/certs");
    }
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30000L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, agent());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, b->headers);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_data);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &t->headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &t->answer);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PATCH");
}

static char *encode(const struct bench *b)
{
    cJSON *fields = cJSON_CreateObject();
    char *text;

    if (fields == NULL ||
        !cJSON_AddStringToObject(fields, "public_certificate", b->pem) ||
        !cJSON_AddBoolToObject(fields, "enabled", true) ||
        !cJSON_AddStringToObject(fields, "integration_id", INTEGRATION))
        fail("no memory");
    text = cJSON_PrintUnformatted(fields);
    cJSON_Delete(fields);
    if (text == NULL)
        fail("no memory");
    return text;
}

static void begin(const struct bench *b, struct transfer *t)
{
    char url[512];

    snprintf(url, sizeof(url), "%s/v3/sso/certificates/%s", b->base_url,
             b->cert_id);
    t->body = encode(b);
    t->headers.len = 0;
    t->answer.len = 0;
    curl_easy_setopt(t->easy, CURLOPT_URL, url);
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(t->body));
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->body);
}

static void check_answer(const struct bench *b, const struct transfer *t)
{
    cJSON *answer = cJSON_ParseWithLength(t->answer.data, t->answer.len);
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(answer, "id");
    const char *pem = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(answer, "public_certificate"));
    char text[32];

    snprintf(text, sizeof(text), "%.0f", cJSON_GetNumberValue(id));
    if (strcmp(text, b->cert_id) != 0)
        fail("the answer has another id: %s", t->answer.data);
    if (pem == NULL || strcmp(pem, b->pem) != 0)
        fail("the answer has another certificate: %s", t->answer.data);
    cJSON_Delete(answer);
}

static void end(const struct bench *b, struct transfer *t, CURLcode code)
{
    long status = 0;

    if (code != CURLE_OK)
        fail("%s", curl_easy_strerror(code));
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        fail("status %ld: %s", status, t->answer.data);
    check_answer(b, t);
    cJSON_free(t->body);
    t->body = NULL;
}

/* ---- many calls --------------------------------------------------------- */

static double seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* With BENCH_TIMES the seconds of each call, a line each, the last run's. */
static void run_in_turn(struct bench *b, int calls)
{
    const char *path = getenv("BENCH_TIMES");
    FILE *times = path != NULL ? fopen(path, "w") : NULL;
    double from = 0;
    int i;

    if (path != NULL && times == NULL)
        fail("cannot write %s", path);
    for (i = 0; i < calls; i++) {
        if (times != NULL)
            from = seconds(CLOCK_MONOTONIC);
        begin(b, &b->transfers[0]);
        end(b, &b->transfers[0], curl_easy_perform(b->transfers[0].easy));
        if (times != NULL)
            fprintf(times, "%.6f\n", seconds(CLOCK_MONOTONIC) - from);
    }
    if (times != NULL)
        fclose(times);
}

static void start(const struct bench *b, struct transfer *t)
{
    begin(b, t);
    if (curl_multi_add_handle(b->multi, t->easy) != CURLM_OK)
        fail("curl_multi_add_handle failed");
}

/* Ends what has ended, starts as many again. -> how many ended */
static int turn_over(const struct bench *b, int *to_start)
{
    const CURLMsg *message;
    int left, ended = 0;

    while ((message = curl_multi_info_read(b->multi, &left)) != NULL) {
        CURLcode code = message->data.result;
        CURL *easy = message->easy_handle;
        struct transfer *t = NULL;

        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
        curl_multi_remove_handle(b->multi, easy);
        end(b, t, code);
        ended++;
        if (*to_start > 0) {
            start(b, t);
            (*to_start)--;
        }
    }
    return ended;
}

static int on_timer(CURLM *multi, long timeout_ms, void *user)
{
    struct bench *b = user;

    (void)multi;
    b->timeout_ms = timeout_ms;
    return 0;
}

/* The pointer that libcurl keeps for a socket says whether it is watched. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user,
                     void *watched)
{
    struct bench *b = user;
    struct epoll_event event;

    (void)easy;
    memset(&event, 0, sizeof(event));
    event.data.fd = fd;
    event.events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0u) |
                   (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0u);
    epoll_ctl(b->epoll,
              what == CURL_POLL_REMOVE ? EPOLL_CTL_DEL
              : watched                ? EPOLL_CTL_MOD
                                       : EPOLL_CTL_ADD,
              fd, &event);
    curl_multi_assign(b->multi, fd, what == CURL_POLL_REMOVE ? NULL : b);
    return 0;
}

static void act(struct bench *b, curl_socket_t fd, int mask)
{
    int running;

    if (curl_multi_socket_action(b->multi, fd, mask, &running) != CURLM_OK)
        fail("curl_multi_socket_action failed");
}

static int mask_of(uint32_t events)
{
    return (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
           (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
           (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
}

/* Waits for sockets or libcurl's timer and lets libcurl do what is due. */
static void turn(struct bench *b)
{
    struct epoll_event events[64];
    int count = epoll_wait(b->epoll, events, 64, (int)b->timeout_ms), i;

    for (i = 0; i < count; i++)
        act(b, events[i].data.fd, mask_of(events[i].events));
    if (count == 0 || b->timeout_ms == 0) {
        b->timeout_ms = -1;
        act(b, CURL_SOCKET_TIMEOUT, 0);
    }
}

static void run_at_once(struct bench *b, int calls)
{
    int started = calls < b->in_flight ? calls : b->in_flight;
    int to_start = calls - started, under_way = calls, i;

    for (i = 0; i < started; i++)
        start(b, &b->transfers[i]);
    while (under_way > 0) {
        turn(b);
        under_way -= turn_over(b, &to_start);
    }
}

static CURLM *make_multi(struct bench *b)
{
    CURLM *multi = curl_multi_init();

    b->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (multi == NULL || b->epoll < 0)
        fail("no memory or no descriptors");
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)b->in_flight);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, b);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, b);
    return multi;
}

static void run(struct bench *b, int calls)
{
    (b->in_flight == 1 ? run_in_turn : run_at_once)(b, calls);
}

static struct curl_slist *make_headers(void)
{
    struct curl_slist *list = NULL;
    char line[512];

    snprintf(line, sizeof(line), "Authorization: Bearer %s",
             environment("SENDGRID_API_KEY"));
    list = curl_slist_append(list, line);
    list = curl_slist_append(list, "Accept: application/json");
    list = curl_slist_append(list, "Content-Type: application/json");
    return curl_slist_append(list, "Expect:");
}

static void clean_up(struct bench *b)
{
    int i;

    for (i = 0; i < b->in_flight; i++) {
        curl_easy_cleanup(b->transfers[i].easy);
        free(b->transfers[i].headers.data);
        free(b->transfers[i].answer.data);
    }
    curl_multi_cleanup(b->multi);
    close(b->epoll);
    curl_slist_free_all(b->headers);
    free(b->transfers);
    free(b->pem);
    curl_global_cleanup();
}

int main(int argc, char **argv)
{
    struct bench b;
    const char *warm_text = getenv("BENCH_WARM");
    int warm = warm_text != NULL ? atoi(warm_text) : WARM;
    int calls, i;
    double wall, cpu;

    if (argc != 5 || (calls = atoi(argv[1])) < 1 || atoi(argv[2]) < 1)
        fail("usage: call_floor CALLS IN_FLIGHT CERT_ID PEM_FILE");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    b.base_url = environment("SENDGRID_BASE_URL");
    b.in_flight = atoi(argv[2]);
    b.cert_id = argv[3];
    b.pem = read_file(argv[4]);
    b.headers = make_headers();
    b.transfers = calloc((size_t)b.in_flight, sizeof(*b.transfers));
    b.timeout_ms = -1;
    b.multi = make_multi(&b);
    if (b.transfers == NULL)
        fail("no memory");
    for (i = 0; i < b.in_flight; i++)
        set_up(&b, &b.transfers[i]);
    run(&b, calls < warm ? calls : warm);
    wall = seconds(CLOCK_MONOTONIC);
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    run(&b, calls);
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = seconds(CLOCK_MONOTONIC) - wall;
    printf("%d %.6f %.6f\n", calls, wall, cpu);
    clean_up(&b);
    return 0;
}
