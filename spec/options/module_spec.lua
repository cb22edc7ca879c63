-- The module's own client, which sso.get_certificate and the like use: made of the environment,
-- once.

local helper = require "helper"
local shared = require "support.options"

local KEY = helper.key
local seen = shared.seen

describe("options of the module itself", function()
    local base

    helper.watch()
    shared.watch()

    before_each(function()
        base = shared.base()
    end)

    -- In a process of its own: that client is made once.
    local function run(env, code)
        local all = { "SENDGRID_API_KEY_FILE", "SENDGRID_REGION" }
        for name, value in pairs(env) do
            all[#all + 1] = name .. "=" .. value
        end
        local ran = helper.lua('local sso = require "sso"\nlocal process = require "process"\n'
            .. code, { env = all })
        assert.equal(0, ran.status, ran.output)
        return ran.output
    end

    it("come from the environment", function()
        assert.equal("66138975 nil 200\n", run({
            SENDGRID_API_KEY = KEY, SENDGRID_BASE_URL = base,
        }, [[
            local certificate, err, response = sso.update_certificate(66138975,
                { enabled = true })
            print(("%.0f"):format(certificate.id) .. " " .. tostring(err) .. " "
                .. response.status)
        ]]))
        assert.same({ "Bearer " .. KEY }, seen("authorization"))
    end)

    it("are read at the first use, and again while they cannot be used", function()
        assert.equal("config config ok ok", run({ SENDGRID_BASE_URL = base }, [[
            process.setenv("SENDGRID_API_KEY")
            local function get()
                local _, err = sso.get_certificate(66138975)
                io.write(err and err.kind or "ok")
            end
            get()
            process.setenv("SENDGRID_API_KEY", "SG. bad")
            io.write(" ")
            get()
            process.setenv("SENDGRID_API_KEY", "SG.good")
            io.write(" ")
            get()
            process.setenv("SENDGRID_API_KEY", "SG.late")
            io.write(" ")
            get()
        ]]))
        assert.same({ "Bearer SG.good", "Bearer SG.good" }, seen("authorization"))
    end)

    it("can be given to its calls as well", function()
        run({ SENDGRID_API_KEY = KEY, SENDGRID_BASE_URL = "http://127.0.0.1:1" }, ([[
            assert(sso.get_certificate(66138975, { base_url = %q, on_behalf_of = "sub" }))
            sso.get_certificate(66138975, { base_url = %q }, function(certificate, err)
                assert(certificate, err)
            end)
            assert(sso.run() == 0)
        ]]):format(base, base))
        assert.same({ "sub", "" }, seen("on-behalf-of"))
    end)
end)
