/*
 * certificate_check.c - what is wrong with certificates, as problems with a
 * code to branch on and a sentence for a person (see certificate.h).
 */
#include "certificate.h"
#include "compat.h"

#include <stdio.h>
#include <string.h>

/* A 224-bit curve is as strong as RSA with 2048 bits (NIST SP 800-57). */
#define MIN_CURVE_BITS 224

const char *sso_certificate_state_at(double not_before, double not_after,
                                     double at)
{
    if (at < not_before)
        return "not_yet_valid";
    return at > not_after ? "expired" : "valid";
}

/* Year, month and day of unix time, in the Gregorian calendar. */
static void write_date(char *out, size_t size, int64_t unix_time)
{
    int64_t days = unix_time / 86400 - (unix_time % 86400 < 0 ? 1 : 0) + 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int month = (int)((5 * of_year + 2) / 153); /* 0: March */
    int day = (int)(of_year - (153 * month + 2) / 5 + 1);
    year += era * 400 + (month >= 10 ? 1 : 0);
    snprintf(out, size, "%04d-%02d-%02d", (int)year, (month + 2) % 12 + 1, day);
}

/* Appends a problem to the array on top. [-0, +0] */
static void add_problem(lua_State *L, const char *code, const char *message,
                        const struct sso_certificate *c)
{
    lua_createtable(L, 0, 3);
    lua_pushstring(L, code);
    lua_setfield(L, -2, "code");
    if (c == NULL) {
        lua_pushstring(L, message);
    } else {
        lua_pushstring(L, c->fingerprint);
        lua_setfield(L, -2, "fingerprint");
        lua_pushfstring(L, "%s: %s", c->subject, message);
    }
    lua_setfield(L, -2, "message");
    lua_rawseti(L, -2, (int)lua_rawlen(L, -2) + 1);
}

static void check_dates(lua_State *L, const struct sso_certificate *c,
                        const struct sso_certificate_wishes *w)
{
    const char *state = sso_certificate_state_at(
        (double)c->not_before_unix, (double)c->not_after_unix, w->at_unix);
    const bool expired = strcmp(state, "expired") == 0;
    char date[32];
    char message[96];
    if (strcmp(state, "valid") == 0)
        return;
    write_date(date, sizeof(date),
               expired ? c->not_after_unix : c->not_before_unix);
    snprintf(message, sizeof(message), "%s %s",
             expired ? "expired on" : "is not valid before", date);
    add_problem(L, state, message, c);
}

static void check_key(lua_State *L, const struct sso_certificate *c,
                      const struct sso_certificate_wishes *w)
{
    const bool by_curve = c->key_curve[0] != '\0';
    const bool by_size = strcmp(c->key_type, "RSA") == 0 ||
                         strcmp(c->key_type, "RSA-PSS") == 0 ||
                         strcmp(c->key_type, "DSA") == 0;
    const double least = by_curve ? MIN_CURVE_BITS : w->min_key_bits;
    char message[128];
    if (c->key_bits == 0) {
        add_problem(L, "unknown_key", "its public key cannot be read", c);
    } else if ((by_curve || by_size) && c->key_bits < least) {
        snprintf(message, sizeof(message),
                 "its %s key has %d bits, at least %.0f are wanted",
                 c->key_type, c->key_bits, least);
        add_problem(L, "weak_key", message, c);
    }
    if (c->weak_signature) {
        snprintf(message, sizeof(message), "it is signed with %s",
                 c->signature_algorithm);
        add_problem(L, "weak_signature", message, c);
    }
}

void sso_certificate_push_problems(lua_State *L,
                                   const struct sso_certificate_list *list,
                                   const char *refused,
                                   const struct sso_certificate_wishes *w)
{
    size_t i;
    lua_newtable(L);
    if (refused != NULL)
        add_problem(L, "not_a_certificate", refused, NULL);
    for (i = 0; i < list->count; i++) {
        check_dates(L, &list->items[i], w);
        check_key(L, &list->items[i], w);
    }
}
