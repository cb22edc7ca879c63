--- `snapshot`, `diff` and `restore`: the whole SSO set-up as one document.

local core = require "sso.core"
local files = require "sso.cli.files"
local moments = require "sso.cli.moments"
local plans = require "sso.cli.plans"

local M = {}

local function library()
    return require "sso.snapshot"
end

local function read(session, name)
    local snapshot, err = session:call(library().decode, files.read(name))
    if not snapshot then
        local shown = name == "-" and "standard input" or name
        error(core.failure(err.kind, shown .. ": " .. err.message), 0)
    end
    return snapshot
end

-- ---- snapshot ----------------------------------------------------------------------

local function take(session)
    local args, out, client = session.args, session.out, session:client()
    local snapshot, err = session:call(client.snapshot, client, { teammates = args.teammates })
    if not snapshot then
        error(err, 0)
    end
    for _, note in ipairs(snapshot.notes or {}) do
        out:warn(note)
    end
    local text = library().encode(snapshot)
    if args.output and args.output ~= "-" then
        files.write(args.output, text)
        session:done({ written = args.output }, "wrote " .. args.output)
    else
        out:write(text)
    end
    return 0
end

-- ---- diff --------------------------------------------------------------------------

local SIGNS = {
    added = { "+", "green" }, removed = { "-", "red" }, changed = { "~", "yellow" },
}

-- Texts of many lines are shown by what they are.
local function value_text(value)
    if value == nil then
        return "(none)"
    elseif type(value) == "table" then
        local parts = {}
        for i, element in ipairs(value) do
            parts[i] = type(element) == "table" and "…" or plans.word(element)
        end
        return "[" .. table.concat(parts, ", ") .. "]"
    end
    return plans.word(value)
end

local function line_of(difference, arrow)
    local name = ("%s %s"):format(difference.kind, plans.word(difference.id))
    if difference.integration and difference.kind == "certificate" then
        name = name .. " of " .. difference.integration
    elseif difference.integration then
        name = name .. " (" .. difference.integration .. ")"
    end
    if difference.subject then
        name = name .. (", %s, ends %s"):format(difference.subject,
            moments.date(difference.not_after))
    end
    if difference.field then
        name = name .. (": %s: %s %s %s"):format(difference.field, value_text(difference.from),
            arrow, value_text(difference.to))
    end
    return name
end

local function show_differences(out, list)
    for _, difference in ipairs(list) do
        local sign = SIGNS[difference.change]
        out:write(out:paint(sign[2], sign[1]) .. " ")
        out:fold(line_of(difference, out.arrow), "  ")
    end
    if #list == 0 then
        out:line "no difference"
    end
end

local function diff(session)
    local args, out = session.args, session.out
    local first = read(session, args.snapshot)
    local list, err
    if args.other then
        list, err = session:call(library().diff, nil, first, read(session, args.other))
    else
        local client = session:client()
        list, err = session:call(client.diff, client, first)
    end
    if not list then
        error(err, 0)
    elseif args.json then
        out:document(list, true)
    else
        show_differences(out, list)
    end
    return args.exit_code and #list > 0 and 1 or 0
end

-- ---- restore -----------------------------------------------------------------------

local function restore(session)
    local args, client = session.args, session:client()
    local snapshot = read(session, args.snapshot)
    return plans.run(session, function(dry_run)
        return client:restore(snapshot, {
            dry_run = dry_run, delete = args.delete, teammates = args.teammates,
            enable = args.enable, force = args.force,
        })
    end, ("Bring %s back to %s?"):format(session:server(), args.snapshot))
end

-- ---- rows --------------------------------------------------------------------------

local SNAPSHOT = {
    name = "snapshot", argname = "FILE",
    description = "what 'sendgrid-sso snapshot' wrote; - for standard input",
}

M.rows = {
    {
        name = "snapshot",
        group = "The whole set-up",
        summary = "prints the whole set-up as one JSON document",
        description = "Prints integrations, certificates and the teammates who log in by SSO as "
            .. "one JSON document, sorted, so that the same set-up is the same text. It holds no "
            .. "secret.",
        options = {
            { name = "output", argname = "FILE", description = "write it there instead" },
            {
                name = "teammates", kind = "boolean",
                description = "with teammates or fail; if not given, with them where the key may "
                    .. "read them",
            },
        },
        examples = {
            { "sendgrid-sso snapshot --output sso.json", "for a repository, or before a change" },
        },
        run = take,
    },
    {
        name = "diff",
        group = "The whole set-up",
        summary = "tells what differs from a snapshot",
        description = "Tells what differs between a snapshot and the set-up as it is, or another "
            .. "snapshot.",
        arguments = {
            SNAPSHOT,
            {
                name = "other", argname = "OTHER", args = "?",
                description = "a later snapshot; without it, what is there now",
            },
        },
        options = {
            {
                name = "exit_code", kind = "switch",
                description = "end with status 1 when there is a difference",
            },
        },
        examples = {
            { "sendgrid-sso diff sso.json", "what was changed since" },
            { "sendgrid-sso diff monday.json friday.json", "without asking SendGrid" },
        },
        run = diff,
    },
    {
        name = "restore",
        group = "The whole set-up",
        summary = "brings the set-up back to a snapshot",
        description = "Brings the set-up back to a snapshot: plans, asks, adds and enables first, "
            .. "and deletes last, if at all. It may be stopped at any point and run again.",
        arguments = { SNAPSHOT },
        options = {
            {
                name = "delete", kind = "switch",
                description = "delete what is not in the snapshot",
            },
            { name = "teammates", kind = "switch", description = "restore teammates, too" },
            {
                name = "enable", kind = "switch",
                description = "certificates of which the snapshot does not tell count as enabled",
            },
            {
                name = "force", kind = "switch",
                description = "even where it could lock people out",
            },
        },
        examples = {
            { "sendgrid-sso restore sso.json --dry-run", "shows the plan" },
            { "sendgrid-sso restore sso.json", "asks, then restores" },
        },
        run = restore,
    },
}

return M
