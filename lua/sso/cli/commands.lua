--- All commands, as rows: name, summary, description, examples, arguments, options and the function
--- that runs it.  sso.cli.parser makes argparse of them; help, the man page and the completions
--- are made of the same.

local operations = require "sso.cli.operations"
local options = require "sso.cli.options"

local M = {}

-- Each gives rows of its own; they are loaded when the program is.
local MODULES = {
    "sso.cli.rotation", "sso.cli.snapshots", "sso.cli.watch", "sso.cli.inspect", "sso.cli.explain",
    "sso.cli.doctor", "sso.cli.tools",
}

M.root = {
    description = "Twilio SendGrid's SSO set-up from a shell: certificates, integrations and "
        .. "teammates, rotation without lock-out, and a watch over what expires.",
    examples = {
        { "sendgrid-sso doctor", "looks at everything that a first call needs" },
        { "sendgrid-sso certificates list", "what SendGrid trusts today" },
        { "sendgrid-sso help certificates update", "help for one command" },
    },
    epilog = "The API key comes from SENDGRID_API_KEY or --api-key-file, never from an argument.\n"
        .. "\n"
        .. "Exit status: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 refused (401, 403),\n"
        .. "5 try again later; of check: 0 ok, 1 warning, 2 critical, 3 unknown.",
    option_groups = {
        { title = "Options of every command", options = options.OUTPUT },
        { title = "Options of the client", options = options.client_rows() },
    },
    commands = operations.rows(),
}
for _, name in ipairs(MODULES) do
    for _, row in ipairs(require(name).rows) do
        table.insert(M.root.commands, row)
    end
end

return M
