-- What comes back: the tables that calls return, field by field, with types and units.  Types are
-- written as editors read them (LuaCATS); a question mark after a type: the field may be missing.
--
-- A row of fields is { name, type, text }.

local UNIX = "unix seconds, UTC"

local certificate = {
    class = "sso.Certificate",
    doc = "A certificate as SendGrid keeps it. The documented answers do not say whether it is "
        .. "enabled.",
    fields = {
        { "id", "integer", "what the calls take as `cert_id`" },
        { "public_certificate", "string", "the X.509 certificate, as it was sent" },
        { "not_before", "integer", "valid from, " .. UNIX },
        { "not_after", "integer", "valid until, " .. UNIX },
        { "integration_id", "string", "the integration that it belongs to" },
        { "intergration_id", "string", "the same, as SendGrid spells it" },
        { "enabled", "boolean?", "not documented; nil unless SendGrid tells it" },
    },
}

local integration = {
    class = "sso.Integration",
    doc = "An identity provider that people of the account log in by.",
    fields = {
        { "id", "string", "what the calls take as `id` and `integration_id`" },
        { "name", "string", "what it is called" },
        { "enabled", "boolean", "whether people can log in by it" },
        { "signin_url", "string", "the identity provider's address for SAML requests" },
        { "signout_url", "string", "where a log-out leads" },
        { "entity_id", "string", "the identity provider's SAML issuer id" },
        { "last_updated", "integer", "when it was last changed, " .. UNIX },
        { "completed_integration", "boolean?",
            "whether the set-up is complete; with `si = true` only" },
        { "single_signon_url", "string?", "where the identity provider posts its SAML responses" },
        { "audience_url", "string?", "the audience that the identity provider names" },
    },
}

local access = {
    class = "sso.SubuserAccess",
    title = "Subuser",
    doc = "A subuser that a teammate may act for.",
    fields = {
        { "id", "integer", "the subuser's id" },
        { "username", "string", "the subuser's name" },
        { "email", "string", "the subuser's address" },
        { "disabled", "boolean", "whether the subuser is switched off" },
        { "permission_type", "\"admin\"|\"restricted\"", "all permissions, or those in `scopes`" },
        { "scopes", "string[]", "permissions on behalf of the subuser" },
    },
}

local teammate = {
    class = "sso.Teammate",
    doc = "A teammate. Which fields an answer has depends on the call: the list has the account's, "
        .. "from `username` to `country`, and neither `scopes` nor `subuser_access`.",
    fields = {
        { "username", "string?", "what the calls take as `username`; with SSO it is the address" },
        { "email", "string", "the address at the identity provider" },
        { "first_name", "string?", "given name" },
        { "last_name", "string?", "family name" },
        { "user_type", "\"admin\"|\"owner\"|\"teammate\"|nil", "the role" },
        { "is_admin", "boolean", "has all permissions" },
        { "phone", "string?", "telephone number" },
        { "website", "string?", "web site" },
        { "company", "string?", "company" },
        { "address", "string?", "street" },
        { "address2", "string?", "second line of the address" },
        { "city", "string?", "town" },
        { "state", "string?", "state or province" },
        { "zip", "string?", "postal code" },
        { "country", "string?", "country" },
        { "is_sso", "boolean?", "logs in by SSO, not by a password" },
        { "scopes", "string[]?", "permissions" },
        { "has_restricted_subuser_access", "boolean?", "may only act for the subusers listed" },
        { "subuser_access", "sso.SubuserAccess[]?", "the subusers" },
    },
}

local invitation = {
    class = "sso.Invitation",
    doc = "An invitation that nobody has accepted yet. SendGrid's document calls its key `token`, "
        .. "an example in it `pending_id`: take the one that is there.",
    fields = {
        { "email", "string", "where the invitation was sent" },
        { "token", "string?", "what the calls take as `token`" },
        { "pending_id", "string?", "the same under another name" },
        { "scopes", "string[]?", "permissions upon acceptance" },
        { "is_admin", "boolean?", "all permissions upon acceptance" },
        { "expiration_date", "integer?", "when it ends, seven days after it was sent, " .. UNIX },
    },
}

local access_page = {
    class = "sso.SubuserAccessPage",
    doc = "One page of the subusers that a teammate may act for.",
    fields = {
        { "has_restricted_subuser_access", "boolean", "may only act for the subusers listed" },
        { "subuser_access", "sso.SubuserAccess[]", "the subusers of this page" },
        { "_metadata", "sso.SubuserAccessMetadata", "where the next page begins" },
    },
}

local access_metadata = {
    class = "sso.SubuserAccessMetadata",
    title = "Subuser access metadata",
    doc = "Where the next page of subusers begins.",
    fields = {
        { "next_params", "sso.ListSubuserAccessQuery?",
            "the next query; nil, or without `after_subuser_id`: this was the last page" },
    },
}

return {
    -- The names that the operations table uses in `value`, in the order of the page.
    order = { "certificate", "integration", "teammate", "subuser access", "invitation" },
    named = {
        certificate = certificate,
        integration = integration,
        teammate = teammate,
        invitation = invitation,
        ["subuser access"] = access_page,
    },
    -- Tables within those, printed after the one that holds them.
    within = {
        teammate = { access },
        ["subuser access"] = { access_metadata },
    },
}
