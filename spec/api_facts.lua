-- What SendGrid's OpenAPI documents say of each operation, compared with the client's own
-- table by drift_spec.lua. Made by tools/derive-facts, whose head says how; not edited.
return {
    servers = { "https://api.eu.sendgrid.com", "https://api.sendgrid.com" },
    operations = {
        {
            method = "POST", path = "/v3/sso/certificates", page = "Create an SSO Certificate",
            parameters = {},
            body = {
                enabled = "boolean",
                integration_id = { type = "string", required = true },
                public_certificate = { type = "string", required = true },
            },
            status = 200,
            answer = {
                type = "object",
                fields = {
                    id = "number", intergration_id = "string", not_after = "number",
                    not_before = "number", public_certificate = "string",
                },
            },
        },
        {
            method = "DELETE",
            path = "/v3/sso/certificates/{cert_id}",
            page = "Delete an SSO Certificate",
            parameters = { path = { cert_id = { type = "string", required = true } } },
            status = 200,
            answer = {
                type = "object",
                fields = {
                    id = "number", intergration_id = "string", not_after = "number",
                    not_before = "number", public_certificate = "string",
                },
            },
        },
        {
            method = "GET",
            path = "/v3/sso/certificates/{cert_id}",
            page = "Get an SSO Certificate",
            parameters = { path = { cert_id = { type = "string", required = true } } },
            status = 200,
            answer = {
                type = "object",
                fields = {
                    id = "number", intergration_id = "string", not_after = "number",
                    not_before = "number", public_certificate = "string",
                },
            },
        },
        {
            method = "PATCH",
            path = "/v3/sso/certificates/{cert_id}",
            page = "Update SSO Certificate",
            parameters = { path = { cert_id = { type = "string", required = true } } },
            body = {
                enabled = "boolean", integration_id = "string", public_certificate = "string",
            },
            status = 200,
            answer = {
                type = "object",
                fields = {
                    id = "number", intergration_id = "string", not_after = "number",
                    not_before = "number", public_certificate = "string",
                },
            },
        },
        {
            method = "GET", path = "/v3/sso/integrations", page = "Get All SSO Integrations",
            parameters = { query = { si = "boolean" } },
            status = 200,
            answer = {
                type = "array of objects",
                items = {
                    audience_url = "string", completed_integration = "boolean",
                    enabled = "boolean", entity_id = "string", id = "string",
                    last_updated = "number", name = "string", signin_url = "string",
                    signout_url = "string", single_signon_url = "string",
                },
            },
        },
        {
            method = "POST", path = "/v3/sso/integrations", page = "Create an SSO Integration",
            parameters = {},
            body = {
                completed_integration = "boolean",
                enabled = { type = "boolean", required = true },
                entity_id = { type = "string", required = true },
                name = { type = "string", required = true },
                signin_url = { type = "string", required = true },
                signout_url = { type = "string", required = true },
            },
            status = 200,
            answer = {
                type = "object",
                fields = {
                    audience_url = "string", completed_integration = "boolean",
                    enabled = "boolean", entity_id = "string", id = "string",
                    last_updated = "number", name = "string", signin_url = "string",
                    signout_url = "string", single_signon_url = "string",
                },
            },
        },
        {
            method = "DELETE",
            path = "/v3/sso/integrations/{id}",
            page = "Delete an SSO Integration",
            parameters = { path = { id = { type = "string", required = true } } },
            status = 204,
        },
        {
            method = "GET",
            path = "/v3/sso/integrations/{id}",
            page = "Get an SSO Integration",
            parameters = {
                path = { id = { type = "string", required = true } },
                query = { si = "boolean" },
            },
            status = 200,
            answer = {
                type = "object",
                fields = {
                    audience_url = "string", completed_integration = "boolean",
                    enabled = "boolean", entity_id = "string", id = "string",
                    last_updated = "number", name = "string", signin_url = "string",
                    signout_url = "string", single_signon_url = "string",
                },
            },
        },
        {
            method = "PATCH",
            path = "/v3/sso/integrations/{id}",
            page = "Update an SSO Integration",
            parameters = {
                path = { id = { type = "string", required = true } },
                query = { si = "boolean" },
            },
            body = {
                completed_integration = "boolean",
                enabled = { type = "boolean", required = true },
                entity_id = { type = "string", required = true },
                name = { type = "string", required = true },
                signin_url = { type = "string", required = true },
                signout_url = { type = "string", required = true },
            },
            status = 200,
            answer = {
                type = "object",
                fields = {
                    audience_url = "string", completed_integration = "boolean",
                    enabled = "boolean", entity_id = "string", id = "string",
                    last_updated = "number", name = "string", signin_url = "string",
                    signout_url = "string", single_signon_url = "string",
                },
            },
        },
        {
            method = "GET",
            path = "/v3/sso/integrations/{integration_id}/certificates",
            page = "Get All SSO Certificates by Integration",
            parameters = { path = { integration_id = { type = "string", required = true } } },
            status = 200,
            answer = {
                type = "array of objects",
                items = {
                    id = "number", intergration_id = "string", not_after = "number",
                    not_before = "number", public_certificate = "string",
                },
            },
        },
        {
            method = "POST", path = "/v3/sso/teammates", page = "Create an SSO Teammate.",
            parameters = {},
            body = {
                email = { type = "string", required = true },
                first_name = { type = "string", required = true },
                has_restricted_subuser_access = "boolean", is_admin = "boolean",
                last_name = { type = "string", required = true },
                persona = {
                    type = "string",
                    choices = { "accountant", "developer", "marketer", "observer" },
                },
                scopes = "array of strings",
                subuser_access = {
                    type = "array of objects",
                    items = {
                        id = { type = "integer", required = true },
                        permission_type = {
                            type = "string",
                            choices = { "admin", "restricted" },
                            required = true,
                        },
                        scopes = "array of strings",
                    },
                },
            },
            status = 201,
            answer = {
                type = "object",
                fields = {
                    email = "string", first_name = "string",
                    has_restricted_subuser_access = "boolean", is_admin = "boolean",
                    is_sso = "boolean", last_name = "string", scopes = "array of strings",
                    subuser_access = {
                        type = "array of objects",
                        items = {
                            disabled = "boolean", email = "string", id = "integer",
                            permission_type = {
                                type = "string",
                                choices = { "admin", "restricted" },
                            },
                            scopes = "array of strings", username = "string",
                        },
                    },
                },
            },
        },
        {
            method = "PATCH",
            path = "/v3/sso/teammates/{username}",
            page = "Edit an SSO Teammate",
            parameters = { path = { username = { type = "string", required = true } } },
            body = {
                first_name = { type = "string", required = true },
                has_restricted_subuser_access = "boolean", is_admin = "boolean",
                last_name = { type = "string", required = true },
                persona = {
                    type = "string",
                    choices = { "accountant", "developer", "marketer", "observer" },
                },
                scopes = "array of strings",
                subuser_access = {
                    type = "array of objects",
                    items = {
                        id = { type = "integer", required = true },
                        permission_type = {
                            type = "string",
                            choices = { "admin", "restricted" },
                            required = true,
                        },
                        scopes = "array of strings",
                    },
                },
            },
            status = 200,
            answer = {
                type = "object",
                fields = {
                    address = "string", address2 = "string", city = "string", company = "string",
                    country = "string", email = "string", first_name = "string",
                    has_restricted_subuser_access = "boolean", is_admin = "boolean",
                    is_sso = "boolean", last_name = "string", phone = "string",
                    scopes = "array of strings", state = "string",
                    subuser_access = {
                        type = "array of objects",
                        items = {
                            disabled = "boolean", email = "string", id = "integer",
                            permission_type = {
                                type = "string",
                                choices = { "admin", "restricted" },
                            },
                            scopes = "array of strings", username = "string",
                        },
                    },
                    user_type = { type = "string", choices = { "admin", "owner", "teammate" } },
                    username = "string", website = "string", zip = "string",
                },
            },
        },
        {
            method = "GET", path = "/v3/teammates", page = "Retrieve all teammates",
            parameters = {
                header = { ["on-behalf-of"] = "string" },
                query = { limit = { type = "integer", maximum = 500 }, offset = "integer" },
            },
            status = 200,
            answer = {
                type = "object",
                fields = {
                    result = {
                        type = "array of objects",
                        items = {
                            address = "string", address2 = "string", city = "string",
                            country = "string", email = "string", first_name = "string",
                            is_admin = "boolean", last_name = "string", phone = "string",
                            state = "string",
                            user_type = {
                                type = "string",
                                choices = { "admin", "owner", "teammate" },
                            },
                            username = "string", website = "string", zip = "string",
                        },
                    },
                },
            },
        },
        {
            method = "POST", path = "/v3/teammates", page = "Invite teammate",
            parameters = { header = { ["on-behalf-of"] = "string" } },
            body = {
                email = { type = "string", required = true },
                is_admin = { type = "boolean", required = true },
                scopes = { type = "array of strings", required = true },
            },
            status = 201,
            answer = {
                type = "object",
                fields = {
                    email = "string", is_admin = "boolean", scopes = "array of things",
                    token = "string",
                },
            },
        },
        {
            method = "GET", path = "/v3/teammates/pending",
            page = "Retrieve all pending teammates",
            parameters = { header = { ["on-behalf-of"] = "string" } },
            status = 200,
            answer = {
                type = "object",
                fields = {
                    result = {
                        type = "array of objects",
                        items = {
                            email = "string", expiration_date = "integer", is_admin = "boolean",
                            scopes = "array of strings", token = "string",
                        },
                    },
                },
            },
        },
        {
            method = "DELETE",
            path = "/v3/teammates/pending/{token}",
            page = "Delete pending teammate",
            parameters = {
                path = { token = { type = "string", required = true } },
                header = { ["on-behalf-of"] = "string" },
            },
            status = 204,
        },
        {
            method = "POST",
            path = "/v3/teammates/pending/{token}/resend",
            page = "Resend teammate invite",
            parameters = {
                path = { token = { type = "string", required = true } },
                header = { ["on-behalf-of"] = "string" },
            },
            status = 200,
            answer = {
                type = "object",
                fields = {
                    email = "string", is_admin = "boolean", scopes = "array of strings",
                    token = "string",
                },
            },
        },
        {
            method = "GET",
            path = "/v3/teammates/{teammate_name}/subuser_access",
            page = "Get Teammate Subuser Access",
            parameters = {
                path = { teammate_name = { type = "string", required = true } },
                query = { after_subuser_id = "integer", limit = "integer", username = "string" },
            },
            status = 200,
            answer = {
                type = "object",
                fields = {
                    _metadata = {
                        type = "object",
                        fields = {
                            next_params = {
                                type = "object",
                                fields = {
                                    after_subuser_id = "integer", limit = "integer",
                                    username = "string",
                                },
                            },
                        },
                    },
                    has_restricted_subuser_access = "boolean",
                    subuser_access = {
                        type = "array of objects",
                        items = {
                            disabled = "boolean", email = "string", id = "integer",
                            permission_type = {
                                type = "string",
                                choices = { "admin", "restricted" },
                            },
                            scopes = "array of strings", username = "string",
                        },
                    },
                },
            },
        },
        {
            method = "DELETE",
            path = "/v3/teammates/{username}",
            page = "Delete teammate",
            parameters = {
                path = { username = { type = "string", required = true } },
                header = { ["on-behalf-of"] = "string" },
            },
            status = 204,
        },
        {
            method = "GET",
            path = "/v3/teammates/{username}",
            page = "Retrieve specific teammate",
            parameters = {
                path = { username = { type = "string", required = true } },
                header = { ["on-behalf-of"] = "string" },
            },
            status = 200,
            answer = {
                type = "object",
                fields = {
                    address = "string", address2 = "string", city = "string", country = "string",
                    email = "string", first_name = "string", is_admin = "boolean",
                    last_name = "string", phone = "string", scopes = "array of things",
                    state = "string",
                    user_type = { type = "string", choices = { "admin", "owner", "teammate" } },
                    username = "string", website = "string", zip = "string",
                },
            },
        },
        {
            method = "PATCH",
            path = "/v3/teammates/{username}",
            page = "Update teammate's permissions",
            parameters = {
                path = { username = { type = "string", required = true } },
                header = { ["on-behalf-of"] = "string" },
            },
            body = {
                is_admin = { type = "boolean", required = true },
                scopes = { type = "array of strings", required = true },
            },
            status = 200,
            answer = {
                type = "object",
                fields = {
                    address = "string", address2 = "string", city = "string", country = "string",
                    email = "string", first_name = "string", is_admin = "boolean",
                    last_name = "string", phone = "string", scopes = "array of strings",
                    state = "string",
                    user_type = { type = "string", choices = { "admin", "owner", "teammate" } },
                    username = "string", website = "string", zip = "string",
                },
            },
        },
    },
}
