--- Neovim as the host: a real one, headless, in a process of its own for each case.

local cases = require "support.uv_cases"
local helper = require "helper"
local neovim = require "support.neovim"

local function check(prints, code, urls)
    local run = neovim.lua(code, { env = cases.environment { urls = urls } })
    assert.equal(prints .. "end\n", run.output)
    assert.equal(0, run.status)
end

describe("in Neovim", function()
    setup(function()
        print("\n" .. table.concat({ neovim.version() }, ", "))
    end)

    cases.define(neovim.lua)

    it("callbacks and coroutines go on where the whole API may be used", function()
        check("callback false 1\ncoroutine false 2\n", [[
            loop(function(done)
                local client = client "ok"
                local function use(who, value)
                    vim.api.nvim_buf_set_lines(0, 0, -1, false, { tostring(value.id) })
                    say(who, vim.in_fast_event(), vim.fn.getline(1))
                end
                client:get_certificate(1, function(value)
                    use("callback", value)
                    later(1, function() -- a fast event, in which the API may not be used
                        go(function()
                            use("coroutine", client:get_certificate(2))
                            done()
                        end)
                    end)
                end)
            end)
        ]], { ok = "ok" })
    end)

    it("what is scheduled runs while a plain call waits on the main loop", function()
        check("scheduled\ntimer of Vim's\n1\n", [[
            vim.schedule(function() say "scheduled" end)
            vim.fn.timer_start(30, function() say "timer of Vim's" end)
            say(client "ok":get_certificate(1).id)
        ]], { ok = "delay-800" })
    end)

    it("plain calls may be nested by what is scheduled meanwhile", function()
        check("2\n1\n", [[
            local client = client "ok"
            vim.schedule(function() say(client:get_certificate(2).id) end)
            say(client:get_certificate(1).id)
        ]], { ok = "delay-50" })
    end)

    it("Ctrl-C ends a plain call", function()
        check("cancelled true\n", [[
            local from = process.now()
            later(100, function() vim.api.nvim_input "<C-c>" end)
            local _, err = client "stall":get_certificate(1)
            say(err.kind, process.now() - from < 2)
        ]], { stall = "stall-headers" })
    end)

    describe("exits at once with calls in flight:", function()
        local places = {
            ["an answer that never comes"] = { "stall-headers", "http" },
            ["TLS that never begins"] = { "stall-headers", "tls_stall" },
            ["a slow name look-up"] = {},
        }
        for what, place in pairs(places) do
            for _, command in ipairs { "qa!", "cquit" } do
                it(what .. ", " .. command, function()
                    helper.patiently(function()
                        local base_url = place[1] and helper.faults(place[1], place[2])
                            or "https://slow-60000.test:1"
                        local run = neovim.run({
                            "lua client = assert(require 'sso'.new { api_key = 'SG.key', "
                                .. "base_url = '" .. base_url .. "' })",
                            "lua for i = 1, 5 do client:get_certificate(i, function() end) end",
                            "lua coroutine.wrap(function() client:get_certificate(6) end)()",
                            "lua vim.wait(50)",
                            "lua io.stdout:write(client:_active(), ' active')",
                            command,
                        }, { slow_names = true })
                        assert.equal("6 active", run.output)
                        assert.equal(command == "qa!" and 0 or 1, run.status)
                        assert.is_true(run.elapsed < 2 * helper.patience, run.elapsed)
                    end)
                end)
            end
        end
    end)
end)

describe("the example plugin", function()
    -- Patterns know bytes only.
    local function plain(text)
        return (text:gsub("\r", ""):gsub("█", "#"):gsub("·", "."):gsub("┃", "|"))
    end

    -- Types the command and prints the window when the answers are there.
    local function window(command, env)
        local run = neovim.run({
            command,
            "lua assert(vim.wait(5000, function() return not vim.fn.getline(1):find 'asking' end))",
            "lua io.stdout:write(table.concat(vim.fn.getline(1, '$'), '\\n'), '\\n')",
            "lua io.stdout:write(vim.api.nvim_win_get_config(0).relative)",
            "normal q",
            "lua io.stdout:write(' ', #vim.api.nvim_list_wins(), '\\n')",
            "qa!",
        }, { env = env, plugin = "examples/neovim" })
        assert.equal(0, run.status, run.output)
        return plain(run.output)
    end

    local function line_of(text, id)
        return text:match("[^\n]* " .. id .. " [^\n]*") or error("no " .. id .. " in\n" .. text)
    end

    before_each(function()
        helper.sandbox.reset()
    end)

    it("shows a bar for each certificate, and today", function()
        local new = helper.sandbox.seed {
            certificates = {
                {
                    integration_id = helper.INTEGRATION,
                    public_certificate = helper.certificate { key = "ec", days = 20 },
                },
            },
        }
        local text = window "SsoCertificates"
        assert.matches("^ +%d%d%d%d%-%d%d%-%d%d +%d%d%d%d%-%d%d%-%d%d\n +today\n", text)
        assert.matches(" |#+  until %d%d%d%d%-%d%d%-%d%d, 36%d days left$",
            line_of(text, helper.CERT_ID))
        assert.matches(" |#*%.+  until %d%d%d%d%-%d%d%-%d%d, %d%d days left$",
            line_of(text, ("%.0f"):format(new.certificates[1])))
        assert.matches("\neditor 1\n$", text)
    end)

    it("shows one integration's, and what went wrong", function()
        assert.matches("66138975", window("SsoCertificates " .. helper.INTEGRATION))
        assert.matches("^ list_certificates: 404 not found", window "SsoCertificates none")
        assert.matches("401 unauthorized",
            window("SsoCertificates", { "SENDGRID_API_KEY=SG.wrong" }))
    end)

    it("tells expired, ending and coming certificates apart", function()
        local run = neovim.lua([[
            package.path = "examples/neovim/lua/?.lua;" .. package.path
            local render = require "sso_certificates".render
            local day, now = 86400, 1700000000
            local function one(id, from, to)
                return { id = id, not_before = now + from * day, not_after = now + to * day }
            end
            local lines, marks = render({
                one(4, 100, 400), one(3, -100, 300), one(2, -300, 20), one(1, -400, -100),
            }, now, 80)
            say(table.concat(lines, "\n"))
            for i, mark in ipairs(marks) do
                say(i, mark[4], vim.fn.strdisplaywidth(lines[mark[1] + 1]) <= 80)
            end
            say(render({}, now, 80)[1])
        ]], {})
        assert.equal(0, run.status, run.output)
        local text = plain(run.output)
        assert.matches("\n 1  #+%.+|%.+  ended 2023%-08%-06, 100 days ago\n", text)
        assert.matches("\n 2  %.+#+|#+%.+  until 2023%-12%-04, 20 days left\n", text)
        assert.matches("\n 3  %.+#+|#+%.+  until 2024%-09%-09, 300 days left\n", text)
        assert.matches("\n 4  %.+|%.+#+  begins 2024%-02%-22\n", text)
        assert.matches("1 DiagnosticError true\n2 DiagnosticWarn true\n3 DiagnosticInfo true\n"
            .. "4 DiagnosticHint true\n no certificates\n", text)
    end)
end)
