-- rock-modules: the list of modules a rockspec must name, made from the tree.
--   lua5.4 tools/rock-modules.lua           prints it, ready for the rockspec
--   lua5.4 tools/rock-modules.lua --check   compares it with the rockspec; silent when equal
local ROCKSPEC = "sendgrid-sso-scm-1.rockspec"

local function files(where)
    local list = {}
    local pipe = assert(io.popen("find " .. where .. " | LC_ALL=C sort"))
    for name in pipe:lines() do
        list[#list + 1] = name
    end
    pipe:close()
    return list
end

-- lua/sso/host/nginx.lua is sso.host.nginx, lua/sso/init.lua is sso.
local function module_name(file)
    local name = file:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", "")
    return (name:gsub("/", "."))
end

local sources = files("src -name '*.c'")
local scripts = files("lua -name '*.lua'")

if arg[1] ~= "--check" then
    io.write("    modules = {\n        [\"sso.core\"] = {\n            sources = {\n")
    for _, file in ipairs(sources) do
        io.write(('                "%s",\n'):format(file))
    end
    io.write("            },\n")
    io.write("            defines = {\"_GNU_SOURCE\"},\n")
    io.write("            libraries = {\"curl\", \"crypto\", \"m\"},\n")
    io.write("            incdirs = {\"$(CURL_INCDIR)\", \"$(CRYPTO_INCDIR)\"},\n")
    io.write("            libdirs = {\"$(CURL_LIBDIR)\", \"$(CRYPTO_LIBDIR)\"},\n        },\n")
    for _, file in ipairs(scripts) do
        io.write(('        ["%s"] = "%s",\n'):format(module_name(file), file))
    end
    io.write("    },\n")
    return
end

local rockspec = {}
assert(loadfile(ROCKSPEC, "t", rockspec))()
local listed = {}
for name, what in pairs(rockspec.build.modules) do
    if type(what) == "string" then
        listed[what] = name
    else
        for _, file in ipairs(what.sources) do
            listed[file] = name
        end
    end
end

local wrong = 0
local function finding(file, what)
    wrong = wrong + 1
    print(("%s: %s %s"):format(ROCKSPEC, file, what))
end

local function compare(list, name_of)
    for _, file in ipairs(list) do
        if not listed[file] then
            finding(file, "is in the tree and not listed")
        elseif listed[file] ~= name_of(file) then
            finding(file, "is listed as " .. listed[file] .. ", not " .. name_of(file))
        end
        listed[file] = nil
    end
end

compare(sources, function() return "sso.core" end)
compare(scripts, module_name)
for file in pairs(listed) do
    finding(file, "is listed and not in the tree")
end
if wrong > 0 then
    print("lua5.4 tools/rock-modules.lua prints the list as it should be")
end
os.exit(wrong == 0)
