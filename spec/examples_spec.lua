-- What a reader is shown works: every program in examples/, and the demo, run against the sandbox
-- by the interpreter that runs this. What each prints and what SendGrid gets from it stand below.

local helper = require "helper"
local runner = require "support.runner"
local samples = require "support.samples"

local check, read, received, run = runner.check, runner.read, runner.received, runner.run
local ID, INTEGRATION = tostring(helper.CERT_ID), helper.INTEGRATION

runner.around()

local UNREACHABLE = "SENDGRID_BASE_URL=http://127.0.0.1:1"
local NO_KEY = { "SENDGRID_API_KEY", "SENDGRID_API_KEY_FILE" }
local DENIED = "401 unauthorized: The provided authorization grant is invalid, expired, or revoked"

local FOUND = "^integration " .. INTEGRATION:gsub("%-", "%%-") .. "\n  cert_id " .. ID
    .. ", valid from %d%d%d%d%-%d%d%-%d%d to %d%d%d%d%-%d%d%-%d%d\n  sha256 "
    .. ("%x"):rep(64) .. "\n$"

local TEAMMATE = "^created jane@example%.com\n  jane@example%.com\n"
    .. "subuser subuser1001: mail%.send\nsubuser subuser1002: mail%.send\n"
    .. "deleted jane@example%.com\n$"

local programs = {
    ["cqueues_script.lua"] = {
        {
            "asks for all at once while another thread goes on",
            prints = "^Twilio SendGrid: certificate " .. ID .. " ends on %d%d%d%d%-%d%d%-%d%d\n"
                .. "meanwhile the other thread had its turns\n$",
            sends = "2 x GET 200",
        },
        {
            "says what went wrong",
            env = NO_KEY,
            err = "^list_integrations: no API key[^\n]*\n$",
            status = 1,
        },
    },
    ["find_cert_id.lua"] = {
        {
            "lists what each integration has",
            prints = FOUND,
            sends = "2 x GET 200",
        },
        {
            "lists what one integration has",
            args = { INTEGRATION },
            prints = FOUND,
            sends = "GET 200",
        },
        {
            "says that there is no such integration",
            args = { "none" },
            prints = "^integration none\n$",
            err = "^list_certificates: 404 not found: integration not found[^\n]*\n$",
            status = 1,
            sends = "GET 404",
        },
    },
    ["handle_errors.lua"] = {
        {
            "updates",
            args = { ID, "new.pem" },
            prints = "^certificate " .. ID .. " is up to date\n$",
            sends = "PATCH 200",
        },
        {
            "tells an unknown id",
            args = { "1", "new.pem" },
            prints = "^there is no certificate 1; find_cert_id.lua lists",
            status = 3,
            sends = "PATCH 404",
        },
        {
            "tells a key that is refused",
            args = { ID, "new.pem" },
            env = { "SENDGRID_API_KEY=SG.wrong" },
            prints = "^the API key was refused: " .. DENIED
                .. "\nwhat may help: check the API key[^\n]*\n$",
            status = 4,
            sends = "PATCH 401",
        },
        {
            "tells a key that may not do this",
            args = { ID, "new.pem" },
            env = { "SENDGRID_API_KEY=SG.forbidden.key" },
            prints = "^the API key was refused: 403 .*\nwhat may help: create a new API key",
            status = 4,
            sends = "PATCH 403",
        },
        {
            "tells what to set",
            args = { ID, "new.pem" },
            env = NO_KEY,
            prints = "^set this up first: no API key: set SENDGRID_API_KEY",
            status = 1,
        },
        {
            "tells a file that is no certificate",
            args = { ID, "block.lua" },
            prints = "^nothing was sent, look at the file: ",
            status = 1,
        },
        {
            "tells what SendGrid refuses",
            args = { ID, "new.pem" },
            fault = { status = 400, body = [=[[{"field":"enabled","message":"no"}]]=] },
            prints = "^SendGrid refused enabled: no\n$",
            status = 1,
            sends = "PATCH 400",
        },
        {
            "tells what may pass",
            args = { ID, "new.pem" },
            env = { UNREACHABLE },
            prints = "^3 attempts in %d%.%d s: no connection to 127%.0%.0%.1:1: "
                .. "connection refused\n$",
            status = 5,
        },
        {
            "tells how long to wait",
            args = { ID, "new.pem" },
            fault = { status = 429, headers = { ["Retry-After"] = "600" } },
            prints = "^1 attempts in .*: 429 rate limited.*\nthe server asks to wait 600 s\n$",
            status = 5,
            sends = "PATCH 429",
        },
        {
            "prints what it does not know",
            args = { ID, "new.pem" },
            fault = { status = 418 },
            prints = "^update_certificate: 418 ",
            status = 1,
            sends = "PATCH 418",
        },
        { "says how it is used", err = "^usage: handle_errors%.lua CERT_ID FILE\n$", status = 2 },
    },
    ["integrations.lua"] = {
        {
            "creates, reads, enables and deletes one",
            args = { "new.pem" },
            prints = "^created Example, %x+%-[%x-]+\nits certificate ends on %d%d%d%d%-%d%d%-%d%d\n"
                .. "complete: true\nExample is enabled: true\n"
                .. "deleted, and nobody can log in by it any more\n$",
            sends = "2 x POST 200, GET 200, PATCH 200, DELETE 204",
        },
        {
            "leaves nothing half set up",
            args = { "block.lua" },
            prints = "^created Example, %x+%-[%x-]+\n$",
            err = "^create_certificate: public_certificate is not an X%.509 certificate[^\n]*\n$",
            status = 1,
            sends = "POST 200, DELETE 204",
        },
        {
            "says what went wrong",
            args = { "new.pem" },
            env = { "SENDGRID_API_KEY=SG.wrong" },
            err = "^create_integration: " .. DENIED,
            status = 1,
            sends = "POST 401",
        },
        { "says how it is used", err = "^usage: integrations%.lua FILE\n$", status = 2 },
    },
    ["luv_script.lua"] = {
        {
            "lists the certificates of all integrations",
            prints = "^integration " .. INTEGRATION:gsub("%-", "%%-") .. "\n  cert_id " .. ID
                .. ", valid until %d%d%d%d%-%d%d%-%d%d, %d+ days left\n"
                .. "the timer ticked meanwhile: true\n$",
            sends = "2 x GET 200",
        },
        {
            "says what went wrong",
            env = { "SENDGRID_API_KEY=SG.wrong" },
            prints = "^the timer ticked meanwhile: true\n$",
            err = "^list_integrations: " .. DENIED,
            status = 1,
            sends = "GET 401",
        },
    },
    ["raw_request.lua"] = {
        {
            "shows what the key may do",
            fault = {
                path = "/v3/scopes",
                status = 200,
                body = [[{"scopes":["mail.send","sso.settings.read","sso.settings.update"]}]],
            },
            prints = "^sso%.settings%.read\nsso%.settings%.update\n"
                .. "200: 2 of 3 scopes are about single sign%-on\n$",
            sends = "GET 200",
        },
        {
            "says what went wrong",
            env = { "SENDGRID_API_KEY=SG.wrong" },
            err = "^request: " .. DENIED,
            status = 1,
            sends = "GET 401",
        },
    },
    ["teammates.lua"] = {
        {
            "creates one, lists all, deletes it",
            args = { "jane@example.com", "1001", "1002" },
            prints = TEAMMATE,
            sends = "POST 201, 3 x GET 200, DELETE 204",
        },
        {
            "looks when it cannot know whether one was created",
            args = { "jane@example.com", "1001", "1002" },
            fault = { method = "POST", close = "before", applied = true },
            prints = TEAMMATE,
            sends = "POST 0, 4 x GET 200, DELETE 204",
        },
        {
            "says that it was not created",
            args = { "jane@example.com", "1001" },
            fault = { method = "POST", close = "before", applied = false },
            err = "^create_sso_teammate: [^\n]+\n$",
            status = 1,
            sends = "POST 0, GET 404",
        },
        {
            "does not take a part for the whole",
            args = { "jane@example.com", "1001" },
            fault = { method = "GET", path = "/v3/teammates", status = 400 },
            prints = "^created jane@example%.com\n$",
            err = "^list_teammates: 400 ",
            status = 1,
            sends = "POST 201, GET 400",
        },
        {
            "says how it is used",
            args = { "jane@example.com" },
            err = "^usage: teammates%.lua EMAIL SUBUSER_ID%.%.%.\n$",
            status = 2,
        },
    },
    ["rotate.lua"] = {
        {
            "replaces a certificate",
            args = { INTEGRATION, "new.pem", "delete" },
            prints = "^add     66138976  CN=idp%.test: wanted and not there\n"
                .. "enable  66138976  [^\n]*\ndelete  " .. ID .. "  [^\n]*: not wanted any more\n$",
            sends = "4 x GET 200, POST 200, PATCH 200, DELETE 200",
        },
        {
            "tells what remains when a call fails",
            args = { INTEGRATION, "new.pem" },
            fault = { method = "PATCH", status = 400 },
            prints = "^add     66138976 [^\n]*\nenable  66138976 [^\n]* %(not done%)\n"
                .. "keep    " .. ID .. " [^\n]*; retire is not asked for\n$",
            err = "^update_certificate: 400 [^\n]*\n$",
            status = 1,
            sends = "2 x GET 200, POST 200, PATCH 400",
        },
        { "says how it is used", err = "^usage: rotate%.lua INTEGRATION_ID FILE ", status = 2 },
    },
    ["ten_at_once.lua"] = {
        {
            "makes ten calls",
            args = { ID },
            prints = "^call +%d+: 200 after %d+%.%d ms\n.*\n10 came back, 0 failed\n$",
            sends = "10 x GET 200",
        },
        {
            "counts those that fail",
            args = { "1" },
            prints = "call 10: get_certificate: 404 not found.*\n0 came back, 10 failed\n$",
            status = 1,
            sends = "10 x GET 404",
        },
        { "says how it is used", err = "^usage: ten_at_once%.lua CERT_ID\n$", status = 2 },
    },
    ["update_certificate.lua"] = {
        {
            "prints status, body and headers",
            args = { ID, "new.pem" },
            prints = runner.FIRST_CALL,
            sends = "PATCH 200",
        },
        {
            "reads standard input",
            args = { ID, "-" },
            env = { "INPUT=new.pem" },
            prints = runner.FIRST_CALL,
            sends = "PATCH 200",
        },
        {
            "prints the error in one line",
            args = { ID, "new.pem" },
            env = { "SENDGRID_API_KEY=SG.wrong" },
            err = "^update_certificate: " .. DENIED .. " %(check the API key[^\n]*%)\n$",
            status = 1,
            sends = "PATCH 401",
        },
        {
            "says how it is used",
            err = "^usage: update_certificate%.lua CERT_ID FILE\n$",
            status = 2,
        },
    },
}

describe("the examples", function()
    it("are all known here", function()
        local known = {}
        for name in pairs(programs) do
            known[#known + 1] = name
        end
        table.sort(known)
        assert.same(samples.files("examples", ".lua"), known)
    end)

    for name, rows in pairs(programs) do
        for _, row in ipairs(rows) do
            it(name .. " " .. row[1], function()
                if row.fault then
                    helper.sandbox.fault(row.fault)
                end
                runner.write("block.lua", "-- no certificate\n")
                local argv = { helper.interpreter(), runner.top .. "/examples/" .. name }
                for _, word in ipairs(row.args or {}) do
                    argv[#argv + 1] = word
                end
                check(run(argv, row), row)
            end)
        end
    end

    it("begin the README", function()
        local first = samples.blocks_in("README.md", "lua")[1]
        assert.equal(read "examples/update_certificate.lua", first.text)
    end)
end)

if runner.version == "5.4" and os.getenv "SSO_VARIANT" == "plain" then
    describe("tools/demo", function()
        it("shows the first call, a failure, and a rotation through metadata", function()
            local done = run { runner.top .. "/tools/demo" }
            assert.equal("", done.err)
            assert.equal(0, done.status)
            for _, text in ipairs {
                "\n1%. ", "\n2%. ", "\n3%. ", "\n4%. ", "\n5%. ", "\n6%. ",
                "\n  200\n  {\"public_certificate\":\"%-%-%-%-%-BEGIN",
                "\n  content%-type: application/json\n",
                "\n  update_certificate: 401 unauthorized: ",
                "\n  exit status   1\n",
                "\n  enable  66138976 ", "\n  add     66138977 ",
                "\n  enable  66138977 ", "\n  delete  66138976 ",
                "\n  OK  1 integration, 1 certificate: ",
            } do
                assert.truthy(done.out:find(text), text .. " is missing in\n" .. done.out)
            end
            assert.is_nil(done.out:find "\27", "colours without a terminal")
            assert.is_nil(done.out:find(os.getenv "SENDGRID_API_KEY", 1, true))
            for line in done.out:gmatch "[^\n]+" do
                local columns = #line:gsub("[\128-\191]", "")
                assert.is_true(columns <= 80, "longer than 80 columns: " .. line)
            end
            local sent = received()
            for _, text in ipairs { "2 x DELETE 200", "PATCH 401", ", POST 200" } do
                assert.truthy(sent:find(text, 1, true), sent)
            end
        end)
    end)
end
