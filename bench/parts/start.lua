-- start.lua - from nothing to the first answer: one process, one call, its end.  Once with the
-- sandbox's CA alone, and once with the system's trust anchors (and the sandbox's CA among them),
-- which is what a program has that sets nothing.  And what `require "sso"` costs beyond libcurl.

local contenders = require "contenders"
local measure = require "measure"

local CURL = "curl -sS -o /dev/null --noproxy '*' -X PATCH "
    .. "-H \"Authorization: Bearer $SENDGRID_API_KEY\" "
    .. "-H 'Content-Type: application/json' --data-binary @%s "
    .. "\"$SENDGRID_BASE_URL/v3/sso/certificates/" .. measure.cert_id .. "\""

-- The request's body, for the curl program.
local function body_file(context)
    local path = os.getenv "SSO_SANDBOX_DIR" .. "/bench-body.json"
    local file = assert(io.open(path, "wb"))
    file:write(require "cjson".encode {
        public_certificate = measure.read_file(context.pem),
        enabled = true,
        integration_id = "b0b98502-9408-4b24-9e3d-31ed7cb15312",
    })
    file:close()
    return path
end

local function programs(context)
    local list = contenders.pick(context.contenders, function(contender)
        return not contender.key:find "_off$"
    end)
    local commands = {}
    for i, contender in ipairs(list) do
        commands[i] = {
            key = contender.key, name = contender.name, ours = contender.ours,
            command = contenders.command(contender, 1, 1, context.pem),
            rounds = (contender.ours or contender.floor) and 21 or 7,
        }
    end
    table.insert(commands, 1, {
        key = "curl", name = "the curl program", command = "sh -c " .. measure.quote(
            "exec " .. CURL:format(body_file(context))),
    })
    return commands
end

local function run_list(context, key, title, list, around)
    local rounds = context.quick and 7 or 21
    local shown = measure.rounds(list, rounds, function(item)
        local options = { env = "BENCH_WARM=0", around = around }
        return measure.spawn(item.name, item.command, options, 1)[1]
    end)
    local rows = {}
    for i, item in ipairs(list) do
        local wall, least, most = measure.of(shown[i], "wall")
        rows[i] = {
            key = item.key, name = item.name, wall_ms = wall * 1e3, least = least * 1e3,
            most = most * 1e3, cpu_ms = measure.of(shown[i], "cpu") * 1e3,
            peak_mb = measure.of(shown[i], "peak") / 1024,
            ratio = measure.ratio(shown[i], shown[1], "wall"),
        }
    end
    return {
        key = key, title = title, rows = rows,
        columns = {
            { "ms", "wall_ms", "%.1f" }, { "ratio", "ratio", "%.2f" }, { "least", "least", "%.1f" },
            { "most", "most", "%.1f" }, { "CPU ms", "cpu_ms", "%.1f" },
            { "peak MB", "peak_mb", "%.1f" },
        },
    }
end

-- Loads libraries and ends.
local function loading(context)
    local module = "LUA_PATH='" .. measure.here .. "../lua/?.lua;" .. measure.here
        .. "../lua/?/init.lua;;' LUA_CPATH='" .. measure.build .. "5.4/?.so;;'"
    local libcurl = measure.output_of(
        "ldd " .. measure.build .. "5.4/sso/core.so | sed -n 's/.*=> \\(.*libcurl[^ ]*\\).*/\\1/p'")
    local list = {
        { key = "libcurl", name = "Lua 5.4, libcurl preloaded",
            command = "env LD_PRELOAD=" .. libcurl:gsub("%s", "") .. " lua5.4 -e ''" },
        { key = "require", name = "Lua 5.4, require \"sso\"",
            command = "env " .. module .. " lua5.4 -e 'require \"sso\"'" },
        { key = "lua", name = "Lua 5.4, nothing", command = "lua5.4 -e ''" },
    }
    return run_list(context, "loading", "loading, no call", list)
end

return function(context)
    local list = programs(context)
    local tables = {
        run_list(context, "cold", "cold start to the first answer and the end, one CA", list),
    }
    local around = measure.with_system_anchors()
    if around then
        local ours = {}
        for _, item in ipairs(list) do
            if item.ours or item.key == "curl" or item.key == "c" then
                ours[#ours + 1] = item
            end
        end
        -- What all of them cannot do without, whatever they are written in.
        ours[#ours + 1] = {
            key = "loading", name = "curl --version: libcurl loaded, no call",
            command = "curl --version",
        }
        tables[2] = run_list(context, "cold_system",
            "the same with the system's trust anchors (Debian's 140 certificates)", ours, around)
    else
        context.say "system's trust anchors: not measured, a mount namespace is not to be had"
    end
    tables[#tables + 1] = loading(context)
    return tables
end
