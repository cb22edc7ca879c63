-- Where SendGrid's documents leave open, or contradict, what the service does: a switch for each
-- such thing. The first value of each row is the documented one and the state after a reset.

local M = { now = {} }

local function one_of(...)
    local allowed = { ... }
    return function(value)
        for _, item in ipairs(allowed) do
            if value == item then
                return true
            end
        end
        return false
    end
end

local function boolean(value)
    return type(value) == "boolean"
end

local function rate_limit(value)
    if type(value) ~= "table" then
        return value == false
    end
    return type(value.limit) == "number" and type(value.window) == "number" and value.window > 0
end

local rows = {
    -- error bodies: `[{…}]` for SSO and `{"errors":[{…}]}` for teammates ("documented"), or one
    -- of the two everywhere
    error_shape = { "documented", one_of("documented", "array", "object") },
    -- the name of integration_id in answers
    spelling = { "intergration_id", one_of("intergration_id", "integration_id", "both") },
    -- whether a certificate in an answer says if it is enabled
    tell_enabled = { false, boolean },
    -- "one": enabling a certificate disables the integration's others
    enabled_per_integration = { "several", one_of("several", "one") },
    -- "full": PATCH of an integration must bring every field, as the document's schema has it
    integration_patch = { "partial", one_of("partial", "full") },
    -- teammates on a page when no limit is given; live answers are said to have 50
    page_size = { 500, one_of(500, 50) },
    -- false: any text is taken for a certificate
    validate_pem = { true, boolean },
    -- {limit = calls, window = seconds}: counts, tells it in X-RateLimit-*, answers 429 beyond
    rate_limit = { false, rate_limit },
}

function M.reset()
    for name, row in pairs(rows) do
        M.now[name] = row[1]
    end
end

-- Sets what is given, all or nothing. → true, or nil and what is wrong
function M.set(values)
    for name, value in pairs(values) do
        if not rows[name] then
            return nil, "unknown switch " .. tostring(name)
        elseif not rows[name][2](value) then
            return nil, "impossible value for switch " .. name
        end
    end
    for name, value in pairs(values) do
        M.now[name] = value
    end
    return true
end

M.reset()

return M
