-- What the contenders written in Lua share: the work to do, out of the environment, and the line
-- that each prints at its end (bench/README.md, "contenders").  Works on every Lua.

local cjson = require "cjson"

local M = {
    base_url = assert(os.getenv "SENDGRID_BASE_URL"),
    key = assert(os.getenv "SENDGRID_API_KEY"),
    ca_file = assert(os.getenv "SSL_CERT_FILE"),
    cert_id = "66138975",
    calls = assert(tonumber(arg[1])),
    in_flight = assert(tonumber(arg[2])),
    warm = tonumber(os.getenv "BENCH_WARM" or 400),
}

local file = assert(io.open(arg[3], "rb"))
M.pem = file:read "*a"
file:close()

M.url = M.base_url .. "/v3/sso/certificates/" .. M.cert_id

--- The body of the request, encoded anew for each call as every contender does.
function M.encode()
    return cjson.encode {
        public_certificate = M.pem,
        enabled = true,
        integration_id = "b0b98502-9408-4b24-9e3d-31ed7cb15312",
    }
end

--- Decodes an answer and checks it as every contender does.
function M.check(status, body)
    if tonumber(status) ~= 200 then
        error(("status %s: %s"):format(tostring(status), tostring(body)), 0)
    end
    local certificate = cjson.decode(body)
    if ("%.0f"):format(certificate.id) ~= M.cert_id or certificate.public_certificate ~= M.pem then
        error("the answer is about another certificate", 0)
    end
end

--- Warms up, measures `run(count)` and prints what it took.
---@param now fun(): number  seconds on a clock that only goes forward
function M.measure(run, now)
    run(math.min(M.calls, M.warm))
    local wall, cpu = now(), os.clock()
    run(M.calls)
    cpu = os.clock() - cpu
    wall = now() - wall
    print(("%d %.6f %.6f"):format(M.calls, wall, cpu))
end

return M
