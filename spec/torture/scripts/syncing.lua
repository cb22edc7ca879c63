--- Metadata read and carried out: certificates first, addresses of the integration last.

local account = require "torture.account"
local samples = require "support.saml_samples"

local METADATA = "<m:EntityDescriptor xmlns:m='urn:oasis:names:tc:SAML:2.0:metadata' "
    .. "entityID='https://idp.test'><m:IDPSSODescriptor protocolSupportEnumeration='"
    .. samples.SAML2 .. "'>" .. samples.key("signing", account.pem, { md = "m" })
    .. "<m:SingleSignOnService Binding='urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect' "
    .. "Location='https://idp.test/sso'/></m:IDPSSODescriptor></m:EntityDescriptor>"

-- What a callback of a parser raised waits in the registry until the parser is collected; the slot
-- stays. So let there be some, for callbacks that memory is refused to.
local has_lxp, lxp = pcall(require, "lxp")

local function reset()
    local parsers = {}
    for i = 1, has_lxp and 3 or 0 do
        parsers[i] = lxp.new { StartElement = error }
    end
    for _, parser in ipairs(parsers) do
        assert(not pcall(parser.parse, parser, "<a/>"))
    end
    account.reset()
end

return account.script(reset, function(client)
    return client:sync_metadata(account.integration, METADATA, {
        retire = "delete", update_integration = true,
    })
end)
