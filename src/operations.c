/*
 * operations.c - the API as data (see operations.h): first the fields, then
 * the operations.  operations_lua.c shows them to Lua.
 *
 * A required field is one that a new thing (POST) must have.  A PATCH requires
 * none, though SendGrid's document says so of some: what is not given stays
 * as it is.
 */
#include "operations.h"

#include <string.h>

/* ---- certificates ------------------------------------------------------ */

static const struct sso_field certificate[] = {
    {
        .name = "public_certificate",
        .flags = SSO_FIELD_REQUIRED | SSO_FIELD_CERTIFICATE,
        .doc = "the X.509 certificate with which the identity provider "
               "signs, as PEM",
    },
    {
        .name = "enabled",
        .type = SSO_FIELD_BOOLEAN,
        .doc = "whether SendGrid accepts what is signed with it; what a new "
               "one is without this is not documented",
    },
    {
        .name = "integration_id",
        .flags = SSO_FIELD_REQUIRED,
        .alias = "intergration_id", /* so SendGrid's answers spell it */
        .doc = "the integration that the certificate belongs to",
    },
    {.name = NULL},
};

/* ---- integrations ------------------------------------------------------ */

#define SI_DOC "true: the answer also has completed_integration"

/* From the second row on what a new one takes. */
static const struct sso_field integration[] = {
    {
        .name = "si",
        .type = SSO_FIELD_BOOLEAN,
        .flags = SSO_FIELD_QUERY,
        .doc = SI_DOC,
    },
    {
        .name = "name",
        .flags = SSO_FIELD_REQUIRED | SSO_FIELD_TOLD,
        .doc = "what the integration is called",
    },
    {
        .name = "enabled",
        .type = SSO_FIELD_BOOLEAN,
        .flags = SSO_FIELD_REQUIRED | SSO_FIELD_TOLD,
        .doc = "whether people can log in by it",
    },
    {
        .name = "signin_url",
        .flags = SSO_FIELD_REQUIRED | SSO_FIELD_TOLD,
        .doc = "the identity provider's address for SAML requests; SendGrid's "
               "pages call it \"Embed Link\"",
    },
    {
        .name = "signout_url",
        .flags = SSO_FIELD_REQUIRED | SSO_FIELD_TOLD,
        .doc = "where a log-out leads after a log-in that began at the "
               "identity provider",
    },
    {
        .name = "entity_id",
        .flags = SSO_FIELD_REQUIRED | SSO_FIELD_TOLD,
        .doc = "the identity provider's SAML issuer id",
    },
    {
        .name = "completed_integration",
        .type = SSO_FIELD_BOOLEAN,
        .doc = "whether the set-up is complete",
    },
    {.name = NULL},
};

static const struct sso_field integration_query[] = {
    {
        .name = "si",
        .type = SSO_FIELD_BOOLEAN,
        .flags = SSO_FIELD_QUERY,
        .doc = SI_DOC,
    },
    {.name = NULL},
};

/* ---- teammates --------------------------------------------------------- */

static const char *const personas[] = {
    "accountant", "developer", "marketer", "observer", NULL,
};

static const char *const permission_types[] = {
    "admin",
    "restricted",
    NULL,
};

static const struct sso_field subuser_access[] = {
    {
        .name = "id",
        .type = SSO_FIELD_INTEGER,
        .flags = SSO_FIELD_REQUIRED,
        .doc = "the subuser's id",
    },
    {
        .name = "permission_type",
        .flags = SSO_FIELD_REQUIRED,
        .choices = permission_types,
        .doc = "\"restricted\" to the scopes given, or \"admin\"",
    },
    {
        .name = "scopes",
        .type = SSO_FIELD_STRINGS,
        .flags = SSO_FIELD_SCOPES,
        .doc = "permissions on behalf of the subuser; not with \"admin\"",
    },
    {.name = NULL},
};

static const struct sso_rule subuser_rules[] = {
    {"permission_type", "scopes", false, "admin"},
    {NULL, NULL, false, NULL},
};

/* From the second row on what may be changed later. */
static const struct sso_field teammate[] = {
    {
        .name = "email",
        .flags = SSO_FIELD_REQUIRED | SSO_FIELD_TOLD,
        .doc = "the address at the identity provider; also the username, and "
               "cannot be changed later",
    },
    {
        .name = "first_name",
        .flags = SSO_FIELD_REQUIRED | SSO_FIELD_TOLD,
        .doc = "given name",
    },
    {
        .name = "last_name",
        .flags = SSO_FIELD_REQUIRED | SSO_FIELD_TOLD,
        .doc = "family name",
    },
    {
        .name = "is_admin",
        .type = SSO_FIELD_BOOLEAN,
        .flags = SSO_FIELD_TOLD,
        .doc = "true: all permissions",
    },
    {
        .name = "persona",
        .choices = personas,
        .doc = "a ready-made set of permissions",
    },
    {
        .name = "scopes",
        .type = SSO_FIELD_STRINGS,
        .flags = SSO_FIELD_SCOPES | SSO_FIELD_TOLD,
        .doc = "permissions one by one; those that SendGrid sets itself, such "
               "as 2fa_required, raise",
    },
    {
        .name = "has_restricted_subuser_access",
        .type = SSO_FIELD_BOOLEAN,
        .flags = SSO_FIELD_TOLD,
        .doc = "true: may only act on behalf of the subusers given",
    },
    {
        .name = "subuser_access",
        .type = SSO_FIELD_OBJECTS,
        .flags = SSO_FIELD_TOLD,
        .items = subuser_access,
        .rules = subuser_rules,
        .doc = "the subusers; an update replaces the whole list",
    },
    {.name = NULL},
};

static const struct sso_rule teammate_rules[] = {
    {"is_admin", "scopes", false, NULL},
    {"is_admin", "persona", false, NULL},
    {"is_admin", "subuser_access", false, NULL},
    {"persona", "scopes", false, NULL},
    {"has_restricted_subuser_access", "scopes", false, NULL},
    {"has_restricted_subuser_access", "persona", false, NULL},
    {"has_restricted_subuser_access", "is_admin", false, NULL},
    {"subuser_access", "has_restricted_subuser_access", true, NULL},
    {NULL, NULL, false, NULL},
};

static const struct sso_field page[] = {
    {
        .name = "limit",
        .type = SSO_FIELD_INTEGER,
        .flags = SSO_FIELD_QUERY,
        .doc = "how many at most, up to 500",
    },
    {
        .name = "offset",
        .type = SSO_FIELD_INTEGER,
        .flags = SSO_FIELD_QUERY,
        .doc = "how many to pass over",
    },
    {.name = NULL},
};

static const struct sso_field subuser_page[] = {
    {
        .name = "after_subuser_id",
        .type = SSO_FIELD_INTEGER,
        .flags = SSO_FIELD_QUERY,
        .doc = "go on after this one; next_params of an answer tells it",
    },
    {
        .name = "limit",
        .type = SSO_FIELD_INTEGER,
        .flags = SSO_FIELD_QUERY,
        .doc = "how many at most",
    },
    {
        .name = "username",
        .flags = SSO_FIELD_QUERY,
        .doc = "only subusers of this name",
    },
    {.name = NULL},
};

/* ---- operations -------------------------------------------------------- */

#define READS   SSO_OP_REPEATABLE
#define SETS    SSO_OP_REPEATABLE
#define REMOVES SSO_OP_REPEATABLE

const struct sso_operation sso_operations[] = {
    {
        .name = "create_certificate",
        .method = "POST",
        .path = "/v3/sso/certificates",
        .fields = certificate,
        .flags = SSO_OP_CERTIFICATE | SSO_OP_CREATES,
        .value = "certificate",
        .doc = "Adds a certificate to an integration.",
        .page = "Create an SSO Certificate",
    },
    {
        .name = "get_certificate",
        .method = "GET",
        .path = "/v3/sso/certificates/{cert_id}",
        .flags = READS | SSO_OP_CERTIFICATE,
        .echo = "id",
        .source = "cert_id comes from list_certificates of an integration",
        .value = "certificate",
        .doc = "Reads one certificate.",
        .page = "Get an SSO Certificate",
    },
    {
        .name = "update_certificate",
        .method = "PATCH",
        .path = "/v3/sso/certificates/{cert_id}",
        .fields = certificate,
        .flags = SETS | SSO_OP_CERTIFICATE,
        .echo = "id",
        .source = "cert_id comes from list_certificates of an integration",
        .value = "certificate",
        .doc = "Changes a certificate; fields not given stay as they are.",
        .page = "Update SSO Certificate",
    },
    {
        .name = "delete_certificate",
        .method = "DELETE",
        .path = "/v3/sso/certificates/{cert_id}",
        .shape = SSO_VALUE_MAYBE,
        .flags = REMOVES | SSO_OP_CERTIFICATE,
        .echo = "id",
        .source = "cert_id comes from list_certificates of an integration",
        .value = "certificate or true",
        .doc = "Removes a certificate.",
        .page = "Delete an SSO Certificate",
    },
    {
        .name = "list_certificates",
        .method = "GET",
        .path = "/v3/sso/integrations/{integration_id}/certificates",
        .shape = SSO_VALUE_ARRAY,
        .flags = READS | SSO_OP_CERTIFICATE,
        .echo = "integration_id",
        .source = "integration_id comes from list_integrations",
        .value = "certificate",
        .doc = "Lists the certificates of one integration.",
        .page = "Get All SSO Certificates by Integration",
    },
    {
        .name = "create_integration",
        .method = "POST",
        .path = "/v3/sso/integrations",
        .fields = integration + 1,
        .flags = SSO_OP_CREATES,
        .value = "integration",
        .doc = "Sets up an identity provider.",
        .page = "Create an SSO Integration",
    },
    {
        .name = "list_integrations",
        .method = "GET",
        .path = "/v3/sso/integrations",
        .fields = integration_query,
        .shape = SSO_VALUE_ARRAY,
        .flags = READS,
        .value = "integration",
        .doc = "Lists all integrations.",
        .page = "Get All SSO Integrations",
    },
    {
        .name = "get_integration",
        .method = "GET",
        .path = "/v3/sso/integrations/{id}",
        .fields = integration_query,
        .flags = READS,
        .echo = "id",
        .source = "id comes from list_integrations",
        .value = "integration",
        .doc = "Reads one integration.",
        .page = "Get an SSO Integration",
    },
    {
        .name = "update_integration",
        .method = "PATCH",
        .path = "/v3/sso/integrations/{id}",
        .fields = integration,
        .flags = SETS,
        .echo = "id",
        .source = "id comes from list_integrations",
        .value = "integration",
        .doc = "Changes an integration; fields not given are not sent, though "
               "SendGrid's document calls those of create_integration "
               "required here too.",
        .page = "Update an SSO Integration",
    },
    {
        .name = "delete_integration",
        .method = "DELETE",
        .path = "/v3/sso/integrations/{id}",
        .shape = SSO_VALUE_TRUE,
        .flags = REMOVES,
        .source = "id comes from list_integrations",
        .value = "true",
        .doc = "Removes an integration; its users can no longer log in by it.",
        .page = "Delete an SSO Integration",
    },
    {
        .name = "create_sso_teammate",
        .method = "POST",
        .path = "/v3/sso/teammates",
        .fields = teammate,
        .rules = teammate_rules,
        .value = "teammate",
        .doc = "Creates a teammate who logs in by SSO.",
        .page = "Create an SSO Teammate",
    },
    {
        .name = "update_sso_teammate",
        .method = "PATCH",
        .path = "/v3/sso/teammates/{username}",
        .fields = teammate + 1,
        .rules = teammate_rules,
        .flags = SETS,
        .source = "username comes from list_teammates",
        .value = "teammate",
        .doc = "Changes a teammate who logs in by SSO; fields not given are "
               "not sent, though SendGrid's document calls first_name and "
               "last_name required here too.",
        .page = "Edit an SSO Teammate",
    },
    {
        .name = "list_teammates",
        .method = "GET",
        .path = "/v3/teammates",
        .fields = page,
        .shape = SSO_VALUE_ARRAY,
        .flags = READS,
        .value = "teammate",
        .doc = "Lists one page of teammates; each_teammate walks all pages.",
        .page = "Retrieve all teammates",
    },
    {
        .name = "get_teammate",
        .method = "GET",
        .path = "/v3/teammates/{username}",
        .flags = READS,
        .echo = "username",
        .source = "username comes from list_teammates",
        .value = "teammate",
        .doc = "Reads one teammate.",
        .page = "Retrieve specific teammate",
    },
    {
        .name = "delete_teammate",
        .method = "DELETE",
        .path = "/v3/teammates/{username}",
        .shape = SSO_VALUE_TRUE,
        .flags = REMOVES,
        .source = "username comes from list_teammates",
        .value = "true",
        .doc = "Removes a teammate.",
        .page = "Delete teammate",
    },
    {
        .name = "list_pending_teammates",
        .method = "GET",
        .path = "/v3/teammates/pending",
        .shape = SSO_VALUE_ARRAY,
        .flags = READS,
        .value = "invitation",
        .doc = "Lists invitations that nobody has accepted yet.",
        .page = "Retrieve all pending teammates",
    },
    {
        .name = "delete_pending_teammate",
        .method = "DELETE",
        .path = "/v3/teammates/pending/{token}",
        .shape = SSO_VALUE_TRUE,
        .flags = REMOVES,
        .source = "token comes from list_pending_teammates",
        .value = "true",
        .doc = "Withdraws an invitation.",
        .page = "Delete pending teammate",
    },
    {
        .name = "resend_teammate_invite",
        .method = "POST",
        .path = "/v3/teammates/pending/{token}/resend",
        .echo = "token",
        .source = "token comes from list_pending_teammates",
        .value = "invitation",
        .doc = "Sends an invitation again, which starts its seven days anew.",
        .page = "Resend teammate invite",
    },
    {
        .name = "list_subuser_access",
        .method = "GET",
        .path = "/v3/teammates/{username}/subuser_access",
        .fields = subuser_page,
        .flags = READS,
        .source = "username comes from list_teammates",
        .value = "subuser access",
        .doc = "Lists one page of the subusers that a teammate may act for; "
               "each_subuser_access walks all pages.",
        .page = "Get Teammate Subuser Access",
    },
};

const size_t sso_operation_count =
    sizeof(sso_operations) / sizeof(sso_operations[0]);

const struct sso_operation sso_operation_request = {
    .name = "request",
    .method = "GET",
    .path = "",
    .shape = SSO_VALUE_ANYTHING,
    .value = "any",
    .doc = "Calls any other operation of SendGrid's API.",
};

const struct sso_field *sso_field_find(const struct sso_field *fields,
                                       const char *name)
{
    for (; fields != NULL && fields->name != NULL; fields++) {
        if (strcmp(fields->name, name) == 0)
            return fields;
        if (fields->alias != NULL && strcmp(fields->alias, name) == 0)
            return fields;
    }
    return NULL;
}

bool sso_operation_has_body(const struct sso_operation *op)
{
    const struct sso_field *field;

    for (field = op->fields; field && field->name != NULL; field++)
        if ((field->flags & SSO_FIELD_QUERY) == 0)
            return true;
    return false;
}
