-- What becomes of an answer that can be used: numbers, null, both spellings of the integration's
-- id, and whatever the API may add.

local answers = require "support.answers"
local helper = require "helper"

local GOOD, is_whole, serve = answers.GOOD, answers.is_whole, answers.serve
local ID, INTEGRATION = helper.CERT_ID, helper.INTEGRATION

describe("an answer as a value", function()
    local client

    helper.watch()

    before_each(function()
        client = answers.client()
    end)

    after_each(function()
        helper.sandbox.reset()
    end)

    it("has whole numbers as integers, where there are any", function()
        serve('{"id":66138975,"a":0,"b":-1,"c":1621289880,"d":4102444800,"e":9007199254740991,'
            .. '"f":-9007199254740991,"g":1e3,"h":2.0,"i":[1,{"j":2}]}')
        local value, err = client:get_certificate(ID)
        assert.is_nil(err)
        for _, name in ipairs({ "id", "a", "b", "c", "d", "e", "f", "g", "h" }) do
            assert.is_true(is_whole(value[name]), name)
        end
        assert.equal(66138975, value.id)
        assert.equal("66138975", tostring(value.id))
        assert.equal("4102444800", ("%d"):format(value.d))
        assert.is_true(value.e == 9007199254740991)
        assert.is_true(value.f == -9007199254740991)
        assert.equal(1000, value.g)
        assert.is_true(is_whole(value.i[1]))
        assert.is_true(is_whole(value.i[2].j))
    end)

    it("keeps numbers that are not whole", function()
        serve('{"id":66138975,"a":0.5,"b":-1.25,"c":1e300,"d":1.5e-7,"e":-1e300}')
        local value = client:get_certificate(ID)
        assert.equal(0.5, value.a)
        assert.equal(-1.25, value.b)
        assert.equal(1e300, value.c)
        assert.equal(-1e300, value.e)
        assert.equal(1.5e-7, value.d)
    end)

    it("has nil for null, at any depth", function()
        serve('{"id":66138975,"not_before":null,"list":[1,null,3],"inner":{"a":null,"b":1}}')
        local value = client:get_certificate(ID)
        assert.is_nil(value.not_before)
        assert.equal(1, value.list[1])
        assert.is_nil(value.list[2])
        assert.equal(3, value.list[3])
        assert.same({ b = 1 }, value.inner)
    end)

    it("has the integration's id under both spellings", function()
        for _, name in ipairs({ "integration_id", "intergration_id" }) do
            serve('{"id":66138975,"' .. name .. '":"' .. INTEGRATION .. '"}')
            local value = client:update_certificate(ID, { enabled = true })
            assert.equal(INTEGRATION, value.integration_id)
            assert.equal(INTEGRATION, value.intergration_id)
        end
        serve('{"id":66138975,"integration_id":null,"intergration_id":"b"}')
        local value = client:get_certificate(ID)
        assert.equal("b", value.integration_id)
        assert.equal("b", value.intergration_id)
        serve('{"id":66138975}')
        value = client:get_certificate(ID)
        assert.is_nil(value.integration_id)
        assert.is_nil(value.intergration_id)
    end)

    it("has both spellings in every element of a list", function()
        serve("[" .. GOOD .. "," .. GOOD:gsub("intergration", "integration") .. "]")
        local list, err = client:list_certificates(INTEGRATION)
        assert.is_nil(err)
        assert.equal(2, #list)
        for _, certificate in ipairs(list) do
            assert.equal(INTEGRATION, certificate.integration_id)
            assert.equal(INTEGRATION, certificate.intergration_id)
            assert.is_true(is_whole(certificate.id))
        end
    end)

    it("passes on what the API may add", function()
        serve('{"id":66138975,"enabled":false,"new":{"list":["a",true,1.5,{}]},"":"empty",'
            .. '"m\195\188":"\\u00e4\\ud83d\\udd11\\u0000"}')
        local value = client:get_certificate(ID)
        assert.is_false(value.enabled)
        assert.same({ list = { "a", true, 1.5, {} } }, value.new)
        assert.equal("empty", value[""])
        assert.equal("\195\164\240\159\148\145\0", value["m\195\188"])
    end)

    it("may be an empty list, or have white space around it", function()
        serve("[]")
        assert.same({}, client:list_certificates(INTEGRATION))
        serve(" \r\n\t[ ]\n")
        assert.same({}, client:list_certificates(INTEGRATION))
        serve("\n" .. GOOD .. "\n")
        assert.equal(ID, client:get_certificate(ID).id)
    end)

    it("is as good with another 2xx or content type", function()
        for _, status in ipairs({ 200, 201, 202, 203, 206, 299 }) do
            serve(GOOD, { status = status, headers = { ["Content-Type"] = "text/plain" } })
            local value, err, response = client:update_certificate(ID, { enabled = true })
            assert.is_nil(err)
            assert.equal(ID, value.id)
            assert.equal(status, response.status)
        end
    end)

    it("is the same table of one's own each time", function()
        serve(GOOD)
        local one, other = client:get_certificate(ID), client:get_certificate(ID)
        one.id = "changed"
        assert.equal(ID, other.id)
        assert.is_nil(getmetatable(other))
    end)

    it("may have an id as text, or none", function()
        serve('{"id":"66138975"}')
        assert.equal("66138975", client:get_certificate(ID).id)
        assert.equal("66138975", client:get_certificate("66138975").id)
        serve('{"id":"AbC"}')
        assert.equal("AbC", client:get_certificate("aBc").id)
        serve('{"id":66138975.0}')
        assert.equal(ID, client:get_certificate(ID).id)
        serve('{"not_before":1}')
        assert.equal(1, client:get_certificate(ID).not_before)
    end)
end)
