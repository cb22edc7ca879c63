-- A restore that fails at any of its requests: what it did is in the journal, nobody is locked out,
-- and running it again ends where the first run would have.

local accounts = require "support.accounts"
local helper = require "helper"

local pem = accounts.pem

-- What can happen to a request: refused, carried out with the answer lost, never carried out.
local FAULTS = {
    { name = "is refused", fault = { status = 500, applied = false } },
    { name = "loses its answer", fault = { close = "before", applied = true } },
    { name = "does not arrive", fault = { close = "before", applied = false } },
    { name = "gets an answer that is cut off", fault = { close = "mid-body" } },
}

describe("a restore that fails", function()
    helper.watch()

    local client, before, changed, gone, extra

    -- What a snapshot and the server tell of `enabled`: all, the document alone, nothing.
    local TOLD = { "told", "told by the snapshot", "not told" }

    -- A damage that needs steps of every kind. Where nothing is told, an integration that keeps
    -- its place has one certificate: of two nobody could know which serves.
    local function set_up(told, enabled)
        helper.sandbox.reset()
        helper.sandbox.switch { tell_enabled = told ~= "not told",
            enabled_per_integration = enabled }
        helper.sandbox.seed { teammates = { { email = "jane@example.com", first_name = "Jane",
            last_name = "Doe", scopes = { "mail.send" } } } }
        changed = accounts.integration(1, { { pem(1), true } })
        local second = told ~= "not told" and accounts.certificate(changed, pem(2), false)
        gone = accounts.integration(2, { { pem(3), true }, { pem(6), true } })
        client = accounts.client()
        before = assert(client:snapshot())
        helper.sandbox.switch { tell_enabled = told == "told" }
        if second then
            assert(client:delete_certificate(second))
        end
        accounts.certificate(changed, pem(4), true)
        if told ~= "not told" then
            local list = assert(client:list_certificates(changed))
            assert(client:update_certificate(list[1].id, { enabled = false }))
        end
        assert(client:update_integration(changed, { name = "Renamed" }))
        assert(client:delete_integration(gone))
        extra = accounts.integration(3, { { pem(5), true } })
        assert(client:delete_teammate "jane@example.com")
    end

    local OPTIONS = { delete = true, teammates = true }

    -- The account is as it was, and another run finds nothing to do.
    local function check_restored(plan, told, enabled)
        for _, one in ipairs(plan.differences) do
            assert.is_true(one.field == "id" or one.field == "single_signon_url"
                or one.field == "audience_url", accounts.lines(plan.differences))
        end
        local names, new = {}, nil
        for i, integration in ipairs(assert(client:list_integrations())) do
            names[i] = integration.name
            new = integration.name == "Provider 2" and integration.id or new
        end
        table.sort(names)
        assert.same({ "Provider 1", "Provider 2", "Twilio SendGrid" }, names)
        assert.equal(told == "not told" and "CN=idp 1 on" or "CN=idp 1 on, CN=idp 2 off",
            accounts.held(changed))
        assert.equal(("CN=idp 3 %s, CN=idp 6 on"):format(enabled == "one" and "off" or "on"),
            accounts.held(new))
        assert.equal(1, #assert(client:list_teammates()))
        local again = assert(client:restore(before, OPTIONS))
        if told ~= "told by the snapshot" then
            assert.is_false(again.changed) -- it sets what it is not told each time
        end
    end

    -- How many requests a restore makes that nothing happens to.
    local function count_requests(told, enabled)
        set_up(told, enabled)
        local from = accounts.requests()
        local plan = assert(client:restore(before, OPTIONS))
        local count = accounts.requests() - from
        check_restored(plan, told, enabled)
        return count
    end

    -- Whether the run ended by itself.
    local function interrupted(at, told, enabled, what)
        set_up(told, enabled)
        local serving = accounts.serving(os.time())
        serving[extra] = nil
        local fault = { after = at }
        for name, value in pairs(what) do
            fault[name] = value
        end
        helper.sandbox.fault(fault)
        local plan, err = client:restore(before, OPTIONS)
        local now = accounts.serving(os.time())
        for id in pairs(serving) do
            assert.is_true(now[id] or false, "request " .. at .. " locks out")
        end
        local ended = plan ~= nil
        if not ended then
            assert.is_true(err.journal == nil or err.journal == err.plan.journal)
            plan = assert(client:restore(before, OPTIONS))
        end
        check_restored(plan, told, enabled)
        return ended
    end

    local cases = 0
    for _, told in ipairs(TOLD) do
        for _, enabled in ipairs { "several", "one" } do
            for number, row in ipairs(FAULTS) do
                -- each request in two of the cases, in the others one of four, not always the same
                local each = told == "told" and enabled == "several" and number <= 2
                cases = cases + 1
                local stride = accounts.thorough and (each and 1 or 4) or 8
                local first = each and 0 or cases % stride
                it(("where any request %s goes on: enabled %s, %s"):format(row.name, told,
                    enabled), function()
                    local count = count_requests(told, enabled)
                    assert.is_true(count > 15)
                    local runs, failures = 0, 0
                    for i = first, count - 1, stride do
                        runs = runs + 1
                        if not interrupted(i, told, enabled, row.fault) then
                            failures = failures + 1
                        end
                    end
                    assert.is_true(failures >= runs / 3)
                end)
            end
        end
    end

    it("tells what was done, what was not, and why", function()
        set_up("told", "several")
        helper.sandbox.fault { method = "POST", path = "/v3/sso/certificates", after = 1,
            status = 400 }
        local plan, err = client:restore(before, OPTIONS)
        assert.is_nil(plan)
        assert.equal("invalid_request", err.kind)
        assert.equal("create_certificate", err.operation)
        assert.equal(err.plan.journal, err.journal)
        assert.same({ "done", "done", "failed" }, { err.journal[1].outcome,
            err.journal[2].outcome, err.journal[3].outcome })
        assert.matches("^create_certificate: 400 ", err.journal[3].error)
        local done = 0
        for _, step in ipairs(err.plan.steps) do
            done = done + (step.done and 1 or 0)
        end
        assert.equal(2, done)
        assert.is_true(err.plan.changed)
    end)

    it("does not take another of the same name for the one whose answer was lost", function()
        helper.sandbox.reset()
        accounts.integration(1, {})
        local second = accounts.integration(1, {})
        client = accounts.client()
        before = assert(client:snapshot { teammates = false })
        assert(client:delete_integration(second))
        helper.sandbox.fault { method = "POST", close = "before", applied = false }
        local plan, err = client:restore(before)
        assert.is_nil(plan)
        assert.equal("network", err.kind)
        assert.equal("unclear", err.journal[1].outcome)
        assert(client:restore(before))
        assert.equal(3, #assert(client:list_integrations()))
    end)

    it("finds what was made though the answer was lost, and makes no second", function()
        set_up("not told", "several")
        helper.sandbox.fault { method = "POST", close = "before", applied = true, times = 4 }
        local plan = assert(client:restore(before, OPTIONS))
        local found = 0
        for _, entry in ipairs(plan.journal) do
            found = found + (entry.outcome == "found" and 1 or 0)
        end
        assert.equal(4, found)
        check_restored(plan, "not told", "several")
    end)
end)
