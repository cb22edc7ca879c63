-- The program among other processes: what ps sees of it, signals, readers that go away, and work
-- that takes long.

local helper = require "helper"
local process = require "process"
local transcript = require "support.transcript"

if os.getenv "SSO_VARIANT" == "valgrind" then
    return -- it does not follow programs
end

describe("the program as a process", function()
    local folder

    setup(function()
        folder = transcript.open()
    end)
    teardown(transcript.close)
    before_each(function()
        helper.sandbox.reset()
    end)

    -- → what a shell printed, on either output, and its status
    local function sh(script, await, signal)
        local done = process.run({ "sh", "-c", "cd '" .. folder .. "' && " .. script },
            transcript.environment(), 20 * helper.patience, await, signal)
        assert.is_false(done.timed_out or false, done.output)
        return done.output, done
    end

    local SLOW = "--base-url \"$SENDGRID_BASE_URL/delay/2\""

    -- Looks at a call under way as anybody on the machine can.
    local WATCH = [[
        rm -f events && mkfifo events
        %s sendgrid-sso certificates get 66138975 %s -v ]] .. SLOW .. [[ >out 2>events & pid=$!
        exec 3<events
        read -r line <&3
        tr '\0' ' ' <"/proc/$pid/cmdline"
        ps -o args= -p "$pid"
        kill -0 "$pid" && echo 'still running'
        cat <&3 >/dev/null
        wait "$pid"; echo "ended with $?"
    ]]

    it("never shows the key among its arguments", function()
        local key = helper.environment("SENDGRID_API_KEY", "run me by sandbox/sandbox run")
        local file = assert(io.open(folder .. "/key", "wb"))
        file:write(key, "\n")
        file:close()
        for _, way in ipairs {
            WATCH:format("", ""), WATCH:format("SENDGRID_API_KEY=", "--api-key-file key"),
        } do
            local output = sh(way)
            assert.truthy(output:find("certificates get 66138975", 1, true), output)
            assert.truthy(output:find("still running\nended with 0\n", 1, true), output)
            assert.is_nil(output:find(key:sub(1, 12), 1, true))
            assert.is_nil(output:find(key:sub(-12), 1, true))
        end
    end)

    it("would show the key if it were there", function()
        local key = helper.environment("SENDGRID_API_KEY", "run me by sandbox/sandbox run")
        local output = sh(WATCH:format("", "--user-agent \"$SENDGRID_API_KEY\""))
        assert.truthy(output:find(key, 1, true))
    end)

    it("ends upon Ctrl-C in the middle of a call, as signals end programs", function()
        local _, done = sh("exec sendgrid-sso certificates get 1 -v --base-url "
            .. helper.faults "stall-headers" .. " 2>&1", "attempt 1", "INT")
        assert.equal("INT", done.signal)
        assert.is_true(done.after_signal < 2 * helper.patience)
        assert.is_nil(done.output:find "traceback")
    end)

    it("ends with 1 and without a word when its reader has gone", function()
        local output = sh [[
            rm -f pipe && mkfifo pipe
            : <pipe & exec 3>pipe; wait
            sendgrid-sso version >&3; echo "status $?"
            sendgrid-sso check >&3; echo "status $?"
        ]]
        assert.equal("status 1\nstatus 3\n", output)
    end)

    it("says that it cannot write", function()
        assert.equal("sendgrid-sso: cannot write the answer: No space left on device\nstatus 1\n",
            (sh "sendgrid-sso version >/dev/full; echo status $?"))
        assert.equal("sendgrid-sso: cannot write the answer: Bad file descriptor\nstatus 1\n",
            (sh "sendgrid-sso version >&-; echo status $?"))
    end)

    it("writes nothing of its answer to the server when standard output is closed", function()
        local output = sh "sendgrid-sso certificates get 66138975 >&- ; echo status $?"
        assert.equal("sendgrid-sso: cannot write the answer: Bad file descriptor\nstatus 1\n",
            output)
        local requests = helper.sandbox.log().requests
        assert.equal(1, #requests)
        assert.equal(200, requests[1].status)
    end)

    it("calls a mistake of its own by its name", function()
        local output = sh([[LUA_INIT='package.preload["sso.cli.commands"] = function() ]]
            .. [[error "oops" end' sendgrid-sso version; echo status $?]])
        assert.truthy(output:find "^sendgrid%-sso: this is a mistake in the program, please report")
        assert.truthy(output:find("oops", 1, true))
        assert.truthy(output:find("status 1\n", 1, true))
    end)

    it("tells how far long work is, on a terminal alone, and clears it away", function()
        local command = "sendgrid-sso certificates list --base-url "
            .. "\"$SENDGRID_BASE_URL/delay/0.4\""
        local top = os.getenv "PWD"
        local output = sh("python3 -I -S '" .. top .. "/spec/support/terminal.py' 80 20 -- sh -c '"
            .. command .. "'")
        assert.truthy(output:find "\r\27%[K2 of 2 requests answered\r\27%[K")
        assert.truthy(output:find "66138975")
        assert.is_nil(sh(command .. " 2>&1"):find "answered")
    end)
end)
