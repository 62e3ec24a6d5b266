import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';
import { STRONG } from './1763740820000-getting-in';

/**
 * A role may be granted for one account, or for one LOB of it, and until an instant. Who may decide what, and whose yes counts, is asked as of an
 * instant: a grant whose end has come gives nothing, whether or not anything has noticed yet.
 */
export class ScopedGrants1763740823000 implements MigrationInterface {
  name = 'ScopedGrants1763740823000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...GRANTS, ...REQUESTS, ...DECIDING]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Grants are not taken down: restore a backup instead.');
  }
}

const GRANTS = [
  `ALTER TABLE lob ADD CONSTRAINT lob_of_its_account UNIQUE (id, account_id)`,
  `ALTER TABLE role_grant
    ADD lob_id uuid,
    ADD ends_at timestamptz,
    DROP CONSTRAINT role_grant_account,
    ADD CONSTRAINT role_grant_account CHECK (CASE role WHEN 'client' THEN account_id IS NOT NULL WHEN 'admin' THEN account_id IS NULL ELSE true END),
    ADD CONSTRAINT role_grant_lob CHECK (lob_id IS NULL OR account_id IS NOT NULL),
    ADD CONSTRAINT role_grant_lob_of_account FOREIGN KEY (lob_id, account_id) REFERENCES lob (id, account_id)`,
  `DROP INDEX role_grant_taken`,
  `CREATE UNIQUE INDEX role_grant_taken ON role_grant (user_id, role, account_id, lob_id) NULLS NOT DISTINCT WHERE revoked_at IS NULL`,
  `CREATE INDEX role_grant_ends ON role_grant (ends_at) WHERE revoked_at IS NULL AND ends_at IS NOT NULL`,
  // What ends by itself ends at its instant, however late that is noticed.
  `CREATE FUNCTION role_grant_ends_at_its_instant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'a grant ends at its instant' USING ERRCODE = 'check_violation'; END $$`,
  `CREATE TRIGGER role_grant_ends_at_its_instant BEFORE UPDATE OF revoked_at ON role_grant FOR EACH ROW
    WHEN (NEW.ends_at IS NOT NULL AND NEW.revoked_at IS NOT NULL AND NEW.revoked_by_id IS NULL AND NEW.revoked_at IS DISTINCT FROM NEW.ends_at)
    EXECUTE FUNCTION role_grant_ends_at_its_instant()`,
];

const REQUESTS = [
  `ALTER TABLE change_request ADD lob_id uuid`,
  `GRANT UPDATE (lob_id) ON change_request TO ${API_ROLE}`,
  `CREATE TRIGGER change_request_asks_anew_of_lob BEFORE UPDATE OF lob_id ON change_request FOR EACH ROW EXECUTE FUNCTION change_request_asks_anew()`,
];

/**
 * Somebody who can sign in, whose password is their own, and who has a second factor where one is needed; `rule` is the one row of access_rule. It stands within what
 * is asked often as it is: as a function it costs half as much again, as a subquery PostgreSQL plans it anew each time.
 */
const ABLE = `u.deactivated_at IS NULL AND u.password_set_by_id IS NULL`;
const SHOWN = `(u.second_factor_at IS NOT NULL OR NOT rule.second_factor_required)`;

/** The same for one of their roles. */
const SHOWN_FOR = (role: string) =>
  `(u.second_factor_at IS NOT NULL OR ${role} NOT IN (${STRONG}) OR NOT rule.second_factor_required)`;

const DECIDING = [
  `DROP FUNCTION change_request_steps(change_request)`,
  `DROP FUNCTION holds_step(uuid, jsonb, jsonb)`,
  // Whether a grant counts at an instant, over something of an account and a LOB (null: of none).
  `CREATE FUNCTION grant_reaches(g role_grant, account uuid, lob uuid, at timestamptz) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT g.revoked_at IS NULL AND (g.ends_at IS NULL OR at < g.ends_at)
      AND (g.account_id IS NULL OR g.account_id IS NOT DISTINCT FROM account AND (g.lob_id IS NULL OR g.lob_id IS NOT DISTINCT FROM lob)) $$`,
  `CREATE FUNCTION holds_step(who uuid, roles jsonb, people jsonb, account uuid, lob uuid, at timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM app_user u CROSS JOIN access_rule rule WHERE u.id = who AND ${ABLE} AND (people ? who::text AND ${SHOWN}
      OR EXISTS (SELECT FROM role_grant g WHERE g.user_id = who AND roles ? g.role AND grant_reaches(g, account, lob, at) AND ${SHOWN_FOR('g.role')}))) $$`,
  // As in …-deciding, as of an instant: a yes counts as long as whoever said it could say it again. What was said is counted once (MATERIALIZED), and not in each place that looks at the count.
  `CREATE FUNCTION change_request_steps(r change_request, at timestamptz)
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
  `CREATE OR REPLACE FUNCTION change_request_standing(r change_request, who uuid, at timestamptz, OUT code text, OUT step int, OUT on_behalf_of uuid)
    LANGUAGE plpgsql STABLE AS $$ DECLARE person uuid := person_of(who); maker uuid := person_of(r.maker_id); assignee uuid; BEGIN
    IF person = maker THEN code := 'MAKER_IS_CHECKER'; RETURN; END IF;
    IF EXISTS (SELECT FROM delegation d WHERE d.revoked_at IS NULL AND d.starts_at <= at AND at < d.ends_at
      AND d.delegator_id IN (SELECT users_of(maker)) AND d.delegate_id IN (SELECT users_of(person))) THEN code := 'DELEGATE_OF_MAKER'; RETURN; END IF;
    IF EXISTS (SELECT FROM decision d WHERE d.change_request_id = r.id AND d.revision = r.revision
      AND person = ANY (persons_in(d))) THEN code := 'DECISION_REPEATED'; RETURN; END IF;
    assignee := assignee_of(r, at);
    SELECT s.step, nullif(a.authority, who) INTO step, on_behalf_of
      FROM change_request_steps(r, at) s CROSS JOIN (SELECT who AS authority UNION ALL SELECT stands_in(who, r, at)) a
      WHERE s.open AND (assignee IS NULL OR assignee = a.authority) AND person_of(a.authority) <> maker
        AND holds_step(a.authority, s.roles, s.people, r.account_id, r.lob_id, at)
        AND NOT EXISTS (SELECT FROM decision d WHERE d.change_request_id = r.id AND d.revision = r.revision
          AND person_of(a.authority) = ANY (persons_in(d)))
      ORDER BY a.authority <> who, s.step, a.authority LIMIT 1;
    IF NOT FOUND THEN
      code := CASE WHEN assignee IS NULL THEN 'NOT_AN_APPROVER' ELSE 'ASSIGNED_TO_ANOTHER' END; RETURN; END IF;
    IF NOT within_limits(r, who, at) OR on_behalf_of IS NOT NULL AND NOT within_limits(r, on_behalf_of, at) THEN
      code := 'LIMIT_EXCEEDED'; END IF; END $$`,
  // Whose yes counts is asked as of the instant at which it is carried out.
  `CREATE OR REPLACE FUNCTION change_request_was_approved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'INSERT' OR NOT EXISTS (SELECT FROM decision d WHERE d.change_request_id = NEW.id AND d.revision = NEW.revision
        AND d.decided_by_id = NEW.approved_by_id AND d.verdict = 'APPROVED')
      OR EXISTS (SELECT FROM change_request_steps(NEW, coalesce(NEW.closed_at, now())) s WHERE s.approvals < s.quorum)
        AND NOT EXISTS (SELECT FROM finding f WHERE f.change_request_id = NEW.id AND f.revision = NEW.revision
          AND f.kind = 'BREAK_GLASS' AND f.raised_by_id = NEW.approved_by_id) THEN
      RAISE EXCEPTION 'nobody approved this' USING ERRCODE = 'check_violation'; END IF;
    RETURN NULL; END $$`,
];
