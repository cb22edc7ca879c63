--- Times and lengths of time, as people write and read them: UTC first, local time beside it.

local moment = require "sso.moment"

local M = {}

local DAY = moment.DAY
local UNITS = { s = 1, m = 60, h = 3600, d = DAY, w = 7 * DAY }

local floor = math.floor

--- "2027-01-02", or "" for nothing
function M.date(unix)
    return unix and moment.date(unix) or ""
end

--- "2027-01-02 03:04:05 UTC (04:04 CET)": local time where it is another one.
function M.both(unix)
    local utc = moment.rfc3339(unix):gsub("T", " "):gsub("Z", "")
    local ok, here = pcall(os.date, "%Y-%m-%d %H:%M:%S", unix)
    if not ok or not here or utc == here then -- what os.date cannot say is left out
        return utc .. " UTC"
    end
    local same_day = utc:sub(1, 10) == here:sub(1, 10)
    local form = same_day and "%H:%M %Z" or "%Y-%m-%d %H:%M %Z"
    return ("%s UTC (%s)"):format(utc, os.date(form, unix))
end

local function plural(n, word)
    return ("%d %s%s"):format(n, word, n == 1 and "" or "s")
end

--- "3 days", "5 hours", "40 seconds": rounded down, of one unit.
function M.length(seconds)
    seconds = math.abs(seconds)
    if seconds >= 2 * DAY then
        return plural(floor(seconds / DAY), "day")
    elseif seconds >= 2 * 3600 then
        return plural(floor(seconds / 3600), "hour")
    elseif seconds >= 120 then
        return plural(floor(seconds / 60), "minute")
    end
    return plural(floor(seconds), "second")
end

--- "in 3 days" or "3 days ago"
function M.distance(unix, now)
    if math.abs(unix - now) < 1 then
        return "now"
    end
    local length = M.length(unix - now)
    return unix >= now and "in " .. length or length .. " ago"
end

--- "90d" → seconds.  Units: s, m, h, d, w; one is needed, but for 0.
---@return number? seconds
---@return string? why
function M.duration(text)
    local number, unit = text:match "^(%d+%.?%d*)([smhdw])$"
    if number then
        return tonumber(number) * UNITS[unit]
    elseif text:find "^0+$" then
        return 0
    end
    return nil, ("'%s' is no length of time: a number and its unit, such as 30d, 12h, 90m or 45s")
        :format(text)
end

--- "2027-01-02", "2027-01-02 03:04[:05]" or with T and Z, always UTC, or unix seconds → unix
--- seconds.
---@return number? unix
---@return string? why
function M.parse(text)
    if text:find "^%d+$" then
        return tonumber(text)
    end
    local year, month, day, rest = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$"
    local hour, minute, second = (rest or ""):match "^[T ](%d%d):(%d%d):?(%d*)Z?$"
    if not year or (rest ~= "" and not hour) or tonumber(month) < 1 or tonumber(month) > 12
        or tonumber(day) < 1 or tonumber(day) > 31 or tonumber(hour or 0) > 23
        or tonumber(minute or 0) > 59 then
        return nil, ("'%s' is no moment: 2027-01-31, 2027-01-31T12:00:00Z or unix seconds, UTC")
            :format(text)
    end
    return moment.unix(tonumber(year), tonumber(month), tonumber(day)) + tonumber(hour or 0) * 3600
        + tonumber(minute or 0) * 60 + (tonumber(second) or 0)
end

local MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"

--- The moment of an HTTP date, "Tue, 02 Jan 2027 03:04:05 GMT", or nil.
function M.http_date(text)
    local day, name, year, hour, minute, second =
        (text or ""):match "^%a+, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$"
    local at = name and MONTHS:find(name, 1, true)
    if not at then
        return nil
    end
    return moment.unix(tonumber(year), (at + 2) / 3, tonumber(day)) + hour * 3600 + minute * 60
        + second
end

return M
