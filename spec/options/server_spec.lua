-- Which server is asked: base_url, region and their variables, the nearest first; and how a client
-- shows it.

local helper = require "helper"
local process = require "process"
local shared = require "support.options"

local KEY = helper.key
local file_with, new, seen, works = shared.file_with, shared.new, shared.seen, shared.works

shared.options(function(base)
    describe("about the server", function()
        local GLOBAL = "sso.client (https://api.sendgrid.com)"
        local EU = "sso.client (https://api.eu.sendgrid.com)"
        local OTHER, SECOND = "https://proxy.example/sendgrid", "https://second.example"
        local function named(url)
            return "sso.client (" .. url .. ")"
        end

        local rows = {
            { {}, {}, GLOBAL },
            { {}, { region = "global" }, GLOBAL },
            { {}, { region = "eu" }, EU },
            { {}, { base_url = OTHER }, named(OTHER) },
            { {}, { base_url = OTHER .. "/" }, named(OTHER) },
            { {}, { base_url = OTHER, region = "eu" }, named(OTHER) },
            { { SENDGRID_REGION = "eu" }, {}, EU },
            { { SENDGRID_REGION = "eu" }, { region = "global" }, GLOBAL },
            { { SENDGRID_REGION = "eu" }, { base_url = OTHER }, named(OTHER) },
            { { SENDGRID_REGION = "" }, {}, GLOBAL },
            { { SENDGRID_REGION = "asia" }, { region = "eu" }, EU },
            { { SENDGRID_BASE_URL = OTHER }, {}, named(OTHER) },
            { { SENDGRID_BASE_URL = OTHER }, { region = "eu" }, EU },
            { { SENDGRID_BASE_URL = OTHER }, { base_url = SECOND }, named(SECOND) },
            { { SENDGRID_BASE_URL = OTHER, SENDGRID_REGION = "eu" }, {}, named(OTHER) },
            { { SENDGRID_BASE_URL = "", SENDGRID_REGION = "eu" }, {}, EU },
            { { SENDGRID_BASE_URL = "ftp://x" }, { region = "eu" }, EU },
        }
        for i, row in ipairs(rows) do
            it(("choose %s in case %d"):format(row[3], i), function()
                for name, value in pairs(row[1]) do
                    process.setenv(name, value)
                end
                row[2].api_key = KEY
                assert.equal(row[3], tostring(new(row[2])))
            end)
        end

        local families = {
            { { region = "eu" }, { timeout = 9 }, EU },
            { { region = "eu" }, { region = "global" }, GLOBAL },
            { { region = "eu" }, { base_url = OTHER }, named(OTHER) },
            { { base_url = OTHER }, {}, named(OTHER) },
            { { base_url = OTHER }, { region = "eu" }, EU },
            { { base_url = OTHER, region = "eu" }, { base_url = SECOND }, named(SECOND) },
            { { base_url = OTHER }, { region = "eu", base_url = SECOND }, named(SECOND) },
        }
        for i, row in ipairs(families) do
            it(("choose %s for a relative in case %d"):format(row[3], i), function()
                process.setenv("SENDGRID_BASE_URL", "https://never.example")
                row[1].api_key = KEY
                local client = new(row[1])
                local before = tostring(client)
                process.setenv("SENDGRID_REGION", "eu")
                assert.equal(row[3], tostring(helper.track(client:with(row[2]))))
                assert.equal(before, tostring(client))
            end)
        end

        it("keep it when the environment changes later", function()
            process.setenv("SENDGRID_BASE_URL", base())
            process.setenv("SENDGRID_API_KEY", "SG.first")
            local client = new()
            process.setenv("SENDGRID_BASE_URL", "http://127.0.0.1:1")
            process.setenv("SENDGRID_REGION", "eu")
            process.setenv("SENDGRID_API_KEY", "SG.second")
            works(client)
            works(client, { timeout = 9 })
            works(client:with({ timeout = 9 }))
            assert.same({ "Bearer SG.first", "Bearer SG.first", "Bearer SG.first" },
                seen("authorization"))
        end)

        it("can be another one for one call", function()
            local client = new({ base_url = base(), api_key = KEY })
            local other = helper.faults("ok", "http_other")
            works(client, { base_url = other }, other)
            works(client)
            assert.equal(named(base()), tostring(client))
        end)

        it("accept loopback by other names", function()
            local port = helper.fault_port("http")
            local path = base():match("^%a+://[^/]+(/.*)$")
            works(new({ api_key = KEY, base_url = "http://localhost:" .. port .. path }))
            works(new({ api_key = KEY, base_url = "HTTP://LOCALHOST:" .. port .. path }))
            works(new({ api_key = KEY, base_url = "http://127.0.0.1:" .. port .. path .. "///" }))
        end)
    end)

    describe("show in tostring(client)", function()
        it("the server and not the key", function()
            local clients = {
                new({ api_key = KEY, base_url = base() }),
                new({ api_key_file = file_with(KEY), base_url = base() }),
                new({ api_key = function() return KEY end, base_url = base() }),
            }
            for _, client in ipairs(clients) do
                assert.equal("sso.client (" .. base() .. ")", tostring(client))
                works(client)
                assert.equal("sso.client (" .. base() .. ")", tostring(client))
                client:close()
                assert.equal("sso.client (closed)", tostring(client))
            end
        end)
    end)
end)
