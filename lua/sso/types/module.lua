-- The module's functions: every operation on a client of its own.
-- For editors that read LuaCATS annotations: nothing of it is needed at run time.
-- Made by tools/generate-docs: change what it is made from, and run that again.
-- luacheck: ignore

---@meta _

--- Reads X.509 certificates.
---@class sso.CertificateFunctions
local certificate = {}

--- Reads X.509 certificates, and mends what copying does to them; `notes` says what.
---@param text string PEM, DER or bare base64; one or many, up to 1 MiB
---@return sso.X509[]? certificates at least one; nil upon failure
---@return sso.Error? err kind certificate: none in the text, or a private key
function certificate.parse(text) end

--- Compares two certificates, not their texts.
---@param a string|sso.X509 one certificate
---@param b string|sso.X509 another
---@return boolean? same nil upon failure
---@return sso.Error? err kind certificate: not one certificate each
function certificate.same(a, b) end

--- Lists what is wrong with certificates: validity, key, signature.
---@param text string|sso.X509 one certificate or many
---@param options? sso.CertificateCheck against what
---@return sso.CertificateProblem[] problems empty: none was found
function certificate.check(text, options) end

--- Reads SAML metadata.
---@class sso.MetadataFunctions
local metadata = {}

--- Reads SAML 2.0 metadata: of one identity provider, or of a federation.
---@param text string the XML; at most 10 MiB, any encoding that expat knows
---@param options? {entity_id: string?} which entity; needed when several identity providers are described
---@return sso.Metadata? metadata
---@return sso.Error? err kind saml
function metadata.parse(text, options) end

--- Reads SAML 2.0 metadata from a file or from the web: the same rules for TLS, time and size as
--- for SendGrid's API, and never with the API key.
---@param source string a file's path, or an https URL (http to this machine alone)
---@param options? {entity_id: string?, timeout: number?, ca_file: string?} and further options of calls
---@param client? sso.Client whose connections and options are used; else one is made for this
---@return sso.Metadata? metadata
---@return sso.Error? err kind saml, or that of a failed transfer
function metadata.fetch(source, options, client) end

--- Writes what check_certificates found.
---@class sso.MonitorFunctions
local monitor = {}

--- Writes a report, or the error for which there is none.
---@param report sso.Report|sso.Error what check_certificates returned, the one or the other
---@param name "text"|"json"|"prometheus"|"nagios"|"ics"
---@param options? {width: integer?, ascii: boolean?, colour: boolean?} text
---@return string text
---@return integer status as Nagios plugins exit: 0 ok, 1 warning, 2 critical, 3 unknown
function monitor.format(report, name, options) end

--- The exit status of a monitoring plugin: 0 ok, 1 warning, 2 critical, 3 when there is no
--- report.
---@param report sso.Report|sso.Error
---@return integer value
function monitor.exit_status(report) end

--- Says why a login failed.
---@class sso.SamlFunctions
local saml = {}

--- Reads a SAML response and says what may be wrong with it.
---@param saml_response string what the browser posts as SAMLResponse, or the XML
---@param options? {certificates: any, audience: string?, recipient: string?, entity_id: string?, at: number?, name_id: boolean?} certificates: those that SendGrid has; audience, recipient, entity_id: what the integration expects; at: the moment of the login (now); name_id: tell who
---@return sso.Explanation? explanation
---@return sso.Error? err kind saml
function saml.explain(saml_response, options) end

--- An explanation as text for people, printable as it is.
---@param explanation sso.Explanation
---@param options? {width: integer?} columns, 80 if not given
---@return string text
function saml.format(explanation, options) end

--- Draws the validity of certificates.
---@class sso.TimelineFunctions
local timeline = {}

--- Draws a timeline for a terminal.
---@param report sso.Report what check_certificates returned
---@param options? {width: integer?, ascii: boolean?, colour: boolean?, at: integer?} columns (80, at least 40); ASCII characters only; ANSI colours; what counts as today (the report's own time)
---@return string text no line is longer than the width
function timeline.text(report, options) end

--- Draws a timeline as a document of its own (SVG), which can also stand inside a page of HTML.
---@param report sso.Report
---@param options? {width: integer?, at: integer?} pixels (960); what counts as today
---@return string svg
function timeline.svg(report, options) end

--- The module. Its operations use one client, which is made from the environment.
---@class sso
---@field _VERSION string version of the module
---@field certificate sso.CertificateFunctions reads X.509 certificates
---@field metadata sso.MetadataFunctions reads SAML metadata
---@field monitor sso.MonitorFunctions writes what check_certificates found
---@field saml sso.SamlFunctions says why a login failed
---@field timeline sso.TimelineFunctions draws the validity of certificates
local sso = {}

--- Lists the certificates of every integration, several integrations at a time. The whole or an
--- error, never a part. There is no response.
---@param options? sso.CallOptions for each call
---@return sso.Certificate[]? certificates of all integrations, in their order
---@return sso.Error? err of the first integration that could not be read
function sso.list_all_certificates(options) end

--- Walks all teammates, page by page. When a page cannot be had, the last turn of the loop gets
--- `false` and the error in place of a teammate.
---@param query? sso.ListTeammatesQuery limit: the size of a page, 500
---@param options? sso.CallOptions for each call
---@return fun(): sso.Teammate|false|nil, sso.Error? iterator false and the error upon failure
function sso.each_teammate(query, options) end

--- Walks all subusers that a teammate may act for, page by page. When a page cannot be had, or
--- the server's cursor does not advance, the last turn of the loop gets `false` and the error in
--- place of a subuser.
---@param username string|integer the teammate's
---@param query? sso.ListSubuserAccessQuery limit: the size of a page, 100
---@param options? sso.CallOptions for each call
---@return fun(): sso.SubuserAccess|false|nil, sso.Error? iterator false and the error upon failure
function sso.each_subuser_access(username, query, options) end

--- Calls any other operation of SendGrid's API: same key, checks, retries and errors, and the
--- same two forms. A body that holds a private key is never sent.
---@overload fun(request: sso.Request, callback: sso.Callback): sso.Handle
---@overload fun(request: sso.Request, options: sso.CallOptions?, callback: sso.Callback): sso.Handle
---@param request sso.Request method, path, query, body
---@param options? sso.CallOptions for this call alone
---@return any value the decoded JSON; true when the answer has no body; nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.request(request, options) end

--- Makes a client. Opens no connection yet; options are read once. Raises upon an unknown or
--- ill-typed option.
---@param options? sso.Options what differs from environment and defaults
---@return sso.Client? client nil upon failure
---@return sso.Error? err kind config: no API key anywhere, a file that cannot be read
function sso.new(options) end

--- Waits for several calls. Their callbacks run meanwhile.
---@param handles sso.Handle[] calls that were started with a callback
---@return sso.Handle[] handles the same, all of them done
function sso.wait_all(handles) end

--- Drives the calls of the module's own client, as `client:run` does those of a client.
---@param seconds? number returns after this time; nil: when no call is left
---@return integer left calls that are not finished
function sso.run(seconds) end

--- Versions of the module, Lua, libcurl, its TLS library and lua-cjson, as loaded.
---@return sso.Version versions what is loaded
function sso.version() end

--- Sees to it that an integration has one certificate; may be run any number of times.
---@param integration_id string|integer
---@param fields {public_certificate: string|table, enabled: boolean?} public_certificate: text that holds one certificate, or one as sso.certificate.parse gives it; enabled, when given, is set each time
---@return "present"|"created"|"renewed_same_key"|nil outcome renewed_same_key: it took the place of another certificate of the same key
---@return sso.Certificate|sso.Error certificate as read back; the error
function sso.ensure_certificate(integration_id, fields) end

--- Brings an integration to trust the wanted certificates, and no others any longer. Of several
--- wanted certificates the first that is valid counts as the one that the identity provider signs
--- with. Nothing is retired before this run has set that one enabled and read it back.
---@param integration_id string|integer
---@param options {public_certificate: string|string[]|nil, metadata: string?, entity_id: string?, retire: "keep"|"disable"|"delete"|nil, overlap: number?, several_enabled: boolean?, pin: string?, dry_run: boolean?, force: boolean?, at: number?, journal: table?} see docs/rotation.md
---@return sso.RotationPlan? plan what was done; with dry_run, what would be
---@return sso.Error? err with plan: what was done, what remains; and journal
function sso.rotate_certificate(integration_id, options) end

--- Brings an integration to trust the certificates of metadata; compares its addresses.
---@param integration_id string|integer
---@param source string metadata: XML, a file or an https URL
---@param options table? as of rotate_certificate; update_integration: change signin_url, signout_url and entity_id where they differ, once the certificates are safe
---@return sso.RotationPlan? plan with integration: differences and whether they were changed
---@return sso.Error? err as of rotate_certificate
function sso.sync_metadata(integration_id, source, options) end

--- Looks over the certificates of one integration or of all: what has expired or soon will, what
--- is weak, doubled, unreadable, missing, or unknown to the identity provider.
---@param options? sso.CheckOptions
---@param call_options? sso.CallOptions for each call
---@return sso.Report? report findings, most severe first
---@return sso.Error? err
function sso.check_certificates(options, call_options) end

--- Reads the whole SSO set-up: integrations, their certificates, and the teammates who log in by
--- SSO. The whole or an error; it holds no secret.
---@param options? {teammates: boolean?} true: an error when they cannot be read; false: without them; not given: without them when the API key may not read them, which notes tells
---@return sso.Snapshot? snapshot
---@return sso.Error? err
function sso.snapshot(options) end

--- Tells what differs between a snapshot and another, or what is there now.
---@param snapshot sso.Snapshot
---@param other? sso.Snapshot the later one; not given: as it is now
---@return sso.Difference[]? differences empty: none
---@return sso.Error? err
function sso.diff(snapshot, other) end

--- Brings an account back to a snapshot: plans, then adds and enables, then changes, and deletes
--- last, if at all. It may be stopped at any point and run again; a second run changes nothing.
---@param snapshot sso.Snapshot
---@param options? {dry_run: boolean?, delete: boolean?, teammates: boolean?, enable: boolean?, force: boolean?, at: number?} delete: what is not in the snapshot goes; teammates: restores them too; enable: certificates of which the snapshot does not tell count as enabled; force: does what could lock people out; at: unix seconds, by which validity is judged
---@return sso.RestorePlan? plan what was done; with dry_run, what would be
---@return sso.Error? err kind unsafe before anything was done, or what failed; plan, journal
function sso.restore(snapshot, options) end

--- Adds a certificate to an integration.
---
--- POST /v3/sso/certificates
---@overload fun(fields: sso.CreateCertificateFields, callback: sso.CertificateCallback): sso.Handle
---@overload fun(fields: sso.CreateCertificateFields, options: sso.CallOptions?, callback: sso.CertificateCallback): sso.Handle
---@param fields sso.CreateCertificateFields an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Certificate? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.create_certificate(fields, options) end

--- Reads one certificate.
---
--- GET /v3/sso/certificates/{cert_id}
---@overload fun(cert_id: string|integer, callback: sso.CertificateCallback): sso.Handle
---@overload fun(cert_id: string|integer, options: sso.CallOptions?, callback: sso.CertificateCallback): sso.Handle
---@param cert_id string|integer 1 to 1024 bytes, one segment of the path
---@param options? sso.CallOptions for this call alone
---@return sso.Certificate? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.get_certificate(cert_id, options) end

--- Changes a certificate; fields not given stay as they are.
---
--- PATCH /v3/sso/certificates/{cert_id}
---@overload fun(cert_id: string|integer, fields: sso.UpdateCertificateFields, callback: sso.CertificateCallback): sso.Handle
---@overload fun(cert_id: string|integer, fields: sso.UpdateCertificateFields, options: sso.CallOptions?, callback: sso.CertificateCallback): sso.Handle
---@param cert_id string|integer 1 to 1024 bytes, one segment of the path
---@param fields sso.UpdateCertificateFields an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Certificate? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.update_certificate(cert_id, fields, options) end

--- Removes a certificate.
---
--- DELETE /v3/sso/certificates/{cert_id}
---@overload fun(cert_id: string|integer, callback: sso.CertificateOrTrueCallback): sso.Handle
---@overload fun(cert_id: string|integer, options: sso.CallOptions?, callback: sso.CertificateOrTrueCallback): sso.Handle
---@param cert_id string|integer 1 to 1024 bytes, one segment of the path
---@param options? sso.CallOptions for this call alone
---@return sso.Certificate|true|nil value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.delete_certificate(cert_id, options) end

--- Lists the certificates of one integration.
---
--- GET /v3/sso/integrations/{integration_id}/certificates
---@overload fun(integration_id: string|integer, callback: sso.CertificateListCallback): sso.Handle
---@overload fun(integration_id: string|integer, options: sso.CallOptions?, callback: sso.CertificateListCallback): sso.Handle
---@param integration_id string|integer 1 to 1024 bytes, one segment of the path
---@param options? sso.CallOptions for this call alone
---@return sso.Certificate[]? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.list_certificates(integration_id, options) end

--- Sets up an identity provider.
---
--- POST /v3/sso/integrations
---@overload fun(fields: sso.CreateIntegrationFields, callback: sso.IntegrationCallback): sso.Handle
---@overload fun(fields: sso.CreateIntegrationFields, options: sso.CallOptions?, callback: sso.IntegrationCallback): sso.Handle
---@param fields sso.CreateIntegrationFields an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Integration? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.create_integration(fields, options) end

--- Lists all integrations.
---
--- GET /v3/sso/integrations
---@overload fun(callback: sso.IntegrationListCallback): sso.Handle
---@overload fun(query: sso.ListIntegrationsQuery?, callback: sso.IntegrationListCallback): sso.Handle
---@overload fun(query: sso.ListIntegrationsQuery?, options: sso.CallOptions?, callback: sso.IntegrationListCallback): sso.Handle
---@param query? sso.ListIntegrationsQuery an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Integration[]? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.list_integrations(query, options) end

--- Reads one integration.
---
--- GET /v3/sso/integrations/{id}
---@overload fun(id: string|integer, callback: sso.IntegrationCallback): sso.Handle
---@overload fun(id: string|integer, query: sso.GetIntegrationQuery?, callback: sso.IntegrationCallback): sso.Handle
---@overload fun(id: string|integer, query: sso.GetIntegrationQuery?, options: sso.CallOptions?, callback: sso.IntegrationCallback): sso.Handle
---@param id string|integer 1 to 1024 bytes, one segment of the path
---@param query? sso.GetIntegrationQuery an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Integration? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.get_integration(id, query, options) end

--- Changes an integration; fields not given are not sent, though SendGrid's document calls those
--- of create_integration required here too.
---
--- PATCH /v3/sso/integrations/{id}
---@overload fun(id: string|integer, fields: sso.UpdateIntegrationFields, callback: sso.IntegrationCallback): sso.Handle
---@overload fun(id: string|integer, fields: sso.UpdateIntegrationFields, options: sso.CallOptions?, callback: sso.IntegrationCallback): sso.Handle
---@param id string|integer 1 to 1024 bytes, one segment of the path
---@param fields sso.UpdateIntegrationFields an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Integration? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.update_integration(id, fields, options) end

--- Removes an integration; its users can no longer log in by it.
---
--- DELETE /v3/sso/integrations/{id}
---@overload fun(id: string|integer, callback: sso.TrueCallback): sso.Handle
---@overload fun(id: string|integer, options: sso.CallOptions?, callback: sso.TrueCallback): sso.Handle
---@param id string|integer 1 to 1024 bytes, one segment of the path
---@param options? sso.CallOptions for this call alone
---@return true? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.delete_integration(id, options) end

--- Creates a teammate who logs in by SSO.
---
--- POST /v3/sso/teammates
---@overload fun(fields: sso.CreateSsoTeammateFields, callback: sso.TeammateCallback): sso.Handle
---@overload fun(fields: sso.CreateSsoTeammateFields, options: sso.CallOptions?, callback: sso.TeammateCallback): sso.Handle
---@param fields sso.CreateSsoTeammateFields an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Teammate? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.create_sso_teammate(fields, options) end

--- Changes a teammate who logs in by SSO; fields not given are not sent, though SendGrid's
--- document calls first_name and last_name required here too.
---
--- PATCH /v3/sso/teammates/{username}
---@overload fun(username: string|integer, fields: sso.UpdateSsoTeammateFields, callback: sso.TeammateCallback): sso.Handle
---@overload fun(username: string|integer, fields: sso.UpdateSsoTeammateFields, options: sso.CallOptions?, callback: sso.TeammateCallback): sso.Handle
---@param username string|integer 1 to 1024 bytes, one segment of the path
---@param fields sso.UpdateSsoTeammateFields an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Teammate? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.update_sso_teammate(username, fields, options) end

--- Lists one page of teammates; each_teammate walks all pages.
---
--- GET /v3/teammates
---@overload fun(callback: sso.TeammateListCallback): sso.Handle
---@overload fun(query: sso.ListTeammatesQuery?, callback: sso.TeammateListCallback): sso.Handle
---@overload fun(query: sso.ListTeammatesQuery?, options: sso.CallOptions?, callback: sso.TeammateListCallback): sso.Handle
---@param query? sso.ListTeammatesQuery an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Teammate[]? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.list_teammates(query, options) end

--- Reads one teammate.
---
--- GET /v3/teammates/{username}
---@overload fun(username: string|integer, callback: sso.TeammateCallback): sso.Handle
---@overload fun(username: string|integer, options: sso.CallOptions?, callback: sso.TeammateCallback): sso.Handle
---@param username string|integer 1 to 1024 bytes, one segment of the path
---@param options? sso.CallOptions for this call alone
---@return sso.Teammate? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.get_teammate(username, options) end

--- Removes a teammate.
---
--- DELETE /v3/teammates/{username}
---@overload fun(username: string|integer, callback: sso.TrueCallback): sso.Handle
---@overload fun(username: string|integer, options: sso.CallOptions?, callback: sso.TrueCallback): sso.Handle
---@param username string|integer 1 to 1024 bytes, one segment of the path
---@param options? sso.CallOptions for this call alone
---@return true? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.delete_teammate(username, options) end

--- Lists invitations that nobody has accepted yet.
---
--- GET /v3/teammates/pending
---@overload fun(callback: sso.InvitationListCallback): sso.Handle
---@overload fun(options: sso.CallOptions?, callback: sso.InvitationListCallback): sso.Handle
---@param options? sso.CallOptions for this call alone
---@return sso.Invitation[]? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.list_pending_teammates(options) end

--- Withdraws an invitation.
---
--- DELETE /v3/teammates/pending/{token}
---@overload fun(token: string|integer, callback: sso.TrueCallback): sso.Handle
---@overload fun(token: string|integer, options: sso.CallOptions?, callback: sso.TrueCallback): sso.Handle
---@param token string|integer 1 to 1024 bytes, one segment of the path
---@param options? sso.CallOptions for this call alone
---@return true? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.delete_pending_teammate(token, options) end

--- Sends an invitation again, which starts its seven days anew.
---
--- POST /v3/teammates/pending/{token}/resend
---@overload fun(token: string|integer, callback: sso.InvitationCallback): sso.Handle
---@overload fun(token: string|integer, options: sso.CallOptions?, callback: sso.InvitationCallback): sso.Handle
---@param token string|integer 1 to 1024 bytes, one segment of the path
---@param options? sso.CallOptions for this call alone
---@return sso.Invitation? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.resend_teammate_invite(token, options) end

--- Lists one page of the subusers that a teammate may act for; each_subuser_access walks all
--- pages.
---
--- GET /v3/teammates/{username}/subuser_access
---@overload fun(username: string|integer, callback: sso.SubuserAccessPageCallback): sso.Handle
---@overload fun(username: string|integer, query: sso.ListSubuserAccessQuery?, callback: sso.SubuserAccessPageCallback): sso.Handle
---@overload fun(username: string|integer, query: sso.ListSubuserAccessQuery?, options: sso.CallOptions?, callback: sso.SubuserAccessPageCallback): sso.Handle
---@param username string|integer 1 to 1024 bytes, one segment of the path
---@param query? sso.ListSubuserAccessQuery an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.SubuserAccessPage? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function sso.list_subuser_access(username, query, options) end
