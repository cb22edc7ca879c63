-- Rotation's own plan and apply against a model of the API, in thousands of made-up situations:
-- errors and the end of the process at any request, a second rotator that takes turns with it.  The
-- rules are in support/rotation_rules.lua.  A failure names its seed:
--
--     SSO_ROTATION_SEED=4711 runs that one alone; SSO_ROTATION_SITUATIONS=100000 runs more

local certificate = require("sso").certificate
local model_of = require "support.rotation_model"
local rotation = require "sso.rotation.run"
local rules = require "support.rotation_rules"
local situations = require "support.rotation_situations"

local COUNT = tonumber(os.getenv "SSO_ROTATION_SITUATIONS") or 5000
local ONLY = tonumber(os.getenv "SSO_ROTATION_SEED")

local pool, by_text, parsed

local function fingerprint_of(text)
    return by_text[(text:gsub("%s", ""))]
end

local function parsed_of(wanted)
    local list = {}
    for i, entry in ipairs(wanted) do
        list[i] = parsed[entry]
    end
    return list
end

-- A fate function that does one thing at one request.
local function fate_of(accident)
    return accident and function(request)
        return request.number == accident.number and accident.fate or nil
    end
end

-- Lets rotators run, taking turns as chance will have it. → each one's outcome in place
local function run(model, random, rotators)
    local alive = {}
    for i, rotator in ipairs(rotators) do
        rotator.caller = { turns = #rotators > 1, fate = fate_of(rotator.accident) }
        rotator.caller.meaning = rules.meaning(rotator.wanted, rotator.options)
        local client = model:caller(rotator.caller)
        rotator.thread = coroutine.create(function()
            return rotation.rotate(client, model.integration, parsed_of(rotator.wanted),
                rotator.options)
        end)
        alive[i] = rotator
    end
    while #alive > 0 do
        local i = random(#alive)
        local rotator = alive[i]
        local ok, plan, err = coroutine.resume(rotator.thread)
        if not ok and plan ~= model_of.KILLED then
            error(tostring(plan) .. "\n" .. debug.traceback(rotator.thread), 0)
        elseif coroutine.status(rotator.thread) == "dead" then
            rotator.killed, rotator.plan, rotator.err = not ok, ok and plan, ok and err
            table.remove(alive, i)
        end
    end
    return rotators[1]
end

local function check_report(model, s, rotator, alone)
    local plan = rotator.plan or rotator.err and rotator.err.plan
    if rotator.killed or not plan then
        return
    end
    rules.journal(rotator.caller, plan)
    if alone then
        rules.steps(model, plan, rotator.plan and true, s.wrong)
    end
    if rotator.err and rotator.err.journal ~= plan.journal then
        error("broken: the error has another journal than its plan", 0)
    end
end

local function writes_of(caller)
    local count = 0
    for _, request in ipairs(caller.log) do
        count = count + (request.what == "list" and 0 or 1)
    end
    return count
end

local function with(options, more)
    local all = {}
    for _, list in ipairs { options, more } do
        for name, value in pairs(list) do
            all[name] = value
        end
    end
    return all
end

-- A run that nothing disturbs, whatever came before it. → its plan
local function check_last(model, s)
    local before = model:state()
    local last = run(model, s.random, { { wanted = s.wanted, options = s.options } })
    if last.err then
        error("broken: nothing disturbs it and it fails: " .. last.err.message, 0)
    end
    check_report(model, s, last, true)
    for _, entry in ipairs(last.plan.journal) do
        last.caller.meaning.added = last.caller.meaning.added or entry.action == "add"
            and entry.fingerprint == last.caller.meaning.active.fingerprint
    end
    rules.reached(model, last.caller.meaning, s.several)
    if not s.wrong and (s.tell or last.plan.changed)
        and last.plan.changed ~= (model:state() ~= before) then
        error("broken: it says changed = " .. tostring(last.plan.changed), 0)
    end
    return last.plan
end

-- The same once more: nothing changes.
local function check_again(model, s, journal)
    local before = model:state()
    local options = with(s.options, { journal = journal })
    local again = run(model, s.random, { { wanted = s.wanted, options = options } })
    check_report(model, s, again, true)
    if again.err or not s.wrong and again.plan.changed or model:state() ~= before then
        error("broken: running it again changes something", 0)
    elseif s.tell and not s.wrong and again.plan.journal[1] and not s.retiring
        and writes_of(again.caller) > 0 then
        error("broken: running it again sends writes", 0)
    end
end

local counts

local function check(seed)
    local s = situations.make(pool, seed)
    local model = model_of.new {
        one = s.one, tell = s.tell, integration = situations.INTEGRATION, records = s.records,
        fingerprint_of = fingerprint_of,
    }
    model.mixes_up = s.mixes_up
    local permuted = s.second and s.second.wanted ~= s.wanted
    model.rules = {
        rules.writes(function(caller)
            return caller.meaning
        end),
        rules.moments(model, rules.meaning(s.wanted, s.options), not s.wrong and not permuted,
            s.wrong),
    }
    local first = { wanted = s.wanted, options = s.options, accident = s.accidents[1] }
    if s.second then
        local second = { wanted = s.second.wanted, options = s.second.options }
        run(model, s.random, { first, second })
        check_report(model, s, second)
        check_report(model, s, first)
    else
        for _, accident in ipairs(s.accidents) do
            first = { wanted = s.wanted, options = s.options, accident = accident }
            run(model, s.random, { first })
            check_report(model, s, first, true)
            counts[first.killed and "killed" or first.err and "failed" or "undisturbed"] =
                counts[first.killed and "killed" or first.err and "failed" or "undisturbed"] + 1
        end
    end
    counts.two = counts.two + (s.second and 1 or 0)
    check_again(model, s, check_last(model, s).journal)
    counts.requests = counts.requests + #model.log
end

describe("a rotation, whatever happens,", function()
    -- OpenSSL reads each text once and not in every run: most of the time would be its
    local parse, check_text = certificate.parse, certificate.check

    local function remembered(function_of)
        local known = {}
        return function(text, options)
            local key = text .. (options and options.at or "")
            known[key] = known[key] or { function_of(text, options) }
            return known[key][1], known[key][2]
        end
    end

    teardown(function()
        certificate.parse, certificate.check = parse, check_text
    end)

    setup(function()
        certificate.parse, certificate.check = remembered(parse), remembered(check_text)
        pool, by_text, parsed = situations.pool(), {}, {}
        for _, entry in ipairs(pool) do
            by_text[(entry.text:gsub("%s", ""))] = entry.fingerprint
            parsed[entry] = assert(certificate.parse(entry.text))[1]
        end
    end)

    before_each(function()
        counts = { killed = 0, failed = 0, undisturbed = 0, two = 0, requests = 0 }
    end)

    it("locks nobody out, touches nothing of others, and says what happened", function()
        local from, to = ONLY or 1, ONLY or COUNT
        for seed = from, to do
            local ok, message = pcall(check, seed)
            if not ok then
                error(message .. "\n" .. situations.describe(pool, situations.make(pool, seed)), 0)
            end
        end
        io.write(("[%d situations, %d requests: %d runs killed, %d failed, %d with two rotators]\n")
            :format(to - from + 1, counts.requests, counts.killed, counts.failed, counts.two))
        if not ONLY then
            assert.truthy(counts.killed > COUNT / 20)
            assert.truthy(counts.failed > COUNT / 20)
            assert.truthy(counts.two > COUNT / 20)
        end
    end)
end)
