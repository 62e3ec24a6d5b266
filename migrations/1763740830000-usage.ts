import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/**
 * Calls, and how they came. Records lie in partitions of months, which are made when a record needs one, by a function of the owner's: the API may
 * make no tables. A source and an id of it make a record once, whatever the month: that is the key table's primary key. Records, keys and rejected
 * lines are only ever added. See docs/decisions/0016-usage.md.
 */
export class Usage1763740830000 implements MigrationInterface {
  name = 'Usage1763740830000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...TABLES, ...MONTHS, ...GUARDS, ...POLICIES]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Calls are not taken down: restore a backup instead.');
  }
}

const TABLES = [
  `CREATE TABLE usage_ledger (
    account_id uuid NOT NULL,
    last_sequence bigint NOT NULL,
    CONSTRAINT usage_ledger_pkey PRIMARY KEY (account_id),
    CONSTRAINT usage_ledger_of_account FOREIGN KEY (account_id) REFERENCES account (id)
  )`,
  `CREATE TABLE usage_source (
    number integer GENERATED ALWAYS AS IDENTITY,
    account_id uuid NOT NULL,
    code text NOT NULL,
    CONSTRAINT usage_source_pkey PRIMARY KEY (number),
    CONSTRAINT usage_source_of_account UNIQUE (account_id, code),
    CONSTRAINT usage_source_account FOREIGN KEY (account_id) REFERENCES account (id)
  )`,
  `CREATE TABLE usage_import (
    id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    account_id uuid NOT NULL,
    source text NOT NULL,
    file_name text,
    digest text,
    layout text,
    state text NOT NULL,
    records_in integer NOT NULL,
    records_new integer NOT NULL,
    records_known integer NOT NULL,
    records_rejected integer NOT NULL,
    lines_done integer NOT NULL,
    bytes_done bigint NOT NULL,
    bytes_total bigint NOT NULL,
    started_by_id uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    finished_at timestamptz,
    failure_code text,
    CONSTRAINT usage_import_pkey PRIMARY KEY (id),
    CONSTRAINT usage_import_state CHECK (state IN ('RUNNING','DONE','FAILED','ABANDONED')),
    CONSTRAINT usage_import_counts CHECK (records_in = records_new + records_known + records_rejected
      AND records_new >= 0 AND records_known >= 0 AND records_rejected >= 0),
    CONSTRAINT usage_import_finished CHECK ((state = 'DONE') = (finished_at IS NOT NULL)),
    CONSTRAINT usage_import_into FOREIGN KEY (account_id) REFERENCES account (id),
    CONSTRAINT usage_import_started_by FOREIGN KEY (started_by_id) REFERENCES app_user (id)
  )`,
  `CREATE INDEX usage_import_of_account ON usage_import (account_id, created_at, id)`,
  `CREATE INDEX usage_import_created ON usage_import (created_at, id)`,
  `CREATE INDEX usage_import_unfinished ON usage_import (updated_at) WHERE state = 'RUNNING'`,
  `CREATE TABLE usage_rejection (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    import_id uuid NOT NULL,
    line_number integer NOT NULL,
    code text NOT NULL,
    field text,
    line text NOT NULL,
    CONSTRAINT usage_rejection_pkey PRIMARY KEY (id),
    CONSTRAINT usage_rejection_of_line UNIQUE (import_id, line_number),
    CONSTRAINT usage_rejection_import FOREIGN KEY (import_id) REFERENCES usage_import (id)
  )`,
  `CREATE TABLE call_key (
    started_at timestamptz NOT NULL,
    id uuid NOT NULL,
    source_number integer NOT NULL,
    source_id text COLLATE "C" NOT NULL,
    CONSTRAINT call_key_pkey PRIMARY KEY (source_number, source_id)
  )`,
  // Without foreign keys: a check of three for each record would cost more than the record does, and none of their rows is ever deleted.
  `CREATE TABLE call_record (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    sequence bigint NOT NULL,
    started_at timestamptz NOT NULL,
    answered_at timestamptz,
    ended_at timestamptz NOT NULL,
    wait_seconds integer NOT NULL,
    talk_seconds integer NOT NULL,
    source_number integer NOT NULL,
    resolved boolean,
    lob_id uuid NOT NULL,
    agent_id uuid,
    import_id uuid NOT NULL,
    kind text NOT NULL,
    outcome text NOT NULL,
    source_id text NOT NULL,
    corrects text,
    service text,
    agent_code text,
    flags text array NOT NULL,
    CONSTRAINT call_record_pkey PRIMARY KEY (account_id, started_at, id),
    CONSTRAINT call_record_kind CHECK (kind IN ('CALL','CORRECTION','REVERSAL') AND (kind = 'CALL') = (corrects IS NULL)),
    CONSTRAINT call_record_seconds CHECK (wait_seconds >= 0 AND talk_seconds >= 0),
    CONSTRAINT call_record_ends CHECK (ended_at >= started_at)
  ) PARTITION BY RANGE (started_at)`,
];

/**
 * A month's partition is made beside the table and attached then, which lets readers and writers go on; to create it as a partition would not. Whoever
 * comes second waits for the first, and finds it. The API's role may only ask for it.
 */
const MONTHS = [
  `CREATE FUNCTION call_record_month(at timestamptz) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  DECLARE
    first date := date_trunc('month', at AT TIME ZONE 'UTC')::date;
    month text := 'call_record_' || to_char(first, 'YYYY_MM');
  BEGIN
    IF first < DATE '2000-01-01' OR first > (now() + interval '1 month') THEN
      RAISE EXCEPTION 'no calls are kept of that month' USING ERRCODE = 'check_violation'; END IF;
    -- Asked of the table of tables, whose rows are as of this statement: what is remembered of names may be older than the lock.
    IF EXISTS (SELECT FROM pg_class WHERE relname = month AND relnamespace = 'public'::regnamespace) THEN RETURN month; END IF;
    PERFORM pg_advisory_xact_lock(hashtext('call_record_month'));
    IF EXISTS (SELECT FROM pg_class WHERE relname = month AND relnamespace = 'public'::regnamespace) THEN RETURN month; END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.call_record INCLUDING ALL)', month);
    EXECUTE format('ALTER TABLE public.call_record ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', month,
      first::timestamp AT TIME ZONE 'UTC', (first + interval '1 month') AT TIME ZONE 'UTC');
    RETURN month;
  END $$`,
  `REVOKE EXECUTE ON FUNCTION call_record_month(timestamptz) FROM PUBLIC`,
  `GRANT EXECUTE ON FUNCTION call_record_month(timestamptz) TO ${API_ROLE}`,
];

const PROGRESS = [
  'state',
  'records_in',
  'records_new',
  'records_known',
  'records_rejected',
  'lines_done',
  'bytes_done',
  'updated_at',
  'finished_at',
  'failure_code',
  'version',
].join(', ');

const GUARDS = [
  ...['call_record', 'call_key', 'usage_source', 'usage_rejection'].map(
    (table) => `GRANT SELECT, INSERT ON ${table} TO ${API_ROLE}`,
  ),
  `GRANT SELECT, INSERT, UPDATE (last_sequence) ON usage_ledger TO ${API_ROLE}`,
  `GRANT SELECT, INSERT, UPDATE (${PROGRESS}) ON usage_import TO ${API_ROLE}`,
  // The next record of an account comes behind all that are there: what was cut off below a sequence stays as it was.
  `CREATE FUNCTION usage_ledger_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'a ledger only grows' USING ERRCODE = 'check_violation'; END $$`,
  `CREATE TRIGGER usage_ledger_only_grows BEFORE UPDATE ON usage_ledger FOR EACH ROW
    WHEN (NEW.last_sequence < OLD.last_sequence) EXECUTE FUNCTION usage_ledger_only_grows()`,
  // What came does not go again, and an import that is done is done.
  `CREATE FUNCTION usage_import_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'an import only grows until it is done' USING ERRCODE = 'check_violation'; END $$`,
  `CREATE TRIGGER usage_import_only_grows BEFORE UPDATE ON usage_import FOR EACH ROW
    WHEN (OLD.state = 'DONE' OR NEW.records_new < OLD.records_new OR NEW.records_known < OLD.records_known
      OR NEW.records_rejected < OLD.records_rejected OR NEW.lines_done < OLD.lines_done OR NEW.bytes_done < OLD.bytes_done)
    EXECUTE FUNCTION usage_import_only_grows()`,
];

const POLICIES = [
  `INSERT INTO approval_policy (id, operation, active, steps, expires_after_hours)
    VALUES (gen_random_uuid(), 'usage.import', false, '[{"stage":1,"roles":["supervisor"],"people":[],"quorum":1}]', 72)`,
];
