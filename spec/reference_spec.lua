-- docs/reference.md and the annotations in lua/sso/types.lua tell everything that the module has,
-- and nothing else. What tables really come back, with the sandbox's answers, is compared with what
-- is told of them. reference_blocks_spec.lua runs the page's blocks of Lua.

local core = require "sso.core"
local helper = require "helper"
local process = require "process"
local runner = require "support.runner"
local samples = require "support.samples"
local sso = require "sso"

local PAGE = "docs/reference.md"
local TYPES = { "lua/sso/types.lua", "lua/sso/types/client.lua", "lua/sso/types/module.lua" }
local ID, INTEGRATION = tostring(helper.CERT_ID), helper.INTEGRATION
local USERNAME = "jane_doe@example.com"

runner.around()

local page, types = runner.read(PAGE), ""
for _, file in ipairs(TYPES) do
    types = types .. runner.read(file)
end

-- What is built of calls is annotated where it is written.
local sources = ""
for file in runner.output "find lua/sso -name '*.lua'":gmatch "[^\n]+" do
    sources = sources .. runner.read(file)
end

local function sorted(set)
    local list = {}
    for name in pairs(set) do
        list[#list + 1] = name
    end
    table.sort(list)
    return list
end

-- The names of the public functions in a table.
local function functions_of(module)
    local set = {}
    for name, value in pairs(module) do
        if type(value) == "function" and not name:match "^_" then
            set[name] = true
        end
    end
    return set
end

-- What a pattern captures all over a text.
local function captures(text, pattern)
    local set = {}
    for name in text:gmatch(pattern) do
        set[name] = true
    end
    return set
end

local function union(...)
    local all = {}
    for _, set in ipairs { ... } do
        for name in pairs(set) do
            all[name] = true
        end
    end
    return all
end

-- The fields of a class of the annotations: name → "", or "?" for one that may be missing.
local function fields_of(class)
    local rest = class:gsub("%.", "%%.") .. "[\n:](.-)\n\n"
    local text = types:match("%-%-%-@class %(exact%) " .. rest)
        or types:match("%-%-%-@class " .. rest)
    assert(text, "no class " .. class)
    local fields = {}
    for name, mark in ("\n" .. text):gmatch "\n%-%-%-@field ([%w_]+)(%??) " do
        fields[name] = mark
    end
    return fields
end

-- The classes that the annotations define, and those that they use.
local function classes()
    local defined, used = {}, {}
    for line in sources:gmatch "[^\n]+" do
        local name = line:match "^%-%-%-@class %(exact%) ([%w_.]+)"
            or line:match "^%-%-%-@class ([%w_.]+)" or line:match "^%-%-%-@alias ([%w_.]+)"
        if name then
            defined[name] = true
        end
        if line:match "^%-%-%-@" then
            for word in line:gmatch "%f[%w]sso%.%u%w+" do
                used[word] = true
            end
        end
    end
    return defined, used
end

-- ---- everything is there, and nothing else ------------------------------------------

local operations = {}
for _, operation in ipairs(core.operations) do
    operations[operation.name] = operation
end

-- The client's function stands in that module and is called on a client.
local function monitor_functions()
    local set = functions_of(sso.monitor)
    set.check_certificates = nil
    return set
end

local FUNCTIONS = {
    { "sso", functions_of(sso), "sso%.([%w_]+)", "sso%.([%w_]+)" },
    { "client", functions_of(core.client), "client:([%w_]+)", "Client:([%w_]+)" },
    { "handle", functions_of(core.handle), "handle:([%w_]+)", "Handle:([%w_]+)" },
    { "sso.certificate", functions_of(sso.certificate), "sso%.certificate%.([%w_]+)",
        "certificate%.([%w_]+)" },
    { "sso.metadata", functions_of(sso.metadata), "sso%.metadata%.([%w_]+)",
        "metadata%.([%w_]+)" },
    { "sso.saml", functions_of(sso.saml), "sso%.saml%.([%w_]+)", "saml%.([%w_]+)" },
    { "sso.timeline", functions_of(sso.timeline), "sso%.timeline%.([%w_]+)",
        "timeline%.([%w_]+)" },
    { "sso.monitor", monitor_functions(), "sso%.monitor%.([%w_]+)", "monitor%.([%w_]+)" },
}

describe("the reference", function()
    for _, row in ipairs(FUNCTIONS) do
        it("has every function of " .. row[1] .. " and no other", function()
            local headings = captures(page, "\n### " .. row[3] .. "\n")
            if row[1] == "client" then
                headings = union(headings, captures(page, "\n### ([%l_]+)\n"))
            elseif row[1] == "sso" then -- what a client has too is told there
                headings = union(headings, captures(page, "\n### ([%l_]+)\n"),
                    captures(page, "\n### client:(each_[%w_]+)\n"),
                    captures(page, "\n### client:(list_all_[%w_]+)\n"),
                    captures(page, "\n### client:(request)\n"),
                    captures(page:match "\n## Rotation\n(.-)\n## SAML\n",
                        "\n### client:([%w_]+)\n"))
            end
            assert.same(sorted(row[2]), sorted(headings))
        end)

        it("annotates every function of " .. row[1] .. " and no other", function()
            assert.same(sorted(row[2]), sorted(captures(types, "\nfunction " .. row[4] .. "%(")))
        end)
    end

    it("has every option and no other", function()
        local known, per_call = {}, {}
        for _, option in ipairs(core.options) do
            known[option.name] = true
            per_call[option.name] = option.per_call or nil
        end
        assert.same(sorted(known), sorted(samples.table_names(PAGE, "Options")))
        assert.same(sorted(per_call), sorted(fields_of "sso.CallOptions"))
        local annotated = union(fields_of "sso.CallOptions", fields_of "sso.Options")
        assert.same(sorted(known), sorted(annotated))
    end)

    it("has every kind of error and no other", function()
        local known = {}
        for _, kind in ipairs(core.kinds) do
            known[kind] = true
        end
        assert.same(sorted(known), sorted(samples.table_names(PAGE, "Kinds")))
        local alias = types:match "%-%-%-@alias sso%.Kind\n(.-)\n\n"
        assert.same(sorted(known), sorted(captures(alias, "%-%-%-| \"([%w_]+)\"")))
    end)

    it("has every host", function()
        local host = types:match "%-%-%-@field host%? ([^\n]*)"
        assert.same(sorted(core.hosts), sorted(captures(host:match "^%S+", "\"([%w_]+)\"")))
        local names = page:match "\nNames for the option: ([^\n]*)"
        assert.same(sorted(core.hosts), sorted(captures(names, "`\"([%w_]+)\"`")))
    end)

    for name, operation in pairs(operations) do
        it("tells request, page and fields of " .. name, function()
            local entry = page:match("\n### " .. name .. "\n(.-)\n##")
            assert.truthy(entry:find(operation.method .. " " .. operation.path, 1, true))
            assert.truthy(entry:find("\"" .. operation.page .. "\"", 1, true))
            assert.truthy(entry:find("client:" .. name .. "(", 1, true))
            assert.truthy(entry:find("callback)  --> handle", 1, true))
            assert.equal(operation.repeatable, not entry:find("not repeatable", 1, true))
            local fields = entry:match "\n| in `.*" or ""
            for _, field in ipairs(operation.fields or {}) do
                local row = fields:match("\n| `" .. field.name .. "` |([^\n]*)")
                assert.truthy(row, field.name)
                assert.truthy(row:find(field.doc, 1, true), field.name)
                assert.equal(field.required and operation.method == "POST",
                    row:find "| required |" ~= nil, field.name)
                for _, choice in ipairs(field.choices or {}) do
                    assert.truthy(row:find("`\"" .. choice .. "\"`", 1, true), choice)
                end
                for _, item in ipairs(field.items or {}) do
                    local place = ("| `%s[i].%s` |"):format(field.name, item.name)
                    assert.truthy(fields:find(place, 1, true), place)
                end
            end
            for parameter in operation.path:gmatch "{([%w_]+)}" do
                local row = ("\n| `%s` | string or whole number |"):format(parameter)
                assert.truthy(entry:find(row, 1, true), parameter)
            end
        end)
    end

    it("links to headings that are there", function()
        local anchors, used = {}, 0
        for title in page:gmatch "\n#+ ([^\n]*)" do
            anchors[title:lower():gsub("[^%w _-]", ""):gsub(" ", "-")] = true
        end
        for target in page:gmatch "%]%(#([^)]*)%)" do
            assert.truthy(anchors[target], target)
            used = used + 1
        end
        assert.is_true(used > 100)
    end)
end)

-- ---- the annotations ---------------------------------------------------------------

describe("the annotations", function()
    for _, file in ipairs(TYPES) do
        it("load without effect: " .. file, function()
            local before = {}
            for name in pairs(_G) do
                before[name] = true
            end
            local chunk = assert(loadfile(file))
            assert.equal(0, select("#", chunk()))
            for name in pairs(_G) do
                assert.is_true(before[name], name)
            end
        end)
    end

    it("are not needed at run time", function()
        for name in pairs(package.loaded) do
            assert.is_nil(name:find "^sso%.types", name)
        end
        local done = helper.lua [[
            package.preload["sso.types"] = function() error "loaded" end
            local sso = require "sso"
            sso.each_teammate()
            for name in pairs(package.loaded) do assert(not name:find "^sso%.types", name) end
        ]]
        assert.equal(0, done.status, done.output)
    end)

    it("use no class that they do not define", function()
        local defined, used = classes()
        for name in pairs(used) do
            assert.truthy(defined[name], name)
        end
        for _, name in ipairs { "sso", "sso.Client", "sso.Handle", "sso.Error", "sso.Response" } do
            assert.truthy(defined[name], name)
        end
    end)
end)

-- ---- what really comes back ----------------------------------------------------------

-- Every field that is there is told; every field that is told and is not marked "?" is there.
local function check_fields(class, value)
    local fields = fields_of(class)
    for name in pairs(value) do
        assert.truthy(fields[name], class .. " does not tell " .. tostring(name))
    end
    for name, mark in pairs(fields) do
        assert.is_true(mark == "?" or value[name] ~= nil, class .. " tells " .. name)
    end
end

describe("the tables that come back", function()
    local client

    before_each(function()
        helper.sandbox.seed {
            teammates = { {
                email = USERNAME,
                first_name = "Jane",
                last_name = "Doe",
                has_restricted_subuser_access = true,
                subuser_access = { { id = 1001, permission_type = "admin" } },
            } },
            pending = { { email = "new@example.com", scopes = { "mail.send" } } },
        }
        client = assert(sso.new())
    end)

    after_each(function()
        client:close()
    end)

    for _, told in ipairs { false, true } do
        it("have the fields of sso.Certificate, enabled told: " .. tostring(told), function()
            helper.sandbox.switch { tell_enabled = told }
            check_fields("sso.Certificate", assert(client:get_certificate(ID)))
            check_fields("sso.Certificate", assert(client:list_certificates(INTEGRATION))[1])
        end)
    end

    it("have the fields of sso.Integration", function()
        check_fields("sso.Integration", assert(client:get_integration(INTEGRATION)))
        check_fields("sso.Integration", assert(client:list_integrations { si = true })[1])
    end)

    it("have the fields of sso.Teammate", function()
        check_fields("sso.Teammate", assert(client:list_teammates())[1])
        check_fields("sso.Teammate", assert(client:get_teammate(USERNAME)))
        local teammate = assert(client:update_sso_teammate(USERNAME, {
            first_name = "Joan",
            last_name = "Doe",
        }))
        check_fields("sso.Teammate", teammate)
        check_fields("sso.SubuserAccess", teammate.subuser_access[1])
    end)

    it("have the fields of sso.Invitation and sso.SubuserAccessPage", function()
        check_fields("sso.Invitation", assert(client:list_pending_teammates())[1])
        local access = assert(client:list_subuser_access(USERNAME))
        check_fields("sso.SubuserAccessPage", access)
        check_fields("sso.SubuserAccessMetadata", access._metadata)
    end)

    it("have the fields of sso.Response", function()
        helper.sandbox.switch { rate_limit = { limit = 100, window = 60 } }
        local _, _, response = client:get_certificate(ID)
        assert.is_table(response.headers)
        assert.is_nil(response.request_id)
        check_fields("sso.RateLimit", response.rate_limit)
        check_fields("sso.Timings", response.timings)
        check_fields("sso.Response", response)
    end)

    it("have the fields of sso.Error", function()
        helper.sandbox.fault { status = 429, headers = { ["Retry-After"] = "600" } }
        local _, err = client:get_certificate(ID)
        check_fields("sso.Error", err)
        check_fields("sso.ServerError", err.errors[1])
        local _, unreachable = client:get_certificate(ID,
            { base_url = "http://127.0.0.1:1", max_retries = 0 })
        check_fields("sso.Error", unreachable)
        assert.is_string(unreachable.phase)
        assert.truthy(types:find("---| \"" .. unreachable.phase .. "\"", 1, true))
    end)

    it("have the fields of sso.Event", function()
        local names = {}
        helper.sandbox.fault { status = 503 }
        assert(client:get_certificate(ID, {
            on_event = function(event)
                check_fields("sso.Event", event)
                names[event.event] = true
            end,
        }))
        assert.same({ "attempt", "finish", "retry", "start" }, sorted(names))
    end)

    it("have the fields of sso.X509 and its parts", function()
        for _, key in ipairs { "ec", "ed25519" } do
            local pem = helper.certificate { key = key }
            local parsed = sso.certificate.parse(pem)[1]
            check_fields("sso.X509Key", parsed.key)
            assert.equal("valid", parsed:state())
            parsed.state = parsed.state -- a method: out of the metatable into the table
            check_fields("sso.X509", parsed)
        end
        local weak = helper.certificate { key = "rsa:1024" }
        check_fields("sso.CertificateProblem", sso.certificate.check(weak)[1])
        check_fields("sso.CertificateProblem", sso.certificate.check("none")[1])
    end)

    it("have the fields of sso.Version", function()
        check_fields("sso.Version", sso.version())
    end)
end)

-- ---- the generator -------------------------------------------------------------------

if runner.version == "5.4" and os.getenv "SSO_VARIANT" == "plain" then
    describe("tools/generate-docs --check", function()
        local folder

        local function generate(...)
            return process.run({ runner.top .. "/tools/generate-docs", ... }, {}, 20)
        end

        before_each(function()
            folder = runner.output "mktemp -d"
            runner.output(("mkdir -p %s/docs %s/lua/sso/types"):format(folder, folder))
            assert.equal(0, generate(folder).status)
        end)

        after_each(function()
            process.run({ "rm", "-rf", folder }, {}, 10)
        end)

        it("is content with what is in the tree", function()
            local done = generate "--check"
            assert.equal("", done.output)
            assert.equal(0, done.status)
        end)

        it("writes the same twice", function()
            assert.equal(page, runner.read(folder .. "/" .. PAGE))
            assert.equal(0, generate("--check", folder).status)
        end)

        it("names what is not what it would write, and what is missing", function()
            local file = assert(io.open(folder .. "/" .. PAGE, "ab"))
            file:write "\nby hand\n"
            file:close()
            os.remove(folder .. "/lua/sso/types.lua")
            local done = generate("--check", folder)
            assert.equal(1, done.status)
            assert.truthy(done.output:find("docs/reference.md: ", 1, true))
            assert.truthy(done.output:find("lua/sso/types.lua: ", 1, true))
            assert.is_nil(done.output:find("types/client.lua", 1, true))
        end)
    end)
end
