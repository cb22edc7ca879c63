--- Makes values of a fuzzer's bytes: each byte decides one thing, and when none are left every
-- choice is the first of its list.

local M = {}
M.__index = M

--- A key shaped like a real one, which no message may repeat.
M.KEY = "SG.fuzzed-key.that-nobody-may-see"

local NUMBERS = {
    0, 1, -1, 2, 30, 1.5, 0.0004, -0.5, 66138975, 1e15, 2 ^ 53, 2 ^ 53 + 2, 1e300, -1e300, 1 / 0,
    -1 / 0, 0 / 0, 2147483.648, 4294967.297, 3600,
}

local TEXTS = {
    "", "x", "66138975", "b0b98502-9408-4b24-9e3d-31ed7cb15312", M.KEY, ".", "..", "a/b", "%2e%2e",
    "a\0b", "a\r\nHost: evil", "caf\195\169", "\255\254", "\27[31mred", "global", "eu",
    "http://127.0.0.1:1", "https://api.sendgrid.com", "http://127.0.0.1@evil", "https://[::1]:9/x",
    "auto", "blocking", "nonsense", "-----BEGIN CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----",
    "admin", "sso.settings.read", "someone@example.com", "no/such/file", ("x"):rep(1025),
    "GET", "POST", "/v3/scopes", "authorization", "{\"a\":1}",
}

--- Starts at the first byte.
---@param input string
function M.new(input)
    return setmetatable({ input = input, at = 1 }, M)
end

--- Whether a byte is left.
function M:more()
    return self.at <= #self.input
end

--- The next byte, 0 behind the end.
---@return integer
function M:byte()
    local byte = self.input:byte(self.at) or 0
    self.at = self.at + 1
    return byte
end

--- One of a list.
function M:pick(list)
    return list[self:byte() % #list + 1]
end

--- True in `part` of 256 cases.
function M:chance(part)
    return 255 - self:byte() < part
end

--- So many of the bytes that follow, or fewer.
---@param most integer
function M:raw(most)
    local len = self:byte() % (most + 1)
    local text = self.input:sub(self.at, self.at + len - 1)
    self.at = self.at + len
    return text
end

--- A text: one that has made trouble before, or the fuzzer's own.
function M:text()
    if self:chance(64) then
        return self:raw(40)
    end
    return self:pick(TEXTS)
end

--- Any value; names are what keys of tables are taken from.
---@param names string[]
---@param depth? integer
function M:value(names, depth)
    depth = depth or 0
    local kind = self:byte() % 10
    if kind < 4 then
        return self:text()
    elseif kind == 4 then
        return self:pick(NUMBERS)
    elseif kind == 5 then
        return true
    elseif kind == 6 then
        return false
    elseif kind == 7 then
        return self:pick({ M.KEY, function() return M.KEY end, function() error("no key") end })
    elseif kind == 8 and depth < 3 then
        return self:table(names, depth + 1)
    elseif kind == 9 and depth < 3 then
        return self:list(names, depth + 1)
    end
    return nil
end

--- A table with some of the names as keys, now and then another one.
function M:table(names, depth)
    local made = {}
    for _ = 1, self:byte() % 6 do
        local key = self:pick(names)
        if self:chance(16) then
            key = self:text()
            key = key ~= M.KEY and key or "key" -- names of options are repeated as they stand
        end
        made[key] = self:value(names, depth)
    end
    return made
end

--- An array, now and then with a hole.
function M:list(names, depth)
    local made = {}
    for i = 1, self:byte() % 5 do
        made[i] = self:value(names, depth)
    end
    return made
end

return M
