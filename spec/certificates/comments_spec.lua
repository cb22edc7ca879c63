-- Comments between certificates that are pasted: the words "private key" right behind an END line
-- are words. A private key in the same place is refused, however its marker was damaged, and no
-- sentence repeats any of it.

local helper = require "helper"
local mime = require "mime"
local process = require "process"
local sso = require "sso"

local certificate = sso.certificate

local PEM = helper.certificate { cn = "first", key = "ec" }
local OTHER = helper.certificate { cn = "second", key = "ec" }

local function subjects(text)
    local list, err = certificate.parse(text)
    if not list then
        return nil, err.message
    end
    local names = {}
    for i, c in ipairs(list) do
        names[i] = c.subject
    end
    return table.concat(names, " ")
end

describe("behind the END of a certificate", function()
    local comments = {
        "private key is kept in the vault",
        "private keys are kept in the vault",
        "Private key: ask the administrators",
        "Private Key",
        "private key",
        "  private key of this one: see the vault",
        "\nprivate key of this one: see the vault",
        "# private key elsewhere",
        "The private key is not in here",
        "no private_key in here",
    }
    for _, comment in ipairs(comments) do
        it("is a comment: " .. comment:gsub("\n", "\\n"), function()
            for _, between in ipairs { comment .. "\n", comment .. "\r\n", comment .. "\n\n" } do
                assert.equal("CN=first CN=second", subjects(PEM .. between .. OTHER))
                assert.equal("CN=second CN=first", subjects(OTHER .. between .. PEM))
            end
            assert.equal("CN=first", subjects(PEM .. comment))
            local lines = (PEM .. comment .. "\n" .. OTHER):gsub("\n", "\r\n")
            assert.equal("CN=first CN=second", subjects(lines))
        end)
    end

    -- What can be the rest of a key's own marker, or of a certificate's that is none.
    local suspicious = {
        "PRIVATE KEY", "PRIVATE KEY-----", "private key-----", "-----private key",
        "private key -----", "- private key", "private key block-----", "Private Key -",
        "RSA PRIVATE KEY", "END private key-", "begin private key-----",
    }
    for _, words in ipairs(suspicious) do
        it("is refused: " .. words, function()
            local names, message = subjects(PEM .. words .. "\n" .. OTHER)
            assert.is_nil(names)
            assert.truthy(message:find("private key", 1, true), message)
        end)
    end

    it("is refused: on the line of the END", function()
        for _, gap in ipairs { "", " ", "  ", "\t" } do
            assert.is_nil((subjects(PEM:gsub("\n$", gap) .. "private key\n" .. OTHER)))
        end
    end)

    local markers = {
        "END CERTIFICATE", "-----END CERTIFICATE----- RSA", "-----END CERTIFICATE",
        "-----END CERTIFICATE REQUEST-----", "-----END RSA-----", "END", "-----END-----",
    }
    for _, marker in ipairs(markers) do
        it("no comment begins behind " .. marker, function()
            local text = PEM:gsub("%-%-%-%-%-END CERTIFICATE%-%-%-%-%-\n$", "") .. marker
            for _, gap in ipairs { "\n", " " } do
                local names, message = subjects(text .. gap .. "Private Key\n")
                assert.is_nil(names)
                assert.truthy(message:find("private key", 1, true), message)
            end
        end)
    end
end)

-- ---- real keys in the same place -------------------------------------------------------------

local folder = os.tmpname()

local SCRIPT = [[
set -e
unset LD_PRELOAD
rm -f "$1"
mkdir "$1"
cd "$1"
exec >openssl.log 2>&1
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out pkcs8
openssl rsa -in pkcs8 -traditional -out pkcs1
openssl rsa -in pkcs8 -aes128 -traditional -passout pass:x -out pkcs1-encrypted
openssl pkcs8 -topk8 -in pkcs8 -passout pass:x -out pkcs8-encrypted
openssl ecparam -name prime256v1 -genkey -noout -out ec
openssl pkcs8 -topk8 -nocrypt -in ec -out ec-pkcs8
openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -out parameters
openssl genpkey -paramfile parameters -out dsa-pkcs8
openssl dsa -in dsa-pkcs8 -out dsa
openssl genpkey -algorithm ed25519 -out ed25519
]]

local function openssh()
    local body = mime.b64("openssh-key-v1\0" .. ("\0\0\0\4none"):rep(2) .. ("\7\42\99"):rep(70))
    return "-----BEGIN OPENSSH PRIVATE KEY-----\n" .. body:gsub(("."):rep(70), "%0\n")
        .. "\n-----END OPENSSH PRIVATE KEY-----\n"
end

local function read(name)
    if name == "openssh" then
        return openssh()
    end
    local file = assert(io.open(folder .. "/" .. name, "rb"))
    local text = file:read "*a"
    file:close()
    return text
end

-- What mail programs and people make of a block of a key.
local damages = {
    ["whole"] = function(key) return key end,
    ["without its BEGIN"] = function(key) return (key:gsub("^.-\n", "")) end,
    ["without its END"] = function(key) return (key:gsub("%-%-%-%-%-END.*", "")) end,
    ["without the dashes"] = function(key) return (key:gsub("%-%-%-%-%-", "")) end,
    ["with one dash"] = function(key) return (key:gsub("%-%-%-%-%-", "-")) end,
    ["its BEGIN without BEGIN"] = function(key) return (key:gsub("BEGIN ", "")) end,
    ["its markers in small letters"] = function(key)
        return (key:gsub("%-%-%-%-%-[%u ]+%-%-%-%-%-", string.lower))
    end,
    ["in one line"] = function(key) return (key:gsub("\n", " ")) end,
    ["its line ends escaped"] = function(key) return (key:gsub("\n", "\\n")) end,
    ["the half of it"] = function(key) return key:sub(1, math.floor(#key / 2)) end,
    ["as a certificate"] = function(key)
        return (key:gsub("%-%-%-%-%-(%u+) [%u ]+%-%-%-%-%-", "-----%1 CERTIFICATE-----"))
    end,
    ["quoted"] = function(key) return "> " .. key:gsub("\n(.)", "\n> %1") end,
}

describe("behind the END of a certificate and a comment, a key of the form", function()
    setup(function()
        local done = process.run({ "sh", "-c", SCRIPT, "sh", folder }, {}, 60 * helper.patience)
        assert(done.status == 0, done.output)
    end)

    teardown(function()
        os.execute("rm -rf " .. folder)
    end)

    for _, form in ipairs {
        "pkcs8", "pkcs1", "pkcs1-encrypted", "pkcs8-encrypted", "ec", "ec-pkcs8", "dsa",
        "dsa-pkcs8", "ed25519", "openssh",
    } do
        it(form .. " is refused, whatever became of it, and not repeated", function()
            local key = read(form)
            for name, damage in pairs(damages) do
                local text = damage(key)
                for _, comment in ipairs {
                    "private key\n", "Private Key:\n", "private key of the first: ", "",
                } do
                    for _, whole in ipairs {
                        PEM .. comment .. text, PEM .. comment .. text .. OTHER,
                        text .. PEM .. comment,
                    } do
                        local names, message = subjects(whole)
                        assert.is_nil(names, name .. ", " .. comment)
                        assert.truthy(message:find("private key", 1, true), name .. ": " .. message)
                        for line in key:gmatch "[^\n]+" do
                            assert.falsy(not line:find "^%-" and message:find(line, 1, true), name)
                        end
                    end
                end
            end
        end)
    end
end)
