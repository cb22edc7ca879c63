--- The commands for SendGrid's records: which operation each is, what it is called, and an example
--- of each.  A new operation of the module is one row here; a spec compares.

local M = {}

-- verb, operation, then what differs: `all`, the function that gives all pages or all integrations
-- when nothing narrows the list; `noun` and `done`, for the question and the answer; `pem`: the
-- text of the certificate can be had alone; `doc`: where the command does more than the operation.
M.groups = {
    {
        name = "certificates",
        summary = "certificates that SendGrid checks signatures with",
        noun = "certificate",
        {
            "list", "list_certificates", optional = true, all = "list_all_certificates",
            doc = "Lists the certificates of one integration, or of all.",
        },
        { "get", "get_certificate", pem = true },
        { "create", "create_certificate", done = "created" },
        { "update", "update_certificate", done = "updated" },
        { "delete", "delete_certificate", done = "deleted" },
    },
    {
        name = "integrations",
        summary = "identity providers that people log in by",
        noun = "integration",
        { "list", "list_integrations" },
        { "get", "get_integration" },
        { "create", "create_integration", done = "created" },
        { "update", "update_integration", done = "updated" },
        { "delete", "delete_integration", done = "deleted" },
    },
    {
        name = "teammates",
        summary = "people of the account, and their invitations",
        noun = "teammate",
        {
            "list", "list_teammates", all = "each_teammate",
            doc = "Lists all teammates; with --limit or --offset one page of them.",
        },
        { "get", "get_teammate" },
        { "create", "create_sso_teammate", done = "created" },
        { "update", "update_sso_teammate", done = "updated" },
        { "delete", "delete_teammate", done = "deleted" },
        { "pending", "list_pending_teammates" },
        {
            "resend", "resend_teammate_invite", done = "sent again:", noun = "invitation",
            question = "Send the invitation %s again?",
        },
        { "withdraw", "delete_pending_teammate", done = "withdrawn:", noun = "invitation" },
        {
            "subusers", "list_subuser_access", all = "each_subuser_access",
            doc = "Lists the subusers that a teammate may act for; with --limit one page of them.",
        },
    },
}

-- Flags that would be called as something else of the same command.
M.flag_names = { list_subuser_access = { username = "subuser" } }

M.examples = {
    list_certificates = {
        { "sendgrid-sso certificates list", "those of all integrations" },
        { "sendgrid-sso certificates list --json | jq '.[].not_after'", "for a program" },
    },
    get_certificate = {
        { "sendgrid-sso certificates get 66138975", "what is in one certificate" },
        { "sendgrid-sso certificates get 66138975 --pem > old.pem", "the certificate itself" },
    },
    create_certificate = {
        {
            "sendgrid-sso certificates create --integration-id ID \\\n"
                .. "       --public-certificate idp.pem --enabled",
            "adds a certificate and has it accepted at once",
        },
    },
    update_certificate = {
        {
            "sendgrid-sso certificates update 66138975 --public-certificate new.pem",
            "puts another certificate in its place",
        },
        {
            "sendgrid-sso certificates update 66138975 --no-enabled --dry-run",
            "shows the request that would switch it off",
        },
    },
    delete_certificate = {
        { "sendgrid-sso certificates delete 66138975", "asks first" },
    },
    list_integrations = {
        { "sendgrid-sso integrations list --si", "with whether the set-up is complete" },
    },
    get_integration = {
        { "sendgrid-sso integrations get ID", "addresses, issuer and state of one" },
    },
    create_integration = {
        {
            "sendgrid-sso integrations create --name Okta --enabled \\\n"
                .. "       --signin-url https://idp.example/sso \\\n"
                .. "       --signout-url https://idp.example/out \\\n"
                .. "       --entity-id https://idp.example/id",
            "sets up an identity provider",
        },
    },
    update_integration = {
        { "sendgrid-sso integrations update ID --name \"Okta, new\"", "renames one" },
    },
    delete_integration = {
        { "sendgrid-sso integrations delete ID", "asks first: nobody logs in by it after that" },
    },
    list_teammates = {
        { "sendgrid-sso teammates list", "all of them, page by page" },
        { "sendgrid-sso teammates list --limit 50 --offset 100", "one page" },
    },
    get_teammate = {
        { "sendgrid-sso teammates get jane@example.com", "one, with permissions" },
    },
    create_sso_teammate = {
        {
            "sendgrid-sso teammates create --email jane@example.com \\\n"
                .. "       --first-name Jane --last-name Doe --persona developer",
            "somebody who logs in by SSO",
        },
        {
            "sendgrid-sso teammates create --email jane@example.com \\\n"
                .. "       --first-name Jane --last-name Doe --scopes mail.send,alerts.read",
            "the same with permissions one by one",
        },
    },
    update_sso_teammate = {
        { "sendgrid-sso teammates update jane@example.com --is-admin", "gives all permissions" },
        {
            "sendgrid-sso teammates update jane@example.com \\\n"
                .. "       --has-restricted-subuser-access \\\n"
                .. "       --subuser-access '[{\"id\":7,\"permission_type\":\"admin\"}]'",
            "only on behalf of one subuser",
        },
    },
    delete_teammate = { { "sendgrid-sso teammates delete jane@example.com", "asks first" } },
    list_pending_teammates = {
        { "sendgrid-sso teammates pending", "invitations that nobody accepted yet" },
    },
    resend_teammate_invite = {
        { "sendgrid-sso teammates resend TOKEN", "seven days more" },
    },
    delete_pending_teammate = {
        { "sendgrid-sso teammates withdraw TOKEN", "takes an invitation back" },
    },
    list_subuser_access = {
        { "sendgrid-sso teammates subusers jane@example.com", "all of them, page by page" },
    },
}

-- operation → "certificates list"
local names = {}
for _, group in ipairs(M.groups) do
    for _, command in ipairs(group) do
        names[command[2]] = group.name .. " " .. command[1]
    end
end

-- "ca_file" → "--ca-file", for names that are no plain words
local flags = { public_certificate = "--public-certificate" }
for _, option in ipairs(require("sso.core").options) do
    if option.name:find "_" then
        flags[option.name] = "--" .. option.name:gsub("_", "-")
    end
end

--- Says the names of operations as commands and those of options as flags, in a text of the module.
---@param text string
function M.in_commands(text)
    return (text:gsub("[%a_]+", function(word)
        return names[word] and "'sendgrid-sso " .. names[word] .. "'" or flags[word]
    end))
end

return M
