-- The plan of a rotation, without any server: what is there, what is wanted and the options in,
-- steps out.  Each row is a situation in letters:
--
--     there   "A+ B- C ?"   A enabled, B disabled, C with `enabled` not told, ? an unreadable text;
--                           their ids are 1, 2, 3 …
--     wanted  "B C"         in the order of the metadata
--     steps   "add B off, enable A#1, keep C#3"
--
-- A, B and C are valid (B since ten days), D and E have ended, F has not begun.

local plan = require "sso.rotation.plan"

local NOW, DAY = 1700000000, 86400

local function certificate(name, from, to)
    return {
        subject = "CN=" .. name,
        fingerprint = name:rep(64),
        pem = "pem of " .. name,
        not_before = NOW + from * DAY,
        not_after = NOW + to * DAY,
        state = function(self, at)
            return at < self.not_before and "not_yet_valid"
                or at > self.not_after and "expired" or "valid"
        end,
    }
end

local certificates = {
    A = certificate("A", -400, 100),
    B = certificate("B", -10, 400),
    C = certificate("C", -1, 400),
    D = certificate("D", -400, -2),
    E = certificate("E", -400, -1),
    F = certificate("F", 1, 400),
}

local TOLD = { ["+"] = true, ["-"] = false }

local function records_of(text)
    local records = {}
    for word in text:gmatch "%S+" do
        local found = certificates[word:sub(1, 1)]
        records[#records + 1] = {
            id = #records + 1,
            fingerprint = found and found.fingerprint,
            certificate = found,
            enabled = TOLD[word:sub(2, 2)],
            problem = not found and "is empty" or nil,
        }
    end
    return records
end

local function wanted_of(text)
    local wanted = {}
    for word in text:gmatch "%S+" do
        wanted[#wanted + 1] = certificates[word]
    end
    return wanted
end

local function make(row)
    return plan.make {
        integration_id = "x",
        records = records_of(row.there),
        wanted = wanted_of(row.wanted),
        options = row.options or {},
        now = NOW,
        check = function(pem, options)
            assert.equal(NOW, options.at)
            return row.problem and { { message = row.problem .. " of " .. pem } } or {}
        end,
    }
end

local function text_of(steps)
    local words = {}
    for i, step in ipairs(steps) do
        assert.is_false(step.done)
        assert.is_string(step.reason)
        local word = step.action .. " " .. (step.fingerprint or "?"):sub(1, 1)
        if step.id then
            word = word .. "#" .. step.id
        end
        if step.action == "add" then
            word = word .. (step.enabled and " on" or " off")
        elseif step.action ~= "keep" then
            assert.equal(({ enable = true, disable = false })[step.action], step.enabled)
        end
        words[i] = word
    end
    return table.concat(words, ", ")
end

local DELETE, DISABLE = { retire = "delete" }, { retire = "disable" }

local function with(options, more)
    local all = {}
    for _, list in ipairs { options, more } do
        for name, value in pairs(list) do
            all[name] = value
        end
    end
    return all
end

local SEVERAL = { several_enabled = true }

local rows = {
    {
        "puts the first certificate there, enabled at once",
        there = "", wanted = "A", steps = "add A on",
    },
    {
        "puts a certificate next to another one disabled, reads it back and enables it then",
        there = "A+", wanted = "B", steps = "add B off, enable B, keep A#1",
    },
    {
        "adds it enabled where several may be",
        there = "A+", wanted = "B", options = SEVERAL, steps = "add B on, keep A#1",
    },
    { "does nothing where all is well", there = "A+", wanted = "A", steps = "keep A#1" },
    { "sets enabled what is not known to be", there = "A", wanted = "A", steps = "enable A#1" },
    { "sets enabled what is known not to be", there = "A-", wanted = "A", steps = "enable A#1" },

    -- the next key
    {
        "preloads the next key disabled",
        there = "A+", wanted = "A B", steps = "add B off, keep A#1",
        warns = "the others are not enabled by this",
    },
    {
        "preloads the next key enabled, and makes sure of the present one after that",
        there = "A+", wanted = "A B", options = SEVERAL, steps = "add B on, enable A#1",
        warns = "should SendGrid keep one enabled at a time, only CN=A",
    },
    {
        "leaves a preloaded key as it is",
        there = "A+ B-", wanted = "A B", steps = "keep A#1, keep B#2", warns = "2 certificates",
    },
    {
        "leaves a preloaded key alone of which nothing is known",
        there = "A B", wanted = "A B", steps = "enable A#1, keep B#2", warns = "2 certificates",
    },
    {
        "enables the next key when the order turns, and disables no wanted one",
        there = "A+ B-", wanted = "B A", options = DELETE, steps = "enable B#2, keep A#1",
        warns = "CN=B .*, the first valid one",
    },
    {
        "enables the next key when the old one is dropped, and retires that then",
        there = "A+ B-", wanted = "B", options = DELETE, steps = "enable B#2, delete A#1",
    },
    {
        "sets each enabled where several may be and nothing is told, the present one last",
        there = "A B", wanted = "A B", options = SEVERAL,
        steps = "enable A#1, enable B#2, enable A#1", warns = "2 certificates",
    },
    {
        "does nothing where several are told to be enabled",
        there = "A+ B+", wanted = "A B", options = SEVERAL, steps = "keep A#1, keep B#2",
        warns = "2 certificates",
    },

    -- retiring
    {
        "keeps what is not wanted unless it is told to retire",
        there = "A+ B+", wanted = "B", steps = "keep A#1, keep B#2",
    },
    {
        "sets the wanted one enabled in this run before it deletes, even when it is told to be",
        there = "A+ B+", wanted = "B", options = DELETE, steps = "enable B#2, delete A#1",
    },
    {
        "sets it enabled once, where it has to be anyway",
        there = "A B", wanted = "B", options = DELETE, steps = "enable B#2, delete A#1",
    },
    {
        "sets it enabled again after another one was",
        there = "A+ B+ C-", wanted = "B C", options = with(DELETE, SEVERAL),
        steps = "enable C#3, enable B#2, delete A#1", warns = "2 certificates",
    },
    {
        "disables what is not known to be disabled, and nothing else",
        there = "A B", wanted = "B", options = DISABLE, steps = "enable B#2, disable A#1",
    },
    {
        "does not disable what is disabled already",
        there = "A- B+", wanted = "B", options = DISABLE, steps = "keep A#1, keep B#2",
    },
    {
        "deletes what is disabled",
        there = "A- B+", wanted = "B", options = DELETE, steps = "enable B#2, delete A#1",
    },
    {
        "retires what has ended, too",
        there = "E+ B+", wanted = "B", options = DELETE, steps = "enable B#2, delete E#1",
    },
    {
        "never retires what it cannot read",
        there = "? A+ B+", wanted = "B", options = DELETE,
        steps = "enable B#3, delete A#2, keep ?#1", warns = "certificate 1 is left alone: is empty",
    },

    -- overlap
    {
        "waits for the overlap, counted from the new one's beginning",
        there = "A+ B+", wanted = "B", options = with(DELETE, { overlap = 11 * DAY }),
        steps = "keep A#1, keep B#2", reason = "stays until 2023%-11%-15 22:13 UTC",
    },
    {
        "retires when the overlap is over",
        there = "A+ B+", wanted = "B", options = with(DELETE, { overlap = 10 * DAY }),
        steps = "enable B#2, delete A#1",
    },
    {
        "counts the overlap from now for a certificate that it adds",
        there = "A+", wanted = "B", options = with(DELETE, { overlap = 1 }),
        steps = "add B off, enable B, keep A#1", reason = "stays until 2023%-11%-14 22:13 UTC",
    },
    {
        "counts the overlap from the moment that an earlier journal tells",
        there = "A+ B+", wanted = "B",
        options = with(DELETE, { overlap = DAY, journal = {
            { action = "enable", fingerprint = ("B"):rep(64), at = NOW },
            { action = "add", fingerprint = ("C"):rep(64), at = NOW },
            { action = "add", fingerprint = ("B"):rep(64), at = NOW - DAY + 1 },
            { action = "add", fingerprint = ("B"):rep(64) }, "?",
        } }),
        steps = "keep A#1, keep B#2", reason = "stays until 2023%-11%-14 22:13 UTC",
    },

    -- the same certificate twice
    {
        "keeps the one with the lowest id of those that are the same",
        there = "A+ A+ A+", wanted = "A", steps = "keep A#1, keep A#2, keep A#3",
    },
    {
        "deletes the others when it is told to, whatever the overlap",
        there = "A- A+", wanted = "A", options = with(DELETE, { overlap = 1000 * DAY }),
        steps = "enable A#1, delete A#2",
    },
    {
        "disables the others",
        there = "A A", wanted = "A", options = DISABLE, steps = "enable A#1, disable A#2",
    },
    {
        "does not take from a next key the one that is enabled",
        there = "A+ B- B+", wanted = "A B", options = DELETE,
        steps = "keep A#1, keep B#2, keep B#3", warns = "2 certificates",
    },

    -- dates
    {
        "does not add what has ended, when something else is wanted",
        there = "A+", wanted = "E A", steps = "keep A#1", warns = "CN=E .* is not added",
    },
    {
        "keeps what has ended and is there",
        there = "A+ E+", wanted = "A E", options = DELETE, steps = "keep A#1, keep E#2",
        warns = "2 certificates",
    },
    { "adds what has ended when it is all there is", there = "", wanted = "E", steps = "add E on" },
    {
        "does not enable what has ended in the place of what may serve",
        there = "A", wanted = "E", options = DELETE, steps = "add E off, keep A#1",
        warns = "CN=E .* is not valid now, and others may serve", also = "nothing is retired",
    },
    {
        "enables what has ended when nothing else can serve",
        there = "A- E-", wanted = "E", options = DELETE, steps = "enable E#2, keep A#1",
        warns = "nothing is retired: no wanted certificate is valid now",
    },
    {
        "takes what has ended for good when it is forced to",
        there = "A E", wanted = "E", options = with(DELETE, { force = true }),
        steps = "enable E#2, delete A#1",
    },
    {
        "leaves a certificate alone that has ended and is enabled",
        there = "A- E+", wanted = "E", steps = "keep A#1, keep E#2",
    },
    {
        "preloads what has not begun, disabled",
        there = "A+", wanted = "F", options = DELETE, steps = "add F off, keep A#1",
        warns = "CN=F .* is not valid now", also = "nothing is retired",
    },
    {
        "leaves what has not begun as it is, where others may serve",
        there = "A F", wanted = "F", steps = "keep A#1, keep F#2", warns = "is not valid now",
    },
    {
        "enables what has not begun where several may be enabled",
        there = "A F", wanted = "F", options = SEVERAL, steps = "enable F#2, keep A#1",
    },
    {
        "takes the first valid one for the one that is signed with",
        there = "A+", wanted = "F E A B", options = SEVERAL,
        steps = "add F on, add B on, enable A#1", warns = "CN=E .* is not added",
        also = "only CN=A",
    },
    {
        "prefers what will be valid to what was",
        there = "", wanted = "E F", steps = "add F on", warns = "CN=E .* is not added",
        also = "2 certificates",
    },
    {
        "adds only the first of several that have ended",
        there = "", wanted = "D E", steps = "add D on", warns = "CN=E .* is not added",
        also = "2 certificates",
    },
    {
        "passes on what is wrong with a certificate",
        there = "A+", wanted = "A", steps = "keep A#1", problem = "a small key",
        warns = "^a small key of pem of A$",
    },
    {
        "shows no control characters of others",
        there = "A+", wanted = "A", steps = "keep A#1", problem = "an\27[31m \nodd",
        warns = "^an[^\n\27]*%[31m[^\n\27]*odd of pem of A$",
    },
}

describe("the plan of a rotation", function()
    for _, row in ipairs(rows) do
        it(row[1], function()
            local made = make(row)
            assert.equal(row.steps, text_of(made.steps))
            local warnings = table.concat(made.warnings, "\n")
            if row.warns then
                assert.truthy(warnings:find(row.warns), warnings)
            else
                assert.equal("", warnings)
            end
            assert.truthy(warnings:find(row.also or ""), warnings)
            if row.reason then
                local reasons = {}
                for i, step in ipairs(made.steps) do
                    reasons[i] = step.reason
                end
                assert.truthy(table.concat(reasons, "\n"):find(row.reason))
            end
        end)
    end

    it("says what each step is about", function()
        local made = make { there = "A+ ?", wanted = "B" }
        assert.same({
            action = "add", fingerprint = ("B"):rep(64), subject = "CN=B",
            not_before = NOW - 10 * DAY, not_after = NOW + 400 * DAY, enabled = false,
            reason = "wanted and not there", done = false,
        }, made.steps[1])
        assert.same({
            action = "keep", id = 1, fingerprint = ("A"):rep(64), subject = "CN=A",
            not_before = NOW - 400 * DAY, not_after = NOW + 100 * DAY, enabled = true,
            reason = "not wanted any more; retire is not asked for", done = false,
        }, made.steps[3])
        assert.same({
            action = "keep", id = 2, reason = "not readable: is empty", done = false,
        }, made.steps[4])
        assert.equal(("B"):rep(64), made.active)
        assert.equal("x", made.integration_id)
        assert.equal("CN=B", made.wanted[1].subject)
        assert.same({}, made.journal)
        assert.is_false(made.changed)
        assert.is_false(made.set_unknown)
        assert.is_false(made.dry_run)
    end)

    it("changes nothing that it is given, and gives the same again", function()
        local given = { there = "A A- B+ ? E", wanted = "B C F", options = DELETE }
        local first, second = make(given), make(given)
        assert.same(text_of(first.steps), text_of(second.steps))
        assert.same({ retire = "delete" }, DELETE)
    end)

    -- What goes, and what was set enabled last before it.
    local function check(made, mode)
        local active, last = made.active:sub(1, 1), nil
        for _, step in ipairs(made.steps) do
            local letter = (step.fingerprint or "?"):sub(1, 1)
            if step.action == "disable" or step.action == "delete" then
                assert.equal(mode, step.action)
                assert.equal("valid", certificates[active]:state(NOW))
                assert.equal(active, last)
                assert.not_equal("?", letter)
            elseif step.enabled and step.action ~= "keep" then
                last = letter
            end
        end
    end

    -- Every plan of few certificates, all of them: what the table above shows by examples.
    it("lets nothing go before something wanted and valid is set enabled", function()
        local words = { "A+", "A-", "A", "B+", "B-", "B", "E", "F", "?" }
        local wants = { "A", "B", "A B", "B A", "E", "F", "E A", "F A", "E F" }
        local count = 0
        for i = 0, 9 * 9 * 9 * 6 - 1 do
            local function pick(list)
                local one = list[i % #list + 1]
                i = math.floor(i / #list)
                return one
            end
            local mode = pick { "keep", "disable", "delete" }
            check(make {
                there = pick(words) .. " " .. pick(words), wanted = pick(wants),
                options = { retire = mode, several_enabled = pick { true, false } },
            }, mode)
            count = count + 1
        end
        assert.equal(9 * 9 * 9 * 6, count)
    end)
end)
