import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE, AUDIT_ROLE, AUDITOR_ROLE, SEALER_ROLE, WITHIN_TRAIL } from '../src/platform/database-roles';

/**
 * Where the trail is sealed: the leaves of the tree in their order, such of its nodes as proofs and growth need, its signed heads,
 * and how far the sealer has come. All of it is only ever added to, but for that one last row. An event knows the transaction that
 * wrote it, by which the sealer finds what was committed since it last looked.
 */
export class Seal1763740808000 implements MigrationInterface {
  name = 'Seal1763740808000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [WITHIN_TRAIL.begin, ...TABLES, ...GUARDS, ...GRANTS, WITHIN_TRAIL.end])
      await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('The trail is not taken down: restore a backup instead.');
  }
}

const TABLES = [
  `ALTER TABLE audit.event DROP COLUMN sequence`,
  `ALTER TABLE audit.event ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id()`,
  `CREATE INDEX event_xid ON audit.event (xid, id) INCLUDE (hash)`,
  // The hash stands here once more: a leaf outlives what it was made of.
  `CREATE TABLE audit.leaf (
    place bigint PRIMARY KEY CHECK (place >= 0),
    event_id uuid NOT NULL CONSTRAINT leaf_event UNIQUE,
    hash bytea NOT NULL CHECK (length(hash) = 32)
  )`,
  `CREATE TABLE audit.node (
    level smallint CHECK (level > 0),
    index bigint CHECK (index >= 0),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, index)
  )`,
  `CREATE TABLE audit.checkpoint (
    id uuid PRIMARY KEY,
    size bigint NOT NULL CONSTRAINT checkpoint_size UNIQUE CHECK (size > 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    note text NOT NULL,
    created_at timestamptz NOT NULL
  )`,
  // One row. Events of transactions that "sealed" shows as over are sealed; those that "target" shows, too, up to (xid, id).
  `CREATE TABLE audit.head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    size bigint NOT NULL DEFAULT 0,
    frontier bytea NOT NULL DEFAULT '',
    sealed pg_snapshot NOT NULL DEFAULT '1:1:',
    target pg_snapshot,
    xid xid8 NOT NULL DEFAULT '0',
    id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
  )`,
  'INSERT INTO audit.head DEFAULT VALUES',
];

const FINAL = ['leaf', 'node', 'checkpoint'];

const GUARDS = [
  ...FINAL.flatMap((table) => [
    `CREATE TRIGGER ${table}_is_final BEFORE UPDATE OR DELETE ON audit.${table} FOR EACH ROW EXECUTE FUNCTION audit.event_is_final()`,
    `CREATE TRIGGER ${table}_is_final_too BEFORE TRUNCATE ON audit.${table} FOR EACH STATEMENT EXECUTE FUNCTION audit.event_is_final()`,
    `ALTER TABLE audit.${table} ENABLE ALWAYS TRIGGER ${table}_is_final`,
    `ALTER TABLE audit.${table} ENABLE ALWAYS TRIGGER ${table}_is_final_too`,
  ]),
  `CREATE FUNCTION audit.head_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'UPDATE' THEN IF NEW.size >= OLD.size THEN RETURN NEW; END IF; END IF;
    RAISE EXCEPTION 'the tree only grows' USING ERRCODE = 'insufficient_privilege'; END $$`,
  `CREATE TRIGGER head_only_grows BEFORE INSERT OR UPDATE OR DELETE ON audit.head FOR EACH ROW EXECUTE FUNCTION audit.head_only_grows()`,
  `CREATE TRIGGER head_only_grows_too BEFORE TRUNCATE ON audit.head FOR EACH STATEMENT EXECUTE FUNCTION audit.head_only_grows()`,
  `ALTER TABLE audit.head ENABLE ALWAYS TRIGGER head_only_grows`,
  `ALTER TABLE audit.head ENABLE ALWAYS TRIGGER head_only_grows_too`,
  `ALTER FUNCTION audit.head_only_grows() OWNER TO ${AUDIT_ROLE}`,
  ...[...FINAL, 'head'].map((table) => `ALTER TABLE audit.${table} OWNER TO ${AUDIT_ROLE}`),
];

const GRANTS = [
  `GRANT USAGE ON SCHEMA audit TO ${SEALER_ROLE}, ${AUDITOR_ROLE}`,
  `GRANT SELECT ON audit.leaf, audit.node, audit.checkpoint TO ${API_ROLE}`,
  `GRANT SELECT (id, hash, xid) ON audit.event TO ${SEALER_ROLE}`,
  `GRANT SELECT, INSERT ON audit.leaf, audit.node, audit.checkpoint TO ${SEALER_ROLE}`,
  `GRANT SELECT, UPDATE (size, frontier, sealed, target, xid, id) ON audit.head TO ${SEALER_ROLE}`,
  `GRANT SELECT ON ALL TABLES IN SCHEMA audit TO ${AUDITOR_ROLE}`,
];
