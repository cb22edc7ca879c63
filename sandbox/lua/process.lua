-- The life of the nginx process: says when it is ready, ends with the process that started it,
-- removes its directory.

local ffi = require "ffi"
local auth = require "auth"
local control = require "control"

ffi.cdef [[
    int setsid(void);
    int getppid(void);
    int getpid(void);
    int kill(int pid, int signal);
    int prctl(int option, unsigned long argument);
]]

local M = {}

local SIGTERM, PR_SET_PDEATHSIG = 15, 1

-- Ends nginx with its parent, however that ends. Linux sends the signal at once; elsewhere, and
-- in case the parent was gone already, the timer sees another parent within a second.
local function follow_parent()
    local parent = ffi.C.getppid()
    pcall(function()
        ffi.C.prctl(PR_SET_PDEATHSIG, SIGTERM)
    end)
    assert(ngx.timer.every(1, function()
        if ffi.C.getppid() ~= parent then
            ffi.C.kill(ffi.C.getpid(), SIGTERM)
        end
    end))
end

-- Runs once the listening sockets are bound. Ctrl-C on the terminal is for the command, not for
-- this process: hence a session of its own.
function M.start()
    ffi.C.setsid()
    auth.load(ngx.config.prefix() .. "key")
    control.reset()
    follow_parent()
    io.stdout:write("ready\n")
    io.stdout:flush()
end

-- The directory is ours: the launcher made it by this name.
function M.stop()
    local directory = ngx.config.prefix():gsub("/+$", "")
    local keep = io.open(directory .. "/keep")
    if keep then
        keep:close()
    elseif directory:find("/sso%-sandbox%.%w+$") then
        os.execute("rm -rf '" .. directory:gsub("'", "'\\''") .. "'")
    end
end

return M
