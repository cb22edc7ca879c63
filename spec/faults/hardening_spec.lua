-- How the module was linked, read in the file itself: what an attacker who got hold of a pointer
-- would look for first.  Of the Makefile's plain build; sanitizers bring their own.

local variant = os.getenv "SSO_VARIANT" or "plain"

local function output_of(command)
    local pipe = assert(io.popen(command .. " 2>/dev/null"))
    local text = pipe:read "*a"
    pipe:close()
    return text
end

local function file_of(name)
    for template in package.cpath:gmatch "[^;]+" do
        local file = template:gsub("%?", (name:gsub("%.", "/")))
        local handle = io.open(file, "rb")
        if handle then
            handle:close()
            return file
        end
    end
end

describe("the module's file", function()
    local module = file_of "sso.core"
    if variant == "asan" or not module or output_of "command -v readelf" == "" then
        pending "no plain build, or no readelf"
        return
    end

    local dynamic = output_of("readelf -dW " .. module)
    local segments = output_of("readelf -lW " .. module)
    local symbols = output_of("readelf --dyn-syms -W " .. module)

    it("has its addresses bound at load and read-only from then on", function()
        assert.truthy(segments:find("GNU_RELRO", 1, true))
        assert.truthy(dynamic:find("BIND_NOW", 1, true))
    end)

    it("has no stack that could be executed, and no text that is written", function()
        assert.truthy(segments:match "GNU_STACK[^\n]* RW ")
        assert.is_nil(segments:match "GNU_STACK[^\n]* RWE ")
        assert.is_nil(segments:match "LOAD[^\n]* RWE ")
        assert.is_nil(dynamic:find("TEXTREL", 1, true))
    end)

    it("guards its stack and checks what it prints into", function()
        assert.truthy(symbols:find("__stack_chk_fail", 1, true))
        assert.truthy(symbols:find("_chk@", 1, true))
    end)

    it("looks for libraries where the system has them alone", function()
        assert.is_nil(dynamic:find("RPATH", 1, true))
        assert.is_nil(dynamic:find("RUNPATH", 1, true))
    end)

    it("shows luaopen_sso_core and nothing else", function()
        local shown = {}
        for line in symbols:gmatch "[^\n]+" do
            local section, name = line:match "GLOBAL%s+DEFAULT%s+(%S+)%s+([^%s@]+)"
            if section and section ~= "UND" then
                shown[#shown + 1] = name
            end
        end
        assert.same({ "luaopen_sso_core" }, shown)
    end)
end)
