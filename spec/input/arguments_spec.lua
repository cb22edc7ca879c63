-- Arguments in the wrong place: too many of them, options that are none, a dot for a colon.

local bad_input = require "support.bad_input"
local helper = require "helper"
local sso = require "sso"

local A, expect_raise, raising = bad_input.A, bad_input.expect_raise, bad_input.raising
local unpack = table.unpack or unpack -- luacheck: ignore

local some = { enabled = true }

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
    {
        "get_certificate",
        A("1", 5, {}),
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

describe("bad input", function()
    local client

    helper.watch()
    bad_input.watch()

    before_each(function()
        client = bad_input.client()
    end)

    for i, row in ipairs(arguments) do
        local args = A("1", unpack(row[1], 1, row[1].n))
        it(("arguments %d raises"):format(i), raising("update_certificate", args,
            "update_certificate: " .. row[2]))
    end
    for i, row in ipairs(reading) do
        it(("arguments of reading %d raises"):format(i), raising(row[1], row[2], row[3]))
    end

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
end)
