-- The module's own tables, field by field: errors, responses, events, certificates that were
-- parsed, versions, hosts, the request of client:request.  Rows as in values.lua; `title` is the
-- heading, where the page has one for the table alone.

local UNIX = "unix seconds, UTC"

local M = {}

M.error = {
    class = "sso.Error",
    doc = "Why a call failed. `tostring(err)` is one line that a person can act on, and an error "
        .. "can be concatenated to text. Neither it nor any field holds the API key.",
    fields = {
        { "kind", "sso.Kind", "the word to branch on" },
        { "message", "string", "one line" },
        { "operation", "string?", "such as `update_certificate`" },
        { "status", "integer?", "the HTTP status, when there was an answer" },
        { "errors", "sso.ServerError[]?",
            "what the answer's body says; empty when nothing readable" },
        { "retryable", "boolean", "whether the same call may succeed later" },
        { "maybe_applied", "boolean",
            "whether the server may have carried the call out although no answer says so" },
        { "attempts", "integer?", "how often it was tried" },
        { "elapsed", "number?", "seconds in all, waits included" },
        { "retry_after", "number?", "seconds, when the server asked to wait" },
        { "hint", "string?", "what helps, where experience says so" },
        { "phase", "sso.Phase?", "where a `timeout`, `network` or `connect` stood" },
        { "code", "integer?", "libcurl's number, for kinds that have one" },
    },
}

M.server_error = {
    title = "Server error",
    class = "sso.ServerError",
    doc = "One error out of an answer's body.",
    fields = {
        { "message", "string?", "SendGrid's words" },
        { "field", "string?", "the field that they are about" },
        { "error_id", "string?", "SendGrid's id" },
    },
}

M.phases = {
    { "queue", "waiting for a turn, see `max_in_flight`" },
    { "dns", "looking up the server's name" },
    { "connect", "opening the connection" },
    { "tls", "the handshake" },
    { "send", "sending the request" },
    { "first_byte", "waiting for the answer" },
    { "body", "reading the answer" },
    { "backoff", "waiting before a retry" },
}

M.response = {
    class = "sso.Response",
    doc = "What came over the wire.",
    fields = {
        { "status", "integer", "the HTTP status" },
        { "headers", "table<string, string>",
            "by lower-case name; a repeated one joined with `, `" },
        { "raw_headers", "string", "the header block, bytes as received" },
        { "body", "string", "bytes as received, at most 1 MiB" },
        { "attempts", "integer", "how often it was tried" },
        { "elapsed", "number", "seconds, every attempt and wait included" },
        { "timings", "sso.Timings", "of the last attempt" },
        { "http_version", "\"1.0\"|\"1.1\"|\"2\"|\"3\"", "of the last attempt" },
        { "rate_limit", "sso.RateLimit?", "when SendGrid sent it" },
        { "request_id", "string?", "what SendGrid's support asks for, when it was sent" },
        { "warnings", "string[]?",
            "what the answer says against expectation, such as a field that the server dropped" },
        { "server_certificates", "string?",
            "the server's certificates as PEM, its own first: of a new TLS connection, when "
                .. "`on_event` is given" },
    },
}

M.timings = {
    title = "Timings",
    class = "sso.Timings",
    doc = "When each step of the last attempt was done: seconds since the attempt began, 0 for a "
        .. "step that did not take place.",
    fields = {
        { "dns", "number", "the name was looked up" },
        { "connect", "number", "the connection was open" },
        { "tls", "number", "the handshake was done" },
        { "first_byte", "number", "the answer began" },
        { "total", "number", "the answer was read" },
        { "reused", "boolean", "on a connection that was open already" },
    },
}

M.rate_limit = {
    title = "Rate limit",
    class = "sso.RateLimit",
    doc = "SendGrid's limit on calls, from the `X-RateLimit-` headers.",
    fields = {
        { "limit", "integer?", "calls in the period" },
        { "remaining", "integer?", "calls left in it" },
        { "reset", "integer?", "when the next period begins, " .. UNIX },
    },
}

M.event = {
    class = "sso.Event",
    doc = "What `on_event` is told. It never holds a secret.",
    fields = {
        { "event", "\"start\"|\"attempt\"|\"retry\"|\"finish\"", "what happened" },
        { "operation", "string", "such as `update_certificate`" },
        { "attempt", "integer", "which one: 1 is the first" },
        { "elapsed", "number", "seconds since the call began" },
        { "status", "integer?", "of the answer, when there was one" },
        { "reason", "sso.Kind|\"ok\"|nil",
            "`retry`: the kind of the failure; `finish`: what came of it" },
        { "wait", "number?", "`retry`: seconds until the next attempt" },
    },
}

M.x509 = {
    title = "X509 certificate",
    class = "sso.X509",
    doc = "A certificate that was parsed.",
    fields = {
        { "subject", "string", "one line, as RFC 2253 writes it" },
        { "issuer", "string", "the same of who signed it" },
        { "serial", "string", "lower-case hexadecimal" },
        { "not_before", "integer", "valid from, " .. UNIX },
        { "not_after", "integer", "valid until, " .. UNIX },
        { "fingerprint", "string", "SHA-256 of the certificate, lower-case hexadecimal" },
        { "spki_sha256", "string", "SHA-256 of its public key, lower-case hexadecimal" },
        { "key", "sso.X509Key", "its public key" },
        { "signature_algorithm", "string", "such as `sha256WithRSAEncryption`" },
        { "self_signed", "boolean", "by its own key, verified" },
        { "pem", "string", "clean PEM: 64 columns, LF" },
        { "notes", "string[]", "what was mended in the text that was given" },
    },
}

M.x509_key = {
    title = "X509 key",
    class = "sso.X509Key",
    doc = "A public key.",
    fields = {
        { "type", "string", "`RSA`, `EC`, `Ed25519`, …" },
        { "bits", "integer?", "its size" },
        { "curve", "string?", "such as `prime256v1`" },
    },
}

M.problem = {
    title = "Problem",
    class = "sso.CertificateProblem",
    doc = "Something that is wrong with a certificate.",
    fields = {
        { "code", "\"not_a_certificate\"|\"not_yet_valid\"|\"expired\"|\"unknown_key\"|\"weak_key\""
            .. "|\"weak_signature\"", "the word to branch on" },
        { "message", "string", "one line" },
        { "fingerprint", "string?", "of the certificate; nil with `not_a_certificate`" },
    },
}

M.check = {
    title = "Check options",
    class = "sso.CertificateCheck",
    exact = true,
    doc = "Against what `sso.certificate.check` looks at a certificate.",
    fields = {
        { "at", "number?", "the moment, " .. UNIX .. "; now" },
        { "min_key_bits", "number?", "smallest RSA or DSA key in bits; 2048" },
    },
}

M.version = {
    title = "Version",
    class = "sso.Version",
    doc = "Versions, as loaded.",
    fields = {
        { "module", "string", "of sendgrid-sso" },
        { "lua", "string", "of Lua or LuaJIT" },
        { "libcurl", "string", "of libcurl" },
        { "tls", "string", "of libcurl's TLS library" },
        { "cjson", "string", "of lua-cjson" },
    },
}

M.request = {
    title = "Request",
    class = "sso.Request",
    exact = true,
    doc = "What `client:request` takes.",
    fields = {
        { "method", "\"GET\"|\"POST\"|\"PUT\"|\"PATCH\"|\"DELETE\"|nil", "`GET` when missing" },
        { "path", "string", "begins with a slash, percent-encoded, without query: `/v3/scopes`" },
        { "query", "table<string, string|number|boolean>?", "encoded by the call" },
        { "body", "table|string|nil", "a table becomes JSON, text goes out as it is" },
    },
}

M.host = {
    title = "Host",
    class = "sso.Host",
    doc = "A host of your own, for the option `host`.",
    fields = {
        { "wait", "fun(client: sso.Client, handle: sso.Handle)", "returns when `handle:done()`" },
        { "start", "fun(client: sso.Client, handle: sso.Handle)",
            "sees to it that somebody steps the client until the callback has run" },
        { "run", "nil|fun(client: sso.Client, seconds?: number)",
            "for `client:run`; has a default" },
        { "refuse", "nil|fun(has_callback: boolean): string?",
            "why this place can neither wait nor block; has a default" },
        { "closed", "nil|fun(client: sso.Client)", "told that a client was closed" },
    },
}

return M
