import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * People stand in for each other, and a request may be one person's alone: for as long as that person could decide it. One who left, or lost a role, holds
 * nobody up.
 */
export class Delegations1763740829500 implements MigrationInterface {
  name = 'Delegations1763740829500';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Approvals are not taken down: restore a backup instead.');
  }
}

const KEEPERS = `'[{"stage":1,"roles":["admin","compliance"],"people":[],"quorum":1}]'`;

const STATEMENTS = [
  `CREATE FUNCTION delegation_is_to_another_person() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF person_of(NEW.delegator_id) = person_of(NEW.delegate_id) THEN
      RAISE EXCEPTION 'delegated to the same person' USING ERRCODE = 'check_violation', CONSTRAINT = 'delegation_by_same_person'; END IF;
    RETURN NEW; END $$`,
  `CREATE TRIGGER delegation_is_to_another_person BEFORE INSERT ON delegation FOR EACH ROW EXECUTE FUNCTION delegation_is_to_another_person()`,
  // Whose right a decision was said with, while it counts: who took the right back may say it themselves.
  `CREATE FUNCTION said_for(d decision) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT d.on_behalf_of_id FROM change_request r WHERE r.id = d.change_request_id AND d.on_behalf_of_id IS NOT NULL AND EXISTS (
      SELECT FROM delegation e WHERE e.delegator_id = d.on_behalf_of_id AND e.delegate_id = d.decided_by_id AND e.revoked_at IS NULL
        AND e.starts_at <= d.created_at AND d.created_at < e.ends_at
        AND (e.operations IS NULL OR r.operation = ANY (e.operations)) AND (e.account_ids IS NULL OR r.account_id = ANY (e.account_ids))) $$`,
  // A right over something else is none over this.
  `CREATE OR REPLACE FUNCTION change_request_steps_said(r change_request)
    RETURNS TABLE (step int, stage int, name text, roles jsonb, people jsonb, quorum int, approvals int, open boolean) LANGUAGE sql STABLE AS $$
    WITH asked AS (
      SELECT n::int AS step, coalesce((s ->> 'stage')::int, 1) AS stage, s ->> 'name' AS name,
        CASE WHEN r.escalate_to_roles IS NOT NULL AND r.escalate_at IS NULL THEN s -> 'roles' || to_jsonb(r.escalate_to_roles) ELSE s -> 'roles' END AS roles,
        s -> 'people' AS people, (s ->> 'quorum')::int AS quorum
      FROM jsonb_array_elements(coalesce(r.steps, jsonb_build_array(
        jsonb_build_object('stage', 1, 'roles', r.approver_roles, 'people', '[]'::jsonb, 'quorum', 1)))) WITH ORDINALITY AS e (s, n)
    ), said AS (
      SELECT a.*, (SELECT count(*)::int FROM decision d JOIN app_user u ON u.id = d.decided_by_id
        WHERE d.change_request_id = r.id AND d.revision = r.revision AND d.verdict = 'APPROVED' AND d.step = a.step
          AND u.deactivated_at IS NULL AND u.password_set_by_id IS NULL
          AND holds_step(coalesce(d.on_behalf_of_id, d.decided_by_id), a.roles, a.people)
          AND (d.on_behalf_of_id IS NULL OR said_for(d) IS NOT NULL)) AS approvals
      FROM asked a
    )
    SELECT step, stage, name, roles, people, quorum, approvals,
      approvals < quorum AND stage = min(stage) FILTER (WHERE approvals < quorum) OVER () FROM said ORDER BY step $$`,
  `CREATE OR REPLACE FUNCTION decision_is_of_another_person() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE persons uuid[]; BEGIN
    persons := array_remove(ARRAY[person_of(NEW.decided_by_id), person_of(NEW.on_behalf_of_id)], NULL);
    IF person_of(NEW.maker_id) = ANY (persons) THEN
      RAISE EXCEPTION 'decided by the same person' USING ERRCODE = 'check_violation', CONSTRAINT = 'decision_by_same_person'; END IF;
    IF EXISTS (SELECT FROM decision d WHERE d.change_request_id = NEW.change_request_id AND d.revision = NEW.revision
      AND (person_of(d.decided_by_id) = ANY (persons) OR person_of(said_for(d)) = ANY (persons))) THEN
      RAISE EXCEPTION 'decided twice' USING ERRCODE = 'unique_violation', CONSTRAINT = 'decision_repeated'; END IF;
    RETURN NEW; END $$`,
  // Whose turn it is alone is no part of what was asked for: also not of a request that was made before there were steps.
  `DROP TRIGGER change_request_waits_for_others ON change_request`,
  `CREATE TRIGGER change_request_waits_for_others BEFORE UPDATE OF approver_roles, approver_ids, remind_at, escalate_at ON change_request
    FOR EACH ROW WHEN (OLD.status <> 'PENDING' OR OLD.steps IS NULL) EXECUTE FUNCTION change_request_asks_anew()`,
  `CREATE TRIGGER change_request_is_assigned BEFORE UPDATE OF assignee_id ON change_request
    FOR EACH ROW WHEN (OLD.status <> 'PENDING') EXECUTE FUNCTION change_request_asks_anew()`,
  `CREATE FUNCTION assignee_of(r change_request, at timestamptz) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
    DECLARE assignee uuid := r.assignee_id; standing record; BEGIN
    IF assignee IS NULL THEN RETURN NULL; END IF;
    r.assignee_id := NULL;
    SELECT * INTO standing FROM change_request_standing(r, assignee, at);
    RETURN CASE WHEN standing.code IS NULL AND standing.on_behalf_of IS NULL THEN assignee END; END $$`,
  `CREATE OR REPLACE FUNCTION change_request_standing(r change_request, who uuid, at timestamptz, OUT code text, OUT step int, OUT on_behalf_of uuid)
    LANGUAGE plpgsql STABLE AS $$ DECLARE person uuid := person_of(who); maker uuid := person_of(r.maker_id); assignee uuid; BEGIN
    IF person = maker THEN code := 'MAKER_IS_CHECKER'; RETURN; END IF;
    IF EXISTS (SELECT FROM delegation d WHERE d.revoked_at IS NULL AND d.starts_at <= at AND at < d.ends_at
      AND person_of(d.delegator_id) = maker AND person_of(d.delegate_id) = person) THEN code := 'DELEGATE_OF_MAKER'; RETURN; END IF;
    IF EXISTS (SELECT FROM decision d WHERE d.change_request_id = r.id AND d.revision = r.revision
      AND person IN (person_of(d.decided_by_id), person_of(said_for(d)))) THEN code := 'DECISION_REPEATED'; RETURN; END IF;
    assignee := assignee_of(r, at);
    SELECT s.step, nullif(a.authority, who) INTO step, on_behalf_of
      FROM change_request_steps(r) s CROSS JOIN (SELECT who AS authority UNION ALL SELECT stands_in(who, r, at)) a
      WHERE s.open AND (assignee IS NULL OR assignee = a.authority) AND person_of(a.authority) <> maker
        AND holds_step(a.authority, s.roles, s.people)
        AND NOT EXISTS (SELECT FROM decision d WHERE d.change_request_id = r.id AND d.revision = r.revision
          AND person_of(a.authority) IN (person_of(d.decided_by_id), person_of(said_for(d))))
      ORDER BY a.authority <> who, s.step, a.authority LIMIT 1;
    IF NOT FOUND THEN
      code := CASE WHEN assignee IS NULL THEN 'NOT_AN_APPROVER' ELSE 'ASSIGNED_TO_ANOTHER' END; RETURN; END IF;
    IF NOT within_limits(r, who, at) OR on_behalf_of IS NOT NULL AND NOT within_limits(r, on_behalf_of, at) THEN
      code := 'LIMIT_EXCEEDED'; END IF; END $$`,
  `INSERT INTO approval_policy (id, operation, active, steps, expires_after_hours) SELECT gen_random_uuid(), operation, active, ${KEEPERS}, 168
    FROM (VALUES ('delegation.create', false), ('delegation.createForAnother', true), ('delegation.revoke', false)) AS each (operation, active)`,
];
