-- The rock sendgrid-sso.  libcurl and OpenSSL are asked for by library alone: a header would
-- have to be found by luarocks in folders that it does not search on Debian.
--
--     luarocks make
--
-- Where the library is not found either (multiarch folders), name its folder, and where there
-- is no rock server, say that Debian's packages are there (one line each in a config file):
--
--     printf 'rocks_servers = {}\nrocks_provided = {["lua-cjson"] = "2.1.0-1",
--         luaexpat = "1.5.1-1", argparse = "0.7.1-1"}\n' > offline.lua
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
    "luaexpat", -- SAML metadata
    "argparse >= 0.7", -- the program
}
external_dependencies = {
    CURL = {library = "curl"},
    CRYPTO = {library = "crypto"},
}
build = {
    type = "builtin",
    install = {
        bin = {["sendgrid-sso"] = "bin/sendgrid-sso"},
    },
    modules = {
        ["sso.core"] = {
            sources = {
                "src/answer.c",
                "src/begin.c",
                "src/certificate.c",
                "src/certificate_base64.c",
                "src/certificate_check.c",
                "src/certificate_findings.c",
                "src/certificate_lua.c",
                "src/certificate_marker.c",
                "src/certificate_plain.c",
                "src/certificate_secret.c",
                "src/certificate_text.c",
                "src/certificate_x509.c",
                "src/client.c",
                "src/configuration.c",
                "src/core.c",
                "src/drive.c",
                "src/failure.c",
                "src/fetch.c",
                "src/fields.c",
                "src/fields_write.c",
                "src/handle.c",
                "src/json.c",
                "src/operations.c",
                "src/operations_lua.c",
                "src/option_values.c",
                "src/options.c",
                "src/raw_request.c",
                "src/request.c",
                "src/response.c",
                "src/screen.c",
                "src/server_error.c",
                "src/text.c",
                "src/transport/attempt.c",
                "src/transport/buffer.c",
                "src/transport/call.c",
                "src/transport/clock.c",
                "src/transport/diagnosis.c",
                "src/transport/ending.c",
                "src/transport/engine.c",
                "src/transport/events.c",
                "src/transport/headers.c",
                "src/transport/outcome.c",
                "src/transport/pollset.c",
                "src/transport/process.c",
                "src/transport/queue.c",
                "src/transport/retry.c",
                "src/transport/settings.c",
                "src/transport/sockets.c",
                "src/transport/timers.c",
                "src/transport/transfer.c",
                "src/transport/trust.c",
                "src/transport/url.c",
                "src/transport/work.c",
                "src/warnings.c",
            },
            defines = {"_GNU_SOURCE"},
            libraries = {"curl", "crypto", "m"},
            incdirs = {"$(CURL_INCDIR)", "$(CRYPTO_INCDIR)"},
            libdirs = {"$(CURL_LIBDIR)", "$(CRYPTO_LIBDIR)"},
        },
        ["sso.deliver"] = "lua/sso/deliver.lua",
        ["sso.host"] = "lua/sso/host.lua",
        ["sso.host.blocking"] = "lua/sso/host/blocking.lua",
        ["sso.host.copas"] = "lua/sso/host/copas.lua",
        ["sso.host.cqueues"] = "lua/sso/host/cqueues.lua",
        ["sso.host.haproxy"] = "lua/sso/host/haproxy.lua",
        ["sso.host.luv"] = "lua/sso/host/luv.lua",
        ["sso.host.neovim"] = "lua/sso/host/neovim.lua",
        ["sso.host.nginx"] = "lua/sso/host/nginx.lua",
        ["sso.host.uv"] = "lua/sso/host/uv.lua",
        ["sso.host.uv_threads"] = "lua/sso/host/uv_threads.lua",
        ["sso"] = "lua/sso/init.lua",
        ["sso.pages"] = "lua/sso/pages.lua",
        ["sso.types"] = "lua/sso/types.lua",
        ["sso.types.client"] = "lua/sso/types/client.lua",
        ["sso.types.module"] = "lua/sso/types/module.lua",
    },
}
test = {
    type = "command",
    command = "make test",
}
