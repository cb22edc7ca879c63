-- What each kind of error means.  The core names the kinds; the generator fails when one has no row
-- here, or a row no kind.
--   retryable  `err.retryable`, in words
--   when       what happened
--   advice     what to do about it; may be missing

return {
    config = {
        retryable = "no",
        when = "no API key anywhere, a key with white space in it, a file that cannot be read",
        advice = "set it up",
    },
    certificate = {
        retryable = "no",
        when = "`public_certificate` is not one X.509 certificate, or a private key; nothing was "
            .. "sent",
        advice = "look at the file",
    },
    dns = {
        retryable = "yes",
        when = "the server's name has no address",
        advice = "look at the network",
    },
    connect = {
        retryable = "yes",
        when = "nobody answers at the address, or not within `connect_timeout`",
        advice = "look at the network; a proxy may be needed",
    },
    tls = {
        retryable = "no; yes when the handshake was cut off",
        when = "TLS was refused; the message says why",
        advice = "unknown issuer: `ca_file`; expired or not yet valid: the clock; wrong host: "
            .. "`base_url`",
    },
    timeout = {
        retryable = "yes",
        when = "the deadline `timeout` passed; `phase` says during what",
        advice = "try later, or allow more time",
    },
    network = {
        retryable = "yes",
        when = "the connection was cut off after the request was sent",
        advice = "try again; look at `maybe_applied`",
    },
    protocol = {
        retryable = "no",
        when = "what came back is not HTTP",
        advice = "look at `base_url`",
    },
    response = {
        retryable = "no",
        when = "an answer that cannot be used: not JSON, another shape, about another id, over 1 "
            .. "MiB; a list that cannot be completed",
        advice = "report it, with `response.request_id`",
    },
    invalid_request = {
        retryable = "no",
        when = "400, 413, 415, 422",
        advice = "read `errors`",
    },
    unauthorized = {
        retryable = "no",
        when = "401",
        advice = "look at the key and the region",
    },
    forbidden = {
        retryable = "no",
        when = "403",
        advice = "a new key with the SSO permissions, a plan that has SSO, or the other region",
    },
    not_found = {
        retryable = "no",
        when = "404",
        advice = "`hint` says which list has the ids",
    },
    conflict = {
        retryable = "no",
        when = "409",
        advice = "read it again, then decide",
    },
    rate_limited = {
        retryable = "yes",
        when = "429, after the retries",
        advice = "wait `retry_after` seconds, lower `max_in_flight`",
    },
    server = {
        retryable = "yes: 500, 502, 503, 504; any other: no",
        when = "5xx, after the retries",
        advice = "try later",
    },
    http = {
        retryable = "no; 408: yes",
        when = "any other status; redirects are not followed",
        advice = "look at `base_url`",
    },
    cancelled = {
        retryable = "no",
        when = "`handle:cancel()` was called, or the client is closed",
    },
    host = {
        retryable = "no",
        when = "this place in the host can neither wait nor block",
        advice = "the message names the way out",
    },
    saml = {
        retryable = "no",
        when = "SAML metadata or a SAML response that cannot be read, or is not what was asked for",
        advice = "the message says which part; look at the file or URL",
    },
    unsafe = {
        retryable = "no",
        when = "refused because it could lock people out; the message says what would be needed",
        advice = "see to what it asks for, or `force` where it says so",
    },
    memory = {
        retryable = "yes",
        when = "no memory is left",
    },
}
