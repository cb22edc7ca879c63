-- Every fiftieth situation of property_spec.lua over HTTP: the module in processes of their own,
-- killed by SIGKILL between two requests, some two at a time; others are cut off by the sandbox.
-- What the sandbox got is played again in the model: the rules of rotation_rules.lua hold at each
-- moment, and afterwards both have the same certificates.

local cjson = require "cjson"
local helper = require "helper"
local mime = require "mime"
local model_of = require "support.rotation_model"
local process = require "process"
local rotation = require "sso.rotation.run"
local rules = require "support.rotation_rules"
local situations = require "support.rotation_situations"
local sso = require "sso"

local sandbox = helper.sandbox
local EVERY, COUNT = 50, tonumber(os.getenv "SSO_ROTATION_PROCESSES") or 100
local ONLY = tonumber(os.getenv "SSO_ROTATION_SEED")

local pool, by_text, parsed

-- ---- the module in a process of its own --------------------------------------------------------

local CHILD = [[
local cjson = require "cjson"
local given = cjson.decode(%q)
local client = assert(require("sso").new { max_retries = 0 })
local calls = 0
local counting = setmetatable({}, { __index = function(_, name)
    return function(_, ...)
        calls = calls + 1
        if calls == given.stop then
            io.write "between two requests\n"
            io.flush()
            while true do end -- until it is killed
        end
        return client[name](client, ...)
    end
end })
local plan, err
if given.stop then
    local wanted = require("sso.rotation.wanted").certificates("", given.options.public_certificate)
    plan, err = require("sso.rotation.run").rotate(counting, given.integration, wanted,
        given.options)
else
    plan, err = client:rotate_certificate(given.integration, given.options)
end
print("ended", plan and "well" or err.kind)
]]

local function code_of(s, rotator, stop)
    local options, texts = {}, {}
    for name, value in pairs(rotator.options) do
        options[name] = value
    end
    for i, entry in ipairs(rotator.wanted) do
        texts[i] = entry.text
    end
    options.public_certificate = texts
    return CHILD:format(cjson.encode {
        integration = s.integration, options = options, stop = stop,
    })
end

-- Kills it right before its request of that number.
local function run_and_kill(s, rotator, stop)
    local done = helper.lua(code_of(s, rotator, stop), {
        timeout = 30 * helper.patience, await = "between two requests", signal = "KILL",
    })
    assert.is_falsy(done.timed_out, "after 30 s: " .. done.output)
    assert.equal("KILL", done.signal, done.output)
    assert.equal("between two requests\n", done.output)
end

local function run_two(s, first, second)
    local version = _VERSION:match("%d.%d"):gsub("%.", "_")
    local done = process.run({
        "sh", "-c", "\"$0\" -e \"$1\" & \"$0\" -e \"$2\" & wait", helper.interpreter(),
        code_of(s, first), code_of(s, second),
    }, {
        "LUA_PATH=" .. package.path, "LUA_CPATH=" .. package.cpath, "LUA_PATH_" .. version,
        "LUA_CPATH_" .. version,
    }, 30 * helper.patience)
    local _, count = done.output:gsub("ended\t", "")
    assert.is_falsy(done.timed_out, "after 30 s: " .. done.output)
    assert.equal(2, count, done.output)
end

-- ---- the sandbox and the model ---------------------------------------------------------------

local function set_the_scene(s)
    sandbox.reset()
    sandbox.switch { validate_pem = false }
    s.integration = ("00000000-0000-4000-8000-%012d"):format(s.seed)
    sandbox.seed { integrations = { {
        id = s.integration, name = "Seed", enabled = true, signin_url = "https://idp.example/in",
        signout_url = "https://idp.example/out", entity_id = "urn:seed",
    } } }
    local own = sandbox.state().certificates[1]
    local rows, records = {}, { {
        text = own.public_certificate, enabled = true, integration = helper.INTEGRATION,
    } }
    for i, record in ipairs(s.records) do
        local integration = record.integration and helper.INTEGRATION or s.integration
        rows[i] = {
            public_certificate = record.text, enabled = record.enabled,
            integration_id = integration,
        }
        records[i + 1] = { text = record.text, enabled = record.enabled, integration = integration }
    end
    if rows[1] then
        sandbox.seed { certificates = rows }
    end
    sandbox.switch {
        validate_pem = true, tell_enabled = s.tell,
        enabled_per_integration = s.one and "one" or "several",
    }
    return model_of.new {
        one = s.one, tell = s.tell, integration = s.integration, records = records,
        last_id = helper.CERT_ID - 1,
        fingerprint_of = function(text)
            return by_text[(text:gsub("%s", ""))]
        end,
    }
end

local function sandbox_state()
    local lines = {}
    for _, record in ipairs(sandbox.state().certificates) do
        lines[#lines + 1] = { record.id, ("%d %s %s %s"):format(record.id, record.integration_id,
            tostring(record.enabled), record.public_certificate) }
    end
    table.sort(lines, function(a, b)
        return a[1] < b[1]
    end)
    for i, line in ipairs(lines) do
        lines[i] = line[2]
    end
    return table.concat(lines, "\n")
end

local WHAT = { GET = "list", POST = "create", PATCH = "update", DELETE = "delete" }
local OUTCOMES = { [200] = "answered", [404] = "not_found", [500] = "refused" }

-- What the sandbox got since the last time, as requests of the model.
local function received(s)
    local list = {}
    for i, entry in ipairs(sandbox.log().requests) do
        if i > s.seen then
            local body = entry.body_base64 ~= ""
                and cjson.decode((mime.unb64(entry.body_base64))) or nil
            list[#list + 1] = {
                what = WHAT[entry.method], number = i, fields = body,
                id = tonumber(entry.path:match "/certificates/(%d+)$"),
                outcome = OUTCOMES[entry.status] or "lost",
            }
        end
    end
    s.seen = s.seen + #list
    return list
end

-- Plays what a rotator sent in the model, where the rules look on.
local function play(model, s, caller, fate)
    for _, request in ipairs(received(s)) do
        request.caller = caller
        caller.log[#caller.log + 1] = request
        local carried_out = request.outcome == "answered" or request.outcome == "not_found"
            or request.outcome == "lost" and fate == "lost after"
        if carried_out then
            model:carry_out(request)
        end
    end
    assert.equal(model:state(), sandbox_state())
end

local function caller_of(rotator)
    return { log = {}, meaning = rules.meaning(rotator.wanted, rotator.options) }
end

-- ---- one situation -----------------------------------------------------------------------------

local FAULTS = {
    refused = { status = 500 },
    ["lost before"] = { close = "before", applied = false },
    ["lost after"] = { close = "before", applied = true },
}

local function parsed_of(wanted)
    local list = {}
    for i, entry in ipairs(wanted) do
        list[i] = parsed[entry]
    end
    return list
end

-- Runs it in this process, for what needs no kill. → plan, or nil, err
local function run_here(s, rotator)
    local client = assert(sso.new { max_retries = 0 })
    local plan, err = rotation.rotate(client, s.integration, parsed_of(rotator.wanted),
        rotator.options)
    client:close()
    return plan, err
end

-- How many requests an undisturbed run would make now, as the model has it.
local function requests_of(model, s, rotator)
    local records = {}
    for i, record in ipairs(model.records) do
        records[i] = record
    end
    local copy = model_of.new {
        one = s.one, tell = s.tell, integration = s.integration, records = records,
        fingerprint_of = model.fingerprint_of,
    }
    local client = copy:caller {}
    assert(rotation.rotate(client, s.integration, parsed_of(rotator.wanted), rotator.options))
    return client.caller.count
end

local function with_fault(model, s, rotator, accident)
    local fault = { after = accident.number - 1, path = "/v3/sso" }
    for name, value in pairs(FAULTS[accident.fate]) do
        fault[name] = value
    end
    sandbox.fault { fault }
    local plan, err = run_here(s, rotator)
    sandbox.fault { { path = "/nowhere" } }
    local caller = caller_of(rotator)
    play(model, s, caller, accident.fate)
    if plan or err.plan then
        rules.journal(caller, plan or err.plan)
        rules.steps(model, plan or err.plan, plan and true, s.wrong)
    end
end

local function killed(model, s, rotator)
    local count = requests_of(model, s, rotator)
    local stop = count == 1 and 1 or s.random(count - 1) + 1
    run_and_kill(s, rotator, stop)
    local caller = caller_of(rotator)
    play(model, s, caller)
    assert.equal(stop - 1, #caller.log)
end

local function undisturbed(model, s, rotator)
    local plan, err = run_here(s, rotator)
    assert(plan, tostring(err))
    local caller = caller_of(rotator)
    play(model, s, caller)
    rules.journal(caller, plan)
    rules.steps(model, plan, true, s.wrong)
    for _, entry in ipairs(plan.journal) do
        caller.meaning.added = caller.meaning.added or entry.action == "add"
            and entry.fingerprint == caller.meaning.active.fingerprint
    end
    rules.reached(model, caller.meaning, s.several)
    return plan
end

local function check(s)
    s.seen = 0
    local model = set_the_scene(s)
    local permuted = s.second and s.second.wanted ~= s.wanted
    model.rules = {
        rules.moments(model, rules.meaning(s.wanted, s.options), not s.wrong and not permuted,
            s.wrong),
    }
    local rotator = { wanted = s.wanted, options = s.options }
    if s.second then
        run_two(s, rotator, s.second)
        play(model, s, caller_of(rotator))
    end
    model.rules[2] = rules.writes(function(caller)
        return caller.meaning
    end)
    for _, accident in ipairs(s.second and {} or s.accidents) do
        if FAULTS[accident.fate] then
            with_fault(model, s, rotator, accident)
        end
    end
    killed(model, s, rotator)
    local plan = undisturbed(model, s, rotator)
    local before = model:state()
    rotator.options.journal = plan.journal
    undisturbed(model, s, rotator)
    assert.equal(before, model:state())
end

describe("a rotation in processes that are killed and cut off", function()
    helper.watch()

    setup(function()
        pool, by_text, parsed = situations.pool(), {}, {}
        for _, entry in ipairs(pool) do
            by_text[(entry.text:gsub("%s", ""))] = entry.fingerprint
            parsed[entry] = assert(sso.certificate.parse(entry.text))[1]
        end
    end)

    teardown(function()
        sandbox.reset()
    end)

    local enabled = { one = 0, several = 0 }
    for i = 1, ONLY and 1 or COUNT, 5 do
        it(("keeps the rules: situations %d to %d"):format(i * EVERY, (i + 4) * EVERY), function()
            for j = i, ONLY and i or math.min(i + 4, COUNT) do
                local s = situations.make(pool, ONLY or j * EVERY)
                local ok, message = pcall(check, s)
                if not ok then
                    error(tostring(message) .. "\n" .. situations.describe(pool, s), 0)
                end
                local kind = s.one and "one" or "several"
                enabled[kind] = enabled[kind] + 1
            end
        end)
    end

    it("had servers of both kinds", function()
        if not ONLY and COUNT >= 100 then
            assert.truthy(enabled.one > COUNT / 4, enabled.one)
            assert.truthy(enabled.several > COUNT / 4, enabled.several)
        end
    end)
end)
