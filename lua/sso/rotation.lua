--- Rotation without lock-out: brings an integration to trust what its identity provider signs with.
--
--     local plan, err = client:rotate_certificate(integration_id, {
--         metadata = "https://idp.example/metadata",
--         retire = "delete",
--         overlap = 7 * 86400,
--     })
--
-- Certificates are compared by fingerprint.  A run may be stopped at any point and started again,
-- and nothing is stored anywhere: what SendGrid has is all that the next run looks at.
-- docs/rotation.md tells how it works; the parts are in sso/rotation/.

local core = require "sso.core"
local misuse = require "sso.misuse"
local run = require "sso.rotation.run"
local wanted_set = require "sso.rotation.wanted"

local M = {}

local LIST_CERTIFICATES
for number, name in ipairs(core.operation_names) do
    if name == "list_certificates" then
        LIST_CERTIFICATES = number
    end
end

local function with(options, more)
    local all = {}
    for _, list in ipairs { options, more } do
        for name, value in pairs(list) do
            all[name] = value
        end
    end
    return all
end

-- ---- ensure --------------------------------------------------------------------------------

local ENSURE = { public_certificate = "any", enabled = "boolean" }

--- Sees to it that an integration has one certificate; may be run any number of times.
---@param client sso.Client
---@param integration_id string|integer
---@param fields {public_certificate: string|table, enabled: boolean?}  public_certificate: text
--- that holds one certificate, or one as sso.certificate.parse gives it; `enabled`, when given, is
--- set each time
---@return "present"|"created"|"renewed_same_key"|nil outcome  renewed_same_key: it took the place
--- of another certificate of the same key
---@return sso.Certificate|sso.Error certificate  as read back; the error
function M.ensure_certificate(client, integration_id, fields)
    client:_begin(LIST_CERTIFICATES, integration_id):_discard()
    fields = misuse.check_options("ensure_certificate", fields, ENSURE)
    if fields.public_certificate == nil then
        misuse.raise "ensure_certificate: public_certificate is missing"
    end
    local list, err = wanted_set.certificates("ensure_certificate", fields.public_certificate)
    if not list then
        return nil, err
    elseif #list > 1 then
        return nil, core.failure("certificate",
            ("%d certificates where one is wanted"):format(#list), "ensure_certificate")
    end
    return require("sso.rotation.ensure").ensure(client, integration_id, list[1], fields.enabled)
end

-- ---- rotate ----------------------------------------------------------------------------------

--- Brings an integration to trust the wanted certificates, and no others any longer.
---
--- Of several wanted certificates the first that is valid counts as the one that the identity
--- provider signs with.  Nothing is retired before this run has set that one enabled and read it
--- back.
---@param client sso.Client
---@param integration_id string|integer
---@param options {public_certificate: string|string[]|nil, metadata: string?, entity_id: string?,
--- retire: "keep"|"disable"|"delete"|nil, overlap: number?, several_enabled: boolean?,
--- pin: string?, dry_run: boolean?, force: boolean?, at: number?, journal: table?}  see
--- docs/rotation.md
---@return sso.RotationPlan? plan  what was done; with dry_run, what would be
---@return sso.Error? err  with `plan`: what was done, what remains; and `journal`
function M.rotate_certificate(client, integration_id, options)
    client:_begin(LIST_CERTIFICATES, integration_id):_discard()
    options = misuse.check_options("rotate_certificate", options, wanted_set.OPTIONS)
    wanted_set.check("rotate_certificate", options)
    local wanted, metadata = wanted_set.read(client, "rotate_certificate", options)
    if not wanted then
        return nil, metadata
    end
    return run.rotate(client, integration_id, wanted, options)
end

-- ---- sync ------------------------------------------------------------------------------------

local SYNC = with(wanted_set.OPTIONS, { update_integration = "boolean" })
SYNC.metadata, SYNC.public_certificate = nil, nil

--- Brings an integration to trust the certificates of metadata; compares its addresses.
---@param client sso.Client
---@param integration_id string|integer
---@param source string  metadata: XML, a file or an https URL
---@param options table?  as of rotate_certificate; update_integration: change signin_url,
--- signout_url and entity_id where they differ, once the certificates are safe
---@return sso.RotationPlan? plan  with `integration`: differences and whether they were changed
---@return sso.Error? err  as of rotate_certificate
function M.sync_metadata(client, integration_id, source, options)
    client:_begin(LIST_CERTIFICATES, integration_id):_discard()
    if type(source) ~= "string" or source == "" then
        misuse.raise "sync_metadata: the source must be metadata, the name of a file or a URL"
    end
    options = misuse.check_options("sync_metadata", options, SYNC)
    wanted_set.check("sync_metadata", options)
    local wanted, metadata = wanted_set.read(client, "sync_metadata",
        with(options, { metadata = source }))
    if not wanted then
        return nil, metadata
    end
    local plan, err = run.rotate(client, integration_id, wanted, options)
    if not plan then
        return nil, err
    end
    local update = options.update_integration == true and not options.dry_run
    plan.integration, err = require("sso.rotation.sync").integration(client, integration_id,
        metadata, update)
    if not plan.integration then
        err.plan, err.journal = plan, plan.journal
        return nil, err
    end
    plan.changed = plan.changed or plan.integration.updated
    return plan
end

return M
