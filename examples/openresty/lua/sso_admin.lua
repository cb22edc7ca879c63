-- What the locations of nginx.conf do.  Each call to SendGrid yields, so a worker serves other
-- requests meanwhile; what was read is kept for a minute, so that reloading the page and scraping
-- /metrics cost SendGrid little.
-- luacheck: std min+ngx_lua

local page = require "sso_admin_page"
local sso = require "sso"

local M = {}

local KEPT = 60 -- seconds

local client, report, failed
local read_at = -math.huge

-- Made at first use: nil and an error as long as there is no key.
local function connect()
    local err
    if not client then
        client, err = sso.new()
    end
    return client, err
end

-- The report, at most a minute old, and the error if it could not be read again.
local function current()
    if ngx.now() - read_at >= KEPT then
        local fresh
        local connected, err = connect()
        if connected then
            fresh, err = connected:check_certificates()
        end
        -- an old report is better than none, as long as the page says that it is old
        report, failed, read_at = fresh or report, err, ngx.now()
        if err then
            ngx.log(ngx.ERR, tostring(err))
        end
    end
    return report, failed
end

local function answer(content_type, body, status)
    ngx.status = status or 200
    ngx.header.content_type = content_type
    ngx.header.content_length = #body
    ngx.header.cache_control = "no-store"
    ngx.header.x_content_type_options = "nosniff"
    ngx.print(body)
end

local function text(status, body)
    answer("text/plain; charset=utf-8", body .. "\n", status)
end

function M.page()
    local now, err = current()
    ngx.header.content_security_policy =
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    ngx.header.referrer_policy = "no-referrer"
    answer("text/html; charset=utf-8", page.render(now, err), not now and 502 or nil)
end

function M.timeline()
    local now, err = current()
    if not now then
        return text(502, tostring(err))
    end
    answer("image/svg+xml", sso.timeline.svg(now))
end

-- Prometheus shall see that reading failed, hence 200 and sendgrid_sso_up 0
function M.metrics()
    local now, err = current()
    local body = sso.monitor.format(err or now, "prometheus")
    answer("text/plain; version=0.0.4; charset=utf-8", body)
end

function M.calendar()
    local now, err = current()
    if not now then
        return text(502, tostring(err))
    end
    local body = sso.monitor.format(now, "ics")
    answer("text/calendar; charset=utf-8", body)
end

-- ---- rotation ---------------------------------------------------------------

-- Digests are compared, so that the time it takes tells nothing about the token.
local function is_authorized()
    local token = os.getenv "SSO_ADMIN_TOKEN"
    local given = (ngx.var.http_authorization or ""):match "^[Bb]earer +(%S+)$"
    return given ~= nil and ngx.sha1_bin(given) == ngx.sha1_bin(token)
end

local function refusal()
    if ngx.req.get_method() ~= "POST" then
        ngx.header.allow = "POST"
        return 405, "POST a certificate or metadata"
    elseif (os.getenv "SSO_ADMIN_TOKEN" or "") == "" then
        return 503, "set SSO_ADMIN_TOKEN and reload"
    elseif not is_authorized() then
        ngx.header.www_authenticate = "Bearer"
        return 401, "the token is missing or wrong"
    end
end

-- The client's fault, a plan that could lock people out, or SendGrid's answer.
local STATUS = { certificate = 400, saml = 400, not_found = 404, unsafe = 409 }

local function describe(plan)
    local lines = {}
    for i, step in ipairs(plan.steps) do
        lines[i] = ("%-8s %-10s %s%s"):format(step.action, tostring(step.id or "new"),
            tostring(step.subject or ""),
            (step.done or plan.dry_run) and "" or "  (not done)")
    end
    for _, warning in ipairs(plan.warnings) do
        lines[#lines + 1] = "warning: " .. warning
    end
    lines[#lines + 1] = plan.dry_run and "dry run: nothing was changed"
        or plan.changed and "done" or "nothing to do"
    return table.concat(lines, "\n")
end

function M.rotate()
    local status, why = refusal()
    if status then
        return text(status, why)
    end
    ngx.req.read_body()
    local body, query = ngx.req.get_body_data(), ngx.req.get_uri_args()
    local id, retire = query.integration_id, query.retire or "keep"
    if type(id) ~= "string" or id == "" or not body then
        return text(400, "integration_id in the query and a certificate or metadata as the body")
    elseif retire ~= "keep" and retire ~= "disable" and retire ~= "delete" then
        return text(400, "retire is keep, disable or delete")
    end
    local is_metadata = body:find "^[^%w-]*<"
    local plan
    local connected, err = connect()
    if connected then
        plan, err = connected:rotate_certificate(id, {
            metadata = is_metadata and body or nil,
            public_certificate = not is_metadata and body or nil,
            retire = retire,
            dry_run = query.dry_run == "1",
        })
    end
    read_at = -math.huge -- the page shall show what is now
    if not plan then
        ngx.log(ngx.ERR, tostring(err))
        return text(STATUS[err.kind] or 502, tostring(err))
    end
    text(200, describe(plan))
end

return M
