-- Where the client's table differs from SendGrid's documents on purpose, and why: the only such
-- list. A row: the operation, what differs, the document's word, the table's ("nothing": it has
-- none). drift_spec.lua fails on a difference without a row and on a row without a difference.
return {
    {
        reason = "The answers, and one example of a request, spell the field intergration_id. Both "
            .. "spellings are taken, integration_id is sent, and certificates come back with both.",
        {
            "POST /v3/sso/certificates", "body integration_id",
            "string, required", "string, required, also intergration_id",
        },
        {
            "PATCH /v3/sso/certificates/{cert_id}", "body integration_id",
            "string", "string, also intergration_id",
        },
    },
    {
        reason = "The document has DELETE of a certificate answer 200 with the certificate, where "
            .. "every other DELETE answers 204 with nothing. Either is a success: the value is the "
            .. "certificate, or true where there is none.",
        { "DELETE /v3/sso/certificates/{cert_id}", "answer", "an object", "an object or nothing" },
    },
    {
        reason = "The document gives PATCH the body of POST, down to its title, Create Integration "
            .. "Request. A client that fills in what it was not told sends enabled = false when it "
            .. "renames, and nobody can log in. What is not given is not sent; if SendGrid wants "
            .. "it after all, it says so (invalid_request).",
        { "PATCH /v3/sso/integrations/{id}", "body enabled", "boolean, required", "boolean" },
        { "PATCH /v3/sso/integrations/{id}", "body entity_id", "string, required", "string" },
        { "PATCH /v3/sso/integrations/{id}", "body name", "string, required", "string" },
        { "PATCH /v3/sso/integrations/{id}", "body signin_url", "string, required", "string" },
        { "PATCH /v3/sso/integrations/{id}", "body signout_url", "string, required", "string" },
    },
    {
        reason = "POST and PATCH of a teammate share their properties in the document, and with "
            .. "them what is required. A change of scopes need not tell the names; if SendGrid "
            .. "wants them after all, it says so (invalid_request).",
        { "PATCH /v3/sso/teammates/{username}", "body first_name", "string, required", "string" },
        { "PATCH /v3/sso/teammates/{username}", "body last_name", "string, required", "string" },
    },
    {
        reason = "The same thing has two names in the documents, teammate_name and username; the "
            .. "value is a username, and the client calls it so everywhere.",
        {
            "GET /v3/teammates/{teammate_name}/subuser_access", "path 1",
            "teammate_name, string, required", "username, string, required",
        },
    },
    {
        reason = "A subuser is an option (on_behalf_of), of a client or of one call, since it is a "
            .. "matter of who asks and not of what is asked; every operation takes it, also those "
            .. "whose document does not name it.",
        { "GET /v3/teammates", "header on-behalf-of", "string", "nothing" },
        { "GET /v3/teammates/{username}", "header on-behalf-of", "string", "nothing" },
        { "DELETE /v3/teammates/{username}", "header on-behalf-of", "string", "nothing" },
        { "GET /v3/teammates/pending", "header on-behalf-of", "string", "nothing" },
        { "DELETE /v3/teammates/pending/{token}", "header on-behalf-of", "string", "nothing" },
        { "POST /v3/teammates/pending/{token}/resend", "header on-behalf-of", "string", "nothing" },
    },
    {
        reason = "Teammates who log in with a password are another API's subject. These two are a "
            .. "call of client:request away; what concerns people who log in by SSO, and who "
            .. "must find and remove them, is here.",
        { "POST /v3/teammates", "operation", "Invite teammate", "nothing" },
        {
            "PATCH /v3/teammates/{username}", "operation",
            "Update teammate's permissions", "nothing",
        },
    },
    {
        reason = "One title of twenty-one ends with a full stop.",
        {
            "POST /v3/sso/teammates", "page",
            "Create an SSO Teammate.", "Create an SSO Teammate",
        },
    },
}
