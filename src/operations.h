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
    SSO_FIELD_TYPE_COUNT
};

enum sso_field_flag {
    SSO_FIELD_REQUIRED = 1,
    SSO_FIELD_CERTIFICATE = 2 /* X.509 text: screened before it is sent */
};

/* One field of a body or one parameter of a query. */
struct sso_field {
    const char *name; /* NULL ends a list */
    enum sso_field_type type;
    unsigned flags;
    const char *alias; /* another spelling that is accepted; NULL: none */
    const char *doc;
};

enum sso_value_shape { SSO_VALUE_OBJECT, SSO_VALUE_ARRAY };

enum sso_operation_flag {
    SSO_OP_REPEATABLE = 1, /* sets or removes by value: may be sent twice */
    SSO_OP_CERTIFICATE = 2 /* answers with certificates */
};

struct sso_operation {
    const char *name;
    const char *method;
    const char *path;               /* with {parameter} segments */
    const struct sso_field *fields; /* JSON body; NULL: none */
    enum sso_value_shape shape;     /* of a 2xx answer */
    unsigned flags;
    const char *echo; /* answer's field that repeats the path's last parameter,
                       * so that an answer to another question is noticed */
    const char *doc;
    const char *page; /* the title of SendGrid's reference page */
};

extern const struct sso_operation sso_operations[];
extern const size_t sso_operation_count;

/* The field of this name or alias; NULL: the operation has none. */
const struct sso_field *sso_operation_field(const struct sso_operation *op,
                                            const char *name);

/*
 * Pushes the rows as an array of tables (name, method, path, doc, page,
 * shape, fields), for what is written in Lua. [-0, +1]
 */
void sso_operations_push(lua_State *L);

#pragma GCC visibility pop

#endif
