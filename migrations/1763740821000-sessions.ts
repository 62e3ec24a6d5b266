import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/**
 * A session ends when it is not used for a while, whoever its bearer is: somebody who signed in, a token of another issuer, or a system with a key.
 * When it was last used moves apart from its version, which says whether its bearer still is who they were.
 */
export class Sessions1763740821000 implements MigrationInterface {
  name = 'Sessions1763740821000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...TABLES, ...GUARDS, ...POLICIES]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Guards are not taken down: restore a backup instead.');
  }
}

const TABLES = [
  `ALTER TABLE session
    ADD COLUMN kind text NOT NULL DEFAULT 'PASSWORD',
    ADD COLUMN last_seen_at timestamptz,
    ADD COLUMN idle_until timestamptz,
    ADD COLUMN roles text array,
    ADD COLUMN scopes text array,
    ADD COLUMN assertion_digest bytea,
    ADD CONSTRAINT session_kind CHECK (kind IN ('PASSWORD','OPENID','API_KEY')),
    ADD CONSTRAINT session_of_assertion CHECK ((kind = 'OPENID') = (assertion_digest IS NOT NULL)),
    ADD CONSTRAINT session_of_key CHECK ((kind = 'API_KEY') = (scopes IS NOT NULL)),
    ADD CONSTRAINT session_assertion UNIQUE (assertion_digest)`,
  // Sessions that were open before there was such a limit have not been looked at: they end, and people sign in again.
  `UPDATE session SET idle_until = created_at WHERE ended_at IS NULL`,
  `ALTER TABLE app_user
    ADD COLUMN service boolean NOT NULL DEFAULT false,
    ADD COLUMN oidc_subject text,
    ADD CONSTRAINT app_user_service_has_no_password CHECK (NOT service OR password_hash = ''),
    ADD CONSTRAINT oidc_subject_taken UNIQUE (oidc_subject)`,
  `CREATE TABLE api_key (
    id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    name text NOT NULL,
    user_id uuid NOT NULL,
    scopes text array NOT NULL,
    expires_at timestamptz NOT NULL,
    created_by_id uuid NOT NULL,
    replaces_id uuid,
    overlap_hours integer,
    prefix text,
    drawn_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT api_key_pkey PRIMARY KEY (id),
    CONSTRAINT api_key_drawn CHECK ((prefix IS NULL) = (drawn_at IS NULL)),
    CONSTRAINT api_key_overlap CHECK ((replaces_id IS NULL) = (overlap_hours IS NULL)),
    CONSTRAINT api_key_lasts CHECK (expires_at <= created_at + interval '366 days'),
    CONSTRAINT api_key_of_user FOREIGN KEY (user_id) REFERENCES app_user (id),
    CONSTRAINT api_key_created_by FOREIGN KEY (created_by_id) REFERENCES app_user (id),
    CONSTRAINT api_key_replaces FOREIGN KEY (replaces_id) REFERENCES api_key (id)
  )`,
];

const refused = (table: string, trigger: string, when: string, then: string) => [
  `CREATE FUNCTION ${trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION '${then}' USING ERRCODE = 'insufficient_privilege'; END $$`,
  `CREATE TRIGGER ${trigger} BEFORE UPDATE ON ${table} FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION ${trigger}()`,
];

const GUARDS = [
  `GRANT UPDATE (last_seen_at, idle_until, expires_at) ON session TO ${API_ROLE}`,
  `GRANT UPDATE (oidc_subject) ON app_user TO ${API_ROLE}`,
  `GRANT SELECT, INSERT, UPDATE (version, expires_at, prefix, drawn_at, revoked_at) ON api_key TO ${API_ROLE}`,
  ...refused(
    'session',
    'session_is_not_prolonged',
    'NEW.expires_at > OLD.expires_at OR NEW.last_seen_at < OLD.last_seen_at OR NEW.idle_until < OLD.idle_until',
    'a session ends when it was to end, or sooner',
  ),
  ...refused(
    'api_key',
    'api_key_is_not_prolonged',
    `NEW.expires_at > OLD.expires_at OR OLD.drawn_at IS NOT NULL AND (NEW.prefix, NEW.drawn_at) IS DISTINCT FROM (OLD.prefix, OLD.drawn_at)
      OR OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at`,
    'a key has one secret, and ends when it was to end, or sooner',
  ),
];

/** Who gets in as somebody else, or as a system, is chosen by two people. */
const POLICIES = [
  ['apiKey.create', true],
  ['apiKey.rotate', true],
  ['apiKey.revoke', false],
  ['user.linkSubject', true],
].map(
  ([operation, active]) => `INSERT INTO approval_policy (id, operation, active, steps, expires_after_hours)
    VALUES (gen_random_uuid(), '${operation}', ${active}, '[{"stage":1,"roles":["admin","compliance"],"people":[],"quorum":1}]', 72)`,
);
