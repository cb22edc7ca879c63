--- Unix seconds as dates of the Gregorian calendar, in UTC.
--
-- `os.date` raises for times that a certificate or a server may well name, so this is arithmetic
-- on doubles: any finite number gives a date.

local M = {}

M.DAY = 86400

local floor = math.floor

-- Days since 1970-01-01 to year, month, day; eras of 400 years, the year begins in March.
local function civil(days)
    days = days + 719468
    local era = floor(days / 146097)
    local day_of_era = days - era * 146097
    local year = floor((day_of_era - floor(day_of_era / 1460) + floor(day_of_era / 36524)
        - floor(day_of_era / 146096)) / 365)
    local day = day_of_era - (365 * year + floor(year / 4) - floor(year / 100))
    local month = floor((5 * day + 2) / 153)
    day = day - floor((153 * month + 2) / 5) + 1
    month = month < 10 and month + 3 or month - 9
    return year + era * 400 + (month <= 2 and 1 or 0), month, day
end

--- The date and time of a moment.
---@param unix number
---@return integer year, integer month, integer day, integer hour, integer minute, integer second
function M.parts(unix)
    local days = floor(unix / M.DAY)
    local seconds = floor(unix - days * M.DAY)
    local year, month, day = civil(days)
    return year, month, day, floor(seconds / 3600), floor(seconds % 3600 / 60), seconds % 60
end

--- The moment at which a day begins.
---@param year integer
---@param month integer  any whole number: 13 is January of the next year
---@param day integer
---@return integer unix
function M.unix(year, month, day)
    year = year + floor((month - 1) / 12)
    month = (month - 1) % 12 + 1
    local y = month <= 2 and year - 1 or year
    local era = floor(y / 400)
    local year_of_era = y - era * 400
    local day_of_year = floor((153 * (month > 2 and month - 3 or month + 9) + 2) / 5) + day - 1
    local day_of_era = year_of_era * 365 + floor(year_of_era / 4) - floor(year_of_era / 100)
        + day_of_year
    return (era * 146097 + day_of_era - 719468) * M.DAY
end

local function format(text, unix)
    return (text:format(M.parts(unix)))
end

--- `2026-11-25`
---@param unix number
function M.date(unix)
    return format("%04.0f-%02.0f-%02.0f", unix)
end

--- `2026-11-25 08:15 UTC`
---@param unix number
function M.minute(unix)
    return format("%04.0f-%02.0f-%02.0f %02.0f:%02.0f UTC", unix)
end

--- `2026-11-25T08:15:30Z` (RFC 3339)
---@param unix number
function M.rfc3339(unix)
    return format("%04.0f-%02.0f-%02.0fT%02.0f:%02.0f:%02.0fZ", unix)
end

--- `20261125T081530Z` (RFC 5545)
---@param unix number
function M.basic(unix)
    return format("%04.0f%02.0f%02.0fT%02.0f%02.0f%02.0fZ", unix)
end

--- A span of time in words: `12 days`, `1 day`, `3 hours`.
---@param seconds number  its sign does not matter
function M.span(seconds)
    seconds = math.abs(seconds)
    local count, unit = floor(seconds / M.DAY), "day"
    if count == 0 then
        count, unit = floor(seconds / 3600), "hour"
    end
    if count == 0 then
        count, unit = floor(seconds / 60), "minute"
    end
    return ("%.0f %s%s"):format(count, unit, count == 1 and "" or "s")
end

return M
