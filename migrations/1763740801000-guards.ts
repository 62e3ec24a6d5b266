import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE, AUDIT_ROLE, WITHIN_TRAIL } from '../src/platform/database-roles';

/**
 * What the database itself holds, whatever the code does: the API may insert and select, may update only the columns that
 * change in the life of a row, and may delete nothing. The trail belongs to a role that nobody can log in as.
 */
export class Guards1763740801000 implements MigrationInterface {
  name = 'Guards1763740801000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...FUNCTIONS, ...TRIGGERS, ...grants(), ...TRAIL]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Guards are not taken down: restore a backup instead.');
  }
}

const FUNCTIONS = [
  // ISO 4217 list one of 2024-06-25; a test compares it with the list that the code reads.
  `CREATE FUNCTION currency_exponent(currency text) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
      WHEN currency IN ('BIF','CLP','DJF','GNF','ISK','JPY','KMF','KRW','PYG','RWF','UGX','UYI','VND','VUV','XAF','XOF','XPF') THEN 0
      WHEN currency IN ('BHD','IQD','JOD','KWD','LYD','OMR','TND') THEN 3
      WHEN currency IN ('CLF','UYW') THEN 4
      ELSE 2 END $$`,
  `CREATE FUNCTION minor_text(minor bigint, exponent int) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE exponent WHEN 0 THEN minor::text ELSE round(minor / (10::numeric ^ exponent), exponent)::text END $$`,
  `CREATE FUNCTION money_json(minor bigint, currency text) RETURNS json LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN minor IS NULL OR currency IS NULL THEN NULL
      ELSE json_build_object('amount', minor_text(minor, currency_exponent(currency)), 'currency', currency) END $$`,
  `CREATE FUNCTION zone_is_known(zone text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    PERFORM now() AT TIME ZONE zone; RETURN true;
    EXCEPTION WHEN invalid_parameter_value THEN RETURN false; END $$`,
  // A cursor: the payload in hex, a dot, and the first 128 bits of its HMAC-SHA-256 (RFC 2104, over the two padded keys).
  `CREATE FUNCTION cursor_of(payload text, inner_pad bytea, outer_pad bytea) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT encode(convert_to(payload, 'UTF8'), 'hex') || '.' || left(encode(sha256(outer_pad ||
      sha256(inner_pad || convert_to(encode(convert_to(payload, 'UTF8'), 'hex'), 'UTF8'))), 'hex'), 32) $$`,
];

/** Columns that are empty at first and never change once they are set. */
const SET_ONCE: Record<string, string[]> = {
  app_user: ['deactivated_at'],
  role_grant: ['revoked_at', 'revoked_by_id'],
  session: ['ended_at'],
  account: ['closed_at'],
  lob: ['closed_at'],
  invoice: ['voided_at', 'void_reason'],
  dispute: ['closed_at', 'resolution', 'resolved_by_id'],
  dispute_item: ['accepted_minor'],
};

const TRIGGERS = [
  // A number was given to exactly one invoice, for good.
  `CREATE FUNCTION invoice_number_is_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'the number of an invoice is final' USING ERRCODE = 'check_violation'; END $$`,
  `CREATE TRIGGER invoice_number_is_final BEFORE UPDATE ON invoice FOR EACH ROW
    WHEN (OLD.number IS NOT NULL AND (NEW.number, NEW.series, NEW.fiscal_year, NEW.number_in_series, NEW.issued_at)
      IS DISTINCT FROM (OLD.number, OLD.series, OLD.fiscal_year, OLD.number_in_series, OLD.issued_at))
    EXECUTE FUNCTION invoice_number_is_final()`,
  // A series begins at one and only ever goes up by one.
  `CREATE FUNCTION invoice_series_has_no_gap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'a series has no gaps' USING ERRCODE = 'check_violation'; END $$`,
  `CREATE TRIGGER invoice_series_has_no_gap BEFORE UPDATE ON invoice_series FOR EACH ROW
    WHEN (NEW.last_number <> OLD.last_number + 1) EXECUTE FUNCTION invoice_series_has_no_gap()`,
  `CREATE TRIGGER invoice_series_begins_at_one BEFORE INSERT ON invoice_series FOR EACH ROW
    WHEN (NEW.last_number <> 1) EXECUTE FUNCTION invoice_series_has_no_gap()`,
  // A breach is recorded once, for good.
  `CREATE FUNCTION complaint_breach_is_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'a breach is recorded once' USING ERRCODE = 'check_violation'; END $$`,
  `CREATE TRIGGER complaint_breach_is_final BEFORE UPDATE ON complaint FOR EACH ROW
    WHEN ((OLD.breached_at IS NOT NULL AND NEW.breached_at IS DISTINCT FROM OLD.breached_at)
      OR (OLD.acknowledge_breached_at IS NOT NULL AND NEW.acknowledge_breached_at IS DISTINCT FROM OLD.acknowledge_breached_at))
    EXECUTE FUNCTION complaint_breach_is_final()`,
  // Only the first users of an installation have a role that nobody gave them; they are made in one transaction.
  `CREATE FUNCTION role_grant_has_grantor() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT FROM app_user WHERE created_at < now()) THEN
      RAISE EXCEPTION 'a role is granted by somebody' USING ERRCODE = 'check_violation'; END IF;
    RETURN NEW; END $$`,
  `CREATE TRIGGER role_grant_has_grantor BEFORE INSERT ON role_grant FOR EACH ROW
    WHEN (NEW.granted_by_id IS NULL) EXECUTE FUNCTION role_grant_has_grantor()`,
  // What ended once stays ended, at that instant. The columns are the trigger's arguments.
  `CREATE FUNCTION is_set_once() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE field text; BEGIN
    FOREACH field IN ARRAY TG_ARGV LOOP
      IF to_jsonb(OLD) ->> field IS NOT NULL AND to_jsonb(NEW) ->> field IS DISTINCT FROM to_jsonb(OLD) ->> field THEN
        RAISE EXCEPTION '% is set once', field USING ERRCODE = 'check_violation'; END IF;
    END LOOP; RETURN NEW; END $$`,
  ...Object.entries(SET_ONCE).map(
    ([table, columns]) =>
      `CREATE TRIGGER ${table}_is_set_once BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION is_set_once(${columns.join(', ')})`,
  ),
  // An invoice begins as a draft, and a voided one stays voided.
  `CREATE FUNCTION invoice_keeps_its_course() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'an invoice is drafted, issued, voided' USING ERRCODE = 'check_violation'; END $$`,
  `CREATE TRIGGER invoice_begins_as_draft BEFORE INSERT ON invoice FOR EACH ROW
    WHEN (NEW.status <> 'DRAFT') EXECUTE FUNCTION invoice_keeps_its_course()`,
  `CREATE TRIGGER invoice_stays_voided BEFORE UPDATE ON invoice FOR EACH ROW
    WHEN (OLD.status = 'VOIDED' AND NEW.status <> 'VOIDED') EXECUTE FUNCTION invoice_keeps_its_course()`,
  // An invoice's lines are those that it was drafted with.
  `CREATE FUNCTION invoice_is_still_draft() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NOT EXISTS (SELECT FROM invoice WHERE id = NEW.invoice_id AND status = 'DRAFT') THEN
      RAISE EXCEPTION 'only a draft takes lines' USING ERRCODE = 'check_violation'; END IF;
    RETURN NEW; END $$`,
  `CREATE TRIGGER invoice_is_still_draft BEFORE INSERT ON invoice_line FOR EACH ROW EXECUTE FUNCTION invoice_is_still_draft()`,
  // A request begins by waiting, and is carried out only with a yes of that approver to that revision.
  `CREATE FUNCTION change_request_was_approved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'INSERT' OR NOT EXISTS (SELECT FROM decision d WHERE d.change_request_id = NEW.id AND d.revision = NEW.revision
        AND d.decided_by_id = NEW.approved_by_id AND d.verdict = 'APPROVED') THEN
      RAISE EXCEPTION 'nobody approved this' USING ERRCODE = 'check_violation'; END IF;
    RETURN NULL; END $$`,
  `CREATE TRIGGER change_request_begins_waiting AFTER INSERT ON change_request FOR EACH ROW
    WHEN (NEW.status <> 'PENDING') EXECUTE FUNCTION change_request_was_approved()`,
  `CREATE TRIGGER change_request_was_approved AFTER UPDATE ON change_request FOR EACH ROW
    WHEN (NEW.status = 'EXECUTED') EXECUTE FUNCTION change_request_was_approved()`,
  // What is over stays over: an executed, rejected or withdrawn request is never opened again.
  `CREATE FUNCTION change_request_stays_closed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'a change request that is over stays so' USING ERRCODE = 'check_violation'; END $$`,
  `CREATE TRIGGER change_request_stays_closed BEFORE UPDATE ON change_request FOR EACH ROW
    WHEN (OLD.status NOT IN ('PENDING', 'RETURNED')) EXECUTE FUNCTION change_request_stays_closed()`,
];

/** Tables that the API inserts into, and the columns that change in the life of a row. Everything else stays as it began. */
const CHANGING: Record<string, string[]> = {
  app_user: ['password_hash', 'password_set_by_id', 'deactivated_at'],
  role_grant: ['revoked_at', 'revoked_by_id'],
  session: ['ended_at'],
  change_request: ['status', 'approved_by_id', 'closed_at', 'failure_code', 'result'],
  decision: [],
  account: [
    'legal_name',
    'status',
    'time_zone',
    'tax_id_sealed',
    'tax_id_masked',
    'bank_account_number_sealed',
    'bank_account_number_masked',
    'closed_at',
  ],
  lob: ['status', 'closed_at'],
  agent: [],
  assignment: ['ends_on', 'end_reason'],
  invoice: [
    'status',
    'payment_status',
    'disputed_minor',
    'credited_minor',
    'number',
    'series',
    'fiscal_year',
    'number_in_series',
    'issued_at',
    'due_on',
    'voided_at',
    'void_reason',
  ],
  invoice_line: ['disputed_minor', 'credited_minor'],
  dispute: ['status', 'resolution', 'accepted_minor', 'resolved_by_id', 'closed_at', 'resolution_note'],
  dispute_item: ['accepted_minor'],
  complaint: [
    'status',
    'acknowledged_at',
    'acknowledge_breached_at',
    'resolved_at',
    'breached_at',
    'due_at',
    'resolution',
    'resolution_note',
    'reopened_at',
    'reopened_count',
    'rule_id',
    'rule_version',
    'calendar_version',
  ],
};

/** Reference data: the API reads it; policies it may change, by the one operation there is. */
const READ_ONLY = ['complaint_rule', 'business_calendar', 'holiday', 'migration'];
const POLICY = [
  'active',
  'approver_roles',
  'when_fields',
  'when_amount_above_minor',
  'when_currency',
  'expires_after_hours',
  'version',
];

const grants = () => [
  `GRANT USAGE ON SCHEMA public, audit TO ${API_ROLE}`,
  ...Object.entries(CHANGING).flatMap(([table, columns]) => [
    `GRANT SELECT, INSERT ON ${table} TO ${API_ROLE}`,
    `GRANT UPDATE (${[...columns, 'version'].join(', ')}) ON ${table} TO ${API_ROLE}`,
  ]),
  ...READ_ONLY.map((table) => `GRANT SELECT ON ${table} TO ${API_ROLE}`),
  `GRANT SELECT ON approval_policy TO ${API_ROLE}`,
  `GRANT UPDATE (${POLICY.join(', ')}) ON approval_policy TO ${API_ROLE}`,
  `GRANT SELECT, INSERT, UPDATE (answer) ON idempotency_key TO ${API_ROLE}`,
  `GRANT SELECT, INSERT, UPDATE (last_number) ON invoice_series TO ${API_ROLE}`,
];

const COLUMNS =
  'id, at, action, outcome, actor_id, on_behalf_of_id, subject_type, subject_id, change_request_id, request_id, content, hash, mac, key_id';

const TRAIL = [
  `CREATE FUNCTION audit.event_is_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'an audit event is final' USING ERRCODE = 'insufficient_privilege'; END $$`,
  `CREATE TRIGGER event_is_final BEFORE UPDATE OR DELETE ON audit.event FOR EACH ROW EXECUTE FUNCTION audit.event_is_final()`,
  `CREATE TRIGGER event_is_final_too BEFORE TRUNCATE ON audit.event FOR EACH STATEMENT EXECUTE FUNCTION audit.event_is_final()`,
  `ALTER TABLE audit.event ENABLE ALWAYS TRIGGER event_is_final`,
  `ALTER TABLE audit.event ENABLE ALWAYS TRIGGER event_is_final_too`,
  `GRANT SELECT, INSERT (${COLUMNS}) ON audit.event TO ${API_ROLE}`,
  WITHIN_TRAIL.begin,
  `GRANT CREATE ON SCHEMA audit TO ${AUDIT_ROLE}`,
  `ALTER FUNCTION audit.event_is_final() OWNER TO ${AUDIT_ROLE}`,
  `ALTER TABLE audit.event OWNER TO ${AUDIT_ROLE}`,
  `ALTER SCHEMA audit OWNER TO ${AUDIT_ROLE}`,
  WITHIN_TRAIL.end,
];
