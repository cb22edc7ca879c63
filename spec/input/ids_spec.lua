-- Ids that no path can have, and values that are no ids: the whole message, raised at the caller.

local bad_input = require "support.bad_input"
local helper = require "helper"

local A, raising, shown = bad_input.A, bad_input.raising, bad_input.shown

local NAN = 0 / 0

local some = { enabled = true }

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

describe("bad input", function()
    helper.watch()
    bad_input.watch()

    for i, row in ipairs(ids) do
        it(("id %d, %s, raises"):format(i, shown(row[2][1])), raising(row[1], row[2], row[3]))
    end
end)
