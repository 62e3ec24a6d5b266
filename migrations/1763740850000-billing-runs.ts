import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/**
 * From calls to drafts: which days of an account were touched when, what is reported beside calls, runs and what became of each account in them, the
 * cycles that an invoice bills, and the cuts of usage that its lines stand on. See docs/RATING.md and docs/decisions/0020-billing-runs.md.
 */
export class BillingRuns1763740850000 implements MigrationInterface {
  name = 'BillingRuns1763740850000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...USAGE, ...RUNS, ...INVOICES, ...GUARDS, ...POLICIES]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('What was billed is not taken down: restore a backup instead.');
  }
}

const ROW = `id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now()`;

const USAGE = [
  // Days in the account's zone, and the last sequence that added to one of them, or took from it.
  `CREATE TABLE usage_day (
    account_id uuid NOT NULL,
    day date NOT NULL,
    last_sequence bigint NOT NULL,
    CONSTRAINT usage_day_pkey PRIMARY KEY (account_id, day),
    CONSTRAINT usage_day_of_account FOREIGN KEY (account_id) REFERENCES account (id)
  )`,
  `INSERT INTO usage_day SELECT r.account_id, (r.started_at AT TIME ZONE a.time_zone)::date, max(r.sequence)
    FROM call_record r JOIN account a ON a.id = r.account_id GROUP BY 1, 2`,
  // Corrections are few: what they say is found by what they name, and by what they are.
  `CREATE INDEX call_record_corrects ON call_record (account_id, source_number, corrects) WHERE kind <> 'CALL'`,
  `CREATE INDEX call_record_correction ON call_record (account_id, source_number, source_id) WHERE kind <> 'CALL'`,
  /*
   * What counts no more once corrections up to a sequence are heard: the calls that they name, themselves or by way of others; all corrections of one call but the last; and
   * reversals. A ring of corrections names no call, and nothing of it counts.
   */
  `CREATE FUNCTION superseded_calls(account uuid, up_to bigint) RETURNS TABLE (started_at timestamptz, id uuid)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 AS $$
    WITH RECURSIVE fix AS MATERIALIZED (
      SELECT r.source_number, r.source_id, r.corrects, r.sequence, r.kind, r.started_at, r.id
      FROM call_record r WHERE r.account_id = account AND r.kind <> 'CALL' AND r.sequence <= up_to
    ), way AS (
      SELECT f.id, f.source_number, f.corrects AS root FROM fix f
      UNION
      SELECT w.id, w.source_number, f.corrects FROM way w JOIN fix f ON f.source_number = w.source_number AND f.source_id = w.root
    ), named AS (
      SELECT w.id, w.source_number, w.root FROM way w
      WHERE NOT EXISTS (SELECT FROM fix f WHERE f.source_number = w.source_number AND f.source_id = w.root)
    ), last AS (
      SELECT DISTINCT ON (n.source_number, n.root) f.id FROM named n JOIN fix f ON f.id = n.id
      WHERE true ORDER BY n.source_number, n.root, f.sequence DESC
    )
    SELECT f.started_at, f.id FROM fix f WHERE f.kind = 'REVERSAL' OR NOT EXISTS (SELECT FROM last l WHERE l.id = f.id)
    UNION ALL
    SELECT k.started_at, k.id FROM (SELECT DISTINCT n.source_number, n.root FROM named n) n
      JOIN call_key k ON k.source_number = n.source_number AND k.source_id = n.root
    $$`,
  // What of a call a measure counts: see docs/RATING.md.
  `CREATE FUNCTION is_measured(measure text, outcome text, resolved boolean) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE measure WHEN 'WAIT_TIME' THEN outcome <> 'FAILED'
      WHEN 'RESOLVED_CONTACTS' THEN outcome IN ('HANDLED', 'TRANSFERRED') AND coalesce(resolved, false)
      ELSE outcome IN ('HANDLED', 'TRANSFERRED') END $$`,
  `CREATE TABLE usage_quantity (
    ${ROW},
    account_id uuid NOT NULL,
    lob_id uuid NOT NULL,
    measure text NOT NULL,
    day date NOT NULL,
    quantity numeric(20,10) NOT NULL,
    source text NOT NULL,
    source_id text NOT NULL,
    corrects_id uuid,
    sequence bigint NOT NULL,
    reported_by_id uuid NOT NULL,
    CONSTRAINT usage_quantity_pkey PRIMARY KEY (id),
    CONSTRAINT usage_quantity_source_id UNIQUE (account_id, source, source_id),
    CONSTRAINT usage_quantity_measure CHECK (measure IN ('AGENT_HOURS','SEATS','COLLECTED_AMOUNT')),
    CONSTRAINT usage_quantity_not_below_zero CHECK (quantity >= 0),
    CONSTRAINT usage_quantity_account FOREIGN KEY (account_id) REFERENCES account (id),
    CONSTRAINT usage_quantity_for_lob FOREIGN KEY (lob_id) REFERENCES lob (id),
    CONSTRAINT usage_quantity_corrects FOREIGN KEY (corrects_id) REFERENCES usage_quantity (id),
    CONSTRAINT usage_quantity_reported_by FOREIGN KEY (reported_by_id) REFERENCES app_user (id)
  )`,
  `CREATE INDEX usage_quantity_of_account ON usage_quantity (account_id, day, id)`,
  `CREATE INDEX usage_quantity_corrected ON usage_quantity (corrects_id, sequence) WHERE corrects_id IS NOT NULL`,
  `ALTER TABLE agreement_rate DROP CONSTRAINT agreement_rate_measure`,
  `ALTER TABLE agreement_rate ADD CONSTRAINT agreement_rate_measure
    CHECK (measure IN ('HANDLED_CALLS','TALK_TIME','WAIT_TIME','AGENT_HOURS','SEATS','RESOLVED_CONTACTS','COLLECTED_AMOUNT','FIXED_FEE'))`,
];

const RUNS = [
  `CREATE TABLE billing_run (
    ${ROW},
    account_id uuid,
    period_from date NOT NULL,
    period_until date NOT NULL,
    started_by_id uuid NOT NULL,
    CONSTRAINT billing_run_pkey PRIMARY KEY (id),
    CONSTRAINT billing_run_period CHECK (period_from < period_until),
    CONSTRAINT billing_run_of_account FOREIGN KEY (account_id) REFERENCES account (id),
    CONSTRAINT billing_run_started_by FOREIGN KEY (started_by_id) REFERENCES app_user (id)
  )`,
  `CREATE INDEX billing_run_created ON billing_run (created_at, id)`,
  `CREATE TABLE billing_run_account (
    ${ROW},
    run_id uuid NOT NULL,
    account_id uuid NOT NULL,
    state text NOT NULL,
    figures jsonb NOT NULL,
    unrated_calls integer,
    code text,
    settled_at timestamptz,
    CONSTRAINT billing_run_account_pkey PRIMARY KEY (id),
    CONSTRAINT billing_run_account_once UNIQUE (run_id, account_id),
    CONSTRAINT billing_run_account_state CHECK (state IN ('WAITING','DRAFTED','NOTHING','PARKED','FAILED')),
    CONSTRAINT billing_run_account_of_run FOREIGN KEY (run_id) REFERENCES billing_run (id),
    CONSTRAINT billing_run_account_account FOREIGN KEY (account_id) REFERENCES account (id)
  )`,
  `CREATE INDEX billing_run_account_waiting ON billing_run_account (created_at, id) WHERE state = 'WAITING'`,
  `CREATE INDEX billing_run_account_of_account ON billing_run_account (account_id, created_at, id)`,
];

const INVOICES = [
  // Null: what tax rules say.
  `ALTER TABLE agreement_version ALTER COLUMN tax_rate DROP NOT NULL`,
  `ALTER TABLE invoice ADD COLUMN period_from date, ADD COLUMN period_until date, ADD COLUMN billing_run_id uuid,
    ADD CONSTRAINT invoice_period CHECK ((billing_run_id IS NULL) = (period_from IS NULL) AND (period_from IS NULL) = (period_until IS NULL)
      AND period_from < period_until)`,
  // Who issued to whom, as they were then.
  `ALTER TABLE invoice ADD COLUMN issued_as jsonb`,
  `ALTER TABLE credit_note ADD COLUMN issued_as jsonb`,
  `CREATE UNIQUE INDEX invoice_period_billed ON invoice (account_id, currency, period_from, period_until)
    WHERE billing_run_id IS NOT NULL AND status <> 'VOIDED'`,
  `CREATE INDEX invoice_billing_run ON invoice (billing_run_id, id) WHERE billing_run_id IS NOT NULL`,
  `CREATE TABLE invoice_cycle (
    ${ROW},
    invoice_id uuid NOT NULL,
    account_id uuid NOT NULL,
    agreement_id uuid NOT NULL,
    period_from date NOT NULL,
    period_until date NOT NULL,
    days integer NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    zone text NOT NULL,
    sequence_upto bigint NOT NULL,
    terms text NOT NULL,
    corrects_id uuid,
    voided boolean NOT NULL DEFAULT false,
    CONSTRAINT invoice_cycle_pkey PRIMARY KEY (id),
    CONSTRAINT invoice_cycle_period CHECK (period_from < period_until AND starts_at < ends_at),
    CONSTRAINT invoice_cycle_billed_twice EXCLUDE USING gist (agreement_id WITH =, daterange(period_from, period_until) WITH &&)
      WHERE (corrects_id IS NULL AND NOT voided),
    CONSTRAINT invoice_cycle_once UNIQUE (invoice_id, agreement_id, period_from),
    CONSTRAINT invoice_cycle_of_invoice FOREIGN KEY (invoice_id) REFERENCES invoice (id),
    CONSTRAINT invoice_cycle_of_agreement FOREIGN KEY (agreement_id) REFERENCES agreement (id),
    CONSTRAINT invoice_cycle_corrects FOREIGN KEY (corrects_id) REFERENCES invoice_cycle (id)
  )`,
  `CREATE INDEX invoice_cycle_of_account ON invoice_cycle (account_id, period_from) WHERE NOT voided`,
  `CREATE INDEX invoice_cycle_corrected ON invoice_cycle (corrects_id) WHERE corrects_id IS NOT NULL AND NOT voided`,
  `ALTER TABLE invoice_line ADD COLUMN kind text NOT NULL DEFAULT 'MANUAL', ADD COLUMN cycle_id uuid, ADD COLUMN agreement_rate_id uuid,
    ADD COLUMN agreement_version_id uuid, ADD COLUMN period_from date, ADD COLUMN period_until date, ADD COLUMN measure text, ADD COLUMN units text,
    ADD COLUMN rated_minor bigint, ADD COLUMN detail jsonb, ADD COLUMN corrects_invoice_id uuid,
    ADD CONSTRAINT invoice_line_kind CHECK (kind IN ('MANUAL','USAGE','FEE','CORRECTION') AND (kind = 'MANUAL') = (cycle_id IS NULL)
      AND (cycle_id IS NULL) = (rated_minor IS NULL) AND (kind = 'CORRECTION') = (corrects_invoice_id IS NOT NULL)),
    ADD CONSTRAINT invoice_line_of_cycle FOREIGN KEY (cycle_id) REFERENCES invoice_cycle (id),
    ADD CONSTRAINT invoice_line_by_rate FOREIGN KEY (agreement_rate_id) REFERENCES agreement_rate (id),
    ADD CONSTRAINT invoice_line_by_version FOREIGN KEY (agreement_version_id) REFERENCES agreement_version (id),
    ADD CONSTRAINT invoice_line_corrects FOREIGN KEY (corrects_invoice_id) REFERENCES invoice (id)`,
  `CREATE INDEX invoice_line_cycle ON invoice_line (cycle_id) WHERE cycle_id IS NOT NULL`,
  `CREATE TABLE usage_cut (
    line_id uuid NOT NULL,
    place integer NOT NULL,
    account_id uuid NOT NULL,
    measure text NOT NULL,
    lob_ids uuid array NOT NULL,
    services text array,
    services_except text array,
    stretches tstzmultirange NOT NULL,
    sequence_after bigint NOT NULL,
    sequence_upto bigint NOT NULL,
    CONSTRAINT usage_cut_pkey PRIMARY KEY (line_id, place),
    CONSTRAINT usage_cut_of_line FOREIGN KEY (line_id) REFERENCES invoice_line (id)
  )`,
];

const GUARDS = [
  `GRANT SELECT, INSERT, UPDATE (last_sequence) ON usage_day TO ${API_ROLE}`,
  `GRANT SELECT, INSERT ON usage_quantity, billing_run, usage_cut TO ${API_ROLE}`,
  `GRANT SELECT, INSERT, UPDATE (state, figures, unrated_calls, code, settled_at, version) ON billing_run_account TO ${API_ROLE}`,
  `GRANT UPDATE (issued_as) ON invoice TO ${API_ROLE}`,
  `CREATE TRIGGER invoice_is_issued_as BEFORE UPDATE ON invoice FOR EACH ROW EXECUTE FUNCTION is_set_once(issued_as)`,
  `GRANT SELECT, INSERT, UPDATE (voided, version) ON invoice_cycle TO ${API_ROLE}`,
  `REVOKE EXECUTE ON FUNCTION superseded_calls(uuid, bigint), is_measured(text, text, boolean) FROM PUBLIC`,
  `GRANT EXECUTE ON FUNCTION superseded_calls(uuid, bigint), is_measured(text, text, boolean) TO ${API_ROLE}`,
  `CREATE FUNCTION usage_day_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'a day is not untouched again' USING ERRCODE = 'check_violation'; END $$`,
  `CREATE TRIGGER usage_day_only_grows BEFORE UPDATE ON usage_day FOR EACH ROW
    WHEN (NEW.last_sequence < OLD.last_sequence) EXECUTE FUNCTION usage_day_only_grows()`,
  // A cycle is billed until its invoice is voided, and never again by that one.
  `CREATE FUNCTION invoice_cycle_follows_invoice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF OLD.voided OR NOT NEW.voided OR NOT EXISTS (SELECT FROM invoice i WHERE i.id = NEW.invoice_id AND i.status = 'VOIDED') THEN
      RAISE EXCEPTION 'a cycle is taken back with its invoice alone' USING ERRCODE = 'check_violation'; END IF;
    RETURN NEW; END $$`,
  `CREATE TRIGGER invoice_cycle_follows_invoice BEFORE UPDATE ON invoice_cycle FOR EACH ROW EXECUTE FUNCTION invoice_cycle_follows_invoice()`,
  // What is settled stays settled; only what is parked may be gone on with.
  `CREATE FUNCTION billing_run_account_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'what a run came to stays' USING ERRCODE = 'check_violation'; END $$`,
  `CREATE TRIGGER billing_run_account_goes_on BEFORE UPDATE ON billing_run_account FOR EACH ROW
    WHEN (OLD.state IN ('DRAFTED', 'NOTHING', 'FAILED')) EXECUTE FUNCTION billing_run_account_goes_on()`,
];

/** Inactive but for the look at what the fuse stopped, which always takes two people. */
const POLICIES = [
  ['billing.run', false],
  ['billing.release', true],
  ['usage.report', false],
].map(
  ([operation, active]) => `INSERT INTO approval_policy (id, operation, active, steps, expires_after_hours)
    VALUES (gen_random_uuid(), '${operation}', ${active}, '[{"stage":1,"roles":["supervisor"],"people":[],"quorum":1}]', 72)`,
);
