--- The module loaded again and again beside a client that is in use; what was left half-way is
-- completed by the next load.

local shared = require "client"

local function load()
    local names = {}
    for name in pairs(package.loaded) do
        if name == "sso" or name:find "^sso%." then
            names[#names + 1] = name
        end
    end
    for _, name in ipairs(names) do
        package.loaded[name] = nil
    end
    require "sso"
end

local function check()
    load()
    shared.check()
end

return { setup = shared.check, run = load, check = check }
