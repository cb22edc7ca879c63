--- SAML 2.0 metadata of an identity provider: its endpoints, and the certificates it signs with.
--
--     local metadata = assert(sso.metadata.fetch("https://idp.example/metadata"))
--     print(metadata.entity_id, #metadata.certificates)
--
-- `parse` is pure. What could be half a truth is told: in `notes` what was left out, as an error
-- what leaves no certificate, or several identity providers to choose from.

local core = require "sso.core"
local entities = require "sso.metadata.entities"
local misuse = require "sso.misuse"
local names = require "sso.saml.names"
local time = require "sso.saml.time"
local xml = require "sso.xml"

local M = {}

local MD, DS = names.METADATA, names.SIGNATURE
local quote = names.quote

-- More than any identity provider announces; what holds more is made to waste time.
local MAX_CERTIFICATES = 100

local PRIVATE = "it holds a private key, which never leaves its machine: ask the identity "
    .. "provider's administrator for the public metadata, and to replace that key"

local function refuse(problem, operation)
    return nil, core.failure("saml", problem, operation)
end

-- ---- what it says ----------------------------------------------------------

local function is_signing(key)
    return key.attributes.use == nil or key.attributes.use == "signing"
end

-- Adds the certificates of one text, each once.  → how many, or nil and what is wrong
local function add(certificates, known, text)
    local list, err = core.certificate.parse(names.pem(text))
    if not list then
        return nil, err.message
    end
    for _, certificate in ipairs(list) do
        if not known[certificate.fingerprint] then
            known[certificate.fingerprint] = true
            certificates[#certificates + 1] = certificate
        end
    end
    return #list
end

-- The texts of the certificates in a KeyDescriptor, in order.
local function texts_in(key)
    local texts = {}
    for _, info in ipairs(xml.children(key, DS, "KeyInfo")) do
        for _, data in ipairs(xml.children(info, DS, "X509Data")) do
            for _, element in ipairs(xml.children(data, DS, "X509Certificate")) do
                texts[#texts + 1] = element.text
            end
        end
    end
    return texts
end

-- The certificates that sign, or nil and what is wrong.
local function signing(descriptor, notes)
    local certificates, known, problem, read = {}, {}, nil, 0
    for number, key in ipairs(xml.children(descriptor, MD, "KeyDescriptor")) do
        local texts = is_signing(key) and texts_in(key) or {}
        if is_signing(key) and #texts == 0 then
            notes[#notes + 1] = ("KeyDescriptor %d names a key without its certificate")
                :format(number)
        elseif key.attributes.use and key.attributes.use ~= "encryption" and #texts == 0 then
            notes[#notes + 1] = ("KeyDescriptor %d is for the use of %s, so it was left out")
                :format(number, quote(key.attributes.use))
        end
        for _, text in ipairs(texts) do
            read = read + 1
            local count, why = add(certificates, known, text)
            if read > MAX_CERTIFICATES then
                return nil, ("it has more than %d signing certificates"):format(MAX_CERTIFICATES)
            elseif not count and why:find("a private key", 1, true) then
                return nil, PRIVATE
            elseif not count then
                problem = ("the certificate in KeyDescriptor %d cannot be read: %s"):format(
                    number, why)
                notes[#notes + 1] = problem
            end
        end
    end
    if #certificates == 0 then
        return nil, problem or "it has no certificate that is for signing"
    end
    return certificates
end

-- The address of a service by the binding that is preferred, and that binding's name.
local function endpoint(descriptor, service)
    for _, binding in ipairs { names.REDIRECT, names.POST } do
        for _, element in ipairs(xml.children(descriptor, MD, service)) do
            local location = element.attributes.Location
            if element.attributes.Binding == binding and location and location ~= "" then
                return location, names.short(binding)
            end
        end
    end
end

-- The nearest end among elements, and the last cacheDuration that is said from outside inwards.
local function lifetime(elements, notes)
    local nearest, cache
    for _, element in ipairs(elements) do
        local text = element.attributes.validUntil
        local ends = text and time.parse(text)
        if text and not ends then
            notes[#notes + 1] = ("the validUntil of its %s is no moment: %s"):format(
                element.name, quote(text))
        elseif ends and (not nearest or ends < nearest) then
            nearest = ends
        end
        cache = cache or element.attributes.cacheDuration
    end
    return nearest, cache and quote(cache)
end

-- What the metadata of one entity says; around: the elements that it lies in.
local function read(entity, around)
    local entity_id = entity.attributes.entityID
    if not entity_id or entity_id == "" then
        return nil, "its EntityDescriptor has no entityID"
    end
    local idps, notes = entities.providers(entity), {}
    local idp = idps[1]
    if not idp then
        return nil, entities.other_role(entity)
    end
    local certificates, problem = signing(idp, notes)
    if not certificates then
        return nil, problem
    end
    local metadata = { entity_id = entity_id, certificates = certificates, notes = notes }
    metadata.signin_url, metadata.signin_binding = endpoint(idp, "SingleSignOnService")
    metadata.signout_url, metadata.signout_binding = endpoint(idp, "SingleLogoutService")
    local elements = { idp, entity }
    for _, outer in ipairs(around) do
        elements[#elements + 1] = outer
    end
    metadata.valid_until, metadata.cache_duration = lifetime(elements, notes)
    if #idps > 1 then
        notes[#notes + 1] = ("it has %d IDPSSODescriptors; the first was read"):format(#idps)
    end
    if not metadata.signin_url then
        notes[#notes + 1] = "it has no SingleSignOnService by HTTP-Redirect or HTTP-POST"
    elseif metadata.signin_binding == "HTTP-POST" then
        notes[#notes + 1] = "sign-in is offered by HTTP-POST and not by HTTP-Redirect"
    end
    return metadata
end

-- ---- the functions ---------------------------------------------------------

-- What parse and fetch have in common; operation: the name for errors.
local function parse(text, entity_id, operation)
    local seen, fold = entities.chooser(entity_id)
    local root, problem = xml.read(text, { what = "SAML metadata", fold = fold })
    local entity, around, metadata
    if text:find("PRIVATE KEY-----", 1, true) or seen.private then
        return refuse(PRIVATE, operation)
    elseif root then
        entity, around = entities.find(root, seen, entity_id)
        problem = around
    end
    if entity then
        metadata, problem = read(entity, around)
    end
    if not metadata then
        return refuse(problem, operation)
    end
    if metadata.valid_until and metadata.valid_until < os.time() then
        table.insert(metadata.notes, "it ended on " .. time.text(metadata.valid_until)
            .. ": the identity provider should have renewed it")
    end
    return metadata
end

---@class sso.Metadata
---@field entity_id string
---@field signin_url string?  by HTTP-Redirect, or else by HTTP-POST
---@field signin_binding string?  which of the two
---@field signout_url string?
---@field signout_binding string?
---@field certificates sso.Certificate[]  those for signing, in the document's order, each once
---@field valid_until integer?  unix seconds: the nearest end that the document says
---@field cache_duration string?  as written
---@field notes string[]  what was left out or looks odd
---@field source string?  what `fetch` read

--- Reads SAML 2.0 metadata: of one identity provider, or of a federation.
---@param text string  the XML; at most 10 MiB, any encoding that expat knows
---@param options? {entity_id: string?}  which entity; needed when several identity providers are
--- described
---@return sso.Metadata? metadata
---@return sso.Error? err  kind `saml`
function M.parse(text, options)
    if type(text) ~= "string" then
        misuse.raise("metadata.parse: the metadata must be a string, not a " .. type(text))
    end
    options = misuse.check_options("metadata.parse", options, { entity_id = "string" })
    local metadata, err = parse(text, options.entity_id, "metadata.parse")
    return metadata, err
end

-- A whole file, up to one byte more than is read.
local function contents(path)
    local file, why = io.open(path, "rb")
    if not file then
        return nil, why
    end
    local text, problem = file:read(xml.MAX_BYTES + 1)
    file:close()
    if not text and problem then
        return nil, ("%s: %s"):format(path, problem)
    end
    return text or ""
end

-- Everything but entity_id goes to the client, or into the one that is made for this.
local function split(options)
    local others, entity_id = {}, nil
    for name, value in pairs(options or {}) do
        if name == "entity_id" then
            entity_id = value
        else
            others[name] = value
        end
    end
    misuse.check_options("metadata.fetch", { entity_id = entity_id }, { entity_id = "string" })
    return entity_id, others
end

-- Mistakes in the options are told where the program made them.
local function check(begin, ...)
    local fine, made, err = pcall(begin, ...)
    if not fine then
        misuse.raise((tostring(made):gsub("^.-:%d+: ", ""):gsub("^[%w.]+: ", "metadata.fetch: ")))
    end
    return made, err
end

local function download(url, options, client)
    if client then
        check(client._begin, client, -1, url, options):_discard()
        return client:_fetch(url, options)
    end
    -- without a key, which this needs not
    local own = check(core.new, options, true)
    local body, err = own:_fetch(url)
    own:close()
    return body, err
end

--- Reads SAML 2.0 metadata from a file or from the web: the same rules for TLS, time and size as
--- for SendGrid's API, and never with the API key.
---@param source string  a file's path, or an https URL (http to this machine alone)
---@param options? {entity_id: string?, timeout: number?, ca_file: string?}  and further options of
--- calls
---@param client? sso.Client  whose connections and options are used; else one is made for this
---@return sso.Metadata? metadata
---@return sso.Error? err  kind `saml`, or that of a failed transfer
function M.fetch(source, options, client)
    if type(source) ~= "string" or source == "" then
        misuse.raise("metadata.fetch: the source must be a file's path or a URL")
    elseif options ~= nil and type(options) ~= "table" then
        misuse.check_options("metadata.fetch", options, {})
    end
    local entity_id, others = split(options)
    local text, problem
    local scheme = source:match "^(%a[%w+.-]*)://"
    if not scheme then
        text, problem = contents(source)
    elseif scheme:lower() == "http" or scheme:lower() == "https" then
        text, problem = download(source, others, client)
        if not text then
            return nil, problem
        end
    else
        problem = ("metadata comes from a file's path or an https URL, not by %s"):format(
            quote(scheme))
    end
    if not text then
        return refuse(quote(problem), "metadata.fetch")
    end
    local metadata, err = parse(text, entity_id, "metadata.fetch")
    if metadata then
        metadata.source = source
    end
    return metadata, err
end

return M
