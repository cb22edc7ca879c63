-- client:restore: back to a snapshot, additions first and deletions last, and never so that an
-- integration is left without an enabled valid certificate that it had.

local accounts = require "support.accounts"
local dated = require "support.dated"
local helper = require "helper"

local pem = accounts.pem

describe("restore", function()
    helper.watch()

    local client, id, before
    before_each(function()
        helper.sandbox.reset()
        client = accounts.client()
    end)

    -- An integration, and the snapshot of the account.
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

    for _, service in ipairs(accounts.services) do
        it("brings back certificates, settings and an integration: " .. service.name, function()
            set_up({ { pem(1), true }, { pem(2), false } }, service.switches)
            local gone = accounts.integration(2, { { pem(3), true } })
            before = assert(client:snapshot())
            assert(client:delete_certificate(ids()[2]))
            assert(client:delete_integration(gone))
            assert(client:update_integration(id, { name = "Renamed",
                signin_url = "https://x.example/" }))
            local plan = assert(restore { delete = true })
            assert.equal("integration add, certificate add, certificate add, integration change, "
                .. "integration enable", accounts.steps(plan))
            assert.is_true(plan.changed)
            assert.equal("integration changed audience_url\nintegration changed id\n"
                .. "integration changed single_signon_url", accounts.lines(plan.differences))
            assert.equal("CN=idp 1 on, CN=idp 2 off", accounts.held(id))
            assert.equal("CN=idp 3 on", accounts.held(plan.ids[gone]))
            for _, step in ipairs(plan.steps) do
                assert.is_true(step.done or step.action == "keep")
            end
            local again = assert(restore { delete = true })
            assert.equal("", accounts.steps(again))
            assert.is_false(again.changed)
            assert.same({}, again.journal)
        end)
    end

    it("plans without a change with dry_run", function()
        set_up { { pem(1), true } }
        assert(client:delete_integration(id))
        local plan = assert(restore { dry_run = true })
        assert.is_true(plan.dry_run)
        assert.is_false(plan.changed)
        assert.equal("integration add, certificate add, integration enable", accounts.steps(plan))
        assert.equal("integration removed\ncertificate removed", accounts.lines(plan.differences))
        assert.same({ "DELETE integrations/" .. id }, accounts.changes())
        assert.matches("is made again under a new id: give the identity provider its new Single "
            .. "Sign%-On URL and Audience", plan.warnings[1])
    end)

    it("makes an integration switched off, and on when its certificates are there", function()
        set_up { { pem(1), true } }
        assert(client:delete_integration(id))
        local plan = assert(restore())
        local new = plan.ids[id]
        assert.same({ "DELETE integrations/" .. id, "POST integrations", "POST certificates",
            "PATCH integrations/" .. new }, accounts.changes())
        assert.is_false(plan.steps[1].fields.enabled)
        assert.is_true(assert(client:get_integration(new)).enabled)
        assert.same({ "integration add", "certificate add", "integration enable" }, {
            plan.journal[1].kind .. " " .. plan.journal[1].action,
            plan.journal[2].kind .. " " .. plan.journal[2].action,
            plan.journal[3].kind .. " " .. plan.journal[3].action,
        })
        for _, entry in ipairs(plan.journal) do
            assert.equal("done", entry.outcome)
            assert.is_true(math.abs(entry.at - os.time()) < 60)
        end
    end)

    it("sends all fields of an integration, where PATCH wants them", function()
        set_up({ { pem(1), true } }, { integration_patch = "full" })
        assert(client:update_integration(id, { name = "Renamed", enabled = false,
            signin_url = "https://a/", signout_url = "https://b/", entity_id = "c" }))
        local plan = assert(restore())
        assert.equal("integration change", accounts.steps(plan))
        assert.same({}, plan.differences)
    end)

    it("changes nothing that the snapshot does not say", function()
        set_up { { pem(1), true } }
        assert(client:update_integration(id, { signin_url = "https://x.example/" }))
        for _, integration in ipairs(before.integrations) do
            integration.signin_url, integration.name = nil, "Renamed"
        end
        assert(restore())
        local now = assert(client:get_integration(id))
        assert.same({ "Renamed", "https://x.example/" }, { now.name, now.signin_url })
    end)

    it("keeps what is not in the snapshot, and deletes it last when told to", function()
        set_up { { pem(1), true }, { pem(2), true } }
        assert(client:delete_certificate(ids()[1]))
        accounts.certificate(id, pem(3), true)
        local extra = accounts.integration(2, { { pem(4), true } })
        local plan = assert(restore())
        assert.equal("certificate add", accounts.steps(plan))
        local kept = {}
        for _, step in ipairs(plan.steps) do
            if step.action == "keep" then
                kept[#kept + 1] = step.kind
                assert.matches("without the option delete$", step.reason)
            end
        end
        assert.same({ "integration", "certificate" }, kept)
        assert.equal("CN=idp 1 on, CN=idp 2 on, CN=idp 3 on", accounts.held(id))
        plan = assert(restore { delete = true })
        assert.equal("certificate delete, integration delete", accounts.steps(plan))
        assert.same({}, plan.differences)
        assert.equal("CN=idp 1 on, CN=idp 2 on", accounts.held(id))
        assert.equal("not_found", select(2, client:get_integration(extra)).kind)
    end)

    it("adds and enables before it changes, and deletes last", function()
        set_up { { pem(1), true }, { pem(2), false } }
        local list = ids()
        assert(client:update_certificate(list[1], { enabled = false }))
        assert(client:update_certificate(list[2], { enabled = true }))
        accounts.certificate(id, pem(3), true)
        accounts.integration(2, {})
        assert(client:update_integration(id, { name = "Renamed" }))
        assert(client:delete_integration(accounts.FIRST))
        local plan = assert(restore { delete = true })
        assert.equal("integration add, certificate add, certificate enable, integration change, "
            .. "integration enable, certificate disable, certificate delete, integration delete",
            accounts.steps(plan))
        assert.equal("CN=idp 1 on, CN=idp 2 off", accounts.held(id))
    end)

    describe("and certificates of which nobody tells whether they were enabled", function()
        local quiet = { tell_enabled = false }
        local one = { tell_enabled = false, enabled_per_integration = "one" }

        it("adds them enabled where nothing else could serve, the newest last", function()
            set_up({ { pem(1), false }, { pem(2), true } }, one)
            assert(client:delete_integration(id))
            local plan = assert(restore())
            assert.equal("CN=idp 1 off, CN=idp 2 on", accounts.held(plan.ids[id]))
            assert.matches("does not tell which of the 2 certificates of integration Provider 1 "
                .. "were enabled", table.concat(plan.warnings, "\n"))
        end)

        it("adds the newest of the valid ones last, whatever their ids", function()
            local now, day = os.time(), 86400
            local newest = dated.certificate("newest", now - day, now + day)
            local oldest = dated.certificate("oldest", now - 9 * day, now + 9 * day)
            local ahead = dated.certificate("ahead", now + day, now + 9 * day)
            set_up({ { newest, true }, { ahead, false }, { oldest, false } }, one)
            assert(client:delete_integration(id))
            local plan = assert(restore())
            assert.equal("CN=ahead off, CN=newest on, CN=oldest off",
                accounts.held(plan.ids[id]))
            assert(client:delete_integration(plan.ids[id]))
            plan = assert(restore { enable = true })
            assert.equal("CN=ahead off, CN=newest on, CN=oldest off",
                accounts.held(plan.ids[id]))
        end)

        it("adds them not enabled where that could switch off another", function()
            set_up({ { pem(1), true }, { pem(2), false } }, one)
            assert(client:delete_certificate(ids()[2]))
            local plan = assert(restore())
            assert.equal("CN=idp 1 on, CN=idp 2 off", accounts.held(id))
            assert.matches("CN=idp 2 %(%x+%) of integration Provider 1 is added and not enabled",
                plan.warnings[1])
        end)

        it("adds them enabled when told to", function()
            set_up({ { pem(1), true }, { pem(2), true } }, quiet)
            assert(client:delete_certificate(ids()[2]))
            local plan = assert(restore { enable = true })
            -- the first integration has one of those as well
            assert.equal("certificate add, certificate enable, certificate enable",
                accounts.steps(plan))
            assert.equal("CN=idp 1 on, CN=idp 2 on", accounts.held(id))
        end)

        it("does not enable what is not valid, unless nothing else is", function()
            set_up({ { pem("long"), true }, { pem("short", 10), false } }, quiet)
            assert(client:delete_integration(id))
            local later = os.time() + 20 * 86400
            local plan = assert(restore { at = later })
            assert.equal("CN=idp long on, CN=idp short off", accounts.held(plan.ids[id]))
            id = accounts.integration(2, { { pem("short", 10), true } })
            before = assert(client:snapshot())
            assert(client:delete_integration(id))
            plan = assert(restore { at = later })
            assert.equal("CN=idp short on", accounts.held(plan.ids[id]))
        end)

        it("enables the only one that can serve before others are deleted", function()
            set_up({ { pem(1), false } }, quiet)
            accounts.certificate(id, pem(2), true)
            local plan = assert(restore { delete = true })
            assert.equal("certificate enable, certificate delete", accounts.steps(plan))
            assert.equal("CN=idp 1 on", accounts.held(id))
        end)

        it("takes none away when it cannot know which serves", function()
            set_up({ { pem(1), true }, { pem(2), false } }, quiet)
            accounts.certificate(id, pem(3), false)
            local plan, err = restore { delete = true }
            assert.is_nil(plan)
            assert.equal("unsafe", err.kind)
            assert.matches("^restore: integration " .. id:gsub("%-", "%%-") .. " %(Provider 1%): "
                .. "no valid certificate of the snapshot is known to be enabled, so none can be "
                .. "taken away; the option enable enables all of them", tostring(err))
            assert.same({}, accounts.changes())
            assert(restore { delete = true, enable = true })
            assert.equal("CN=idp 1 on, CN=idp 2 on", accounts.held(id))
        end)

        it("adds the only one enabled, when what could be serving is to be deleted", function()
            set_up({ { pem(1), true } }, one)
            assert(client:delete_certificate(ids()[1]))
            accounts.certificate(id, pem(2), true)
            local plan = assert(restore { delete = true })
            assert.equal("certificate add, certificate delete", accounts.steps(plan))
            assert.equal("CN=idp 1 on", accounts.held(id))
        end)

        it("sets what the snapshot tells, though the server does not", function()
            set_up { { pem(1), true }, { pem(2), false } }
            helper.sandbox.switch { tell_enabled = false }
            local list = ids()
            assert(client:update_certificate(list[1], { enabled = false }))
            assert(client:update_certificate(list[2], { enabled = true }))
            local plan = assert(restore())
            -- the first integration has one that it sets as well
            assert.equal("certificate enable, certificate enable, certificate disable",
                accounts.steps(plan))
            assert.equal("CN=idp 1 on, CN=idp 2 off", accounts.held(id))
        end)
    end)

    describe("and teammates", function()
        local function teammates()
            set_up { { pem(1), true } }
            helper.sandbox.seed { teammates = {
                { email = "admin@example.com", first_name = "A", last_name = "A",
                    is_admin = true },
                { email = "some@example.com", first_name = "S", last_name = "S",
                    scopes = { "mail.send" } },
                { email = "sub@example.com", first_name = "R", last_name = "R",
                    has_restricted_subuser_access = true, subuser_access = {
                        { id = 1001, permission_type = "restricted", scopes = { "mail.send" } },
                        { id = 1002, permission_type = "admin" },
                    } },
            } }
            before = assert(client:snapshot())
        end

        it("reports them, and leaves them alone unless asked", function()
            teammates()
            assert(client:delete_teammate "some@example.com")
            local plan = assert(restore())
            assert.equal("", accounts.steps(plan))
            assert.equal("teammate removed", accounts.lines(assert(client:diff(before))))
        end)

        it("makes them again and changes them back when asked", function()
            teammates()
            for _, name in ipairs { "admin", "some", "sub" } do
                assert(client:delete_teammate(name .. "@example.com"))
            end
            helper.sandbox.seed { teammates = { { email = "new@example.com", first_name = "N",
                last_name = "N" } } }
            local plan = assert(restore { teammates = true, delete = true })
            assert.equal("teammate add, teammate add, teammate add", accounts.steps(plan))
            assert.equal("teammate added", accounts.lines(plan.differences))
            assert(client:update_sso_teammate("some@example.com",
                { first_name = "S", last_name = "T", is_admin = true }))
            assert(client:update_sso_teammate("sub@example.com", {
                first_name = "R", last_name = "R", has_restricted_subuser_access = true,
                subuser_access = { { id = 1001, permission_type = "admin" } },
            }))
            plan = assert(restore { teammates = true })
            assert.equal("teammate change, teammate change", accounts.steps(plan))
            assert.equal("teammate added", accounts.lines(plan.differences))
        end)

        it("does not make one of whom nobody knows that it logs in by SSO", function()
            teammates()
            before.teammates[2].is_sso = nil
            assert(client:delete_teammate(before.teammates[2].username))
            local plan = assert(restore { teammates = true })
            assert.equal("", accounts.steps(plan))
            assert.matches("does not say that it logs in by SSO", plan.warnings[1])
        end)

        it("says that the last permission cannot be taken away", function()
            set_up { { pem(1), true } }
            helper.sandbox.seed { teammates = { { email = "none@example.com", first_name = "N",
                last_name = "N" } } }
            before = assert(client:snapshot())
            assert(client:update_sso_teammate("none@example.com",
                { first_name = "N", last_name = "N", scopes = { "mail.send" } }))
            local plan = assert(restore { teammates = true })
            assert.equal("", accounts.steps(plan))
            assert.matches("none@example.com stays as it is: the API cannot take the last",
                plan.warnings[1])
        end)

        it("says when the snapshot has none", function()
            set_up { { pem(1), true } }
            before.teammates = nil
            local plan = assert(restore { teammates = true })
            assert.same({ "the snapshot has no teammates" }, plan.warnings)
        end)
    end)

    it("says what of a snapshot cannot be made again, and does the rest", function()
        helper.sandbox.switch { validate_pem = false }
        set_up { { "any text", false }, { pem(1), true } }
        local other = accounts.integration(2, {})
        before = assert(client:snapshot())
        assert(client:delete_integration(id))
        assert(client:delete_integration(other))
        for _, integration in ipairs(before.integrations) do
            if integration.id == other then
                integration.entity_id = nil
            end
        end
        local plan = assert(restore())
        assert.equal("CN=idp 1 on", accounts.held(plan.ids[id]))
        local text = table.concat(plan.warnings, "\n")
        assert.matches("%(Provider 2%) cannot be made again: the snapshot has no entity_id", text)
        assert.matches("certificate %d+ of integration Provider 1 cannot be added: the text is not "
            .. "an X.509", text)
    end)

    it("answers with an error for what is no snapshot, and raises for a wrong call", function()
        local plan, err = client:restore({ format = "x" })
        assert.is_nil(plan)
        assert.equal("config", err.kind)
        assert.matches("^restore: this is no snapshot", tostring(err))
        local _, message = pcall(function() client:restore({}, { dryrun = true }) end)
        assert.matches("restore_spec.lua:%d+: restore: unknown option 'dryrun' "
            .. "%(did you mean 'dry_run'%?%)", message)
    end)
end)
