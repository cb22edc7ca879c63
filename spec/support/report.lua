-- busted's output handler for tools/test: failures in full on standard output, and one line an
-- event in the file that SSO_REPORT names, written at once. A process that crashes leaves that
-- file without its last line, "end", and its last "start" says in which test it happened.
--
--     start NAME | passed SECONDS NAME | failed SECONDS NAME | skipped SECONDS NAME | end SECONDS
local base = require "busted.outputHandlers.base"
local pretty = require "pl.pretty"

local function text_of(message)
    if message == nil then
        return "no message"
    elseif type(message) == "string" then
        return message
    end
    local mt = getmetatable(message)
    if type(mt) == "table" and mt.__tostring then
        return tostring(message)
    end
    return pretty.write(message)
end

local function indented(text)
    return "    " .. text:gsub("^\n+", ""):gsub("%s+$", ""):gsub("\n", "\n    ")
end

return function(options)
    local busted = require "busted"
    local handler = base()
    local report = assert(io.open(assert(os.getenv("SSO_REPORT"), "SSO_REPORT is not set"), "a"))
    report:setvbuf("no")

    local function event(word, seconds, name)
        report:write(("%s %.3f %s\n"):format(word, seconds or 0, (name:gsub("%s+", " "))))
    end

    local function show(word, t)
        local trace = t.element.trace or t.trace or {}
        local where = trace.short_src and (" (%s:%s)"):format(trace.short_src, trace.currentline)
        io.write(word, ": ", t.name, where or "", "\n", indented(text_of(t.message)), "\n")
        if t.trace and t.trace.traceback and t.trace ~= t.message then
            io.write(indented(t.trace.traceback), "\n")
        end
        io.flush()
    end

    function handler.testStart(element)
        report:write("start ", (handler.getFullName(element):gsub("%s+", " ")), "\n")
        return nil, true
    end

    function handler.testEnd(element, _, status)
        local name = handler.getFullName(element)
        if status == "success" then
            event("passed", element.duration, name)
        elseif status == "pending" then
            event("skipped", element.duration, name)
            local t = handler.pendings[#handler.pendings]
            io.write("skipped: ", name, "\n")
            if t.message then
                io.write(indented(text_of(t.message)), "\n")
            end
        else
            event("failed", element.duration, name)
            local list = status == "failure" and handler.failures or handler.errors
            show("failed", list[#list])
        end
        return nil, true
    end

    -- What breaks outside of a test: a file that cannot be loaded, a set-up, a tear-down.
    function handler.outside(element)
        if element.descriptor ~= "it" then
            local t = handler.errors[#handler.errors]
            t.name = t.name or "busted"
            event("failed", 0, (element.descriptor or "loading") .. " " .. t.name)
            show("failed in " .. (element.descriptor or "loading"), t)
        end
        return nil, true
    end

    function handler.suiteEnd()
        report:write(("end %.3f\n"):format(handler.getDuration()))
        return nil, true
    end

    busted.subscribe({"test", "start"}, handler.testStart, {predicate = handler.cancelOnPending})
    busted.subscribe({"test", "end"}, handler.testEnd, {predicate = handler.cancelOnPending})
    busted.subscribe({"error"}, handler.outside)
    busted.subscribe({"failure"}, handler.outside)
    busted.subscribe({"suite", "end"}, handler.suiteEnd)
    handler.options = options
    return handler
end
