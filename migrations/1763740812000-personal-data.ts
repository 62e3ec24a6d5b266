import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE, AUDIT_ROLE, AUDITOR_ROLE, WITHIN_TRAIL } from '../src/platform/database-roles';

/**
 * What tells of a person can be erased: the trail keeps it under a key of that person's, which can be destroyed and never comes back, and the
 * rows that hold it may be emptied. Emptied is all that they may become: the API gets to set those columns, and triggers hold what to.
 */
export class PersonalData1763740812000 implements MigrationInterface {
  name = 'PersonalData1763740812000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [WITHIN_TRAIL.begin, ...KEYS, WITHIN_TRAIL.end, ...ROWS, ...REQUESTS, POLICY])
      await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('The trail is not taken down: restore a backup instead.');
  }
}

const KEYS = [
  `CREATE TABLE audit.subject_key (
    subject_type text,
    subject_id uuid,
    wrapped bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    PRIMARY KEY (subject_type, subject_id),
    CONSTRAINT subject_key_is_there_or_destroyed CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
  )`,
  `CREATE FUNCTION audit.subject_key_is_only_destroyed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'UPDATE' THEN
      IF OLD.destroyed_at IS NULL AND NEW.destroyed_at IS NOT NULL
        AND (NEW.subject_type, NEW.subject_id, NEW.created_at) = (OLD.subject_type, OLD.subject_id, OLD.created_at) THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'the key of a subject is destroyed once and never changed' USING ERRCODE = 'insufficient_privilege'; END $$`,
  `CREATE TRIGGER subject_key_is_only_destroyed BEFORE UPDATE OR DELETE ON audit.subject_key FOR EACH ROW
    EXECUTE FUNCTION audit.subject_key_is_only_destroyed()`,
  `CREATE TRIGGER subject_key_is_only_destroyed_too BEFORE TRUNCATE ON audit.subject_key FOR EACH STATEMENT
    EXECUTE FUNCTION audit.subject_key_is_only_destroyed()`,
  'ALTER TABLE audit.subject_key ENABLE ALWAYS TRIGGER subject_key_is_only_destroyed',
  'ALTER TABLE audit.subject_key ENABLE ALWAYS TRIGGER subject_key_is_only_destroyed_too',
  `ALTER FUNCTION audit.subject_key_is_only_destroyed() OWNER TO ${AUDIT_ROLE}`,
  `ALTER TABLE audit.subject_key OWNER TO ${AUDIT_ROLE}`,
  // Neither who seals nor auditors may read keys: what they may read, they might keep. That one was destroyed, auditors may know.
  `GRANT SELECT (subject_type, subject_id, destroyed_at) ON audit.subject_key TO ${AUDITOR_ROLE}`,
  `GRANT SELECT, INSERT (subject_type, subject_id, wrapped, destroyed_at), UPDATE (wrapped, destroyed_at) ON audit.subject_key TO ${API_ROLE}`,
];

/** Columns that only ever become empty, or a text in which <id> is the row's. */
const FORGETTING: Record<string, Record<string, string>> = {
  app_user: { name: '(erased)', email: 'erased-<id>@invalid' },
  agent: { name: '(erased)' },
  complaint: {
    narrative: '',
    customer_name: '',
    ...Object.fromEntries(
      ['email', 'phone', 'card_number'].flatMap((field) => [
        [`customer_${field}_sealed`, ''],
        [`customer_${field}_masked`, ''],
      ]),
    ),
  },
};

const ROWS = [
  // The arguments: a column, what it may become, the next column.
  `CREATE FUNCTION only_forgets() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE was jsonb := to_jsonb(OLD); becomes jsonb := to_jsonb(NEW); BEGIN
    FOR n IN 0..TG_NARGS - 1 BY 2 LOOP
      IF becomes -> TG_ARGV[n] IS DISTINCT FROM was -> TG_ARGV[n]
        AND becomes ->> TG_ARGV[n] IS DISTINCT FROM nullif(replace(TG_ARGV[n + 1], '<id>', becomes ->> 'id'), '') THEN
        RAISE EXCEPTION '% is only ever erased', TG_ARGV[n] USING ERRCODE = 'insufficient_privilege'; END IF;
    END LOOP; RETURN NEW; END $$`,
  ...Object.entries(FORGETTING).flatMap(([table, fields]) => {
    const columns = Object.keys(fields).join(', ');
    const pairs = Object.entries(fields).flatMap((pair) => pair.map((each) => `'${each}'`));
    return [
      `GRANT UPDATE (${columns}) ON ${table} TO ${API_ROLE}`,
      // Costs nothing where none of them is set.
      `CREATE TRIGGER ${table}_only_forgets BEFORE UPDATE OF ${columns} ON ${table} FOR EACH ROW EXECUTE FUNCTION only_forgets(${pairs.join(', ')})`,
    ];
  }),
];

const REQUESTS = [
  // What a request that is over may still do, and one that waits may not: forget its input, and have values of its changes masked.
  `CREATE FUNCTION change_request_forgets(was jsonb, becomes jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT NOT EXISTS (SELECT FROM jsonb_array_elements(was) WITH ORDINALITY o (said, place)
      FULL JOIN jsonb_array_elements(becomes) WITH ORDINALITY n (said, place) USING (place)
      CROSS JOIN LATERAL (VALUES (o.said -> 'before', n.said -> 'before'), (o.said -> 'after', n.said -> 'after')) each (old, new)
      WHERE o.said - 'before' - 'after' IS DISTINCT FROM n.said - 'before' - 'after'
        OR new IS DISTINCT FROM old AND NOT (coalesce(old, 'null') <> 'null' AND new IS NOT DISTINCT FROM '"••••••••"')) $$`,
  `CREATE FUNCTION change_request_only_forgets() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.status NOT IN ('PENDING', 'RETURNED') AND NEW.input_sealed = '' AND NEW.input_shown = '{}'
      AND change_request_forgets(OLD.changes, NEW.changes) THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'what was asked for only ever gets erased' USING ERRCODE = 'insufficient_privilege'; END $$`,
  `CREATE TRIGGER change_request_only_forgets BEFORE UPDATE OF changes, input_shown, input_sealed ON change_request
    FOR EACH ROW EXECUTE FUNCTION change_request_only_forgets()`,
  `CREATE OR REPLACE FUNCTION change_request_stays_closed() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE forgotten text[] := '{version,changes,input_shown,input_sealed}'; BEGIN
    IF OLD.input_sealed <> '' AND NEW.input_sealed = '' AND to_jsonb(NEW) - forgotten = to_jsonb(OLD) - forgotten THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'a change request that is over stays so' USING ERRCODE = 'check_violation'; END $$`,
  `GRANT UPDATE (changes, input_shown, input_sealed) ON change_request TO ${API_ROLE}`,
];

const POLICY = `INSERT INTO approval_policy (id, operation, active, approver_roles, expires_after_hours)
  VALUES (gen_random_uuid(), 'personalData.erase', true, '{admin,compliance}', 168)`;
