import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who may decide a change request, and which of its steps are done, is said here once: the code that decides, the reads that show it and the triggers
 * that hold it all ask these functions.
 */
export class Deciding1763740814500 implements MigrationInterface {
  name = 'Deciding1763740814500';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...DECIDING, ...LIMITS, ...STANDING, ...GUARDS]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Approvals are not taken down: restore a backup instead.');
  }
}

/** Somebody who can sign in, and whose password is their own. */
const ACTIVE = `u.deactivated_at IS NULL AND u.password_set_by_id IS NULL`;

const DECIDING = [
  // Every user of a person, by that person: the ids that indexes know, where looking at everybody's person would cost as many looks as there are rows.
  `CREATE INDEX app_user_of_person ON app_user (person_id) WHERE person_id IS NOT NULL`,
  `CREATE FUNCTION users_of(person uuid) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
    SELECT person UNION ALL SELECT id FROM app_user WHERE person_id = person $$`,
  `CREATE FUNCTION holds_step(who uuid, roles jsonb, people jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM app_user u WHERE u.id = who AND ${ACTIVE} AND (people ? who::text
      OR EXISTS (SELECT FROM role_grant g WHERE g.user_id = who AND g.revoked_at IS NULL AND roles ? g.role))) $$`,
  // Whose right a decision was said with, while it counts: who took the right back may say it themselves. A right over something else is none over this.
  `CREATE FUNCTION said_for(d decision) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT d.on_behalf_of_id FROM change_request r WHERE r.id = d.change_request_id AND d.on_behalf_of_id IS NOT NULL AND EXISTS (
      SELECT FROM delegation e WHERE e.delegator_id = d.on_behalf_of_id AND e.delegate_id = d.decided_by_id AND e.revoked_at IS NULL
        AND e.starts_at <= d.created_at AND d.created_at < e.ends_at
        AND (e.operations IS NULL OR r.operation = ANY (e.operations)) AND (e.account_ids IS NULL OR r.account_id = ANY (e.account_ids))) $$`,
  // The persons whose word a decision is: whoever said it, and whoever they stood in for.
  `CREATE FUNCTION persons_in(d decision) RETURNS uuid[] LANGUAGE sql STABLE AS $$
    SELECT array_remove(ARRAY[person_of(d.decided_by_id), person_of(said_for(d))], NULL) $$`,
  // A yes counts as long as whoever said it could sign in and say it again: a role that was revoked since takes it back, and so does that they turned out to be the
  // same person as the maker, or as somebody who had said it before. A yes that counts again may be the last that was needed: then no step would be open, and
  // nobody could have the request carried out, nor refuse it. So the last stage stays open until somebody does.
  `CREATE FUNCTION change_request_steps(r change_request)
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

const LIMITS = [
  `CREATE FUNCTION per_euro(of text, day date) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN of = 'EUR' THEN 1 ELSE (SELECT e.per_euro FROM exchange_rate e
      WHERE e.currency = of AND e.valid_on <= day ORDER BY e.valid_on DESC LIMIT 1) END $$`,
  // In minor units of the other currency, unrounded; null where no rate is known.
  `CREATE FUNCTION converted_minor(minor bigint, source text, target text, day date) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN source = target THEN minor::numeric ELSE minor::numeric * per_euro(target, day) / per_euro(source, day)
      * power(10::numeric, currency_exponent(target) - currency_exponent(source)) END $$`,
  // The limits of all users of a person hold. One in another currency is converted; where that cannot be done, it is exceeded.
  `CREATE FUNCTION within_limits(r change_request, who uuid, at timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT r.amount_minor IS NULL OR NOT EXISTS (
      SELECT FROM approval_limit l WHERE l.user_id IN (SELECT users_of(person_of(who))) AND (
        l.per_request_minor IS NOT NULL AND NOT coalesce(converted_minor(r.amount_minor, r.amount_currency, l.currency, (at AT TIME ZONE 'UTC')::date) <= l.per_request_minor, false)
        OR l.per_day_minor IS NOT NULL AND NOT coalesce((
          SELECT sum(coalesce(converted_minor(o.amount_minor, o.amount_currency, l.currency, (at AT TIME ZONE 'UTC')::date), 'Infinity'))
          FROM (SELECT r.amount_minor, r.amount_currency UNION ALL
            SELECT c.amount_minor, c.amount_currency FROM decision d JOIN change_request c ON c.id = d.change_request_id
            WHERE d.verdict = 'APPROVED' AND d.created_at > at - interval '24 hours' AND c.id <> r.id AND c.amount_minor IS NOT NULL
              AND c.status IN ('PENDING', 'EXECUTED') AND d.revision = c.revision
              AND (d.decided_by_id IN (SELECT users_of(person_of(who))) OR d.on_behalf_of_id IN (SELECT users_of(person_of(who))))
          ) o) <= l.per_day_minor, false))) $$`,
  `CREATE INDEX decision_by ON decision (decided_by_id, created_at)`,
  `CREATE INDEX decision_on_behalf ON decision (on_behalf_of_id, created_at) WHERE on_behalf_of_id IS NOT NULL`,
];

const STANDING = [
  `CREATE FUNCTION stands_in(delegate uuid, r change_request, at timestamptz) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
    SELECT d.delegator_id FROM delegation d WHERE d.delegate_id = delegate AND d.revoked_at IS NULL AND d.starts_at <= at AND at < d.ends_at
      AND (d.operations IS NULL OR r.operation = ANY (d.operations)) AND (d.account_ids IS NULL OR r.account_id = ANY (d.account_ids)) $$`,
  // The one whose turn it is alone, for as long as they could decide it themselves: one who left, or lost a role, holds nobody up.
  `CREATE FUNCTION assignee_of(r change_request, at timestamptz) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
    DECLARE assignee uuid := r.assignee_id; standing record; BEGIN
    IF assignee IS NULL THEN RETURN NULL; END IF;
    r.assignee_id := NULL;
    SELECT * INTO standing FROM change_request_standing(r, assignee, at);
    RETURN CASE WHEN standing.code IS NULL AND standing.on_behalf_of IS NULL THEN assignee END; END $$`,
  // Why somebody may not decide a request (a code; null: they may), for which step, and for whom if not for themselves.
  `CREATE FUNCTION change_request_standing(r change_request, who uuid, at timestamptz, OUT code text, OUT step int, OUT on_behalf_of uuid)
    LANGUAGE plpgsql STABLE AS $$ DECLARE person uuid := person_of(who); maker uuid := person_of(r.maker_id); assignee uuid; BEGIN
    IF person = maker THEN code := 'MAKER_IS_CHECKER'; RETURN; END IF;
    IF EXISTS (SELECT FROM delegation d WHERE d.revoked_at IS NULL AND d.starts_at <= at AND at < d.ends_at
      AND d.delegator_id IN (SELECT users_of(maker)) AND d.delegate_id IN (SELECT users_of(person))) THEN code := 'DELEGATE_OF_MAKER'; RETURN; END IF;
    IF EXISTS (SELECT FROM decision d WHERE d.change_request_id = r.id AND d.revision = r.revision
      AND person = ANY (persons_in(d))) THEN code := 'DECISION_REPEATED'; RETURN; END IF;
    assignee := assignee_of(r, at);
    SELECT s.step, nullif(a.authority, who) INTO step, on_behalf_of
      FROM change_request_steps(r) s CROSS JOIN (SELECT who AS authority UNION ALL SELECT stands_in(who, r, at)) a
      WHERE s.open AND (assignee IS NULL OR assignee = a.authority) AND person_of(a.authority) <> maker
        AND holds_step(a.authority, s.roles, s.people)
        AND NOT EXISTS (SELECT FROM decision d WHERE d.change_request_id = r.id AND d.revision = r.revision
          AND person_of(a.authority) = ANY (persons_in(d)))
      ORDER BY a.authority <> who, s.step, a.authority LIMIT 1;
    IF NOT FOUND THEN
      code := CASE WHEN assignee IS NULL THEN 'NOT_AN_APPROVER' ELSE 'ASSIGNED_TO_ANOTHER' END; RETURN; END IF;
    IF NOT within_limits(r, who, at) OR on_behalf_of IS NOT NULL AND NOT within_limits(r, on_behalf_of, at) THEN
      code := 'LIMIT_EXCEEDED'; END IF; END $$`,
];

const GUARDS = [
  // Nobody decides what the same person made, nor twice, under whichever of their users, nor for somebody who did.
  `CREATE FUNCTION decision_is_of_another_person() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE persons uuid[]; BEGIN
    persons := array_remove(ARRAY[person_of(NEW.decided_by_id), person_of(NEW.on_behalf_of_id)], NULL);
    IF person_of(NEW.maker_id) = ANY (persons) THEN
      RAISE EXCEPTION 'decided by the same person' USING ERRCODE = 'check_violation', CONSTRAINT = 'decision_by_same_person'; END IF;
    IF EXISTS (SELECT FROM decision d WHERE d.change_request_id = NEW.change_request_id AND d.revision = NEW.revision
      AND persons_in(d) && persons) THEN
      RAISE EXCEPTION 'decided twice' USING ERRCODE = 'unique_violation', CONSTRAINT = 'decision_repeated'; END IF;
    RETURN NEW; END $$`,
  `CREATE TRIGGER decision_is_of_another_person BEFORE INSERT ON decision FOR EACH ROW EXECUTE FUNCTION decision_is_of_another_person()`,
  `CREATE FUNCTION change_request_is_of_two_persons() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF person_of(NEW.approved_by_id) = person_of(NEW.maker_id) THEN
      RAISE EXCEPTION 'approved by the same person' USING ERRCODE = 'check_violation', CONSTRAINT = 'change_request_approved_by_same_person'; END IF;
    RETURN NEW; END $$`,
  `CREATE TRIGGER change_request_is_of_two_persons BEFORE UPDATE OF approved_by_id ON change_request FOR EACH ROW
    EXECUTE FUNCTION change_request_is_of_two_persons()`,
  // Carried out only when each step has its quorum, or when the glass was broken by whoever said yes.
  `CREATE OR REPLACE FUNCTION change_request_was_approved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'INSERT' OR NOT EXISTS (SELECT FROM decision d WHERE d.change_request_id = NEW.id AND d.revision = NEW.revision
        AND d.decided_by_id = NEW.approved_by_id AND d.verdict = 'APPROVED')
      OR EXISTS (SELECT FROM change_request_steps(NEW) s WHERE s.approvals < s.quorum)
        AND NOT EXISTS (SELECT FROM finding f WHERE f.change_request_id = NEW.id AND f.revision = NEW.revision
          AND f.kind = 'BREAK_GLASS' AND f.raised_by_id = NEW.approved_by_id) THEN
      RAISE EXCEPTION 'nobody approved this' USING ERRCODE = 'check_violation'; END IF;
    RETURN NULL; END $$`,
  // What failed may be tried again, as it was: nothing else about it changes.
  `CREATE OR REPLACE FUNCTION change_request_stays_closed() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE forgotten text[] := '{version,changes,input_shown,input_sealed}'; tried text[] := '{version,status,closed_at,failure_code}'; BEGIN
    IF change_request_is_revised(OLD, NEW) THEN RETURN NEW; END IF;
    IF OLD.status = 'FAILED' AND NEW.status = 'PENDING' AND OLD.input_sealed <> '' AND NEW.closed_at IS NULL AND NEW.failure_code IS NULL
      AND to_jsonb(NEW) - tried = to_jsonb(OLD) - tried THEN RETURN NEW; END IF;
    IF OLD.input_sealed <> '' AND NEW.input_sealed = '' AND to_jsonb(NEW) - forgotten = to_jsonb(OLD) - forgotten THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'a change request that is over stays so' USING ERRCODE = 'check_violation'; END $$`,
];
