-- Lists of more than one call: every element once and in order, the whole or an error, never a part
-- as if it were the whole.

local calls = require "support.calls"
local cjson = require "cjson"
local helper = require "helper"

local sandbox = helper.sandbox
local THIS = debug.getinfo(1, "S").short_src

local function wires()
    local list = {}
    for i, request in ipairs(calls.received()) do
        list[i] = request.wire
    end
    return list
end

-- All that an iterator gives: the elements' fields, then the error of the last step.
local function walk(iterator, field)
    local list, n = {}, 0
    for element, err in iterator do
        n = n + 1
        assert.is_true(n <= 2000, "the walk does not end")
        if not element then
            return list, err
        end
        list[#list + 1] = element[field]
    end
    return list, nil
end

describe("lists of many pages", function()
    local client

    helper.watch()

    before_each(function()
        sandbox.reset()
        client = calls.client()
    end)

    teardown(function()
        sandbox.reset()
    end)

    -- The answers to GETs of this path, one after the other; the last one again and again.
    local function answers(path, bodies)
        local faults = {}
        for i, body in ipairs(bodies) do
            faults[i] = {
                method = "GET", path = path, status = 200,
                body = type(body) == "table" and cjson.encode(body) or body,
                times = i == #bodies and "always" or 1,
            }
        end
        sandbox.fault(faults)
    end

    -- What stays refused when asked again.
    local function failed(iterator, field, partial, message)
        local list, err = walk(iterator, field)
        assert.same(partial, list)
        assert.equal("response", err.kind)
        assert.truthy(err.message:find(message, 1, true), err.message)
        assert.is_nil((iterator()))
        return err
    end

    local function raises(message, f)
        local line = debug.getinfo(f, "S").linedefined + 1
        local ok, why = pcall(f)
        assert.is_false(ok, "nothing was raised")
        assert.equal(("%s:%d: "):format(THIS, line), why:match "^.-:%d+: ")
        assert.truthy(why:find(message, 1, true), why)
        assert.same({}, wires())
    end

    -- ---- teammates -------------------------------------------------------------------

    local function teammates(n)
        local seeded, emails = {}, {}
        for i = 1, n do
            emails[i] = ("t%03d@x.example"):format(i)
            seeded[i] = { email = emails[i], first_name = "T", last_name = tostring(i) }
        end
        sandbox.seed { teammates = seeded }
        return emails
    end

    describe("each_teammate", function()
        it("gives all of several pages, in order", function()
            local emails = teammates(7)
            local list, err = walk(client:each_teammate { limit = 3 }, "username")
            assert.is_nil(err)
            assert.same(emails, list)
            assert.same({
                "GET /v3/teammates?limit=3&offset=0", "GET /v3/teammates?limit=3&offset=3",
                "GET /v3/teammates?limit=3&offset=6", "GET /v3/teammates?limit=3&offset=7",
            }, wires())
        end)

        it("asks for 500 at a time and begins at an offset", function()
            local emails = teammates(5)
            table.remove(emails, 1)
            assert.same(emails, (walk(client:each_teammate { offset = 1 }, "username")))
            assert.equal("GET /v3/teammates?limit=500&offset=1", wires()[1])
        end)

        it("is not misled by a server that gives 50 where 500 were asked for", function()
            local emails, pages = {}, {}
            for page = 1, 4 do
                local rows = {}
                for i = 1, page < 3 and 50 or page == 3 and 20 or 0 do
                    emails[#emails + 1] = ("t%d-%d@x.example"):format(page, i)
                    rows[i] = { username = emails[#emails] }
                end
                pages[page] = page < 4 and { result = rows } or '{"result":[]}'
            end
            answers("/v3/teammates", pages)
            local list, err = walk(client:each_teammate(), "username")
            assert.is_nil(err)
            assert.same(emails, list)
            assert.same({
                "GET /v3/teammates?limit=500&offset=0", "GET /v3/teammates?limit=500&offset=50",
                "GET /v3/teammates?limit=500&offset=100", "GET /v3/teammates?limit=500&offset=120",
            }, wires())
        end)

        it("is empty when there is nobody, and asks once", function()
            assert.same({}, (walk(client:each_teammate(), "username")))
            assert.equal(1, #wires())
        end)

        it("gives one that moved to the next page once", function()
            answers("/v3/teammates", {
                { result = { { username = "a" }, { username = "b" } } },
                { result = { { username = "b" }, { username = "c" } } },
                '{"result":[]}',
            })
            assert.same({ "a", "b", "c" }, (walk(client:each_teammate { limit = 2 }, "username")))
        end)

        it("fails at a page that repeats", function()
            answers("/v3/teammates", { { result = { { username = "a" }, { username = "b" } } } })
            local err = failed(client:each_teammate(), "username", { "a", "b" }, "the same page")
            assert.equal("each_teammate", err.operation)
            assert.equal(2, #wires())
        end)

        it("fails in the middle, with the error of the page", function()
            teammates(4)
            sandbox.fault { { method = "GET", status = 500, after = 1, times = "always" } }
            local iterator = client:each_teammate { limit = 2 }
            local list, err = walk(iterator, "username")
            assert.equal(2, #list)
            assert.equal("server", err.kind)
            assert.equal("list_teammates", err.operation)
            assert.is_nil((iterator()))
            assert.equal(2, #wires())
        end)

        it("fails at a page that is no list", function()
            for _, body in ipairs { '{"result":{"username":"a"}}', '{"result":[null]}', "{}",
                '{"result":null}', '{"result":["a"]}', "[1]", "" } do
                answers("/v3/teammates", { body })
                failed(client:each_teammate(), "username", {}, "answer")
            end
        end)

        it("says what is wrong with the arguments where it is asked for", function()
            raises("unknown field 'limitt'", function()
                client:each_teammate { limitt = 5 }
            end)
            raises("field 'offset' must be a whole number", function()
                client:each_teammate { offset = "x" }
            end)
            raises("unknown option 'limit'", function()
                client:each_teammate({}, { limit = 5 })
            end)
            raises("limit must be 1 or more", function()
                client:each_teammate { limit = 0 }
            end)
            raises("takes no callback", function()
                client:each_teammate({}, function() end)
            end)
        end)

        it("leaves the query as it is, and passes the options on", function()
            teammates(2)
            local query = { limit = 1 }
            assert.equal(2, #walk(client:each_teammate(query, { on_behalf_of = "sub" }), "email"))
            assert.same({ limit = 1 }, query)
            for _, request in ipairs(calls.received()) do
                assert.equal("sub", request.header["on-behalf-of"])
            end
        end)
    end)

    -- ---- subuser access --------------------------------------------------------------

    describe("each_subuser_access", function()
        local PATH = "/v3/teammates/a%40x.example/subuser_access"

        local function page(ids, after)
            local list = {}
            for i, id in ipairs(ids) do
                list[i] = ('{"id":%s}'):format(id)
            end
            return ('{"has_restricted_subuser_access":true,"subuser_access":[%s],"_metadata":'
                .. '{"next_params":{"limit":2,"after_subuser_id":%s}}}'):format(
                table.concat(list, ","), after)
        end

        it("gives all that the sandbox has", function()
            local access = {}
            for i = 1, 5 do
                access[i] = { id = i * 10, permission_type = "admin" }
            end
            sandbox.seed {
                teammates = {
                    {
                        email = "a@x.example", first_name = "A", last_name = "B",
                        has_restricted_subuser_access = true, subuser_access = access,
                    },
                },
            }
            local list, err = walk(client:each_subuser_access("a@x.example", { limit = 2 }), "id")
            assert.is_nil(err)
            assert.same({ 10, 20, 30, 40, 50 }, list)
            assert.same({
                "GET " .. PATH .. "?limit=2", "GET " .. PATH .. "?after_subuser_id=20&limit=2",
                "GET " .. PATH .. "?after_subuser_id=40&limit=2",
            }, wires())
        end)

        it("follows cursors that are texts", function()
            answers(PATH, { page({ 1, 2 }, '"2"'), page({ 3 }, '""') })
            local iterator = client:each_subuser_access("a@x.example", { username = "s" })
            assert.same({ 1, 2, 3 }, (walk(iterator, "id")))
            assert.same({
                "GET " .. PATH .. "?limit=100&username=s",
                "GET " .. PATH .. "?after_subuser_id=2&limit=100&username=s",
            }, wires())
        end)

        local broken = {
            { "that stays", { page({ 1 }, "7"), page({ 2 }, "7") }, { 1 }, "does not advance" },
            { "that stays, as text", { page({ 1 }, "7"), page({ 2 }, '"7"') }, { 1 },
                "does not advance" },
            { "that goes in a circle", { page({ 1 }, "7"), page({ 2 }, "8"), page({ 3 }, "7") },
                { 1, 2 }, "does not advance" },
            { "that leads to the beginning", { page({ 1 }, "0") }, {}, "does not advance" },
            { "that is no number", { page({ 1 }, '"abc"') }, {}, "does not advance" },
            { "that is true", { page({ 1 }, "true") }, {}, "does not advance" },
            { "that is negative", { page({ 1 }, "-5") }, {}, "does not advance" },
            { "and the same subusers again", { page({ 1 }, "1"), page({ 1 }, "2") }, { 1 },
                "the same page" },
        }
        for _, row in ipairs(broken) do
            it("fails at a cursor " .. row[1], function()
                answers(PATH, row[2])
                failed(client:each_subuser_access "a@x.example", "id", row[3], row[4])
            end)
        end

        it("fails at a list that is none, or has a hole", function()
            local rest = ',"_metadata":{"next_params":{}}}'
            for _, list in ipairs { "null", "{}x", '{"id":1}', "[1]", '[{"id":1},null,{"id":2}]',
                '"x"' } do
                answers(PATH, { '{"subuser_access":' .. list .. rest })
                failed(client:each_subuser_access "a@x.example", "id", {}, "answer")
            end
            answers(PATH, { '{"subuser_access":[{"id":1}]}' })
            failed(client:each_subuser_access "a@x.example", "id", {}, "whether there is more")
        end)

        it("is empty for a teammate who is not restricted", function()
            answers(PATH, { '{"has_restricted_subuser_access":false,"subuser_access":null}' })
            local list, err = walk(client:each_subuser_access "a@x.example", "id")
            assert.is_nil(err)
            assert.same({}, list)
        end)

        it("fails in the middle, with the error of the page", function()
            answers(PATH, { page({ 1 }, "1"), page({ 2 }, "2") })
            sandbox.fault {
                { method = "GET", status = 200, body = page({ 1 }, "1") },
                { method = "GET", status = 403 },
            }
            local list, err = walk(client:each_subuser_access "a@x.example", "id")
            assert.same({ 1 }, list)
            assert.equal("forbidden", err.kind)
        end)

        it("says what is wrong with the arguments where it is asked for", function()
            raises("username is empty", function()
                client:each_subuser_access ""
            end)
            raises("unknown field 'offset'", function()
                client:each_subuser_access("a", { offset = 5 })
            end)
            raises("limit must be 1 or more", function()
                client:each_subuser_access("a", { limit = 0 })
            end)
        end)
    end)

    -- ---- all certificates ------------------------------------------------------------

    describe("list_all_certificates", function()
        local function integrations(n)
            local all, certificates = {}, {}
            for i = 1, n do
                all[i] = {
                    id = ("int-%d"):format(i), name = "N", enabled = true, signin_url = "u",
                    signout_url = "u", entity_id = "e",
                }
                certificates[i] = { integration_id = all[i].id, public_certificate = "c" .. i }
            end
            sandbox.switch { validate_pem = false }
            sandbox.seed { integrations = all, certificates = certificates }
        end

        it("gives those of every integration, in the order of integrations", function()
            integrations(3)
            local all, err = client:list_all_certificates()
            assert.is_nil(err)
            local of = {}
            for i, certificate in ipairs(all) do
                of[i] = certificate.integration_id
            end
            assert.same({ helper.INTEGRATION, "int-1", "int-2", "int-3" }, of)
            assert.equal("GET /v3/sso/integrations", wires()[1])
            assert.equal(5, #wires())
        end)

        it("asks for several at the same time", function()
            integrations(5)
            sandbox.fault { { path = "^/v3/sso/integrations/", delay = 2, times = "always" } }
            assert.equal(6, #client:list_all_certificates())
            local requests = calls.received()
            local connections, first, last = {}, math.huge, 0
            for i = 2, 7 do
                connections[requests[i].connection] = true
                first = math.min(first, requests[i].time)
                last = math.max(last, requests[i].time)
            end
            assert.is_true(last - first < 2, "the last began when the first had ended")
            local n = 0
            for _ in pairs(connections) do
                n = n + 1
            end
            assert.equal(6, n)
        end)

        it("fails whole when one integration fails", function()
            integrations(3)
            sandbox.fault { { path = "/v3/sso/integrations/int-2/", status = 403 } }
            local all, err = client:list_all_certificates()
            assert.is_nil(all)
            assert.equal("forbidden", err.kind)
            assert.equal("list_certificates", err.operation)
        end)

        it("fails when integrations cannot be listed, or have no ids", function()
            sandbox.fault { { status = 401 } }
            local all, err = client:list_all_certificates()
            assert.is_nil(all)
            assert.equal("unauthorized", err.kind)
            for _, body in ipairs { '[{"name":"n"}]', '[{"id":""}]', '[{"id":".."}]', '[{"id":{}}]',
                '[{"id":"a\\u0000"}]', '[{"id":1.5}]' } do
                answers("/v3/sso/integrations", { body })
                all, err = client:list_all_certificates()
                assert.is_nil(all)
                assert.equal("response", err.kind)
                assert.equal("list_all_certificates", err.operation)
            end
        end)

        it("fails when the host takes no callbacks now", function()
            integrations(2)
            local refusing = 0
            local blocking = require "sso.host.blocking"
            local host = {
                wait = blocking.wait,
                start = blocking.start,
                refuse = function(has_callback)
                    refusing = refusing + (has_callback and 1 or 0)
                    return has_callback and "no callbacks here" or nil
                end,
            }
            local all, err = client:list_all_certificates { host = host }
            assert.is_true(refusing > 0, "the host was not asked")
            assert.is_nil(all)
            assert.equal("host", err.kind)
        end)

        it("is empty without integrations", function()
            client:delete_integration(helper.INTEGRATION)
            assert.same({}, client:list_all_certificates())
        end)

        it("says what is wrong with the arguments where it is called", function()
            raises("unknown option 'si'", function()
                client:list_all_certificates { si = true }
            end)
            raises("takes no callback", function()
                client:list_all_certificates(function() end)
            end)
        end)
    end)
end)
