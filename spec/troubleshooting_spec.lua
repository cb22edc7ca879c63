-- docs/troubleshooting.md: each message that it quotes is produced, by what is said to cause it.

local helper = require "helper"
local produced = require "support.produced"

local PAGE = "docs/troubleshooting.md"

-- The messages that the page quotes, and the line of each.
local function quoted()
    local list, number = {}, 0
    for line in io.lines(PAGE) do
        number = number + 1
        local message = line:match "^### `(.*)`$"
        if message then
            list[#list + 1] = { message = message, line = number }
        end
    end
    return list
end

-- A pattern that fits what is quoted; "…" is anything, but not nothing.
local function pattern_of(message)
    local escaped = message:gsub("[%^%$%(%)%%%.%[%]%*%+%-%?]", "%%%0")
    return "^" .. escaped:gsub("…", ".+") .. "$"
end

describe("the troubleshooting page", function()
    helper.watch()
    before_each(function()
        helper.sandbox.reset()
    end)

    it("quotes what is produced here, and no other message", function()
        local known, on_page = {}, {}
        for message in pairs(produced.rows) do
            known[#known + 1] = message
        end
        for i, row in ipairs(quoted()) do
            on_page[i] = row.message
        end
        table.sort(known)
        table.sort(on_page)
        assert.same(known, on_page)
    end)

    for _, row in ipairs(quoted()) do
        it(("%s:%d is what is said: %s"):format(PAGE, row.line, row.message), function()
            local err = produced.rows[row.message]()
            assert.is_table(err)
            assert.matches(pattern_of(row.message), err.message)
        end)
    end
end)
