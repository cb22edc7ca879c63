-- A rotation in trouble, against the sandbox: calls that fail at each place or get no answer,
-- answers that are not true, and others who change the integration at the same time.

local calls = require "support.rotation_calls"
local cjson = require "cjson"
local helper = require "helper"
local sso = require "sso"

local sandbox, INTEGRATION, CERT_ID = helper.sandbox, helper.INTEGRATION, helper.CERT_ID

local rotate = calls.rotate
local new, nxt

describe("rotate_certificate in trouble", function()
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

    -- ---- what fails on the way --------------------------------------------------------------

    it("never creates a second time what got no answer and is there", function()
        sandbox.fault { { method = "POST", close = "before", applied = true } }
        local plan = assert(rotate { public_certificate = new.pem, retire = "delete" })
        assert.equal("GET list, POST off, GET list, PATCH 66138976 on, GET list, "
            .. "DELETE 66138975, GET list", calls.requests())
        assert.equal("add 66138976 found, enable 66138976 done, delete 66138975 done",
            calls.journal(plan))
        assert.matches("network", plan.journal[1].error .. " network")
        assert.equal("66138976 +", calls.stored())
    end)

    it("sets enabled what it found and could not be sure of", function()
        sandbox.fault { { method = "POST", close = "before", applied = true } }
        assert(rotate { public_certificate = new.pem, several_enabled = true })
        assert.equal("GET list, POST on, GET list, PATCH 66138976 on, GET list", calls.requests())
    end)

    it("stops at a create without an answer that left nothing, and goes on next time", function()
        sandbox.fault { { method = "POST", close = "before", applied = false } }
        local plan, err = rotate { public_certificate = new.pem, retire = "delete" }
        assert.is_nil(plan)
        assert.equal("network", err.kind)
        assert.is_true(err.maybe_applied)
        assert.equal("GET list, POST off, GET list", calls.requests())
        assert.equal("add nil (open), enable nil (open), delete 66138975 (open)",
            calls.steps(err.plan))
        assert.equal("add nil unclear", calls.journal(err.plan))
        assert.equal(err.plan.journal, err.journal)
        assert(rotate { public_certificate = new.pem, retire = "delete" })
        assert.equal("66138976 +", calls.stored())
    end)

    local failing = {
        {
            "the list", { method = "GET" }, nil, "66138975 +",
        },
        {
            "the create", { method = "POST" },
            "add nil (open), enable nil (open), delete 66138975 (open)", "66138975 +",
        },
        {
            "reading back what was added", { method = "GET", after = 1 },
            "add 66138976 (open), enable nil (open), delete 66138975 (open)",
            "66138975 +, 66138976 -",
        },
        {
            "enabling", { method = "PATCH" },
            "add 66138976, enable 66138976 (open), delete 66138975 (open)",
            "66138975 +, 66138976 -",
        },
        {
            "reading back what was enabled", { method = "GET", after = 2 },
            "add 66138976, enable 66138976 (open), delete 66138975 (open)",
            "66138975 +, 66138976 +",
        },
        {
            "deleting", { method = "DELETE" },
            "add 66138976, enable 66138976, delete 66138975 (open)", "66138975 +, 66138976 +",
        },
        {
            "reading back that it is gone", { method = "GET", after = 3 },
            "add 66138976, enable 66138976, delete 66138975 (open)", "66138976 +",
        },
    }
    for _, row in ipairs(failing) do
        it("stops when this fails and goes on next time: " .. row[1], function()
            row[2].status = 500
            sandbox.fault { row[2] }
            local plan, err = rotate { public_certificate = new.pem, retire = "delete" }
            assert.is_nil(plan)
            assert.equal("server", err.kind)
            assert.equal(500, err.status)
            assert.equal(row[3], err.plan and calls.steps(err.plan))
            assert.equal(row[4], calls.stored())
            assert(rotate { public_certificate = new.pem, retire = "delete" })
            assert.equal("66138976 +", calls.stored())
        end)
    end

    it("retires nothing when the wanted one reads back disabled", function()
        sandbox.switch { tell_enabled = true }
        sandbox.fault { { method = "PATCH", status = 200, body = cjson.encode {
            id = CERT_ID + 1, public_certificate = new.pem, integration_id = INTEGRATION,
            not_before = 1, not_after = 2, enabled = true,
        } } }
        local plan, err = rotate { public_certificate = new.pem, retire = "delete" }
        assert.is_nil(plan)
        assert.equal("unsafe", err.kind)
        assert.matches("66138976 was set enabled = true and reads back as false", err.message, 1,
            true)
        assert.equal("66138975 +, 66138976 -", calls.stored())
    end)

    it("says so when what it created is not in the list", function()
        sandbox.fault { { method = "POST", status = 200, body = cjson.encode {
            id = 9, public_certificate = new.pem, integration_id = INTEGRATION,
            not_before = 1, not_after = 2,
        } } }
        local plan, err = rotate { public_certificate = new.pem, retire = "delete" }
        assert.is_nil(plan)
        assert.equal("response", err.kind)
        assert.matches("certificate 9 was created and is not in the list", err.message, 1, true)
        assert.equal("66138975 +", calls.stored())
    end)

    it("does not believe an answer to DELETE that has left it there", function()
        sandbox.fault { { method = "DELETE", status = 204, body = "" } }
        local plan, err = rotate { public_certificate = new.pem, retire = "delete" }
        assert.is_nil(plan)
        assert.equal("response", err.kind)
        assert.matches("66138975 is still listed", err.message, 1, true)
    end)

    -- ---- with others at work ------------------------------------------------------------------

    -- A client during whose n-th call of an operation, right after it, something happens.
    local function meddled(operation, act)
        local client
        client = calls.client { on_event = function(event)
            if event.event == "finish" and event.operation == operation and act then
                local once = act
                act = nil
                once(client)
            end
        end }
        return client
    end

    local function other()
        return helper.track(assert(sso.new()))
    end

    it("takes what is gone for deleted", function()
        local client = meddled("update_certificate", function()
            assert(other():delete_certificate(CERT_ID))
        end)
        local plan = assert(rotate({ public_certificate = new.pem, retire = "delete" }, client))
        assert.equal("add 66138976 done, enable 66138976 done, delete 66138975 already",
            calls.journal(plan))
        assert.equal("66138976 +", calls.stored())
    end)

    it("takes a 404 upon retiring for done: somebody was quicker by a moment", function()
        for _, row in ipairs { { "delete", "DELETE", 0 }, { "disable", "PATCH", 1 } } do
            sandbox.reset()
            sandbox.fault { { method = row[2], after = row[3], status = 404, applied = true } }
            local plan = assert(rotate { public_certificate = new.pem, retire = row[1] })
            assert.equal(row[1] .. " 66138975 gone", calls.journal(plan):match "[^ ]+ %d+ gone$")
        end
    end)

    it("does not delete what has become another certificate", function()
        local client = meddled("update_certificate", function()
            assert(other():update_certificate(CERT_ID, { public_certificate = nxt.pem }))
        end)
        local plan = assert(rotate({ public_certificate = new.pem, retire = "delete" }, client))
        assert.equal("add 66138976, enable 66138976, keep 66138975", calls.steps(plan))
        assert.equal("changed meanwhile by somebody else", plan.steps[3].reason)
        assert.equal("66138975 +, 66138976 +", calls.stored())
    end)

    it("retires nothing when the wanted one is gone by then", function()
        local client = meddled("update_certificate", function()
            assert(other():delete_certificate(CERT_ID + 1))
        end)
        local plan, err = rotate({ public_certificate = new.pem, retire = "delete" }, client)
        assert.is_nil(plan)
        assert.equal("unsafe", err.kind)
        assert.matches("66138976 is gone: somebody else changes this integration", err.message, 1,
            true)
        assert.equal("66138975 +", calls.stored())
    end)

    it("stops retiring when the wanted one is disabled by somebody", function()
        sandbox.switch { tell_enabled = true }
        sandbox.seed { certificates = { {
            public_certificate = nxt.pem, integration_id = INTEGRATION, enabled = true,
        } } }
        local client = meddled("delete_certificate", function()
            assert(other():update_certificate(CERT_ID + 2, { enabled = false }))
        end)
        local plan, err = rotate({ public_certificate = new.pem, retire = "delete" }, client)
        assert.is_nil(plan)
        assert.equal("unsafe", err.kind)
        assert.matches(new.fingerprint:sub(1, 16) .. " is not known to be enabled any more",
            err.message, 1, true)
        assert.equal("add 66138977, enable 66138977, delete 66138975, delete 66138976 (open)",
            calls.steps(err.plan))
        assert.equal("66138976 +, 66138977 -", calls.stored())
    end)

    it("takes what is gone for disabled", function()
        local client = meddled("update_certificate", function()
            assert(other():delete_certificate(CERT_ID))
        end)
        assert(rotate({ public_certificate = new.pem, retire = "disable" }, client))
        assert.equal("66138976 +", calls.stored())
    end)

    it("deletes no twin that is enabled while the kept one is not", function()
        sandbox.switch { tell_enabled = true }
        local twin = { public_certificate = nxt.pem, integration_id = INTEGRATION }
        sandbox.seed { certificates = { twin, twin } }
        assert(other():update_certificate(CERT_ID + 2, { enabled = true }))
        local options = { public_certificate = { new.pem, nxt.pem }, retire = "delete" }
        local plan = assert(rotate(options))
        assert.equal("66138976 -, 66138977 +, 66138978 +", calls.stored())
        assert.matches("keep 66138977", calls.steps(plan), 1, true)
        local count = #sandbox.log().requests
        assert.is_false(assert(rotate(options)).changed)
        assert.equal(count + 1, #sandbox.log().requests)
    end)

    it("adds nothing that somebody else has added meanwhile", function()
        local client = meddled("create_certificate", function()
            assert(other():create_certificate {
                public_certificate = nxt.pem, integration_id = INTEGRATION, enabled = false,
            })
        end)
        local plan = assert(rotate({ public_certificate = { new.pem, nxt.pem } }, client))
        assert.equal("add 66138976 done, enable 66138976 done, add 66138977 already",
            calls.journal(plan))
        assert.equal("66138975 +, 66138976 +, 66138977 -", calls.stored())
    end)
end)
