-- What the specs of options share: an environment that has none of the variables the module reads,
-- files of the case, clients made by sso.new alone, and what the server got of them.

local assert = require "luassert"
local busted = require "busted"
local helper = require "helper"
local process = require "process"
local sso = require "sso"

local VARIABLES = {
    "SENDGRID_API_KEY", "SENDGRID_API_KEY_FILE", "SENDGRID_REGION", "SENDGRID_BASE_URL",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
    "ALL_PROXY", "no_proxy", "NO_PROXY",
}

local M = {}

local base, saved, files

--- Inside a describe, after helper.watch(): no variable is set when a case begins, and each is as
--- it was when it has ended; the case's files are removed.
function M.watch()
    busted.before_each(function()
        base = helper.faults("ok")
        saved, files = {}, {}
        for _, name in ipairs(VARIABLES) do
            saved[name] = os.getenv(name)
            process.setenv(name, nil)
        end
    end)
    busted.after_each(function()
        for _, name in ipairs(VARIABLES) do
            process.setenv(name, saved[name])
        end
        for _, name in ipairs(files) do
            os.remove(name)
        end
    end)
end

--- The case's server: a base URL of the fault server at which all is well.
function M.base()
    return base
end

--- Cases about options, each in such an environment.
---@param cases fun(base: fun(): string)  `base()` in a case is its server
function M.options(cases)
    busted.describe("options", function()
        helper.watch()
        M.watch()
        cases(M.base)
    end)
end

--- A file with this text, removed after the case.
function M.file_with(text)
    local name = os.tmpname()
    files[#files + 1] = name
    local file = assert(io.open(name, "wb"))
    file:write(text)
    file:close()
    return name
end

--- A client that nothing but these options and the environment makes, closed after the case.
function M.new(options)
    local client, err = sso.new(options)
    assert.is_nil(err)
    return helper.track(client)
end

--- The value of a header in each request at a base URL (the case's), "" where it is missing.
function M.seen(name, at)
    local values = {}
    for i, request in ipairs(helper.requests(at or base)) do
        values[i] = request.header[name] or ""
    end
    return values
end

--- Makes a call, which succeeds and arrives at a base URL (the case's).
function M.works(client, options, at)
    local before = #helper.requests(at or base)
    local certificate, err, response = client:get_certificate(helper.CERT_ID, options)
    assert.is_nil(err)
    assert.equal(helper.CERT_ID, certificate.id)
    assert.equal(200, response.status)
    assert.equal(before + 1, #helper.requests(at or base))
end

return M
