--- Clients made, varied, used and closed; options checked, headers and keys of all kinds.

local shared = require "client"
local sso = require "sso"

local function run()
    local client, err = sso.new(shared.options {
        headers = { ["x-a"] = "b", ["x-c"] = "d" }, user_agent = "torture/1",
        on_behalf_of = "someone", base_url = shared.base_url .. "/gate", api_key = function()
            return "SG.by-function"
        end,
    })
    shared.took(client, err)
    if not client then
        return
    end
    shared.took(client:get_certificate(66138975))
    shared.took(client:get_certificate(66138975, { timeout = 3 }))
    shared.took(client:get_certificate(66138975, { api_key = "SG.of-the-call" }))
    local other, why = client:with { timeout = 2, on_behalf_of = "another" }
    shared.took(other, why)
    if other then
        shared.took(other:update_certificate("x", { enabled = false }))
        assert(tostring(other))
        other:close()
    end
    shared.took(client:request {
        method = "POST", path = "/v3/scopes", query = { a = 1, b = "ü" }, body = { c = { 1, 2 } },
    })
    shared.took(client:_fetch(shared.base_url .. "/metadata?of=idp"))
    client:close()
end

return { setup = shared.check, run = run, check = shared.check }
