-- The table of faults: each row in both forms of the call, all columns compared. The rows are in
-- wire.lua and answers.lua beside this file; play.lua says what a row is.

local helper = require "helper"
local play = require "faults.play"

local rows = 0

describe("on the wire,", function()
    helper.watch()
    rows = rows + play.cases(require "faults.wire")
end)

describe("in the answer,", function()
    helper.watch()
    rows = rows + play.cases(require "faults.answers")
end)

describe("the table of faults", function()
    it("has two hundred rows and more", function()
        assert.is_true(rows >= 200, rows .. " rows")
    end)
end)
