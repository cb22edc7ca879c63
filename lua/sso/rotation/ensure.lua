--- One certificate of one integration: there already, put there, or put in the place of an older
--- one of the same key.
--
-- In the place of an older one is safe where the key is the same: what the identity provider signs
-- verifies with either.

local core = require "sso.core"
local journal = require "sso.journal"
local observe = require "sso.rotation.observe"

local M = {}

local WHO = "ensure_certificate"

-- The stored value, found by id.
local function value_of(list, id)
    for _, stored in ipairs(list) do
        if stored.id and observe.id_text(stored.id) == observe.id_text(id) then
            return stored
        end
    end
end

-- → the list as SendGrid gives it and as records; or nil, err
local function look(run)
    local list, err = run.client:list_certificates(run.integration_id)
    if not list then
        return nil, err
    end
    return list, run.read(list)
end

-- Reads the certificate back. → its value, or nil, err
local function read_back(run, id)
    local list, records = look(run)
    if not list then
        return nil, records
    end
    local record = observe.by_id(records, id)
    if not record or record.fingerprint ~= run.certificate.fingerprint then
        return nil, core.failure("unsafe", ("certificate %s reads back as another one: somebody "
            .. "else changes this integration"):format(observe.id_text(id)), WHO)
    elseif run.enabled ~= nil and record.enabled == not run.enabled then
        return nil, core.failure("unsafe", ("certificate %s was set enabled = %s and reads back as "
            .. "%s"):format(observe.id_text(id), tostring(run.enabled), tostring(record.enabled)),
            WHO)
    end
    return value_of(list, id)
end

-- The one whose key this is: enabled if that is known, else the one that ends last.
local function same_key(records, certificate)
    local best
    for _, record in ipairs(records) do
        local other = record.fingerprint and record.certificate
        if other and other.spki_sha256 == certificate.spki_sha256 then
            local better = not best
                or record.enabled == true and best.enabled ~= true
                or record.enabled == best.enabled
                    and other.not_after > best.certificate.not_after
            best = better and record or best
        end
    end
    return best
end

local function set(run, id, fields, outcome)
    local value, err = run.client:update_certificate(id, fields)
    if not value then
        return nil, err
    end
    value, err = read_back(run, id)
    if not value then
        return nil, err
    end
    return outcome, value
end

local function present(run, list, record)
    if run.enabled == nil then
        return "present", value_of(list, record.id)
    end
    return set(run, record.id, { enabled = run.enabled }, "present")
end

local function create(run)
    local made, err = run.client:create_certificate {
        public_certificate = run.certificate.pem,
        integration_id = run.integration_id,
        enabled = run.enabled,
    }
    if made then
        local value
        value, err = read_back(run, made.id)
        if not value then
            return nil, err
        end
        return "created", value
    elseif not journal.unclear(err) then
        return nil, err
    end
    -- never a second create: the list tells whether there was a first
    local list, records = look(run)
    local record = list and observe.holder(records, run.certificate.fingerprint)
    if not record then
        return nil, err
    end
    local ok, value = present(run, list, record)
    if not ok then
        return nil, value
    end
    return "created", value
end

--- See sso.rotation.
function M.ensure(client, integration_id, certificate, enabled)
    local run = {
        client = client, integration_id = integration_id, certificate = certificate,
        enabled = enabled, read = observe.reader(integration_id),
    }
    local list, records = look(run)
    if not list then
        return nil, records
    end
    local record = observe.holder(records, certificate.fingerprint)
    if record then
        return present(run, list, record)
    end
    record = same_key(records, certificate)
    if record then
        return set(run, record.id,
            { public_certificate = certificate.pem, enabled = enabled }, "renewed_same_key")
    end
    return create(run)
end

return M
