-- Where the key comes from, the nearest first: the call, its client, that one's parent, the
-- environment; as text, in a file or from a function.

local helper = require "helper"
local process = require "process"
local shared = require "support.options"

local ID = helper.CERT_ID
local file_with, new, seen, works = shared.file_with, shared.new, shared.seen, shared.works

shared.options(function(base)
    describe("about the key", function()
        local function sends(key, options)
            options = options or {}
            options.base_url = base()
            works(new(options))
            assert.same({ "Bearer " .. key }, seen("authorization"))
        end

        it("take it from SENDGRID_API_KEY", function()
            process.setenv("SENDGRID_API_KEY", "SG.environment")
            sends("SG.environment")
        end)

        it("take it from the file that SENDGRID_API_KEY_FILE names", function()
            process.setenv("SENDGRID_API_KEY_FILE", file_with("SG.environment.file\n"))
            sends("SG.environment.file")
        end)

        it("prefer SENDGRID_API_KEY to the file", function()
            process.setenv("SENDGRID_API_KEY_FILE", file_with("SG.environment.file\n"))
            process.setenv("SENDGRID_API_KEY", "SG.environment")
            sends("SG.environment")
        end)

        it("take an empty variable for an unset one", function()
            process.setenv("SENDGRID_API_KEY", "")
            process.setenv("SENDGRID_API_KEY_FILE", file_with("SG.environment.file"))
            sends("SG.environment.file")
        end)

        it("prefer api_key to the environment", function()
            process.setenv("SENDGRID_API_KEY", "SG.environment")
            process.setenv("SENDGRID_API_KEY_FILE", "/nonexistent")
            sends("SG.option", { api_key = "SG.option" })
        end)

        it("prefer api_key_file to the environment", function()
            process.setenv("SENDGRID_API_KEY", "SG.environment")
            sends("SG.option.file", { api_key_file = file_with("SG.option.file") })
        end)

        it("drop white space around it", function()
            process.setenv("SENDGRID_API_KEY", " \tSG.environment\r\n")
            works(new({ base_url = base() }))
            works(new({ base_url = base(), api_key = "\n SG.option \f\v" }))
            works(new({ base_url = base(), api_key_file = file_with("\r\n SG.file\r\n\r\n") }))
            works(new({ base_url = base(), api_key = function() return " SG.function\n" end }))
            assert.same({
                "Bearer SG.environment", "Bearer SG.option", "Bearer SG.file",
                "Bearer SG.function",
            }, seen("authorization"))
        end)

        it("read the file once per client", function()
            local name = file_with("SG.first")
            local client = new({ base_url = base(), api_key_file = name })
            assert(os.remove(name))
            works(client)
            works(client:with({ timeout = 9 }))
            works(client, { on_behalf_of = "sub" })
            assert.same({ "Bearer SG.first", "Bearer SG.first", "Bearer SG.first" },
                seen("authorization"))
        end)

        it("let a call and a relative bring another key or file", function()
            local client = new({ base_url = base(), api_key = "SG.parent" })
            works(client, { api_key = "SG.call" })
            works(client)
            works(client, { api_key_file = file_with("SG.call.file") })
            local relative = helper.track(client:with({ api_key_file = file_with("SG.relative") }))
            works(relative)
            works(relative:with({ api_key = "SG.grandchild" }))
            works(client)
            assert.same({
                "Bearer SG.call", "Bearer SG.parent", "Bearer SG.call.file", "Bearer SG.relative",
                "Bearer SG.grandchild", "Bearer SG.parent",
            }, seen("authorization"))
        end)
    end)

    describe("with a function as api_key", function()
        it("call it once per call and not before", function()
            local calls = 0
            local client = new({ base_url = base(), api_key = function(...)
                assert(select("#", ...) == 0)
                calls = calls + 1
                return "SG.number" .. calls
            end })
            helper.track(client:with({ timeout = 9 }))
            assert.equal(0, calls)
            works(client)
            assert.equal(1, calls)
            works(client, { on_behalf_of = "sub" })
            assert.equal(2, calls)
            works(client:with({ timeout = 9 }))
            client:get_certificate(ID, helper.expect(function(certificate)
                assert.equal(ID, certificate.id)
            end))
            assert.equal(4, calls)
            client:run()
            assert.equal(4, calls)
            assert.same({
                "Bearer SG.number1", "Bearer SG.number2", "Bearer SG.number3", "Bearer SG.number4",
            }, seen("authorization"))
        end)

        it("call it once for all attempts of a call", function()
            local flaky = helper.faults("flaky-2-status-503")
            local calls = 0
            local client = new({ base_url = flaky, api_key = function()
                calls = calls + 1
                return "SG.number" .. calls
            end })
            local _, err, response = client:get_certificate(ID)
            assert.is_nil(err)
            assert.equal(3, response.attempts)
            assert.equal(1, calls)
            assert.same({ "Bearer SG.number1", "Bearer SG.number1", "Bearer SG.number1" },
                seen("authorization", flaky))
        end)

        it("prefer a call's own key or function", function()
            local client = new({ base_url = base(), api_key = function()
                error("not this one")
            end })
            works(client, { api_key = "SG.call" })
            works(client, { api_key = function() return "SG.function" end })
            local other = new({ base_url = base(), api_key = "SG.other" })
            works(other, { api_key = function() return "SG.function2" end })
            works(other)
            assert.same({
                "Bearer SG.call", "Bearer SG.function", "Bearer SG.function2", "Bearer SG.other",
            }, seen("authorization"))
        end)

        it("do not call it for arguments that raise", function()
            local client = new({ base_url = base(), api_key = function() error("called") end })
            assert.has_error(function() client:get_certificate("") end)
            assert.same({}, helper.requests(base()))
        end)

        it("go on with the next call after it failed", function()
            local broken = true
            local client = new({ base_url = base(), api_key = function()
                if broken then
                    error("the vault is sealed", 0)
                end
                return "SG.later"
            end })
            local _, err = client:get_certificate(ID)
            assert.equal("config", err.kind)
            assert.equal("get_certificate: the function api_key raised: the vault is sealed",
                tostring(err))
            broken = false
            works(client)
            assert.same({ "Bearer SG.later" }, seen("authorization"))
        end)

        it("refuse what is no key, and send nothing", function()
            local EMPTY, BAD = "the API key is empty", "the API key holds white space or a "
                .. "character that no key has: copy it again, in one piece"
            local keys = {
                { "", EMPTY }, { " \t\r\n\v\f", EMPTY }, { "a b", BAD }, { "\0SG.a", BAD },
                { "SG.a\0", BAD }, { " \0 ", BAD }, { "SG.\255", BAD }, { "SG.\127", BAD },
                { 5, "the function api_key returned a number, not a string" },
                { nil, "the function api_key returned a nil, not a string" },
            }
            for i = 1, #keys + 1 do
                local row = keys[i] or { nil, keys[#keys][2] }
                local client = new({ base_url = base(), api_key = function() return row[1] end })
                local value, err = client:get_certificate(ID)
                assert.is_nil(value)
                assert.equal("config", err.kind)
                assert.equal(row[2], err.message)
            end
            assert.same({}, helper.requests(base()))
        end)

        it("tell of a file that went away before the key came", function()
            local ca_file = file_with("-----BEGIN CERTIFICATE-----\n")
            local client = new({ base_url = base(), ca_file = ca_file, api_key = function()
                return "SG.late"
            end })
            os.remove(ca_file)
            local value, err = client:get_certificate(ID)
            assert.is_nil(value)
            assert.equal("config", err.kind)
            assert.truthy(err.message:find("^ca_file '.*' cannot be read: No such file"))
            local told
            client:get_certificate(ID, helper.expect(function(_, late)
                told = late.message
            end))
            client:run(1)
            assert.equal(err.message, told)
            assert.same({}, helper.requests(base()))
            -- and goes on when the file is there again
            local file = assert(io.open(ca_file, "w"))
            file:write("-----BEGIN CERTIFICATE-----\n")
            file:close()
            works(client)
            assert.same({ "Bearer SG.late" }, seen("authorization"))
            os.remove(ca_file)
        end)

        it("let it make calls itself", function()
            local inner = new({ base_url = base(), api_key = "SG.inner" })
            local client = new({ base_url = base(), api_key = function()
                return "SG.of." .. inner:get_certificate(ID).id
            end })
            assert.is_table(client:get_certificate(ID))
            assert.same({ "Bearer SG.inner", "Bearer SG.of." .. ID }, seen("authorization"))
        end)

        -- In Lua 5.1 nothing yields across pcall.
        local yields = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil
        it("let it yield inside a coroutine", function()
            local client = new({ base_url = base(), api_key = function()
                return coroutine.yield("which key?")
            end })
            local thread = coroutine.create(function()
                return client:get_certificate(ID)
            end)
            local ok, question = coroutine.resume(thread)
            if not yields then
                assert.is_true(ok)
                assert.is_nil(question)
                return
            end
            assert.is_true(ok)
            assert.equal("which key?", question)
            assert.same({}, helper.requests(base()))
            local certificate
            ok, certificate = coroutine.resume(thread, "SG.yielded")
            assert.is_true(ok)
            assert.equal(ID, certificate.id)
            assert.same({ "Bearer SG.yielded" }, seen("authorization"))
        end)

        it("forget a call whose coroutine never comes back from it", function()
            local client = new({ base_url = base(), api_key = function()
                return coroutine.yield()
            end })
            coroutine.resume(coroutine.create(function()
                client:get_certificate(ID)
            end))
            collectgarbage()
            assert.equal(0, client:run(0.1))
            assert.same({}, helper.requests(base()))
        end)
    end)
end)
