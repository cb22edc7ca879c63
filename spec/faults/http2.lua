--- What a server of HTTP/2 can do wrong (spec/support/fault_http2_scenarios.py): {scenario, kind,
-- phase, attempts, maybe_applied, requests}.
--
-- A stream that was refused (REFUSED_STREAM, or beyond the last of a GOAWAY) was not worked on, so
-- nothing was applied and a POST goes out again; whatever else ends one may have been.  The
-- numbers are HTTP/2's: 1 PROTOCOL_ERROR, 2 INTERNAL_ERROR, 7 REFUSED_STREAM, 8 CANCEL,
-- 11 ENHANCE_YOUR_CALM, 13 HTTP_1_1_REQUIRED.  "until-1-" is the same on a connection that has
-- answered before, where libcurl by itself would send the request again.

local POST = "create_certificate"

local rows = {
    -- streams that the server ends
    { "rst-0", "protocol", "first_byte", 1, true, 1 },
    { "rst-1", "network", "first_byte", 1, true, 1, message = "PROTOCOL_ERROR" },
    { "rst-2", "network", "first_byte", 1, true, 1, message = "INTERNAL_ERROR" },
    { "rst-3", "network", "first_byte", 1, true, 1 },
    { "rst-5", "network", "first_byte", 1, true, 1 },
    { "rst-7", "network", "first_byte", 1, false, 1, message = "refused" },
    { "rst-8", "network", "first_byte", 1, true, 1, message = "CANCEL" },
    { "rst-11", "network", "first_byte", 1, true, 1, message = "ENHANCE_YOUR_CALM" },
    { "rst-12", "network", "first_byte", 1, true, 1 },
    { "rst-13", "protocol", "first_byte", 1, true, 1, message = "http_version" },
    { "rst-99", "network", "first_byte", 1, true, 1 },
    { "rst-hints-2", "network", "first_byte", 1, true, 1 },
    { "rst-hints-7", "network", "first_byte", 1, true, 1 },
    { "rst-headers-2", "network", "body", 1, true, 1 },
    { "rst-headers-7", "network", "body", 1, true, 1 },
    { "rst-body-2", "network", "body", 1, true, 1, message = "INTERNAL_ERROR" },
    { "rst-body-7", "network", "body", 1, true, 1 },
    { "rst-body-8", "network", "body", 1, true, 1 },
    { "rst-body-0", "response", "-", 1, true, 1 },
    { "rst-status-404-2", "not_found", "-", 1, false, 1 },
    { "rst-status-503-2", "server", "-", 1, true, 1 },
    { "rst-after-0", "ok", "-", 1, false, 1 },
    { "rst-after-2", "ok", "-", 1, false, 1 },
    { "rst-goaway", "network", "first_byte", 1, true, 1 },
    { "no-answer", "protocol", "first_byte", 1, true, 1 },
    { "length-5", "network", "body", 1, true, 1 },
    { "length--5", "network", "body", 1, true, 1 },
    { "until-1-rst-2", "network", "first_byte", 1, true, 2, before = 1 },
    { "until-1-rst-7", "network", "first_byte", 1, false, 2, before = 1 },
    { "until-1-rst-13", "protocol", "first_byte", 1, true, 2, before = 1 },
    { "until-1-rst-body-2", "network", "body", 1, true, 2, before = 1 },
    { "until-1-no-answer", "protocol", "first_byte", 1, true, 2, before = 1 },
    -- connections that the server ends
    { "goaway-before", "network", "first_byte", 1, false, 1, message = "refused" },
    { "goaway-before-11", "network", "first_byte", 1, false, 1 },
    { "goaway-before-close", "network", "first_byte", 1, false, 1 },
    { "goaway-before-close-2", "network", "first_byte", 1, false, 1 },
    { "goaway-with", "ok", "-", 1, false, 1 },
    { "goaway-after", "ok", "-", 1, false, 2, before = 1 },
    { "goaway-after-close", "ok", "-", 1, false, 2, before = 1 },
    { "goaway-covers", "network", "first_byte", 1, true, 1 },
    { "goaway-covers-2", "network", "first_byte", 1, true, 1 },
    { "goaway-short", "protocol", "first_byte", 1, true, 1 },
    { "end", "network", "first_byte", 1, true, 1 },
    { "end-abrupt", "network", "first_byte", 1, true, 1 },
    { "end-body", "network", "body", 1, true, 1 },
    { "reset", "network", "first_byte", 1, true, 1 },
    { "reset-body", "network", "body", 1, true, 1 },
    { "alert", "network", "first_byte", 1, true, 1 },
    { "alert-body", "network", "body", 1, true, 1 },
    { "until-1-goaway-before", "network", "first_byte", 1, false, 2, before = 1 },
    { "until-1-goaway-covers", "network", "first_byte", 1, true, 2, before = 1 },
    { "until-1-end", "network", "first_byte", 1, true, 2, before = 1 },
    { "until-1-reset", "network", "first_byte", 1, true, 2, before = 1 },
    { "until-1-alert", "network", "first_byte", 1, true, 2, before = 1 },
    -- what was refused is sent again, a POST as well; what may have been applied, where that
    -- does no harm
    { "flaky-1-rst-7", "ok", "-", 2, false, 2 },
    { "flaky-1-rst-7", "ok", "-", 2, false, 2, operation = POST },
    { "flaky-1-goaway-before", "ok", "-", 2, false, 2, operation = POST },
    { "flaky-1-goaway-before-close", "ok", "-", 2, false, 2, operation = POST },
    { "flaky-2-rst-7", "network", "first_byte", 2, false, 2, operation = POST },
    { "flaky-1-rst-2", "ok", "-", 2, false, 2 },
    { "flaky-1-rst-2", "network", "first_byte", 1, true, 1, operation = POST,
        options = { max_retries = 2 } },
    { "flaky-1-rst-goaway", "network", "first_byte", 1, true, 1, operation = POST,
        options = { max_retries = 2 } },
    { "flaky-1-goaway-covers", "network", "first_byte", 1, true, 1, operation = POST,
        options = { max_retries = 2 } },
    { "flaky-1-reset", "ok", "-", 2, false, 2, operation = "delete_certificate" },
    { "flaky-1-end-body", "ok", "-", 2, false, 2 },
    { "flaky-1-status-503", "ok", "-", 2, false, 2 },
    { "flaky-1-garbage", "protocol", "first_byte", 1, true, 1, options = { max_retries = 2 } },
    { "rst-2", "network", "first_byte", 2, false, 2, operation = "get_certificate" },
    { "rst-13", "protocol", "first_byte", 1, false, 1, operation = "get_certificate" },
    -- stalls: the deadline ends them
    { "stall", "timeout", "first_byte", 1, true, 1 },
    { "stall-headers-open", "timeout", "first_byte", 1, true, 1 },
    { "stall-frame", "timeout", "first_byte", 1, true, 1 },
    { "stall-body", "timeout", "body", 1, true, 1 },
    { "no-end", "timeout", "body", 1, true, 1 },
    { "no-end-length", "ok", "-", 1, false, 1 },
    { "ping-flood", "timeout", "first_byte", 1, true, 1 },
    { "settings-flood", "timeout", "first_byte", 1, true, 1 },
    { "hints-flood", "timeout", "first_byte", 1, true, 1 },
    { "empty-flood", "timeout", "body", 1, true, 1 },
    { "continuation-flood", "protocol", "first_byte", 1, true, 1 },
    { "ok", "timeout", "first_byte", 1, true, 0, port = "http2_stall" },
    { "ok", "timeout", "send", 1, true, 0, port = "http2_stall", large = true },
    { "ok", "timeout", "send", 1, true, 0, port = "http2_window_0", large = true },
    { "ok", "timeout", "send", 1, true, 0, port = "http2_no_window", large = true },
    { "ok", "ok", "-", 1, false, 1, port = "http2_no_window" },
    -- odd, and yet to be understood
    { "ok", "ok", "-", 1, false, 1, version = "2" },
    { "ok", "ok", "-", 1, false, 2, before = 1, large = true },
    { "hints", "ok", "-", 1, false, 1 },
    { "hints-50", "ok", "-", 1, false, 1 },
    { "trailers", "ok", "-", 1, false, 1 },
    { "padded", "ok", "-", 1, false, 1 },
    { "drip", "ok", "-", 1, false, 1 },
    { "ping", "ok", "-", 1, false, 1 },
    { "list-50-1000", "ok", "-", 1, false, 1 },
    { "full-body", "ok", "-", 1, false, 1 },
    { "status-404", "not_found", "-", 1, false, 1, status = 404 },
    { "retry-after-7", "rate_limited", "-", 1, false, 1, retry_after = 7 },
    { "ok", "ok", "-", 1, false, 1, port = "http1_only", version = "1.1" },
    { "ok", "ok", "-", 1, false, 1, port = "https", version = "1.1" },
    { "raw-http2", "ok", "-", 1, false, 1, port = "http1_only" }, -- libcurl takes its word for it
    { "raw-nothing", "network", "first_byte", 1, true, 1, port = "http1_only" },
    -- frames that are wrong
    { "garbage", "protocol", "first_byte", 1, true, 1 },
    { "until-1-garbage", "protocol", "first_byte", 1, true, 2, before = 1 },
    { "push", "protocol", "first_byte", 1, true, 1 },
    { "until-1-push", "protocol", "first_byte", 1, true, 2, before = 1 },
    { "hpack", "protocol", "first_byte", 1, true, 1 },
    { "continued", "protocol", "first_byte", 1, true, 1 },
    { "continuation-other", "protocol", "first_byte", 1, true, 1 },
    { "data-first", "protocol", "first_byte", 1, true, 1 },
    { "stream-0", "protocol", "first_byte", 1, true, 1 },
    { "stream-unknown", "protocol", "first_byte", 1, true, 1 },
    { "window-zero", "protocol", "first_byte", 1, true, 1 },
    { "window-overflow", "protocol", "first_byte", 1, true, 1 },
    { "settings-odd", "protocol", "first_byte", 1, true, 1 },
    { "frame-size", "response", "-", 1, true, 1 }, -- libcurl takes it for the end of the body
    { "ok", "protocol", "first_byte", 1, true, 1, port = "http2_unset" },
    { "ok", "protocol", "first_byte", 1, false, 0, port = "http2_text",
        operation = "get_certificate" },
    -- which libcurl gives up by itself, with the same word as a server that does
    { "pseudo-none", "network", "first_byte", 1, true, 1 },
    { "pseudo-abc", "network", "first_byte", 1, true, 1 },
    { "pseudo-99", "network", "first_byte", 1, true, 1 },
    { "pseudo-1000", "network", "first_byte", 1, true, 1 },
    { "pseudo-101", "network", "first_byte", 1, true, 1 },
    { "pseudo-204", "network", "body", 1, true, 1 },
    { "field-upper", "network", "first_byte", 1, true, 1 },
    { "field-connection", "network", "first_byte", 1, true, 1 },
    { "field-early", "network", "first_byte", 1, true, 1 },
    { "field-newline", "network", "first_byte", 1, true, 1 },
    { "field-twice", "network", "first_byte", 1, true, 1 },
    -- too much
    { "list-80-1000", "response", "body", 1, true, 1, message = "64 KiB" },
    { "list-200-1000", "protocol", "first_byte", 1, true, 1 },
    { "list-1-150000", "protocol", "first_byte", 1, true, 1 },
    { "oversized", "response", "body", 1, true, 1, message = "1 MiB" },
    { "endless", "response", "body", 1, true, 1, message = "1 MiB" },
    { "gzip-bomb", "response", "-", 1, true, 1 },
}

-- All of them ask for HTTP/2, and those whose end is a deadline for an early one.
for _, row in ipairs(rows) do
    row.port = row.port or "http2"
    local options = { http_version = "2", timeout = row[2] == "timeout" and 0.4 or nil }
    for name, value in pairs(row.options or {}) do
        options[name] = value
    end
    row.options = options
end

return rows
