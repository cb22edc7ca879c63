-- What is built of calls, as rows: which source annotates it, who owns its functions, under which
-- part of the page it goes, in which order, and the examples of each (they run, see
-- spec/reference_blocks_spec.lua).  The words are the annotations' own.
--
--   owner      "client" (the module has it too), or the part of the module: sso.OWNER
--   functions  { name, example? }; classes: told after them

return {
    {
        source = "lua/sso/rotation.lua",
        also = { "lua/sso/rotation/plan.lua", "lua/sso/journal.lua" },
        owner = "client",
        group = "rotation",
        functions = {
            {
                "ensure_certificate",
                [[
local outcome, certificate = client:ensure_certificate(integration_id, {
    public_certificate = pem,
    enabled = true,
})
print(outcome, certificate.integration_id == integration_id)]],
            },
            {
                "rotate_certificate",
                [[
local plan, err = client:rotate_certificate(integration_id, {
    public_certificate = pem, -- or metadata = "https://idp.example/metadata"
    retire = "disable",
    dry_run = true,
})
for _, step in ipairs(assert(plan, err).steps) do
    print(step.action, step.subject, step.reason)
end]],
            },
            { "sync_metadata" },
        },
        classes = { "sso.RotationPlan", "sso.RotationStep", "sso.JournalEntry" },
    },
    {
        source = "lua/sso/monitor.lua",
        owner = "client",
        group = "monitor",
        functions = {
            {
                "check_certificates",
                [[
local report = assert(client:check_certificates { within = 30 * 86400 })
print(report.status, #report, #report.integrations)]],
            },
        },
        classes = {
            "sso.CheckOptions", "sso.Report", "sso.Finding", "sso.ReportIntegration",
            "sso.ReportCertificate",
        },
    },
    {
        source = "lua/sso/monitor.lua",
        owner = "monitor",
        functions = {
            {
                "format",
                [[
local sso = require "sso"

local report = assert(client:check_certificates())
local text, status = sso.monitor.format(report, "nagios")
print(text, status)]],
            },
            { "exit_status" },
        },
        classes = {},
    },
    {
        source = "lua/sso/timeline.lua",
        owner = "timeline",
        functions = {
            {
                "text",
                [[
local sso = require "sso"

local report = assert(client:check_certificates())
print(sso.timeline.text(report, { width = 72, ascii = true }))]],
            },
            { "svg" },
        },
        classes = {},
    },
    {
        source = "lua/sso/snapshot.lua",
        owner = "client",
        group = "snapshot",
        functions = {
            {
                "snapshot",
                [[
local snapshot = assert(client:snapshot())
print(snapshot.format, #snapshot.integrations)]],
            },
            {
                "diff",
                [[
local snapshot = assert(client:snapshot())
assert(client:update_integration(integration_id, { name = "Other" }))
for _, difference in ipairs(assert(client:diff(snapshot))) do
    print(difference.kind, difference.change, difference.field, difference.to)
end]],
            },
            {
                "restore",
                [[
local snapshot = assert(client:snapshot())
assert(client:update_integration(integration_id, { name = "Other" }))
local plan = assert(client:restore(snapshot))
print(plan.changed, #plan.differences)]],
            },
        },
        classes = { "sso.Snapshot", "sso.Difference", "sso.RestorePlan", "sso.RestoreStep" },
    },
    {
        source = "lua/sso/metadata.lua",
        owner = "metadata",
        functions = { { "parse" }, { "fetch" } },
        classes = { "sso.Metadata" },
    },
    {
        source = "lua/sso/saml.lua",
        owner = "saml",
        functions = { { "explain" }, { "format" } },
        classes = { "sso.Explanation" },
    },
}
