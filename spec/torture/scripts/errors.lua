--- Answers that say no, in the shapes they have, and what is made of them.

local shared = require "client"

local REFUSED = {
    invalid_request = true, unauthorized = true, forbidden = true, not_found = true,
    conflict = true, rate_limited = true, server = true, http = true,
}

local function run()
    local client = shared.client()
    for _, status in ipairs { "400", "401", "403", "404", "409", "429", "500", "302", "418" } do
        local value, err, response = client:get_certificate(1, {
            headers = { ["x-want"] = status },
        })
        shared.took(value, err, REFUSED)
        if err then
            assert(tostring(err) ~= "" and err.operation == "get_certificate")
        end
        if response then
            assert(response.headers and response.body)
            assert(response.rate_limit ~= false and response.request_id ~= false)
        end
    end
end

return { setup = shared.check, run = run, check = shared.check }
