--- Watches over certificates: what expires, what is missing, what nobody signs with any more.
--
-- This file reads, several integrations at the same time, and hands what it read to
-- `sso.monitor.assess`, which knows no network.  How a report is written stands in the table of
-- formats below, one module each.

---@class sso.CheckOptions
---@field integration_id? string  this one alone; all if not given
---@field within? number  seconds before an end that count as soon, 30 days
---@field critical_within? number  seconds before an end that count as urgent, 7 days
---@field renew_before? number  seconds before an end at which to renew; the last third of the
---lifetime if not given
---@field min_key_bits? integer  for RSA keys, 2048
---@field metadata? string|table  what the identity provider publishes: XML, a file, an https URL
---@field at? integer  unix seconds; now if not given

---@alias sso.FindingName
---| "expired" | "expires_soon" | "not_yet_valid" | "weak_key" | "unreadable" | "duplicate"
---| "no_certificate" | "not_in_metadata" | "not_stored"

---@class sso.Finding
---@field severity "critical"|"warning"|"info"
---@field finding sso.FindingName
---@field integration_id string
---@field integration? string  its name
---@field id? integer|string  the certificate's
---@field fingerprint? string  sha256, lower-case hex
---@field subject? string
---@field not_before? integer  unix seconds
---@field not_after? integer
---@field days_left? integer  whole days to the end, negative after it
---@field message string  what is the case
---@field action string  what to do

---@class sso.Report: sso.Finding[]
---@field status "ok"|"warning"|"critical"
---@field at integer  unix seconds of the check
---@field within integer
---@field critical_within integer
---@field counts {critical: integer, warning: integer, info: integer}
---@field integrations sso.ReportIntegration[]

---@class sso.ReportIntegration
---@field id string
---@field name? string
---@field enabled? boolean
---@field entity_id? string
---@field certificates sso.ReportCertificate[]

---@class sso.ReportCertificate
---@field id integer|string
---@field enabled? boolean  nil: SendGrid does not tell
---@field fingerprint? string  nil: it cannot be read
---@field subject? string
---@field key? {type: string, bits: integer?, curve: string?}
---@field not_before? integer
---@field not_after? integer
---@field renew_at? integer  when to renew it
---@field state "valid"|"not_yet_valid"|"expired"|"unreadable"

local core = require "sso.core"
local misuse = require "sso.misuse"

local M = {}

local OPTIONS = {
    integration_id = "any",
    within = "seconds",
    critical_within = "seconds",
    renew_before = "seconds",
    min_key_bits = "seconds",
    at = "seconds",
    metadata = "any",
}

local function failure(kind, message)
    return core.failure(kind, message, "check_certificates")
end

-- ---- reading ----------------------------------------------------------------

-- Whether an id out of an answer can be asked for: one segment of printable ASCII.
local function is_id(id)
    return type(id) == "number" and id >= 0 and id % 1 == 0
        or type(id) == "string" and #id <= 1024 and id:find "^[\33-\126]+$" ~= nil
            and not id:find "^%.%.?$"
end

local function nothing()
end

-- The integration asked for and its certificates, both requests on their way at once.
local function read_one(client, id, options)
    local asked, refused = client:get_integration(id, nil, options, nothing)
    local listed, refused_too = client:list_certificates(id, options, nothing)
    if not asked or not listed then
        return nil, refused or refused_too
    end
    local integration, err = asked:wait()
    local certificates, err_too = listed:wait()
    if not integration or not certificates then
        return nil, err or err_too
    end
    return { { integration = integration, certificates = certificates } }
end

-- All integrations: the list, then all lists of certificates at once.
local function read_all(client, options)
    local integrations, err = client:list_integrations(nil, options)
    if not integrations then
        return nil, err
    end
    for _, integration in ipairs(integrations) do
        if not is_id(integration.id) then
            return nil, failure("response", "the server lists an integration without an id")
        end
    end
    local read, first = {}, nil
    for i, integration in ipairs(integrations) do
        local handle, refused = client:list_certificates(integration.id, options, nothing)
        read[i] = { integration = integration, handle = handle }
        first = first or refused
    end
    for _, one in ipairs(read) do
        if one.handle then
            one.certificates, err = one.handle:wait()
            first = first or err
        end
    end
    if first then
        return nil, first
    end
    return read
end

-- Metadata as a table, from a table, XML, a file or a URL.
local function read_metadata(client, source)
    if source == nil or type(source) == "table" then
        return source
    end
    local metadata = require "sso.metadata"
    if source:find "^[^%w/.~_-]*<" or source:find("\0", 1, true) then
        return metadata.parse(source)
    end
    return metadata.fetch(source, {}, client)
end

-- What the certificates of an integration are compared with: the metadata of its own identity
-- provider.  nil, err when it belongs to none of them.
local function apply_metadata(read, metadata, one)
    if not metadata then
        return true
    end
    local applied = false
    for _, entry in ipairs(read) do
        if one or entry.integration.entity_id == metadata.entity_id then
            entry.metadata = metadata
            applied = true
        end
    end
    if not applied then
        return nil, failure("saml", ("no integration has the entity_id of the metadata, %s: name "
            .. "the integration by integration_id"):format(tostring(metadata.entity_id)))
    end
    return true
end

local function check(options)
    options = misuse.check_options("check_certificates", options, OPTIONS)
    local id, metadata = options.integration_id, options.metadata
    if id ~= nil and not is_id(id) then
        misuse.raise("check_certificates: option 'integration_id' must be an id")
    elseif metadata ~= nil and type(metadata) ~= "string"
        and not (type(metadata) == "table" and type(metadata.certificates) == "table") then
        misuse.raise("check_certificates: option 'metadata' must be XML, a file, an https URL, or "
            .. "what sso.metadata.parse returned")
    end
    return options
end

--- Looks over the certificates of one integration or of all: what has expired or soon will, what
--- is weak, doubled, unreadable, missing, or unknown to the identity provider.
---@param client sso.Client
---@param options? sso.CheckOptions
---@param call_options? sso.CallOptions  for each call
---@return sso.Report? report  findings, most severe first
---@return sso.Error? err
function M.check_certificates(client, options, call_options)
    options = check(options)
    if type(call_options) == "function" then
        misuse.raise "check_certificates: takes no callback: each step waits"
    end
    local metadata, read, applied, err
    metadata, err = read_metadata(client, options.metadata)
    if err then
        return nil, err
    end
    if options.integration_id then
        read, err = read_one(client, options.integration_id, call_options)
    else
        read, err = read_all(client, call_options)
    end
    if not read then
        return nil, err
    end
    applied, err = apply_metadata(read, metadata, options.integration_id ~= nil)
    if not applied then
        return nil, err
    end
    return require("sso.monitor.assess").assess(read, options)
end

-- ---- writing ----------------------------------------------------------------

local FORMATS = {
    text = "sso.monitor.text",
    json = "sso.monitor.json",
    prometheus = "sso.monitor.prometheus",
    nagios = "sso.monitor.nagios",
    ics = "sso.monitor.ics",
}

--- The names of the formats, in order.
M.formats = { "text", "json", "prometheus", "nagios", "ics" }

local function is_report(value)
    return type(value) == "table" and type(value.integrations) == "table"
        and type(value.status) == "string"
end

--- Writes a report, or the error for which there is none.
---@param report sso.Report|sso.Error  what `check_certificates` returned, the one or the other
---@param name "text"|"json"|"prometheus"|"nagios"|"ics"
---@param options? {width: integer?, ascii: boolean?, colour: boolean?}  `text`
---@return string text
---@return integer status  as Nagios plugins exit: 0 ok, 1 warning, 2 critical, 3 unknown
function M.format(report, name, options)
    local module = FORMATS[name]
    if not module then
        local near = type(name) == "string" and misuse.nearest(name, FORMATS)
        misuse.raise(("format: unknown format '%s'%s"):format(tostring(name),
            near and (" (did you mean '%s'?)"):format(near) or
            " (known: " .. table.concat(M.formats, ", ") .. ")"))
    end
    local writer = require(module)
    options = misuse.check_options("format", options, writer.options)
    if is_report(report) then
        return writer.write(report, options), M.exit_status(report)
    elseif type(report) ~= "table" or type(report.kind) ~= "string" then
        misuse.raise("format: a report of check_certificates, or its error, is expected")
    elseif not writer.write_error then
        misuse.raise(("format: %s has no form for an error"):format(name))
    end
    return writer.write_error(report, options), M.exit_status(report)
end

local STATUSES = { ok = 0, warning = 1, critical = 2 }

--- The exit status of a monitoring plugin: 0 ok, 1 warning, 2 critical, 3 when there is no report.
---@param report sso.Report|sso.Error
---@return integer
function M.exit_status(report)
    return STATUSES[report.status] or 3
end

return M
