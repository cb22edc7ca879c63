-- measure.lua - runs programs for the parts of the benchmark: where they run, in which turn, and
-- what is made of the numbers.
--
-- Contenders take turns and each round begins with another one, so that whatever else the machine
-- does falls on all of them; ratios are taken within a round.

local here = arg[0]:match "^.*/" or "./"
local bench = dofile(here .. "common.lua")

local M = {
    here = here,
    build = here .. "../build/",
    cert_id = bench.cert_id,
    median = bench.median,
    base_url = bench.base_url,
    read_file = bench.read_file,
    now = bench.now,
}

function M.quote(text)
    return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- What a command prints on standard output, and whether it ended well.
function M.output_of(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read "a"
    local ok = pipe:close()
    return text, ok == true
end

function M.exists(path)
    local file = io.open(path)
    return file ~= nil and file:close()
end

-- ---- where programs run --------------------------------------------------

-- → the first two CPUs that this process may use, or nil
local function two_cpus()
    local allowed = bench.read_file "/proc/self/status":match "Cpus_allowed_list:%s*(%S+)"
    local cpus = {}
    for first, last in allowed:gmatch "(%d+)%-?(%d*)" do
        for cpu = tonumber(first), tonumber(last) or tonumber(first) do
            cpus[#cpus + 1] = cpu
        end
    end
    return #cpus >= 2 and { cpus[1], cpus[2] } or nil
end

--- Pins the server to the first CPU.  In turn, clients share it (waking another one costs more
--- than the call); what runs at once has the second one.
function M.pin()
    local cpus = two_cpus()
    local pid = bench.read_file(os.getenv "SSO_SANDBOX_DIR" .. "/nginx.pid"):match "%d+"
    if cpus and os.execute(("taskset -cp %d %s >/dev/null 2>&1"):format(cpus[1], pid)) then
        M.cpus = { server = cpus[1], other = cpus[2] }
    end
end

--- What the module calls itself in Lua 5.4; the C program does too.
M.agent = "unknown"

--- The command with variables and a CPU.
---@param options {delay: number?, cpu: string?, env: string?, url: string?}
function M.command(command, options)
    local prefix = ("env -u CURL_CA_BUNDLE -u SSL_CERT_DIR SENDGRID_BASE_URL=%s "
        .. "SSL_CERT_FILE=\"$SSO_SANDBOX_CA\" NODE_EXTRA_CA_CERTS=\"$SSO_SANDBOX_CA\" "
        .. "BENCH_AGENT=%s %s "):format(
        M.quote(options.url or bench.base_url(options.delay)), M.quote(M.agent),
        options.env or "")
    if M.cpus and options.cpu then
        prefix = ("taskset -c %d %s"):format(M.cpus[options.cpu], prefix)
    end
    return prefix .. command
end

local function make_anchors()
    local folder = os.getenv "SSO_SANDBOX_DIR" .. "/anchors"
    local ok = os.execute(([[
        mkdir -p %s/certs && cp -RP /etc/ssl/certs/. %s/certs/ &&
        cp "$SSO_SANDBOX_CA" %s/certs/sandbox.pem &&
        ln -sf sandbox.pem %s/certs/$(openssl x509 -noout -hash -in "$SSO_SANDBOX_CA").0 &&
        cat /etc/ssl/certs/ca-certificates.crt "$SSO_SANDBOX_CA" >%s/bundle &&
        mv %s/bundle %s/certs/ca-certificates.crt &&
        unshare -rm true 2>/dev/null
    ]]):gsub("%%s", M.quote(folder)))
    return ok and folder .. "/certs"
end

local anchors

--- Puts a command where the system's trust anchors, as bundle and as hashed folder, have the
--- sandbox's CA among them, and where no variable names others: a mount namespace.
---@return (fun(command: string): string)?  nil where that is not to be had
function M.with_system_anchors()
    if anchors == nil then
        anchors = make_anchors() or false
    end
    return anchors and function(command)
        return "unshare -rm sh -c " .. M.quote("mount --bind " .. M.quote(anchors)
            .. " /etc/ssl/certs && unset SSL_CERT_FILE && exec " .. command)
    end or nil
end

--- Runs a program that prints "calls wall-seconds cpu-seconds".
---@return {cpu: number, rate: number}  CPU µs a call, calls a second
function M.calls(name, command, options)
    command = options.around and options.around(command) or command
    local text = M.output_of(M.command(command, options))
    local calls, wall, cpu = text:match "^(%d+) ([%d.]+) ([%d.]+)\n$"
    if not calls then
        error(name .. " failed", 0)
    end
    return { cpu = cpu / calls * 1e6, rate = calls / wall }
end

--- Runs a command `times` times by bench/spawn.
---@param options table  as for `command`; `around` gets and gives the command with its spawn
---@return {wall: number, cpu: number, peak: number}[]  seconds, seconds, KB
function M.spawn(name, command, options, times)
    command = M.build .. "bench/spawn " .. times .. " " .. command
    command = options.around and options.around(command) or command
    local text, ok = M.output_of(M.command(command, options))
    if not ok then
        error(name .. " failed", 0)
    end
    local runs = {}
    for wall, cpu, peak in text:gmatch "([%d.]+) ([%d.]+) (%d+)\n" do
        runs[#runs + 1] = { wall = tonumber(wall), cpu = tonumber(cpu), peak = tonumber(peak) }
    end
    return runs
end

-- ---- what was sent ---------------------------------------------------------

local function control(path, arguments)
    return (M.output_of("curl -fsS --noproxy '*' " .. arguments
        .. " \"$SSO_SANDBOX_CONTROL" .. path .. "\""))
end

--- What the sandbox received while a function ran.
---@return table[] requests  headers = {{name, value}, …}, body_base64, tls, …
---@return any result  of the function
function M.received(f, fault)
    if fault then
        control("/fault", "-o /dev/null --data-binary " .. M.quote(fault))
    end
    control("/log", "-o /dev/null -X DELETE")
    local result = f()
    local log = require "cjson".decode(control("/log", ""))
    if fault then
        control("/fault", "-o /dev/null -X DELETE")
    end
    return log.requests, result
end

-- ---- rounds ----------------------------------------------------------------

--- Measures each of a list in rounds; one with `rounds` is left out of later rounds.
---@param list {rounds: integer?}[]
---@param measure fun(item: table): table
---@return table[][]  for each of the list what each of its rounds gave
function M.rounds(list, rounds, measure)
    local results = {}
    for i in ipairs(list) do
        results[i] = {}
    end
    for round = 1, rounds do
        for turn = 1, #list do
            local i = (turn + round) % #list + 1
            if round <= (list[i].rounds or rounds) then
                results[i][round] = measure(list[i])
            end
        end
    end
    return results
end

local function column(rounds, key)
    local values = {}
    for i, result in ipairs(rounds) do
        values[i] = result[key]
    end
    return values
end

--- The median of a number over rounds, and its least and most.
function M.of(rounds, key)
    local values = column(rounds, key)
    return bench.median(values), math.min(table.unpack(values)), math.max(table.unpack(values))
end

--- The median, least and most of the ratios to another's same rounds.
function M.ratio(rounds, base, key)
    local values = {}
    for i, result in ipairs(rounds) do
        values[i] = result[key] / base[i][key]
    end
    return bench.median(values), math.min(table.unpack(values)), math.max(table.unpack(values))
end

--- Machine and versions, for the report.
function M.facts()
    local version = require "sso".version()
    return {
        cpu = bench.read_file "/proc/cpuinfo":match "model name%s*:%s*([^\n]+)" or "?",
        cpus = tonumber(M.output_of "nproc":match "%d+"),
        kernel = bench.read_file "/proc/sys/kernel/osrelease":match "%S+",
        load = tonumber(bench.read_file "/proc/loadavg":match "%S+"),
        libcurl = version.libcurl,
        tls = version.tls,
        cjson = version.cjson,
        module = version.module,
        date = os.date "!%Y-%m-%d",
    }
end

return M
