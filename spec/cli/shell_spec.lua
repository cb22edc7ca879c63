-- What comes with the program for shells and readers: completions, the man page, and the launcher
-- that finds its module.

local helper = require "helper"
local process = require "process"
local transcript = require "support.transcript"

if os.getenv "SSO_VARIANT" == "valgrind" then
    return -- it does not follow programs
end

describe("for shells", function()
    local folder

    setup(function()
        folder = transcript.open()
    end)
    teardown(transcript.close)

    local function run(shell, script)
        local done = process.run({ shell, "-c", script }, transcript.environment(),
            20 * helper.patience)
        return done.output, done.status
    end

    local function has(program)
        return select(2, run("sh", "command -v " .. program)) == 0
    end

    -- A case that is skipped where the program is not installed.
    local function it_with(program, name, case)
        it(name, function()
            if not has(program) then
                pending(program .. " is not installed")
                return
            end
            case()
        end)
    end

    -- What bash offers after these words.
    local function completed(words)
        local list = {}
        for word in words:gmatch "%S+" do
            list[#list + 1] = word == "_" and "''" or word
        end
        local output = run("bash", ([[
            source <(sendgrid-sso completion bash)
            COMP_WORDS=(%s); COMP_CWORD=%d
            _sendgrid-sso
            printf '%%s\n' "${COMPREPLY[@]}"
        ]]):format(table.concat(list, " "), #list - 1))
        return output
    end

    it("completes commands, options and their values in bash", function()
        assert.equal("certificates\n", completed "sendgrid-sso cert")
        assert.equal("list\nget\ncreate\nupdate\ndelete\n", completed "sendgrid-sso certificates _")
        assert.equal("--integration-id\n", completed "sendgrid-sso certificates create --int")
        assert.equal("text\njson\nprometheus\nnagios\nics\n",
            completed "sendgrid-sso check --format _")
    end)

    it("prints scripts for fish and zsh", function()
        local script = run("sh", "sendgrid-sso completion fish")
        assert.truthy(script:find("complete -c sendgrid-sso", 1, true))
        script = run("sh", "sendgrid-sso completion zsh")
        assert.truthy(script:find "^#compdef sendgrid%-sso\n")
        assert.truthy(script:find('"update:changes a certificate"', 1, true))
        for _, shell in ipairs { "zsh", "fish" } do
            if has(shell) then
                local output, status = run("sh", ("sendgrid-sso completion %s >'%s/script' && "
                    .. "%s -n '%s/script'"):format(shell, folder, shell, folder))
                assert.equal("", output)
                assert.equal(0, status)
            end
        end
    end)

    it_with("fish", "completes them in fish", function()
        local function offers(words)
            return (run("fish", ([[
                sendgrid-sso completion fish | source
                complete -C %q | cut -f 1
            ]]):format(words)))
        end
        assert.equal("certificates\n", offers "sendgrid-sso cert")
        assert.equal("create\ndelete\nget\nlist\nupdate\n", offers "sendgrid-sso certificates ")
        assert.equal("--integration-id\n", offers "sendgrid-sso certificates create --int")
        assert.equal("ics\njson\nnagios\nprometheus\ntext\n",
            offers "sendgrid-sso check --format ")
    end)

    it_with("zsh", "completes them in zsh", function()
        -- An interactive one on a terminal of its own, read until it shows what is looked for.
        local function shows(words, pattern)
            local output = run("zsh", ([[
                sendgrid-sso completion zsh >'%s/_sendgrid-sso'
                zmodload zsh/zpty
                zpty shell zsh -f -i
                zpty -w shell "fpath=('%s' \$fpath); autoload -Uz compinit; compinit -u -D
                    PS1='READY'='> '"
                zpty -r shell line '*READY=> *'
                zpty -n -w shell $'%s\t\t'
                zpty -r shell line '%s' && echo shown
                zpty -d shell
            ]]):format(folder, folder, words, pattern))
            assert.equal("shown\n", output)
        end
        shows("sendgrid-sso cert", "*sendgrid-sso certificates*")
        shows("sendgrid-sso certificates ", "*create *delete *get *-- reads "
            .. "one certificate*list *update *")
        shows("sendgrid-sso certificates create --int", "*create --integration-id*")
        shows("sendgrid-sso check --format ", "*ics *json *nagios *prometheus *text*")
    end)

    it_with("man", "has a man page of every command, formatted without a complaint", function()
        local output = run("sh", "MANWIDTH=100 man --warnings -l docs/sendgrid-sso.1 2>'" .. folder
            .. "/complaints' | col -b")
        assert.equal("", (run("sh", "cat '" .. folder .. "/complaints'")))
        local function look(rows)
            for _, row in ipairs(rows) do
                if row.commands then
                    look(row.commands)
                else
                    assert.truthy(output:find("sendgrid-sso " .. row.path, 1, true), row.path)
                end
            end
        end
        local root = require("sso.cli.commands").root
        require("sso.cli.parser").build(root) -- fills in the paths
        look(root.commands)
    end)

    if _VERSION == "Lua 5.4" then
        it("has the man page that tools/generate-man writes", function()
            assert.equal("", (run("sh", "lua5.4 tools/generate-man --check")))
        end)
    end

    it("finds its module beside itself, with nothing set", function()
        local version = _VERSION:match "%d.%d"
        local build = os.getenv "SSO_BUILD" or "build/" .. version
        local output = run("sh", ([[
            set -e
            top=$PWD
            cd '%s'
            mkdir -p 'V%%1'; cd 'V%%1' # what a template could mistake for its own
            mkdir -p prefix/bin prefix/share/lua/%s prefix/lib/lua/%s/sso
            cp "$top/bin/sendgrid-sso" prefix/bin
            cp -R "$top/lua/sso" prefix/share/lua/%s/
            cp "$(cd "$top" && readlink -f '%s')/sso/core.so" prefix/lib/lua/%s/sso
            unset LUA_PATH LUA_CPATH
            cd /
            %s '%s/V%%1/prefix/bin/sendgrid-sso' version
        ]]):format(folder, version, version, version, build, version, helper.interpreter(), folder))
        assert.truthy(output:find "^sendgrid%-sso %d", output)
    end)
end)
