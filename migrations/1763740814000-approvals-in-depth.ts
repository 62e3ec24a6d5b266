import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/**
 * Policies have steps, with a quorum each; people have limits, stand in for each other, and may be several users. Who may decide a request, and which of
 * its steps are done, is said here once: the code that decides, the reads that show it and the triggers that hold it all ask these functions.
 */
export class ApprovalsInDepth1763740814000 implements MigrationInterface {
  name = 'ApprovalsInDepth1763740814000';

  async up(runner: QueryRunner): Promise<void> {
    const statements = [
      ...PERSONS,
      ...POLICIES,
      ...TABLES,
      ...REQUESTS,
      ...DECIDING,
      ...LIMITS,
      ...STANDING,
      ...GUARDS,
      ...SEEDS,
    ];
    for (const statement of statements) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Approvals are not taken down: restore a backup instead.');
  }
}

const PERSONS = [
  // One person with several users: all but one of them name that one.
  `ALTER TABLE app_user ADD person_id uuid CONSTRAINT app_user_person REFERENCES app_user (id)`,
  `CREATE FUNCTION person_of(of uuid) RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT coalesce(person_id, id) FROM app_user WHERE id = of $$`,
  `CREATE FUNCTION app_user_is_of_one_person() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.person_id IS NOT NULL AND (NEW.person_id = NEW.id OR EXISTS (SELECT FROM app_user WHERE id = NEW.person_id AND person_id IS NOT NULL)
      OR EXISTS (SELECT FROM app_user WHERE person_id = NEW.id)) THEN
      RAISE EXCEPTION 'the users of a person all name the first of them' USING ERRCODE = 'check_violation'; END IF;
    RETURN NEW; END $$`,
  `CREATE TRIGGER app_user_is_of_one_person BEFORE INSERT OR UPDATE OF person_id ON app_user FOR EACH ROW
    EXECUTE FUNCTION app_user_is_of_one_person()`,
  `CREATE TRIGGER app_user_person_is_set_once BEFORE UPDATE OF person_id ON app_user FOR EACH ROW EXECUTE FUNCTION is_set_once('person_id')`,
  `GRANT UPDATE (person_id) ON app_user TO ${API_ROLE}`,
];

const POLICIES = [
  `ALTER TABLE approval_policy
    DROP CONSTRAINT approval_policy_taken,
    ADD name text NOT NULL DEFAULT 'standard',
    ADD tier integer,
    ADD steps jsonb,
    ADD when_account_ids uuid[],
    ADD when_lob_ids uuid[],
    ADD when_categories text[],
    ADD when_risk_at_least text,
    ADD freshness text NOT NULL DEFAULT 'ROW',
    ADD remind_after_hours integer,
    ADD escalate_after_hours integer,
    ADD escalate_to_roles text[],
    ADD CONSTRAINT approval_policy_taken UNIQUE (operation, name),
    ADD CONSTRAINT approval_policy_freshness CHECK (freshness IN ('ROW','FIELDS')),
    ADD CONSTRAINT approval_policy_risk CHECK (when_risk_at_least IN ('LOW','MEDIUM','HIGH')),
    ADD CONSTRAINT approval_policy_escalates CHECK ((escalate_after_hours IS NULL) = (escalate_to_roles IS NULL))`,
  `UPDATE approval_policy SET version = version + 1, steps = jsonb_build_array(jsonb_build_object(
    'stage', 1, 'roles', to_jsonb(approver_roles), 'people', '[]'::jsonb, 'quorum', 1))`,
  `ALTER TABLE approval_policy ALTER steps SET NOT NULL, DROP approver_roles`,
];

const ROW = `id uuid NOT NULL, version integer NOT NULL DEFAULT 1, created_at timestamptz NOT NULL DEFAULT now()`;

const TABLES = [
  `CREATE TABLE delegation (
    ${ROW},
    delegator_id uuid NOT NULL,
    delegate_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    operations text[],
    account_ids uuid[],
    out_of_office boolean NOT NULL DEFAULT false,
    reason text NOT NULL,
    revoked_at timestamptz,
    revoked_by_id uuid,
    CONSTRAINT delegation_pkey PRIMARY KEY (id),
    CONSTRAINT delegation_by_same_person CHECK (delegator_id <> delegate_id),
    CONSTRAINT delegation_period CHECK (starts_at < ends_at),
    CONSTRAINT delegation_delegator FOREIGN KEY (delegator_id) REFERENCES app_user (id),
    CONSTRAINT delegation_delegate FOREIGN KEY (delegate_id) REFERENCES app_user (id),
    CONSTRAINT delegation_revoked_by FOREIGN KEY (revoked_by_id) REFERENCES app_user (id)
  )`,
  `CREATE INDEX delegation_to ON delegation (delegate_id)`,
  `CREATE INDEX delegation_from ON delegation (delegator_id)`,
  `CREATE TRIGGER delegation_is_set_once BEFORE UPDATE ON delegation FOR EACH ROW EXECUTE FUNCTION is_set_once(revoked_at, revoked_by_id)`,
  `GRANT SELECT, INSERT, UPDATE (version, revoked_at, revoked_by_id) ON delegation TO ${API_ROLE}`,
  `CREATE TABLE approval_limit (
    ${ROW},
    user_id uuid NOT NULL,
    currency text NOT NULL,
    per_request_minor bigint,
    per_day_minor bigint,
    CONSTRAINT approval_limit_pkey PRIMARY KEY (id),
    CONSTRAINT approval_limit_taken UNIQUE (user_id, currency),
    CONSTRAINT approval_limit_positive CHECK (per_request_minor >= 0 AND per_day_minor >= 0),
    CONSTRAINT approval_limit_user FOREIGN KEY (user_id) REFERENCES app_user (id)
  )`,
  `GRANT SELECT, INSERT, UPDATE (version, per_request_minor, per_day_minor) ON approval_limit TO ${API_ROLE}`,
  `CREATE TABLE exchange_rate (
    ${ROW},
    currency text NOT NULL,
    per_euro numeric(20,10) NOT NULL,
    valid_on date NOT NULL,
    CONSTRAINT exchange_rate_pkey PRIMARY KEY (id),
    CONSTRAINT exchange_rate_taken UNIQUE (currency, valid_on),
    CONSTRAINT exchange_rate_positive CHECK (per_euro > 0 AND currency <> 'EUR')
  )`,
  `GRANT SELECT, INSERT ON exchange_rate TO ${API_ROLE}`,
  `CREATE TABLE finding (
    ${ROW},
    kind text NOT NULL,
    change_request_id uuid NOT NULL,
    revision integer NOT NULL,
    raised_by_id uuid NOT NULL,
    reason text NOT NULL,
    due_at timestamptz NOT NULL,
    reviewed_by_id uuid,
    reviewed_at timestamptz,
    verdict text,
    comment text,
    CONSTRAINT finding_pkey PRIMARY KEY (id),
    CONSTRAINT finding_repeated UNIQUE (change_request_id, kind),
    CONSTRAINT finding_kind CHECK (kind IN ('BREAK_GLASS')),
    CONSTRAINT finding_verdict CHECK (verdict IN ('JUSTIFIED','NOT_JUSTIFIED')),
    CONSTRAINT finding_review_by_same_person CHECK (reviewed_by_id <> raised_by_id),
    CONSTRAINT finding_reviewed CHECK (num_nulls(reviewed_by_id, reviewed_at, verdict, comment) IN (0, 4)),
    CONSTRAINT finding_change_request FOREIGN KEY (change_request_id) REFERENCES change_request (id),
    CONSTRAINT finding_raised_by FOREIGN KEY (raised_by_id) REFERENCES app_user (id),
    CONSTRAINT finding_reviewed_by FOREIGN KEY (reviewed_by_id) REFERENCES app_user (id)
  )`,
  `CREATE TRIGGER finding_is_set_once BEFORE UPDATE ON finding FOR EACH ROW
    EXECUTE FUNCTION is_set_once(reviewed_by_id, reviewed_at, verdict, comment)`,
  `GRANT SELECT, INSERT, UPDATE (version, reviewed_by_id, reviewed_at, verdict, comment) ON finding TO ${API_ROLE}`,
];

/** What a request asks for of whom: it changes with the revision alone. */
const ASKED = ['steps', 'amount_minor', 'amount_currency', 'freshness', 'escalate_to_roles', 'warnings'];

const REQUESTS = [
  `ALTER TABLE change_request
    ADD steps jsonb,
    ADD approver_ids uuid[],
    ADD assignee_id uuid CONSTRAINT change_request_assignee REFERENCES app_user (id),
    ADD amount_minor bigint,
    ADD amount_currency text CONSTRAINT change_request_amount_currency_plain CHECK (amount_currency !~ '[^ !#-\\[\\]-~]'),
    ADD freshness text NOT NULL DEFAULT 'ROW' CONSTRAINT change_request_freshness CHECK (freshness IN ('ROW','FIELDS')),
    ADD remind_at timestamptz,
    ADD escalate_at timestamptz,
    ADD escalate_to_roles text[],
    ADD warnings text[]`,
  `GRANT UPDATE (${[...ASKED, 'approver_ids', 'assignee_id', 'remind_at', 'escalate_at'].join(', ')}) ON change_request TO ${API_ROLE}`,
  `CREATE TRIGGER change_request_asks_anew_too BEFORE UPDATE OF ${ASKED.join(', ')} ON change_request
    FOR EACH ROW EXECUTE FUNCTION change_request_asks_anew()`,
  // Whom it waits for now follows from its steps and what was said so far; what counts at the end are the steps.
  `DROP TRIGGER change_request_asks_anew ON change_request`,
  `CREATE TRIGGER change_request_asks_anew BEFORE UPDATE OF revision, digest, seen, reason, account_id, expires_at, policy_id, policy_version
    ON change_request FOR EACH ROW EXECUTE FUNCTION change_request_asks_anew()`,
  `CREATE TRIGGER change_request_waits_for_others BEFORE UPDATE OF approver_roles, approver_ids, assignee_id, remind_at, escalate_at ON change_request
    FOR EACH ROW WHEN (OLD.status <> 'PENDING' OR OLD.steps IS NULL) EXECUTE FUNCTION change_request_asks_anew()`,
  `ALTER TABLE decision ADD step integer NOT NULL DEFAULT 1, ADD on_behalf_of_id uuid CONSTRAINT decision_on_behalf_of REFERENCES app_user (id)`,
];

/** Somebody who can sign in, and whose password is their own. */
const ACTIVE = `u.deactivated_at IS NULL AND u.password_set_by_id IS NULL`;

const DECIDING = [
  `CREATE FUNCTION holds_step(who uuid, roles jsonb, people jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM app_user u WHERE u.id = who AND ${ACTIVE} AND (people ? who::text
      OR EXISTS (SELECT FROM role_grant g WHERE g.user_id = who AND g.revoked_at IS NULL AND roles ? g.role))) $$`,
  // A yes counts as long as whoever said it could sign in and say it again: a role that was revoked since takes it back.
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
          AND (d.on_behalf_of_id IS NULL OR EXISTS (SELECT FROM delegation e WHERE e.delegator_id = d.on_behalf_of_id
            AND e.delegate_id = d.decided_by_id AND e.revoked_at IS NULL AND e.starts_at <= d.created_at AND d.created_at < e.ends_at))) AS approvals
      FROM asked a
    )
    SELECT step, stage, name, roles, people, quorum, approvals,
      approvals < quorum AND stage = min(stage) FILTER (WHERE approvals < quorum) OVER () FROM said ORDER BY step $$`,
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
      SELECT FROM approval_limit l WHERE person_of(l.user_id) = person_of(who) AND (
        l.per_request_minor IS NOT NULL AND NOT coalesce(converted_minor(r.amount_minor, r.amount_currency, l.currency, (at AT TIME ZONE 'UTC')::date) <= l.per_request_minor, false)
        OR l.per_day_minor IS NOT NULL AND NOT coalesce((
          SELECT sum(coalesce(converted_minor(o.amount_minor, o.amount_currency, l.currency, (at AT TIME ZONE 'UTC')::date), 'Infinity'))
          FROM (SELECT r.amount_minor, r.amount_currency UNION ALL
            SELECT c.amount_minor, c.amount_currency FROM decision d JOIN change_request c ON c.id = d.change_request_id
            WHERE d.verdict = 'APPROVED' AND d.created_at > at - interval '24 hours' AND c.id <> r.id AND c.amount_minor IS NOT NULL
              AND c.status IN ('PENDING', 'EXECUTED') AND d.revision = c.revision
              AND (d.decided_by_id IN (SELECT u.id FROM app_user u WHERE coalesce(u.person_id, u.id) = person_of(who))
                OR d.on_behalf_of_id IN (SELECT u.id FROM app_user u WHERE coalesce(u.person_id, u.id) = person_of(who)))
          ) o) <= l.per_day_minor, false))) $$`,
  `CREATE INDEX decision_by ON decision (decided_by_id, created_at)`,
  `CREATE INDEX decision_on_behalf ON decision (on_behalf_of_id, created_at) WHERE on_behalf_of_id IS NOT NULL`,
];

const STANDING = [
  `CREATE FUNCTION stands_in(delegate uuid, r change_request, at timestamptz) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
    SELECT d.delegator_id FROM delegation d WHERE d.delegate_id = delegate AND d.revoked_at IS NULL AND d.starts_at <= at AND at < d.ends_at
      AND (d.operations IS NULL OR r.operation = ANY (d.operations)) AND (d.account_ids IS NULL OR r.account_id = ANY (d.account_ids)) $$`,
  // Why somebody may not decide a request (a code; null: they may), for which step, and for whom if not for themselves.
  `CREATE FUNCTION change_request_standing(r change_request, who uuid, at timestamptz, OUT code text, OUT step int, OUT on_behalf_of uuid)
    LANGUAGE plpgsql STABLE AS $$ DECLARE person uuid := person_of(who); maker uuid := person_of(r.maker_id); BEGIN
    IF person = maker THEN code := 'MAKER_IS_CHECKER'; RETURN; END IF;
    IF EXISTS (SELECT FROM delegation d WHERE d.revoked_at IS NULL AND d.starts_at <= at AND at < d.ends_at
      AND person_of(d.delegator_id) = maker AND person_of(d.delegate_id) = person) THEN code := 'DELEGATE_OF_MAKER'; RETURN; END IF;
    IF EXISTS (SELECT FROM decision d WHERE d.change_request_id = r.id AND d.revision = r.revision
      AND person IN (person_of(d.decided_by_id), person_of(d.on_behalf_of_id))) THEN code := 'DECISION_REPEATED'; RETURN; END IF;
    SELECT s.step, nullif(a.authority, who) INTO step, on_behalf_of
      FROM change_request_steps(r) s CROSS JOIN (SELECT who AS authority UNION ALL SELECT stands_in(who, r, at)) a
      WHERE s.open AND (r.assignee_id IS NULL OR r.assignee_id = a.authority) AND person_of(a.authority) <> maker
        AND holds_step(a.authority, s.roles, s.people)
        AND NOT EXISTS (SELECT FROM decision d WHERE d.change_request_id = r.id AND d.revision = r.revision
          AND person_of(a.authority) IN (person_of(d.decided_by_id), person_of(d.on_behalf_of_id)))
      ORDER BY a.authority <> who, s.step, a.authority LIMIT 1;
    IF NOT FOUND THEN
      code := CASE WHEN r.assignee_id IS NULL THEN 'NOT_AN_APPROVER' ELSE 'ASSIGNED_TO_ANOTHER' END; RETURN; END IF;
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
      AND (person_of(d.decided_by_id) = ANY (persons) OR person_of(d.on_behalf_of_id) = ANY (persons))) THEN
      RAISE EXCEPTION 'decided twice' USING ERRCODE = 'unique_violation', CONSTRAINT = 'decision_repeated'; END IF;
    RETURN NEW; END $$`,
  `CREATE TRIGGER decision_is_of_another_person BEFORE INSERT ON decision FOR EACH ROW EXECUTE FUNCTION decision_is_of_another_person()`,
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

const POLICY_COLUMNS = [
  'active',
  'tier',
  'steps',
  'when_account_ids',
  'when_lob_ids',
  'when_categories',
  'when_risk_at_least',
  'freshness',
  'remind_after_hours',
  'escalate_after_hours',
  'escalate_to_roles',
];

const KEEPERS = `'[{"stage":1,"roles":["admin","compliance"],"people":[],"quorum":1}]'`;

const SEEDS = [
  `GRANT INSERT, UPDATE (${POLICY_COLUMNS.join(', ')}) ON approval_policy TO ${API_ROLE}`,
  `INSERT INTO approval_policy (id, operation, active, steps, expires_after_hours) SELECT gen_random_uuid(), operation, active, ${KEEPERS}, 168
    FROM (VALUES ('approvalPolicy.create', true), ('user.link', true), ('approvalLimit.set', true), ('exchangeRate.set', true)) AS each (operation, active)`,
];
