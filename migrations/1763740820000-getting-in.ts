import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/**
 * Second factors, tokens with which somebody chooses a password, and whose roles count: whoever is identified or keeps the house is asked of that, and,
 * in …-scoped-grants, whoever decides. Whether a second factor is needed stands in one row for all processes.
 */
export class GettingIn1763740820000 implements MigrationInterface {
  name = 'GettingIn1763740820000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...TABLES, ...COUNTING, ...GUARDS, ...POLICIES]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Who got in is not taken down: restore a backup instead.');
  }
}

const TABLES = [
  `ALTER TABLE app_user ADD second_factor_at timestamptz, ADD active_since timestamptz`,
  `ALTER TABLE session ADD second_factor_at timestamptz`,
  `CREATE INDEX session_opened ON session (user_id, created_at)`,
  `CREATE TABLE second_factor (
    id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    user_id uuid NOT NULL,
    secret_sealed bytea,
    last_step integer NOT NULL DEFAULT 0,
    recovery_hashes text array NOT NULL,
    confirmed_at timestamptz,
    removed_at timestamptz,
    CONSTRAINT second_factor_pkey PRIMARY KEY (id),
    CONSTRAINT second_factor_of_user FOREIGN KEY (user_id) REFERENCES app_user (id),
    CONSTRAINT second_factor_removed CHECK ((secret_sealed IS NULL) = (removed_at IS NOT NULL))
  )`,
  // One that works, and one that waits to be confirmed in its place.
  `CREATE UNIQUE INDEX second_factor_taken ON second_factor (user_id) WHERE removed_at IS NULL AND confirmed_at IS NOT NULL`,
  `CREATE UNIQUE INDEX second_factor_waiting_taken ON second_factor (user_id) WHERE removed_at IS NULL AND confirmed_at IS NULL`,
  `CREATE TABLE password_token (
    id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    user_id uuid NOT NULL,
    drawn_by_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT password_token_pkey PRIMARY KEY (id),
    CONSTRAINT password_token_hash UNIQUE (token_hash),
    CONSTRAINT password_token_of_user FOREIGN KEY (user_id) REFERENCES app_user (id),
    CONSTRAINT password_token_drawn_by FOREIGN KEY (drawn_by_id) REFERENCES app_user (id)
  )`,
  `CREATE UNIQUE INDEX password_token_taken ON password_token (user_id) WHERE ended_at IS NULL`,
  // Where somebody signed in from lately: keyed digests, as in sign_in_tries. Kept over a crash, since those who are known there must not be locked out by others.
  `CREATE TABLE sign_in_places (key varchar(255) PRIMARY KEY, points int NOT NULL DEFAULT 0, expire bigint)`,
];

/** Roles that approve, administer or audit. */
export const STRONG = `'admin', 'supervisor', 'compliance', 'auditor'`;

const COUNTING = [
  `CREATE TABLE access_rule (one boolean PRIMARY KEY DEFAULT true CHECK (one), second_factor_required boolean NOT NULL)`,
  `INSERT INTO access_rule (second_factor_required) VALUES (false)`,
  `CREATE FUNCTION second_factor_required() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT a.second_factor_required FROM access_rule a), true) $$`,
  `CREATE FUNCTION role_counts(u app_user, role text) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT u.deactivated_at IS NULL AND u.password_set_by_id IS NULL
      AND (u.second_factor_at IS NOT NULL OR role NOT IN (${STRONG}) OR NOT second_factor_required()) $$`,
  // Whoever was identified under the other rule is identified anew.
  `CREATE FUNCTION sessions_follow_rule() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE session SET version = version + 1 WHERE ended_at IS NULL; RETURN NULL; END $$`,
  `CREATE TRIGGER sessions_follow_rule AFTER UPDATE ON access_rule FOR EACH ROW
    WHEN (NEW.second_factor_required <> OLD.second_factor_required) EXECUTE FUNCTION sessions_follow_rule()`,
  'ALTER TABLE access_rule ENABLE ALWAYS TRIGGER sessions_follow_rule',
];

const GUARDS = [
  `GRANT UPDATE (second_factor_at, active_since) ON app_user TO ${API_ROLE}`,
  `GRANT UPDATE (second_factor_at) ON session TO ${API_ROLE}`,
  `GRANT SELECT, INSERT, UPDATE (secret_sealed, last_step, recovery_hashes, confirmed_at, removed_at, version) ON second_factor TO ${API_ROLE}`,
  `GRANT SELECT, INSERT, UPDATE (ended_at, version) ON password_token TO ${API_ROLE}`,
  `GRANT SELECT, INSERT, UPDATE (points, expire) ON sign_in_places TO ${API_ROLE}`,
  `GRANT SELECT, UPDATE (second_factor_required) ON access_rule TO ${API_ROLE}`,
  `CREATE TRIGGER password_token_is_set_once BEFORE UPDATE ON password_token FOR EACH ROW EXECUTE FUNCTION is_set_once('ended_at')`,
  `CREATE TRIGGER second_factor_is_set_once BEFORE UPDATE ON second_factor FOR EACH ROW EXECUTE FUNCTION is_set_once('confirmed_at', 'removed_at')`,
  // A code is taken once, and a recovery code never comes back.
  `CREATE FUNCTION second_factor_is_used_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'a one-time code is taken once' USING ERRCODE = 'check_violation'; END $$`,
  `CREATE TRIGGER second_factor_is_used_up BEFORE UPDATE ON second_factor FOR EACH ROW
    WHEN (NEW.last_step < OLD.last_step) EXECUTE FUNCTION second_factor_is_used_up()`,
  // Whoever was deactivated may come back, unless they were erased; an instant is never moved to another.
  `DROP TRIGGER app_user_is_set_once ON app_user`,
  `CREATE FUNCTION app_user_comes_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF OLD.deactivated_at IS NULL OR NEW.deactivated_at IS NOT DISTINCT FROM OLD.deactivated_at
      OR NEW.deactivated_at IS NULL AND NEW.active_since IS DISTINCT FROM OLD.active_since AND NEW.email NOT LIKE 'erased-%@invalid' THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'deactivated_at is set once' USING ERRCODE = 'check_violation'; END $$`,
  `CREATE TRIGGER app_user_comes_back BEFORE UPDATE ON app_user FOR EACH ROW EXECUTE FUNCTION app_user_comes_back()`,
  `CREATE FUNCTION forget_sign_in_places() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH gone AS (DELETE FROM public.sign_in_places
      WHERE expire < extract(epoch FROM now() - interval '1 hour') * 1000 RETURNING 1) SELECT count(*) FROM gone $$`,
  `REVOKE ALL ON FUNCTION forget_sign_in_places() FROM PUBLIC`,
  `GRANT EXECUTE ON FUNCTION forget_sign_in_places() TO ${API_ROLE}`,
];

const POLICIES = [
  ['user.invite', false],
  ['user.reactivate', true],
  ['password.reset', true],
  ['secondFactor.remove', true],
].map(
  ([operation, active]) => `INSERT INTO approval_policy (id, operation, active, steps, expires_after_hours)
    VALUES (gen_random_uuid(), '${operation}', ${active}, '[{"stage":1,"roles":["admin","compliance"],"people":[],"quorum":1}]', 168)`,
);
