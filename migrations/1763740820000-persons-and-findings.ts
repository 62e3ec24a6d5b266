import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Two users may turn out to be one person while a request waits: then a yes that one of them said to what the other made, or said before, counts no
 * more. A finding is reviewed by neither person that it is about.
 */
export class PersonsAndFindings1763740820000 implements MigrationInterface {
  name = 'PersonsAndFindings1763740820000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...STEPS, ...FINDINGS, ...LIMITS]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Approvals are not taken down: restore a backup instead.');
  }
}

/** Somebody who can sign in, and whose password is their own. */
const ACTIVE = `u.deactivated_at IS NULL AND u.password_set_by_id IS NULL`;

const STEPS = [
  // Whose words a decision holds: of whoever said it, and of whom they stood in for.
  `CREATE FUNCTION persons_in(d decision) RETURNS uuid[] LANGUAGE sql STABLE AS $$
    SELECT array_remove(ARRAY[person_of(d.decided_by_id), person_of(d.on_behalf_of_id)], NULL) $$`,
  // As before, and of a person the first yes alone; the maker's own counts nowhere, under whichever of their users.
  `CREATE OR REPLACE FUNCTION change_request_steps(r change_request)
    RETURNS TABLE (step int, stage int, name text, roles jsonb, people jsonb, quorum int, approvals int, open boolean) LANGUAGE sql STABLE AS $$
    WITH asked AS (
      SELECT n::int AS step, coalesce((s ->> 'stage')::int, 1) AS stage, s ->> 'name' AS name,
        CASE WHEN r.escalate_to_roles IS NOT NULL AND r.escalate_at IS NULL THEN s -> 'roles' || to_jsonb(r.escalate_to_roles) ELSE s -> 'roles' END AS roles,
        s -> 'people' AS people, (s ->> 'quorum')::int AS quorum
      FROM jsonb_array_elements(coalesce(r.steps, jsonb_build_array(
        jsonb_build_object('stage', 1, 'roles', r.approver_roles, 'people', '[]'::jsonb, 'quorum', 1)))) WITH ORDINALITY AS e (s, n)
    ), said AS (
      SELECT a.*, (SELECT count(*)::int FROM decision d JOIN app_user u ON u.id = d.decided_by_id
        WHERE d.change_request_id = r.id AND d.revision = r.revision AND d.verdict = 'APPROVED' AND d.step = a.step AND ${ACTIVE}
          AND holds_step(coalesce(d.on_behalf_of_id, d.decided_by_id), a.roles, a.people)
          AND person_of(r.maker_id) <> ALL (persons_in(d))
          AND NOT EXISTS (SELECT FROM decision e WHERE e.change_request_id = r.id AND e.revision = r.revision AND e.id < d.id
            AND persons_in(e) && persons_in(d))
          AND (d.on_behalf_of_id IS NULL OR EXISTS (SELECT FROM delegation e WHERE e.delegator_id = d.on_behalf_of_id
            AND e.delegate_id = d.decided_by_id AND e.revoked_at IS NULL AND e.starts_at <= d.created_at AND d.created_at < e.ends_at))) AS approvals
      FROM asked a
    )
    SELECT step, stage, name, roles, people, quorum, approvals,
      approvals < quorum AND stage = min(stage) FILTER (WHERE approvals < quorum) OVER () FROM said ORDER BY step $$`,
  `CREATE FUNCTION change_request_is_of_two_persons() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF person_of(NEW.approved_by_id) = person_of(NEW.maker_id) THEN
      RAISE EXCEPTION 'approved by the same person' USING ERRCODE = 'check_violation', CONSTRAINT = 'change_request_approved_by_same_person'; END IF;
    RETURN NEW; END $$`,
  `CREATE TRIGGER change_request_is_of_two_persons BEFORE UPDATE OF approved_by_id ON change_request FOR EACH ROW
    EXECUTE FUNCTION change_request_is_of_two_persons()`,
];

const FINDINGS = [
  `CREATE FUNCTION finding_is_of_other_persons() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.reviewed_by_id IS NOT NULL AND person_of(NEW.reviewed_by_id) IN (person_of(NEW.raised_by_id),
      (SELECT person_of(r.maker_id) FROM change_request r WHERE r.id = NEW.change_request_id)) THEN
      RAISE EXCEPTION 'reviewed by the same person' USING ERRCODE = 'check_violation', CONSTRAINT = 'finding_review_by_same_person'; END IF;
    RETURN NEW; END $$`,
  `CREATE TRIGGER finding_is_of_other_persons BEFORE INSERT OR UPDATE OF reviewed_by_id ON finding FOR EACH ROW
    EXECUTE FUNCTION finding_is_of_other_persons()`,
  `CREATE INDEX finding_due ON finding (due_at, id)`,
  `INSERT INTO approval_policy (id, operation, active, steps, expires_after_hours) VALUES (gen_random_uuid(), 'finding.review', false,
    '[{"stage":1,"roles":["supervisor"],"people":[],"quorum":1}]', 72)`,
];

const LIMITS = [
  // Read as a code: without what JSON escapes.
  `ALTER TABLE approval_limit ADD CONSTRAINT approval_limit_currency_plain CHECK (currency !~ '[^ !#-\\[\\]-~]')`,
];
