-- client:restore refuses what could lock people out: before anything is done when the plan shows
-- it, and on the way when somebody else changes the same integration.

local accounts = require "support.accounts"
local helper = require "helper"

local pem = accounts.pem

describe("restore refuses what could lock people out:", function()
    helper.watch()

    local client, id, before
    before_each(function()
        helper.sandbox.reset()
        client = accounts.client()
    end)

    local function set_up(certificates, switches)
        helper.sandbox.switch(switches or { tell_enabled = true })
        id = accounts.integration(1, certificates)
        before = assert(client:snapshot())
    end

    local function ids()
        return accounts.ids(client, id)
    end

    local function restore(options)
        return client:restore(before, options)
    end

    -- What the list before a deletion shows, in the place of what is there: {id, PEM, enabled};
    -- nil: it does not tell.
    local function meanwhile(rows)
        local list = {}
        for i, row in ipairs(rows) do
            list[i] = ('{"id":%d,"public_certificate":"%s","integration_id":"%s"%s}'):format(
                row[1], (row[2]:gsub("\n", "\\n")), id,
                row[3] ~= nil and ',"enabled":' .. tostring(row[3]) or "")
        end
        helper.sandbox.fault { method = "GET", after = 1,
            path = "^/v3/sso/integrations/" .. id:gsub("%-", "%%-") .. "/certificates$",
            status = 200, body = "[" .. table.concat(list, ",") .. "]" }
    end

    local function is_refused(held, options)
        local plan, err = restore(options or { delete = true })
        assert.is_nil(plan)
        assert.equal("unsafe", err.kind)
        assert.matches("is known to be enabled any more: somebody else changes it", tostring(err))
        assert.equal("failed", err.journal[#err.journal].outcome)
        assert.equal(held, accounts.held(id))
    end

    it("the last enabled valid certificate of an integration", function()
        set_up { { pem(1), false } }
        accounts.certificate(id, pem(2), true)
        local plan, err = restore { delete = true }
        assert.is_nil(plan)
        assert.equal("unsafe", err.kind)
        assert.equal("certificate delete", accounts.steps(err.plan))
        assert.same({}, err.journal)
        assert.equal("CN=idp 1 off, CN=idp 2 on", accounts.held(id))
    end)

    it("an enabled certificate when that of the snapshot has expired", function()
        set_up { { pem("short", 10), true } }
        accounts.certificate(id, pem(2), true)
        local later = os.time() + 20 * 86400
        local _, err = restore { delete = true, at = later }
        assert.equal("unsafe", err.kind)
        assert.equal("CN=idp 2 on, CN=idp short on", accounts.held(id))
    end)

    it("disabling the only one", function()
        set_up { { pem(1), false } }
        assert(client:update_certificate(ids()[1], { enabled = true }))
        local _, err = restore()
        assert.equal("unsafe", err.kind)
        assert.equal("CN=idp 1 on", accounts.held(id))
    end)

    it("no integration left enabled", function()
        set_up { { pem(1), true } }
        before.integrations = {}
        local _, err = restore { delete = true }
        assert.equal("unsafe", err.kind)
        assert.matches("no integration would be left enabled", tostring(err))
        assert.equal(2, #assert(client:list_integrations()))
    end)

    it("deletions by a snapshot of another account", function()
        set_up { { pem(1), true } }
        before.on_behalf_of = "subuser1"
        local _, err = restore { delete = true }
        assert.equal("unsafe", err.kind)
        assert.matches("the snapshot is of another account %(.* on behalf of "
            .. "subuser1%), and the option delete would delete what this one has$", tostring(err))
        local plan = assert(restore())
        assert.matches("^the snapshot was taken at http://%S+ on behalf of subuser1, this is "
            .. "http://%S+$", plan.warnings[1])
    end)

    it("before anything was done, and not when forced", function()
        set_up { { pem(1), false } }
        accounts.certificate(id, pem(2), true)
        assert(client:update_integration(id, { name = "Renamed" }))
        local _, err = restore { delete = true, dry_run = true }
        assert.equal("unsafe", err.kind)
        assert.is_true(err.plan.dry_run)
        local plan = assert(restore { delete = true, force = true })
        assert.matches("^forced: integration ", plan.warnings[1])
        assert.equal("CN=idp 1 off", accounts.held(id))
    end)

    it("the other of two, one of which is missing and nobody tells which served", function()
        set_up({ { pem(1), true }, { pem(2), false } }, { tell_enabled = false })
        assert(client:delete_certificate(ids()[2]))
        accounts.certificate(id, pem(3), false)
        local changes = #accounts.changes()
        local _, err = restore { delete = true }
        assert.equal("unsafe", err.kind)
        assert.equal(changes, #accounts.changes())
    end)

    it("when somebody else takes the last one away meanwhile", function()
        set_up { { pem(1), true } }
        accounts.certificate(id, pem(2), true)
        meanwhile {}
        is_refused "CN=idp 1 on, CN=idp 2 on"
    end)

    it("when somebody else switches the last one off meanwhile", function()
        set_up { { pem(1), true } }
        accounts.certificate(id, pem(2), true)
        meanwhile { { ids()[1], pem(1), false } }
        is_refused "CN=idp 1 on, CN=idp 2 on"
    end)

    it("when of two that are the same only the one to be deleted is left", function()
        set_up { { pem(1), true } }
        local second = accounts.certificate(id, pem(1), true)
        meanwhile { { second, pem(1), true } }
        is_refused "CN=idp 1 on, CN=idp 1 on"
    end)

    it("when the one that was enabled last is gone, and nobody tells of the other", function()
        set_up({ { pem(1), true }, { pem(2), true } },
            { tell_enabled = false, enabled_per_integration = "one" })
        accounts.certificate(id, pem(3), true)
        meanwhile { { ids()[1], pem(1) } }
        is_refused("CN=idp 1 off, CN=idp 2 on, CN=idp 3 off", { delete = true, enable = true })
    end)

    it("when somebody puts another certificate into its place meanwhile", function()
        set_up { { pem(1), true } }
        accounts.certificate(id, pem(2), true)
        meanwhile { { ids()[1], pem(3), true } }
        is_refused "CN=idp 1 on, CN=idp 2 on"
    end)
end)
