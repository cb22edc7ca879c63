--- A call that is told to come back, and tried again.

local shared = require "client"

local function run()
    local client = shared.client()
    local options = { max_retries = 1, headers = { ["x-want"] = "again" } }
    local value, err = client:update_certificate(66138975, { enabled = true }, options)
    shared.took(value, err, { server = true })
end

return { setup = shared.check, run = run, check = shared.check }
