-- A client's methods: every operation, and what drives them.
-- For editors that read LuaCATS annotations: nothing of it is needed at run time.
-- Made by tools/generate-docs: change what it is made from, and run that again.
-- luacheck: ignore

---@meta _

--- A client, as `sso.new` makes it.
---@class sso.Client
local Client = {}

--- Adds a certificate to an integration.
---
--- POST /v3/sso/certificates
---@overload fun(self: sso.Client, fields: sso.CreateCertificateFields, callback: sso.CertificateCallback): sso.Handle
---@overload fun(self: sso.Client, fields: sso.CreateCertificateFields, options: sso.CallOptions?, callback: sso.CertificateCallback): sso.Handle
---@param fields sso.CreateCertificateFields an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Certificate? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:create_certificate(fields, options) end

--- Reads one certificate.
---
--- GET /v3/sso/certificates/{cert_id}
---@overload fun(self: sso.Client, cert_id: string|integer, callback: sso.CertificateCallback): sso.Handle
---@overload fun(self: sso.Client, cert_id: string|integer, options: sso.CallOptions?, callback: sso.CertificateCallback): sso.Handle
---@param cert_id string|integer 1 to 1024 bytes, one segment of the path
---@param options? sso.CallOptions for this call alone
---@return sso.Certificate? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:get_certificate(cert_id, options) end

--- Changes a certificate; fields not given stay as they are.
---
--- PATCH /v3/sso/certificates/{cert_id}
---@overload fun(self: sso.Client, cert_id: string|integer, fields: sso.UpdateCertificateFields, callback: sso.CertificateCallback): sso.Handle
---@overload fun(self: sso.Client, cert_id: string|integer, fields: sso.UpdateCertificateFields, options: sso.CallOptions?, callback: sso.CertificateCallback): sso.Handle
---@param cert_id string|integer 1 to 1024 bytes, one segment of the path
---@param fields sso.UpdateCertificateFields an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Certificate? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:update_certificate(cert_id, fields, options) end

--- Removes a certificate.
---
--- DELETE /v3/sso/certificates/{cert_id}
---@overload fun(self: sso.Client, cert_id: string|integer, callback: sso.CertificateOrTrueCallback): sso.Handle
---@overload fun(self: sso.Client, cert_id: string|integer, options: sso.CallOptions?, callback: sso.CertificateOrTrueCallback): sso.Handle
---@param cert_id string|integer 1 to 1024 bytes, one segment of the path
---@param options? sso.CallOptions for this call alone
---@return sso.Certificate|true|nil value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:delete_certificate(cert_id, options) end

--- Lists the certificates of one integration.
---
--- GET /v3/sso/integrations/{integration_id}/certificates
---@overload fun(self: sso.Client, integration_id: string|integer, callback: sso.CertificateListCallback): sso.Handle
---@overload fun(self: sso.Client, integration_id: string|integer, options: sso.CallOptions?, callback: sso.CertificateListCallback): sso.Handle
---@param integration_id string|integer 1 to 1024 bytes, one segment of the path
---@param options? sso.CallOptions for this call alone
---@return sso.Certificate[]? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:list_certificates(integration_id, options) end

--- Sets up an identity provider.
---
--- POST /v3/sso/integrations
---@overload fun(self: sso.Client, fields: sso.CreateIntegrationFields, callback: sso.IntegrationCallback): sso.Handle
---@overload fun(self: sso.Client, fields: sso.CreateIntegrationFields, options: sso.CallOptions?, callback: sso.IntegrationCallback): sso.Handle
---@param fields sso.CreateIntegrationFields an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Integration? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:create_integration(fields, options) end

--- Lists all integrations.
---
--- GET /v3/sso/integrations
---@overload fun(self: sso.Client, callback: sso.IntegrationListCallback): sso.Handle
---@overload fun(self: sso.Client, query: sso.ListIntegrationsQuery?, callback: sso.IntegrationListCallback): sso.Handle
---@overload fun(self: sso.Client, query: sso.ListIntegrationsQuery?, options: sso.CallOptions?, callback: sso.IntegrationListCallback): sso.Handle
---@param query? sso.ListIntegrationsQuery an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Integration[]? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:list_integrations(query, options) end

--- Reads one integration.
---
--- GET /v3/sso/integrations/{id}
---@overload fun(self: sso.Client, id: string|integer, callback: sso.IntegrationCallback): sso.Handle
---@overload fun(self: sso.Client, id: string|integer, query: sso.GetIntegrationQuery?, callback: sso.IntegrationCallback): sso.Handle
---@overload fun(self: sso.Client, id: string|integer, query: sso.GetIntegrationQuery?, options: sso.CallOptions?, callback: sso.IntegrationCallback): sso.Handle
---@param id string|integer 1 to 1024 bytes, one segment of the path
---@param query? sso.GetIntegrationQuery an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Integration? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:get_integration(id, query, options) end

--- Changes an integration; fields not given are not sent, though SendGrid's document calls those
--- of create_integration required here too.
---
--- PATCH /v3/sso/integrations/{id}
---@overload fun(self: sso.Client, id: string|integer, fields: sso.UpdateIntegrationFields, callback: sso.IntegrationCallback): sso.Handle
---@overload fun(self: sso.Client, id: string|integer, fields: sso.UpdateIntegrationFields, options: sso.CallOptions?, callback: sso.IntegrationCallback): sso.Handle
---@param id string|integer 1 to 1024 bytes, one segment of the path
---@param fields sso.UpdateIntegrationFields an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Integration? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:update_integration(id, fields, options) end

--- Removes an integration; its users can no longer log in by it.
---
--- DELETE /v3/sso/integrations/{id}
---@overload fun(self: sso.Client, id: string|integer, callback: sso.TrueCallback): sso.Handle
---@overload fun(self: sso.Client, id: string|integer, options: sso.CallOptions?, callback: sso.TrueCallback): sso.Handle
---@param id string|integer 1 to 1024 bytes, one segment of the path
---@param options? sso.CallOptions for this call alone
---@return true? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:delete_integration(id, options) end

--- Creates a teammate who logs in by SSO.
---
--- POST /v3/sso/teammates
---@overload fun(self: sso.Client, fields: sso.CreateSsoTeammateFields, callback: sso.TeammateCallback): sso.Handle
---@overload fun(self: sso.Client, fields: sso.CreateSsoTeammateFields, options: sso.CallOptions?, callback: sso.TeammateCallback): sso.Handle
---@param fields sso.CreateSsoTeammateFields an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Teammate? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:create_sso_teammate(fields, options) end

--- Changes a teammate who logs in by SSO; fields not given are not sent, though SendGrid's
--- document calls first_name and last_name required here too.
---
--- PATCH /v3/sso/teammates/{username}
---@overload fun(self: sso.Client, username: string|integer, fields: sso.UpdateSsoTeammateFields, callback: sso.TeammateCallback): sso.Handle
---@overload fun(self: sso.Client, username: string|integer, fields: sso.UpdateSsoTeammateFields, options: sso.CallOptions?, callback: sso.TeammateCallback): sso.Handle
---@param username string|integer 1 to 1024 bytes, one segment of the path
---@param fields sso.UpdateSsoTeammateFields an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Teammate? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:update_sso_teammate(username, fields, options) end

--- Lists one page of teammates; each_teammate walks all pages.
---
--- GET /v3/teammates
---@overload fun(self: sso.Client, callback: sso.TeammateListCallback): sso.Handle
---@overload fun(self: sso.Client, query: sso.ListTeammatesQuery?, callback: sso.TeammateListCallback): sso.Handle
---@overload fun(self: sso.Client, query: sso.ListTeammatesQuery?, options: sso.CallOptions?, callback: sso.TeammateListCallback): sso.Handle
---@param query? sso.ListTeammatesQuery an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.Teammate[]? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:list_teammates(query, options) end

--- Reads one teammate.
---
--- GET /v3/teammates/{username}
---@overload fun(self: sso.Client, username: string|integer, callback: sso.TeammateCallback): sso.Handle
---@overload fun(self: sso.Client, username: string|integer, options: sso.CallOptions?, callback: sso.TeammateCallback): sso.Handle
---@param username string|integer 1 to 1024 bytes, one segment of the path
---@param options? sso.CallOptions for this call alone
---@return sso.Teammate? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:get_teammate(username, options) end

--- Removes a teammate.
---
--- DELETE /v3/teammates/{username}
---@overload fun(self: sso.Client, username: string|integer, callback: sso.TrueCallback): sso.Handle
---@overload fun(self: sso.Client, username: string|integer, options: sso.CallOptions?, callback: sso.TrueCallback): sso.Handle
---@param username string|integer 1 to 1024 bytes, one segment of the path
---@param options? sso.CallOptions for this call alone
---@return true? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:delete_teammate(username, options) end

--- Lists invitations that nobody has accepted yet.
---
--- GET /v3/teammates/pending
---@overload fun(self: sso.Client, callback: sso.InvitationListCallback): sso.Handle
---@overload fun(self: sso.Client, options: sso.CallOptions?, callback: sso.InvitationListCallback): sso.Handle
---@param options? sso.CallOptions for this call alone
---@return sso.Invitation[]? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:list_pending_teammates(options) end

--- Withdraws an invitation.
---
--- DELETE /v3/teammates/pending/{token}
---@overload fun(self: sso.Client, token: string|integer, callback: sso.TrueCallback): sso.Handle
---@overload fun(self: sso.Client, token: string|integer, options: sso.CallOptions?, callback: sso.TrueCallback): sso.Handle
---@param token string|integer 1 to 1024 bytes, one segment of the path
---@param options? sso.CallOptions for this call alone
---@return true? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:delete_pending_teammate(token, options) end

--- Sends an invitation again, which starts its seven days anew.
---
--- POST /v3/teammates/pending/{token}/resend
---@overload fun(self: sso.Client, token: string|integer, callback: sso.InvitationCallback): sso.Handle
---@overload fun(self: sso.Client, token: string|integer, options: sso.CallOptions?, callback: sso.InvitationCallback): sso.Handle
---@param token string|integer 1 to 1024 bytes, one segment of the path
---@param options? sso.CallOptions for this call alone
---@return sso.Invitation? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:resend_teammate_invite(token, options) end

--- Lists one page of the subusers that a teammate may act for; each_subuser_access walks all
--- pages.
---
--- GET /v3/teammates/{username}/subuser_access
---@overload fun(self: sso.Client, username: string|integer, callback: sso.SubuserAccessPageCallback): sso.Handle
---@overload fun(self: sso.Client, username: string|integer, query: sso.ListSubuserAccessQuery?, callback: sso.SubuserAccessPageCallback): sso.Handle
---@overload fun(self: sso.Client, username: string|integer, query: sso.ListSubuserAccessQuery?, options: sso.CallOptions?, callback: sso.SubuserAccessPageCallback): sso.Handle
---@param username string|integer 1 to 1024 bytes, one segment of the path
---@param query? sso.ListSubuserAccessQuery an unknown name raises
---@param options? sso.CallOptions for this call alone
---@return sso.SubuserAccessPage? value nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:list_subuser_access(username, query, options) end

--- Lists the certificates of every integration, several integrations at a time. The whole or an
--- error, never a part. There is no response.
---@param options? sso.CallOptions for each call
---@return sso.Certificate[]? certificates of all integrations, in their order
---@return sso.Error? err of the first integration that could not be read
function Client:list_all_certificates(options) end

--- Walks all teammates, page by page. When a page cannot be had, the last turn of the loop gets
--- `false` and the error in place of a teammate.
---@param query? sso.ListTeammatesQuery limit: the size of a page, 500
---@param options? sso.CallOptions for each call
---@return fun(): sso.Teammate|false|nil, sso.Error? iterator false and the error upon failure
function Client:each_teammate(query, options) end

--- Walks all subusers that a teammate may act for, page by page. When a page cannot be had, or
--- the server's cursor does not advance, the last turn of the loop gets `false` and the error in
--- place of a subuser.
---@param username string|integer the teammate's
---@param query? sso.ListSubuserAccessQuery limit: the size of a page, 100
---@param options? sso.CallOptions for each call
---@return fun(): sso.SubuserAccess|false|nil, sso.Error? iterator false and the error upon failure
function Client:each_subuser_access(username, query, options) end

--- Calls any other operation of SendGrid's API: same key, checks, retries and errors, and the
--- same two forms. A body that holds a private key is never sent.
---@overload fun(self: sso.Client, request: sso.Request, callback: sso.Callback): sso.Handle
---@overload fun(self: sso.Client, request: sso.Request, options: sso.CallOptions?, callback: sso.Callback): sso.Handle
---@param request sso.Request method, path, query, body
---@param options? sso.CallOptions for this call alone
---@return any value the decoded JSON; true when the answer has no body; nil upon failure
---@return sso.Error? err nil upon success
---@return sso.Response? response nil when nothing was received
function Client:request(request, options) end

--- Makes a client that shares the connections of this one, with other defaults: another subuser,
--- key or timeout. A new `api_key` or `region` pushes out the older `api_key_file` or `base_url`,
--- and the other way round.
---@param options sso.CallOptions what shall differ; neither max_in_flight nor http_version
---@return sso.Client? client nil upon failure
---@return sso.Error? err kind config, or cancelled when the client is closed
function Client:with(options) end

--- Cancels what is in flight; the last client of those that share connections closes them. Later
--- calls return kind `cancelled`. Twice is fine; collection and Lua 5.4's `<close>` do the same.
function Client:close() end

--- Drives the calls of this client and of those that share its connections, and runs their
--- callbacks, until none is left or the time is over. Raises what a callback raised, once the
--- callbacks that were due have run; call it again to go on.
---@param seconds? number returns after this time; nil: when no call is left
---@return integer left calls that are not finished
function Client:run(seconds) end

--- For a loop of your own: does what is due, runs events and callbacks, never blocks. Raises what
--- a callback raised. Call it when `pollfd` is readable or `timeout` seconds are over.
---@param budget? number seconds; what is left then waits for the next step
---@return integer active calls that are not finished
function Client:step(budget) end

--- The one descriptor to poll. Poll it, and do nothing else with it.
---@return integer? descriptor the same one as long as the client lives in this process
---@return sso.Error? err kind config: the process has no descriptor left
function Client:pollfd() end

--- What to poll the descriptor for; with `pollfd` and `timeout` what cqueues asks for.
---@return "r" events becomes readable
function Client:events() end

--- Seconds until `step` has something to do even if the descriptor stays quiet.
---@return number? seconds nil: nothing waits for the clock
function Client:timeout() end

--- Sees to it that an integration has one certificate; may be run any number of times.
---@param integration_id string|integer
---@param fields {public_certificate: string|table, enabled: boolean?} public_certificate: text that holds one certificate, or one as sso.certificate.parse gives it; enabled, when given, is set each time
---@return "present"|"created"|"renewed_same_key"|nil outcome renewed_same_key: it took the place of another certificate of the same key
---@return sso.Certificate|sso.Error certificate as read back; the error
function Client:ensure_certificate(integration_id, fields) end

--- Brings an integration to trust the wanted certificates, and no others any longer. Of several
--- wanted certificates the first that is valid counts as the one that the identity provider signs
--- with. Nothing is retired before this run has set that one enabled and read it back.
---@param integration_id string|integer
---@param options {public_certificate: string|string[]|nil, metadata: string?, entity_id: string?, retire: "keep"|"disable"|"delete"|nil, overlap: number?, several_enabled: boolean?, pin: string?, dry_run: boolean?, force: boolean?, at: number?, journal: table?} see docs/rotation.md
---@return sso.RotationPlan? plan what was done; with dry_run, what would be
---@return sso.Error? err with plan: what was done, what remains; and journal
function Client:rotate_certificate(integration_id, options) end

--- Brings an integration to trust the certificates of metadata; compares its addresses.
---@param integration_id string|integer
---@param source string metadata: XML, a file or an https URL
---@param options table? as of rotate_certificate; update_integration: change signin_url, signout_url and entity_id where they differ, once the certificates are safe
---@return sso.RotationPlan? plan with integration: differences and whether they were changed
---@return sso.Error? err as of rotate_certificate
function Client:sync_metadata(integration_id, source, options) end

--- Looks over the certificates of one integration or of all: what has expired or soon will, what
--- is weak, doubled, unreadable, missing, or unknown to the identity provider.
---@param options? sso.CheckOptions
---@param call_options? sso.CallOptions for each call
---@return sso.Report? report findings, most severe first
---@return sso.Error? err
function Client:check_certificates(options, call_options) end

--- Reads the whole SSO set-up: integrations, their certificates, and the teammates who log in by
--- SSO. The whole or an error; it holds no secret.
---@param options? {teammates: boolean?} true: an error when they cannot be read; false: without them; not given: without them when the API key may not read them, which notes tells
---@return sso.Snapshot? snapshot
---@return sso.Error? err
function Client:snapshot(options) end

--- Tells what differs between a snapshot and another, or what is there now.
---@param snapshot sso.Snapshot
---@param other? sso.Snapshot the later one; not given: as it is now
---@return sso.Difference[]? differences empty: none
---@return sso.Error? err
function Client:diff(snapshot, other) end

--- Brings an account back to a snapshot: plans, then adds and enables, then changes, and deletes
--- last, if at all. It may be stopped at any point and run again; a second run changes nothing.
---@param snapshot sso.Snapshot
---@param options? {dry_run: boolean?, delete: boolean?, teammates: boolean?, enable: boolean?, force: boolean?, at: number?} delete: what is not in the snapshot goes; teammates: restores them too; enable: certificates of which the snapshot does not tell count as enabled; force: does what could lock people out; at: unix seconds, by which validity is judged
---@return sso.RestorePlan? plan what was done; with dry_run, what would be
---@return sso.Error? err kind unsafe before anything was done, or what failed; plan, journal
function Client:restore(snapshot, options) end
