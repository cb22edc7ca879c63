-- run.lua - CPU time of one update_certificate, user and system, as a ratio to call_floor.c, a C
-- program that does the same work with libcurl and cJSON.
--
-- usage: sandbox/sandbox run bench/run
--
-- Every number is measured inside the process that makes the calls, over warm connections, so
-- that start and handshakes are not in it.  The programs take turns; each ratio is to the C
-- program of the same round, and the table shows the median and the range of the rounds.

local here = arg[0]:match("^.*/") or "./"
local bench = dofile(here .. "common.lua")
local build = here .. "../build/"

local programs = {
    {
        name = "C, libcurl and cJSON",
        command = build .. "bench/call_floor %d %d " .. bench.cert_id .. " %s",
    },
}
local interpreters = {
    { "Lua 5.4", "lua5.4", "5.4" },
    { "LuaJIT", "luajit", "5.1" },
}

local modes = {
    {
        title = "one at a time, answers at once",
        in_flight = 1,
        calls = 1500,
        rounds = 9,
        -- On one CPU with the server: waking another one costs more than the call.
        cpu = 1,
    },
    {
        title = "64 in flight, answers 20 ms late",
        in_flight = 64,
        calls = 3200,
        rounds = 3,
        delay = 0.02,
        cpu = 2,
    },
}

local function output_of(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read("a")
    local ok = pipe:close()
    return text, ok
end

local function exists(path)
    local file = io.open(path)
    return file ~= nil and file:close()
end

-- Adds a row with `validate` on (the text was seen before) and one with it off.
local function add_interpreter(name, program, version)
    if not exists(build .. version .. "/sso/core.so") then
        local module = build .. version .. "/sso/core.so"
        print(("%s: not measured, %s is missing (make build)"):format(name, module))
        return
    elseif not select(2, output_of("command -v " .. program)) then
        print(("%s: not measured, %s is not installed"):format(name, program))
        return
    end
    for _, validate in ipairs { "on", "off" } do
        programs[#programs + 1] = {
            name = ("%s, validate %s"):format(name, validate),
            command = program .. " " .. here .. "call.lua %d %d " .. validate .. " %s",
        }
    end
end

-- ---- where programs run --------------------------------------------------

-- → the first two CPUs that this process may use, or nil
local function two_cpus()
    local allowed = bench.read_file("/proc/self/status"):match("Cpus_allowed_list:%s*(%S+)")
    local cpus = {}
    for first, last in allowed:gmatch("(%d+)%-?(%d*)") do
        for cpu = tonumber(first), tonumber(last) or tonumber(first) do
            cpus[#cpus + 1] = cpu
        end
    end
    return #cpus >= 2 and { cpus[1], cpus[2] } or nil
end

-- Pins the server. → the CPUs, or nil where there are too few
local function pin()
    local cpus = two_cpus()
    local pid = bench.read_file(os.getenv("SSO_SANDBOX_DIR") .. "/nginx.pid"):match("%d+")
    if cpus and os.execute(("taskset -cp %d %s >/dev/null 2>&1"):format(cpus[1], pid)) then
        print(("server on CPU %d, client beside it, and on CPU %d while answers are late"):format(
            cpus[1], cpus[2]))
        return cpus
    end
    print("server and client on any CPU")
    return nil
end

local function facts()
    local version = require("sso").version()
    local model = bench.read_file("/proc/cpuinfo"):match("model name%s*:%s*([^\n]+)") or "?"
    local kernel = bench.read_file("/proc/sys/kernel/osrelease"):match("%S+")
    local load = bench.read_file("/proc/loadavg"):match("%S+")
    print(("%s, %s CPUs, Linux %s, load %s; libcurl %s, %s, lua-cjson %s"):format(model,
        output_of("nproc"):match("%d+"), kernel, load, version.libcurl, version.tls, version.cjson))
end

-- ---- measuring -----------------------------------------------------------

-- → {cpu = µs a call, rate = calls a second}
local function measure(program, mode, pem_path, cpus)
    local command = program.command:format(mode.calls, mode.in_flight, pem_path)
    if cpus then
        command = ("taskset -c %d %s"):format(cpus[mode.cpu], command)
    end
    local text = output_of(("SENDGRID_BASE_URL='%s' SSL_CERT_FILE=\"$SSO_SANDBOX_CA\" %s"):format(
        bench.base_url(mode.delay), command))
    local calls, wall, cpu = text:match("^(%d+) ([%d.]+) ([%d.]+)\n$")
    if not calls then
        error(program.name .. " failed", 0)
    end
    return { cpu = cpu / calls * 1e6, rate = calls / wall }
end

-- → for each program a list with one result a round; each round begins with another program
local function measure_all(mode, pem_path, cpus)
    local results = {}
    for i in ipairs(programs) do
        results[i] = {}
    end
    for round = 1, mode.rounds do
        for turn = 1, #programs do
            local i = (turn + round) % #programs + 1
            results[i][round] = measure(programs[i], mode, pem_path, cpus)
        end
    end
    return results
end

local function list_of(rounds, pick)
    local values = {}
    for i, result in ipairs(rounds) do
        values[i] = pick(result, i)
    end
    return values
end

local function show(mode, results)
    local header = ("\n%s: %d rounds of %d calls"):format(mode.title, mode.rounds, mode.calls)
    local ideal = mode.delay and mode.in_flight / mode.delay
    print(header .. (ideal and ("; ideal %d calls/s"):format(ideal) or ""))
    print(("%-24s %10s %8s  %-15s %9s"):format("", "CPU µs", "ratio", "range", "calls/s"))
    for i, program in ipairs(programs) do
        local ratios = list_of(results[i], function(result, round)
            return result.cpu / results[1][round].cpu
        end)
        local cpu = list_of(results[i], function(result) return result.cpu end)
        local rate = bench.median(list_of(results[i], function(result) return result.rate end))
        print(("%-24s %9.1f %8.2f  %.2f to %-7.2f %9.0f%s"):format(program.name, bench.median(cpu),
            bench.median(ratios), math.min(table.unpack(ratios)), math.max(table.unpack(ratios)),
            rate, ideal and (" = %.0f %%"):format(rate / ideal * 100) or ""))
    end
end

facts()
for _, row in ipairs(interpreters) do
    add_interpreter(table.unpack(row))
end
local pem_path = bench.make_certificate()
local cpus = pin()
for _, mode in ipairs(modes) do
    show(mode, measure_all(mode, pem_path, cpus))
end
