-- Fields that cannot be sent: names that are none, values of other types, options among them.

local bad_input = require "support.bad_input"
local helper = require "helper"

local A, described, raising = bad_input.A, bad_input.described, bad_input.raising

local KEY = helper.key
local some = { enabled = true }

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

describe("bad input", function()
    helper.watch()
    bad_input.watch()

    for _, row in ipairs(fields) do
        local message = row[2] == NOTHING and NOTHING or "update_certificate: " .. row[2]
        local args = A("1", row[1], { validate = false })
        it("fields " .. described(row[1]) .. " raises",
            raising("update_certificate", args, message))
    end
end)
