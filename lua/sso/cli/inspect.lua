--- `inspect`: what is in certificates, without any call.

local certificate = require("sso.core").certificate
local core = require "sso.core"
local files = require "sso.cli.files"
local moments = require "sso.cli.moments"
local show = require "sso.cli.show"

local M = {}

local function document_of(x, problems)
    local document = { problems = {} }
    for _, name in ipairs {
        "subject", "issuer", "serial", "not_before", "not_after", "fingerprint", "spki_sha256",
        "key", "signature_algorithm", "self_signed", "pem", "notes",
    } do
        document[name] = x[name]
    end
    for i, problem in ipairs(problems) do
        document.problems[i] = { code = problem.code, message = problem.message }
    end
    return document
end

local function show_one(out, x, problems, now)
    local rows = show.x509_rows(x, now)
    for _, note in ipairs(x.notes) do
        rows[#rows + 1] = { "mended", note }
    end
    for _, problem in ipairs(problems) do
        rows[#rows + 1] = { "problem", problem.message, "yellow" }
    end
    out:details(rows)
end

-- The certificates of all files, each with the file's name.
local function read_all(names)
    local found = {}
    for _, name in ipairs(names) do
        local parsed, err = certificate.parse(files.read(name))
        if not parsed then
            local shown = name == "-" and "standard input" or name
            error(core.failure(err.kind, shown .. ": " .. err.message), 0)
        end
        for _, x in ipairs(parsed) do
            found[#found + 1] = { x = x, file = name }
        end
    end
    return found
end

local function run(session)
    local args, out = session.args, session.out
    local at = args.at or session.now
    local found, documents = read_all(args.file), {}
    for i, entry in ipairs(found) do
        local problems = certificate.check(entry.x, { at = at, min_key_bits = args.min_key_bits })
        documents[i] = document_of(entry.x, problems)
        documents[i].file = entry.file
        if args.pem then
            out:write(entry.x.pem)
        elseif not args.json then
            if i > 1 then
                out:line()
            end
            if #found > 1 then
                out:write(out:paint("bold", ("certificate %d of %d"):format(i, #found)) .. "\n")
            end
            show_one(out, entry.x, problems, at)
        end
    end
    if args.json and not args.pem then
        out:document(documents, true)
    end
    return 0
end

M.rows = {
    {
        name = "inspect",
        group = "Certificates and logins",
        summary = "shows what is in certificates",
        description = "Shows what is in certificates: subject, validity, key, fingerprints, and "
            .. "what is wrong with them. Nothing is sent. Takes PEM (one or many, with text "
            .. "around it), DER, bare base64, and what pasting does to them.",
        arguments = {
            {
                name = "file", argname = "FILE", args = "+",
                description = "files, or - for standard input",
            },
        },
        options = {
            {
                name = "at", argname = "TIME", convert = moments.parse,
                description = "judge validity at this moment (2027-01-31, UTC) and not now",
            },
            {
                name = "min_key_bits", argname = "N", convert = function(text)
                    return tonumber(text), ("'%s' is no number"):format(text)
                end,
                description = "smallest RSA key that is no problem (2048)",
            },
            { name = "pem", kind = "switch", description = "print clean PEM and nothing else" },
        },
        examples = {
            { "sendgrid-sso inspect idp.pem", "what an identity provider gave you" },
            { "sendgrid-sso inspect --pem paste.txt > idp.pem", "mends what was copied badly" },
            { "sendgrid-sso inspect --json - < idp.pem", "for a program" },
        },
        run = run,
    },
}

return M
