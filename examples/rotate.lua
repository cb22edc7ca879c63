-- Replaces the certificate of an integration so that nobody is locked out: the new one is added,
-- enabled and read back before the old one goes.  May be stopped and run again at any time.
--
--     lua rotate.lua INTEGRATION_ID FILE [keep|disable|delete]

local sso = require "sso"

local integration_id, path, retire = arg[1], arg[2], arg[3]
if not path then
    io.stderr:write("usage: rotate.lua INTEGRATION_ID FILE [keep|disable|delete]\n")
    os.exit(2)
end

local file = assert(io.open(path, "rb"))
local pem = file:read("*a")
file:close()

local plan, err = sso.rotate_certificate(integration_id, {
    public_certificate = pem,
    retire = retire, -- keep when it is not given
})

-- A failure comes with the plan as well, once there is one: what is done and what remains.
for _, step in ipairs(plan and plan.steps or err.plan and err.plan.steps or {}) do
    print(("%-8s%-10s%s: %s%s"):format(step.action, step.id or "", step.subject or "unreadable",
        step.reason, step.done and "" or " (not done)"))
end
for _, warning in ipairs(plan and plan.warnings or {}) do
    print("warning: " .. warning)
end

if not plan then
    io.stderr:write(tostring(err), "\n")
    os.exit(1)
end
