-- rotate_certificate against the sandbox: what is asked of SendGrid in which order, what is there
-- afterwards and what is reported; and what is refused before anything is asked.

local calls = require "support.rotation_calls"
local cjson = require "cjson"
local helper = require "helper"

local sandbox, INTEGRATION = helper.sandbox, helper.INTEGRATION

local rotate = calls.rotate
local new, nxt

describe("rotate_certificate", function()
    helper.watch()

    setup(function()
        new, nxt = calls.certificates()
    end)

    before_each(function()
        sandbox.reset()
    end)

    teardown(function()
        sandbox.reset()
    end)

    it("adds, enables and reads back before it deletes", function()
        local plan = assert(rotate { public_certificate = new.pem, retire = "delete" })
        assert.equal("GET list, POST off, GET list, PATCH 66138976 on, GET list, "
            .. "DELETE 66138975, GET list", calls.requests())
        assert.equal("66138976 +", calls.stored())
        assert.equal("add 66138976, enable 66138976, delete 66138975", calls.steps(plan))
        assert.equal("add 66138976 done, enable 66138976 done, delete 66138975 done",
            calls.journal(plan))
        assert.is_true(plan.changed)
        assert.is_false(plan.dry_run)
        assert.equal(INTEGRATION, plan.integration_id)
        assert.equal(new.fingerprint, plan.active)
    end)

    it("keeps the old one by default, and disables it when told to", function()
        assert(rotate { public_certificate = new.pem })
        assert.equal("66138975 +, 66138976 +", calls.stored())
        assert(rotate { public_certificate = new.pem, retire = "disable" })
        assert.equal("66138975 -, 66138976 +", calls.stored())
    end)

    for _, tell in ipairs { true, false } do
        for _, number in ipairs { "one", "several" } do
            it(("changes nothing the second time: %s enabled, tell_enabled %s"):format(number,
                tostring(tell)), function()
                sandbox.switch { tell_enabled = tell, enabled_per_integration = number }
                for _, retire in ipairs { "keep", "disable", "delete" } do
                    local options = { public_certificate = { new.pem, nxt.pem }, retire = retire }
                    assert(rotate(options))
                    local before, count = calls.stored(), #sandbox.log().requests
                    local plan = assert(rotate(options))
                    assert.equal(before, calls.stored())
                    assert.is_false(plan.changed)
                    assert.equal(not tell, plan.set_unknown)
                    if tell then
                        assert.equal(count + 1, #sandbox.log().requests)
                        assert.same({}, plan.journal)
                    end
                end
                assert.equal("66138976 +, 66138977 -", calls.stored())
            end)
        end
    end

    it("tells the whole story of a key's change where one certificate is enabled", function()
        sandbox.switch { enabled_per_integration = "one" }
        assert(rotate { public_certificate = { new.pem } })
        assert.equal("66138975 -, 66138976 +", calls.stored())
        assert(rotate { public_certificate = { new.pem, nxt.pem }, retire = "delete" })
        assert.equal("66138976 +, 66138977 -", calls.stored())
        assert(rotate { public_certificate = { nxt.pem, new.pem }, retire = "delete" })
        assert.equal("66138976 -, 66138977 +", calls.stored())
        assert(rotate { public_certificate = { nxt.pem }, retire = "delete" })
        assert.equal("66138977 +", calls.stored())
    end)

    it("tells the whole story where several are", function()
        local options = { several_enabled = true, retire = "delete" }
        local function to(...)
            options.public_certificate = { ... }
            return assert(rotate(options))
        end
        to(new.pem)
        assert.equal("66138976 +", calls.stored())
        to(new.pem, nxt.pem)
        assert.equal("66138976 +, 66138977 +", calls.stored())
        to(nxt.pem)
        assert.equal("66138977 +", calls.stored())
    end)

    it("notices when several_enabled is not so", function()
        sandbox.switch { enabled_per_integration = "one", tell_enabled = true }
        local plan = assert(rotate {
            public_certificate = { new.pem, nxt.pem }, several_enabled = true,
        })
        assert.equal("66138975 -, 66138976 +, 66138977 -", calls.stored())
        assert.matches("certificate 66138977 was set enabled and is not any more",
            plan.warnings[#plan.warnings], 1, true)
    end)

    it("puts the first certificate there with one call", function()
        local second = sandbox.seed({ integrations = { {
            name = "Second", enabled = true, signin_url = "https://idp.example/2",
            signout_url = "https://idp.example/2/out", entity_id = "urn:second",
        } } }).integrations[1]
        assert(calls.client():rotate_certificate(second, {
            public_certificate = new.pem, retire = "delete",
        }))
        assert.equal("GET list, POST on, GET list", calls.requests())
        assert.equal("66138976 +", calls.stored(second))
        assert.equal("66138975 +", calls.stored())
    end)

    it("knows a certificate in other clothes", function()
        local crlf = new.pem:gsub("\n", "\r\n")
        sandbox.seed { certificates = { {
            public_certificate = crlf, integration_id = INTEGRATION, enabled = true,
        } } }
        sandbox.switch { tell_enabled = true }
        local bare = new.pem:gsub("%-%-%-%-%-[^\n]*\n", "")
        local plan = assert(rotate { public_certificate = { bare, new.pem .. new.pem } })
        assert.equal(1, #plan.wanted)
        assert.equal("GET list", calls.requests())
        assert.equal("keep 66138975, keep 66138976", calls.steps(plan))
    end)

    it("knows its integration by an id in upper case", function()
        sandbox.switch { tell_enabled = true }
        sandbox.fault { {
            method = "GET", status = 200, body = cjson.encode { {
                id = 7, public_certificate = new.pem, enabled = true,
                integration_id = INTEGRATION:upper(), not_before = 1, not_after = 2,
            } },
        } }
        assert.equal("keep 7", calls.steps(assert(rotate { public_certificate = new.pem })))
    end)

    it("leaves alone what cannot be read", function()
        sandbox.switch { validate_pem = false }
        sandbox.seed { certificates = { {
            public_certificate = "any text", integration_id = INTEGRATION, enabled = true,
        } } }
        local plan = assert(rotate { public_certificate = new.pem, retire = "delete" })
        assert.equal("66138976 +, 66138977 +", calls.stored())
        assert.matches("certificate 66138976 is left alone", table.concat(plan.warnings), 1, true)
    end)

    it("deletes what is there twice, when told to", function()
        local twin = { public_certificate = new.pem, integration_id = INTEGRATION, enabled = true }
        sandbox.seed { certificates = { twin, twin } }
        assert(rotate { public_certificate = new.pem, retire = "delete", overlap = 1e9 })
        assert.equal("66138975 +, 66138976 +", calls.stored())
    end)

    it("waits for the overlap, also when the journal of an earlier run says so", function()
        local options = { public_certificate = new.pem, retire = "delete", overlap = 3600 }
        local plan = assert(rotate(options))
        assert.equal("66138975 +, 66138976 +", calls.stored())
        -- the journal holds where the certificate's own beginning is long ago
        options.at = plan.journal[1].at + 1800
        options.overlap = 1801
        options.journal = plan.journal
        assert(rotate(options))
        assert.equal("66138975 +, 66138976 +", calls.stored())
        options.overlap = 1700
        assert(rotate(options))
        assert.equal("66138976 +", calls.stored())
    end)

    it("shows with dry_run what it would do, and reads only", function()
        local plan = assert(rotate {
            public_certificate = new.pem, retire = "delete", dry_run = true,
        })
        assert.equal("GET list", calls.requests())
        assert.equal("add nil (open), enable nil (open), delete 66138975 (open)", calls.steps(plan))
        assert.is_true(plan.dry_run)
        assert.is_false(plan.changed)
        assert.same({}, plan.journal)
    end)

    it("is a function of the module, too", function()
        local done = helper.lua(([[
            local plan = assert(require("sso").rotate_certificate(%q, { public_certificate = %q }))
            print(#plan.steps)
        ]]):format(INTEGRATION, new.pem))
        assert.equal("3\n", done.output)
        assert.equal("66138975 +, 66138976 +", calls.stored())
    end)

    -- ---- what is refused before anything is sent -------------------------------------------

    local function pem_and_key()
        local pem, key = helper.certificate { cn = "new", key = "ec" }
        return pem .. key
    end

    local refused = {
        { "an empty list", { public_certificate = {} }, "certificate", "no certificate is wanted" },
        {
            "a text that is none", { public_certificate = { "hello" } }, "certificate",
            "rotate_certificate: ",
        },
        {
            "a private key", function() return { public_certificate = pem_and_key() } end,
            "certificate", "a private key",
        },
        {
            "another fingerprint than the pinned one",
            function()
                return { public_certificate = new.pem, pin = ("ab"):rep(32) }
            end,
            "unsafe", "none of the 1 certificates has the pinned fingerprint abababababababab",
        },
        {
            "a pinned entity_id with certificates alone",
            function()
                return { public_certificate = new.pem, pin = "https://idp.example/entity" }
            end,
            "unsafe", "carry no entity_id",
        },
    }
    for _, row in ipairs(refused) do
        it("refuses " .. row[1], function()
            local options = type(row[2]) == "function" and row[2]() or row[2]
            local plan, err = rotate(options)
            assert.is_nil(plan)
            assert.equal(row[3], err.kind)
            assert.equal("rotate_certificate", err.operation)
            assert.matches(row[4], tostring(err), 1, true)
            assert.equal("", calls.requests())
        end)
    end

    it("takes a pinned fingerprint as people write it", function()
        local pin = new.fingerprint:upper():gsub("(%x%x)", "%1:"):sub(1, -2)
        assert(rotate { public_certificate = { nxt.pem, new.pem }, pin = pin, dry_run = true })
    end)

    local mistakes = {
        { "no options", nil, "public_certificate or metadata is missing" },
        { "an unknown option", { retires = "delete" }, "unknown option 'retires'" },
        { "another way to retire", { retire = "remove" }, "\"keep\", \"disable\" or \"delete\"" },
        { "both sources", { public_certificate = "x", metadata = "y" }, "one is wanted" },
        { "a negative overlap", { overlap = -1 }, "overlap" },
        { "a number for a certificate", { public_certificate = 5 }, "not a number" },
        { "a number among the texts", { public_certificate = { 5 } }, "not a number" },
        { "a word for a journal", { journal = "x" }, "journal" },
        { "a callback", function() end, "takes no callback" },
    }
    for _, row in ipairs(mistakes) do
        it("raises on " .. row[1], function()
            local client = calls.client()
            local ok, message = pcall(function()
                local plan = client:rotate_certificate(INTEGRATION, row[2])
                return plan
            end)
            assert.is_false(ok)
            assert.matches("apply_spec.lua:%d+: rotate_certificate: ", message)
            assert.matches(row[3], message, 1, true)
            assert.equal("", calls.requests())
        end)
    end

    it("raises on an id that is none", function()
        assert.is_false(pcall(function() return calls.client():rotate_certificate("..", {}) end))
        assert.is_false(pcall(function() return calls.client():rotate_certificate(nil, {}) end))
    end)

    it("passes on that there is no such integration, and that the client is closed", function()
        local client = calls.client()
        local plan, err = client:rotate_certificate("none", { public_certificate = new.pem })
        assert.is_nil(plan)
        assert.equal("not_found", err.kind)
        assert.is_nil(err.plan)
        client:close()
        plan, err = rotate({ public_certificate = new.pem }, client)
        assert.is_nil(plan)
        assert.equal("cancelled", err.kind)
    end)
end)
