-- sso.saml.explain: why a login fails, from what the browser brought.

local helper = require "helper"
local mime = require "mime"
local responses = require "support.saml_responses"
local samples = require "support.saml_samples"
local sso = require "sso"

local NOW, ISSUER = responses.NOW, responses.ISSUER
local AUDIENCE, ACS = responses.AUDIENCE, responses.ACS
local base64 = responses.base64

describe("saml.explain", function()
    local A, B, parsed

    helper.watch()

    setup(function()
        A = helper.certificate { cn = "a.test", key = "ec", days = 9000 }
        B = helper.certificate { cn = "b.test", key = "ec", days = 9000 }
        parsed = { a = sso.certificate.parse(A)[1], b = sso.certificate.parse(B)[1] }
    end)

    -- A response made of the options and signed with A, explained as of its own time.
    local function explain(made, options)
        made = made or {}
        made.certificates = made.certificates or { A }
        local all = { at = NOW }
        for name, value in pairs(options or {}) do
            all[name] = value
        end
        return assert(sso.saml.explain(base64(responses.response(made)), all))
    end

    -- "critical wrong_audience, info unsolicited"
    local function found(explanation)
        local list = {}
        for i, finding in ipairs(explanation.findings) do
            list[i] = finding.severity .. " " .. finding.finding
        end
        return table.concat(list, ", ")
    end

    local function sentence(explanation, name)
        for _, finding in ipairs(explanation.findings) do
            if finding.finding == name then
                return finding.message
            end
        end
        error("no " .. name .. " among: " .. found(explanation))
    end

    it("tells what the response says", function()
        local e = explain { sign_response = true, confirmed_until = NOW + 200 }
        local told = {}
        for _, name in ipairs {
            "kind", "issuer", "response_issuer", "assertion_issuer", "destination", "recipient",
            "in_response_to", "status", "audience", "issued_at", "not_before", "not_on_or_after",
            "confirmed_until", "session_ends_at", "name_id_format", "assertions", "encrypted", "at",
        } do
            told[name] = e[name]
        end
        assert.same({
            kind = "Response", issuer = ISSUER, response_issuer = ISSUER,
            assertion_issuer = ISSUER, destination = ACS, recipient = ACS, in_response_to = "_q",
            status = "Success", audience = AUDIENCE, issued_at = NOW, not_before = NOW - 300,
            not_on_or_after = NOW + 300, confirmed_until = NOW + 200,
            session_ends_at = NOW + 28800, name_id_format = responses.EMAIL, assertions = 1,
            encrypted = false, at = NOW,
        }, told)
        assert.same({ AUDIENCE }, e.audiences)
        assert.same({ "email" }, e.attributes)
        assert.equal(2, #e.signatures)
        assert.equal("response", e.signatures[1].of)
        assert.is_true(e.signatures[2].covers)
        assert.equal(1, #e.certificates)
        assert.equal(parsed.a.fingerprint, e.certificates[1].fingerprint)
        assert.equal("", found(e))
    end)

    it("tells who logged in only on request", function()
        local e = explain()
        assert.is_nil(e.name_id)
        assert.is_nil(sso.saml.format(e):find "jane")
        e = explain(nil, { name_id = true })
        assert.equal("jane@example.com", e.name_id)
        assert.truthy(sso.saml.format(e):find("jane@example.com (emailAddress)", 1, true))
    end)

    it("takes a name id whole across a comment", function()
        local text = responses.response { certificates = { A } }
        text = text:gsub("</saml:NameID>", "<!-- -->.evil%0")
        local e = sso.saml.explain(text, { at = NOW, name_id = true })
        assert.equal("jane@example.com.evil", e.name_id)
    end)

    describe("with the certificates that SendGrid has", function()
        it("finds the one that signs, however they are given", function()
            local given = {
                { A }, A, { B, A }, { parsed.a }, { parsed.b, parsed.a },
                { { id = 7, public_certificate = B }, { id = 8, public_certificate = A } },
            }
            for _, certificates in ipairs(given) do
                local e = explain(nil, { certificates = certificates })
                assert.equal("info certificate_matches", found(e))
                assert.equal(1, #e.matches)
                assert.equal("certificate", e.matches[1].how)
                assert.equal(parsed.a.fingerprint, e.matches[1].fingerprint)
            end
            local e = explain(nil, { certificates = given[6] })
            assert.equal(8, e.matches[1].id)
            assert.equal(given[6][2], e.matches[1].certificate)
            assert.equal("it is signed with certificate 8", sentence(e, "certificate_matches"))
        end)

        it("says that none signs, and what the usual cause is", function()
            local e = explain(nil, { certificates = { B, B } })
            assert.equal("critical certificate_unknown", found(e))
            assert.same({}, e.matches)
            assert.equal(("it is signed with %s (CN=a.test), which is none of the 2 certificates "
                .. "that SendGrid has: the usual cause is that the identity provider has rotated "
                .. "its key; add the new certificate"):format(parsed.a.fingerprint),
                sentence(e, "certificate_unknown"))
        end)

        it("says that there is none", function()
            assert.equal("critical nothing_stored", found(explain(nil, { certificates = {} })))
        end)

        it("says that the one that signs is not enabled, unless it is there twice", function()
            local off = { id = 8, public_certificate = A, enabled = false }
            local e = explain(nil, { certificates = { off } })
            assert.equal("critical certificate_disabled", found(e))
            assert.equal("it is signed with certificate 8, which is not enabled: enable it",
                sentence(e, "certificate_disabled"))
            e = explain(nil, { certificates = { off, { id = 9, public_certificate = A } } })
            assert.equal("info certificate_matches", found(e))
            assert.equal(2, #e.matches)
        end)

        it("knows the same key in another certificate", function()
            local again = {
                fingerprint = ("0"):rep(64), spki_sha256 = parsed.a.spki_sha256, pem = "",
            }
            local e = explain(nil, { certificates = { again } })
            assert.equal("info same_key", found(e))
            assert.equal("key", e.matches[1].how)
        end)

        it("says which it could not read", function()
            local e = explain(nil, { certificates = {
                { id = 5, public_certificate = "any text" }, { id = 8, public_certificate = A },
            } })
            assert.equal("warning stored_unreadable, info certificate_matches", found(e))
            assert.equal("certificate 5 cannot be read, so it was not compared",
                sentence(e, "stored_unreadable"))
        end)
    end)

    -- what is made, what is expected, what is found, and a sentence of it
    local rows = {
        { "another audience", { audiences = { "urn:x", "urn:y" } }, { audience = AUDIENCE },
            "critical wrong_audience", "it is for urn:x or urn:y and not for " .. AUDIENCE
                .. ": correct the audience (or entity id of the service provider) at the "
                .. "identity provider" },
        { "the audience among several", { audiences = { "urn:x", AUDIENCE } },
            { audience = AUDIENCE }, "" },
        { "no audience", { audiences = {} }, { audience = AUDIENCE }, "warning no_audience" },
        { "another recipient", { recipient = "https://x.test/" }, { recipient = ACS },
            "critical wrong_recipient", "its recipient is https://x.test/ and not " .. ACS
                .. ": correct the address of the assertion consumer service at the identity "
                .. "provider" },
        { "another destination", { destination = "https://x.test/" }, { recipient = ACS },
            "critical wrong_destination" },
        { "addresses that differ", { destination = "https://x.test/" }, {},
            "warning addresses_differ" },
        { "another issuer", {}, { entity_id = "urn:other" }, "critical wrong_issuer",
            "it comes from " .. ISSUER .. ", and the integration expects urn:other: set the "
                .. "integration's entity_id to what the identity provider calls itself" },
        { "the issuer that is expected", {}, { entity_id = ISSUER, audience = "", recipient = "" },
            "" },
        { "two issuers", { issuer = "urn:a" }, {}, "warning issuers_differ" },
        { "no request", { request = false }, {}, "info unsolicited" },
        { "a refusal", { status = "Responder", detail = "AuthnFailed", message = "AADSTS 5" }, {},
            "critical status", "the identity provider refused the login with Responder, "
                .. "AuthnFailed (AADSTS 5): it could not tell who the user is" },
        { "a refusal without assertion", { status = "Requester", assertions = 0 }, {},
            "critical status", "the identity provider refused the login with Requester: it did "
                .. "not like the request: its settings for SendGrid may not fit" },
        { "a refusal that nobody knows", { status = "Odd\194\155", assertions = 0 }, {},
            "critical status", "the identity provider refused the login with Odd\239\191\189" },
        { "success without assertion", { assertions = 0 }, {}, "critical no_assertion" },
        { "an encrypted assertion", { assertions = 0, encrypted = true }, {}, "warning encrypted" },
        { "two assertions", { assertions = 2 }, {}, "warning several_assertions" },
        { "no signature", { sign_assertion = false }, {}, "critical unsigned" },
        { "a signature on the response alone", { sign_assertion = false, sign_response = true }, {},
            "" },
        { "SHA-1", { algorithm = "http://www.w3.org/2000/09/xmldsig#rsa-sha1" }, {},
            "warning weak_signature", "the assertion is signed with SHA-1, which is broken: "
                .. "choose SHA-256 at the identity provider" },
        { "SHA-1 in the digest", { digest = "http://www.w3.org/2000/09/xmldsig#sha1" }, {},
            "warning weak_signature" },
        { "a signature over something else", { uri = "#_b" }, {},
            "critical other_element_signed" },
        { "a signature without certificate", { certificates = {} }, { certificates = {} },
            "critical nothing_stored, info no_certificate_inside" },
        { "the last second of it", { to = NOW + 1 }, {}, "" },
        { "a login just too late", { to = NOW }, {}, "critical expired",
            "its validity ended at 2026-03-01 12:00:00 UTC, 0 seconds before the login: the clocks "
                .. "differ, or the login took too long" },
        { "a login much too late", { to = NOW - 7200, confirmed_until = NOW - 7300 }, {},
            "critical expired, critical expired, critical never_valid" },
        { "a delivery too late", { confirmed_until = NOW - 100 }, {}, "critical expired",
            "the time in which it could be delivered ended at 2026-03-01 11:58:20 UTC, "
                .. "100 seconds before the login: the clocks differ, or the login took too long" },
        { "a clock ahead", { from = NOW + 180 }, {}, "critical not_yet_valid",
            "it is valid from 2026-03-01 12:03:00 UTC, 3 minutes after the login: the identity "
                .. "provider's clock is ahead" },
        { "several things at once",
            { request = false, sign_assertion = false, audiences = { "urn:x" }, issuer = "urn:a" },
            { audience = AUDIENCE },
            "critical unsigned, critical wrong_audience, warning issuers_differ, "
                .. "info unsolicited" },
    }
    for _, row in ipairs(rows) do
        it("finds " .. row[1], function()
            local e = explain(row[2], row[3])
            -- an order among equals is the rules' own
            local wanted, got = {}, {}
            for finding in row[4]:gmatch "[^,]+" do
                wanted[#wanted + 1] = finding:match "%S.*"
            end
            for finding in found(e):gmatch "[^,]+" do
                got[#got + 1] = finding:match "%S.*"
            end
            table.sort(wanted)
            table.sort(got)
            assert.same(wanted, got)
            if row[5] then
                assert.equal(row[5], sentence(e, row[4]:match "%S+ ([^,]+)"))
            end
        end)
    end

    it("puts the most severe first", function()
        assert.equal("critical wrong_audience, warning issuers_differ, info unsolicited",
            found(explain({ request = false, audiences = { "urn:x" }, issuer = "urn:a" },
                { audience = AUDIENCE })))
    end)

    it("tells a certificate that had expired, and one that cannot be read", function()
        local e = explain(nil, { at = NOW + 20000 * 86400 })
        assert.truthy(sentence(e, "certificate_expired"):find("(CN=a.test), expired on ", 1, true))
        local text = responses.response { certificates = { A } }
        text = text:gsub("(<ds:X509Certificate>)[^<]*", "%1AAAA")
        e = sso.saml.explain(text, { at = NOW })
        assert.equal("warning unreadable_certificate", found(e))
    end)

    it("blames no time on a response that is looked at later", function()
        local text = responses.response { certificates = { A }, from = 1000000000, to = 1000000600 }
        local e = assert(sso.saml.explain(text))
        assert.equal("info over_by_now", found(e))
        assert.truthy(sentence(e, "over_by_now"):find("2001-09-09 01:56:40 UTC", 1, true))
    end)

    it("misses the status", function()
        local text = responses.response { certificates = { A } }
        local e = sso.saml.explain((text:gsub("<samlp:Status>.*</samlp:Status>", "")), { at = NOW })
        assert.equal("critical status", found(e))
        assert.equal("the response does not say whether the login succeeded", sentence(e, "status"))
    end)

    it("reads an assertion alone", function()
        local e = sso.saml.explain(responses.assertion { certificates = { A } }, { at = NOW })
        assert.equal("Assertion", e.kind)
        assert.is_nil(e.status)
        assert.equal("", found(e))
    end)

    describe("what people paste", function()
        local function escaped(text)
            return (text:gsub("[^%w]", function(character)
                return ("%%%02X"):format(character:byte())
            end))
        end
        local forms = {
            { "the form's value", function(b64) return b64 end },
            { "lines of 64", function(b64) return (mime.wrp(0, b64, 64)) .. "\n" end },
            { "lines of 76 with CRLF", function(b64)
                return " " .. b64:gsub(("."):rep(76), "%0\r\n") .. "\r\n"
            end },
            { "no padding", function(b64) return (b64:gsub("=", "")) end },
            { "base64url", function(b64) return (b64:gsub("+", "-"):gsub("/", "_")) end },
            { "percent-encoding", function(b64) return escaped(b64) end },
            { "percent-encoding twice", function(b64) return escaped(escaped(b64)) end },
            { "the form's whole body", function(b64)
                return "SAMLResponse=" .. escaped(b64) .. "&RelayState=https%3A%2F%2Fx"
            end },
            { "a body in another order", function(b64)
                return "RelayState=a%26b&SAMLResponse=" .. escaped(b64)
            end },
            { "developer tools' lines", function(b64)
                return "SAMLResponse: " .. b64 .. "\nRelayState: https://x.test/"
            end },
            { "JSON", function(b64)
                return "{\"SAMLResponse\":\"" .. b64:gsub("/", "\\/"):gsub("+", "\\u002b")
                    .. "\",\"RelayState\":\"\"}"
            end },
            { "quotation marks", function(b64) return "\"" .. b64 .. "\"" end },
            { "spaces for plus signs", function(b64) return (b64:gsub("+", " ")) end },
            { "the page with the form", function(b64)
                return "<!DOCTYPE html><html><body><form method=post action='https://x'><input "
                    .. "type=hidden name=\"RelayState\" value=\"r\"><input type=\"hidden\"\n name="
                    .. "\"SAMLResponse\"\n value=\"" .. b64:gsub("+", "&#x2b;"):gsub("=", "&#61;")
                    .. "\"/></form>"
            end },
            { "XML", function(_, text) return text end },
            { "XML with a mark", function(_, text) return "\239\187\191" .. text end },
            { "XML in UTF-16", function(_, text) return samples.utf16(text, true) end },
            { "UTF-16 in base64", function(_, text) return base64(samples.utf16(text)) end },
            { "XML, percent-encoded", function(_, text) return escaped(text) end },
        }
        for _, form in ipairs(forms) do
            it("is read as " .. form[1], function()
                -- text of which the base64 has every letter
                local text = responses.response {
                    certificates = { A }, audiences = { "\195\190\195\191?>~\239\191\189??>>" },
                }
                text = text:gsub("%?>>", "?&gt;&gt;"):gsub("%?>~", "?&gt;~")
                local b64 = base64(text)
                assert.truthy(b64:find "+")
                local e, err = sso.saml.explain(form[2](b64, text), { at = NOW })
                assert(e, err)
                assert.equal("\195\190\195\191?>~\239\191\189??>>", e.audience)
            end)
        end

        local HOW = ": take the value of SAMLResponse out of the form that the browser posts to "
            .. "SendGrid (developer tools, Network, the POST request, Form Data)"
        local deflated = "fZJNT8MwDIbv/IrK97ZJ17VbtHZCTEgTnDa4cKmyxGWR2qQ0KeLfk3VDfEzi5MSx"
            .. "/fi1vdDstWPD3HPW4fuA1gVHreBiVK3UBp3omVe+jD4/PQXz5XrB2IExVjTCGOaTnJWMs5JnCS9yVnBG"
        local PROTOCOL = " xmlns='urn:oasis:names:tc:SAML:2.0:protocol'/>"
        local refused = {
            { "nothing", " \n", "it is empty" },
            { "words", "my login fails!", "this is neither XML nor base64" .. HOW },
            { "a redirect's deflated form", deflated, "this looks like the deflated form that the "
                .. "redirect binding puts into URLs, and no login comes by it" .. HOW },
            { "the same in its URL", "https://x.test/?SAMLResponse=" .. deflated:gsub("/", "%%2F"),
                "this looks like the deflated form that the redirect binding puts into URLs, and "
                    .. "no login comes by it" .. HOW },
            { "a request", "https://idp.test/?SAMLRequest=fZJN&RelayState=x",
                "this is a SAMLRequest, which goes to the identity provider; its answer is wanted"
                    .. HOW },
            { "other base64", base64 "hello, world", "this is base64 of something that is not XML"
                .. HOW },
            { "half of it", function() return base64(responses.response {}):sub(1, 400) end,
                "its XML is broken: it ends too early: was all of it copied?" },
            { "PEM", function() return A end,
                "this is PEM, as certificates and keys are written, not a SAML response" },
            { "a page", "<html><body>Sign in</body>", "this is an HTML page, such as the page of a "
                .. "login or of an error, not a SAML response" },
            { "an AuthnRequest", "<AuthnRequest" .. PROTOCOL, "this is an AuthnRequest, which asks "
                .. "the identity provider for a login; its answer, a Response, is wanted" },
            { "a LogoutResponse", "<LogoutResponse" .. PROTOCOL,
                "this is a LogoutResponse, which belongs to no login; a Response is wanted" },
            { "metadata", "<EntityDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata'/>",
                "this is SAML metadata, not a SAML response; sso.metadata.parse reads it" },
            { "SAML 1.1", "<Response xmlns='urn:oasis:names:tc:SAML:1.0:protocol'/>",
                "this is SAML 1.1, and SendGrid speaks SAML 2.0" },
            { "WS-Federation", "<t:RequestSecurityTokenResponse xmlns:t='urn:t'/>",
                "this is WS-Federation, and SendGrid speaks SAML 2.0: the identity provider's "
                    .. "application is set up for the wrong protocol" },
            { "other XML", "<feed/>", "its outermost element is feed, not a Response of SAML 2.0" },
            { "a DOCTYPE", base64 "<!DOCTYPE x><Response/>",
                "it has a DOCTYPE, which SAML forbids: refused unread" },
            { "20,001 elements", "<a>" .. ("<b/>"):rep(20000) .. "</a>",
                "it has more than 20000 elements" },
            { "32 MiB and a byte", ("A"):rep(32 * 1024 * 1024 + 1), "it is longer than 32 MiB" },
        }
        for _, row in ipairs(refused) do
            it("is refused when it is " .. row[1], function()
                local text = row[2]
                local e, err = sso.saml.explain(type(text) == "function" and text() or text)
                assert.is_nil(e)
                assert.equal("saml", err.kind)
                assert.equal("saml.explain", err.operation)
                assert.equal(row[3], (err.message:gsub(" %(line 1, column %d+%)$", "")))
            end)
        end

        it("costs no more than its length, whatever it is", function()
            local began = os.clock()
            for _, piece in ipairs {
                "=", " ", "%41", "&", "\"", "SAMLResponse", "SAMLResponse=", "<", "A ", "\\n", "-",
                "'SAMLResponse'", "&#4", "%", "RelayState",
            } do
                sso.saml.explain(piece:rep(30000))
                sso.saml.explain("SAMLResponse=" .. piece:rep(30000))
                sso.saml.explain("<a 'SAMLResponse' value='" .. piece:rep(30000) .. "'>")
            end
            assert.is_true(os.clock() - began < 4 * helper.patience,
                "it took " .. os.clock() - began)
        end)
    end)

    describe("called wrongly", function()
        it("raises where it was called", function()
            local function message(...)
                local arguments = { ... }
                local _, text = pcall(function()
                    local e = sso.saml.explain(arguments[1], arguments[2])
                    return e
                end)
                assert.truthy(text:find "^[^\n]*explain_spec.lua:%d+: saml.explain: ", text)
                return text
            end
            assert.truthy(message(42):find "the SAML response must be a string, not a number$")
            assert.truthy(message("x", { certs = {} }):find "unknown option 'certs'")
            assert.truthy(message("x", { audiance = "" }):find "did you mean 'audience'%?")
            assert.truthy(message("x", { certificates = 5 }):find "must be a list, not a number$")
            assert.truthy(message("x", { certificates = { {} } }):find "must be a list of cert")
            assert.truthy(message(responses.response {}, { audience = {} })
                :find "option 'audience' must be a string, not a table$")
        end)
    end)

    describe("as text", function()
        it("stands in two columns", function()
            local text = sso.saml.format(explain({ audiences = { "urn:x" }, sign_response = true },
                { audience = AUDIENCE, certificates = { { id = 8, public_certificate = A } } }))
            local ends = require("sso.saml.time").text(parsed.a.not_after):sub(1, 10)
            assert.equal(([[
issuer       https://idp.test/entity
status       Success
issued       2026-03-01 12:00:00 UTC
valid        from 2026-03-01 11:55:00 UTC to 2026-03-01 12:05:00 UTC
audience     urn:x
destination  https://sendgrid.test/saml/consume
recipient    https://sendgrid.test/saml/consume
name id      emailAddress
attributes   email
signed       the response, rsa-sha256; the assertion, rsa-sha256
certificate  FINGERPRINT
             CN=a.test, to ENDS
stored as    8

critical     it is for urn:x and not for https://sendgrid.test/saml/audience:
             correct the audience (or entity id of the service provider) at the
             identity provider
info         it is signed with certificate 8
]]):gsub("FINGERPRINT", parsed.a.fingerprint):gsub("ENDS", ends), text)
        end)

        it("says when nothing is wrong, and keeps to the width", function()
            local text = sso.saml.format(explain(), { width = 120 })
            assert.truthy(text:find "\n\nNothing wrong was found in it.\n$")
            for line in sso.saml.format(explain { audiences = { "urn:x" } }, { width = 50 })
                :gmatch "[^\n]+" do
                assert.is_true(#line <= 50 or line:find("certificate", 1, true) == 1, line)
            end
        end)

        it("lets no control character through", function()
            local text = responses.response {
                issuer = "a\194\155b\226\128\174c", audiences = { "x&#10;y\194\133" },
                certificates = { A }, status = "X\194\155", message = "m\226\128\168n",
                destination = "d&#9;\194\144",
            }
            local shown = sso.saml.format(assert(sso.saml.explain(text, { audience = "q" })))
            assert.is_nil(shown:find "[%z\1-\9\11-\31\127]")
            assert.is_nil(shown:find "\194[\128-\159]")
            assert.is_nil(shown:find "\226\128[\168\174]")
        end)

        it("raises upon anything else", function()
            for _, value in ipairs { 42, "x", {} } do
                assert.has_error(function() sso.saml.format(value) end)
            end
        end)
    end)
end)
