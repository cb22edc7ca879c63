--- Moments as XML Schema's dateTime writes them, to unix seconds and back, for any year and without
--- the machine's time zone.

local M = {}

local floor = math.floor
local MONTHS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function month_days(year, month)
    local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
    return month == 2 and leap and 29 or MONTHS[month]
end

-- Days since 1970-01-01; years begin in March here, so that a leap day ends one.
local function days_of(year, month, day)
    if month <= 2 then
        year, month = year - 1, month + 12
    end
    local era = floor(year / 400)
    local of_era = year - era * 400
    local of_year = floor((153 * (month - 3) + 2) / 5) + day - 1
    return era * 146097 + of_era * 365 + floor(of_era / 4) - floor(of_era / 100) + of_year - 719468
end

-- "Z", "+02:00", "-14:00"; nothing is taken for UTC, as SAML demands. Nil for anything else.
local function offset_of(zone)
    if zone == "Z" or zone == "" then
        return 0
    end
    local sign, hours, minutes = zone:match "^([+-])(%d%d):(%d%d)$"
    hours, minutes = tonumber(hours), tonumber(minutes)
    if not sign or minutes > 59 or hours * 60 + minutes > 14 * 60 then
        return nil
    end
    return (sign == "-" and -1 or 1) * (hours * 60 + minutes) * 60
end

--- Reads an xs:dateTime.  Fractions of a second are cut off.
---@param text string
---@return integer? seconds  since 1970; nil when the text is none
function M.parse(text)
    local year, month, day, hour, minute, second, rest =
        text:match "^%s*(%-?%d%d%d%d%d*)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)(%S*)%s*$"
    if not year or #year > 7 or year:find "^%-?0%d%d%d%d" or year:find "^%-?0000$" then
        return nil
    end
    local fraction, zone = rest:match "^(%.%d+)(.*)$"
    local offset = offset_of(zone or rest)
    year, month, day = tonumber(year), tonumber(month), tonumber(day)
    hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
    local whole = minute == 0 and second == 0 and not (fraction and fraction:find "[1-9]")
    if not offset or month < 1 or month > 12 or day < 1 or day > month_days(year, month)
        or minute > 59 or second > 59 or hour > 24 or hour == 24 and not whole then
        return nil
    end
    if year < 0 then
        year = year + 1 -- XML Schema 1.0 has no year 0
    end
    return days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset
end

--- A moment for people, in UTC.
---@param seconds number  since 1970
---@return string text  "2026-03-01 12:00:00 UTC"
function M.text(seconds)
    local days = floor(seconds / 86400)
    local left = floor(seconds - days * 86400)
    local z = days + 719468
    local era = floor(z / 146097)
    local of_era = z - era * 146097
    local year = floor((of_era - floor(of_era / 1460) + floor(of_era / 36524)
        - floor(of_era / 146096)) / 365)
    local of_year = of_era - (365 * year + floor(year / 4) - floor(year / 100))
    local month = floor((5 * of_year + 2) / 153)
    local day = of_year - floor((153 * month + 2) / 5) + 1
    month = month < 10 and month + 3 or month - 9
    year = year + era * 400 + (month <= 2 and 1 or 0)
    return ("%04d-%02d-%02d %02d:%02d:%02d UTC"):format(year, month, day, floor(left / 3600),
        floor(left / 60) % 60, left % 60)
end

--- How long, for people: "3 minutes", "2 days".
---@param seconds number
---@return string
function M.span(seconds)
    seconds = floor(math.abs(seconds))
    local number, unit = seconds, "second"
    for _, step in ipairs { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" } } do
        if seconds >= 2 * step[1] then
            number, unit = floor(seconds / step[1]), step[2]
            break
        end
    end
    return ("%d %s%s"):format(number, unit, number == 1 and "" or "s")
end

return M
