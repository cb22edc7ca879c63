--- `completion`, `sandbox` and `version`: what is around the calls.

local argparse = require "argparse"
local core = require "sso.core"

local M = {}

-- ---- completion --------------------------------------------------------------------

local function completion(session)
    local parser = require "sso.cli.parser"
    local built = parser.build(require("sso.cli.commands").root)
    session.out:write(built["get_" .. session.args.shell .. "_complete"](built))
    return 0
end

-- ---- sandbox -----------------------------------------------------------------------

local function exists(path)
    local file = io.open(path, "rb")
    if file then
        file:close()
    end
    return file ~= nil
end

-- Where a checkout has it: beside the program, or beside the module.
local function sandbox_program()
    local places = {}
    if type(arg) == "table" and arg[0] then
        places[1] = (arg[0]:match "^(.*)/[^/]*$" or ".") .. "/.."
    end
    local here = debug.getinfo(1, "S").source:match "^@(.*)/lua/sso/cli/[^/]*$"
    places[#places + 1] = here
    for _, top in ipairs(places) do
        if exists(top .. "/sandbox/sandbox") and exists(top .. "/sandbox/nginx.conf.in") then
            return top .. "/sandbox/sandbox"
        end
    end
end

local function sandbox(session)
    local program = sandbox_program()
    if not program then
        error(core.failure("config", "the sandbox is part of a checkout of sendgrid-sso and is not "
            .. "installed with it: run 'make sandbox' there"), 0)
    end
    local words = session.args.words or {}
    local why = core.replace(program, (rawget(table, "unpack") or rawget(_G, "unpack"))(words))
    error(core.failure("config", ("cannot run %s: %s"):format(program, why)), 0)
end

-- ---- version -----------------------------------------------------------------------

local function version(session)
    local versions = core.version()
    if session.args.json then
        versions.argparse = argparse.version
        session.out:document(versions)
    else
        session.out:line("sendgrid-sso " .. versions.module)
        session.out:line(("%s, libcurl %s, %s, lua-cjson %s, argparse %s"):format(versions.lua,
            versions.libcurl, versions.tls, versions.cjson, argparse.version or "?"))
    end
    return 0
end

M.rows = {
    {
        name = "completion",
        group = "Set-up",
        summary = "prints a completion script for a shell",
        arguments = {
            {
                name = "shell", argname = "SHELL", choices = { "bash", "zsh", "fish" },
                description = "bash, zsh or fish",
            },
        },
        examples = {
            { "source <(sendgrid-sso completion bash)", "in ~/.bashrc" },
            {
                "sendgrid-sso completion zsh > \"${fpath[1]}/_sendgrid-sso\"",
                "once, for zsh",
            },
            {
                "sendgrid-sso completion fish > ~/.config/fish/completions/sendgrid-sso.fish",
                "once, for fish",
            },
        },
        run = completion,
    },
    {
        name = "sandbox",
        group = "Set-up",
        summary = "runs a local SendGrid to try things out (in a checkout)",
        description = "Runs a SendGrid of your own machine: the SSO API with records in memory, "
            .. "and a key of its own. It is part of a checkout. Without words it runs until "
            .. "Ctrl-C and prints what to set; with 'run' and a command it runs that command "
            .. "with it.",
        arguments = {
            { name = "words", argname = "WORD", args = "*", description = "run COMMAND …" },
        },
        raw = true,
        examples = {
            { "sendgrid-sso sandbox", "until Ctrl-C" },
            { "sendgrid-sso sandbox run sendgrid-sso doctor", "for one command" },
        },
        run = sandbox,
    },
    {
        name = "version",
        group = "Set-up",
        summary = "prints the versions of the program and its libraries",
        examples = { { "sendgrid-sso version --json", "for a report of a mistake" } },
        run = version,
    },
}

return M
