--- Which entity of a metadata document is meant: the only one, the one that is asked for, or the
--- only identity provider among many.

local names = require "sso.saml.names"
local xml = require "sso.xml"

local M = {}

local MD, DS = names.METADATA, names.SIGNATURE
local quote = names.quote

local ROLES = { IDPSSODescriptor = true, SPSSODescriptor = true, RoleDescriptor = true }

-- Elements that are read; all others are dropped as they end, however large.
local WANTED = {
    EntitiesDescriptor = MD, EntityDescriptor = MD, IDPSSODescriptor = MD, SPSSODescriptor = MD,
    RoleDescriptor = MD, KeyDescriptor = MD, SingleSignOnService = MD, SingleLogoutService = MD,
    KeyInfo = DS, X509Data = DS, X509Certificate = DS,
}

local PRIVATE_PARTS = { RSAKeyPair = true, InverseQ = true, PrivateKey = true }

local function speaks_saml2(descriptor)
    local protocols = descriptor.attributes.protocolSupportEnumeration or ""
    return (" " .. protocols:gsub("%s", " ") .. " "):find(" " .. names.PROTOCOL .. " ", 1, true)
end

--- The descriptors of identity providers that speak SAML 2.0.
---@param entity table
---@return table[]
function M.providers(entity)
    local list = {}
    for _, descriptor in ipairs(xml.children(entity, MD, "IDPSSODescriptor")) do
        if speaks_saml2(descriptor) then
            list[#list + 1] = descriptor
        end
    end
    return list
end

--- Of many entities only the one that is wanted is kept, or without a wish the first identity
--- provider; the others are counted, and the first of them remembered by name.
---@param entity_id? string
---@return table seen  filled while the document is read
---@return fun(element: table, depth: integer): boolean fold  for xml.read
function M.chooser(entity_id)
    local seen = { entities = 0, idps = 0, ids = {}, wanted = 0 }

    local function keeps(entity)
        local id = entity.attributes.entityID
        local is_idp = #M.providers(entity) > 0
        seen.entities = seen.entities + 1
        if is_idp then
            seen.idps = seen.idps + 1
            if #seen.ids < 5 then
                seen.ids[#seen.ids + 1] = quote(id or "without an entityID")
            end
        end
        if entity_id then
            seen.wanted = seen.wanted + (id == entity_id and 1 or 0)
            return id == entity_id
        end
        return is_idp and seen.idps == 1
    end

    local function fold(element, depth)
        seen.private = seen.private or PRIVATE_PARTS[element.name]
            or element.text:find("PRIVATE KEY-----", 1, true) ~= nil
        if depth > 0 and element.name == "EntityDescriptor" and element.namespace == MD then
            return keeps(element)
        end
        return depth == 0 or element.namespace and WANTED[element.name] == element.namespace
    end

    return seen, fold
end

-- The entities that were kept, with the elements around each.
local function entities_in(element, around, found)
    for _, child in ipairs(element) do
        if child.name == "EntityDescriptor" then
            found[#found + 1] = { child, around }
        elseif child.name == "EntitiesDescriptor" then
            local wider = { child }
            for _, outer in ipairs(around) do
                wider[#wider + 1] = outer
            end
            entities_in(child, wider, found)
        end
    end
    return found
end

local function many(count)
    return count == 1 and "1 identity provider" or ("%d identity providers"):format(count)
end

-- The one entity of an EntitiesDescriptor and what it lies in, or what is wrong.
local function choose(root, seen, entity_id)
    local list = table.concat(seen.ids, ", ") .. (seen.idps > #seen.ids and ", ..." or "")
    if entity_id and seen.wanted == 0 then
        return nil, ("it describes %d entities, and none of them is %s; %s%s"):format(
            seen.entities, quote(entity_id), many(seen.idps), list ~= "" and ": " .. list or "")
    elseif entity_id and seen.wanted > 1 then
        return nil, ("it describes %s %d times, so which is meant cannot be told"):format(
            quote(entity_id), seen.wanted)
    elseif not entity_id and seen.idps ~= 1 then
        return nil, seen.idps == 0
            and ("none of the %d entities that it describes is an identity provider that speaks "
                .. "SAML 2.0"):format(seen.entities)
            or ("it describes %s: choose one by entity_id: %s"):format(many(seen.idps), list)
    end
    local found = entities_in(root, { root }, {})[1]
    if not found then
        return nil, "its EntityDescriptor stands where SAML has none"
    end
    return found[1], found[2]
end

-- Root is an element of the wrong kind: which one.
local function stranger(root)
    if root.namespace == names.PROTOCOL or root.namespace == names.ASSERTION then
        return ("this is SAML's %s, not metadata; sso.saml.explain reads what a login brings")
            :format(quote(root.name))
    elseif root.name == "html" then
        return "this is an HTML page, not SAML metadata"
    end
    return ("its outermost element is %s%s, and not an EntityDescriptor of SAML 2.0 metadata")
        :format(quote(root.name), root.namespace and " of " .. quote(root.namespace) or "")
end

--- What an entity is that is no identity provider for us: a sentence.
---@param entity table
---@return string
function M.other_role(entity)
    local roles = {}
    for _, child in ipairs(entity) do
        if ROLES[child.name] then
            roles[child.name] = child
        end
    end
    local id = quote(entity.attributes.entityID)
    local idp = roles.IDPSSODescriptor
    if idp then
        return ("the identity provider %s does not speak SAML 2.0: its metadata names %s"):format(
            id, quote(idp.attributes.protocolSupportEnumeration or "no protocol"))
    elseif roles.SPSSODescriptor then
        return ("%s is a service provider and no identity provider: this is the metadata of the "
            .. "other side"):format(id)
    elseif roles.RoleDescriptor then
        return ("%s offers WS-Federation alone (a RoleDescriptor) and no SAML 2.0 sign-in")
            :format(id)
    end
    return id .. " is no identity provider: its metadata has no IDPSSODescriptor"
end

--- The entity that is meant.
---@param root table
---@param seen table  as `chooser` gave it
---@param entity_id? string
---@return table? entity
---@return table[]|string around  the elements that it lies in, or what is wrong
function M.find(root, seen, entity_id)
    local kind = root.namespace == MD and root.name
    if kind == "EntitiesDescriptor" then
        return choose(root, seen, entity_id)
    elseif kind ~= "EntityDescriptor" then
        return nil, stranger(root)
    elseif entity_id and root.attributes.entityID ~= entity_id then
        return nil, ("it describes %s and not %s"):format(quote(root.attributes.entityID),
            quote(entity_id))
    end
    return root, {}
end

return M
