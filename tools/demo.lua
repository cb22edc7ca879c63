-- demo.lua: a certificate rotated against the local SendGrid, as `make demo` shows it.
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

local function days_left(certificate)
    return (certificate.not_after - os.time() + DAY // 2) // DAY
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

-- Runs the README's first call in a directory where the new certificate lies.
local function first_call(cert_id, file, key)
    local script = "examples/update_certificate.lua"
    local name = file:match("[^/]*$")
    if key then
        say("$ export SENDGRID_API_KEY=%s", key)
    end
    say("$ lua5.4 %s %s %s", script, cert_id, name)
    print()
    local absolute = must("cd " .. quote(top) .. " && pwd"):gsub("\n$", "")
    return run(table.concat({
        "cd", quote(work), "&& env",
        "LUA_PATH=" .. quote(absolute .. "/lua/?.lua;" .. absolute .. "/lua/?/init.lua;;"),
        "LUA_CPATH=" .. quote(absolute .. "/build/5.4/?.so;;"),
        "SENDGRID_BASE_URL=" .. server, "SSL_CERT_FILE=" .. quote(ca_file),
        key and "SENDGRID_API_KEY=" .. key or "",
        "lua5.4", quote(absolute .. "/" .. script), cert_id, name,
    }, " "))
end

-- The middle of a certificate says nothing to a reader.
local function shorten(body)
    return (body:gsub("(-----BEGIN CERTIFICATE-----\\n%w%w%w%w%w%w%w%w)(.*)(\\n%-%-%-%-%-END)",
        function(start, middle, stop)
            return ("%s... %d characters more ...%s"):format(start, #middle, stop)
        end))
end

local function show_certificate(certificate)
    row("subject", certificate.subject)
    row("key", certificate.key.type .. ", " .. certificate.key.bits .. " bits")
    row("valid", ("%s to %s, %d days left"):format(
        date(certificate.not_before), date(certificate.not_after), days_left(certificate)))
    row("sha256", certificate.fingerprint)
end

local COMPARED = {
    { name = "subject", of = function(certificate) return certificate.subject end },
    { name = "valid from", of = function(certificate) return date(certificate.not_before) end },
    { name = "valid until", of = function(certificate) return date(certificate.not_after) end },
    { name = "days left", of = days_left },
}

local client = assert(sso.new { base_url = server, ca_file = ca_file })

-- The certificate that SendGrid has under an id, read, and how long the answer took.
local function look(cert_id)
    local certificate, err, response = client:get_certificate(cert_id)
    assert(certificate, err)
    return assert(sso.certificate.parse(certificate.public_certificate))[1], response
end

local function main()
    local began = now()
    local year = os.date("!%Y")
    write_file(work .. "/idp.cnf", (CONFIG:gsub("DIR", work)))
    local old_file = make_certificate(("%d"):format(year - 1), os.time() - 320 * DAY, 365)
    local new_file = make_certificate(year, os.time(), 365)
    local integration, cert_id = seed(read_file(old_file))

    print("sendgrid-sso: rotating an SSO certificate against a local SendGrid")
    print(server .. ", started for this demo")

    heading("1. SendGrid trusts last year's key of the identity provider")
    local before, response = look(cert_id)
    row("integration", integration)
    row("cert_id", cert_id)
    show_certificate(before)
    row("read in", milliseconds(response.elapsed) .. ", connecting included")

    heading("2. This year's certificate is sent, by the first call of the README")
    local text, status, seconds = first_call(cert_id, new_file)
    assert(status == 0, text)
    for line in text:gmatch("[^\n]+") do
        say_folded(shorten(line))
    end
    print()
    row("took", milliseconds(seconds) .. ", from starting Lua to its end")

    heading("3. What changed")
    local after
    after, response = look(cert_id)
    assert(sso.certificate.same(after, read_file(new_file)), "SendGrid has another certificate")
    assert(response.timings.reused, "the connection was not kept")
    say("%-14s%-24s%s", "", "before", "after")
    for _, line in ipairs(COMPARED) do
        say("%-14s%-24s%s", line.name, line.of(before), line.of(after))
    end
    row("sha256", before.fingerprint)
    row("", after.fingerprint)
    row("read in", milliseconds(response.elapsed) .. ", on the connection of step 1")

    heading("4. The same call with a wrong key")
    text, status, seconds = first_call(cert_id, new_file, "SG.wrong")
    assert(status == 1 and text:find("401", 1, true), text)
    for line in text:gmatch("[^\n]+") do
        say_folded(line)
    end
    print()
    row("exit status", status)
    row("took", milliseconds(seconds))

    print()
    print(("%.1f s for everything, making two keys included.  Nothing is left running."):format(
        now() - began))
end

local ok, why = pcall(main)
client:close()
if not ok then
    io.stderr:write("demo: ", tostring(why), "\n")
    os.exit(1)
end
