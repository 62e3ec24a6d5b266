/**
 * What the database has where nobody has touched it but the migrations. A migration that changes the trail changes these lines, too:
 * `WRITE_TRAIL_SCHEMA=1 npx jest test/audit/trail-schema` writes them, and whoever reviews them sees what has changed.
 */
export const EXPECTED_SCHEMA: readonly string[] = String.raw`
CREATE UNIQUE INDEX "PK_30c2f3bbaf6d34a55f8ae6e4614" ON audit.event USING btree (id)
CREATE UNIQUE INDEX checkpoint_pkey ON audit.checkpoint USING btree (id)
CREATE UNIQUE INDEX checkpoint_size ON audit.checkpoint USING btree (size)
CREATE UNIQUE INDEX content_YYYY_MM_pkey ON audit.content_YYYY_MM USING btree (event_id, written_at)
CREATE UNIQUE INDEX content_other_pkey ON audit.content_other USING btree (event_id, written_at)
CREATE UNIQUE INDEX content_pkey ON ONLY audit.content USING btree (event_id, written_at)
CREATE UNIQUE INDEX head_pkey ON audit.head USING btree (one)
CREATE UNIQUE INDEX leaf_event ON audit.leaf USING btree (event_id)
CREATE UNIQUE INDEX leaf_pkey ON audit.leaf USING btree (place)
CREATE UNIQUE INDEX node_pkey ON audit.node USING btree (level, index)
CREATE UNIQUE INDEX retention_pkey ON audit.retention USING btree (one)
business_row of kind v owned by countersign_audit
business_row rule:  SELECT 'ApprovalPolicy'::text AS type, approval_policy.id, approval_policy.version, approval_policy.created_at, sha256(convert_to(concat_ws(','::text, ('active='::text || (approval_policy.active)::text), ('approver_roles='::text || (to_jsonb(approval_policy.approver_roles))::text), ('created_at='::text || ((floor((EXTRACT(epoch FROM approval_policy.created_at) * (1000)::numeric)))::bigint)::text), ('expires_after_hours='::text || (approval_policy.expires_after_hours)::text), ('operation='::text || (to_json(approval_policy.operation))::text), ('when_amount_above_minor='::text || (approval_policy.when_amount_above_minor)::text), ('when_currency='::text || (to_json(approval_policy.when_currency))::text), ('when_fields='::text || (to_jsonb(approval_policy.when_fields))::text)), 'UTF8'::name)) AS hash FROM public.approval_policy UNION ALL SELECT 'User'::text AS type, app_user.id, app_user.version, app_user.created_at, sha256(convert_to(concat_ws(','::text, ('created_at='::text || ((floor((EXTRACT(epoch FROM app_user.created_at) * (1000)::numeric)))::bigint)::text), ('deactivated_at='::text || ((floor((EXTRACT(epoch FROM app_user.deactivated_at) * (1000)::numeric)))::bigint)::text), ('email='::text || (to_json(app_user.email))::text), ('name='::text || (to_json(app_user.name))::text), ('password_hash='::text || (to_json(app_user.password_hash))::text), ('password_set_by_id='::text || (app_user.password_set_by_id)::text)), 'UTF8'::name)) AS hash FROM public.app_user UNION ALL SELECT 'ChangeRequest'::text AS type, change_request.id, change_request.version, change_request.created_at, sha256(convert_to(concat_ws(','::text, ('account_id='::text || (change_request.account_id)::text), ('approved_by_id='::text || (change_request.approved_by_id)::text), ('approver_roles='::text || (to_jsonb(change_request.approver_roles))::text), ('changes='::text || (change_request.changes)::text), ('closed_at='::text || ((floor((EXTRACT(epoch FROM change_request.closed_at) * (1000)::numeric)))::bigint)::text), ('created_at='::text || ((floor((EXTRACT(epoch FROM change_request.created_at) * (1000)::numeric)))::bigint)::text), ('digest='::text || (to_json(change_request.digest))::text), ('expires_at='::text || ((floor((EXTRACT(epoch FROM change_request.expires_at) * (1000)::numeric)))::bigint)::text), ('failure_code='::text || (to_json(change_request.failure_code))::text), ('input_sealed='::text || encode(change_request.input_sealed, 'hex'::text)), ('input_shown='::text || (change_request.input_shown)::text), ('maker_id='::text || (change_request.maker_id)::text), ('operation='::text || (to_json(change_request.operation))::text), ('policy_id='::text || (change_request.policy_id)::text), ('policy_version='::text || (change_request.policy_version)::text), ('reason='::text || (to_json(change_request.reason))::text), ('result='::text || (change_request.result)::text), ('revision='::text || (change_request.revision)::text), ('seen='::text || (change_request.seen)::text), ('status='::text || (to_json(change_request.status))::text), ('subject_id='::text || (change_request.subject_id)::text), ('subject_type='::text || (to_json(change_request.subject_type))::text)), 'UTF8'::name)) AS hash FROM public.change_request UNION ALL SELECT 'Session'::text AS type, session.id, NULL::integer AS version, session.created_at, sha256(convert_to(concat_ws(','::text, ('created_at='::text || ((floor((EXTRACT(epoch FROM session.created_at) * (1000)::numeric)))::bigint)::text), ('ended_at='::text || ((floor((EXTRACT(epoch FROM session.ended_at) * (1000)::numeric)))::bigint)::text), ('expires_at='::text || ((floor((EXTRACT(epoch FROM session.expires_at) * (1000)::numeric)))::bigint)::text), ('token_hash='::text || encode(session.token_hash, 'hex'::text)), ('user_id='::text || (session.user_id)::text)), 'UTF8'::name)) AS hash FROM public.session UNION ALL SELECT 'RoleGrant'::text AS type, role_grant.id, role_grant.version, role_grant.created_at, sha256(convert_to(concat_ws(','::text, ('account_id='::text || (role_grant.account_id)::text), ('created_at='::text || ((floor((EXTRACT(epoch FROM role_grant.created_at) * (1000)::numeric)))::bigint)::text), ('granted_by_id='::text || (role_grant.granted_by_id)::text), ('revoked_at='::text || ((floor((EXTRACT(epoch FROM role_grant.revoked_at) * (1000)::numeric)))::bigint)::text), ('revoked_by_id='::text || (role_grant.revoked_by_id)::text), ('role='::text || (to_json(role_grant.role))::text), ('user_id='::text || (role_grant.user_id)::text)), 'UTF8'::name)) AS hash FROM public.role_grant UNION ALL SELECT 'Agent'::text AS type, agent.id, agent.version, agent.created_at, sha256(convert_to(concat_ws(','::text, ('code='::text || (to_json(agent.code))::text), ('created_at='::text || ((floor((EXTRACT(epoch FROM agent.created_at) * (1000)::numeric)))::bigint)::text), ('hired_on='::text || to_char((agent.hired_on)::timestamp with time zone, 'YYYY-MM-DD'::text)), ('name='::text || (to_json(agent.name))::text)), 'UTF8'::name)) AS hash FROM public.agent UNION ALL SELECT 'Account'::text AS type, account.id, account.version, account.created_at, sha256(convert_to(concat_ws(','::text, ('bank_account_number_masked='::text || (to_json(account.bank_account_number_masked))::text), ('bank_account_number_sealed='::text || encode(account.bank_account_number_sealed, 'hex'::text)), ('closed_at='::text || ((floor((EXTRACT(epoch FROM account.closed_at) * (1000)::numeric)))::bigint)::text), ('code='::text || (to_json(account.code))::text), ('created_at='::text || ((floor((EXTRACT(epoch FROM account.created_at) * (1000)::numeric)))::bigint)::text), ('currency='::text || (to_json(account.currency))::text), ('legal_name='::text || (to_json(account.legal_name))::text), ('status='::text || (to_json(account.status))::text), ('tax_id_masked='::text || (to_json(account.tax_id_masked))::text), ('tax_id_sealed='::text || encode(account.tax_id_sealed, 'hex'::text)), ('time_zone='::text || (to_json(account.time_zone))::text)), 'UTF8'::name)) AS hash FROM public.account UNION ALL SELECT 'Lob'::text AS type, lob.id, lob.version, lob.created_at, sha256(convert_to(concat_ws(','::text, ('account_id='::text || (lob.account_id)::text), ('closed_at='::text || ((floor((EXTRACT(epoch FROM lob.closed_at) * (1000)::numeric)))::bigint)::text), ('code='::text || (to_json(lob.code))::text), ('created_at='::text || ((floor((EXTRACT(epoch FROM lob.created_at) * (1000)::numeric)))::bigint)::text), ('name='::text || (to_json(lob.name))::text), ('status='::text || (to_json(lob.status))::text)), 'UTF8'::name)) AS hash FROM public.lob UNION ALL SELECT 'Assignment'::text AS type, assignment.id, assignment.version, assignment.created_at, sha256(convert_to(concat_ws(','::text, ('agent_id='::text || (assignment.agent_id)::text), ('created_at='::text || ((floor((EXTRACT(epoch FROM assignment.created_at) * (1000)::numeric)))::bigint)::text), ('end_reason='::text || (to_json(assignment.end_reason))::text), ('ends_on='::text || to_char((assignment.ends_on)::timestamp with time zone, 'YYYY-MM-DD'::text)), ('lob_id='::text || (assignment.lob_id)::text), ('starts_on='::text || to_char((assignment.starts_on)::timestamp with time zone, 'YYYY-MM-DD'::text))), 'UTF8'::name)) AS hash FROM public.assignment UNION ALL SELECT 'Decision'::text AS type, decision.id, decision.version, decision.created_at, sha256(convert_to(concat_ws(','::text, ('change_request_id='::text || (decision.change_request_id)::text), ('comment='::text || (to_json(decision.comment))::text), ('created_at='::text || ((floor((EXTRACT(epoch FROM decision.created_at) * (1000)::numeric)))::bigint)::text), ('decided_by_id='::text || (decision.decided_by_id)::text), ('maker_id='::text || (decision.maker_id)::text), ('revision='::text || (decision.revision)::text), ('verdict='::text || (to_json(decision.verdict))::text)), 'UTF8'::name)) AS hash FROM public.decision UNION ALL SELECT 'Invoice'::text AS type, invoice.id, invoice.version, invoice.created_at, sha256(convert_to(concat_ws(','::text, ('account_id='::text || (invoice.account_id)::text), ('created_at='::text || ((floor((EXTRACT(epoch FROM invoice.created_at) * (1000)::numeric)))::bigint)::text), ('credited_minor='::text || (invoice.credited_minor)::text), ('currency='::text || (to_json(invoice.currency))::text), ('disputed_minor='::text || (invoice.disputed_minor)::text), ('drafted_by_id='::text || (invoice.drafted_by_id)::text), ('due_in_days='::text || (invoice.due_in_days)::text), ('due_on='::text || to_char((invoice.due_on)::timestamp with time zone, 'YYYY-MM-DD'::text)), ('fiscal_year='::text || (invoice.fiscal_year)::text), ('issued_at='::text || ((floor((EXTRACT(epoch FROM invoice.issued_at) * (1000)::numeric)))::bigint)::text), ('number='::text || (to_json(invoice.number))::text), ('number_in_series='::text || (invoice.number_in_series)::text), ('payment_status='::text || (to_json(invoice.payment_status))::text), ('series='::text || (to_json(invoice.series))::text), ('status='::text || (to_json(invoice.status))::text), ('subtotal_minor='::text || (invoice.subtotal_minor)::text), ('tax_minor='::text || (invoice.tax_minor)::text), ('total_minor='::text || (invoice.total_minor)::text), ('void_reason='::text || (to_json(invoice.void_reason))::text), ('voided_at='::text || ((floor((EXTRACT(epoch FROM invoice.voided_at) * (1000)::numeric)))::bigint)::text)), 'UTF8'::name)) AS hash FROM public.invoice UNION ALL SELECT 'InvoiceLine'::text AS type, invoice_line.id, invoice_line.version, invoice_line.created_at, sha256(convert_to(concat_ws(','::text, ('amount_minor='::text || (invoice_line.amount_minor)::text), ('created_at='::text || ((floor((EXTRACT(epoch FROM invoice_line.created_at) * (1000)::numeric)))::bigint)::text), ('credited_minor='::text || (invoice_line.credited_minor)::text), ('currency='::text || (to_json(invoice_line.currency))::text), ('description='::text || (to_json(invoice_line.description))::text), ('disputed_minor='::text || (invoice_line.disputed_minor)::text), ('invoice_id='::text || (invoice_line.invoice_id)::text), ('line_number='::text || (invoice_line.line_number)::text), ('lob_id='::text || (invoice_line.lob_id)::text), ('quantity='::text || (trim_scale(invoice_line.quantity))::text), ('tax_minor='::text || (invoice_line.tax_minor)::text), ('tax_rate='::text || (trim_scale(invoice_line.tax_rate))::text), ('total_minor='::text || (invoice_line.total_minor)::text), ('unit_price='::text || (trim_scale(invoice_line.unit_price))::text)), 'UTF8'::name)) AS hash FROM public.invoice_line UNION ALL SELECT 'Dispute'::text AS type, dispute.id, dispute.version, dispute.created_at, sha256(convert_to(concat_ws(','::text, ('accepted_minor='::text || (dispute.accepted_minor)::text), ('account_id='::text || (dispute.account_id)::text), ('claimed_minor='::text || (dispute.claimed_minor)::text), ('closed_at='::text || ((floor((EXTRACT(epoch FROM dispute.closed_at) * (1000)::numeric)))::bigint)::text), ('created_at='::text || ((floor((EXTRACT(epoch FROM dispute.created_at) * (1000)::numeric)))::bigint)::text), ('currency='::text || (to_json(dispute.currency))::text), ('invoice_id='::text || (dispute.invoice_id)::text), ('note='::text || (to_json(dispute.note))::text), ('opened_by_id='::text || (dispute.opened_by_id)::text), ('reason_code='::text || (to_json(dispute.reason_code))::text), ('resolution='::text || (to_json(dispute.resolution))::text), ('resolution_note='::text || (to_json(dispute.resolution_note))::text), ('resolved_by_id='::text || (dispute.resolved_by_id)::text), ('status='::text || (to_json(dispute.status))::text)), 'UTF8'::name)) AS hash FROM public.dispute UNION ALL SELECT 'DisputeItem'::text AS type, dispute_item.id, dispute_item.version, dispute_item.created_at, sha256(convert_to(concat_ws(','::text, ('accepted_minor='::text || (dispute_item.accepted_minor)::text), ('amount_minor='::text || (dispute_item.amount_minor)::text), ('created_at='::text || ((floor((EXTRACT(epoch FROM dispute_item.created_at) * (1000)::numeric)))::bigint)::text), ('currency='::text || (to_json(dispute_item.currency))::text), ('dispute_id='::text || (dispute_item.dispute_id)::text), ('line_id='::text || (dispute_item.line_id)::text)), 'UTF8'::name)) AS hash FROM public.dispute_item UNION ALL SELECT 'ComplaintRule'::text AS type, complaint_rule.id, complaint_rule.version, complaint_rule.created_at, sha256(convert_to(concat_ws(','::text, ('acknowledge_days='::text || (complaint_rule.acknowledge_days)::text), ('acknowledge_kind='::text || (to_json(complaint_rule.acknowledge_kind))::text), ('calendar_code='::text || (to_json(complaint_rule.calendar_code))::text), ('channel='::text || (to_json(complaint_rule.channel))::text), ('code='::text || (to_json(complaint_rule.code))::text), ('created_at='::text || ((floor((EXTRACT(epoch FROM complaint_rule.created_at) * (1000)::numeric)))::bigint)::text), ('effective_from='::text || to_char((complaint_rule.effective_from)::timestamp with time zone, 'YYYY-MM-DD'::text)), ('resolve_days='::text || (complaint_rule.resolve_days)::text), ('resolve_kind='::text || (to_json(complaint_rule.resolve_kind))::text), ('rule_version='::text || (complaint_rule.rule_version)::text), ('source='::text || (to_json(complaint_rule.source))::text)), 'UTF8'::name)) AS hash FROM public.complaint_rule UNION ALL SELECT 'Complaint'::text AS type, complaint.id, complaint.version, complaint.created_at, sha256(convert_to(concat_ws(','::text, ('account_id='::text || (complaint.account_id)::text), ('acknowledge_breached_at='::text || ((floor((EXTRACT(epoch FROM complaint.acknowledge_breached_at) * (1000)::numeric)))::bigint)::text), ('acknowledge_due_at='::text || ((floor((EXTRACT(epoch FROM complaint.acknowledge_due_at) * (1000)::numeric)))::bigint)::text), ('acknowledged_at='::text || ((floor((EXTRACT(epoch FROM complaint.acknowledged_at) * (1000)::numeric)))::bigint)::text), ('breached_at='::text || ((floor((EXTRACT(epoch FROM complaint.breached_at) * (1000)::numeric)))::bigint)::text), ('calendar_version='::text || (complaint.calendar_version)::text), ('category='::text || (to_json(complaint.category))::text), ('channel='::text || (to_json(complaint.channel))::text), ('created_at='::text || ((floor((EXTRACT(epoch FROM complaint.created_at) * (1000)::numeric)))::bigint)::text), ('customer_card_number_masked='::text || (to_json(complaint.customer_card_number_masked))::text), ('customer_card_number_sealed='::text || encode(complaint.customer_card_number_sealed, 'hex'::text)), ('customer_email_masked='::text || (to_json(complaint.customer_email_masked))::text), ('customer_email_sealed='::text || encode(complaint.customer_email_sealed, 'hex'::text)), ('customer_name='::text || (to_json(complaint.customer_name))::text), ('customer_phone_masked='::text || (to_json(complaint.customer_phone_masked))::text), ('customer_phone_sealed='::text || encode(complaint.customer_phone_sealed, 'hex'::text)), ('due_at='::text || ((floor((EXTRACT(epoch FROM complaint.due_at) * (1000)::numeric)))::bigint)::text), ('filed_by_id='::text || (complaint.filed_by_id)::text), ('lob_id='::text || (complaint.lob_id)::text), ('narrative='::text || (to_json(complaint.narrative))::text), ('received_at='::text || ((floor((EXTRACT(epoch FROM complaint.received_at) * (1000)::numeric)))::bigint)::text), ('reopened_at='::text || ((floor((EXTRACT(epoch FROM complaint.reopened_at) * (1000)::numeric)))::bigint)::text), ('reopened_count='::text || NULLIF((complaint.reopened_count)::text, '0'::text)), ('resolution='::text || (to_json(complaint.resolution))::text), ('resolution_note='::text || (to_json(complaint.resolution_note))::text), ('resolved_at='::text || ((floor((EXTRACT(epoch FROM complaint.resolved_at) * (1000)::numeric)))::bigint)::text), ('rule_id='::text || (complaint.rule_id)::text), ('rule_version='::text || (complaint.rule_version)::text), ('source_reference='::text || (to_json(complaint.source_reference))::text), ('status='::text || (to_json(complaint.status))::text)), 'UTF8'::name)) AS hash FROM public.complaint UNION ALL SELECT 'BusinessCalendar'::text AS type, business_calendar.id, business_calendar.version, business_calendar.created_at, sha256(convert_to(concat_ws(','::text, ('calendar_version='::text || (business_calendar.calendar_version)::text), ('code='::text || (to_json(business_calendar.code))::text), ('created_at='::text || ((floor((EXTRACT(epoch FROM business_calendar.created_at) * (1000)::numeric)))::bigint)::text), ('source='::text || (to_json(business_calendar.source))::text), ('weekend='::text || (to_jsonb(business_calendar.weekend))::text)), 'UTF8'::name)) AS hash FROM public.business_calendar;
business_row.created_at timestamp with time zone
business_row.hash bytea
business_row.id uuid
business_row.type text
business_row.version integer
business_row: countersign_api may SELECT
business_row: countersign_auditor may SELECT
checkpoint constraint checkpoint_pkey PRIMARY KEY (id)
checkpoint constraint checkpoint_root_check CHECK ((length(root) = 32))
checkpoint constraint checkpoint_size UNIQUE (size)
checkpoint constraint checkpoint_size_check CHECK ((size > 0))
checkpoint of kind r owned by countersign_audit
checkpoint trigger always: CREATE TRIGGER checkpoint_is_final BEFORE DELETE OR UPDATE ON audit.checkpoint FOR EACH ROW EXECUTE FUNCTION audit.event_is_final()
checkpoint trigger always: CREATE TRIGGER checkpoint_is_final_too BEFORE TRUNCATE ON audit.checkpoint FOR EACH STATEMENT EXECUTE FUNCTION audit.event_is_final()
checkpoint.created_at timestamp with time zone not null
checkpoint.id uuid not null
checkpoint.note text not null
checkpoint.root bytea not null
checkpoint.size bigint not null
checkpoint: countersign_api may SELECT
checkpoint: countersign_auditor may SELECT
checkpoint: countersign_sealer may INSERT, SELECT
content constraint content_pkey PRIMARY KEY (event_id, written_at)
content of kind p owned by countersign_audit
content trigger always: CREATE TRIGGER content_is_final BEFORE DELETE OR UPDATE ON audit.content FOR EACH ROW EXECUTE FUNCTION audit.event_is_final()
content trigger always: CREATE TRIGGER content_is_final_too BEFORE TRUNCATE ON audit.content FOR EACH STATEMENT EXECUTE FUNCTION audit.event_is_final()
content.bytes bytea not null
content.event_id uuid not null
content.key_id text not null
content.mac bytea not null
content.written_at timestamp with time zone not null default now()
content: countersign_api may INSERT (bytes, event_id, key_id, mac)
content: countersign_api may SELECT
content: countersign_auditor may SELECT
content_YYYY_MM constraint content_YYYY_MM_pkey PRIMARY KEY (event_id, written_at)
content_YYYY_MM of kind r owned by countersign_audit part of audit.content
content_YYYY_MM trigger always: CREATE TRIGGER content_is_final BEFORE DELETE OR UPDATE ON audit.content_YYYY_MM FOR EACH ROW EXECUTE FUNCTION audit.event_is_final()
content_YYYY_MM trigger always: CREATE TRIGGER content_is_final_too BEFORE TRUNCATE ON audit.content_YYYY_MM FOR EACH STATEMENT EXECUTE FUNCTION audit.event_is_final()
content_YYYY_MM.bytes bytea not null
content_YYYY_MM.event_id uuid not null
content_YYYY_MM.key_id text not null
content_YYYY_MM.mac bytea not null
content_YYYY_MM.written_at timestamp with time zone not null default now()
content_other constraint content_other_pkey PRIMARY KEY (event_id, written_at)
content_other of kind r owned by countersign_audit part of audit.content
content_other trigger always: CREATE TRIGGER content_is_final BEFORE DELETE OR UPDATE ON audit.content_other FOR EACH ROW EXECUTE FUNCTION audit.event_is_final()
content_other trigger always: CREATE TRIGGER content_is_final_too BEFORE TRUNCATE ON audit.content_other FOR EACH STATEMENT EXECUTE FUNCTION audit.event_is_final()
content_other.bytes bytea not null
content_other.event_id uuid not null
content_other.key_id text not null
content_other.mac bytea not null
content_other.written_at timestamp with time zone not null default now()
content_other: countersign_auditor may SELECT
event constraint PK_30c2f3bbaf6d34a55f8ae6e4614 PRIMARY KEY (id)
event constraint event_action_plain CHECK ((action !~ '[^ !#-\[\]-~]'::text))
event constraint event_request_id_plain CHECK ((request_id !~ '[^ !#-\[\]-~]'::text))
event constraint event_subject_type_plain CHECK ((subject_type !~ '[^ !#-\[\]-~]'::text))
event of kind r owned by countersign_audit
event trigger always: CREATE TRIGGER event_is_final BEFORE DELETE OR UPDATE ON audit.event FOR EACH ROW EXECUTE FUNCTION audit.event_is_final()
event trigger always: CREATE TRIGGER event_is_final_too BEFORE TRUNCATE ON audit.event FOR EACH STATEMENT EXECUTE FUNCTION audit.event_is_final()
event.action text not null
event.actor_id uuid
event.at timestamp with time zone not null
event.change_request_id uuid
event.hash bytea not null
event.id uuid not null
event.on_behalf_of_id uuid
event.outcome text not null
event.request_id text not null
event.subject_id uuid
event.subject_type text
event.written_at timestamp with time zone not null default now()
event.xid xid8 not null default pg_current_xact_id()
event: countersign_api may INSERT (action, actor_id, at, change_request_id, hash, id, on_behalf_of_id, outcome, request_id, subject_id, subject_type)
event: countersign_api may SELECT
event: countersign_auditor may SELECT
event: countersign_sealer may SELECT (hash, id, xid)
function audit.drop_expired() owned by countersign_audit in plpgsql as its owner with {"search_path=pg_catalog, pg_temp"}: f03357b69a3c91ab25732d0807e93710a11827739f772d06d99188263cc44e97
function audit.drop_expired(): countersign_sealer may EXECUTE
function audit.ensure_months(integer) owned by countersign_audit in plpgsql as its owner with {"search_path=pg_catalog, pg_temp"}: d1ef067941ae8a9bc373c7f2c3f1ca6547d5f5abc31609a70868e6c8a2ce52df
function audit.ensure_months(integer): countersign_sealer may EXECUTE
function audit.event_is_final() owned by countersign_audit in plpgsql: 2d7d6a75fd91cf4b24c4c19df1e5074073a8aa9249dbdf041a8534a2c0f1a85f
function audit.event_is_final(): everybody may EXECUTE
function audit.head_only_grows() owned by countersign_audit in plpgsql: a68eca5554f42b7dac70066a94db0eced1cdaa60adcac9f83e98b8b6e439b99e
function audit.head_only_grows(): everybody may EXECUTE
head constraint head_one_check CHECK (one)
head constraint head_pkey PRIMARY KEY (one)
head of kind r owned by countersign_audit
head trigger always: CREATE TRIGGER head_only_grows BEFORE INSERT OR DELETE OR UPDATE ON audit.head FOR EACH ROW EXECUTE FUNCTION audit.head_only_grows()
head trigger always: CREATE TRIGGER head_only_grows_too BEFORE TRUNCATE ON audit.head FOR EACH STATEMENT EXECUTE FUNCTION audit.head_only_grows()
head.frontier bytea not null default '\x'::bytea
head.id uuid not null default '00000000-0000-0000-0000-000000000000'::uuid
head.one boolean not null default true
head.sealed pg_snapshot not null default '1:1:'::pg_snapshot
head.size bigint not null default 0
head.target pg_snapshot
head.xid xid8 not null default '0'::xid8
head: countersign_auditor may SELECT
head: countersign_sealer may SELECT
head: countersign_sealer may UPDATE (frontier, id, sealed, size, target, xid)
leaf constraint leaf_event UNIQUE (event_id)
leaf constraint leaf_hash_check CHECK ((length(hash) = 32))
leaf constraint leaf_pkey PRIMARY KEY (place)
leaf constraint leaf_place_check CHECK ((place >= 0))
leaf of kind r owned by countersign_audit
leaf trigger always: CREATE TRIGGER leaf_is_final BEFORE DELETE OR UPDATE ON audit.leaf FOR EACH ROW EXECUTE FUNCTION audit.event_is_final()
leaf trigger always: CREATE TRIGGER leaf_is_final_too BEFORE TRUNCATE ON audit.leaf FOR EACH STATEMENT EXECUTE FUNCTION audit.event_is_final()
leaf.event_id uuid not null
leaf.hash bytea not null
leaf.place bigint not null
leaf: countersign_api may SELECT
leaf: countersign_auditor may SELECT
leaf: countersign_sealer may INSERT, SELECT
node constraint node_hash_check CHECK ((length(hash) = 32))
node constraint node_index_check CHECK ((index >= 0))
node constraint node_level_check CHECK ((level > 0))
node constraint node_pkey PRIMARY KEY (level, index)
node of kind r owned by countersign_audit
node trigger always: CREATE TRIGGER node_is_final BEFORE DELETE OR UPDATE ON audit.node FOR EACH ROW EXECUTE FUNCTION audit.event_is_final()
node trigger always: CREATE TRIGGER node_is_final_too BEFORE TRUNCATE ON audit.node FOR EACH STATEMENT EXECUTE FUNCTION audit.event_is_final()
node.hash bytea not null
node.index bigint not null
node.level smallint not null
node: countersign_api may SELECT
node: countersign_auditor may SELECT
node: countersign_sealer may INSERT, SELECT
retention constraint retention_one_check CHECK (one)
retention constraint retention_pkey PRIMARY KEY (one)
retention constraint retention_years_check CHECK (((years >= 1) AND (years <= 100)))
retention of kind r owned by countersign_audit
retention.one boolean not null default true
retention.years integer not null default 8
retention: countersign_api may SELECT
retention: countersign_auditor may SELECT
role countersign_api
role countersign_audit
role countersign_auditor
role countersign_sealer
schema owned by countersign_audit
schema: countersign_api may USAGE
schema: countersign_auditor may USAGE
schema: countersign_sealer may USAGE
told of kind v owned by countersign_audit
told rule:  SELECT e.id, e.at, e.action, e.outcome, e.actor_id, e.on_behalf_of_id, e.subject_type, e.subject_id, e.change_request_id, e.request_id, e.hash, e.xid, e.written_at, c.bytes AS content, c.mac, c.key_id FROM (audit.event e LEFT JOIN audit.content c ON (((c.event_id = e.id) AND (c.written_at = e.written_at))));
told.action text
told.actor_id uuid
told.at timestamp with time zone
told.change_request_id uuid
told.content bytea
told.hash bytea
told.id uuid
told.key_id text
told.mac bytea
told.on_behalf_of_id uuid
told.outcome text
told.request_id text
told.subject_id uuid
told.subject_type text
told.written_at timestamp with time zone
told.xid xid8
told: countersign_api may SELECT
told: countersign_auditor may SELECT
`
  .trim()
  .split('\n');
