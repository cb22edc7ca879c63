--- What a timeline shows, before it is drawn: the range of its axis, the ticks, a bar for each
--- certificate and where nobody can log in.  Text and SVG are two ways to draw the same layout.

local moment = require "sso.moment"

local M = {}

local DAY = moment.DAY

-- How far the axis reaches at most: a certificate of ten years would make a month invisible.
local PAST, FUTURE = 365 * DAY, 2 * 365 * DAY
-- And at least.
local LEAST_PAST, LEAST_FUTURE = 30 * DAY, 90 * DAY

-- Months from one tick to the next.
local STEPS = { 1, 2, 3, 6, 12, 24, 60, 120 }

local MONTHS = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
}

local function clamp(value, least, most)
    return math.max(least, math.min(most, value))
end

-- ---- certificates -----------------------------------------------------------

-- What a bar looks like: "valid", "soon" (its end is in sight), "future", "expired", "disabled",
-- "unreadable".
local function look_of(certificate, report, at)
    if not certificate.not_before or not certificate.not_after then
        return "unreadable"
    elseif certificate.enabled == false then
        return "disabled"
    elseif at > certificate.not_after then
        return "expired"
    elseif at < certificate.not_before then
        return "future"
    end
    return certificate.not_after - at <= (report.within or 30 * DAY) and "soon" or "valid"
end

-- From now on: spans in which a certificate is valid, and spans between them in which none is.
local function coverage(rows, at)
    local usable = {}
    for _, row in ipairs(rows) do
        if row.look ~= "disabled" and row.look ~= "unreadable" and row.to > at then
            usable[#usable + 1] = row
        end
    end
    table.sort(usable, function(a, b)
        return a.from < b.from
    end)
    local covered, gaps, reach = {}, {}, at
    for _, row in ipairs(usable) do
        if row.from > reach then
            gaps[#gaps + 1] = { from = reach, to = row.from }
            covered[#covered + 1] = { from = row.from, to = row.to }
        elseif #covered == 0 then
            covered[1] = { from = at, to = row.to }
        end
        reach = math.max(reach, row.to)
        covered[#covered].to = reach
    end
    return covered, gaps, #covered > 0 and reach or nil
end

local function group_of(integration, report, at)
    local group = {
        id = integration.id,
        name = integration.name,
        enabled = integration.enabled,
        rows = {},
    }
    for i, certificate in ipairs(integration.certificates) do
        group.rows[i] = {
            id = certificate.id,
            subject = certificate.subject,
            fingerprint = certificate.fingerprint,
            from = certificate.not_before,
            to = certificate.not_after,
            renew_at = certificate.renew_at,
            enabled = certificate.enabled,
            look = look_of(certificate, report, at),
        }
    end
    group.covered, group.gaps, group.covered_until = coverage(group.rows, at)
    return group
end

-- ---- the axis ---------------------------------------------------------------

local function range_of(groups, at)
    local first, last = at, at
    for _, group in ipairs(groups) do
        for _, row in ipairs(group.rows) do
            if row.from and row.to then
                first, last = math.min(first, row.from), math.max(last, row.to)
            end
        end
    end
    local from = at - clamp(at - first, LEAST_PAST, PAST)
    local to = at + clamp(last - at, LEAST_FUTURE, FUTURE)
    local margin = (to - from) * 0.03
    return from - margin, to + margin
end

local function label_of(year, month, step, is_first)
    if step >= 12 or month == 1 then
        return ("%04.0f"):format(year)
    end
    return is_first and ("%s %04.0f"):format(MONTHS[month], year) or MONTHS[month]
end

-- Ticks at the first days of months, as close to each other as the room for labels allows.
local function ticks_of(from, to, most)
    local year, month = moment.parts(from)
    for _, step in ipairs(STEPS) do
        local ticks = {}
        -- whole years begin in January, quarters with one of their months
        local number = year * 12 + month - 1
        local at_month = number - number % step
        local at = moment.unix(0, at_month + 1, 1)
        while at <= to and #ticks <= most do
            if at >= from then
                local y, m = moment.parts(at)
                ticks[#ticks + 1] = { at = at, label = label_of(y, m, step, #ticks == 0) }
            end
            at_month = at_month + step
            at = moment.unix(0, at_month + 1, 1)
        end
        if #ticks <= most then
            return ticks
        end
    end
    return {}
end

-- What there is to say about a group: a gap, an end in sight; nothing when all is well.  level is
-- "urgent", "notice", or "muted" for an integration that is switched off.
local function remarks_of(group, within, at)
    local list = {}
    local function add(level, text, ...)
        list[#list + 1] = {
            level = group.enabled == false and "muted" or level,
            text = text:format(...),
        }
    end
    for _, gap in ipairs(group.gaps) do
        if gap.from <= at then
            add("urgent", "no certificate is valid until %s", moment.date(gap.to))
        else
            add("urgent", "gap of %s from %s: no certificate is valid",
                moment.span(gap.to - gap.from), moment.date(gap.from))
        end
    end
    local ends = group.covered_until
    if #group.rows == 0 then
        add("urgent", "no certificate")
    elseif not ends then
        add("urgent", "no certificate is valid")
    elseif ends - at <= within then
        add("notice", "nothing follows the end on %s, in %s", moment.date(ends),
            moment.span(ends - at))
    end
    return list
end

--- Lays a report out.
---@param report sso.Report
---@param at? integer  what counts as today, unix seconds; the report's own time if not given
---@param most_ticks integer  how many labels have room
---@return table layout  from, to, at (unix seconds), ticks, groups
function M.of(report, at, most_ticks)
    at = at or report.at
    local groups = {}
    for i, integration in ipairs(report.integrations) do
        groups[i] = group_of(integration, report, at)
        groups[i].remarks = remarks_of(groups[i], report.within or 30 * DAY, at)
    end
    local from, to = range_of(groups, at)
    return {
        at = at,
        from = from,
        to = to,
        ticks = ticks_of(from, to, math.max(1, most_ticks)),
        groups = groups,
    }
end

return M
