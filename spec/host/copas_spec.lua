--- copas as the host: the real library, in this process.

-- Debian has copas for Lua 5.1, 5.2 and LuaJIT alone; there it has to be.
if not package.searchpath or _VERSION == "Lua 5.2" or package.searchpath("copas", package.path) then
    local copas_loop = require "support.copas_loop"
    local copas = require "copas"
    local helper = require "helper"
    local socket = require "socket"

    local ID = "66138975"

    describe("in copas", function()
        helper.watch()

        setup(function()
            print("\n" .. copas_loop.version)
        end)

        require "support.loop_cases"(copas_loop)

        it("takes callbacks of calls that were made before the loop began", function()
            local client = helper.client { base_url = helper.faults "delay-20" }
            local seen
            client:get_certificate(ID, helper.expect(function(value)
                copas_loop.pause(0.001)
                seen = value.id
            end))
            while not seen do
                copas.step(0.01)
            end
            assert.equal(66138975, seen)
        end)

        it("answers others from a server of copas' own meanwhile", function()
            local client = helper.client { base_url = helper.faults "delay-1000" }
            local server = assert(socket.bind("127.0.0.1", 0))
            local _, port = server:getsockname()
            local order, left = {}, 2
            copas.addserver(server, function(connection)
                local what = copas.receive(connection)
                if what == "call" then
                    what = tostring(assert(client:get_certificate(ID)).id)
                end
                copas.send(connection, what .. "\n")
                connection:close() -- copas closes the socket that it waited for last, not this one
            end)
            local function ask(word)
                copas_loop.spawn(function()
                    local connection = socket.tcp()
                    assert(copas.connect(connection, "127.0.0.1", port))
                    copas.send(connection, word .. "\n")
                    local answer = copas.receive(connection)
                    order[#order + 1] = answer
                    connection:close()
                    left = left - 1
                end)
            end
            assert.same({}, copas_loop.run(function()
                ask "call"
                copas_loop.pause(0.02)
                ask "other"
                while left > 0 do
                    copas_loop.pause(0.001)
                end
            end))
            assert.same({ "other", ID }, order)
            server:close()
            client = nil -- copas never forgets a server
        end)

        it("goes on in a coroutine that somebody else resumes", function()
            local client = helper.client { base_url = helper.faults "delay-20" }
            local value
            local thread = coroutine.create(function()
                value = assert(client:get_certificate(ID))
            end)
            local turns = 0
            repeat
                assert(coroutine.resume(thread))
                turns = turns + 1
            until coroutine.status(thread) == "dead"
            assert.equal(66138975, value.id)
            assert.is_true(turns > 1)
            copas_loop.run(function()
                copas_loop.pause(0.001)
            end)
        end)
    end)
end
