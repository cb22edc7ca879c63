/*
 * operations.c - the API as data (see operations.h).
 */
#include "operations.h"

#include <string.h>

/*
 * What may be changed about a certificate.  SendGrid's answers and its own
 * example spell intergration_id; its request schema does not.
 */
static const struct sso_field certificate_fields[] = {
    {"public_certificate", SSO_FIELD_STRING, SSO_FIELD_CERTIFICATE, NULL,
     "the X.509 certificate with which the identity provider signs, as PEM"},
    {"enabled", SSO_FIELD_BOOLEAN, 0, NULL,
     "whether SendGrid accepts what is signed with this certificate"},
    {"integration_id", SSO_FIELD_STRING, 0, "intergration_id",
     "the identity provider integration that the certificate belongs to"},
    {NULL, SSO_FIELD_STRING, 0, NULL, NULL},
};

const struct sso_operation sso_operations[] = {
    {
        "get_certificate",
        "GET",
        "/v3/sso/certificates/{cert_id}",
        NULL,
        SSO_VALUE_OBJECT,
        SSO_OP_REPEATABLE | SSO_OP_CERTIFICATE,
        "id",
        "Reads one certificate.",
        "Get an SSO Certificate",
    },
    {
        "update_certificate",
        "PATCH",
        "/v3/sso/certificates/{cert_id}",
        certificate_fields,
        SSO_VALUE_OBJECT,
        SSO_OP_REPEATABLE | SSO_OP_CERTIFICATE,
        "id",
        "Changes a certificate; fields that are not given stay as they are.",
        "Update SSO Certificate",
    },
    {
        "list_certificates",
        "GET",
        "/v3/sso/integrations/{integration_id}/certificates",
        NULL,
        SSO_VALUE_ARRAY,
        SSO_OP_REPEATABLE | SSO_OP_CERTIFICATE,
        "integration_id",
        "Lists the certificates of one integration.",
        "Get All SSO Certificates by Integration",
    },
};

const size_t sso_operation_count =
    sizeof(sso_operations) / sizeof(sso_operations[0]);

static const char *const type_names[SSO_FIELD_TYPE_COUNT] = {
    "string",
    "boolean",
};

static const char *const shape_names[] = {
    "object",
    "array",
};

const struct sso_field *sso_operation_field(const struct sso_operation *op,
                                            const char *name)
{
    const struct sso_field *field = op->fields;

    if (field == NULL)
        return NULL;
    for (; field->name != NULL; field++) {
        if (strcmp(field->name, name) == 0)
            return field;
        if (field->alias != NULL && strcmp(field->alias, name) == 0)
            return field;
    }
    return NULL;
}

/* Sets table-on-top[name] = text unless it is NULL. [-0, +0] */
static void set_text(lua_State *L, const char *name, const char *text)
{
    if (text == NULL)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

/* [-0, +1] */
static void push_field(lua_State *L, const struct sso_field *field)
{
    lua_createtable(L, 0, 5);
    set_text(L, "name", field->name);
    set_text(L, "alias", field->alias);
    set_text(L, "doc", field->doc);
    set_text(L, "type", type_names[field->type]);
    lua_pushboolean(L, (field->flags & SSO_FIELD_REQUIRED) != 0);
    lua_setfield(L, -2, "required");
}

/* [-0, +1] */
static void push_operation(lua_State *L, const struct sso_operation *op)
{
    const struct sso_field *field;
    int i = 0;

    lua_createtable(L, 0, 7);
    set_text(L, "name", op->name);
    set_text(L, "method", op->method);
    set_text(L, "path", op->path);
    set_text(L, "shape", shape_names[op->shape]);
    set_text(L, "doc", op->doc);
    set_text(L, "page", op->page);
    if (op->fields == NULL)
        return;
    lua_newtable(L); /* operation, fields */
    for (field = op->fields; field->name != NULL; field++) {
        push_field(L, field);
        lua_rawseti(L, -2, ++i);
    }
    lua_setfield(L, -2, "fields");
}

void sso_operations_push(lua_State *L)
{
    size_t i;

    luaL_checkstack(L, 6, "operations");
    lua_createtable(L, (int)sso_operation_count, 0);
    for (i = 0; i < sso_operation_count; i++) {
        push_operation(L, &sso_operations[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
}
