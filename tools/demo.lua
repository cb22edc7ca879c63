-- demo.lua: what `make demo` shows against the local SendGrid.  First the call of the README; then
-- a rotation without lock-out: an identity provider announces its next key in its metadata, the
-- key is stored ahead of time, the provider changes over, and the old key is retired.
--
-- Runs under `sandbox/sandbox run`.  What it makes stands in the sandbox's own directory, which
-- goes when the sandbox goes.  A step that does not do what its heading says ends it with status 1.

local top = arg[0]:match("^(.*)/tools/[^/]*$") or "."
package.path = top .. "/lua/?.lua;" .. top .. "/lua/?/init.lua;" .. package.path
package.cpath = top .. "/build/5.4/?.so;" .. package.cpath

local cjson = require "cjson"
local sso = require "sso"
local now = require("sso.core").now

local DAY = 86400

local function variable(name)
    return os.getenv(name) or error("run me by: sandbox/sandbox run tools/demo", 0)
end

local work = variable "SSO_SANDBOX_DIR"
local server, ca_file = variable "SSO_SANDBOX_HTTPS", variable "SSO_SANDBOX_CA"

-- ---- words on the screen --------------------------------------------------

local terminal = os.execute("test -t 1 && test -z \"${NO_COLOR-}\"")

local function heading(text)
    print()
    print(terminal and "\27[1m" .. text .. "\27[0m" or text)
    print()
end

local function say(...)
    print("  " .. string.format(...))
end

local function row(name, value)
    say("%-14s%s", name, value)
end

-- Lines of at most 78 columns, each indented, broken after a space or a comma.
local function say_folded(text)
    while #text > 76 do
        local cut = text:sub(1, 76):match("^.*[ ,]()") or 77
        say("%s", (text:sub(1, cut - 1):gsub(" $", "")))
        text = text:sub(cut)
    end
    say("%s", text)
end

local function date(unix)
    return os.date("!%Y-%m-%d", unix)
end

local function milliseconds(seconds)
    return ("%.1f ms"):format(seconds * 1000)
end

-- ---- programs ---------------------------------------------------------------

local function quote(text)
    return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- → what the command printed on either output, its exit status, the seconds it took
local function run(command)
    local began = now()
    local pipe = assert(io.popen("exec 2>&1; " .. command))
    local text = pipe:read("a")
    local _, _, status = pipe:close()
    return text, status, now() - began
end

local function must(command)
    local text, status = run(command)
    if status ~= 0 then
        error(("this failed with status %d: %s\n%s"):format(status, command, text), 0)
    end
    return text
end

local function read_file(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read("a")
    file:close()
    return text
end

local function write_file(path, text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
end

-- ---- an identity provider and its certificates ------------------------------

local CONFIG = [[
[ca]
default_ca = idp
[idp]
new_certs_dir = DIR
database = DIR/index.txt
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = any
]]

-- A self-signed certificate over a new key, as an identity provider makes it. → file name
local function make_certificate(year, from, days)
    local file = work .. "/idp-" .. year .. ".pem"
    local stamp = "!%Y%m%d%H%M%SZ"
    must(table.concat({
        "cd", quote(work), "&& : >index.txt &&",
        "openssl req -new -newkey rsa:2048 -nodes -config idp.cnf",
        "-subj", quote("/CN=idp.example " .. year), "-keyout idp.key -out idp.csr &&",
        "openssl ca -batch -notext -selfsign -config idp.cnf -keyfile idp.key -in idp.csr",
        "-startdate", os.date(stamp, from), "-enddate", os.date(stamp, from + days * DAY),
        "-out", quote(file), "&& rm idp.key idp.csr",
    }, " "))
    return file
end

-- Puts an integration with this certificate into the local SendGrid. → its id, the certificate's
local function seed(pem)
    local integration = "b0b98502-9408-4b24-9e3d-31ed7cb15312"
    local body = { certificates = { {
        public_certificate = pem,
        integration_id = integration,
        enabled = true,
    } } }
    write_file(work .. "/seed.json", cjson.encode(body))
    local answer = must(table.concat({
        "curl -fsS --noproxy '*' --data-binary", quote("@" .. work .. "/seed.json"),
        quote(variable "SSO_SANDBOX_CONTROL" .. "/seed"),
    }, " "))
    return integration, ("%d"):format(cjson.decode(answer).certificates[1])
end

-- ---- the demo -----------------------------------------------------------------

local absolute = must("cd " .. quote(top) .. " && pwd"):gsub("\n$", "")

-- What the programs below are run with; they find the module in the tree.
local environment = table.concat({
    "env",
    "LUA_PATH=" .. quote(absolute .. "/lua/?.lua;" .. absolute .. "/lua/?/init.lua;;"),
    "LUA_CPATH=" .. quote(absolute .. "/build/5.4/?.so;;"),
    "SENDGRID_BASE_URL=" .. server, "SSL_CERT_FILE=" .. quote(ca_file), "",
}, " ")

-- Runs the README's first call in a directory where the new certificate lies.
local function first_call(cert_id, file, key)
    local script = "examples/update_certificate.lua"
    local name = file:match("[^/]*$")
    if key then
        say("$ export SENDGRID_API_KEY=%s", key)
    end
    say("$ lua5.4 %s %s %s", script, cert_id, name)
    print()
    return run(table.concat({
        "cd", quote(work), "&&", environment .. (key and "SENDGRID_API_KEY=" .. key or ""),
        "lua5.4", quote(absolute .. "/" .. script), cert_id, name,
    }, " "))
end

-- Runs the command line and shows what it prints. → the text
local function program(words)
    say_folded("$ sendgrid-sso " .. words)
    print()
    local text, status = run(environment .. "COLUMNS=76 lua5.4 "
        .. quote(absolute .. "/bin/sendgrid-sso") .. " " .. words)
    for line in text:gmatch("[^\n]*") do
        print(line == "" and "" or "  " .. line)
    end
    assert(status == 0, "sendgrid-sso " .. words .. " ended with status " .. tostring(status))
    return text
end

-- The middle of a certificate says nothing to a reader.
local function shorten(body)
    return (body:gsub("(-----BEGIN CERTIFICATE-----\\n%w%w%w%w%w%w%w%w)(.*)(\\n%-%-%-%-%-END)",
        function(start, middle, stop)
            return ("%s... %d characters more ...%s"):format(start, #middle, stop)
        end))
end

local METADATA = [[
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"
    xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://idp.example/entity">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
KEYS    <md:SingleSignOnService Location="https://idp.example/signin"
        Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
]]

local KEY = [[
    <md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>
BASE64    </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
]]

-- The identity provider publishes these certificates, the one that it signs with first.
local function announce(...)
    local keys = {}
    for i, file in ipairs { ... } do
        local base64 = read_file(file):gsub("%-%-%-%-%-[^\n]*\n", "")
        keys[i] = KEY:gsub("BASE64", base64)
    end
    must("mkdir -p " .. quote(work .. "/idp"))
    write_file(work .. "/idp/metadata.xml", (METADATA:gsub("KEYS", table.concat(keys))))
end

local client = assert(sso.new { base_url = server, ca_file = ca_file })

-- The certificates that SendGrid would take a login by: what the demo must never see empty.
local function enabled_fingerprints()
    local url = variable "SSO_SANDBOX_CONTROL" .. "/state"
    local answer = must("curl -fsS --noproxy '*' " .. quote(url))
    local set = {}
    for _, certificate in ipairs(cjson.decode(answer).certificates) do
        if certificate.enabled then
            set[certificate.fingerprint] = true
        end
    end
    return set
end

local function fingerprint(file)
    return assert(sso.certificate.parse(read_file(file)))[1].fingerprint
end

local function show_call(text)
    for line in text:gmatch("[^\n]+") do
        say_folded(shorten(line))
    end
    print()
end

-- The call of the README: a certificate gets another text, and what a wrong key brings.
local function update(cert_id, file)
    heading "1. The first call of the README: last year's key is replaced"
    local text, status, seconds = first_call(cert_id, file)
    assert(status == 0, text)
    show_call(text)
    row("took", milliseconds(seconds) .. ", from starting Lua to its end")
    local certificate = assert(client:get_certificate(cert_id))
    assert(sso.certificate.same(certificate.public_certificate, read_file(file)),
        "SendGrid has another certificate")
    local parsed = assert(sso.certificate.parse(certificate.public_certificate))[1]
    row("read back", ("%s, %s, valid until %s"):format(parsed.subject, parsed.key.type
        .. " " .. parsed.key.bits, date(parsed.not_after)))

    heading "2. The same call with a wrong key"
    text, status = first_call(cert_id, file, "SG.wrong")
    assert(status == 1 and text:find("401", 1, true), text)
    show_call(text)
    row("exit status", status)
end

-- An identity provider changes its key while people go on logging in.
local function rotate(integration, current, following)
    local url = server .. "/idp/metadata.xml"
    local present, future = fingerprint(current), fingerprint(following)

    heading "3. SendGrid trusts one key of the identity provider, which soon ends"
    program("timeline " .. integration)

    heading "4. The provider announces its next key; sync stores it ahead of time"
    announce(current, following)
    program(("sync %s %s --yes"):format(integration, url))
    local enabled = enabled_fingerprints()
    assert(enabled[present] and not enabled[future], "the key in use must stay trusted")

    heading "5. The provider changes over; sync enables the new key, retires the old"
    announce(following)
    program(("sync %s %s --retire delete --yes"):format(integration, url))
    enabled = enabled_fingerprints()
    assert(enabled[future] and not enabled[present], "the new key must be trusted alone")

    heading "6. The same timeline afterwards, and the same sync once more"
    program("timeline " .. integration)
    local text = program(("sync %s %s --retire delete --yes"):format(integration, url))
    assert(not text:find("added", 1, true), "a second run must add nothing")
    program("check")
end

local function main()
    local began = now()
    local year = os.date("!%Y")
    write_file(work .. "/idp.cnf", (CONFIG:gsub("DIR", work)))
    local today = os.time()
    local old = make_certificate(("%d"):format(year - 1), today - 360 * DAY, 365)
    local current = make_certificate(year, today - 324 * DAY, 365)
    local following = make_certificate(("%d"):format(year + 1), today - DAY, 2 * 365)
    local integration, cert_id = seed(read_file(old))

    -- what the sandbox has at its start is not part of the story
    assert(client:delete_certificate "66138975")

    print "sendgrid-sso: SSO certificates changed against a local SendGrid"
    print(server .. ", started for this demo")
    update(cert_id, current)
    rotate(integration, current, following)
    print()
    print(("%.1f s for everything, making three keys included.  Nothing is left running."):format(
        now() - began))
end

local ok, why = pcall(main)
client:close()
if not ok then
    io.stderr:write("demo: ", tostring(why), "\n")
    os.exit(1)
end
