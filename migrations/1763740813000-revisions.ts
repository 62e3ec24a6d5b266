import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/**
 * Change requests are revised: what they ask for moves on together with the number of the revision, while they wait, and what they asked for
 * before is kept beside them.
 */
export class Revisions1763740813000 implements MigrationInterface {
  name = 'Revisions1763740813000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...TABLE, ...GUARDS]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Revisions are not taken down: restore a backup instead.');
  }
}

const TABLE = [
  `CREATE TABLE change_request_revision (
    id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    change_request_id uuid NOT NULL,
    revision integer NOT NULL,
    digest text NOT NULL,
    input_shown jsonb NOT NULL,
    changes jsonb NOT NULL,
    seen jsonb NOT NULL,
    reason text,
    CONSTRAINT change_request_revision_pkey PRIMARY KEY (id),
    CONSTRAINT change_request_revision_repeated UNIQUE (change_request_id, revision),
    CONSTRAINT change_request_revision_digest_plain CHECK (digest !~ '[^ !#-\\[\\]-~]'),
    CONSTRAINT revision_of_change_request FOREIGN KEY (change_request_id) REFERENCES change_request (id)
  )`,
  `GRANT SELECT, INSERT, UPDATE (version, input_shown, changes) ON change_request_revision TO ${API_ROLE}`,
  // It may forget what tells of a person, and nothing else: as a request that is over may.
  `CREATE FUNCTION change_request_revision_only_forgets() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.input_shown = '{}' AND change_request_forgets(OLD.changes, NEW.changes) THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'what was asked for only ever gets erased' USING ERRCODE = 'insufficient_privilege'; END $$`,
  `CREATE TRIGGER change_request_revision_only_forgets BEFORE UPDATE ON change_request_revision FOR EACH ROW
    EXECUTE FUNCTION change_request_revision_only_forgets()`,
];

/** What a request asks for, of whom, and until when. */
const ASKED = [
  'revision',
  'digest',
  'seen',
  'reason',
  'account_id',
  'expires_at',
  'policy_id',
  'policy_version',
  'approver_roles',
];

const GUARDS = [
  `GRANT UPDATE (${ASKED.join(', ')}) ON change_request TO ${API_ROLE}`,
  // Whether a change of a request is its next revision, which waits anew.
  `CREATE FUNCTION change_request_is_revised(was change_request, becomes change_request) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT becomes.revision = was.revision + 1 AND was.status IN ('PENDING', 'RETURNED', 'STALE') AND becomes.status = 'PENDING'
      AND becomes.closed_at IS NULL AND becomes.digest <> was.digest AND becomes.input_sealed <> '' $$`,
  `CREATE FUNCTION change_request_asks_anew() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF change_request_is_revised(OLD, NEW) THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'what a change request asks for changes with its revision' USING ERRCODE = 'insufficient_privilege'; END $$`,
  `CREATE TRIGGER change_request_asks_anew BEFORE UPDATE OF ${ASKED.join(', ')} ON change_request
    FOR EACH ROW EXECUTE FUNCTION change_request_asks_anew()`,
  // A revision of the kept ones stands for each that was left behind.
  `CREATE FUNCTION change_request_keeps_revisions() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NOT EXISTS (SELECT FROM change_request_revision r WHERE r.change_request_id = OLD.id AND r.revision = OLD.revision AND r.digest = OLD.digest) THEN
      RAISE EXCEPTION 'what was asked for before is kept' USING ERRCODE = 'check_violation'; END IF;
    RETURN NULL; END $$`,
  `CREATE TRIGGER change_request_keeps_revisions AFTER UPDATE OF revision ON change_request FOR EACH ROW
    EXECUTE FUNCTION change_request_keeps_revisions()`,
  `CREATE OR REPLACE FUNCTION change_request_only_forgets() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF change_request_is_revised(OLD, NEW) THEN RETURN NEW; END IF;
    IF NEW.status NOT IN ('PENDING', 'RETURNED') AND NEW.input_sealed = '' AND NEW.input_shown = '{}'
      AND change_request_forgets(OLD.changes, NEW.changes) THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'what was asked for only ever gets erased' USING ERRCODE = 'insufficient_privilege'; END $$`,
  // One that others have overtaken may be rebased by its maker.
  `CREATE OR REPLACE FUNCTION change_request_stays_closed() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE forgotten text[] := '{version,changes,input_shown,input_sealed}'; BEGIN
    IF change_request_is_revised(OLD, NEW) THEN RETURN NEW; END IF;
    IF OLD.input_sealed <> '' AND NEW.input_sealed = '' AND to_jsonb(NEW) - forgotten = to_jsonb(OLD) - forgotten THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'a change request that is over stays so' USING ERRCODE = 'check_violation'; END $$`,
];
