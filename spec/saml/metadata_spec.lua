-- sso.metadata.parse: metadata in the shapes that identity providers give it, and in those that
-- nobody should give it.

local entities = require "sso.metadata.entities"
local helper = require "helper"
local samples = require "support.saml_samples"
local sso = require "sso"
local xml = require "sso.xml"

local key, plain, service = samples.key, samples.plain, samples.service
local MD = "xmlns='urn:oasis:names:tc:SAML:2.0:metadata'"
local SERVICE = service("SingleSignOnService", "HTTP-Redirect", "https://idp.test/sso")

local function parse(text, options)
    local metadata, err = sso.metadata.parse(text, options)
    return assert(metadata, err)
end

describe("metadata.parse", function()
    local certificates, fingerprints, A, B, C = {}, {}, nil, nil, nil

    helper.watch()

    setup(function()
        for _, name in ipairs { "a", "b", "c" } do
            certificates[name] = helper.certificate { cn = name .. ".test", key = "ec" }
            fingerprints[name] = sso.certificate.parse(certificates[name])[1].fingerprint
        end
        A, B, C = certificates.a, certificates.b, certificates.c
    end)

    -- Fails unless these sign, in this order.
    local function check_certificates(wanted, metadata)
        local names, got = {}, {}
        for i, name in ipairs(wanted) do
            names[i] = fingerprints[name]
        end
        for i, certificate in ipairs(metadata.certificates) do
            got[i] = certificate.fingerprint
        end
        assert.same(names, got)
    end

    -- The sentence of a refusal.
    local function refusal(text, options)
        local metadata, err = sso.metadata.parse(text, options)
        assert.is_nil(metadata)
        assert.equal("saml", err.kind)
        assert.equal("metadata.parse", err.operation)
        assert.is_nil(err.message:find "[%c]")
        return err.message
    end

    for name, shape in pairs(samples.shapes) do
        it("reads what " .. name .. " gives", function()
            local metadata = parse(shape.make(certificates))
            check_certificates(shape.signs, metadata)
            for _, field in ipairs {
                "entity_id", "signin_url", "signin_binding", "signout_url", "valid_until",
                "cache_duration",
            } do
                assert.equal(shape[field], metadata[field], field)
            end
            assert.same(shape.signin_binding == "HTTP-POST"
                and { "sign-in is offered by HTTP-POST and not by HTTP-Redirect" } or {},
                metadata.notes)
            for _, certificate in ipairs(metadata.certificates) do
                assert.same({}, certificate.notes)
                assert.equal("valid", certificate:state())
            end
        end)

        it("reads the same in UTF-16, either way round", function()
            local text = shape.make(certificates):gsub("^\239\187\191", "")
                :gsub("encoding=\"[^\"]*\"", "encoding=\"UTF-16\"")
            for _, big in ipairs { true, false } do
                local metadata = parse(samples.utf16(text, big))
                check_certificates(shape.signs, metadata)
                assert.equal(shape.signin_url, metadata.signin_url)
            end
        end)
    end

    describe("of certificates", function()
        it("takes those for signing and those for any use, in order, each once", function()
            check_certificates({ "b", "a" }, parse(plain(key(nil, B) .. key("encryption", C)
                .. key("signing", A) .. key("signing", B))))
        end)

        it("reads PEM, and base64 with blanks and references to carriage returns", function()
            local base64 = samples.base64(A)
            for _, text in ipairs {
                A, "\n\n  " .. base64:gsub("....", "%0 ") .. "\t\n",
                (base64:gsub(("."):rep(76), "%0&#13;\n")), (base64:gsub(("."):rep(64), "%0\r\n")),
            } do
                check_certificates({ "a" }, parse(plain(key("signing", nil, { text = text }))))
            end
        end)

        it("notes a key without a certificate and a use that it does not know", function()
            local metadata = parse(plain(key("signing", nil, { name = "k1" }) .. key("signing", A)
                .. key("sealing", C) .. key("other\194\1552J", nil, { name = "k2" }) .. SERVICE))
            check_certificates({ "a" }, metadata)
            assert.same({
                "KeyDescriptor 1 names a key without its certificate",
                "KeyDescriptor 3 is for the use of sealing, so it was left out",
                "KeyDescriptor 4 is for the use of other\239\191\1892J, so it was left out",
            }, metadata.notes)
        end)

        it("notes one that cannot be read beside one that can", function()
            local metadata = parse(plain(key("signing", nil, { text = "MIIBAAAA" })
                .. key("signing", A) .. SERVICE))
            check_certificates({ "a" }, metadata)
            assert.equal(1, #metadata.notes)
            assert.truthy(metadata.notes[1]:find(
                "^the certificate in KeyDescriptor 1 cannot be read: "), metadata.notes[1])
        end)

        it("fails when none can be read, or there is none", function()
            assert.truthy(refusal(plain(key("signing", nil, { text = "MIIBAAAA" })))
                :find "^the certificate in KeyDescriptor 1 cannot be read: ")
            assert.equal("it has no certificate that is for signing", refusal(plain ""))
            assert.equal("it has no certificate that is for signing",
                refusal(plain(key("encryption", A))))
            assert.equal("it has no certificate that is for signing",
                refusal(plain(key("signing", nil, { name = "k1" }))))
        end)

        it("takes at most a hundred", function()
            check_certificates({ "a" }, parse(plain(key("signing", A):rep(100))))
            assert.equal("it has more than 100 signing certificates",
                refusal(plain(key("signing", A):rep(101))))
        end)

        it("refuses a private key wherever it is, and does not repeat it", function()
            local pem, private = helper.certificate { cn = "p.test", key = "ec" }
            local secret = samples.base64(private)
            for _, text in ipairs {
                plain(key("signing", A) .. key("signing", nil, { text = secret })),
                plain(key("signing", nil, { text = private })),
                plain(key("signing", pem)) .. "<!-- " .. private .. "-->",
                samples.utf16(plain(key("signing", pem) .. "<x>" .. private .. "</x>")),
                plain(key("signing", pem) .. "<k:RSAKeyPair xmlns:k='urn:k'/>"),
                plain(key("signing", pem) .. "<RSAKeyValue><InverseQ>AA</InverseQ></RSAKeyValue>"),
            } do
                local message = refusal(text)
                assert.truthy(message:find "^it holds a private key", message)
                assert.is_nil(message:find(secret:sub(1, 20), 1, true))
            end
        end)
    end)

    describe("of services", function()
        local REDIRECT, POST = "HTTP-Redirect", "HTTP-POST"

        it("prefers HTTP-Redirect, then takes HTTP-POST, and no other", function()
            local function of(...)
                local parts = key("signing", A)
                for _, binding in ipairs { ... } do
                    parts = parts
                        .. service("SingleSignOnService", binding, "https://idp/" .. binding)
                end
                return parse(plain(parts))
            end
            assert.equal("https://idp/HTTP-Redirect", of("SOAP", POST, REDIRECT).signin_url)
            local post = of("SOAP", POST)
            assert.equal("https://idp/HTTP-POST", post.signin_url)
            assert.equal("HTTP-POST", post.signin_binding)
            local none = of("SOAP", "HTTP-Artifact")
            assert.is_nil(none.signin_url)
            assert.same({ "it has no SingleSignOnService by HTTP-Redirect or HTTP-POST" },
                none.notes)
        end)

        it("passes over one without an address", function()
            local metadata = parse(plain(key("signing", A)
                .. service("SingleSignOnService", REDIRECT, "")
                .. service("SingleSignOnService", POST, "https://idp/post")
                .. service("SingleLogoutService", "SOAP", "https://idp/soap")))
            assert.equal("https://idp/post", metadata.signin_url)
            assert.is_nil(metadata.signout_url)
        end)
    end)

    describe("of time", function()
        local function with(attributes, idp_attributes)
            return plain(key("signing", A) .. SERVICE,
                { attributes = attributes, idp_attributes = idp_attributes })
        end

        it("takes the nearest end", function()
            assert.equal(4102444800, parse(with(" validUntil='2100-01-01T00:00:00Z'")).valid_until)
            assert.equal(4070908800, parse(with(" validUntil='2100-01-01T00:00:00Z'",
                " validUntil='2099-01-01T00:00:00Z'")).valid_until)
            local metadata = parse(samples.many({ with(" validUntil='2100-01-01T00:00:00Z'") }, {
                nested = true, attributes = " validUntil='2097-12-31T22:00:00.5-02:00'",
                inner = " validUntil='2098-01-01T00:00:00Z' cacheDuration='PT1H'",
            }))
            assert.equal(4039372800, metadata.valid_until)
            assert.equal("PT1H", metadata.cache_duration)
        end)

        it("notes an end that is over, and one that is no moment", function()
            local metadata = parse(with(" validUntil='2020-01-01T00:00:00Z'",
                " validUntil='tomorrow&#9;'"))
            assert.equal(1577836800, metadata.valid_until)
            assert.same({
                "the validUntil of its IDPSSODescriptor is no moment: tomorrow ",
                "it ended on 2020-01-01 00:00:00 UTC: the identity provider should have renewed it",
            }, metadata.notes)
        end)
    end)

    describe("of several entities", function()
        local function entity(id, parts, options)
            options = options or {}
            options.entity_id = id
            return plain(parts or key("signing", A), options)
        end
        local SP = ("<EntityDescriptor %s entityID='urn:sp'><SPSSODescriptor "
            .. "protocolSupportEnumeration='%s'/></EntityDescriptor>"):format(MD, samples.SAML2)

        for _, nested in ipairs { false, true } do
            local where = nested and ", nested" or ""

            it("takes the one that is asked for" .. where, function()
                local text = samples.many({ entity "urn:1", SP, entity("urn:2", key("signing", B)),
                    entity("urn:3", key("signing", C)) }, { nested = nested })
                local metadata = parse(text, { entity_id = "urn:2" })
                assert.equal("urn:2", metadata.entity_id)
                check_certificates({ "b" }, metadata)
            end)

            it("takes the only identity provider" .. where, function()
                local text = samples.many({ SP, entity("urn:2", key("signing", B)) },
                    { nested = nested })
                assert.equal("urn:2", parse(text).entity_id)
                check_certificates({ "b" }, parse(text))
            end)
        end

        it("names the first few when there are several", function()
            local list = {}
            for i = 1, 7 do
                list[i] = entity("urn:" .. i)
            end
            assert.equal("it describes 7 identity providers: choose one by entity_id: urn:1, "
                .. "urn:2, urn:3, urn:4, urn:5, ...", refusal(samples.many(list)))
            assert.equal("it describes 2 identity providers: choose one by entity_id: urn:1, urn:2",
                refusal(samples.many { list[1], SP, list[2] }))
        end)

        it("says that none is meant", function()
            assert.equal("it describes 2 entities, and none of them is urn:9; "
                .. "1 identity provider: urn:1",
                refusal(samples.many { entity "urn:1", SP }, { entity_id = "urn:9" }))
            assert.equal("none of the 1 entities that it describes is an identity provider that "
                .. "speaks SAML 2.0", refusal(samples.many { SP }))
            assert.equal("it describes urn:1 2 times, so which is meant cannot be told",
                refusal(samples.many { entity "urn:1", entity "urn:1" }, { entity_id = "urn:1" }))
            assert.equal("urn:sp is a service provider and no identity provider: this is the "
                .. "metadata of the other side",
                refusal(samples.many { SP, entity "urn:1" }, { entity_id = "urn:sp" }))
            assert.equal("it describes urn:1 and not urn:2",
                refusal(entity "urn:1", { entity_id = "urn:2" }))
        end)

        it("finds none where SAML has none", function()
            assert.equal("its EntityDescriptor stands where SAML has none", refusal(samples.many {
                "<Extensions>" .. entity "urn:1" .. "</Extensions>",
            }))
        end)

        it("keeps no more of a federation than is asked for", function()
            local one = entity("urn:x", key("signing", A) .. ("<a/>"):rep(50))
            local list = {}
            for i = 1, 1500 do
                list[i] = i == 700 and entity("urn:700", key("signing", B)) or one
            end
            local _, fold = entities.chooser "urn:700"
            local root = xml.read(samples.many(list), { what = "SAML metadata", fold = fold })
            assert.equal(1, #root)
            assert.equal("urn:700", root[1].attributes.entityID)
            check_certificates({ "b" }, parse(samples.many(list), { entity_id = "urn:700" }))
            _, fold = entities.chooser(nil)
            root = xml.read(samples.many(list), { what = "SAML metadata", fold = fold })
            assert.equal(1, #root)
            assert.equal(1, #root[1][1])
        end)
    end)

    describe("of what is no metadata of an identity provider", function()
        local rows = {
            { "a service provider alone",
                "<EntityDescriptor " .. MD .. " entityID='urn:sp'><SPSSODescriptor/>"
                    .. "</EntityDescriptor>",
                "urn:sp is a service provider and no identity provider: this is the metadata of "
                    .. "the other side" },
            { "WS-Federation alone", function() return samples.federation_only(A) end,
                "http://adfs.test/trust offers WS-Federation alone (a RoleDescriptor) and no "
                    .. "SAML 2.0 sign-in" },
            { "SAML 1.1 alone", function()
                return plain(key("signing", A), {
                    protocols = "urn:oasis:names:tc:SAML:1.1:protocol",
                })
            end, "the identity provider https://idp.test/entity does not speak SAML 2.0: its "
                .. "metadata names urn:oasis:names:tc:SAML:1.1:protocol" },
            { "no role", "<EntityDescriptor " .. MD .. " entityID='urn:x'/>",
                "urn:x is no identity provider: its metadata has no IDPSSODescriptor" },
            { "no entityID", function()
                return (plain(key("signing", A)):gsub("entityID=\"[^\"]*\"", ""))
            end, "its EntityDescriptor has no entityID" },
            { "a SAML response", "<Response xmlns='urn:oasis:names:tc:SAML:2.0:protocol'/>",
                "this is SAML's Response, not metadata; sso.saml.explain reads what a login "
                    .. "brings" },
            { "another namespace", "<EntityDescriptor xmlns='urn:x' entityID='y'/>",
                "its outermost element is EntityDescriptor of urn:x, and not an EntityDescriptor "
                    .. "of SAML 2.0 metadata" },
            { "no namespace", "<feed/>", "its outermost element is feed, and not an "
                .. "EntityDescriptor of SAML 2.0 metadata" },
            { "a DOCTYPE", "<!DOCTYPE x><EntityDescriptor/>",
                "it has a DOCTYPE, which SAML forbids: refused unread" },
            { "a login page", "<!doctype html><html><title>Sign in</title>",
                "this is an HTML page, such as the page of a login or of an error, not SAML "
                    .. "metadata" },
            { "XHTML", "<html xmlns='http://www.w3.org/1999/xhtml'/>",
                "this is an HTML page, such as the page of a login or of an error, not SAML "
                    .. "metadata" },
            { "JSON", "{\"error\":\"forbidden\"}", "this is JSON, not SAML metadata" },
            { "a certificate", function() return A end,
                "this is PEM, as certificates and keys are written, not SAML metadata" },
            { "nothing", "", "it is empty" },
        }
        for _, row in ipairs(rows) do
            it("refuses " .. row[1], function()
                local text = row[2]
                assert.equal(row[3], refusal(type(text) == "function" and text() or text))
            end)
        end

        it("cuts what it quotes", function()
            local message = refusal(plain(key("signing", A), { entity_id = ("x"):rep(5000) }),
                { entity_id = "urn:x" })
            assert.is_true(#message < 300)
        end)

        it("reads the first of several descriptors, and says so", function()
            local text = plain(key("signing", A)):gsub("(<IDP.*</IDPSSODescriptor>)", function(one)
                return one .. one:gsub("<KeyDescriptor.*</KeyDescriptor>", (key("signing", B):gsub(
                    "%%", "%%%%")))
            end)
            local metadata = parse(text)
            check_certificates({ "a" }, metadata)
            assert.equal("it has 2 IDPSSODescriptors; the first was read", metadata.notes[1])
        end)
    end)

    describe("called wrongly", function()
        local function raised(...)
            local fine, message = pcall(sso.metadata.parse, ...)
            assert.is_false(fine)
            return message
        end

        it("raises where it was called", function()
            local _, message = pcall(function()
                local metadata = sso.metadata.parse(42)
                return metadata
            end)
            assert.truthy(message:find "^[^\n]*metadata_spec.lua:%d+: metadata.parse: the metadata "
                and message:find "must be a string, not a number$", message)
        end)

        it("names the option that may be meant", function()
            assert.truthy(raised("<a/>", { entityid = "x" }):find(
                "metadata.parse: unknown option 'entityid' (did you mean 'entity_id'?)", 1, true))
            assert.truthy(raised("<a/>", { entity_id = 5 }):find(
                "metadata.parse: option 'entity_id' must be a string", 1, true))
            assert.truthy(raised("<a/>", "x"):find "the options must be a table, not a string")
        end)
    end)
end)
