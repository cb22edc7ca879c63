-- Accounts made up at random: a snapshot, damage at random, a restore. Afterwards nothing differs,
-- a second run does nothing, and whoever could log in by an integration that is in the snapshot
-- still can, after each request.

local accounts = require "support.accounts"
local helper = require "helper"

local ROUNDS = accounts.thorough and 24 or 6

-- The same numbers on every Lua: a linear congruential generator of 31 bits.
local state
local function random(n)
    state = (state * 1103515245 + 12345) % 2147483648
    return math.floor(state / 65536) % n + 1
end

local function chance(percent)
    return random(100) <= percent
end

-- Ten days or a year: the first have expired at the time by which these restores judge.
local function any_pem()
    local n = random(7)
    return accounts.pem("g" .. n, n == 1 and 10 or nil)
end

local function set_up()
    for n = 1, random(3) do
        local certificates = {}
        for i = 1, random(4) - 1 do
            certificates[i] = { any_pem(), chance(60) }
        end
        accounts.integration(n, certificates, { enabled = chance(85) })
    end
end

-- An element of a list, or nil of an empty one.
local function any(list)
    return #list > 0 and list[random(#list)] or nil
end

local function any_certificate(client)
    local integration = any(assert(client:list_integrations()))
    return integration and any(assert(client:list_certificates(integration.id))), integration
end

local damages = {
    function(client)
        local certificate = any_certificate(client)
        return certificate and assert(client:delete_certificate(certificate.id))
    end,
    function(client)
        local _, integration = any_certificate(client)
        return integration and accounts.certificate(integration.id, any_pem(), chance(50))
    end,
    function(client)
        local certificate = any_certificate(client)
        return certificate
            and assert(client:update_certificate(certificate.id, { enabled = chance(50) }))
    end,
    function(client)
        local certificate = any_certificate(client)
        return certificate and assert(client:update_certificate(certificate.id,
            { public_certificate = any_pem() }))
    end,
    function(client)
        local _, integration = any_certificate(client)
        return integration and assert(client:update_integration(integration.id, {
            name = integration.name, enabled = chance(70),
            signin_url = "https://damaged.example/" .. random(3),
            signout_url = integration.signout_url, entity_id = integration.entity_id,
        }))
    end,
    function(client)
        local integration = any(assert(client:list_integrations()))
        return integration and chance(50) and assert(client:delete_integration(integration.id))
    end,
    function()
        accounts.integration(10 + random(3), { { any_pem(), chance(60) } })
    end,
}

local function damage(client)
    for _ = 1, random(6) do
        damages[random(#damages)](client)
    end
end

-- The integrations of the snapshot that people can log in by now and shall be able to afterwards.
local function protected(before, at)
    local serving = accounts.serving(at)
    local list = {}
    for _, integration in ipairs(before.integrations) do
        if serving[integration.id] and integration.enabled then
            list[#list + 1] = integration.id
        end
    end
    return list
end

-- A client that looks after each call that changes something whether somebody is locked out.
local function watched(client, ids, at)
    local changing = { "create_certificate", "update_certificate", "delete_certificate",
        "create_integration", "update_integration", "delete_integration" }
    local own = {}
    for _, name in ipairs(changing) do
        own[name] = function(_, ...)
            local value, err = client[name](client, ...)
            local serving = accounts.serving(at)
            for _, id in ipairs(ids) do
                assert(serving[id], name .. " locks people out of " .. id)
            end
            return value, err
        end
    end
    return setmetatable(own, { __index = function(_, name)
        return function(_, ...)
            return client[name](client, ...)
        end
    end })
end

local function only_moved(differences)
    for _, one in ipairs(differences) do
        if one.field ~= "id" and one.field ~= "single_signon_url" and one.field ~= "audience_url"
        then
            return false
        end
    end
    return true
end

local restore = require("sso.snapshot").restore

-- One account. → "restored" or "refused"
local function round(switches, options)
    helper.sandbox.reset()
    helper.sandbox.switch(switches)
    local client = accounts.client()
    set_up()
    local at = os.time() + 20 * 86400
    local before = assert(client:snapshot { teammates = false })
    damage(client)
    local ids = protected(before, at)
    local all = { delete = true, at = at }
    for name, value in pairs(options) do
        all[name] = value
    end
    local changes = #accounts.changes()
    local plan, err = restore(watched(client, ids, at), before, all)
    local outcome = "restored"
    if not plan then
        assert.equal("unsafe", err.kind, tostring(err))
        assert.equal(changes, #accounts.changes())
        all.force, outcome = true, "refused"
        plan = assert(client:restore(before, all))
    end
    assert.is_true(only_moved(plan.differences), accounts.lines(plan.differences))
    local differences = assert(client:diff(before))
    assert.is_true(only_moved(differences), accounts.lines(differences))
    if not all.enable then
        changes = #accounts.changes()
        local again = assert(client:restore(before, all))
        assert.is_false(again.changed)
        assert.equal(changes, #accounts.changes())
    end
    return outcome
end

describe("a generated account", function()
    helper.watch()

    for number, row in ipairs {
        { "enabled told, several", { tell_enabled = true }, {} },
        { "enabled told, one", { tell_enabled = true, enabled_per_integration = "one" }, {} },
        { "enabled not told, several", { tell_enabled = false }, {} },
        { "enabled not told, one",
            { tell_enabled = false, enabled_per_integration = "one" }, {} },
        { "enabled not told, counted as enabled", { tell_enabled = false }, { enable = true } },
        { "PATCH of everything, both spellings",
            { tell_enabled = true, integration_patch = "full", spelling = "both" }, {} },
    } do
        it("is restored: " .. row[1], function()
            local counts = { restored = 0, refused = 0 }
            for i = 1, ROUNDS do
                state = number * 1000 + i
                for _ = 1, 3 do
                    random(2) -- the first numbers of near seeds are alike
                end
                local ok, outcome = pcall(round, row[2], row[3])
                assert(ok, ("account %d: %s"):format(number * 1000 + i, tostring(outcome)))
                counts[outcome] = counts[outcome] + 1
            end
            assert.is_true(counts.restored > 0, "each was refused")
        end)
    end
end)
