import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/**
 * Second factors, tokens with which somebody chooses a password, and whose roles count. That last is said here alone: whoever
 * is identified, decides, or keeps the house is asked of it, and whether a second factor is needed stands in one row for all processes.
 */
export class GettingIn1763740820000 implements MigrationInterface {
  name = 'GettingIn1763740820000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...TABLES, ...COUNTING, ...DECIDING, ...GUARDS, ...POLICIES])
      await runner.query(statement);
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
const STRONG = `'admin', 'supervisor', 'compliance', 'auditor'`;

/**
 * Somebody who can sign in, whose password is their own, and who has a second factor where one is needed; `rule` is the one row of access_rule. It stands within what
 * is asked often as it is: as a function it costs half as much again, as a subquery PostgreSQL plans it anew each time.
 */
export const ABLE = `u.deactivated_at IS NULL AND u.password_set_by_id IS NULL`;
export const SHOWN = `(u.second_factor_at IS NOT NULL OR NOT rule.second_factor_required)`;

/** The same for one of their roles. */
export const SHOWN_FOR = (role: string) =>
  `(u.second_factor_at IS NOT NULL OR ${role} NOT IN (${STRONG}) OR NOT rule.second_factor_required)`;

const COUNTING = [
  `CREATE TABLE access_rule (one boolean PRIMARY KEY DEFAULT true CHECK (one), second_factor_required boolean NOT NULL)`,
  `INSERT INTO access_rule (second_factor_required) VALUES (false)`,
  `CREATE FUNCTION second_factor_required() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT a.second_factor_required FROM access_rule a), true) $$`,
  `CREATE FUNCTION role_counts(u app_user, role text) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT ${ABLE} AND (u.second_factor_at IS NOT NULL OR role NOT IN (${STRONG}) OR NOT second_factor_required()) $$`,
  // Whoever was identified under the other rule is identified anew.
  `CREATE FUNCTION sessions_follow_rule() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE session SET version = version + 1 WHERE ended_at IS NULL; RETURN NULL; END $$`,
  `CREATE TRIGGER sessions_follow_rule AFTER UPDATE ON access_rule FOR EACH ROW
    WHEN (NEW.second_factor_required <> OLD.second_factor_required) EXECUTE FUNCTION sessions_follow_rule()`,
  'ALTER TABLE access_rule ENABLE ALWAYS TRIGGER sessions_follow_rule',
];

/** As in 1763740814500-deciding.ts, but for whose word counts. */
const DECIDING = [
  `CREATE OR REPLACE FUNCTION holds_step(who uuid, roles jsonb, people jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM app_user u CROSS JOIN access_rule rule WHERE u.id = who AND ${ABLE} AND (people ? who::text AND ${SHOWN}
      OR EXISTS (SELECT FROM role_grant g WHERE g.user_id = who AND g.revoked_at IS NULL AND roles ? g.role AND ${SHOWN_FOR('g.role')}))) $$`,
  `CREATE OR REPLACE FUNCTION change_request_steps(r change_request)
    RETURNS TABLE (step int, stage int, name text, roles jsonb, people jsonb, quorum int, approvals int, open boolean) LANGUAGE sql STABLE AS $$
    WITH asked AS (
      SELECT n::int AS step, coalesce((s ->> 'stage')::int, 1) AS stage, s ->> 'name' AS name,
        CASE WHEN r.escalate_to_roles IS NOT NULL AND r.escalate_at IS NULL THEN s -> 'roles' || to_jsonb(r.escalate_to_roles) ELSE s -> 'roles' END AS roles,
        s -> 'people' AS people, (s ->> 'quorum')::int AS quorum
      FROM jsonb_array_elements(coalesce(r.steps, jsonb_build_array(
        jsonb_build_object('stage', 1, 'roles', r.approver_roles, 'people', '[]'::jsonb, 'quorum', 1)))) WITH ORDINALITY AS e (s, n)
    ), said AS MATERIALIZED (
      SELECT a.*, (SELECT count(*)::int FROM decision d JOIN app_user u ON u.id = d.decided_by_id CROSS JOIN access_rule rule
        WHERE d.change_request_id = r.id AND d.revision = r.revision AND d.verdict = 'APPROVED' AND d.step = a.step AND ${ABLE} AND ${SHOWN}
          AND holds_step(coalesce(d.on_behalf_of_id, d.decided_by_id), a.roles, a.people)
          AND (d.on_behalf_of_id IS NULL OR said_for(d) IS NOT NULL)
          AND person_of(r.maker_id) <> ALL (persons_in(d))
          AND NOT EXISTS (SELECT FROM decision e WHERE e.change_request_id = r.id AND e.revision = r.revision AND e.id < d.id
            AND persons_in(e) && persons_in(d))) AS approvals
      FROM asked a
    )
    SELECT step, stage, name, roles, people, quorum, approvals,
      approvals < quorum AND stage = min(stage) FILTER (WHERE approvals < quorum) OVER ()
        OR r.status = 'PENDING' AND stage = max(stage) OVER () AND NOT bool_or(approvals < quorum) OVER ()
    FROM said ORDER BY step $$`,
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
