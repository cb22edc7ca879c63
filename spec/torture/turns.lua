--- What the hosts in C beside this file have Lua states do, over and over: turns, each a bit of
--- what people do with a client, which fails by an error when anything is not as it has to be.
---
--- Runs against the sandbox (sandbox/sandbox run ...).  Each turn makes what it changes, so any
--- number of states take turns at once.
---
---     prepare()          once, before all others: faults, certificates
---     turn(name|number)  returns the turn's name
---     names              the turns

local sso = require "sso"

local M = { names = {} }

local turns = {}

local function define(name, fn)
    M.names[#M.names + 1] = name
    turns[name] = fn
end

local function environment(name)
    return assert(os.getenv("SSO_SANDBOX_" .. name), "run by: sandbox/sandbox run COMMAND")
end

local function certificate_file(number)
    return ("%s/turns-%d.pem"):format(environment "DIR", number)
end

local function read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "*a"
    file:close()
    return text
end

--- Certificates, and paths that fail: .../slow hangs for a while, .../busy wants to be asked
--- again once, .../broken ends in the middle.
function M.prepare()
    local helper = require "helper"
    for number = 1, 2 do
        local file = assert(io.open(certificate_file(number), "wb"))
        file:write((helper.certificate { cn = "turns-" .. number, key = "ec" }))
        file:close()
    end
    helper.sandbox.reset()
    helper.sandbox.fault {
        { path = "/v3/sso/certificates/1001", status = 503, headers = { ["Retry-After"] = "0" },
            times = "always" },
        { path = "/v3/sso/certificates/1002", close = "mid-body", times = "always" },
        { path = "/v3/sso/certificates/1003", close = "reset", times = "always" },
        { path = "/v3/sso/certificates/1004", delay = 30, times = "always" },
    }
end

local ID = 66138975

local function options(more)
    local all = {
        base_url = environment "HTTP", timeout = 60, proxy = "",
        api_key = os.getenv "SENDGRID_API_KEY",
    }
    for name, value in pairs(more or {}) do
        all[name] = value
    end
    return all
end

local function new(more)
    return assert(sso.new(options(more)))
end

-- The client that a state keeps.
local kept

local function client()
    kept = kept or new()
    return kept
end

local function kind_of(value, err)
    return value == nil and err.kind or "none"
end

local function expect(wanted, got)
    if wanted ~= got then
        error(("%s where %s was expected"):format(tostring(got), tostring(wanted)), 2)
    end
end

-- ---- calls ---------------------------------------------------------------------------------

define("operations", function()
    local c = client()
    local made = assert(c:create_integration {
        name = "turn", enabled = false, signin_url = "https://idp.test/in",
        signout_url = "https://idp.test/out", entity_id = "turn",
    })
    assert(c:update_integration(made.id, { name = "ü", enabled = true, entity_id = "turn",
        signin_url = "https://idp.test/in", signout_url = "https://idp.test/out" }))
    local certificate = assert(c:create_certificate {
        integration_id = made.id, public_certificate = read(certificate_file(1)), enabled = true,
    })
    expect(certificate.id, assert(c:get_certificate(certificate.id)).id)
    expect(1, #assert(c:list_certificates(made.id)))
    assert(c:delete_certificate(certificate.id))
    assert(c:delete_integration(made.id))
    expect("not_found", kind_of(c:get_integration(made.id)))
end)

define("errors", function()
    local c = client()
    expect("not_found", kind_of(c:get_certificate(404)))
    expect("certificate", kind_of(c:update_certificate(ID, { public_certificate = "none" })))
    expect("unauthorized", kind_of(c:get_certificate(ID, { api_key = "SG.nobody" })))
    expect(false, pcall(c.get_certificate, c, {}))
    expect(false, pcall(sso.new, { timeout = "long" }))
    expect("server", kind_of(c:get_certificate(1001, { max_retries = 0 })))
    expect("network", kind_of(c:get_certificate(1003, { max_retries = 0 })))
    assert(kind_of(c:get_certificate(1002, { max_retries = 0 })) ~= "none")
end)

define("retries", function()
    local events = 0
    local value, err, response = client():get_certificate(1001, {
        max_retries = 2, on_event = function(event)
            assert(event.event)
            events = events + 1
        end,
    })
    expect("server", kind_of(value, err))
    expect(3, (response or err).attempts or err.attempts)
    assert(events >= 3)
end)

define("callbacks", function()
    local c, called, kinds = client(), 0, {}
    local handles = {}
    for i = 1, 12 do
        local id = i % 4 == 0 and 1001 or i % 4 == 1 and 1004 or ID
        handles[i] = c:get_certificate(id, { max_retries = 0 }, function(value, err)
            called = called + 1
            kinds[kind_of(value, err)] = (kinds[kind_of(value, err)] or 0) + 1
            if i == 2 then
                c:get_certificate(ID, nil, function()
                    called = called + 1
                end)
            end
        end)
    end
    c:step(0)
    for i = 1, 12, 4 do
        handles[i]:cancel()
    end
    expect(0, c:run(60))
    expect(13, called)
    expect(3, kinds.cancelled)
    expect(3, kinds.server)
    expect(6, kinds.none)
end)

define("coroutines", function()
    local done = 0
    for i = 1, 5 do
        local co = coroutine.wrap(function()
            expect("none", kind_of(client():get_certificate(ID)))
            done = done + i
        end)
        co()
    end
    client():run(60)
    expect(15, done)
end)

-- ---- lives ---------------------------------------------------------------------------------

define("closing", function()
    local c, cancelled = new(), 0
    for i = 1, 4 do
        c:get_certificate(i % 2 == 0 and 1004 or ID, nil, function(value, err)
            cancelled = cancelled + (kind_of(value, err) == "cancelled" and 1 or 0)
        end)
    end
    c:step(0)
    c:close()
    expect(4, cancelled)
    expect("cancelled", kind_of(c:get_certificate(ID)))
end)

define("dropping", function()
    local c = new()
    local other = assert(c:with { timeout = 5 })
    c:get_certificate(1004, nil, function() end)
    other:get_certificate(ID, nil, function() end)
    other:step(0)
    c, other = nil, nil -- luacheck: ignore 311
    collectgarbage()
    expect("none", kind_of(client():get_certificate(ID)))
    local _ = new() -- left to the collector, or to the state's end
    client():get_certificate(1004, nil, function() end)
    collectgarbage()
    kept:close()
    kept = nil
end)

define("tls", function()
    local secure = new {
        base_url = environment "HTTPS", ca_file = environment "CA",
    }
    expect(ID, assert(secure:get_certificate(ID)).id)
    local wary = new { base_url = environment "HTTPS", max_retries = 0 }
    expect("tls", kind_of(wary:get_certificate(ID)))
    secure:close()
    wary:close()
end)

-- ---- documents -----------------------------------------------------------------------------

define("certificates", function()
    local one, two = read(certificate_file(1)), read(certificate_file(2))
    local both = assert(sso.certificate.parse(one .. "\n" .. two))
    expect(2, #both)
    expect(true, sso.certificate.same(one, both[1]))
    expect(false, sso.certificate.same(one, two))
    expect("certificate", kind_of(sso.certificate.parse "no certificate"))
    assert(#sso.certificate.check(both[1], { at = 4e9, min_key_bits = 4096 }) > 0)
end)

define("metadata", function()
    local samples = require "support.saml_samples"
    local text = "<m:EntityDescriptor xmlns:m='urn:oasis:names:tc:SAML:2.0:metadata' "
        .. "entityID='https://idp.test'><m:IDPSSODescriptor protocolSupportEnumeration='"
        .. samples.SAML2 .. "'>" .. samples.key("signing", read(certificate_file(1)), { md = "m" })
        .. "<m:SingleSignOnService Binding='urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect' "
        .. "Location='https://idp.test/sso'/></m:IDPSSODescriptor></m:EntityDescriptor>"
    local found, err = sso.metadata.parse(text)
    expect("https://idp.test/sso", assert(found, err).signin_url)
    expect(1, #found.certificates)
    expect("saml", kind_of(sso.metadata.parse(text:sub(1, -20))))
end)

define("rotation", function()
    local c = client()
    local made = assert(c:create_integration {
        name = "rotated", enabled = true, signin_url = "https://idp.test/in",
        signout_url = "https://idp.test/out", entity_id = "rotated",
    })
    expect("created", (c:ensure_certificate(made.id, {
        public_certificate = read(certificate_file(1)), enabled = true,
    })))
    local plan, err = c:rotate_certificate(made.id, {
        public_certificate = read(certificate_file(2)), retire = "delete",
    })
    expect(true, assert(plan, err).changed)
    local left = assert(c:list_certificates(made.id))
    expect(1, #left)
    expect(true, sso.certificate.same(left[1].public_certificate, read(certificate_file(2))))
    expect(false, (assert(c:rotate_certificate(made.id, {
        public_certificate = read(certificate_file(2)), retire = "delete",
    }))).changed)
    assert(c:delete_integration(made.id))
end)

--- Takes a turn: one by name, or the n-th, in turn.
---@param which string|integer
---@return string name
function M.turn(which)
    local name = turns[which] and which or M.names[which % #M.names + 1]
    local ok, err = xpcall(turns[name], debug.traceback)
    if not ok then
        error(name .. ": " .. tostring(err), 0)
    elseif kept and kept:run(0) ~= 0 then
        error(name .. " left calls behind", 0)
    end
    return name
end

return M
