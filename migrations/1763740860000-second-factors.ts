import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/**
 * Whoever is let in shows two factors before any role of theirs counts: a code of an app, or a token of an issuer that tells of two. What somebody can show
 * decides whose yes counts and who may carry out what they proposed, what was shown in a session decides what its bearer may: see docs/decisions/0021-two-factors.md.
 */
export class SecondFactors1763740860000 implements MigrationInterface {
  name = 'SecondFactors1763740860000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...TABLES, ...COUNTING, ...DECIDING, ...GUARDS]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Who got in is not taken down: restore a backup instead.');
  }
}

const TABLES = [
  // Null: every role needs a second factor, where one is required. And the issuer whose tokens may tell of one.
  `ALTER TABLE access_rule ADD second_factor_roles text array, ADD strong_issuer text`,
  `ALTER TABLE session ADD strong_until timestamptz, ADD reads_only boolean NOT NULL DEFAULT false`,
  `ALTER TABLE session ADD CONSTRAINT session_strong CHECK (strong_until IS NULL OR kind = 'OPENID')`,
  // Who was linked before there was this column is known by their subject; an address finds neither.
  `ALTER TABLE app_user ADD oidc_linked_at timestamptz`,
];

const COUNTING = [
  // Null: whether whoever is here at all needs one.
  `CREATE FUNCTION needs_second_factor(role text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT a.second_factor_required AND (a.second_factor_roles IS NULL OR coalesce(role = ANY (a.second_factor_roles), false))
      FROM access_rule a), true) $$`,
  // A system has no second factor, and never signs in.
  `CREATE FUNCTION can_show_two_factors(u app_user) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT u.service OR u.second_factor_at IS NOT NULL
      OR coalesce(starts_with(u.oidc_subject, (SELECT a.strong_issuer FROM access_rule a) || ' '), false) $$`,
  `CREATE FUNCTION shows_two_factors(s session, u app_user, at timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT s.kind = 'API_KEY' OR s.second_factor_at IS NOT NULL AND u.second_factor_at IS NOT NULL OR coalesce(s.strong_until > at, false) $$`,
  `CREATE OR REPLACE FUNCTION role_counts(u app_user, role text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT u.deactivated_at IS NULL AND u.password_set_by_id IS NULL AND (can_show_two_factors(u) OR NOT needs_second_factor(role)) $$`,
  `DROP TRIGGER sessions_follow_rule ON access_rule`,
  `CREATE TRIGGER sessions_follow_rule AFTER UPDATE ON access_rule FOR EACH ROW
    WHEN (NEW IS DISTINCT FROM OLD) EXECUTE FUNCTION sessions_follow_rule()`,
  'ALTER TABLE access_rule ENABLE ALWAYS TRIGGER sessions_follow_rule',
  // What is remembered of whoever is let in was found out under the former rules.
  `UPDATE session SET version = version + 1 WHERE ended_at IS NULL`,
];

/** As in …-scoped-grants, and within what is asked for the same reason. */
const ABLE = `u.deactivated_at IS NULL AND u.password_set_by_id IS NULL`;
const SHOWN = `(NOT rule.second_factor_required OR u.second_factor_at IS NOT NULL OR coalesce(starts_with(u.oidc_subject, rule.strong_issuer || ' '), false))`;
const SHOWN_FOR = (role: string) => `(${SHOWN} OR ${role} <> ALL (rule.second_factor_roles))`;

const DECIDING = [
  `CREATE OR REPLACE FUNCTION holds_step(who uuid, roles jsonb, people jsonb, account uuid, lob uuid, at timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM app_user u CROSS JOIN access_rule rule WHERE u.id = who AND ${ABLE} AND (people ? who::text AND ${SHOWN}
      OR EXISTS (SELECT FROM role_grant g WHERE g.user_id = who AND roles ? g.role AND grant_reaches(g, account, lob, at) AND ${SHOWN_FOR('g.role')}))) $$`,
  // As in …-scoped-grants, but for what somebody can show.
  `CREATE OR REPLACE FUNCTION change_request_steps(r change_request, at timestamptz)
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
          AND holds_step(coalesce(d.on_behalf_of_id, d.decided_by_id), a.roles, a.people, r.account_id, r.lob_id, at)
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
  `GRANT UPDATE (second_factor_roles, strong_issuer) ON access_rule TO ${API_ROLE}`,
  `GRANT UPDATE (oidc_linked_at) ON app_user TO ${API_ROLE}`,
  `CREATE TRIGGER app_user_linked_is_set_once BEFORE UPDATE ON app_user FOR EACH ROW EXECUTE FUNCTION is_set_once('oidc_linked_at')`,
];
