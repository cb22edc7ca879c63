/*
 * operations.h - the API as data.  Calls, checks, answers, documentation and
 * the command line read these rows; a new operation is a new row.
 */
#ifndef SSO_OPERATIONS_H
#define SSO_OPERATIONS_H

#include "compat.h"

#include <stddef.h>

#pragma GCC visibility push(hidden)

enum sso_field_type {
    SSO_FIELD_STRING,
    SSO_FIELD_BOOLEAN,
    SSO_FIELD_INTEGER,
    SSO_FIELD_STRINGS, /* an array of strings */
    SSO_FIELD_OBJECTS, /* an array of tables with the fields `items` */
    SSO_FIELD_TYPE_COUNT
};

enum sso_field_flag {
    SSO_FIELD_REQUIRED = 1,    /* of what is created, and in items */
    SSO_FIELD_CERTIFICATE = 2, /* X.509 text: screened before it is sent */
    SSO_FIELD_QUERY = 4,       /* goes into the query, not into the body */
    SSO_FIELD_TOLD = 8,        /* the answer tells it: a value that was dropped
                          * without a word is noticed */
    SSO_FIELD_SCOPES = 16 /* names of permissions; some are the server's own */
};

/*
 * Fields that do not go together.  A rule speaks when `field` is set: true, a
 * text (the one named, if one is), a list that is not empty.
 */
struct sso_rule {
    const char *field; /* NULL ends a list */
    const char *other;
    bool needed;      /* other must be true; else: it must not be given */
    const char *text; /* speak only of this value; NULL: of any */
};

/* One field of a body or one parameter of a query. */
struct sso_field {
    const char *name; /* NULL ends a list */
    enum sso_field_type type;
    unsigned flags;
    const char *alias;             /* another accepted spelling, or NULL */
    const char *const *choices;    /* the only values, NULL-ended, or NULL */
    const struct sso_field *items; /* of SSO_FIELD_OBJECTS … */
    const struct sso_rule *rules;  /* … and what holds in each, or NULL */
    const char *doc;
};

enum sso_value_shape {
    SSO_VALUE_OBJECT,
    SSO_VALUE_ARRAY,    /* bare, or under `result` or `results` */
    SSO_VALUE_TRUE,     /* whatever a 2xx carries */
    SSO_VALUE_MAYBE,    /* an object, or true when there is no body */
    SSO_VALUE_ANYTHING, /* the JSON as it is, or true when there is none */
    SSO_VALUE_BYTES     /* the body as it is, a string */
};

enum sso_operation_flag {
    SSO_OP_REPEATABLE = 1,  /* sets or removes by value: may be sent twice */
    SSO_OP_CERTIFICATE = 2, /* answers with certificates */
    SSO_OP_CREATES = 4,     /* the answer should tell the new id */
    SSO_OP_ELSEWHERE = 8    /* any server, without a key */
};

struct sso_operation {
    const char *name;
    const char *method;
    const char *path;               /* with {parameter} segments */
    const struct sso_field *fields; /* NULL: none */
    const struct sso_rule *rules;   /* NULL: none */
    enum sso_value_shape shape;     /* of a 2xx answer */
    unsigned flags;
    const char *echo; /* answer's field that repeats the path's last parameter,
                        * so that an answer to another question is noticed */
    const char *source; /* where that parameter comes from, for a hint */
    const char *value;  /* name of the value's type in the documentation */
    const char *doc;
    const char *page; /* the title of SendGrid's reference page */
};

extern const struct sso_operation sso_operations[];
extern const size_t sso_operation_count;

/* The way out to the rest of SendGrid's API; method and path are the call's.
 */
extern const struct sso_operation sso_operation_request;

/* The field of this name or alias; NULL: there is none. */
const struct sso_field *sso_field_find(const struct sso_field *fields,
                                       const char *name);

/* Whether any field goes into the body. */
bool sso_operation_has_body(const struct sso_operation *op);

/*
 * Pushes the rows as an array of tables, for what is written in Lua: calls,
 * documentation, command line. [-0, +1]
 */
void sso_operations_push(lua_State *L);

/* Pushes their names alone, in the same order. [-0, +1] */
void sso_operations_push_names(lua_State *L);

#pragma GCC visibility pop

#endif
