-- The table of faults: each row in both forms of the call, all columns compared. The rows are in
-- wire.lua, answers.lua and http2.lua beside this file; play.lua says what a row is.
--
-- Whole on Lua 5.4 and LuaJIT; elsewhere, and where a checker makes each row slow, every tenth row.

local helper = require "helper"
local play = require "faults.play"

local variant = os.getenv "SSO_VARIANT"
local whole = (not variant or variant == "plain") and (rawget(_G, "jit") or _VERSION == "Lua 5.4")

local function some(rows)
    if whole then
        return rows
    end
    local list = {}
    for i = 1, #rows, 10 do
        list[#list + 1] = rows[i]
    end
    return list
end

local wire, answers, http2 = require "faults.wire", require "faults.answers", require "faults.http2"

describe("on the wire,", function()
    helper.watch()
    play.cases(some(wire))
end)

describe("in the answer,", function()
    helper.watch()
    play.cases(some(answers))
end)

describe("over HTTP/2,", function()
    helper.watch()
    play.cases(some(http2))
end)

describe("the table of faults", function()
    it("has two hundred rows and more, none of them twice", function()
        local seen, n = {}, 0
        for _, rows in ipairs { wire, answers, http2 } do
            for _, row in ipairs(rows) do
                local key = table.concat({
                    row[1], row.port or "", row.operation or "", row[4],
                    row.options and row.options.max_retries or "", tostring(row.large),
                }, " ")
                assert.is_nil(seen[key], key)
                seen[key] = true
                n = n + 1
            end
        end
        assert.is_true(n >= 200, n .. " rows")
    end)
end)
