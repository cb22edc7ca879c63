-- The tables that calls take and return, field by field, with units.
-- For editors that read LuaCATS annotations: nothing of it is needed at run time.
-- Made by tools/generate-docs: change what it is made from, and run that again.
-- luacheck: ignore

---@meta _

--- What an error is about: the word to branch on.
---@alias sso.Kind
---| "config" # no API key anywhere, a key with white space in it, a file that cannot be read
---| "certificate" # public_certificate is not one X.509 certificate, or a private key; nothing was sent
---| "dns" # the server's name has no address
---| "connect" # nobody answers at the address, or not within connect_timeout
---| "tls" # TLS was refused; the message says why
---| "timeout" # the deadline timeout passed; phase says during what
---| "network" # the connection was cut off after the request was sent
---| "protocol" # what came back is not HTTP
---| "response" # an answer that cannot be used: not JSON, another shape, about another id, over 1 MiB; a list that cannot be completed
---| "invalid_request" # 400, 413, 415, 422
---| "unauthorized" # 401
---| "forbidden" # 403
---| "not_found" # 404
---| "conflict" # 409
---| "rate_limited" # 429, after the retries
---| "server" # 5xx, after the retries
---| "http" # any other status; redirects are not followed
---| "cancelled" # handle:cancel() was called, or the client is closed
---| "host" # this place in the host can neither wait nor block
---| "saml" # SAML metadata or a SAML response that cannot be read, or is not what was asked for
---| "unsafe" # refused because it could lock people out; the message says what would be needed
---| "memory" # no memory is left

--- Where a call stood when it failed.
---@alias sso.Phase
---| "queue" # waiting for a turn, see max_in_flight
---| "dns" # looking up the server's name
---| "connect" # opening the connection
---| "tls" # the handshake
---| "send" # sending the request
---| "first_byte" # waiting for the answer
---| "body" # reading the answer
---| "backoff" # waiting before a retry

--- Options of one call, and of client:with.
---@class (exact) sso.CallOptions
---@field api_key? string|fun(): string bearer key, or a function that returns it, called once per call
---@field api_key_file? string a file that holds the key, read once per client
---@field region? "global"|"eu" "global" or "eu": which of SendGrid's servers; global
---@field base_url? string another server; wins over region; http to loopback only
---@field on_behalf_of? string subuser, sent as on-behalf-of
---@field timeout? number seconds for the whole call: every attempt, wait and retry; 30
---@field connect_timeout? number seconds for one attempt's name look-up, TCP and TLS; 5
---@field max_retries? integer further attempts after the first; 2
---@field ca_file? string PEM file of trust anchors instead of the system's
---@field ca_path? string hashed directory of trust anchors instead of the system's
---@field client_cert? string PEM file, for gateways that ask for mutual TLS
---@field client_key? string PEM file of the client certificate's private key
---@field proxy? string proxy URL; an empty string turns proxies off
---@field user_agent? string put before the module's own user agent
---@field headers? table<string, string> further request headers, name to value
---@field validate? boolean whether public_certificate must be one X.509 certificate; false sends any text but a private key; true
---@field host? "auto"|"blocking"|"copas"|"cqueues"|"haproxy"|"luv"|"neovim"|"nginx"|sso.Host the event loop that waits: "auto", a name, or a table; auto
---@field on_event? fun(event: sso.Event) function(event): start, attempt, retry, finish

--- Options of sso.new.
---@class (exact) sso.Options: sso.CallOptions
---@field max_in_flight? integer more calls than this wait their turn; 64
---@field http_version? "1.1"|"2" "2": all calls on one connection, where the server offers HTTP/2; 1.1

--- What `create_certificate` takes.
---@class (exact) sso.CreateCertificateFields
---@field public_certificate string the X.509 certificate with which the identity provider signs, as PEM
---@field enabled? boolean whether SendGrid accepts what is signed with it; what a new one is without this is not documented
---@field integration_id? string the integration that the certificate belongs to
---@field intergration_id? string another spelling of integration_id: one of the two

--- What `update_certificate` takes.
---@class (exact) sso.UpdateCertificateFields
---@field public_certificate? string the X.509 certificate with which the identity provider signs, as PEM
---@field enabled? boolean whether SendGrid accepts what is signed with it; what a new one is without this is not documented
---@field integration_id? string the integration that the certificate belongs to
---@field intergration_id? string another spelling of integration_id: one of the two

--- What `create_integration` takes.
---@class (exact) sso.CreateIntegrationFields
---@field name string what the integration is called
---@field enabled boolean whether people can log in by it
---@field signin_url string the identity provider's address for SAML requests; SendGrid's pages call it "Embed Link"
---@field signout_url string where a log-out leads after a log-in that began at the identity provider
---@field entity_id string the identity provider's SAML issuer id
---@field completed_integration? boolean whether the set-up is complete

--- What `list_integrations` takes.
---@class (exact) sso.ListIntegrationsQuery
---@field si? boolean true: the answer also has completed_integration

--- What `get_integration` takes.
---@class (exact) sso.GetIntegrationQuery
---@field si? boolean true: the answer also has completed_integration

--- What `update_integration` takes.
---@class (exact) sso.UpdateIntegrationFields
---@field si? boolean true: the answer also has completed_integration
---@field name? string what the integration is called
---@field enabled? boolean whether people can log in by it
---@field signin_url? string the identity provider's address for SAML requests; SendGrid's pages call it "Embed Link"
---@field signout_url? string where a log-out leads after a log-in that began at the identity provider
---@field entity_id? string the identity provider's SAML issuer id
---@field completed_integration? boolean whether the set-up is complete

--- What `create_sso_teammate` takes.
---@class (exact) sso.CreateSsoTeammateFields
---@field email string the address at the identity provider; also the username, and cannot be changed later
---@field first_name string given name
---@field last_name string family name
---@field is_admin? boolean true: all permissions; when true, not with scopes, persona, subuser_access, has_restricted_subuser_access = true
---@field persona? "accountant"|"developer"|"marketer"|"observer" a ready-made set of permissions; not with is_admin = true, scopes, has_restricted_subuser_access = true
---@field scopes? string[] permissions one by one; those that SendGrid sets itself, such as 2fa_required, raise; not with is_admin = true, persona, has_restricted_subuser_access = true
---@field has_restricted_subuser_access? boolean true: may only act on behalf of the subusers given; when true, not with scopes, persona, is_admin
---@field subuser_access? sso.SubuserAccessFields[] the subusers; an update replaces the whole list; needs has_restricted_subuser_access = true; not with is_admin = true

--- What `update_sso_teammate` takes.
---@class (exact) sso.UpdateSsoTeammateFields
---@field first_name? string given name
---@field last_name? string family name
---@field is_admin? boolean true: all permissions; when true, not with scopes, persona, subuser_access, has_restricted_subuser_access = true
---@field persona? "accountant"|"developer"|"marketer"|"observer" a ready-made set of permissions; not with is_admin = true, scopes, has_restricted_subuser_access = true
---@field scopes? string[] permissions one by one; those that SendGrid sets itself, such as 2fa_required, raise; not with is_admin = true, persona, has_restricted_subuser_access = true
---@field has_restricted_subuser_access? boolean true: may only act on behalf of the subusers given; when true, not with scopes, persona, is_admin
---@field subuser_access? sso.SubuserAccessFields[] the subusers; an update replaces the whole list; needs has_restricted_subuser_access = true; not with is_admin = true

--- What `list_teammates` takes.
---@class (exact) sso.ListTeammatesQuery
---@field limit? integer|string how many at most, up to 500
---@field offset? integer|string how many to pass over

--- What `list_subuser_access` takes.
---@class (exact) sso.ListSubuserAccessQuery
---@field after_subuser_id? integer|string go on after this one; next_params of an answer tells it
---@field limit? integer|string how many at most
---@field username? string only subusers of this name

--- An element of `subuser_access`.
---@class (exact) sso.SubuserAccessFields
---@field id integer|string the subuser's id
---@field permission_type "admin"|"restricted" "restricted" to the scopes given, or "admin"
---@field scopes? string[] permissions on behalf of the subuser; not with "admin"

--- A certificate as SendGrid keeps it. The documented answers do not say whether it is enabled.
---@class sso.Certificate
---@field id integer what the calls take as `cert_id`
---@field public_certificate string the X.509 certificate, as it was sent
---@field not_before integer valid from, unix seconds, UTC
---@field not_after integer valid until, unix seconds, UTC
---@field integration_id string the integration that it belongs to
---@field intergration_id string the same, as SendGrid spells it
---@field enabled? boolean not documented; nil unless SendGrid tells it

--- An identity provider that people of the account log in by.
---@class sso.Integration
---@field id string what the calls take as `id` and `integration_id`
---@field name string what it is called
---@field enabled boolean whether people can log in by it
---@field signin_url string the identity provider's address for SAML requests
---@field signout_url string where a log-out leads
---@field entity_id string the identity provider's SAML issuer id
---@field last_updated integer when it was last changed, unix seconds, UTC
---@field completed_integration? boolean whether the set-up is complete; with `si = true` only
---@field single_signon_url? string where the identity provider posts its SAML responses
---@field audience_url? string the audience that the identity provider names

--- A teammate. Which fields an answer has depends on the call: the list has the account's, from
--- `username` to `country`, and neither `scopes` nor `subuser_access`.
---@class sso.Teammate
---@field username? string what the calls take as `username`; with SSO it is the address
---@field email string the address at the identity provider
---@field first_name? string given name
---@field last_name? string family name
---@field user_type? "admin"|"owner"|"teammate" the role
---@field is_admin boolean has all permissions
---@field phone? string telephone number
---@field website? string web site
---@field company? string company
---@field address? string street
---@field address2? string second line of the address
---@field city? string town
---@field state? string state or province
---@field zip? string postal code
---@field country? string country
---@field is_sso? boolean logs in by SSO, not by a password
---@field scopes? string[] permissions
---@field has_restricted_subuser_access? boolean may only act for the subusers listed
---@field subuser_access? sso.SubuserAccess[] the subusers

--- A subuser that a teammate may act for.
---@class sso.SubuserAccess
---@field id integer the subuser's id
---@field username string the subuser's name
---@field email string the subuser's address
---@field disabled boolean whether the subuser is switched off
---@field permission_type "admin"|"restricted" all permissions, or those in `scopes`
---@field scopes string[] permissions on behalf of the subuser

--- One page of the subusers that a teammate may act for.
---@class sso.SubuserAccessPage
---@field has_restricted_subuser_access boolean may only act for the subusers listed
---@field subuser_access sso.SubuserAccess[] the subusers of this page
---@field _metadata sso.SubuserAccessMetadata where the next page begins

--- Where the next page of subusers begins.
---@class sso.SubuserAccessMetadata
---@field next_params? sso.ListSubuserAccessQuery the next query; nil, or without `after_subuser_id`: this was the last page

--- An invitation that nobody has accepted yet. SendGrid's document calls its key `token`, an
--- example in it `pending_id`: take the one that is there.
---@class sso.Invitation
---@field email string where the invitation was sent
---@field token? string what the calls take as `token`
---@field pending_id? string the same under another name
---@field scopes? string[] permissions upon acceptance
---@field is_admin? boolean all permissions upon acceptance
---@field expiration_date? integer when it ends, seven days after it was sent, unix seconds, UTC

--- Why a call failed. `tostring(err)` is one line that a person can act on, and an error can be
--- concatenated to text. Neither it nor any field holds the API key.
---@class sso.Error
---@field kind sso.Kind the word to branch on
---@field message string one line
---@field operation? string such as `update_certificate`
---@field status? integer the HTTP status, when there was an answer
---@field errors? sso.ServerError[] what the answer's body says; empty when nothing readable
---@field retryable boolean whether the same call may succeed later
---@field maybe_applied boolean whether the server may have carried the call out although no answer says so
---@field attempts? integer how often it was tried
---@field elapsed? number seconds in all, waits included
---@field retry_after? number seconds, when the server asked to wait
---@field hint? string what helps, where experience says so
---@field phase? sso.Phase where a `timeout`, `network` or `connect` stood
---@field code? integer libcurl's number, for kinds that have one

--- One error out of an answer's body.
---@class sso.ServerError
---@field message? string SendGrid's words
---@field field? string the field that they are about
---@field error_id? string SendGrid's id

--- What came over the wire.
---@class sso.Response
---@field status integer the HTTP status
---@field headers table<string, string> by lower-case name; a repeated one joined with `, `
---@field raw_headers string the header block, bytes as received
---@field body string bytes as received, at most 1 MiB
---@field attempts integer how often it was tried
---@field elapsed number seconds, every attempt and wait included
---@field timings sso.Timings of the last attempt
---@field http_version "1.0"|"1.1"|"2"|"3" of the last attempt
---@field rate_limit? sso.RateLimit when SendGrid sent it
---@field request_id? string what SendGrid's support asks for, when it was sent
---@field warnings? string[] what the answer says against expectation, such as a field that the server dropped
---@field server_certificates? string the server's certificates as PEM, its own first: of a new TLS connection, when `on_event` is given

--- When each step of the last attempt was done: seconds since the attempt began, 0 for a step
--- that did not take place.
---@class sso.Timings
---@field dns number the name was looked up
---@field connect number the connection was open
---@field tls number the handshake was done
---@field first_byte number the answer began
---@field total number the answer was read
---@field reused boolean on a connection that was open already

--- SendGrid's limit on calls, from the `X-RateLimit-` headers.
---@class sso.RateLimit
---@field limit? integer calls in the period
---@field remaining? integer calls left in it
---@field reset? integer when the next period begins, unix seconds, UTC

--- What `on_event` is told. It never holds a secret.
---@class sso.Event
---@field event "start"|"attempt"|"retry"|"finish" what happened
---@field operation string such as `update_certificate`
---@field attempt integer which one: 1 is the first
---@field elapsed number seconds since the call began
---@field status? integer of the answer, when there was one
---@field reason? sso.Kind|"ok" `retry`: the kind of the failure; `finish`: what came of it
---@field wait? number `retry`: seconds until the next attempt

--- What `client:request` takes.
---@class (exact) sso.Request
---@field method? "GET"|"POST"|"PUT"|"PATCH"|"DELETE" `GET` when missing
---@field path string begins with a slash, percent-encoded, without query: `/v3/scopes`
---@field query? table<string, string|number|boolean> encoded by the call
---@field body? table|string a table becomes JSON, text goes out as it is

--- A host of your own, for the option `host`.
---@class sso.Host
---@field wait fun(client: sso.Client, handle: sso.Handle) returns when `handle:done()`
---@field start fun(client: sso.Client, handle: sso.Handle) sees to it that somebody steps the client until the callback has run
---@field run? fun(client: sso.Client, seconds?: number) for `client:run`; has a default
---@field refuse? fun(has_callback: boolean): string? why this place can neither wait nor block; has a default
---@field closed? fun(client: sso.Client) told that a client was closed

--- A certificate that was parsed.
---@class sso.X509
---@field subject string one line, as RFC 2253 writes it
---@field issuer string the same of who signed it
---@field serial string lower-case hexadecimal
---@field not_before integer valid from, unix seconds, UTC
---@field not_after integer valid until, unix seconds, UTC
---@field fingerprint string SHA-256 of the certificate, lower-case hexadecimal
---@field spki_sha256 string SHA-256 of its public key, lower-case hexadecimal
---@field key sso.X509Key its public key
---@field signature_algorithm string such as `sha256WithRSAEncryption`
---@field self_signed boolean by its own key, verified
---@field pem string clean PEM: 64 columns, LF
---@field notes string[] what was mended in the text that was given
---@field state fun(self: sso.X509, at?: number): "valid"|"not_yet_valid"|"expired" at: unix seconds, UTC; now

--- A public key.
---@class sso.X509Key
---@field type string `RSA`, `EC`, `Ed25519`, …
---@field bits? integer its size
---@field curve? string such as `prime256v1`

--- Against what `sso.certificate.check` looks at a certificate.
---@class (exact) sso.CertificateCheck
---@field at? number the moment, unix seconds, UTC; now
---@field min_key_bits? number smallest RSA or DSA key in bits; 2048

--- Something that is wrong with a certificate.
---@class sso.CertificateProblem
---@field code "not_a_certificate"|"not_yet_valid"|"expired"|"unknown_key"|"weak_key"|"weak_signature" the word to branch on
---@field message string one line
---@field fingerprint? string of the certificate; nil with `not_a_certificate`

--- Versions, as loaded.
---@class sso.Version
---@field module string of sendgrid-sso
---@field lua string of Lua or LuaJIT
---@field libcurl string of libcurl
---@field tls string of libcurl's TLS library
---@field cjson string of lua-cjson

---@alias sso.CertificateCallback fun(value: sso.Certificate?, err: sso.Error?, response: sso.Response?)
---@alias sso.CertificateOrTrueCallback fun(value: (sso.Certificate|true)?, err: sso.Error?, response: sso.Response?)
---@alias sso.CertificateListCallback fun(value: sso.Certificate[]?, err: sso.Error?, response: sso.Response?)
---@alias sso.IntegrationCallback fun(value: sso.Integration?, err: sso.Error?, response: sso.Response?)
---@alias sso.IntegrationListCallback fun(value: sso.Integration[]?, err: sso.Error?, response: sso.Response?)
---@alias sso.TrueCallback fun(value: true?, err: sso.Error?, response: sso.Response?)
---@alias sso.TeammateCallback fun(value: sso.Teammate?, err: sso.Error?, response: sso.Response?)
---@alias sso.TeammateListCallback fun(value: sso.Teammate[]?, err: sso.Error?, response: sso.Response?)
---@alias sso.InvitationListCallback fun(value: sso.Invitation[]?, err: sso.Error?, response: sso.Response?)
---@alias sso.InvitationCallback fun(value: sso.Invitation?, err: sso.Error?, response: sso.Response?)
---@alias sso.SubuserAccessPageCallback fun(value: sso.SubuserAccessPage?, err: sso.Error?, response: sso.Response?)
---@alias sso.Callback fun(value: any?, err: sso.Error?, response: sso.Response?)

--- A call that was started with a callback.
---@class sso.Handle
local Handle = {}

--- Waits for the call; its callback runs meanwhile. As often as you like.
---@return any value what the call without callback returns
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Handle:wait() end

--- Whether the call is over.
---@return boolean done its result can be had
function Handle:done() end

--- Cancels the call; its callback gets kind `cancelled`. What the server has carried out already
--- is not taken back: `err.maybe_applied` says when that is possible.
---@return boolean cancelled it was still under way
function Handle:cancel() end
