-- What a reader is told works: every block of Lua in the README and in docs/ is run against the
-- sandbox by the interpreter that runs this, nginx's blocks in nginx. What each prints and what
-- SendGrid gets from it stand below, in the order of the pages, so a block that is taken out, added
-- or broken is noticed.

local helper = require "helper"
local nginx = require "support.nginx"
local process = require "process"
local runner = require "support.runner"
local samples = require "support.samples"

local check, received, run, run_block = runner.check, runner.received, runner.run, runner.run_block
local ID = tostring(helper.CERT_ID)

runner.around()

local DAY = "%d%d%d%d%-%d%d%-%d%d"

-- For each page what its Lua blocks print (a pattern; nothing when it is missing) and what
-- SendGrid gets.
local pages = {
    ["README.md"] = {
        { prints = runner.FIRST_CALL, sends = "PATCH 200" },
        { prints = "^Twilio SendGrid\n$", sends = "GET 200" },
        {
            prints = "^add\tCN=idp%.test\t[^\n]*\nenable\tCN=idp%.test\t[^\n]*\n"
                .. "keep\tCN=sandbox identity provider\tnot wanted any more; stays until " .. DAY,
            sends = "3 x GET 200, POST 200, PATCH 200",
        },
        { prints = "^" .. DAY .. "\n$", sends = "GET 200" },
        { prints = "^20 calls, 0 left\n$", sends = "20 x GET 200" },
        { prints = "^200\n$", sends = "GET 200" },
        { prints = "^stored as " .. ID .. "\n$", sends = "PATCH 200" },
    },
    ["docs/command-line.md"] = {},
    ["docs/comparison.md"] = {},
    ["docs/errors-and-retries.md"] = {
        { prints = "^false\t.*unknown field 'enable' %(did you mean 'enabled'%?%)\n$" },
        {
            prints = "^not_found\t404\tupdate_certificate\ncertificate not found\n"
                .. "it says: update_certificate: 404 not found: certificate not found",
            sends = "PATCH 404",
        },
        { prints = "^" .. ID .. "\n$", sends = "GET 200" },
        { prints = "^true\ttrue\nnil\tcancelled\nfalse\n$" },
        { prints = "^block.lua:3: a bug in the callback\n", sends = "3 x GET 200" },
        {
            prints = "^start\tget_certificate[^\n]*\nattempt\tget_certificate\t1[^\n]*\n"
                .. "finish\tget_certificate\t1\t200\tok\tnil\n$",
            sends = "GET 200",
        },
    },
    ["docs/getting-started.md"] = {
        { prints = "^" .. ID .. "\n$", sends = "GET 200" },
        { prints = "^sso%.client %(https://api%.eu%.sendgrid%.com%)\n$" },
        {
            prints = "^Twilio SendGrid\t%x+%-[%x-]+\n" .. ID .. "\t" .. DAY .. "\n$",
            sends = "2 x GET 200",
        },
        { prints = "^CN=idp%.test\tEC\t256\n" .. ("%x"):rep(64) .. "\nvalid\n$" },
        { prints = "^true\n$" },
        { prints = "^200\t1\t" .. ID .. "\n$", sends = "PATCH 200" },
        { prints = "^SendGrid has it\n$", sends = "PATCH 200, GET 200" },
        {
            prints = "^200\t1%.1\napplication/json\n%d+\t%d+\n1\t%d[^\n]*\n%d[^\n]*\tfalse\n$",
            sends = "GET 200",
        },
        { prints = "^" .. ID .. "\nnil\tcancelled\ntrue\n$", sends = "2 x GET 200" },
        { only = "5.4", prints = "^" .. ID .. "\n$", sends = "GET 200" },
    },
    ["docs/hosts.md"] = {
        { prints = "^0\n%d\n3\n$", sends = "4 x GET 200" },
        { prints = "^" .. ID .. "\n$", sends = "GET 200" },
        {
            prints = "^task %d\t" .. ID .. "\ntask %d\t" .. ID .. "\ntask %d\t" .. ID .. "\n$",
            sends = "3 x GET 200",
        },
    },
    ["docs/internals.md"] = {},
    ["docs/many-calls.md"] = {
        { prints = "^0\n200 200 200\n$", sends = "3 x GET 200" },
        {
            prints = "^" .. ID .. "\tfound\n1\tnot_found\n" .. ID .. "\tfound\n$",
            sends = "2 x GET 200, GET 404",
            at_once = true,
        },
        { prints = "^0\t50\n$", sends = "50 x GET 200" },
        { prints = "^1%.1\n$", sends = "GET 200" }, -- without TLS
        { prints = "^1 certificates\n$", sends = "3 x GET 200" },
        { prints = "^timeout\tqueue\t0\n" .. ID .. "\n$", sends = "GET 200" },
        { prints = "^20 in time, 0 cancelled\n$", sends = "20 x GET 200" },
        { prints = "^0 were tried more than once\n$", sends = "12 x GET 200" },
        { prints = "^20\t20\t20\ttrue\n$", sends = "20 x GET 200" },
    },
    ["docs/metadata.md"] = {
        {
            prints = "^https://idp%.example/\thttps://idp%.example/sso\nCN=idp%.test\tvalid\n$",
        },
        {
            prints = "^nil\tsaml\nmetadata%.fetch: this is an HTML page, such as the page of a "
                .. "login or of an error, not SAML metadata\n$",
        },
        {
            prints = "^critical\tstatus\nissuer +https://idp%.example/entity\n"
                .. "status +Responder, RequestDenied\n.*critical +the identity provider refused",
            sends = "2 x GET 200",
        },
    },
    ["docs/monitoring.md"] = {
        { prints = "^ok\n$", sends = "2 x GET 200" },
        {
            prints = "^0\t1\texpires_soon\nTwilio SendGrid\t" .. ID .. "\tvalid\trenew from "
                .. DAY .. "\n$",
            sends = "2 x GET 200",
        },
        {
            prints = "^SENDGRID_SSO OK %- 1 integrations, 1 certificates: the next end is " .. DAY
                .. " | certificates=1 [^\n]*\n0\nSENDGRID_SSO UNKNOWN %- get_integration: 404 "
                .. "[^\n]*\n3\n$",
            sends = "2 x GET 200, 2 x GET 404",
        },
        { prints = "^sendgrid_sso_up 1\n$", sends = "2 x GET 200" },
        {
            prints = "^\nSUMMARY:SSO certificate of Twilio SendGrid ends\n3 reminders\n$",
            sends = "2 x GET 200",
        },
        {
            prints = "^ +%a* ?%d%d%d%d .*\nTwilio SendGrid\n  " .. ID .. " CN=[^\n]*│█.*today\n$",
            sends = "2 x GET 200",
        },
    },
    ["docs/benchmark.md"] = {},
    ["docs/performance.md"] = {},
    ["docs/rotation.md"] = {
        {
            prints = "^add\t66138976\tCN=idp%.test\twanted and not there\n"
                .. "enable\t66138976\t[^\n]*\nkeep\t" .. ID
                .. "\t[^\n]*; retire is not asked for\n$",
            sends = "3 x GET 200, POST 200, PATCH 200",
        },
        {
            prints = "^add\tCN=idp%.test\tfalse\nenable\tCN=idp%.test\tfalse\n"
                .. "delete\t[^\n]*\tfalse\nfalse\t0\n$",
            sends = "GET 200",
        },
        {
            prints = "^2 certificates are wanted: [^\n]*, the first valid one, counts as [^\n]*\n$",
            sends = "4 x GET 200, PATCH 200, POST 200",
        },
        {
            prints = "^add\t[^\n]*\nenable\t[^\n]*\nkeep\tnot wanted any more; stays until " .. DAY
                .. " %d%d:%d%d UTC\nfalse\n$",
            sends = "5 x GET 200, POST 200, 2 x PATCH 200",
        },
        {
            prints = "^true\nsignin_url\thttps://idp%.example/signin\t"
                .. "https://idp%.example/new%-signin\n$",
            sends = "4 x GET 200, POST 200, PATCH 200",
        },
        {
            prints = "^nil\tforbidden\nadd\t66138976\tdone\nenable\t66138976\tdone\n"
                .. "delete\t" .. ID .. "\tremains\nadd\t66138976\tdone\n"
                .. "enable\t66138976\tdone\ndelete\t" .. ID .. "\tfailed\n$",
            sends = "3 x GET 200, POST 200, PATCH 200, DELETE 403",
        },
        {
            prints = "^created\t66138976\npresent\t66138976\n$",
            sends = "4 x GET 200, POST 200, PATCH 200",
        },
    },
    ["docs/samples.md"] = {
        { prints = "^200\t" .. ID .. "\n$", sends = "PATCH 200" },
        { prints = "^200\t" .. ID .. "\n.*content%-type\tapplication/json", sends = "PATCH 200" },
        { prints = "^{.*}\n$", sends = "PATCH 200" },
        { prints = "^" .. ID .. "\n$", sends = "PATCH 200" },
        { prints = "^" .. ID .. "\t{.*}\n$", sends = "PATCH 200" },
        { prints = "^" .. ID .. "\n$", sends = "PATCH 200" },
        { prints = "^" .. ID .. "\n$", sends = "PATCH 200" },
        { prints = "^{.*}\n$", sends = "PATCH 200" },
    },
    ["docs/security.md"] = {},
    ["docs/snapshots.md"] = {
        { prints = "^Twilio SendGrid\t1\n$", sends = "3 x GET 200" },
        {
            prints = "^changed\tintegration\tsignin_url\thttps://new%.example/signin\n"
                .. "removed\tcertificate\tCN=sandbox identity provider\tnil\n"
                .. "added\tcertificate\tCN=idp%.test\tnil\n$",
            sends = "6 x GET 200, 2 x PATCH 200",
        },
        {
            prints = "^add\tcertificate\tCN=sandbox identity provider\tit is missing; the "
                .. "snapshot does not tell whether it was enabled\ntrue\t0\n$",
            sends = "9 x GET 200, DELETE 200, POST 200",
        },
    },
    ["docs/testing.md"] = {
        { prints = "^" .. helper.INTEGRATION:gsub("%-", "%%-") .. "\t" .. ID .. "\n$" },
        { prints = "^jane@example%.com\ttrue\njohn@example%.com\tfalse\n$", sends = "2 x GET 200" },
        { prints = "^2\n$", sends = "PATCH 503, PATCH 200" },
        { prints = "^nil\tnetwork\ttrue\n2 certificates\n$", sends = "2 x GET 200, POST 0" },
        {
            prints = "^timeout\tfirst_byte\n"
                .. "get_certificate: the certificate of localhost:%d+ is not accepted: expired\n$",
            sends = "GET 0",
        },
        { prints = "^any text\tfalse\n$", sends = "POST 200" },
        {
            prints = "^PATCH\t/v3/sso/integrations/[%x-]+\t200\nRenamed\n$",
            sends = "PATCH 200",
        },
        { with = "busted", prints = "\n4 successes / 0 failures / 0 errors / 0 pending " },
    },
    ["docs/troubleshooting.md"] = {},
}

describe("the pages", function()
    it("are all known here", function()
        local known = {}
        for name in pairs(pages) do
            known[#known + 1] = name
        end
        table.sort(known)
        local found = { "README.md" }
        for _, name in ipairs(samples.files("docs", ".md")) do
            if name ~= "reference.md" then -- spec/reference_blocks_spec.lua runs its blocks
                found[#found + 1] = "docs/" .. name
            end
        end
        assert.same(found, known)
    end)

    for page, rows in pairs(pages) do
        local blocks = samples.blocks_in(page, "lua")

        it(page .. " has as many blocks of Lua as are expected here", function()
            assert.equal(#rows, #blocks)
        end)

        for i, block in ipairs(blocks) do
            local row = rows[i] or {}
            if not row.only or row.only == runner.version then
                it(("%s:%d runs"):format(page, block.line), function()
                    assert.equal(row.only or row.with, block.variant)
                    check(run_block(block.text, block.variant), row)
                end)
            end
        end
    end

    it("would fail with a block that raises", function()
        local done = run_block "error 'broken'"
        assert.equal(1, done.status)
        assert.truthy(done.err:find "broken")
        assert.is_false(pcall(check, done, {}))
    end)

    it("would fail with a block that complains, says or sends something else", function()
        assert.is_false(pcall(check, run_block "io.stderr:write 'oh'", {}))
        assert.is_false(pcall(check, run_block "print 'no'", { prints = "^yes\n$" }))
        assert.is_false(pcall(check, run_block "client:get_certificate(cert_id)", {}))
    end)
end)

describe("CONTRIBUTING.md", function()
    it("shows a diff that fits the table of operations", function()
        local source = runner.read "src/operations.c"
        local hunks = 0
        for _, block in ipairs(samples.blocks_in("CONTRIBUTING.md", "diff")) do
            for hunk in block.text:gmatch "@@[^\n]*\n([^@]+)" do
                local before = ("\n" .. hunk):gsub("\n%+[^\n]*", ""):gsub("\n ", "\n")
                assert.truthy(source:find(before, 1, true), "no longer there:" .. before)
                assert.truthy(hunk:find "^ [^\n]*\n [^\n]*\n%+")
                hunks = hunks + 1
            end
        end
        assert.equal(2, hunks)
    end)
end)

-- ---- other languages ---------------------------------------------------------------

describe("docs/hosts.md in nginx", function()
    local blocks = samples.blocks_in("docs/hosts.md", "nginx")
    local server

    setup(function()
        assert.equal(3, #blocks)
    end)

    after_each(function()
        if server then
            server:stop()
            server = nil
        end
    end)

    it("waits for a plain call", function()
        server = nginx.start { server = blocks[1].text }
        local status, body = server:get "/certificate"
        assert.equal(200, status)
        assert.truthy(body:find("^" .. DAY .. "\n$"))
        assert.equal("GET 200", received())
    end)

    it("runs callbacks before the request ends", function()
        server = nginx.start { server = blocks[2].text }
        local status, body = server:get "/two"
        assert.equal(200, status)
        assert.equal(("started\n%s\n%s\n"):format(ID, ID), body)
        assert.equal("2 x GET 200", received())
    end)

    it("makes a call from init_worker", function()
        server = nginx.start { http = blocks[3].text }
        local began = process.now()
        repeat
            process.run({ "sleep", "0.02" }, {}, 5)
        until server:log():find "seconds left: %d+" or process.now() - began > 10
        assert.truthy(server:log():find "seconds left: %d+")
        assert.equal("GET 200", received())
    end)
end)

describe("docs/samples.md in other languages", function()
    it("has each language of SendGrid's page", function()
        local found = {}
        for _, block in ipairs(samples.blocks "docs/samples.md") do
            found[#found + 1] = block.language ~= "lua" and block.language or nil
        end
        assert.same({ "js", "python", "csharp", "java", "go", "php", "ruby", "sh" }, found)
    end)

    it("sends the same with curl", function()
        runner.write("sample.sh", samples.blocks_in("docs/samples.md", "sh")[1].text)
        check(run { "sh", "sample.sh" }, { prints = "^{.*}$", sends = "PATCH 200" })
    end)

    if os.getenv "SSO_VARIANT" ~= "plain" then
        return -- node is not what is looked at there
    end

    it("sends the same with JavaScript", function()
        local modules = runner.top .. "/build/npm/node_modules"
        local package_file = io.open(modules .. "/@sendgrid/client/package.json")
        if not package_file or runner.output "command -v node" == "" then
            pending "node or @sendgrid/client is not installed"
            return
        end
        package_file:close()
        runner.write("sample.js", samples.blocks_in("docs/samples.md", "js")[1].text)
        local argv = { "node", "sample.js", ID, "new.pem" }
        check(run(argv, { env = { "NODE_PATH=" .. modules } }), {
            prints = "^200 " .. ID .. "\n$",
            sends = "PATCH 200",
        })
    end)
end)

describe("the README's tables", function()
    local core = require "sso.core"

    it("name every option and no other", function()
        local known = {}
        for _, option in ipairs(core.options) do
            known[option.name] = true
        end
        assert.same(known, samples.table_names("README.md", "Options"))
    end)

    it("name every kind of error and no other", function()
        local known = {}
        for _, kind in ipairs(core.kinds) do
            known[kind] = true
        end
        assert.same(known, samples.table_names("README.md", "Errors"))
        assert.same(known,
            samples.table_names("docs/errors-and-retries.md", "The kinds, and what to do"))
    end)

    it("name every operation and no other", function()
        local known = {}
        for _, operation in ipairs(core.operations) do
            known[#known + 1] = operation.method .. " " .. operation.path
        end
        local found = {}
        for path in runner.read("README.md"):gmatch "\n| `[%w_]+%b()` | (%u+ /v3/[^ ]+) |" do
            found[#found + 1] = path
        end
        table.sort(known)
        table.sort(found)
        assert.same(known, found)
    end)
end)
