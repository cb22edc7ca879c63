--- `doctor`: what a first call needs, step by step, from one call that changes nothing.

local catalogue = require "sso.cli.catalogue"
local certificate = require("sso.core").certificate
local moments = require "sso.cli.moments"
local options = require "sso.cli.options"

local M = {}

-- A clock that is off by more than this makes valid certificates look invalid sooner or later.
local SKEW = 60
-- A server's certificate that ends sooner is worth a word, seconds.
local SOON = 14 * 86400

-- In the order in which a call passes them.
local ORDER = {
    "key", "server", "dns", "connection", "tls", "answer", "clock", "permission", "rate limit",
}

-- Where a failure of this kind, or a time-out in this phase, stood.
local PLACE_OF_KIND = {
    config = "server", dns = "dns", connect = "connection", tls = "tls",
    unauthorized = "permission", forbidden = "permission", rate_limited = "rate limit",
}
local PLACE_OF_PHASE = { queue = "answer", dns = "dns", connect = "connection", tls = "tls" }

local ADVICE = {
    dns = "look at the network and the name server; behind a proxy give --proxy or set https_proxy",
    connect = "look at the firewall; behind a proxy give --proxy or set https_proxy",
    timeout = "try again with --timeout 60; if it stays so, look at the network and the proxy",
    network = "something between here and the server cuts connections off: a proxy or a firewall",
    protocol = "what answers there is no web server: look at --base-url and the proxy",
    rate_limited = "wait, then try again",
    server = "SendGrid has trouble: try again later",
}

local function step(steps, name, status, message, advice)
    steps[#steps + 1] = {
        step = name, status = status, message = message, advice = advice ~= "" and advice or nil,
    }
end

-- ---- the key -----------------------------------------------------------------------

local function key_source(args)
    if args.api_key_file then
        return args.api_key_file, "file"
    elseif (os.getenv "SENDGRID_API_KEY" or "") ~= "" then
        return "SENDGRID_API_KEY", "variable"
    elseif (os.getenv "SENDGRID_API_KEY_FILE" or "") ~= "" then
        return os.getenv "SENDGRID_API_KEY_FILE", "file"
    end
end

local function key_text(source, kind)
    if kind == "variable" then
        return os.getenv(source)
    end
    local file = io.open(source, "rb")
    local text = file and file:read(4096)
    if file then
        file:close()
    end
    return text
end

local function look_at_key(steps, args)
    local source, kind = key_source(args)
    if not source then
        step(steps, "key", "fail", "there is none", "make one at SendGrid (Settings, API Keys) "
            .. "that may change SSO settings, and put it into SENDGRID_API_KEY or a file for "
            .. "--api-key-file")
        return false
    end
    local text = key_text(source, kind)
    text = text and text:match "^%s*(.-)%s*$"
    if not text then
        step(steps, "key", "fail", ("the file %s cannot be read"):format(source),
            "look at its name and its owner")
        return false
    elseif text == "" or text:find "%s" then
        step(steps, "key", "fail", ("%s holds %s"):format(source, text == "" and "nothing"
            or "white space inside the key"), "copy the key again, whole and alone")
        return false
    elseif not text:find "^SG%.[%w_-]+%.[%w_-]+$" then
        step(steps, "key", "warn", ("%s holds something that is not shaped like a key of "
            .. "SendGrid (SG.….…)"):format(source), "copy the key again: SendGrid shows it only "
            .. "once, when it is made")
        return true
    end
    step(steps, "key", "ok", ("found in %s, shaped like a key"):format(source))
    return true
end

-- ---- the call ----------------------------------------------------------------------

local function milliseconds(seconds)
    return ("%.0f ms"):format(seconds * 1000)
end

local function is_loopback(server)
    return server:find "^http://" ~= nil
end

local function place_of(err)
    if not err then
        return nil
    elseif err.kind == "timeout" then
        return PLACE_OF_PHASE[err.phase] or "answer"
    end
    return PLACE_OF_KIND[err.kind] or "answer"
end

local function chain_message(response)
    local parsed = response and response.server_certificates
        and certificate.parse(response.server_certificates)
    local first = nil
    for _, x in ipairs(parsed or {}) do
        if not first or x.not_after < first.not_after then
            first = x
        end
    end
    return first
end

local PASSED = {}

-- The variable that names a proxy for https, if one is set.
local function proxy_variable()
    for _, name in ipairs { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" } do
        if (os.getenv(name) or "") ~= "" then
            return name
        end
    end
end

function PASSED.server(_, _, server, _, args)
    local by = args.proxy == nil and proxy_variable() or args.proxy ~= "" and args.proxy
        and "--proxy"
    if not by or is_loopback(server) then
        return "ok", server
    end
    return "ok", ("%s, through the proxy of %s unless no_proxy says otherwise"):format(server, by)
end

function PASSED.dns(_, response, server)
    local name = server:match "^%a+://(%[?[%w%.:-]-%]?):?%d*$" or server:match "^%a+://([^/:]+)"
    if response and response.timings.reused then
        return "ok", name
    end
    return "ok", name .. " was found"
        .. (response and " in " .. milliseconds(response.timings.dns) or "")
end

function PASSED.connection(_, response)
    local timings = response and response.timings
    return "ok", timings and "open after " .. milliseconds(timings.connect) or "open"
end

function PASSED.tls(_, response, server, now)
    if is_loopback(server) then
        return "none", "not used: http to this machine"
    end
    local first = chain_message(response)
    if not first then
        return "ok", "the server's certificate is accepted"
    end
    local text = ("the server's certificate is accepted; its chain ends %s, %s"):format(
        moments.date(first.not_after), moments.distance(first.not_after, now))
    if first.not_after - now < SOON then
        return "warn", text, "tell whoever runs the server or the proxy"
    end
    return "ok", text
end

function PASSED.answer(_, response)
    return "ok", ("HTTP %d after %s"):format(response.status, milliseconds(response.timings.total))
end

function PASSED.clock(_, response, _, now)
    local there = moments.http_date(response.headers.date)
    if not there then
        return "none", "the server does not tell the time"
    end
    local off = now - there
    if math.abs(off) > SKEW then
        return "warn", ("this machine is %s %s"):format(moments.length(off),
            off > 0 and "ahead of the server" or "behind the server"),
            "set the clock (NTP): certificates are judged by it"
    end
    return "ok", "agrees with the server's"
end

function PASSED.permission(value)
    return "ok", ("the key may read SSO settings; %d integration%s"):format(#value,
        #value == 1 and "" or "s")
end

PASSED["rate limit"] = function(_, response)
    local limit = response.rate_limit
    if not limit or not limit.remaining then
        return "none", "the server tells none"
    elseif limit.remaining == 0 then
        return "warn", "no call is left", limit.reset and "wait until "
            .. moments.both(limit.reset) or "wait"
    end
    return "ok", ("%d of %d calls left"):format(limit.remaining, limit.limit or limit.remaining)
end

-- After a failure an answer still tells the time and the rate limit.
local TOLD_ANYWAY = { clock = true, ["rate limit"] = true }

local function advice_for(err)
    local hint = err.hint
    if hint and err.retry_after then
        hint = hint:gsub("after retry_after", ("in %.0f s"):format(err.retry_after))
    end
    return catalogue.in_commands(hint or ADVICE[err.kind] or "")
end

local function follow(steps, args, server, value, err, response)
    local now = os.time()
    local place, reached = place_of(err), true
    for i = 2, #ORDER do
        local name = ORDER[i]
        if name == place then
            step(steps, name, "fail", catalogue.in_commands(err.message), advice_for(err))
            reached = false
        elseif (reached or response and TOLD_ANYWAY[name]) and (name ~= "permission" or value) then
            step(steps, name, PASSED[name](value, response, server, now, args))
        else
            step(steps, name, "none", "not reached")
        end
    end
end

-- ---- the answer --------------------------------------------------------------------

local WORDS = {
    ok = { "OK  ", "green" }, warn = { "WARN", "yellow" }, fail = { "FAIL", "red" },
    none = { "--  ", "dim" },
}

local function print_steps(out, steps)
    for _, entry in ipairs(steps) do
        local word = WORDS[entry.status]
        out:write(out:paint(word[2], word[1]) .. ("  %-11s "):format(entry.step))
        out:fold(entry.message, (" "):rep(18))
        if entry.advice then
            out:write((" "):rep(18))
            out:fold(out.arrow .. " " .. entry.advice, (" "):rep(20))
        end
    end
end

local STATUS_OF_FAILURE = { unauthorized = 4, forbidden = 4, not_found = 3 }

local function run(session)
    local steps, value, err, response, server = {}, nil, nil, nil, ""
    if look_at_key(steps, session.args) then
        local own = options.of_client(session.args)
        own.max_retries = own.max_retries or 0
        own.on_event = function() end -- the chain of the server's certificates is asked for with it
        local client
        client, err = session:call(require("sso").new, own)
        if client then
            server = tostring(client):match "%((.*)%)"
            value, err, response = client:list_integrations()
        end
        follow(steps, session.args, server, value, err, response)
    end
    local failed = false
    for _, entry in ipairs(steps) do
        failed = failed or entry.status == "fail"
    end
    if session.args.json then
        session.out:document {
            ok = not failed, server = server ~= "" and server or nil, steps = steps,
        }
    else
        print_steps(session.out, steps)
    end
    if not failed then
        return 0
    end
    return err and (STATUS_OF_FAILURE[err.kind] or err.retryable and 5) or 1
end

M.rows = {
    {
        name = "doctor",
        group = "Set-up",
        summary = "looks at everything that a first call needs",
        description = "Looks at everything that a first call needs, step by step: the key (which "
            .. "is never shown), the server, its name, TLS and its certificate, the clock, the "
            .. "key's permission for SSO, and the rate limit. One call, which changes nothing.",
        examples = {
            { "sendgrid-sso doctor", "each line is OK, or says what to do" },
            { "sendgrid-sso doctor --region eu", "the same for an account in the EU" },
        },
        run = run,
    },
}

return M
