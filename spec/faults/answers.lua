--- Every status with every shape of a body, and JSON of the wrong type in every field, as rows:
-- {scenario, kind, phase, attempts, maybe_applied, requests}.  What decides is the status alone;
-- of a success, only what the module itself looks at.

local STATUSES = { -- status, kind, whether the request may have been carried out
    { 400, "invalid_request", false },
    { 401, "unauthorized", false },
    { 403, "forbidden", false },
    { 404, "not_found", false },
    { 409, "conflict", false },
    { 418, "http", false },
    { 422, "invalid_request", false },
    { 429, "rate_limited", false },
    { 500, "server", true },
    { 503, "server", true },
}

local SHAPES = {
    "array", "bad-utf8", "control", "cut", "deep", "echo", "echo-escaped", "empty",
    "empty-object", "error", "error-object", "errors-object", "errors-string", "format", "html",
    "html-as-json", "json-null", "list", "list-of-strings", "many", "message", "no-errors",
    "not-a-number", "nul", "null", "null-field", "null-fields", "number", "numbers", "string",
    "strings", "text", "two",
}

local FIELDS = { "public_certificate", "id", "not_before", "not_after", "intergration_id" }
local TYPES = {
    "missing", "null", "true", "false", "zero", "whole", "fraction", "huge", "negative", "text",
    "empty", "list", "object", "nested",
}
local ERROR_FIELDS = { "message", "field", "error_id" }

local rows = {}

local function add(...)
    rows[#rows + 1] = { ... }
    return rows[#rows]
end

for _, status in ipairs(STATUSES) do
    for _, shape in ipairs(SHAPES) do
        add(("status-%d-%s"):format(status[1], shape), status[2], "-", 1, status[3], 1).status =
            status[1]
    end
end

-- The id is compared with the one asked for; the rest is the caller's as it came.
for _, field in ipairs(FIELDS) do
    for _, kind in ipairs(TYPES) do
        local fine = field ~= "id" or kind == "missing" or kind == "null"
        add(("field-%s-%s"):format(field, kind), fine and "ok" or "response", "-", 1, not fine, 1)
    end
end

for _, field in ipairs(ERROR_FIELDS) do
    for i = 2, #TYPES do
        add(("error-field-%s-%s"):format(field, TYPES[i]), "invalid_request", "-", 1, false, 1)
    end
end

-- When to come back: the scenario's text, and the seconds that are read in it.
for text, seconds in pairs({
    ["0"] = 0, ["1"] = 1, ["007"] = 7, ["86400"] = 86400, ["2147483648"] = 2147483648,
    ["4294967297"] = 4294967297, ["date--100"] = 0, ["date-0"] = 0, ["-0"] = "none",
    ["+5"] = "none", ["1.5"] = "none", ["1,2"] = "none", ["0x1F"] = "none", ["NaN"] = "none",
    ["inf"] = "none", ["1e2"] = "none", ["now"] = "none", ["9223372036854775808"] = "none",
    ["99999999999999999999999"] = "none", ["P1D"] = "none", ["60s"] = "none",
}) do
    add("retry-after-" .. text, "rate_limited", "-", 1, false, 1).retry_after = seconds
    local row = add("retry-after-503:" .. text, "server", "-", 1, seconds == "none", 1)
    row.retry_after = seconds
end

table.sort(rows, function(a, b)
    return a[1] < b[1]
end)
return rows
