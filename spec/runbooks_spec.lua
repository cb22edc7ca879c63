-- The runbooks, as they are typed: the commands of each page in their order against the sandbox,
-- while an identity provider's keys change.  After each command the key that is signed with then
-- opens the door, and at the end SendGrid has the new certificate alone.

local accounts = require "support.accounts"
local command_lines = require "support.command_lines"
local helper = require "helper"
local runner = require "support.runner"

local PROGRAM = runner.top .. "/bin/sendgrid-sso"

runner.around()

-- A page's commands under the headings of its steps, but for those in a timer, which have a case of
-- their own.
local function steps_of(page)
    local text = runner.read(page)
    local by_hand = text:match "\n## By hand\n.*" or text:gsub("\n## In a timer\n.*", "")
    return command_lines.in_text(by_hand)
end

local function serve(pems)
    local keys = {}
    for i, pem in ipairs(pems) do
        keys[i] = [[<KeyDescriptor use="signing">
            <KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>]]
            .. pem:gsub("%-%-%-%-%-[^\n]+", "")
            .. [[</X509Certificate></X509Data></KeyInfo></KeyDescriptor>]]
    end
    local file = assert(io.open(helper.sandbox_value "DIR" .. "/idp/metadata", "w"))
    file:write([[<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"
        entityID="https://idp.example/entity"><IDPSSODescriptor
        protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">]], table.concat(keys),
        [[<SingleSignOnService Location="https://idp.example/signin"
        Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"/></IDPSSODescriptor>
        </EntityDescriptor>]])
    file:close()
end

-- What somebody types, on this machine: URLs are the sandbox's, questions are answered.
local function run(command, env)
    local words = command_lines.words(command)
    local argv = { helper.interpreter(), PROGRAM }
    local changes = words[1] == "rotate" or words[1] == "sync" or words[1] == "ensure"
        or words[1] == "restore"
    for _, word in ipairs(words) do
        word = word == "ID" and helper.INTEGRATION or word
        if word:find "^https://" and words[1] == "sync" and argv[#argv] ~= "--pin" then
            word = helper.sandbox_value "HTTP" .. "/idp/metadata"
        elseif argv[#argv] == "--pin" and word:find "^https?://" then
            word = "https://idp.example/entity"
        end
        argv[#argv + 1] = word
    end
    if changes and not command:find "%-%-dry%-run" and not command:find "%-%-yes" then
        argv[#argv + 1] = "--yes"
    end
    return runner.run(argv, { env = env })
end

local function enabled(name)
    return accounts.held(helper.INTEGRATION):find("CN=" .. name .. " on", 1, true) ~= nil
end

-- The pages with the names of their two files, and at which of their commands the provider begins
-- to sign with the next key: the one after the switch.
local pages = {
    { "okta.md", "active.pem", "next.pem" },
    { "entra-id.md", "active.cer", "next.cer" },
    { "google.md", "active.pem", "next.pem" },
    { "adfs.md", "primary.cer", "secondary.cer", der = true },
    { "keycloak.md" },
}

for _, page in ipairs(pages) do
    describe("docs/runbooks/" .. page[1], function()
        helper.watch()

        local active, new
        before_each(function()
            active, new = accounts.pem "active", accounts.pem "next"
            local first = helper.sandbox.state().certificates[1].id
            local client = accounts.client()
            assert(client:update_certificate(first, { public_certificate = active }))
            local form = page.der and helper.der or tostring
            runner.write(page[2] or "active", form(active))
            runner.write(page[3] or "next", form(new))
            runner.write("GoogleIDPMetadata.xml", "")
            serve { active, new }
        end)

        -- each page where SendGrid keeps one enabled, which is the harder case; one page both ways
        local services = page[1] == "keycloak.md" and { "one", "several" } or { "one" }
        for _, service in ipairs(accounts.thorough and services or { services[2] }) do
            it("leads to the next certificate alone: " .. service .. " enabled", function()
                helper.sandbox.switch { enabled_per_integration = service }
                local switched, count = false, 0
                for _, command in ipairs(steps_of("docs/runbooks/" .. page[1])) do
                    local action = command:match "^%w+"
                    if action == "rotate" or action == "sync" or action == "inspect" then
                        count = count + 1
                        -- the first that answers for itself is typed after the switch
                        switched = switched or command:find "%-%-yes" ~= nil
                        if command:find "%-%-retire" then
                            serve { new }
                        elseif switched then
                            serve { new, active }
                        end
                        if not command:find "GoogleIDPMetadata" then
                            local done = run(command)
                            assert.equal("", done.err)
                            assert.equal(0, done.status, command .. "\n" .. done.out)
                        end
                        assert.is_true(enabled(switched and "idp next" or "idp active"), command)
                    end
                end
                assert.is_true(count >= 4)
                assert.equal("CN=idp next on", accounts.held(helper.INTEGRATION))
            end)
        end
    end)
end

describe("what the runbooks share", function()
    helper.watch()

    it("works from before to after, and back", function()
        runner.write("idp.pem", accounts.pem "idp")
        for _, command in ipairs(command_lines.quoted "docs/runbooks/README.md") do
            -- mentions of a command, the response of a login, and the timer below
            if command:find " " and not command:find "^explain" and not command:find "^sync"
                or command == "doctor" or command == "check" then
                local done = run(command)
                assert.equal("", done.err, command)
                assert.equal(0, done.status, command .. "\n" .. done.out)
            end
        end
        assert.equal("CN=idp idp on, CN=sandbox identity provider on",
            accounts.held(helper.INTEGRATION))
    end)

    it("follows an identity provider in a timer", function()
        local first = helper.sandbox.state().certificates[1].public_certificate
        local timer
        for _, command in ipairs(command_lines.quoted "docs/runbooks/README.md") do
            timer = command:find "^sync" and command or timer
        end
        serve { first, accounts.pem "next" }
        assert.equal(0, run(timer).status)
        assert.equal("CN=idp next off, CN=sandbox identity provider on",
            accounts.held(helper.INTEGRATION))
        serve { accounts.pem "next", first }
        assert.equal(0, run(timer).status)
        assert.is_true(enabled "idp next")
        serve { accounts.pem "other" }
        local strict = timer:gsub("%-%-pin %S+", "--pin " .. ("0"):rep(64))
        assert.equal(1, run(strict).status)
        assert.is_true(enabled "idp next")
    end)
end)
