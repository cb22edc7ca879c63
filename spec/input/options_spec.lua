-- Options that cannot be meant, among them servers to which no key is sent: raised at the caller,
-- by sso.new, by client:with and by a call.

local bad_input = require "support.bad_input"
local helper = require "helper"
local sso = require "sso"

local described, plus, shown = bad_input.described, bad_input.plus, bad_input.shown
local expect_raise = bad_input.expect_raise

local CLEAR, CREDENTIALS = bad_input.CLEAR, bad_input.CREDENTIALS
local KEY = helper.key
local NAN = 0 / 0
local some = { enabled = true }

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
    { { region = KEY }, "option 'region' must be \"global\" or \"eu\", not '[api key]'" },
    { { host = KEY }, "unknown host '[api key]'" },
    { { [KEY] = true }, "unknown option '[api key]'" },
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
    { { headers = { ["A\0"] = "c" } }, "'A ' is not a header name" },
    { { headers = { ["A/1"] = "c" } }, "'A/1' is not a header name" },
    { { headers = { ["[A]"] = "c" } }, "'[A]' is not a header name" },
    { { headers = { ["{A}"] = "c" } }, "'{A}' is not a header name" },
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

describe("bad input", function()
    local base, client

    helper.watch()
    bad_input.watch()

    before_each(function()
        base, client = bad_input.base(), bad_input.client()
    end)

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
end)
