-- Options and variables that are well written and cannot be used, such as a file that is not there:
-- an error of kind config, returned by sso.new, by client:with and by a call.

local bad_input = require "support.bad_input"
local helper = require "helper"
local sso = require "sso"

local A, described, plus = bad_input.A, bad_input.described, bad_input.plus
local expect_error = bad_input.expect_error
local unpack = table.unpack or unpack -- luacheck: ignore

local CLEAR, CREDENTIALS = bad_input.CLEAR, bad_input.CREDENTIALS
local FILE = helper.fault_ca() -- a file that can be read
local KEY = helper.key

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
    { { api_key_file = "/no\r\n\27[31m" }, NO_KEY_FILE .. "/no   [31m" },
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

describe("bad input", function()
    local base, client

    helper.watch()
    bad_input.watch()

    before_each(function()
        base, client = bad_input.base(), bad_input.client()
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
