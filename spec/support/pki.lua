--- Folders in which the openssl program has made keys, certificates and what else a spec wants.

local helper = require "helper"
local process = require "process"

local M = {}

-- For `openssl req` and `openssl ca`; the extensions of a CA are there for whom asks for them
-- (-extensions v3).
local CONFIG = [[
[req]
distinguished_name = dn
[dn]
[ca]
default_ca = d
[d]
database = index
serial = serial
crlnumber = crlnumber
new_certs_dir = .
default_md = sha256
default_crl_days = 30
policy = p
unique_subject = no
[p]
commonName = supplied
organizationName = optional
[v3]
basicConstraints = CA:TRUE
]]

-- What is preloaded for the Lua program (a sanitizer, say) is not meant for openssl.
local BEFORE = [[
set -e
unset LD_PRELOAD
cd "$1"
printf %s "$2" >cnf
: >index
echo 01 >serial
echo 01 >crlnumber
]]

--- Runs a shell script in a new folder, where `cnf` is a configuration for openssl.
---@param script string
---@param ... string  its arguments, from $3 on
---@return {read: (fun(name: string): string), remove: fun()}
function M.folder(script, ...)
    local path = os.tmpname()
    os.remove(path)
    local folder = {}

    function folder.read(name)
        local file = assert(io.open(path .. "/" .. name, "rb"))
        local text = file:read "*a"
        file:close()
        return text
    end

    function folder.remove()
        process.run({ "rm", "-rf", path }, {}, 10)
    end

    assert(process.run({ "mkdir", "-m", "700", path }, {}, 10).status == 0)
    -- how long it takes to find primes differs
    local done = process.run({ "sh", "-c", BEFORE .. script, "sh", path, CONFIG, ... }, {},
        120 * helper.patience)
    if done.status ~= 0 then
        folder.remove()
        error(("openssl's script ended with %s: %s"):format(tostring(done.status), done.output))
    end
    return folder
end

return M
