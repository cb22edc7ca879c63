-- Defines the command; what it does is loaded when it is used.
--
--     :SsoCertificates [INTEGRATION_ID]      all integrations without an id
--
-- To install: add this folder to 'runtimepath', and have SENDGRID_API_KEY in the environment.
-- luacheck: read globals vim

vim.api.nvim_create_user_command("SsoCertificates", function(command)
    require("sso_certificates").open(command.args ~= "" and command.args or nil)
end, { nargs = "?", desc = "SSO certificates and how long they are valid" })
