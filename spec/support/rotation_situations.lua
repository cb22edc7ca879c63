--- Situations for a rotation, made from a seed: what an integration has, what is wanted of it, how
--- the server behaves, what goes wrong at which request.  The same seed makes the same situation on
--- every Lua, with certificates that are made anew for each run.

local pki = require "support.pki"

local M = {}

M.INTEGRATION = "b0b98502-9408-4b24-9e3d-31ed7cb15312"
M.FOREIGN = "0e1b5cf2-55a0-4b5e-a5d0-6c1f7e1a9f10"

-- name, key, valid from, valid until (years, UTC midnight of 1 January), the same in unix seconds
local POOL = {
    { "one", "k1", 2020, 2040, 1577836800, 2208988800 },
    { "one-renewed", "k1", 2020, 2040, 1577836800, 2208988800 },
    { "two", "k2", 2020, 2040, 1577836800, 2208988800 },
    { "three", "k3", 2020, 2040, 1577836800, 2208988800 },
    { "four", "k4", 2020, 2040, 1577836800, 2208988800 },
    { "until-2026", "k5", 2020, 2026, 1577836800, 1767225600 },
    { "from-2024", "k6", 2024, 2040, 1704067200, 2208988800 },
    { "short", "k7", 2024, 2026, 1704067200, 1767225600 },
    { "ended", "k8", 2010, 2015, 1262304000, 1420070400 },
    { "ended-again", "k9", 2010, 2015, 1262304000, 1420070400 },
    { "to-come", "k10", 2050, 2060, 2524608000, 2840140800 },
    { "to-come-renewed", "k10", 2050, 2060, 2524608000, 2840140800 },
}

-- 2025, 2028, 2012, 2052: most of the pool is valid in the first two.
local TIMES = { 1740000000, 1740000000, 1740000000, 1840000000, 1330000000, 2600000000 }

local SCRIPT = [[
make() {
    [ -f $2.key ] || openssl ecparam -name prime256v1 -genkey -noout -out $2.key
    openssl req -new -config cnf -key $2.key -subj /CN=$1 -out csr
    openssl ca -batch -selfsign -config cnf -in csr -keyfile $2.key -notext \
        -startdate ${3}0101000000Z -enddate ${4}0101000000Z -out $1.pem
    openssl x509 -in $1.pem -noout -fingerprint -sha256 >$1.fingerprint
}
]]

--- Makes the certificates, once a run. → list of {name, text, fingerprint, from, to}
function M.pool()
    local lines = { SCRIPT }
    for _, row in ipairs(POOL) do
        lines[#lines + 1] = ("make %s %s %d %d\n"):format(row[1], row[2], row[3], row[4])
    end
    local folder, pool = pki.folder(table.concat(lines)), {}
    for i, row in ipairs(POOL) do
        pool[i] = {
            name = row[1],
            text = folder.read(row[1] .. ".pem"),
            fingerprint = folder.read(row[1] .. ".fingerprint"):match "=(%S+)"
                :gsub(":", ""):lower(),
            from = row[5],
            to = row[6],
        }
    end
    folder.remove()
    return pool
end

-- ---- chance ------------------------------------------------------------------------------------

--- Park and Miller's generator, exact in doubles. → function(n) → 1..n
function M.random(seed)
    local state = seed % 2147483646 + 1
    local function random(n)
        state = state * 16807 % 2147483647
        return state % n + 1
    end
    for _ = 1, 3 do
        random(1) -- neighbouring seeds begin alike
    end
    return random
end

local function shuffled(list, random)
    local new = {}
    for _, one in ipairs(list) do
        table.insert(new, random(#new + 1), one)
    end
    return new
end

-- ---- a situation -------------------------------------------------------------------------------

local function choose(random, ...)
    local list = { n = select("#", ...), ... }
    return list[random(list.n)]
end

-- The same certificate in other clothes: it is not text that is compared.
local function dressed(text, random)
    return choose(random, text, text, text:gsub("\n", "\r\n"), (text:gsub("\n$", "")))
end

local function unreadable(pool, random)
    return choose(random, "no certificate", pool[1].text:sub(1, 300), pool[1].text .. pool[2].text)
end

local function records_of(pool, s, random)
    local records, used = {}, false
    for i = 1, random(5) - 1 do
        local entry = random(5) <= 3 and s.wanted[random(#s.wanted)] or pool[random(#pool)]
        local text = dressed(entry.text, random)
        if random(12) == 1 then
            text = unreadable(pool, random)
        end
        local enabled = random(2) == 1 and not (s.one and used)
        used = used or enabled
        records[i] = { text = text, enabled = enabled }
    end
    for _ = 1, random(3) - 1 do
        records[#records + 1] = {
            text = pool[random(#pool)].text, enabled = random(2) == 1, integration = M.FOREIGN,
        }
    end
    return records
end

local function options_of(s, random)
    return {
        at = s.now,
        retire = choose(random, nil, "keep", "disable", "delete", "delete", "disable"),
        overlap = choose(random, nil, nil, 0, 1000, 1e9),
        several_enabled = s.several,
        force = choose(random, nil, nil, nil, nil, nil, true),
    }
end

local FATES = { "refused", "lost before", "lost after", "killed before", "killed after" }

-- What happens to a run, if anything: {request, fate}.
local function accident(random)
    return { number = random(9), fate = FATES[random(#FATES)] }
end

--- Makes a situation.
---@param pool table[]
---@param seed integer
---@return table situation  {one, tell, mixes_up, several, now, wanted, records, options,
--- accidents: what happens to the runs before the last; second: a rotator at the same time}
function M.make(pool, seed)
    local random = M.random(seed)
    local s = {
        seed = seed, random = random, one = random(2) == 1, tell = random(2) == 1,
        mixes_up = random(8) == 1, now = TIMES[random(#TIMES)],
    }
    -- several_enabled as it is, or not said; one in eight says it where it is not so
    s.several = random(s.one and 4 or 2) == 1 or nil
    s.wrong = s.one and s.several == true
    local all = shuffled(pool, random)
    s.wanted = {}
    for i = 1, random(3) do
        s.wanted[i] = all[i]
    end
    s.records = records_of(pool, s, random)
    s.options = options_of(s, random)
    s.accidents = {}
    local kind = random(6)
    for i = 1, kind == 1 and 0 or kind <= 4 and 1 or kind == 5 and 2 or 0 do
        s.accidents[i] = accident(random)
    end
    if kind == 6 or kind == 4 then
        local options = options_of(s, random)
        options.force = s.options.force
        s.second = {
            options = options,
            wanted = random(3) == 1 and shuffled(s.wanted, random) or s.wanted,
        }
    end
    return s
end

--- A situation in a few lines, for the report of a failure.
function M.describe(pool, s)
    local names = {}
    for _, entry in ipairs(pool) do
        names[entry.text:gsub("%s", "")] = entry.name
    end
    local lines = {
        ("seed %d: one %s, tell %s, mixes up %s, now %.0f, second %s"):format(s.seed,
            tostring(s.one), tostring(s.tell), tostring(s.mixes_up), s.now,
            tostring(s.second ~= nil)),
    }
    local function options(given)
        local words = {}
        for name, value in pairs(given) do
            words[#words + 1] = name .. "=" .. tostring(value)
        end
        table.sort(words)
        return table.concat(words, " ")
    end
    lines[#lines + 1] = "options " .. options(s.options)
    for _, entry in ipairs(s.wanted) do
        lines[#lines + 1] = "wanted " .. entry.name
    end
    if s.second then
        lines[#lines + 1] = "second's options " .. options(s.second.options)
        for _, entry in ipairs(s.second.wanted) do
            lines[#lines + 1] = "second's wanted " .. entry.name
        end
    end
    for _, record in ipairs(s.records) do
        lines[#lines + 1] = ("there: %s, enabled %s%s"):format(
            names[record.text:gsub("%s", "")] or "unreadable", tostring(record.enabled),
            record.integration and ", another integration's" or "")
    end
    for _, one in ipairs(s.accidents) do
        lines[#lines + 1] = ("request %d is %s"):format(one.number, one.fate)
    end
    return table.concat(lines, "\n")
end

return M
