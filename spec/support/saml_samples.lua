--- SAML metadata in the shapes of the identity providers that people have: how each spells
--- namespaces, breaks certificates into lines, orders bindings and what it puts around them.
--- Written here from knowledge of these shapes; names are invented, certificates come from the
--- caller.

local M = {}

M.SAML2 = "urn:oasis:names:tc:SAML:2.0:protocol"

local MD = "urn:oasis:names:tc:SAML:2.0:metadata"
local DS = "http://www.w3.org/2000/09/xmldsig#"
local BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:"

--- The base64 of a PEM certificate on one line.
function M.base64(pem)
    return (pem:gsub("%-%-%-%-%-[^\n]+%-%-%-%-%-", ""):gsub("%s", ""))
end

-- The base64 in lines of 64, or another width, with something before each.
local function lines(pem, indent, ending)
    return (M.base64(pem):gsub(("."):rep(64), "%0" .. (ending or "\n") .. (indent or "")))
end

local function prefixed(prefix)
    return prefix and prefix .. ":" or ""
end

--- A KeyDescriptor. how: md, ds (prefixes, nil for none), text (of the certificate), name (a
--- KeyName), more (a list with the text of a second certificate).
function M.key(use, pem, how)
    how = how or {}
    local md, ds = prefixed(how.md), prefixed(how.ds)
    local declared = how.ds and " xmlns:" .. how.ds .. "=\"" .. DS .. "\"" or " xmlns=\"" .. DS
        .. "\""
    local parts = {}
    for _, text in ipairs { how.text or pem and M.base64(pem), (how.more or {})[1] } do
        parts[#parts + 1] = ("<%sX509Certificate>%s</%sX509Certificate>"):format(ds, text, ds)
    end
    local name = how.name and ("<%sKeyName>%s</%sKeyName>"):format(ds, how.name, ds) or ""
    local data = #parts > 0
        and ("<%sX509Data>%s</%sX509Data>"):format(ds, table.concat(parts), ds) or ""
    return ("<%sKeyDescriptor%s><%sKeyInfo%s>%s%s</%sKeyInfo></%sKeyDescriptor>"):format(md,
        use and " use=\"" .. use .. "\"" or "", ds, declared, name, data, ds, md)
end

--- A service: SingleSignOnService, SingleLogoutService, ...
function M.service(name, binding, location, prefix)
    return ("<%s%s Binding=\"%s\" Location=\"%s\"/>"):format(prefixed(prefix), name,
        binding:find ":" and binding or BINDINGS .. binding, location)
end

-- Several services: {name, binding, location}, ...
local function services(prefix, rows)
    local parts = {}
    for _, row in ipairs(rows) do
        parts[#parts + 1] = M.service(row[1], row[2], row[3], prefix)
    end
    return table.concat(parts, "\n    ")
end

--- The plainest metadata: parts stands inside the IDPSSODescriptor, attributes on the entity.
function M.plain(parts, options)
    options = options or {}
    return ("<EntityDescriptor xmlns=\"%s\" entityID=\"%s\"%s>"
        .. "<IDPSSODescriptor protocolSupportEnumeration=\"%s\"%s>%s</IDPSSODescriptor>"
        .. "</EntityDescriptor>"):format(MD, options.entity_id or "https://idp.test/entity",
        options.attributes or "", options.protocols or M.SAML2, options.idp_attributes or "", parts)
end

--- Many entities in one document, nested once if told.
function M.many(entities, options)
    options = options or {}
    local inside = table.concat(entities, "\n")
    if options.nested then
        inside = "<EntitiesDescriptor" .. (options.inner or "") .. ">" .. inside
            .. "</EntitiesDescriptor>"
    end
    return ("<EntitiesDescriptor xmlns=\"%s\"%s>%s</EntitiesDescriptor>"):format(MD,
        options.attributes or "", inside)
end

--- UTF-8 as UTF-16 with a byte order mark, for characters below U+10000.
function M.utf16(text, big_endian, without_mark)
    local units = text:gsub("[%z\1-\127\194-\239][\128-\191]*", function(character)
        local a, b, c = character:byte(1, 3)
        local code = not b and a or not c and (a - 192) * 64 + b - 128
            or ((a - 224) * 64 + b - 128) * 64 + c - 128
        local high, low = math.floor(code / 256), code % 256
        return big_endian and string.char(high, low) or string.char(low, high)
    end)
    local mark = big_endian and "\254\255" or "\255\254"
    return (without_mark and "" or mark) .. units
end

local function signature(pem)
    return ("<ds:Signature xmlns:ds=\"%s\"><ds:SignedInfo><ds:Reference URI=\"#_m\"/>"
        .. "</ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue><ds:KeyInfo><ds:X509Data>"
        .. "<ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>")
        :format(DS, M.base64(pem))
end

local FED = " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
    .. " xmlns:fed=\"http://docs.oasis-open.org/wsfed/federation/200706\""

-- WS-Federation's half of what Microsoft publishes.
local function federation(kind, pem)
    return "<RoleDescriptor xsi:type=\"fed:" .. kind .. "\"" .. FED
        .. " protocolSupportEnumeration=\"http://docs.oasis-open.org/wsfed/federation/200706\">"
        .. M.key("signing", pem) .. "<fed:ClaimTypesOffered><auth:ClaimType"
        .. " xmlns:auth=\"http://docs.oasis-open.org/wsfed/authorization/200706\" Uri=\"urn:name\">"
        .. "<auth:DisplayName>Name</auth:DisplayName></auth:ClaimType></fed:ClaimTypesOffered>"
        .. "</RoleDescriptor>"
end

--- Metadata that has WS-Federation alone.
function M.federation_only(pem)
    return ("<EntityDescriptor xmlns=\"%s\" entityID=\"http://adfs.test/trust\">%s"
        .. "</EntityDescriptor>"):format(MD, federation("SecurityTokenServiceType", pem))
end

-- Each maker gets certificates a, b and c (PEM): a and b sign where there are two, c never does.
-- It returns the document.
local shapes = {}

M.shapes = shapes

shapes["Entra ID"] = {
    entity_id = "https://sts.windows.example/7b1c/",
    signin_url = "https://login.windows.example/7b1c/saml2", signin_binding = "HTTP-Redirect",
    signout_url = "https://login.windows.example/7b1c/saml2", signs = { "a", "b" },
    make = function(certificates)
        local url = "https://login.windows.example/7b1c/saml2"
        return "\239\187\191<?xml version=\"1.0\" encoding=\"utf-8\"?>"
            .. "<EntityDescriptor ID=\"_m\" entityID=\"https://sts.windows.example/7b1c/\" xmlns=\""
            .. MD .. "\">" .. signature(certificates.c)
            .. federation("SecurityTokenServiceType", certificates.c)
            .. federation("ApplicationServiceType", certificates.c)
            .. "<IDPSSODescriptor protocolSupportEnumeration=\"" .. M.SAML2 .. "\">"
            .. M.key("signing", certificates.a) .. M.key("signing", certificates.b)
            .. services(nil, {
                { "SingleLogoutService", "HTTP-Redirect", url },
                { "SingleSignOnService", "HTTP-Redirect", url },
                { "SingleSignOnService", "HTTP-POST", url },
            }) .. "</IDPSSODescriptor></EntityDescriptor>"
    end,
}

shapes["Okta"] = {
    entity_id = "http://www.okta.example/exk1",
    signin_url = "https://acme.okta.example/app/exk1/sso/saml", signin_binding = "HTTP-Redirect",
    signs = { "a" },
    make = function(certificates)
        local url = "https://acme.okta.example/app/exk1/sso/saml"
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><md:EntityDescriptor"
            .. " entityID=\"http://www.okta.example/exk1\" xmlns:md=\"" .. MD .. "\">"
            .. "<md:IDPSSODescriptor WantAuthnRequestsSigned=\"false\""
            .. " protocolSupportEnumeration=\"" .. M.SAML2 .. "\">"
            .. M.key("signing", nil, {
                md = "md", ds = "ds", text = lines(certificates.a, nil, "\r\n") .. "\r\n",
            }) .. "<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
            .. "</md:NameIDFormat>" .. services("md", {
                { "SingleSignOnService", "HTTP-POST", url },
                { "SingleSignOnService", "HTTP-Redirect", url },
            }) .. "</md:IDPSSODescriptor></md:EntityDescriptor>"
    end,
}

shapes["Google"] = {
    entity_id = "https://accounts.google.example/o/saml2?idpid=C01&x=1",
    signin_url = "https://accounts.google.example/o/saml2/idp?idpid=C01&x=1",
    signin_binding = "HTTP-Redirect", signs = { "a", "b" }, valid_until = 1956528000,
    make = function(certificates)
        local url = "https://accounts.google.example/o/saml2/idp?idpid=C01&amp;x=1"
        return "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n"
            .. "<md:EntityDescriptor xmlns:md=\"" .. MD .. "\""
            .. " entityID=\"https://accounts.google.example/o/saml2?idpid=C01&amp;x=1\""
            .. " validUntil=\"2032-01-01T00:00:00.000Z\">\n"
            .. "  <md:IDPSSODescriptor WantAuthnRequestsSigned=\"false\""
            .. " protocolSupportEnumeration=\"" .. M.SAML2 .. "\">\n"
            .. M.key("signing", nil, { md = "md", ds = "ds", text = lines(certificates.a) })
            .. M.key("signing", nil, { md = "md", ds = "ds", text = lines(certificates.b) })
            .. services("md", {
                { "SingleSignOnService", "HTTP-Redirect", url },
                { "SingleSignOnService", "HTTP-POST", url },
            }) .. "\n  </md:IDPSSODescriptor>\n</md:EntityDescriptor>\n"
    end,
}

shapes["Keycloak"] = {
    entity_id = "https://kc.test/realms/acme", signs = { "a", "b" },
    signin_url = "https://kc.test/realms/acme/protocol/saml", signin_binding = "HTTP-Redirect",
    signout_url = "https://kc.test/realms/acme/protocol/saml",
    make = function(certificates)
        local url = "https://kc.test/realms/acme/protocol/saml"
        return "<md:EntityDescriptor xmlns=\"" .. MD .. "\" xmlns:md=\"" .. MD .. "\""
            .. " xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" xmlns:ds=\"" .. DS .. "\""
            .. " entityID=\"https://kc.test/realms/acme\"><md:IDPSSODescriptor"
            .. " WantAuthnRequestsSigned=\"true\" protocolSupportEnumeration=\"" .. M.SAML2
            .. "\">" .. M.key("signing", certificates.a, { md = "md", ds = "ds", name = "k1" })
            .. M.key("signing", certificates.b, { md = "md", ds = "ds", name = "k2" })
            .. services("md", {
                { "ArtifactResolutionService", "SOAP", url .. "/resolve" },
                { "SingleLogoutService", "HTTP-POST", url .. "/post" },
                { "SingleLogoutService", "HTTP-Redirect", url },
                { "SingleLogoutService", "SOAP", url .. "/soap" },
                { "SingleSignOnService", "HTTP-POST", url .. "/post" },
                { "SingleSignOnService", "HTTP-Redirect", url },
                { "SingleSignOnService", "SOAP", url .. "/soap" },
            }) .. "</md:IDPSSODescriptor></md:EntityDescriptor>"
    end,
}

shapes["ADFS"] = {
    entity_id = "http://adfs.test/adfs/services/trust", signs = { "a", "b" },
    signin_url = "https://adfs.test/adfs/ls/", signin_binding = "HTTP-Redirect",
    signout_url = "https://adfs.test/adfs/ls/",
    make = function(certificates)
        local url = "https://adfs.test/adfs/ls/"
        return "<EntityDescriptor ID=\"_m\" entityID=\"http://adfs.test/adfs/services/trust\""
            .. " xmlns=\"" .. MD .. "\">" .. signature(certificates.c)
            .. federation("ApplicationServiceType", certificates.c)
            .. federation("SecurityTokenServiceType", certificates.c)
            .. "<SPSSODescriptor WantAssertionsSigned=\"true\" protocolSupportEnumeration=\""
            .. M.SAML2 .. "\">" .. M.key("signing", certificates.c)
            .. M.service("AssertionConsumerService", "HTTP-POST", url) .. "</SPSSODescriptor>"
            .. "<IDPSSODescriptor protocolSupportEnumeration=\"" .. M.SAML2 .. "\">"
            .. M.key("encryption", certificates.c) .. M.key("signing", certificates.a)
            .. M.key("signing", certificates.b) .. services(nil, {
                { "SingleLogoutService", "HTTP-Redirect", url },
                { "SingleLogoutService", "HTTP-POST", url },
                { "SingleSignOnService", "HTTP-Redirect", url },
                { "SingleSignOnService", "HTTP-POST", url },
            }) .. "<Attribute xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\" Name=\"upn\"/>"
            .. "</IDPSSODescriptor></EntityDescriptor>"
    end,
}

shapes["Shibboleth"] = {
    entity_id = "https://shib.test/idp/shibboleth", signs = { "a", "b" },
    signin_url = "https://shib.test/idp/profile/SAML2/Redirect/SSO",
    signin_binding = "HTTP-Redirect", signout_url = "https://shib.test/idp/profile/SLO",
    make = function(certificates)
        local url = "https://shib.test/idp/profile/"
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- an example: edit before use -->\n"
            .. "<EntityDescriptor xmlns=\"" .. MD .. "\" xmlns:ds=\"" .. DS .. "\""
            .. " xmlns:shibmd=\"urn:mace:shibboleth:metadata:1.0\""
            .. " entityID=\"https://shib.test/idp/shibboleth\">\n"
            .. "<IDPSSODescriptor protocolSupportEnumeration=\"" .. M.SAML2
            .. " urn:oasis:names:tc:SAML:1.1:protocol urn:mace:shibboleth:1.0\">\n"
            .. "<Extensions><shibmd:Scope regexp=\"false\">shib.test</shibmd:Scope></Extensions>\n"
            .. "<!-- First signing certificate is BackChannel, Second is FrontChannel -->\n"
            .. M.key("signing", nil, {
                ds = "ds", text = "\n" .. lines(certificates.a, "            ") .. "\n            ",
            }) .. M.key("signing", nil, {
                ds = "ds", text = "\n" .. lines(certificates.b, "\t") .. "\n\t",
            }) .. M.key("encryption", certificates.c, { ds = "ds" }) .. services(nil, {
                { "ArtifactResolutionService", "SOAP", url .. "SAML2/SOAP/ArtifactResolution" },
                { "SingleLogoutService", "HTTP-Redirect", url .. "SLO" },
                { "SingleSignOnService", "urn:mace:shibboleth:1.0:profiles:AuthnRequest",
                    url .. "Shibboleth/SSO" },
                { "SingleSignOnService", "HTTP-POST", url .. "SAML2/POST/SSO" },
                { "SingleSignOnService", "HTTP-POST-SimpleSign", url .. "SAML2/SimpleSign/SSO" },
                { "SingleSignOnService", "HTTP-Redirect", url .. "SAML2/Redirect/SSO" },
            }) .. "</IDPSSODescriptor>\n<AttributeAuthorityDescriptor protocolSupportEnumeration=\""
            .. M.SAML2 .. "\">" .. M.key(nil, certificates.c)
            .. M.service("AttributeService", "SOAP", url .. "AA")
            .. "</AttributeAuthorityDescriptor>\n</EntityDescriptor>\n"
    end,
}

shapes["OneLogin"] = {
    entity_id = "https://app.onelogin.example/saml/metadata/0a1b", signs = { "a" },
    signin_url = "https://acme.onelogin.example/trust/saml2/http-redirect/sso/0a1b",
    signin_binding = "HTTP-Redirect",
    signout_url = "https://acme.onelogin.example/trust/saml2/http-redirect/slo/1",
    make = function(certificates)
        local url = "https://acme.onelogin.example/trust/saml2/"
        return "<?xml version=\"1.0\"?>\n<EntityDescriptor xmlns=\"" .. MD .. "\""
            .. " entityID=\"https://app.onelogin.example/saml/metadata/0a1b\">\n"
            .. "  <IDPSSODescriptor xmlns:ds=\"" .. DS .. "\" protocolSupportEnumeration=\""
            .. M.SAML2 .. "\">\n" .. M.key("signing", certificates.a, { ds = "ds" })
            .. services(nil, {
                { "SingleLogoutService", "HTTP-Redirect", url .. "http-redirect/slo/1" },
                { "SingleSignOnService", "HTTP-Redirect", url .. "http-redirect/sso/0a1b" },
                { "SingleSignOnService", "HTTP-POST", url .. "http-post/sso/0a1b" },
                { "SingleSignOnService", "SOAP", url .. "soap/sso/0a1b" },
            }) .. "  </IDPSSODescriptor>\n</EntityDescriptor>\n"
    end,
}

shapes["PingFederate"] = {
    entity_id = "acme:ping", signs = { "a", "b" }, signin_url = "https://ping.test/idp/SSO.saml2",
    signin_binding = "HTTP-POST", signout_url = "https://ping.test/idp/SLO.saml2",
    cache_duration = "PT1440M",
    make = function(certificates)
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<md:EntityDescriptor xmlns:md=\"" .. MD
            .. "\" ID=\"m\" cacheDuration=\"PT1440M\" entityID=\"acme:ping\">"
            .. signature(certificates.c) .. "<md:IDPSSODescriptor protocolSupportEnumeration=\""
            .. M.SAML2 .. "\" WantAuthnRequestsSigned=\"false\">"
            .. M.key(nil, nil, {
                md = "md", ds = "dsig", text = M.base64(certificates.a),
                more = { M.base64(certificates.b) },
            }) .. services("md", {
                { "ArtifactResolutionService", "SOAP", "https://ping.test/idp/ARS.ssaml2" },
                { "SingleLogoutService", "HTTP-POST", "https://ping.test/idp/SLO.saml2" },
                { "SingleSignOnService", "HTTP-POST", "https://ping.test/idp/SSO.saml2" },
                { "SingleSignOnService", "SOAP", "https://ping.test/idp/SSO.ssaml2" },
            }) .. "</md:IDPSSODescriptor>"
            .. "<md:ContactPerson contactType=\"administrative\"/></md:EntityDescriptor>"
    end,
}

shapes["simplesamlphp"] = {
    entity_id = "https://ssp.test/saml2/idp/metadata.php", signs = { "a" },
    signin_url = "https://ssp.test/saml2/idp/SSOService.php", signin_binding = "HTTP-Redirect",
    signout_url = "https://ssp.test/saml2/idp/SingleLogoutService.php",
    make = function(certificates)
        return "<?xml version=\"1.0\"?>\n<md:EntityDescriptor xmlns:md=\"" .. MD .. "\" xmlns:ds=\""
            .. DS .. "\" entityID=\"https://ssp.test/saml2/idp/metadata.php\">\n"
            .. "  <md:IDPSSODescriptor protocolSupportEnumeration=\"" .. M.SAML2 .. "\">\n    "
            .. M.key("signing", certificates.a, { md = "md", ds = "ds" }) .. "\n    "
            .. M.key("encryption", certificates.a, { md = "md", ds = "ds" }) .. "\n    "
            .. services("md", {
                { "SingleLogoutService", "HTTP-Redirect",
                    "https://ssp.test/saml2/idp/SingleLogoutService.php" },
                { "SingleSignOnService", "HTTP-Redirect",
                    "https://ssp.test/saml2/idp/SSOService.php" },
            }) .. "\n  </md:IDPSSODescriptor>\n  <md:Organization>"
            .. "<md:OrganizationName xml:lang=\"de\">Bücher</md:OrganizationName>"
            .. "</md:Organization>\n</md:EntityDescriptor>\n"
    end,
}

return M
