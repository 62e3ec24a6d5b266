import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/**
 * A key for each class of records, wrapped under the master key, and beside each sensitive value a digest that it is found by. Values that are there are sealed
 * anew by a job; so a sealed value may become another one that looks the same, and nothing else.
 */
export class ClassKeys1763740822000 implements MigrationInterface {
  name = 'ClassKeys1763740822000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...KEYS, ...DIGESTS, ...SEALS]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Keys are not taken down: restore a backup instead.');
  }
}

const KEYS = [
  `CREATE TABLE class_key (
    id text NOT NULL,
    of text NOT NULL,
    purpose text NOT NULL,
    number integer NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT class_key_pkey PRIMARY KEY (id),
    CONSTRAINT class_key_of UNIQUE (purpose, of, number),
    CONSTRAINT class_key_purpose CHECK (purpose IN ('seal','digest')),
    CONSTRAINT class_key_id CHECK (id ~ '^[0-9a-f]{8}$' AND number > 0)
  )`,
  // What is sealed under it would be gone with it; to wrap it anew is all that is ever done to one.
  `CREATE FUNCTION class_key_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'UPDATE' THEN
      IF to_jsonb(NEW) - 'wrapped' = to_jsonb(OLD) - 'wrapped' THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'keys stay, and are only wrapped anew' USING ERRCODE = 'insufficient_privilege'; END $$`,
  `CREATE TRIGGER class_key_stays BEFORE UPDATE OR DELETE ON class_key FOR EACH ROW EXECUTE FUNCTION class_key_stays()`,
  `CREATE TRIGGER class_key_stays_too BEFORE TRUNCATE ON class_key FOR EACH STATEMENT EXECUTE FUNCTION class_key_stays()`,
  `GRANT SELECT, INSERT, UPDATE (wrapped) ON class_key TO ${API_ROLE}`,
];

const FIELDS: [table: string, field: string][] = [
  ['account', 'tax_id'],
  ['account', 'bank_account_number'],
  ['complaint', 'customer_email'],
  ['complaint', 'customer_phone'],
  ['complaint', 'customer_card_number'],
];

const DIGESTS = FIELDS.flatMap(([table, field]) => [
  `ALTER TABLE ${table} ADD COLUMN ${field}_digest bytea`,
  `CREATE INDEX ${table}_${field}_digest ON ${table} (${field}_digest) WHERE ${field}_digest IS NOT NULL`,
  `GRANT UPDATE (${field}_digest) ON ${table} TO ${API_ROLE}`,
]);

/** Of a complaint's customer: what else is personal only ever becomes empty (see only_forgets). */
const PARTS = ['email', 'phone', 'card_number'].map((part) => `customer_${part}`);

const FORGETTING = [['narrative', ''], ['customer_name', ''], ...PARTS.map((part) => [`${part}_masked`, ''])];

const SEALS = [
  // The arguments: fields, each with a sealed, a masked and a digest column.
  `CREATE FUNCTION only_sealed_anew() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE was jsonb := to_jsonb(OLD); becomes jsonb := to_jsonb(NEW); field text; BEGIN
    FOREACH field IN ARRAY TG_ARGV LOOP
      IF becomes -> (field || '_sealed') IS DISTINCT FROM was -> (field || '_sealed') AND becomes ->> (field || '_sealed') IS NOT NULL
        AND (was ->> (field || '_sealed') IS NULL OR becomes ->> (field || '_masked') IS NULL
          OR becomes -> (field || '_masked') IS DISTINCT FROM was -> (field || '_masked'))
        OR becomes ->> (field || '_digest') IS NOT NULL AND becomes ->> (field || '_sealed') IS NULL THEN
        RAISE EXCEPTION '% is only ever erased, or sealed anew', field USING ERRCODE = 'insufficient_privilege'; END IF;
    END LOOP; RETURN NEW; END $$`,
  'DROP TRIGGER complaint_only_forgets ON complaint',
  `CREATE TRIGGER complaint_only_forgets BEFORE UPDATE OF ${FORGETTING.map(([column]) => column).join(', ')} ON complaint FOR EACH ROW
    EXECUTE FUNCTION only_forgets(${FORGETTING.flat()
      .map((each) => `'${each}'`)
      .join(', ')})`,
  `CREATE TRIGGER complaint_only_sealed_anew BEFORE UPDATE OF ${PARTS.flatMap((part) => [`${part}_sealed`, `${part}_digest`]).join(', ')} ON complaint
    FOR EACH ROW EXECUTE FUNCTION only_sealed_anew(${PARTS.map((part) => `'${part}'`).join(', ')})`,
];
