-- What is found in which situation, as rows: certificates of an integration, days relative to the
-- moment of the check, and the findings that come out.

local assess = require("sso.monitor.assess").assess
local certificates = require("sso").certificate
local dated = require "support.dated"
local renew_at = require("sso.monitor.assess").renew_at

local AT = 1800000000 -- 2027-01-15
local DAY = 86400

-- A certificate as the API gives it; days from AT.
local function stored(id, from, to, more)
    more = more or {}
    return {
        id = id,
        integration_id = "i",
        enabled = more.enabled,
        not_before = AT + from * DAY,
        not_after = AT + to * DAY,
        public_certificate = more.text
            or dated.certificate(more.cn or "idp", AT + from * DAY, AT + to * DAY, more.key),
    }
end

local ON, OFF = { enabled = true }, { enabled = false }

local function report_of(list, options, more)
    options = options or {}
    options.at = AT
    return assess({
        {
            integration = {
                id = "i",
                name = "Okta",
                enabled = not more or more.enabled,
                entity_id = "https://idp.test",
            },
            certificates = list,
            metadata = more and more.metadata,
        },
    }, options)
end

local function words(report)
    local list = {}
    for _, finding in ipairs(report) do
        list[#list + 1] = ("%s %s %s"):format(finding.severity, finding.finding,
            tostring(finding.id))
    end
    return table.concat(list, ", ")
end

local function published(...)
    local list = {}
    for i, pem in ipairs { ... } do
        list[i] = certificates.parse(pem)[1]
    end
    return { entity_id = "https://idp.test", certificates = list }
end

local rows = {
    { "all is well", { { 1, -10, 400 } }, "" },
    { "the end is a month away", { { 1, -300, 29 } }, "warning expires_soon 1" },
    { "the end is exactly within reach", { { 1, -300, 30 } }, "warning expires_soon 1" },
    { "the end is just out of reach", { { 1, -300, 31 } }, "" },
    { "the end is a week away", { { 1, -300, 7 } }, "critical expires_soon 1" },
    { "within is given", { { 1, -300, 80 } }, "warning expires_soon 1", { within = 90 * DAY } },
    {
        "critical_within is given",
        { { 1, -300, 20 } },
        "critical expires_soon 1",
        { critical_within = 21 * DAY },
    },
    {
        "a short within bounds what is urgent",
        { { 1, -300, 5 } },
        "",
        { within = 3 * DAY },
    },
    {
        "one that is known to be enabled lasts longer",
        { { 1, -300, 7 }, { 2, -10, 400, ON } },
        "info expires_soon 1",
    },
    {
        "one that may be enabled lasts longer",
        { { 1, -300, 7 }, { 2, -10, 400 } },
        "warning expires_soon 1",
    },
    {
        "one that is disabled lasts longer",
        { { 1, -300, 7 }, { 2, -10, 400, OFF } },
        "critical expires_soon 1",
    },
    {
        "the next one begins in time",
        { { 1, -300, 20, ON }, { 2, 10, 400, ON } },
        "info expires_soon 1, info not_yet_valid 2",
    },
    {
        "the next one begins too late",
        { { 1, -300, 20, ON }, { 2, 25, 400, ON } },
        "warning expires_soon 1, info not_yet_valid 2",
    },
    { "the only one has expired", { { 1, -300, -1 } }, "critical expired 1" },
    {
        "one has expired, another is known to be enabled",
        { { 1, -300, -1 }, { 2, -10, 400, ON } },
        "info expired 1",
    },
    {
        "one has expired, another may be enabled",
        { { 1, -300, -1 }, { 2, -10, 400 } },
        "warning expired 1",
    },
    {
        "one that is disabled has expired",
        { { 1, -300, -1, OFF }, { 2, -10, 400, ON } },
        "",
    },
    { "the only one begins tomorrow", { { 1, 1, 400 } }, "critical not_yet_valid 1" },
    {
        "one has expired, the next begins tomorrow",
        { { 1, -300, -1 }, { 2, 1, 400 } },
        "critical expired 1, critical not_yet_valid 2",
    },
    { "there is none", {}, "critical no_certificate nil" },
    {
        "none is enabled",
        { { 1, -10, 400, OFF }, { 2, -300, -1, OFF } },
        "critical no_certificate nil",
    },
    {
        "the same is there twice",
        { { 1, -10, 400 }, { 2, -10, 400 } },
        "warning duplicate 2",
    },
    {
        "the same is there twice, and expires",
        { { 1, -300, 7 }, { 2, -300, 7 } },
        "critical expires_soon 1, critical expires_soon 2, warning duplicate 2",
    },
    {
        "the key is short",
        { { 1, -10, 400, { key = "rsa:1024" } } },
        "warning weak_key 1",
    },
    {
        "the key is long enough for whom it is",
        { { 1, -10, 400, { key = "rsa:1024" } } },
        "",
        { min_key_bits = 1024 },
    },
    {
        "the only one cannot be read",
        { { 1, -10, 400, { text = "what is this" } } },
        "critical unreadable 1",
    },
    {
        "one of two cannot be read",
        { { 1, -10, 400, { text = "what is this" } }, { 2, -10, 400 } },
        "warning unreadable 1",
    },
    {
        "the integration is switched off",
        { { 1, -300, -1 }, { 2, -300, 5 } },
        "info expired 1, info expires_soon 2",
        nil,
        { enabled = false },
    },
    { "nothing is in an integration that is switched off", {}, "info no_certificate nil", nil,
        { enabled = false } },
    {
        "the worst comes first, then the earliest end",
        { { 1, -300, 29 }, { 2, -300, 6 }, { 3, -300, 5 } },
        "critical expires_soon 3, critical expires_soon 2, warning expires_soon 1",
    },
}

describe("assess", function()
    for _, row in ipairs(rows) do
        it("tells when " .. row[1], function()
            local list = {}
            for i, given in ipairs(row[2]) do
                list[i] = stored(given[1], given[2], given[3], given[4])
            end
            local report = report_of(list, row[4], row[5])
            assert.equal(row[3], words(report))
            assert.equal(row[3]:find "critical" and "critical" or row[3]:find "warning"
                and "warning" or "ok", report.status)
            for _, finding in ipairs(report) do
                assert.equal("i", finding.integration_id)
                assert.equal("Okta", finding.integration)
                assert.truthy(finding.message:find "%a" and finding.action:find "%a")
                assert.is_nil(finding.order)
            end
        end)
    end

    describe("with metadata", function()
        local function pem(cn, from, to)
            return dated.certificate(cn, AT + from * DAY, AT + to * DAY)
        end
        local function of(list, metadata)
            return words(report_of(list, {}, { enabled = true, metadata = metadata }))
        end

        it("is quiet when both have the same", function()
            assert.equal("", of({ stored(1, -10, 400) }, published(pem("idp", -10, 400))))
        end)

        it("warns of trust in a key that is not published", function()
            assert.equal("warning not_in_metadata 2", of(
                { stored(1, -10, 400), stored(2, -10, 300) }, published(pem("idp", -10, 400))))
        end)

        it("does not mind one that is switched off", function()
            assert.equal("info not_in_metadata 2", of(
                { stored(1, -10, 400), stored(2, -10, 300, OFF) },
                published(pem("idp", -10, 400))))
        end)

        it("warns of an announced key that SendGrid does not have", function()
            assert.equal("warning not_stored nil", of({ stored(1, -10, 400) },
                published(pem("idp", -10, 400), pem("next", -1, 700))))
        end)

        it("calls it critical when SendGrid has none of them", function()
            assert.equal("critical not_stored nil, warning not_in_metadata 1", of(
                { stored(1, -10, 400) }, published(pem("next", -1, 700))))
        end)

        it("calls it critical when SendGrid has it switched off", function()
            assert.equal("critical not_stored nil, warning not_in_metadata 1",
                of({ stored(1, -10, 400), stored(2, -1, 700, { enabled = false, cn = "next" }) },
                    published(pem("next", -1, 700), pem("third", -1, 900))))
        end)

        it("calls it critical when all that is published is switched off", function()
            assert.equal("critical no_certificate nil, warning not_in_metadata 1",
                of({ stored(1, -10, 400), stored(2, -1, 700, { enabled = false, cn = "next" }) },
                    published(pem("next", -1, 700))))
        end)

        it("ignores published keys that are over", function()
            assert.equal("", of({ stored(1, -10, 400) },
                published(pem("idp", -10, 400), pem("old", -700, -5))))
        end)
    end)

    it("says dates and days", function()
        local finding = report_of({ stored(7, -300, 6) })[1]
        assert.equal(6, finding.days_left)
        assert.equal(AT + 6 * DAY, finding.not_after)
        assert.equal(AT - 300 * DAY, finding.not_before)
        assert.equal("CN=idp", finding.subject)
        assert.equal(64, #finding.fingerprint)
        assert.equal(
            "expires on 2027-01-21, in 6 days, and no other certificate lasts longer",
            finding.message)
        local expired = report_of({ stored(7, -300, -1) })[1]
        assert.equal(-1, expired.days_left)
        assert.equal("expired on 2027-01-14, 1 day ago, and no other certificate of the "
            .. "integration is valid", expired.message)
    end)

    it("says what follows an end", function()
        local function message(...)
            return report_of({ stored(1, -300, 20), ... })[1].message:match "in 20 days(.*)$"
        end
        assert.equal(", and no other certificate lasts longer", message())
        assert.equal(", and no other certificate lasts longer", message(stored(2, 25, 400, OFF)))
        assert.equal("; the next certificate is not valid before 2027-02-09",
            message(stored(2, 40, 400), stored(3, 25, 300)))
        assert.equal(", and the other certificates end soon, too", message(stored(2, -10, 25)))
    end)

    it("reports each certificate with its moment of renewal", function()
        local report = report_of({ stored(1, -30, 60), stored(2, -1, 1, { text = "?" }) })
        local first, second = report.integrations[1].certificates[1],
            report.integrations[1].certificates[2]
        assert.equal(AT + 30 * DAY, first.renew_at)
        assert.equal("valid", first.state)
        assert.same({ type = "EC", bits = 256, curve = "prime256v1" }, first.key)
        assert.is_nil(first.enabled)
        assert.equal("valid", second.state)
        assert.is_nil(second.fingerprint)
        assert.same({ critical = 0, warning = 1, info = 0 }, report.counts)
    end)

    it("does without dates that nobody tells", function()
        local certificate = stored(1, 0, 1, { text = "?" })
        certificate.not_before, certificate.not_after = nil, nil
        local report = report_of { certificate }
        assert.equal("critical unreadable 1", words(report))
        assert.equal("unreadable", report.integrations[1].certificates[1].state)
    end)

    it("takes now when no moment is given", function()
        local report = assess {}
        assert.is_true(math.abs(report.at - os.time()) <= 2)
        assert.equal("ok", report.status)
    end)
end)

describe("renew_at", function()
    it("is the begin of the last third", function()
        assert.equal(200, renew_at(0, 300))
        assert.equal(100, renew_at(100, 100))
    end)

    it("is so many seconds before the end", function()
        assert.equal(290, renew_at(0, 300, 10))
        assert.equal(300, renew_at(0, 300, 0))
    end)

    it("stays within the validity", function()
        assert.equal(100, renew_at(100, 300, 10000))
        assert.equal(300, renew_at(100, 300, -5))
    end)

    it("is a whole number", function()
        local moment = renew_at(0, 100)
        assert.equal(66, moment)
        if math.type then
            assert.equal("integer", math.type(moment))
        end
    end)
end)
