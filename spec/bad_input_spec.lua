-- Bad input, one row each: what is passed, and the whole message that a person sees. A programming
-- mistake raises at the caller's position; what data or the environment cause is returned. Either
-- way nothing has been sent, and no message holds a key.

local helper = require "helper"
local sso = require "sso"

local unpack = table.unpack or unpack -- luacheck: ignore

local THIS = debug.getinfo(1, "S").short_src
local FILE = helper.fault_ca() -- a file that can be read
local KEY = helper.key
local NAN = 0 / 0

-- Arguments, nils among them.
local function A(...)
    return { n = select("#", ...), ... }
end

local some = { enabled = true }

-- ---- calls: operation, arguments, message ----------------------------------

local ID = "update_certificate: cert_id "
local ID_TYPE = ID .. "must be a string or a whole number, not "

local ids = {
    { "update_certificate", A("", some), ID .. "is empty" },
    { "update_certificate", A(".", some), ID .. "is a path, not an id" },
    { "update_certificate", A("..", some), ID .. "is a path, not an id" },
    { "update_certificate", A("12\0", some), ID .. "holds a zero byte" },
    { "update_certificate", A("\0", some), ID .. "holds a zero byte" },
    { "update_certificate", A("..\0", some), ID .. "holds a zero byte" },
    { "update_certificate", A(("x"):rep(1025), some), ID .. "is longer than 1024 bytes" },
    { "update_certificate", A("caf\233", some), ID .. "is not UTF-8 text" },
    { "update_certificate", A("\237\160\128", some), ID .. "is not UTF-8 text" }, -- surrogate
    { "update_certificate", A("\192\175", some), ID .. "is not UTF-8 text" }, -- overlong "/"
    { "update_certificate", A("\244\144\128\128", some), ID .. "is not UTF-8 text" }, -- U+110000
    { "update_certificate", A(), ID_TYPE .. "nil" },
    { "update_certificate", A(nil, some), ID_TYPE .. "nil" },
    { "update_certificate", A(true, some), ID_TYPE .. "boolean" },
    { "update_certificate", A({ 66138975 }, some), ID_TYPE .. "table" },
    { "update_certificate", A(print, some), ID_TYPE .. "function" },
    { "update_certificate", A(1.5, some), ID_TYPE .. "1.5" },
    { "update_certificate", A(NAN, some), ID_TYPE .. "nan" },
    { "update_certificate", A(math.huge, some), ID_TYPE .. "inf" },
    { "update_certificate", A(-1, some), ID .. "must not be negative" },
    { "update_certificate", A(-math.huge, some), ID .. "must not be negative" },
    { "get_certificate", A(""), "get_certificate: cert_id is empty" },
    { "get_certificate", A(".."), "get_certificate: cert_id is a path, not an id" },
    {
        "get_certificate",
        A(),
        "get_certificate: cert_id must be a string or a whole number, not nil",
    },
    { "list_certificates", A(""), "list_certificates: integration_id is empty" },
    { "list_certificates", A(".."), "list_certificates: integration_id is a path, not an id" },
    {
        "list_certificates",
        A({}),
        "list_certificates: integration_id must be a string or a whole number, not table",
    },
}

local NOTHING = "update_certificate: nothing to send: give at least one of public_certificate, "
    .. "enabled, integration_id"
local PLACE = ": pass it in the options table after the fields"
local LONG = ("x"):rep(256 * 1024 + 1)

local fields = {
    { nil, NOTHING },
    { {}, NOTHING },
    { setmetatable({}, { __index = some }), NOTHING },
    { "enabled", "fields must be a table, not a string" },
    { true, "fields must be a table, not a boolean" },
    { 5, "fields must be a table, not a number" },
    { { true }, "the fields table has a key that is a number" },
    { { [true] = true }, "the fields table has a key that is a boolean" },
    { { enabeld = true }, "unknown field 'enabeld' (did you mean 'enabled'?)" },
    { { Enabled = true }, "unknown field 'Enabled' (did you mean 'enabled'?)" },
    {
        { publicCertificate = "x" },
        "unknown field 'publicCertificate' (did you mean 'public_certificate'?)",
    },
    { { integrationid = "x" }, "unknown field 'integrationid' (did you mean 'integration_id'?)" },
    { { x509 = "x" }, "unknown field 'x509'" },
    { { [""] = "x" }, "unknown field ''" },
    { { ["enabled\0"] = true }, "unknown field 'enabled ' (did you mean 'enabled'?)" },
    { { ["a\27[31m\nb"] = true }, "unknown field 'a [31m b'" },
    { { [("x"):rep(100)] = 1 }, "unknown field '" .. ("x"):rep(60) .. "...'" },
    { { timeout = 5 }, "'timeout' is an option" .. PLACE },
    { { base_url = "x" }, "'base_url' is an option" .. PLACE },
    { { api_key = KEY }, "'api_key' is an option" .. PLACE },
    { { enabled = "true" }, "field 'enabled' must be true or false, not a string" },
    { { enabled = 1 }, "field 'enabled' must be true or false, not a number" },
    { { enabled = {} }, "field 'enabled' must be true or false, not a table" },
    { { integration_id = 5 }, "field 'integration_id' must be a string, not a number" },
    { { integration_id = true }, "field 'integration_id' must be a string, not a boolean" },
    { { integration_id = "" }, "field 'integration_id' is empty" },
    { { integration_id = "\255" }, "field 'integration_id' is not UTF-8 text" },
    { { integration_id = LONG }, "field 'integration_id' is longer than 256 KiB" },
    { { public_certificate = true }, "field 'public_certificate' must be a string, not a boolean" },
    { { public_certificate = 5 }, "field 'public_certificate' must be a string, not a number" },
    { { public_certificate = LONG }, "field 'public_certificate' is longer than 256 KiB" },
    { { public_certificate = "" }, "field 'public_certificate' is empty" },
    { { public_certificate = "caf\233" }, "field 'public_certificate' is not UTF-8 text" },
    {
        { integration_id = "a", intergration_id = "b" },
        "fields 'integration_id' and 'intergration_id' name the same thing and differ",
    },
}

-- After `update_certificate("1", …)`.
local arguments = {
    { A(some, 5), "options must be a table, not a number" },
    { A(some, "timeout"), "options must be a table, not a string" },
    { A(some, print, print), "options must be a table, not a function" },
    { A(some, print, {}), "too many arguments" },
    { A(some, {}, 5), "too many arguments" },
    { A(some, {}, {}), "too many arguments" },
    { A(some, {}, print, print), "too many arguments" },
    { A(some, { enabled = true }), "unknown option 'enabled'" },
    { A(some, { timout = 5 }), "unknown option 'timout' (did you mean 'timeout'?)" },
    { A(some, { max_in_flight = 5 }), "option 'max_in_flight' can only be given to sso.new" },
    { A(some, { host = "bogus" }), "unknown host 'bogus'" },
    { A(some, { host = { wait = print } }), "option 'host' must have a function 'start'" },
    { A(some, { host = "bogus" }, print), "unknown host 'bogus'" },
    { A(some, { timeout = -1 }), "option 'timeout' must be a number of seconds above 0, not -1" },
}

local reading = {
    {
        "get_certificate",
        A("1", { enabled = true }, {}),
        "get_certificate: has no fields: give options alone",
    },
    { "get_certificate", A("1", 5), "get_certificate: options must be a table, not a number" },
    { "get_certificate", A("1", {}, {}, {}), "get_certificate: too many arguments" },
    {
        "list_certificates",
        A("1", { limit = 5 }),
        "list_certificates: unknown option 'limit'",
    },
}

-- ---- options: what stands beside a good key and a good server --------------

local SECONDS = "' must be a number of seconds above 0, not "
local COUNT = "option 'max_retries' must be a whole number, 0 or more, not "
local POSITIVE = "option 'max_in_flight' must be a whole number, 1 or more, not "

local BROKEN = "the value of header 'A' holds a line break or a zero byte"
local OWN = " is set by the module itself"

local options = {
    { { 5 }, "the options table has a key that is a number" },
    { { [some] = 5 }, "the options table has a key that is a table" },
    { { apikey = KEY }, "unknown option 'apikey' (did you mean 'api_key'?)" },
    { { Timeout = 5 }, "unknown option 'Timeout' (did you mean 'timeout'?)" },
    { { retries = 5 }, "unknown option 'retries'" },
    { { idempotency = true }, "unknown option 'idempotency'" },
    { { ["timeout\0"] = 5 }, "unknown option 'timeout ' (did you mean 'timeout'?)" },
    {
        { api_key = true },
        "option 'api_key' must be a string or a function that returns one, not boolean",
    },
    { { api_key_file = print }, "option 'api_key_file' must be a string, not function" },
    { { region = "asia" }, "option 'region' must be \"global\" or \"eu\", not 'asia'" },
    { { region = "EU" }, "option 'region' must be \"global\" or \"eu\", not 'EU'" },
    { { region = true }, "option 'region' must be \"global\" or \"eu\", not boolean" },
    { { on_behalf_of = 5 }, "option 'on_behalf_of' must be a string, not 5" },
    { { on_behalf_of = "" }, "option 'on_behalf_of' is empty or holds a line break" },
    { { on_behalf_of = "a\r\nb" }, "option 'on_behalf_of' is empty or holds a line break" },
    { { on_behalf_of = "a\0" }, "option 'on_behalf_of' holds a zero byte" },
    { { timeout = 0 }, "option 'timeout" .. SECONDS .. "0" },
    { { timeout = -0.5 }, "option 'timeout" .. SECONDS .. "-0.5" },
    { { timeout = NAN }, "option 'timeout" .. SECONDS .. "nan" },
    { { timeout = math.huge }, "option 'timeout" .. SECONDS .. "inf" },
    { { timeout = "5" }, "option 'timeout" .. SECONDS .. "string" },
    { { connect_timeout = 0 }, "option 'connect_timeout" .. SECONDS .. "0" },
    { { connect_timeout = false }, "option 'connect_timeout" .. SECONDS .. "boolean" },
    { { max_retries = -1 }, COUNT .. "-1" },
    { { max_retries = 1.5 }, COUNT .. "1.5" },
    { { max_retries = "2" }, COUNT .. "string" },
    { { max_retries = NAN }, COUNT .. "nan" },
    { { max_in_flight = 0 }, POSITIVE .. "0" },
    { { max_in_flight = math.huge }, POSITIVE .. "inf" },
    { { ca_file = 5 }, "option 'ca_file' must be a string, not 5" },
    { { ca_file = "a\0b" }, "option 'ca_file' holds a zero byte" },
    { { ca_path = {} }, "option 'ca_path' must be a string, not table" },
    { { client_cert = true }, "option 'client_cert' must be a string, not boolean" },
    { { client_key = 1.5 }, "option 'client_key' must be a string, not 1.5" },
    { { proxy = false }, "option 'proxy' must be a string, not boolean" },
    { { user_agent = {} }, "option 'user_agent' must be a string, not table" },
    { { user_agent = "" }, "option 'user_agent' is empty or holds a line break" },
    { { user_agent = "a\nb" }, "option 'user_agent' is empty or holds a line break" },
    { { validate = 1 }, "option 'validate' must be true or false, not 1" },
    { { validate = "no" }, "option 'validate' must be true or false, not string" },
    { { host = "bogus" }, "unknown host 'bogus'" },
    {
        { host = 5 },
        "option 'host' must be \"auto\", a host's name or a table with wait and start, not 5",
    },
    { { host = {} }, "option 'host' must have a function 'wait'" },
    { { on_event = "print" }, "option 'on_event' must be a function, not string" },
    { { headers = "A: b" }, "option 'headers' must be a table of names and values, not string" },
    { { headers = { "A: b" } }, "option 'headers' must map names to strings" },
    { { headers = { A = 5 } }, "option 'headers' must map names to strings" },
    { { headers = { A = { "b", "c" } } }, "option 'headers' must map names to strings" },
    { { headers = { ["A b"] = "c" } }, "'A b' is not a header name" },
    { { headers = { [""] = "c" } }, "'' is not a header name" },
    { { headers = { ["A:"] = "c" } }, "'A:' is not a header name" },
    { { headers = { ["A\r\nB"] = "c" } }, "'A  B' is not a header name" },
    { { headers = { A = "b\r\nB: c" } }, BROKEN },
    { { headers = { A = "b\nc" } }, BROKEN },
    { { headers = { A = "b\0" } }, BROKEN },
    { { headers = { Authorization = KEY } }, "the header 'Authorization'" .. OWN },
    { { headers = { host = "evil" } }, "the header 'host'" .. OWN },
    { { headers = { ["CONTENT-LENGTH"] = "0" } }, "the header 'CONTENT-LENGTH'" .. OWN },
    { { headers = { ["Content-Type"] = "text/xml" } }, "the header 'Content-Type'" .. OWN },
    { { headers = { ["Transfer-Encoding"] = "" } }, "the header 'Transfer-Encoding'" .. OWN },
    { { headers = { Connection = "x" } }, "the header 'Connection'" .. OWN },
    { { headers = { ["Accept-Encoding"] = "gzip" } }, "the header 'Accept-Encoding'" .. OWN },
    {
        { headers = { ["On-Behalf-Of"] = "sub" } },
        "the header 'On-Behalf-Of'" .. OWN .. ": use the option on_behalf_of",
    },
}

local NO_URL = "base_url is not a URL: write it as https://host[:port][/prefix]"
local CLEAR = "base_url is http to a host that is not loopback: the key would travel in the clear, "
    .. "use https"
local CREDENTIALS = "base_url holds credentials: leave them out, the key goes in api_key"
local SCHEME = "base_url must begin with https:// (or http:// for a server on loopback)"
local QUERY = "base_url has a query: leave out the '?' and what follows it"
local FRAGMENT = "base_url has a fragment: leave out the '#' and what follows it"
local PORT = "base_url has a port that is not a number from 1 to 65535"

local base_urls = {
    { "", NO_URL },
    { "https://", NO_URL },
    { "api.sendgrid.com", NO_URL },
    { "https://a b", NO_URL },
    { "http://api.sendgrid.com", CLEAR },
    { "http://0.0.0.0", CLEAR },
    { "http://127.0.0.1.evil.example", CLEAR },
    { "http://localhost.evil.example", CLEAR },
    { "http://10.0.0.1:8080", CLEAR },
    { "http://[::2]", CLEAR },
    { "http://127.0.0.1@evil.example", CREDENTIALS },
    { "http://127.0.0.1\\@evil.example", CREDENTIALS },
    { "https://user:" .. KEY .. "@127.0.0.1", CREDENTIALS },
    { "ftp://127.0.0.1", SCHEME },
    { "file:///etc/passwd", SCHEME },
    { "https://127.0.0.1?a=b", QUERY },
    { "https://127.0.0.1/?", QUERY },
    { "https://127.0.0.1#top", FRAGMENT },
    { "https://127.0.0.1:99999", PORT },
    { "https://127.0.0.1:https", PORT },
}

-- ---- what is returned ------------------------------------------------------

local SPACED = "the API key holds white space or a character that no key has: copy it again, in "
    .. "one piece"

local NO_KEY_FILE = "cannot read an API key from the file "
local KEY_AS_FILE = "what is given as the key's file is an API key itself: give it as api_key, or "
    .. "set SENDGRID_API_KEY"
local NO_FILE = "' cannot be read: No such file or directory"

-- Of sso.new, client:with and a call, kind config.
local configurations = {
    { { api_key = "" }, "the API key is empty" },
    { { api_key = " \r\n\t" }, "the API key is empty" },
    { { api_key = "SG.a b" }, SPACED },
    { { api_key = "SG.a\nb" }, SPACED },
    { { api_key = "SG.a\0b" }, SPACED },
    { { api_key = "SG.\195\164" }, SPACED },
    { { api_key = "SG.\127" }, SPACED },
    { { api_key_file = "/nonexistent/key" }, NO_KEY_FILE .. "/nonexistent/key" },
    { { api_key_file = "/" }, NO_KEY_FILE .. "/" },
    { { api_key_file = "/dev/null" }, "the API key is empty" },
    { { api_key_file = FILE }, SPACED },
    {
        { api_key_file = KEY },
        KEY_AS_FILE,
    },
    { { ca_file = "/nonexistent/ca" }, "ca_file '/nonexistent/ca" .. NO_FILE },
    { { ca_file = "/" }, "ca_file '/' cannot be read: Is a directory" },
    { { ca_file = "/dev/null" }, "ca_file '/dev/null' is empty" },
    { { ca_path = "/nonexistent" }, "ca_path '/nonexistent" .. NO_FILE },
    { { client_cert = "/nonexistent" }, "client_cert '/nonexistent" .. NO_FILE },
    { { client_key = FILE }, "client_key is given without client_cert" },
    {
        { client_cert = FILE, client_key = "/dev/null" },
        "client_key '/dev/null' is empty",
    },
    { { headers = { A = "b\1c" } }, "header 'A' holds a control character" },
    { { user_agent = "a\27b" }, "user_agent holds a control character" },
}

-- Of a call whose key comes from a function, kind config.
local key_functions = {
    { function() end, "the function api_key returned a nil, not a string" },
    { function() return false end, "the function api_key returned a boolean, not a string" },
    { function() return {} end, "the function api_key returned a table, not a string" },
    { function() return 5 end, "the function api_key returned a number, not a string" },
    { function() return "" end, "the API key is empty" },
    { function() return "SG. x" end, SPACED },
    { function() error("no vault", 0) end, "the function api_key raised: no vault" },
    {
        function() error(setmetatable({}, { __tostring = function() return "sealed" end })) end,
        "the function api_key raised: sealed",
    },
}

local REFUSED_KEY = "public_certificate holds a private key, which never leaves this machine: "
    .. "give the certificate alone"

-- Of update_certificate, kind certificate; texts made at the time of the test.
local certificates = {
    { function() return "" end, "public_certificate is empty: give an X.509 certificate" },
    { function() return " \r\n" end, "public_certificate is empty: give an X.509 certificate" },
    {
        function() return "<your x509 certificate>" end,
        "public_certificate is a placeholder out of a sample: put the identity provider's X.509 "
            .. "certificate there, or set validate = false to send any text as it is",
    },
    {
        function() return "hello" end,
        "public_certificate is not an X.509 certificate: expected PEM, the base64 of it, or DER",
    },
    {
        function() return "/etc/ssl/idp.pem" end,
        "public_certificate looks like the name of a file or an address: give what is in it",
    },
    {
        function()
            local pem = helper.certificate({ key = "ec" })
            return pem:sub(1, 149) .. "*" .. pem:sub(151)
        end,
        "public_certificate is damaged: there is a character in its base64 that does not belong "
            .. "there",
    },
    {
        function()
            local pem = helper.certificate({ key = "ec" })
            return pem .. pem
        end,
        "public_certificate holds the same certificate twice: give it once",
    },
    {
        function()
            return helper.certificate({ key = "ec" })
                .. helper.certificate({ key = "ec", cn = "second.test" })
        end,
        "public_certificate holds 2 certificates: give the one that signs, without its chain",
    },
    { function() return (select(2, helper.certificate({ key = "ec" }))) end, REFUSED_KEY },
    {
        function()
            local pem, key = helper.certificate({ key = "ec" })
            return pem .. key
        end,
        REFUSED_KEY,
    },
    { function() return (select(2, helper.certificate({ key = "ec" }))) end, REFUSED_KEY, false },
    {
        function()
            local pem, key = helper.certificate({ key = "ec" })
            return key .. pem
        end,
        REFUSED_KEY,
        false,
    },
}

-- ---- the tests -------------------------------------------------------------

-- Numbers that are none print with a sign that depends on the machine.
local function settled(message)
    return (message:gsub("%-nan", "nan"))
end

local described

local function shown(value)
    if type(value) == "table" then
        return described(value)
    elseif type(value) ~= "string" then
        return type(value) == "function" and "function" or tostring(value)
    end
    local text = ("%q"):format(value:gsub(KEY:gsub("%p", "%%%0"), "KEY"))
    return (text:gsub("[%c\127-\255]", "?"):gsub("^(" .. ("."):rep(60) .. ").*", "%1..."))
end

function described(value)
    if type(value) ~= "table" then
        return shown(value)
    end
    local words = {}
    for name, inner in pairs(value) do
        if name ~= "n" then
            words[#words + 1] = shown(name) .. " = " .. shown(inner)
        end
    end
    table.sort(words)
    return "{" .. table.concat(words, ", ") .. "}"
end

-- Calls and expects exactly this error, raised at the line of the call.
local function expect_raise(message, f, ...)
    local args = A(...)
    local line
    local ok, why = pcall(function()
        line = debug.getinfo(1, "l").currentline + 1
        f(unpack(args, 1, args.n))
    end)
    assert.is_false(ok, "nothing was raised")
    assert.equal("string", type(why))
    assert.equal(("%s:%d: %s"):format(THIS, line, message), settled(why))
    assert.is_nil(why:find(KEY, 1, true))
end

local function expect_error(kind, message, value, err, response)
    assert.is_nil(value)
    assert.is_nil(response)
    assert.equal("table", type(err))
    assert.equal(kind, err.kind)
    assert.equal(message, err.message)
    assert.is_false(err.retryable)
    assert.is_false(err.maybe_applied)
    assert.is_nil(tostring(err):find(KEY, 1, true))
    assert.is_nil(tostring(err):find("PRIVATE KEY", 1, true))
end

local function plus(one, other)
    local all = {}
    for name, value in pairs(one) do
        all[name] = value
    end
    for name, value in pairs(other) do
        all[name] = value
    end
    return all
end

describe("bad input", function()
    local base, client, callbacks

    helper.watch()

    before_each(function()
        base = helper.faults("ok")
        client = helper.client({ base_url = base })
        callbacks = 0
    end)

    after_each(function()
        assert.equal(0, client:run(0.5)) -- what was queued by mistake would go out here
        assert.equal(0, #helper.requests(base))
        assert.equal(0, callbacks)
    end)

    local function raises(name, operation, args, message)
        it(name .. " raises", function()
            local copy = A(unpack(args, 1, args.n))
            for i = 1, copy.n do
                if copy[i] == print then -- a callback that must not run
                    copy[i] = function() callbacks = callbacks + 1 end
                end
            end
            expect_raise(message, client[operation], client, unpack(copy, 1, copy.n))
            expect_raise(message, sso[operation], unpack(copy, 1, copy.n))
        end)
    end

    for i, row in ipairs(ids) do
        raises(("id %d, %s,"):format(i, shown(row[2][1])), row[1], row[2], row[3])
    end
    for _, row in ipairs(fields) do
        local message = row[2] == NOTHING and NOTHING or "update_certificate: " .. row[2]
        local args = A("1", row[1], { validate = false })
        raises("fields " .. described(row[1]), "update_certificate", args, message)
    end
    for i, row in ipairs(arguments) do
        local args = A("1", unpack(row[1], 1, row[1].n))
        raises(("arguments %d"):format(i), "update_certificate", args,
            "update_certificate: " .. row[2])
    end
    for i, row in ipairs(reading) do
        raises(("arguments of reading %d"):format(i), row[1], row[2], row[3])
    end

    for _, row in ipairs(options) do
        it("option " .. described(row[1]) .. " raises", function()
            local given = plus({ api_key = KEY, base_url = base }, row[1])
            expect_raise("sso.new: " .. row[2], sso.new, given)
            if row[1].max_in_flight == nil then
                expect_raise("client:with: " .. row[2], client.with, client, row[1])
                expect_raise("get_certificate: " .. row[2], client.get_certificate, client, "1",
                    row[1])
            end
        end)
    end
    for _, row in ipairs(base_urls) do
        it("base_url " .. shown(row[1]) .. " raises", function()
            local given = { api_key = KEY, base_url = row[1] }
            expect_raise("sso.new: " .. row[2], sso.new, given)
            expect_raise("client:with: " .. row[2], client.with, client, given)
            expect_raise("get_certificate: " .. row[2], client.get_certificate, client, "1", given)
        end)
    end

    it("base_url with a zero byte raises", function()
        expect_raise("sso.new: option 'base_url' holds a zero byte", sso.new,
            { api_key = KEY, base_url = "http://127.0.0.1\0.evil.example" })
    end)

    it("options that are no table raise", function()
        expect_raise("sso.new: options must be a table, not a string", sso.new, KEY)
        expect_raise("sso.new: options must be a table, not a boolean", sso.new, true)
        expect_raise("client:with: options must be a table, not a number", client.with, client, 5)
        expect_raise("client:with: option 'max_in_flight' can only be given to sso.new",
            client.with, client, { max_in_flight = 5 })
    end)

    it("a dot where a colon belongs raises at the caller", function()
        local words = ": the client is missing: call it with a colon, as client:"
        local get = "get_certificate" .. words .. "get_certificate(...)"
        expect_raise(get, client.get_certificate)
        expect_raise(get, client.get_certificate, "1")
        expect_raise(get, client.get_certificate, { timeout = 5 }, "1")
        expect_raise("update_certificate" .. words .. "update_certificate(...)",
            client.update_certificate, 1, some)
        expect_raise("client:with" .. words .. "with(...)", client.with, { timeout = 5 })
        expect_raise("get_certificate: cert_id must be a string or a whole number, not table",
            sso.get_certificate, sso, "1")
    end)

    for _, row in ipairs(configurations) do
        it("option " .. described(row[1]) .. " is kind config", function()
            local given = plus({ base_url = base }, row[1])
            if not row[1].api_key_file and not row[1].api_key then
                given.api_key = KEY
            end
            expect_error("config", row[2], sso.new(given))
            expect_error("config", row[2], client:with(row[1]))
            expect_error("config", row[2], client:get_certificate("1", row[1]))
            local got
            client:get_certificate("1", row[1], helper.expect(function(...)
                got = A(...)
            end))
            assert.is_nil(got)
            client:run()
            expect_error("config", row[2], unpack(got, 1, 3))
        end)
    end

    for i, row in ipairs(key_functions) do
        it(("api_key function %d is kind config"):format(i), function()
            expect_error("config", row[2], client:get_certificate("1", { api_key = row[1] }))
            local other = helper.client({ base_url = base, api_key = row[1] })
            expect_error("config", row[2], other:get_certificate("1"))
        end)
    end

    for i, row in ipairs(certificates) do
        it(("certificate %d is kind certificate"):format(i), function()
            local given = { public_certificate = row[1]() }
            local governed = { validate = row[3] ~= false }
            for _ = 1, 2 do -- the second time from what is known of the text
                expect_error("certificate", row[2], client:update_certificate("1", given, governed))
            end
            client:update_certificate("1", given, governed, helper.expect(function(...)
                expect_error("certificate", row[2], ...)
            end))
            client:run()
        end)
    end

    describe("of the environment", function()
        -- In a process of its own: the module's client is made of the environment once.
        local code = [[
            local sso = require "sso"
            local function show(value, err)
                io.write(tostring(value), "\n", err.kind, "\n", err.message, "\n")
            end
            show(sso.new())
            show(sso.get_certificate("1"))
            sso.get_certificate("1", show)
            sso.run()
        ]]
        local NO_KEY = "no API key: set SENDGRID_API_KEY, or give api_key or api_key_file"
        local rows = {
            { {}, NO_KEY },
            { { SENDGRID_API_KEY = "" }, NO_KEY },
            { { SENDGRID_API_KEY = "", SENDGRID_API_KEY_FILE = "" }, NO_KEY },
            { { SENDGRID_API_KEY = "  " }, "the API key is empty" },
            { { SENDGRID_API_KEY = "a b" }, SPACED },
            { { SENDGRID_API_KEY_FILE = "/nonexistent/key" }, NO_KEY_FILE .. "/nonexistent/key" },
            {
                { SENDGRID_API_KEY_FILE = KEY },
                KEY_AS_FILE,
            },
            {
                { SENDGRID_API_KEY = KEY, SENDGRID_REGION = "asia" },
                "SENDGRID_REGION must be global or eu",
            },
            {
                { SENDGRID_API_KEY = KEY, SENDGRID_BASE_URL = "http://api.sendgrid.com" },
                "SENDGRID_BASE_URL: " .. CLEAR,
            },
            {
                { SENDGRID_API_KEY = KEY, SENDGRID_BASE_URL = "https://a:" .. KEY .. "@b.example" },
                "SENDGRID_BASE_URL: " .. CREDENTIALS,
            },
            {
                { SENDGRID_API_KEY = KEY, SSL_CERT_FILE = "/nonexistent" },
                "SSL_CERT_FILE '/nonexistent" .. NO_FILE,
            },
        }
        for _, row in ipairs(rows) do
            it(described(row[1]) .. " is kind config", function()
                local env = {
                    "SENDGRID_API_KEY", "SENDGRID_API_KEY_FILE", "SENDGRID_REGION",
                    "SENDGRID_BASE_URL", "SSL_CERT_FILE",
                }
                for name, value in pairs(row[1]) do
                    env[#env + 1] = name .. "=" .. value
                end
                local ran = helper.lua(code, { env = env })
                assert.equal(("nil\nconfig\n" .. row[2] .. "\n"):rep(3), ran.output)
                assert.equal(0, ran.status)
            end)
        end
    end)
end)
