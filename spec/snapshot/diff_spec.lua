-- client:diff: what differs between a snapshot and another, or what is there now.

local accounts = require "support.accounts"
local helper = require "helper"
local snapshots = require "sso.snapshot"

describe("a diff", function()
    helper.watch()

    local client, id, before
    before_each(function()
        helper.sandbox.reset()
        helper.sandbox.switch { tell_enabled = true }
        id = accounts.integration(1, { { accounts.pem(1), true }, { accounts.pem(2), false } })
        helper.sandbox.seed { teammates = { {
            email = "jane@example.com", first_name = "Jane", last_name = "Doe",
            scopes = { "mail.send", "stats.read" },
        } } }
        client = accounts.client()
        before = assert(client:snapshot())
    end)

    local function lines()
        return accounts.lines(assert(client:diff(before)))
    end

    it("is empty when nothing changed, though SendGrid touched it", function()
        assert(client:update_integration(id, {
            name = "Provider 1", enabled = true,
            signin_url = "https://idp1.example/signin",
            signout_url = "https://idp1.example/signout",
            entity_id = "https://idp1.example/entity",
        }))
        before.integrations[1].last_updated, before.integrations[2].last_updated = 1, 1
        assert.same({}, assert(client:diff(before)))
    end)

    for _, row in ipairs {
        { "name", "Renamed" }, { "enabled", false }, { "signin_url", "https://new.example/" },
        { "signout_url", "https://new.example/" }, { "entity_id", "new" },
        { "completed_integration", false },
    } do
        it("tells a changed " .. row[1], function()
            local was
            for _, integration in ipairs(before.integrations) do
                was = integration.id == id and integration or was
            end
            assert(client:update_integration(id, { [row[1]] = row[2] }))
            assert.same({ {
                kind = "integration", id = id, integration = "Provider 1", change = "changed",
                field = row[1], from = was[row[1]], to = row[2],
            } }, assert(client:diff(before)))
        end)
    end

    it("tells a certificate that was added, removed, switched on", function()
        local certificates = assert(client:list_certificates(id))
        assert(client:delete_certificate(certificates[1].id))
        assert(client:update_certificate(certificates[2].id, { enabled = true }))
        local added = accounts.certificate(id, accounts.pem(3), false)
        local found = assert(client:diff(before))
        assert.equal("certificate removed\ncertificate changed enabled\ncertificate added",
            accounts.lines(found))
        assert.equal("CN=idp 1", found[1].subject)
        assert.same({ false, true }, { found[2].from, found[2].to })
        assert.equal(added, found[3].id)
        assert.equal(id, found[3].integration_id)
        assert.equal("Provider 1", found[3].integration)
        assert.equal(64, #found[3].fingerprint)
    end)

    it("compares certificates, not ids and texts", function()
        local certificates = assert(client:list_certificates(id))
        assert(client:delete_certificate(certificates[2].id))
        accounts.certificate(id, "text before\r\n" .. accounts.pem(2):gsub("\n", "\r\n"), false)
        assert.equal("", lines())
    end)

    it("tells another certificate under the same id", function()
        local certificates = assert(client:list_certificates(id))
        assert(client:update_certificate(certificates[2].id,
            { public_certificate = accounts.pem(3) }))
        assert.equal("certificate removed\ncertificate added", lines())
    end)

    it("tells a duplicate", function()
        accounts.certificate(id, accounts.pem(2), false)
        assert.equal("certificate added", lines())
    end)

    it("does not take what is not told for different", function()
        helper.sandbox.switch { tell_enabled = false }
        assert.equal("", lines())
        assert(client:update_certificate(assert(client:list_certificates(id))[1].id,
            { enabled = false }))
        assert.equal("", lines())
    end)

    it("tells an integration that came and one that went, with their certificates", function()
        assert(client:delete_integration(id))
        accounts.integration(2, { { accounts.pem(3), true } })
        local found = assert(client:diff(before))
        local list = {}
        for i, one in ipairs(found) do
            list[i] = one.kind .. " " .. one.change .. " " .. tostring(one.integration)
        end
        table.sort(list)
        assert.same({
            "certificate added Provider 2", "certificate removed Provider 1",
            "certificate removed Provider 1", "integration added Provider 2",
            "integration removed Provider 1",
        }, list)
    end)

    it("knows an integration that was made again by its name and entity_id", function()
        assert(client:delete_integration(id))
        local new = accounts.integration(1, {
            { accounts.pem(1), true }, { accounts.pem(2), false },
        })
        local found = assert(client:diff(before))
        assert.equal("integration changed audience_url\nintegration changed id\n"
            .. "integration changed single_signon_url", accounts.lines(found))
        assert.same({ id, new }, { found[2].from, found[2].to })
    end)

    it("tells teammates who came, went and changed", function()
        assert(client:update_sso_teammate("jane@example.com",
            { first_name = "Janet", last_name = "Doe", scopes = { "mail.send" } }))
        helper.sandbox.seed { teammates = { { email = "new@example.com", first_name = "N",
            last_name = "N" } } }
        local found = assert(client:diff(before))
        assert.equal("teammate changed first_name\nteammate changed scopes\nteammate added",
            accounts.lines(found))
        assert.same({ "jane@example.com", "Jane", "Janet" },
            { found[1].id, found[1].from, found[1].to })
        assert.same({ "mail.send", "stats.read" }, found[2].from)
        assert.equal("new@example.com", found[3].id)
        assert(client:delete_teammate("jane@example.com"))
        assert.equal("teammate removed\nteammate added", lines())
    end)

    it("passes over permissions that SendGrid gives by itself", function()
        table.insert(before.teammates[1].scopes, "2fa_required")
        assert.equal("", lines())
    end)

    it("leaves teammates alone when the snapshot has none", function()
        before.teammates = nil
        assert(client:delete_teammate("jane@example.com"))
        assert.equal("", lines())
    end)

    it("compares two snapshots without a request", function()
        local after = assert(snapshots.decode(snapshots.encode(before)))
        after.integrations[1].name = "Other"
        local count = accounts.requests()
        assert.equal("integration changed name", accounts.lines(assert(client:diff(before, after))))
        assert.equal(count, accounts.requests())
    end)

    it("answers with an error for a table that is no snapshot", function()
        local found, err = client:diff({ format = "sendgrid-sso/9" })
        assert.is_nil(found)
        assert.equal("config", err.kind)
        assert.matches("^diff: this snapshot is of version 9", tostring(err))
        found, err = client:diff(before, {})
        assert.is_nil(found)
        assert.matches("^diff: this is no snapshot", tostring(err))
        local _, message = pcall(function() client:diff("{}") end)
        assert.matches("diff_spec.lua:%d+: diff: the snapshot must be a table, not a string",
            message)
    end)

    it("is an error when what is there cannot be read", function()
        helper.sandbox.fault { status = 500 }
        local found, err = client:diff(before)
        assert.is_nil(found)
        assert.equal("server", err.kind)
    end)
end)
