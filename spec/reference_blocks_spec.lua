-- Every block of Lua in docs/reference.md runs, against the sandbox, on the interpreter that runs
-- this. What each prints and what SendGrid gets from it stand below, by the heading above it.

local helper = require "helper"
local runner = require "support.runner"
local samples = require "support.samples"

local PAGE = "docs/reference.md"
local ID, INTEGRATION = tostring(helper.CERT_ID), helper.INTEGRATION
local USERNAME = "jane_doe@example.com"

runner.around()

local DAY = "%d%d%d%d%-%d%d%-%d%d"

-- For each heading what the blocks under it print (a pattern) and what SendGrid gets.
local blocks = {
    ["Calls"] = {
        { "^" .. ID .. "\t200\n$", "GET 200" },
        { "^false\n" .. ID .. "\t200\ntrue\n$", "GET 200" },
    },
    ["create_certificate"] = { { "^%d+\n$", "POST 200" } },
    ["get_certificate"] = { { "^" .. DAY .. "\n$", "GET 200" } },
    ["update_certificate"] = { { "^200\t" .. ID .. "\n$", "PATCH 200" } },
    ["delete_certificate"] = { { "^nil\tnot_found\n$", "DELETE 200, GET 404" } },
    ["list_certificates"] = { { "^" .. ID .. "\t" .. DAY .. "\n$", "GET 200" } },
    ["create_integration"] = { { "^Example\n$", "POST 200" } },
    ["list_integrations"] = { { "^Twilio SendGrid\t%x+%-[%x-]+\ttrue\n$", "GET 200" } },
    ["get_integration"] = { { "^https://idp%.example/entity\n$", "GET 200" } },
    ["update_integration"] = { { "^false\tTwilio SendGrid\n$", "PATCH 200" } },
    ["delete_integration"] = { { "^true\n$", "DELETE 204" } },
    ["create_sso_teammate"] = { { "^john_doe@example%.com\t201\n$", "POST 201" } },
    ["update_sso_teammate"] = { { "^2\n$", "PATCH 200" } },
    ["list_teammates"] = { { "^jane_doe@example%.com\tfalse\n$", "GET 200" } },
    ["get_teammate"] = { { "^Jane\n$", "GET 200" } },
    ["delete_teammate"] = { { "^true\n$", "DELETE 204" } },
    ["list_pending_teammates"] = { { "^new@example%.com\t" .. DAY .. "\n$", "GET 200" } },
    ["delete_pending_teammate"] = { { "^true\n$", "DELETE 204" } },
    ["resend_teammate_invite"] = { { "^new@example%.com\n$", "POST 200" } },
    ["list_subuser_access"] = { { "^1001\t1001\n$", "GET 200" } },
    ["client:list_all_certificates"] = {
        { "^" .. INTEGRATION:gsub("%-", "%%-") .. "\t" .. ID .. "\n$", "2 x GET 200" },
    },
    ["client:each_teammate"] = { { "^jane_doe@example%.com\n$", "2 x GET 200" } },
    ["client:each_subuser_access"] = { { "^1001\tadmin\n1002\tadmin\n$", "GET 200" } },
    ["client:ensure_certificate"] = {
        { "^created\ttrue\n$", "2 x GET 200, POST 200" },
    },
    ["client:rotate_certificate"] = {
        { "^add\tCN=idp%.test\t[^\n]*\nenable\t.*\ndisable\t", "GET 200" },
    },
    ["client:check_certificates"] = { { "^ok\t0\t1\n$", "2 x GET 200" } },
    ["sso.monitor.format"] = { { "^SENDGRID_SSO OK [^\n]*\n\t0\n$", "2 x GET 200" } },
    ["sso.timeline.text"] = { { "Twilio SendGrid\n +" .. ID, "2 x GET 200" } },
    ["client:snapshot"] = { { "^sendgrid%-sso/1\t1\n$", "6 x GET 200" } },
    ["client:diff"] = { { "^integration\tchanged\tname\tOther\n$", "12 x GET 200, PATCH 200" } },
    ["client:restore"] = { { "^true\t0\n$", "10 x GET 200, 2 x PATCH 200" } },
    ["client:request"] = { { "^200\t1\tnil\n$", "GET 200" } },
    ["Options"] = { { "^" .. ID .. "\n$", "GET 200" } },
    ["Errors"] = { { "^404\tcert_id comes from list_certificates[^\n]*\n$", "PATCH 404" } },
    ["Responses"] = {
        { "^" .. ID .. "\t200\tapplication/json\n1\ttrue\tnil\n$", "GET 200" },
    },
    ["sso.new"] = { { "^sso%.client %(https://api%.eu%.sendgrid%.com%)\n$", "" } },
    ["sso.wait_all"] = { { "^" .. (ID .. "\n"):rep(3) .. "$", "3 x GET 200" } },
    ["sso.run"] = { { "^" .. ID .. "\n0\n$", "GET 200" } },
    ["sso.version"] = { { "%d+%.%d+", "" } },
    ["client:with"] = { { "^" .. ID .. "\n$", "GET 200" } },
    ["client:close"] = { { "^nil\tcancelled\n$", "" } },
    ["client:run"] = { { "^" .. ID .. "\n0\n$", "GET 200" } },
    ["client:step"] = { { "^" .. ID .. "\tr\ttrue\n$", "GET 200" } },
    ["handle:wait"] = { { "^" .. ID .. "\tnil\t200\n$", "GET 200" } },
    ["handle:cancel"] = { { "^true\ttrue\nnil\tcancelled\n$", "" } },
    ["Events"] = {
        {
            "^start\tget_certificate[^\n]*\nattempt\tget_certificate\t1[^\n]*\n"
                .. "finish\tget_certificate\t1\t200\tok\n$",
            "GET 200",
        },
    },
    ["sso.certificate.parse"] = { { "^CN=idp%.test\tEC\tvalid\n$", "" } },
    ["sso.certificate.same"] = { { "^true\n$", "" } },
    ["sso.certificate.check"] = { { "^expired\tCN=idp%.test: expired on " .. DAY .. "\n$", "" } },
    ["In an editor"] = { { "^%d+%.%d+[^\n]*\n$", "" } },
}

-- The blocks of the page by the heading that they stand under.
local function by_heading()
    local headings, number, title = {}, 0, nil
    for line in io.lines(PAGE) do
        number = number + 1
        title = line:match "^#+ (.*)$" or title
        headings[number] = title
    end
    local list = {}
    for _, block in ipairs(samples.blocks_in(PAGE, "lua")) do
        local name = headings[block.line]
        list[name] = list[name] or {}
        table.insert(list[name], block)
    end
    return list
end

describe("the blocks of the reference", function()
    local found = by_heading()
    local given

    before_each(function()
        local seeded = helper.sandbox.seed {
            teammates = { {
                email = USERNAME,
                first_name = "Jane",
                last_name = "Doe",
                has_restricted_subuser_access = true,
                subuser_access = {
                    { id = 1001, permission_type = "admin" },
                    { id = 1002, permission_type = "admin" },
                },
            } },
            pending = { { email = "new@example.com" } },
        }
        -- on the block's first line, so that its lines keep their numbers
        given = ("local integration_id, username, token = %q, %q, %q "):format(
            INTEGRATION, USERNAME, seeded.pending[1])
    end)

    it("are all known here", function()
        local known = {}
        for heading, list in pairs(found) do
            known[heading] = #list
        end
        local expected = {}
        for heading, list in pairs(blocks) do
            expected[heading] = #list
        end
        assert.same(expected, known)
    end)

    for heading, rows in pairs(blocks) do
        for i, row in ipairs(rows) do
            it(heading .. (i > 1 and " " .. i or "") .. " runs", function()
                local done = runner.run_block(given .. found[heading][i].text)
                assert.equal("", done.err)
                assert.equal(0, done.status)
                assert.truthy(done.out:find(row[1]), "it printed\n" .. done.out)
                assert.equal(row[2], runner.received())
            end)
        end
    end
end)
