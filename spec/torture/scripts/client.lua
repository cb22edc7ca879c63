--- What the scripts of spec/torture/oom.c share: a client of its server, what a call that met no
-- memory may answer, and a call that must go well.

local sso = require "sso"

local M = {}

--- The server of oom.c.
M.base_url = assert(rawget(_G, "BASE_URL"), "run by spec/torture/oom.c")

--- Options of a client that waits for nothing for long.
---@param more? table
function M.options(more)
    local all = {
        base_url = M.base_url, api_key = "SG.torture", timeout = 5, max_retries = 0,
        validate = false, proxy = "",
    }
    for name, value in pairs(more or {}) do
        all[name] = value
    end
    return all
end

-- libcurl words some of its own failures as others.
local EXPECTED = {
    memory = true, connect = true, dns = true, network = true, response = true, config = true,
    tls = true, timeout = true, protocol = true,
}

--- What a call without memory gave: a value, or an error of a kind that lack of memory may have.
---@param more? table<string, boolean>  further kinds
function M.took(value, err, more)
    if value == nil and not EXPECTED[err.kind] and not (more and more[err.kind]) then
        error("an unexpected error: " .. err.kind .. ": " .. tostring(err), 0)
    end
end

local client

--- The client that is there all the time.
function M.client()
    client = client or assert(sso.new(M.options()))
    return client
end

--- Fails unless that client completes a call, in both forms.
function M.check()
    local value, err = M.client():get_certificate("66138975")
    if not value or value.id ~= 66138975 then
        error("the client is spoilt: " .. tostring(err), 0)
    end
    local called = 0
    M.client():get_certificate("66138975", function(answer)
        called = called + (answer and 1 or 0)
    end)
    local left = M.client():run(5)
    if called ~= 1 or left ~= 0 then
        error(("%d callbacks, %d calls left"):format(called, left), 0)
    end
end

return M
