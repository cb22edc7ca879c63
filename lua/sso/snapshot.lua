--- The whole SSO set-up of an account as one document that can be reviewed, compared and restored.
--
--     local before = assert(client:snapshot())
--     -- ... somebody changes things ...
--     for _, difference in ipairs(assert(client:diff(before))) do
--         print(difference.kind, difference.id, difference.change, difference.field)
--     end
--     local plan = assert(client:restore(before, { dry_run = true }))
--
-- `encode` and `decode` turn it into text and back.  docs/snapshots.md tells how it works; the
-- parts are in sso/snapshot/.

local apply = require "sso.snapshot.apply"
local core = require "sso.core"
local differences = require "sso.snapshot.diff"
local document = require "sso.snapshot.document"
local misuse = require "sso.misuse"
local planner = require "sso.snapshot.plan"
local read = require "sso.snapshot.read"

local M = {}

---@class sso.Snapshot
---@field format "sendgrid-sso/1"
---@field taken_at integer  unix seconds
---@field server string  where it was taken
---@field on_behalf_of string?  the subuser
---@field integrations table[]  by id: the fields of the API, and `certificates`, by id: the fields
---of the API with fingerprint, subject and valid, or unreadable, which says why these are missing
---@field teammates table[]?  by username; those who log in by SSO
---@field notes string[]?  what is missing, and why

---@class sso.Difference
---@field kind "integration"|"certificate"|"teammate"
---@field id string|integer|nil  in the first snapshot; of what was added, in the second
---@field change "added"|"removed"|"changed"
---@field field string?  of what was changed
---@field from any?
---@field to any?
---@field integration_id string?  of a certificate
---@field integration string?  the integration's name
---@field fingerprint string?
---@field subject string?
---@field not_after integer?

---@class sso.RestoreStep
---@field kind "integration"|"certificate"|"teammate"
---@field action "add"|"enable"|"change"|"disable"|"delete"|"keep"
---@field id string|integer|nil  as it is now; of what is to be added, the snapshot's until it is
---@field integration_id string?
---@field integration string?
---@field fingerprint string?
---@field subject string?
---@field enabled boolean?  what a certificate is set to
---@field fields table?  what an integration or teammate is set to
---@field reason string
---@field done boolean

---@class sso.RestorePlan
---@field steps sso.RestoreStep[]  in the order in which they are done
---@field warnings string[]
---@field journal sso.JournalEntry[]
---@field ids table<string, string>  integrations that were made again: the snapshot's id to the new
---@field differences sso.Difference[]  what differs from the snapshot, now that this was done
---@field changed boolean  whether anything was done at the server
---@field dry_run boolean
---@field unsafe string[]  what could lock people out; empty unless it is the reason for an error

-- ---- snapshot --------------------------------------------------------------------------

local SNAPSHOT = { teammates = "boolean" }

--- Adds the teammates. Unless they were asked for, a key that may not read them is no failure.
local function add_teammates(client, snapshot, wanted)
    if wanted == false then
        return snapshot
    end
    local teammates, err = read.teammates(client)
    if teammates then
        snapshot.teammates = teammates
    elseif wanted == nil and err.kind == "forbidden" then
        snapshot.notes = { "teammates are missing: this API key may not read them" }
    else
        return nil, err
    end
    return snapshot
end

local function take(client, teammates)
    local integrations, err = read.integrations(client)
    if not integrations then
        return nil, err
    end
    return add_teammates(client, {
        format = document.FORMAT,
        taken_at = os.time(),
        server = client:_option "base_url",
        on_behalf_of = client:_option "on_behalf_of",
        integrations = integrations,
    }, teammates)
end

--- Reads the whole SSO set-up: integrations, their certificates, and the teammates who log in by
--- SSO.  The whole or an error; it holds no secret.
---@param client sso.Client
---@param options? {teammates: boolean?}  true: an error when they cannot be read; false: without
--- them; not given: without them when the API key may not read them, which `notes` tells
---@return sso.Snapshot? snapshot
---@return sso.Error? err
function M.snapshot(client, options)
    options = misuse.check_options("snapshot", options, SNAPSHOT)
    return take(client, options.teammates)
end

--- Writes a snapshot as JSON: sorted and indented, so that the same set-up is the same text.
---@param snapshot sso.Snapshot
---@return string json
function M.encode(snapshot)
    if type(snapshot) ~= "table" then
        misuse.raise("encode: the snapshot must be a table, not a " .. type(snapshot))
    end
    return document.encode(snapshot)
end

--- Reads what `encode` wrote, whoever edited it meanwhile.
---@param json string
---@return sso.Snapshot? snapshot
---@return sso.Error? err  kind `config`; says which part is wrong
function M.decode(json)
    if type(json) ~= "string" then
        misuse.raise("decode: the JSON must be a string, not a " .. type(json))
    end
    return document.decode(json)
end

-- ---- diff ------------------------------------------------------------------------------

local function checked(snapshot, who)
    if type(snapshot) ~= "table" then
        misuse.raise(("%s: the snapshot must be a table, not a %s; sso.snapshot's decode reads "
            .. "text"):format(who, type(snapshot)))
    end
    return document.check(snapshot, who)
end

--- Tells what differs between a snapshot and another, or what is there now.
---@param client sso.Client
---@param snapshot sso.Snapshot
---@param other? sso.Snapshot  the later one; not given: as it is now
---@return sso.Difference[]? differences  empty: none
---@return sso.Error? err
function M.diff(client, snapshot, other)
    local a, err = checked(snapshot, "diff")
    local b
    if a and other ~= nil then
        b, err = checked(other, "diff")
    elseif a then
        b, err = take(client, a.teammates ~= nil)
    end
    if not b then
        return nil, err
    end
    return differences.compare(a, b)
end

-- ---- restore ---------------------------------------------------------------------------

local RESTORE = {
    dry_run = "boolean", delete = "boolean", teammates = "boolean", enable = "boolean",
    force = "boolean", at = "seconds",
}

--- Brings an account back to a snapshot: plans, then adds and enables, then changes, and deletes
--- last, if at all.  It may be stopped at any point and run again; a second run changes nothing.
---@param client sso.Client
---@param snapshot sso.Snapshot
---@param options? {dry_run: boolean?, delete: boolean?, teammates: boolean?, enable: boolean?,
--- force: boolean?, at: number?}  delete: what is not in the snapshot goes; teammates: restores
--- them too; enable: certificates of which the snapshot does not tell count as enabled; force: does
--- what could lock people out; at: unix seconds, by which validity is judged
---@return sso.RestorePlan? plan  what was done; with dry_run, what would be
---@return sso.Error? err  kind `unsafe` before anything was done, or what failed; `plan`, `journal`
function M.restore(client, snapshot, options)
    options = misuse.check_options("restore", options, RESTORE)
    local wanted, err = checked(snapshot, "restore")
    if not wanted then
        return nil, err
    end
    local now
    now, err = take(client, options.teammates == true)
    if not now then
        return nil, err
    end
    local plan = planner.make(wanted, now, options, options.at or os.time())
    plan.journal, plan.ids, plan.changed = {}, {}, false
    plan.dry_run = options.dry_run == true
    plan.differences = differences.compare(wanted, now)
    if #plan.unsafe > 0 then
        err = core.failure("unsafe", table.concat(plan.unsafe, "; "), "restore")
        err.plan, err.journal = plan, plan.journal
        return nil, err
    elseif plan.dry_run then
        return plan
    end
    plan, err = apply.carry_out(client, plan, now)
    if not plan then
        return nil, err
    elseif #plan.journal == 0 then
        return plan
    end
    now, err = take(client, options.teammates == true)
    if not now then
        err.plan, err.journal = plan, plan.journal
        return nil, err
    end
    plan.differences = differences.compare(wanted, now)
    return plan
end

return M
