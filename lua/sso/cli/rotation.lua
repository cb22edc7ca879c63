--- `rotate`, `sync` and `ensure`: certificates of an integration brought to what the identity
--- provider signs with.

local catalogue = require "sso.cli.catalogue"
local certificate = require("sso.core").certificate
local core = require "sso.core"
local files = require "sso.cli.files"
local moments = require "sso.cli.moments"
local plans = require "sso.cli.plans"
local request = require "sso.cli.request"
local show = require "sso.cli.show"

local M = {}

local RETIRE = { "keep", "disable", "delete" }

local INTEGRATION = {
    name = "integration_id",
    description = "comes from " .. catalogue.in_commands "list_integrations",
}

local function read_all(names)
    local texts = {}
    for i, name in ipairs(names or {}) do
        texts[i] = files.read(name)
    end
    return texts
end

local function rotation_options(args)
    return {
        retire = args.retire, overlap = args.overlap, several_enabled = args.several_enabled,
        pin = args.pin, force = args.force, at = args.at, entity_id = args.entity_id,
    }
end

-- ---- rotate and sync ---------------------------------------------------------------

local function rotate(session)
    local args = session.args
    if (args.metadata ~= nil) == (args.public_certificate ~= nil) then
        session:usage "give either --public-certificate or --metadata"
    end
    local options = rotation_options(args)
    options.metadata = args.metadata
    options.public_certificate = args.public_certificate and read_all(args.public_certificate)
    local client = session:client()
    return plans.run(session, function(dry_run)
        options.dry_run = dry_run
        return client:rotate_certificate(args.integration_id, options)
    end, ("Change the certificates of integration %s?"):format(args.integration_id))
end

local function show_differences(session, plan, carried_out)
    local found = plan.integration
    for _, difference in ipairs(found and found.differences or {}) do
        session.out:fold(("%s is %s here and %s in the metadata"):format(difference.field,
            plans.word(difference.ours), plans.word(difference.theirs)), "  ")
    end
    if found and #found.differences > 0 then
        session.out:line(found.updated and "the integration was changed"
            or not session.args.update_integration and "(--update-integration changes it)"
            or carried_out and "the integration was not changed"
            or "the integration will be changed")
    end
end

local function sync(session)
    local args = session.args
    local options = rotation_options(args)
    options.update_integration = args.update_integration
    local client = session:client()
    return plans.run(session, function(dry_run)
        options.dry_run = dry_run
        local plan, err = client:sync_metadata(args.integration_id, args.source, options)
        -- addresses alone are work, too
        if plan and dry_run and args.update_integration and #plan.integration.differences > 0 then
            plan.update_pending = true
        end
        return plan, err
    end, ("Change integration %s?"):format(args.integration_id), function(plan, carried_out)
        show_differences(session, plan, carried_out)
    end)
end

-- ---- ensure ------------------------------------------------------------------------

-- What would be sent: the operation and its request, or nil when the certificate is there.
local function missing(session, fields)
    local args, client = session.args, session:client()
    local parsed, err = certificate.parse(fields.public_certificate)
    local wanted = parsed and parsed[1] or error(err, 0)
    local list
    list, err = session:call(client.list_certificates, client, args.integration_id)
    local same_key
    for _, record in ipairs(list or error(err, 0)) do
        local stored = certificate.parse(record.public_certificate or "")
        stored = stored and stored[1]
        if stored and stored.fingerprint == wanted.fingerprint then
            return fields.enabled ~= nil and "update_certificate" or nil, { record.id },
                { enabled = fields.enabled, integration_id = args.integration_id }, record
        elseif stored and stored.spki_sha256 == wanted.spki_sha256 then
            same_key = record
        end
    end
    local sent = {
        public_certificate = fields.public_certificate, enabled = fields.enabled,
        integration_id = args.integration_id,
    }
    if same_key then
        return "update_certificate", { same_key.id }, sent
    end
    return "create_certificate", {}, sent
end

local function operation_of(name)
    for _, operation in ipairs(core.operations) do
        if operation.name == name then
            return operation
        end
    end
end

local OUTCOMES = {
    present = "it is there already, as certificate %s",
    created = "created certificate %s",
    renewed_same_key = "put it in the place of the older certificate of the same key, %s",
}

local function finish(session, outcome, record)
    if session.args.json then
        session.out:document { outcome = outcome, certificate = record }
    else
        session.out:line(OUTCOMES[outcome]:format(plans.word(record.id)))
        show.record(session.out, record, session.now)
    end
    return 0
end

local function ensure(session)
    local args, out = session.args, session.out
    session:need_consent()
    local fields = {
        public_certificate = files.read(args.public_certificate), enabled = args.enabled,
    }
    if args.dry_run or not args.yes then
        local name, params, sent, record = missing(session, fields)
        if not name then
            return finish(session, "present", record)
        end
        local wanted = request.of(session, { operation = operation_of(name) }, params, sent)
        if args.dry_run and args.json then
            wanted.dry_run = true
            out:document(wanted)
            return 0
        end
        for _, line in ipairs(request.lines(wanted)) do
            if args.dry_run then
                out:line(line)
            else
                out:note(line)
            end
        end
        if args.dry_run then
            out:note "nothing was sent"
            return 0
        end
        session:confirm(("Change integration %s?"):format(args.integration_id))
    end
    local client = session:client()
    local outcome, record = session:call(client.ensure_certificate, client, args.integration_id,
        fields)
    if not outcome then
        error(record, 0)
    end
    return finish(session, outcome, record)
end

-- ---- rows --------------------------------------------------------------------------

local ROTATION_OPTIONS = {
    {
        name = "retire", choices = RETIRE,
        description = "what becomes of certificates that are not wanted any more (keep)",
    },
    {
        name = "overlap", argname = "TIME", convert = moments.duration,
        description = "how long the old ones stay beside the new one, such as 7d",
    },
    {
        name = "several_enabled", kind = "boolean",
        description = "whether SendGrid takes several enabled certificates of one integration: the "
            .. "next key is then enabled ahead of time",
    },
    {
        name = "pin", argname = "TEXT",
        description = "a fingerprint or entity id that must be there before anything is trusted",
    },
    { name = "entity_id", argname = "TEXT", description = "which one, in metadata of many" },
    { name = "force", kind = "switch", description = "even where it could lock people out" },
    {
        name = "at", argname = "TIME", convert = moments.parse,
        description = "judge validity at this moment and not now",
    },
}

local function with(first, rest)
    local all = {}
    for _, list in ipairs { first, rest } do
        for _, option in ipairs(list) do
            all[#all + 1] = option
        end
    end
    return all
end

M.rows = {
    {
        name = "ensure",
        group = "Rotation",
        summary = "sees to it that an integration has a certificate",
        description = "Sees to it that an integration has a certificate: compares certificates, "
            .. "not texts, and may be run any number of times.",
        arguments = { INTEGRATION },
        options = {
            {
                name = "public_certificate", argname = "FILE", required = true,
                description = "the certificate; a file, or - for standard input",
            },
            { name = "enabled", kind = "boolean", description = "set it so each time" },
        },
        examples = {
            {
                "sendgrid-sso ensure ID --public-certificate idp.pem --enabled --yes",
                "for a script that runs often",
            },
        },
        run = ensure,
    },
    {
        name = "rotate",
        group = "Rotation",
        summary = "brings an integration to trust what its identity provider signs with",
        description = "Brings an integration to trust the wanted certificates without a moment in "
            .. "which nobody can log in: adds first, reads back, and retires last. It may be "
            .. "stopped at any point and run again.",
        arguments = { INTEGRATION },
        options = with({
            {
                name = "public_certificate", argname = "FILE", kind = "list",
                description = "a wanted certificate; a file, or -; may be given several times",
            },
            {
                name = "metadata", argname = "SOURCE",
                description = "take them from SAML metadata: a file or an https URL",
            },
        }, ROTATION_OPTIONS),
        examples = {
            {
                "sendgrid-sso rotate ID --public-certificate new.pem --dry-run",
                "shows the plan",
            },
            {
                "sendgrid-sso rotate ID --metadata https://idp.example/metadata \\\n"
                    .. "       --retire delete --overlap 7d --yes",
                "for a cron job: old certificates go a week after the new one came",
            },
        },
        run = rotate,
    },
    {
        name = "sync",
        group = "Rotation",
        summary = "rotates to what metadata announces, and compares addresses",
        description = "Rotates to the certificates of SAML metadata, and compares the "
            .. "integration's sign-in and sign-out addresses and entity id with it.",
        arguments = {
            INTEGRATION,
            {
                name = "source", argname = "SOURCE",
                description = "metadata: a file or an https URL",
            },
        },
        options = with({
            {
                name = "update_integration", kind = "switch",
                description = "also change addresses and entity id where they differ",
            },
        }, ROTATION_OPTIONS),
        examples = {
            {
                "sendgrid-sso sync ID https://idp.example/metadata --dry-run",
                "what differs from the identity provider",
            },
            {
                "sendgrid-sso sync ID https://idp.example/metadata --retire disable --yes",
                "for a timer",
            },
        },
        run = sync,
    },
}

return M
