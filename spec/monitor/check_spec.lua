-- client:check_certificates against the sandbox: what it asks for, that it asks at the same time,
-- and what it returns when something is wrong.

local dated = require "support.dated"
local helper = require "helper"
local process = require "process"

local DAY = 86400

local function client(options)
    options = options or {}
    options.base_url = options.base_url or helper.sandbox_value "HTTP"
    options.api_key = os.getenv "SENDGRID_API_KEY"
    return helper.client(options)
end

-- Makes so many integrations, each with these certificates.
local function seed_integrations(count, pems)
    local integrations, certificates = {}, {}
    for i = 1, count do
        local id = ("10000000-0000-4000-8000-%012d"):format(i)
        integrations[i] = {
            id = id,
            name = "Number " .. i,
            enabled = true,
            entity_id = "https://idp.test/" .. i,
            signin_url = "https://idp.test/in",
            signout_url = "https://idp.test/out",
        }
        for _, pem in ipairs(pems) do
            certificates[#certificates + 1] = {
                integration_id = id, public_certificate = pem, enabled = true,
            }
        end
    end
    helper.sandbox.seed { integrations = integrations, certificates = certificates }
    return integrations
end

local function paths()
    local list = {}
    for _, request in ipairs(helper.sandbox.log().requests) do
        list[#list + 1] = request.method .. " " .. request.path
    end
    table.sort(list)
    return list
end

describe("check_certificates", function()
    helper.watch()

    before_each(function()
        helper.sandbox.reset()
    end)

    it("looks at every integration", function()
        local pem = dated.certificate("idp", os.time() - 9 * DAY, os.time() + 900 * DAY)
        local list = seed_integrations(3, { pem })
        local report = assert(client():check_certificates())
        assert.equal(4, #report.integrations)
        assert.equal(list[3].id, report.integrations[4].id)
        assert.equal("Number 3", report.integrations[4].name)
        assert.is_true(report.integrations[4].enabled)
        local certificate = report.integrations[4].certificates[1]
        assert.equal(require("sso").certificate.parse(pem)[1].fingerprint, certificate.fingerprint)
        assert.equal("CN=idp", certificate.subject)
        assert.is_true(math.abs(report.at - os.time()) < 30)
        assert.equal(5, #paths())
        assert.equal("GET /v3/sso/integrations", paths()[1])
    end)

    it("looks at one integration alone", function()
        seed_integrations(2, {})
        local report = assert(client():check_certificates { integration_id = helper.INTEGRATION })
        assert.equal(1, #report.integrations)
        assert.same({
            "GET /v3/sso/integrations/" .. helper.INTEGRATION,
            "GET /v3/sso/integrations/" .. helper.INTEGRATION .. "/certificates",
        }, paths())
    end)

    it("finds what is there to find", function()
        seed_integrations(1, { dated.certificate("idp", os.time() - 9 * DAY, os.time() + 5 * DAY) })
        local report = assert(client():check_certificates {
            integration_id = "10000000-0000-4000-8000-000000000001",
        })
        assert.equal("critical", report.status)
        assert.equal("expires_soon", report[1].finding)
        assert.equal("Number 1", report[1].integration)
    end)

    it("knows what SendGrid tells of enabled", function()
        local function told()
            local report = assert(client():check_certificates())
            return report.integrations[1].certificates[1].enabled
        end
        assert.is_nil(told())
        helper.sandbox.switch { tell_enabled = true }
        assert.is_true(told())
    end)

    it("asks all integrations at the same time #timing", function()
        seed_integrations(8, {})
        helper.patiently(function()
            local began = process.now()
            local report = assert(client {
                base_url = helper.sandbox_value "HTTP" .. "/delay/" .. 0.3 * helper.patience,
            }:check_certificates())
            assert.equal(9, #report.integrations)
            -- one after the other it would be 3 s, with patience more; two rounds are 0.6 s
            assert.is_true(process.now() - began < 1.5 * helper.patience,
                ("%.2f s"):format(process.now() - began))
        end)
    end)

    it("takes the metadata of an integration's own identity provider", function()
        local pem = dated.certificate("idp", os.time() - 9 * DAY, os.time() + 900 * DAY)
        local list = seed_integrations(2, { pem })
        local parsed = require("sso").certificate.parse(pem)
        local metadata = { entity_id = list[2].entity_id, certificates = parsed }
        local report = assert(client():check_certificates { metadata = metadata })
        assert.equal(0, #report)
        metadata.certificates = require("sso").certificate.parse(
            dated.certificate("next", os.time() - DAY, os.time() + 900 * DAY))
        report = assert(client():check_certificates { metadata = metadata })
        assert.equal("not_stored", report[1].finding)
        assert.equal("Number 2", report[1].integration)
        assert.equal("not_in_metadata", report[2].finding)
        assert.equal("Number 2", report[2].integration)
        assert.equal(2, #report)
    end)

    it("says that the metadata is nobody's", function()
        local report, err = client():check_certificates {
            metadata = { entity_id = "https://else.test", certificates = {} },
        }
        assert.is_nil(report)
        assert.equal("saml", err.kind)
        assert.truthy(tostring(err):find("no integration has the entity_id", 1, true))
    end)

    it("gives the whole or an error", function()
        seed_integrations(3, {})
        helper.sandbox.fault {
            path = "/v3/sso/integrations/10000000-0000-4000-8000-000000000002/certificates",
            status = 403, times = "always",
        }
        local report, err = client():check_certificates()
        assert.is_nil(report)
        assert.equal("forbidden", err.kind)
    end)

    it("says that there is no such integration", function()
        local report, err = client():check_certificates { integration_id = "none" }
        assert.is_nil(report)
        assert.equal("not_found", err.kind)
    end)

    it("passes on options for its calls", function()
        local report, err = client():check_certificates(nil, {
            api_key = "SG.wrong",
        })
        assert.is_nil(report)
        assert.equal("unauthorized", err.kind)
    end)

    local mistakes = {
        { "an unknown option", { withn = 3 }, "'withn' %(did you mean 'within'%?%)" },
        { "a wrong type", { within = "30" }, "option 'within' must be a number" },
        { "an id that is none", { integration_id = "" }, "'integration_id' must be an id" },
        { "an id of another type", { integration_id = true }, "'integration_id' must be an id" },
        { "metadata of another type", { metadata = 7 }, "option 'metadata' must be XML" },
        { "options that are none", "x", "the options must be a table" },
        { "a callback", function() end, "takes no callback" },
    }
    for _, row in ipairs(mistakes) do
        it("raises where it was called upon " .. row[1], function()
            local ok, why = pcall(function()
                client():check_certificates(row[2])
            end)
            assert.is_false(ok)
            assert.truthy(why:find "check_spec.lua:%d+: check_certificates: ", why)
            assert.truthy(why:find(row[3]), why)
            assert.same({}, paths())
        end)
    end
end)
