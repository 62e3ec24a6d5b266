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
CREATE UNIQUE INDEX subject_key_pkey ON audit.subject_key USING btree (subject_type, subject_id)
business_row of kind v owned by countersign_audit
business_row rule: 63645be53fa36bf82d1d0660cfd159d7c25b287f2a818854843e08ffe4280f54
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
function audit.subject_key_is_only_destroyed() owned by countersign_audit in plpgsql: 87d6582bf208f388dc4c288cafc689fbf969b446efaa10fb836d2bf285858144
function audit.subject_key_is_only_destroyed(): everybody may EXECUTE
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
subject_key constraint subject_key_is_there_or_destroyed CHECK (((wrapped IS NULL) = (destroyed_at IS NOT NULL)))
subject_key constraint subject_key_pkey PRIMARY KEY (subject_type, subject_id)
subject_key of kind r owned by countersign_audit
subject_key trigger always: CREATE TRIGGER subject_key_is_only_destroyed BEFORE DELETE OR UPDATE ON audit.subject_key FOR EACH ROW EXECUTE FUNCTION audit.subject_key_is_only_destroyed()
subject_key trigger always: CREATE TRIGGER subject_key_is_only_destroyed_too BEFORE TRUNCATE ON audit.subject_key FOR EACH STATEMENT EXECUTE FUNCTION audit.subject_key_is_only_destroyed()
subject_key.created_at timestamp with time zone not null default now()
subject_key.destroyed_at timestamp with time zone
subject_key.subject_id uuid not null
subject_key.subject_type text not null
subject_key.wrapped bytea
subject_key: countersign_api may INSERT (destroyed_at, subject_id, subject_type, wrapped)
subject_key: countersign_api may SELECT
subject_key: countersign_api may UPDATE (destroyed_at, wrapped)
subject_key: countersign_auditor may SELECT (destroyed_at, subject_id, subject_type)
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
