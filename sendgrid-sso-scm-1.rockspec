-- The rock sendgrid-sso.  libcurl and OpenSSL are asked for by library alone: a header would
-- have to be found by luarocks in folders that it does not search on Debian.
--
--     luarocks make
--
-- Where the library is not found either (multiarch folders), name its folder, and where there
-- is no rock server, say that Debian's lua-cjson is there (one line each in a config file):
--
--     printf 'rocks_servers = {}\nrocks_provided = {["lua-cjson"] = "2.1.0-1"}\n' > offline.lua
--     LUAROCKS_CONFIG=$PWD/offline.lua luarocks --lua-version 5.4 make --tree TREE \
--         CURL_LIBDIR=/usr/lib/$(gcc -print-multiarch) \
--         CRYPTO_LIBDIR=/usr/lib/$(gcc -print-multiarch)
--
-- tools/rock-modules.lua prints the list of modules; make lint compares it.
rockspec_format = "3.0"
package = "sendgrid-sso"
version = "scm-1"
source = {
    url = "git+file://.",
}
description = {
    summary = "Twilio SendGrid's SSO API: certificates and their rotation",
    detailed = [[
A C module over libcurl that calls SendGrid's SSO API, alone or inside an event
loop (nginx), with retries, deadlines and errors to branch on.]],
    license = "MIT",
    labels = {"sendgrid", "sso", "saml", "http"},
}
dependencies = {
    "lua >= 5.1, < 5.5",
    "lua-cjson",
}
external_dependencies = {
    CURL = {library = "curl"},
    CRYPTO = {library = "crypto"},
}
build = {
    type = "builtin",
MODULES
}
test = {
    type = "command",
    command = "make test",
}
