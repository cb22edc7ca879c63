--- The certificates that an integration shall trust, out of what the caller gave: texts, or the
--- identity provider's metadata.
--
-- Nothing is trusted half: what cannot be read, carries no certificate, or does not carry the pin,
-- is an error before anything is asked of SendGrid.

local core = require "sso.core"
local misuse = require "sso.misuse"
local moment = require "sso.moment"

local M = {}

--- Options of a rotation, for misuse.check_options.
M.OPTIONS = {
    public_certificate = "any",
    metadata = "string",
    entity_id = "string",
    retire = "string",
    overlap = "seconds",
    several_enabled = "boolean",
    pin = "string",
    dry_run = "boolean",
    force = "boolean",
    at = "seconds",
    journal = "any",
}

local MODES = { keep = "keep", disable = "disable", delete = "delete" }

--- Raises upon what no data can make right.
function M.check(who, options)
    if options.retire and not MODES[options.retire] then
        local near = misuse.nearest(options.retire, MODES)
        misuse.raise(("%s: retire must be \"keep\", \"disable\" or \"delete\"%s"):format(who,
            near and (" (did you mean \"%s\"?)"):format(near) or ""))
    elseif options.journal ~= nil and type(options.journal) ~= "table" then
        misuse.raise(who .. ": journal must be the journal of an earlier plan, a table")
    elseif options.public_certificate ~= nil and options.metadata ~= nil then
        misuse.raise(who .. ": public_certificate and metadata are both given: one is wanted")
    end
end

local function failed(kind, who, message)
    return nil, core.failure(kind, message, who)
end

-- ---- texts -------------------------------------------------------------------------------

-- Adds the certificates of a text, or a parsed one, to the set. → true, or nil, err
local function add(set, who, one)
    if type(one) == "table" and type(one.pem) == "string" then
        one = one.pem
    elseif type(one) ~= "string" then
        misuse.raise(("%s: public_certificate must be text or a list of texts, not a %s"):format(
            who, type(one)))
    end
    local list, err = core.certificate.parse(one)
    if not list then
        err.operation = who
        return nil, err
    end
    for _, certificate in ipairs(list) do
        if not set[certificate.fingerprint] then
            set[certificate.fingerprint] = true
            set[#set + 1] = certificate
        end
    end
    return true
end

--- Reads certificates, each once, in their order.
---@param who string  the function, for errors
---@param given any  text, a parsed certificate, or a list of these
---@return table[]? certificates  at least one
---@return sso.Error? err
function M.certificates(who, given)
    local set = {}
    if type(given) ~= "table" or given.pem then
        given = { given }
    end
    for _, one in ipairs(given) do
        local ok, err = add(set, who, one)
        if not ok then
            return nil, err
        end
    end
    if #set == 0 then
        return failed("certificate", who, "no certificate is wanted; nothing was changed")
    end
    local wanted = {}
    for i, certificate in ipairs(set) do
        wanted[i] = certificate
    end
    return wanted
end

-- ---- metadata ----------------------------------------------------------------------------------

--- Reads metadata: XML as text, a file or a URL.
---@return table? metadata  of sso.metadata, with at least one certificate
---@return sso.Error? err
function M.metadata(client, who, source, options)
    local metadata = require "sso.metadata"
    local how = { entity_id = options.entity_id }
    local found, err
    -- XML begins with "<", whatever byte order mark or UTF-16's zero byte stands before it
    if source:find "^[%s%z\239\187\191\254\255]*<" then
        found, err = metadata.parse(source, how)
    else
        found, err = metadata.fetch(source, how, client)
    end
    if not found then
        return nil, err
    elseif #found.certificates == 0 then
        return failed("saml", who,
            "the metadata has no certificate to sign with; nothing was changed")
    end
    return found
end

-- ---- what may be trusted ----------------------------------------------------------------

-- A pin as 64 hex digits, or nil for one that is an entity_id.
local function fingerprint_of(pin)
    local hex = pin:gsub("[%s:]", ""):lower()
    return #hex == 64 and hex:find "^%x+$" and hex or nil
end

local function carries(wanted, fingerprint)
    for _, certificate in ipairs(wanted) do
        if certificate.fingerprint == fingerprint then
            return true
        end
    end
    return false
end

local function check_pin(who, wanted, metadata, pin)
    local fingerprint = fingerprint_of(pin)
    if fingerprint and not carries(wanted, fingerprint) then
        return failed("unsafe", who, ("none of the %d certificates has the pinned fingerprint %s; "
            .. "nothing was changed"):format(#wanted, fingerprint:sub(1, 16)))
    elseif not fingerprint and not metadata then
        return failed("unsafe", who, "the pin is no SHA-256 fingerprint, and certificates alone "
            .. "carry no entity_id that it could be; nothing was changed")
    elseif not fingerprint and metadata.entity_id ~= pin then
        return failed("unsafe", who, "the metadata is of another entity_id than the pinned one; "
            .. "nothing was changed")
    end
    return true
end

-- Old metadata names old keys: who follows it puts them back in the place of those in use.
local function check_age(who, metadata, options)
    local valid_until = metadata and metadata.valid_until
    if valid_until and not options.force and (options.at or os.time()) >= valid_until then
        return failed("unsafe", who, ("the metadata was valid until %s; nothing was changed; force "
            .. "takes it all the same"):format(moment.minute(valid_until)))
    end
    return true
end

--- The wanted set.
---@param client sso.Client
---@param who string  the function, for errors
---@param options table  checked
---@return table[]? wanted  at least one certificate, none twice
---@return table|sso.Error|nil metadata  where it came from metadata; the error
function M.read(client, who, options)
    local wanted, metadata, err
    if options.metadata then
        metadata, err = M.metadata(client, who, options.metadata, options)
        if not metadata then
            return nil, err
        end
        wanted, err = M.certificates(who, metadata.certificates)
    elseif options.public_certificate ~= nil then
        wanted, err = M.certificates(who, options.public_certificate)
    else
        misuse.raise(who .. ": which certificates? public_certificate or metadata is missing")
    end
    if not wanted then
        return nil, err
    end
    local ok
    if options.pin then
        ok, err = check_pin(who, wanted, metadata, options.pin)
        if not ok then
            return nil, err
        end
    end
    ok, err = check_age(who, metadata, options)
    if not ok then
        return nil, err
    end
    return wanted, metadata
end

return M
