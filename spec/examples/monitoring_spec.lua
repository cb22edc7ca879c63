-- examples/monitoring: the script for cron, the units for systemd, the alert rules for Prometheus
-- and the command for Nagios, each run or read by the program that it is for.

local dated = require "support.dated"
local helper = require "helper"
local process = require "process"
local runner = require "support.runner"

local read, run, top = runner.read, runner.run, runner.top

runner.around()

local DAY = 86400
local NOW = os.time()
local ID = "10000000-0000-4000-8000-000000000001"
local WATCH = top .. "/examples/monitoring/cron/sso-watch"

local function certificate(cn, from, to)
    return dated.certificate(cn, NOW + from * DAY, NOW + to * DAY)
end

local function metadata(...)
    return dated.metadata("https://idp.test/1", ...)
end

local CURRENT, NEXT = certificate("okta 2026", -100, 265), certificate("okta 2027", -1, 700)

local function stored(pem)
    return { integration_id = ID, public_certificate = pem, enabled = true }
end

local function seed(pem)
    helper.sandbox.seed {
        integrations = {
            {
                id = ID, name = "Okta", enabled = true, entity_id = "https://idp.test/1",
                signin_url = "https://idp.test/in", signout_url = "https://idp.test/out",
            },
        },
        certificates = { stored(pem) },
    }
end

local function stored_subjects()
    local names = {}
    for _, one in ipairs(helper.sandbox.state().certificates) do
        if one.integration_id == ID then
            names[#names + 1] =
                require("sso").certificate.parse(one.public_certificate)[1].subject
        end
    end
    table.sort(names)
    return table.concat(names, ", ")
end

-- Where sendgrid-sso is found, run by the interpreter that runs this.
local folder

local function environment(more)
    local env = { "PATH=" .. folder .. ":" .. os.getenv "PATH" }
    for _, entry in ipairs(more or {}) do
        env[#env + 1] = entry
    end
    return { env = env }
end

describe("examples/monitoring", function()
    setup(function()
        folder = runner.output "mktemp -d"
        local file = assert(io.open(folder .. "/sendgrid-sso", "w"))
        file:write(("#!/bin/sh\nexec %s %s/bin/sendgrid-sso \"$@\"\n"):format(
            helper.interpreter(), top))
        file:close()
        os.execute("chmod +x " .. folder .. "/sendgrid-sso")
    end)
    teardown(function()
        process.run({ "rm", "-rf", folder }, {}, 10)
    end)
    before_each(function()
        seed(CURRENT)
        runner.write("idp.xml", metadata(CURRENT))
        runner.write("integrations", "# a comment\n\n" .. ID .. " idp.xml --retire keep\n")
    end)

    describe("cron/sso-watch", function()
        local function watch(more)
            return run({ WATCH, "integrations" }, environment(more))
        end

        it("is silent when nothing changes and all is well", function()
            for _, told in ipairs { true, false } do
                helper.sandbox.switch { tell_enabled = told }
                local done = watch()
                assert.equal("", done.out .. done.err)
                assert.equal(0, done.status)
            end
            assert.equal("CN=okta 2026", stored_subjects())
        end)

        it("adds what the identity provider announces, and says so once", function()
            runner.write("idp.xml", metadata(CURRENT, NEXT))
            local done = watch()
            assert.equal(0, done.status, done.out .. done.err)
            assert.equal("CN=okta 2026, CN=okta 2027", stored_subjects())
            assert.truthy(done.out:find("integration " .. ID
                .. " was changed; its certificates are now:\n", 1, true))
            assert.truthy(done.out:find "CN=okta 2027 +|#+ ")
            assert.equal("", watch().out)
        end)

        it("retires as the list says", function()
            helper.sandbox.switch { tell_enabled = true }
            runner.write("idp.xml", metadata(NEXT))
            runner.write("integrations", ID .. " idp.xml --retire delete --overlap 0d\n")
            local done = watch()
            assert.equal(0, done.status, done.out .. done.err)
            assert.equal("CN=okta 2027", stored_subjects())
        end)

        it("tells what soon ends", function()
            local old = certificate("okta 2025", -300, 20)
            helper.sandbox.reset()
            seed(old)
            runner.write("idp.xml", metadata(old))
            local done = watch()
            assert.equal(1, done.status)
            assert.truthy(done.out:find "^WARNING  ")
            assert.truthy(done.out:find "expires on %d+%-%d+%-%d+, in %d+ days")
        end)

        it("goes on after one that fails, and tells", function()
            runner.write("idp.xml", metadata(CURRENT, NEXT))
            runner.write("integrations", "none idp.xml\n" .. ID .. " gone.xml\n"
                .. ID .. " idp.xml\n")
            local done = watch()
            assert.equal(3, done.status)
            assert.truthy(done.out:find("sync of integration none failed:\n", 1, true))
            assert.truthy(done.out:find("sync of integration " .. ID .. " failed:\n", 1, true))
            assert.truthy(done.out:find("gone.xml", 1, true))
            assert.equal("CN=okta 2026, CN=okta 2027", stored_subjects())
        end)

        it("writes metrics, also of failure", function()
            local metrics = folder .. "/sso.prom"
            watch { "SSO_METRICS=" .. metrics }
            assert.truthy(read(metrics):find("\nsendgrid_sso_up 1\n", 1, true))
            assert.equal("status 0", runner.output("promtool check metrics <" .. metrics
                .. " 2>&1; echo status $?"))
            local done = watch { "SSO_METRICS=" .. metrics, "SENDGRID_API_KEY=SG.wrong" }
            assert.equal(3, done.status)
            assert.truthy(read(metrics):find("\nsendgrid_sso_up 0\n", 1, true))
            assert.is_nil((done.out .. done.err):find("SG.wrong", 1, true))
            os.remove(metrics)
        end)

        it("says how it is used", function()
            local done = run({ WATCH }, environment())
            assert.equal(3, done.status)
            assert.equal("usage: sso-watch LIST\n", done.err)
        end)

        it("has a line for cron, and a list to begin with", function()
            local line = read "examples/monitoring/cron/crontab":match "\n(%d[^\n]+)\n$"
            local minute, hour, user, program = line:match "^(%d+) (%*/%d+) %* %* %* (%S+) (%S+) "
            assert.equal("17 */6", minute .. " " .. hour)
            assert.equal("sendgrid-sso", user)
            assert.equal("sso-watch", program:match "[^/]+$")
            local listed = read "examples/monitoring/cron/integrations"
            assert.truthy(listed:find "\n[%x-]+ https://%S+ %-%-retire delete %-%-overlap 7d\n")
        end)
    end)

    describe("systemd", function()
        local UNITS = {
            "sendgrid-sso-alert@.service", "sendgrid-sso-check.service",
            "sendgrid-sso-check.timer", "sendgrid-sso-sync@.service", "sendgrid-sso-sync@.timer",
        }

        local function unit(name)
            return read("examples/monitoring/systemd/" .. name)
        end

        it("takes every unit", function()
            local names = {}
            for i, name in ipairs(UNITS) do
                -- the program and its manual page are where they are only once installed
                local text = unit(name):gsub("/usr/local/bin/", folder .. "/")
                    :gsub("Documentation=[^\n]*\n", "")
                names[i] = folder .. "/" .. name
                local file = assert(io.open(names[i], "w"))
                file:write(text)
                file:close()
            end
            assert.equal("status 0", runner.output("systemd-analyze verify "
                .. table.concat(names, " ") .. " 2>&1; echo status $?"))
            local broken = folder .. "/broken.service"
            local file = assert(io.open(broken, "w"))
            file:write((unit(UNITS[2]):gsub("LoadCredential", "LoadCredentials")))
            file:close()
            assert.not_equal("status 0", runner.output("systemd-analyze verify " .. broken
                .. " 2>&1; echo status $?"))
        end)

        it("knows when the timers elapse", function()
            for _, name in ipairs { UNITS[3], UNITS[5] } do
                local calendar = unit(name):match "OnCalendar=([^\n]+)"
                assert.truthy(runner.output("systemd-analyze calendar '" .. calendar
                    .. "' 2>&1"):find "Next elapse:", calendar)
                assert.truthy(unit(name):find "\nPersistent=yes\n")
            end
        end)

        -- What ExecStart runs, its variables and specifiers put in.
        local function start(name, values)
            local command = unit(name):match "\nExecStart=([^\n]+)"
            local argv = {}
            for word in command:gmatch "%S+" do
                word = word:gsub("/usr/local/bin/", folder .. "/"):gsub("%%i", values["%i"] or "")
                    :gsub("%${([%u_]+)}", values)
                if word:find "^%$" then
                    for part in values[word:sub(2)]:gmatch "%S+" do
                        argv[#argv + 1] = part
                    end
                else
                    argv[#argv + 1] = word
                end
            end
            return run(argv, { env = { "SENDGRID_API_KEY" } })
        end

        local function credentials()
            local file = assert(io.open(folder .. "/api-key", "w"))
            file:write(os.getenv "SENDGRID_API_KEY", "\n")
            file:close()
            return folder
        end

        it("syncs", function()
            runner.write("idp.xml", metadata(CURRENT, NEXT))
            local done = start(UNITS[4], {
                ["%i"] = ID, METADATA = "idp.xml", OPTIONS = "--retire keep",
                CREDENTIALS_DIRECTORY = credentials(),
            })
            assert.equal(0, done.status, done.err)
            assert.equal("CN=okta 2026, CN=okta 2027", stored_subjects())
        end)

        it("checks", function()
            local done = start(UNITS[2], { CREDENTIALS_DIRECTORY = credentials() })
            assert.equal(0, done.status, done.err)
            assert.truthy(done.out:find "^OK  2 integrations, 2 certificates: nothing found")
        end)

        it("gives no unit more than it needs", function()
            for _, name in ipairs { UNITS[2], UNITS[4] } do
                for _, line in ipairs {
                    "DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict",
                    "CapabilityBoundingSet=", "LoadCredential=api-key:/etc/sendgrid-sso/api-key",
                } do
                    assert.truthy(unit(name):find("\n" .. line .. "\n", 1, true), line)
                end
                assert.is_nil(unit(name):find "SENDGRID_API_KEY")
            end
        end)
    end)

    describe("prometheus", function()
        local RULES = top .. "/examples/monitoring/prometheus/sendgrid-sso.rules.yml"

        it("takes the rules", function()
            assert.truthy(runner.output("promtool check rules " .. RULES .. " 2>&1"):find(
                "SUCCESS: 6 rules found", 1, true))
        end)

        it("alerts when it should, and only then", function()
            local tests = folder .. "/test.yml"
            local file = assert(io.open(tests, "w"))
            file:write((read "spec/monitor/rules_test.yml":gsub("RULES", RULES)))
            file:close()
            local said = runner.output("promtool test rules " .. tests .. " 2>&1; echo status $?")
            assert.truthy(said:find "SUCCESS\n*status 0$", said)
        end)

        it("asks for no metric that is not there", function()
            local source = read "lua/sso/monitor/prometheus.lua"
            for name in read(RULES):gmatch "sendgrid_sso_([%w_]+)" do
                assert.truthy(source:find('"' .. name .. '"', 1, true), name)
            end
        end)
    end)

    it("is what the page shows", function()
        local page = read "docs/monitoring.md"
        for fence, path in pairs {
            yaml = "prometheus/sendgrid-sso.rules.yml", cfg = "nagios/sendgrid-sso.cfg",
        } do
            local block = page:match("\n```" .. fence .. "\n(.-)```\n")
            assert.equal(read("examples/monitoring/" .. path), block)
        end
    end)

    describe("nagios", function()
        it("has a command that is a plug-in", function()
            local configuration = read "examples/monitoring/nagios/sendgrid-sso.cfg"
            local command = configuration:match "command_line +([^\n]+)"
            local key = folder .. "/api-key"
            local file = assert(io.open(key, "w"))
            file:write(os.getenv "SENDGRID_API_KEY")
            file:close()
            local first, second = configuration:match "check_sendgrid_sso!(%w+)!(%w+)\n"
            command = command:gsub("/usr/local/bin", folder)
                :gsub("/etc/sendgrid%-sso/api%-key", key)
                :gsub("%$ARG1%$", first):gsub("%$ARG2%$", second)
            local argv = {}
            for word in command:gmatch "%S+" do
                argv[#argv + 1] = word
            end
            local done = run(argv, { env = { "SENDGRID_API_KEY" } })
            assert.equal(0, done.status, done.out .. done.err)
            assert.truthy(done.out:find "^SENDGRID_SSO OK %- [^\n]+ | certificates=2 [^\n]+\n$")
        end)
    end)
end)
