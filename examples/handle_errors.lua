-- Decides by err.kind what to do about a failed call: one word for each thing that can go wrong.
--
--     lua handle_errors.lua CERT_ID FILE
--
-- The exit status tells a calling script the same: 0 done, 1 failed, 3 not found, 4 refused,
-- 5 try again later.

local sso = require "sso"

local cert_id, path = arg[1], arg[2]
if not path then
    io.stderr:write("usage: handle_errors.lua CERT_ID FILE\n")
    os.exit(2)
end

local file = assert(io.open(path, "rb"))
local pem = file:read("*a")
file:close()

-- SendGrid cannot be reached, is busy or is broken: err.retryable says whether it may pass.  The
-- module has tried three times by itself before it returns such an error.
local function try_later(err)
    print(("%d attempts in %.1f s: %s"):format(err.attempts, err.elapsed, err.message))
    if err.retry_after then
        print(("the server asks to wait %d s"):format(err.retry_after))
    end
    return 5
end

local function fix_the_key(err)
    print("the API key was refused: " .. err.message)
    if err.hint then
        print("what may help: " .. err.hint)
    end
    return 4
end

local actions = {
    config = function(err)
        print("set this up first: " .. err.message)
        return 1
    end,
    certificate = function(err)
        print("nothing was sent, look at the file: " .. err.message)
        return 1
    end,
    invalid_request = function(err)
        for _, problem in ipairs(err.errors) do
            print(("SendGrid refused %s: %s"):format(problem.field or "it", problem.message))
        end
        return 1
    end,
    not_found = function()
        print("there is no certificate " .. cert_id .. "; find_cert_id.lua lists those there are")
        return 3
    end,
    unauthorized = fix_the_key,
    forbidden = fix_the_key,
}

local certificate, err = sso.update_certificate(cert_id, {
    public_certificate = pem,
    enabled = true,
})

if certificate then
    print("certificate " .. certificate.id .. " is up to date")
    os.exit(0)
end

local act = actions[err.kind]
if act then
    os.exit(act(err))
elseif err.retryable then
    os.exit(try_later(err))
end
print(tostring(err)) -- operation, what happened and what helps, in one line
os.exit(1)
