import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/** Policies have steps, with a quorum each; people have limits, stand in for each other, and may be several users. What follows from that is in …-deciding. */
export class ApprovalsInDepth1763740814000 implements MigrationInterface {
  name = 'ApprovalsInDepth1763740814000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...PERSONS, ...POLICIES, ...TABLES, ...REQUESTS, ...SEEDS]) await runner.query(statement);
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
  `CREATE FUNCTION delegation_is_to_another_person() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF person_of(NEW.delegator_id) = person_of(NEW.delegate_id) THEN
      RAISE EXCEPTION 'delegated to the same person' USING ERRCODE = 'check_violation', CONSTRAINT = 'delegation_by_same_person'; END IF;
    RETURN NEW; END $$`,
  `CREATE TRIGGER delegation_is_to_another_person BEFORE INSERT ON delegation FOR EACH ROW EXECUTE FUNCTION delegation_is_to_another_person()`,
  `CREATE INDEX delegation_to ON delegation (delegate_id)`,
  `CREATE INDEX delegation_from ON delegation (delegator_id)`,
  `CREATE TRIGGER delegation_is_set_once BEFORE UPDATE ON delegation FOR EACH ROW EXECUTE FUNCTION is_set_once(revoked_at, revoked_by_id)`,
  `GRANT SELECT, INSERT, UPDATE (version, revoked_at, revoked_by_id) ON delegation TO ${API_ROLE}`,
  `CREATE TABLE approval_limit (
    ${ROW},
    user_id uuid NOT NULL,
    currency text NOT NULL CONSTRAINT approval_limit_currency_plain CHECK (currency !~ '[^ !#-\\[\\]-~]'),
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
  `CREATE INDEX finding_due ON finding (due_at, id)`,
  // Reviewed by neither person that it is about.
  `CREATE FUNCTION finding_is_of_other_persons() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.reviewed_by_id IS NOT NULL AND person_of(NEW.reviewed_by_id) IN (person_of(NEW.raised_by_id),
      (SELECT person_of(r.maker_id) FROM change_request r WHERE r.id = NEW.change_request_id)) THEN
      RAISE EXCEPTION 'reviewed by the same person' USING ERRCODE = 'check_violation', CONSTRAINT = 'finding_review_by_same_person'; END IF;
    RETURN NEW; END $$`,
  `CREATE TRIGGER finding_is_of_other_persons BEFORE INSERT OR UPDATE OF reviewed_by_id ON finding FOR EACH ROW
    EXECUTE FUNCTION finding_is_of_other_persons()`,
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
  `CREATE TRIGGER change_request_waits_for_others BEFORE UPDATE OF approver_roles, approver_ids, remind_at, escalate_at ON change_request
    FOR EACH ROW WHEN (OLD.status <> 'PENDING' OR OLD.steps IS NULL) EXECUTE FUNCTION change_request_asks_anew()`,
  // Whose turn it is alone is no part of what was asked for, also not of a request that was made before there were steps.
  `CREATE TRIGGER change_request_is_assigned BEFORE UPDATE OF assignee_id ON change_request
    FOR EACH ROW WHEN (OLD.status <> 'PENDING') EXECUTE FUNCTION change_request_asks_anew()`,
  `ALTER TABLE decision ADD step integer NOT NULL DEFAULT 1, ADD on_behalf_of_id uuid CONSTRAINT decision_on_behalf_of REFERENCES app_user (id)`,
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

const step = (...roles: string[]) => `'${JSON.stringify([{ stage: 1, roles, people: [], quorum: 1 }])}'`;

/** Under administration and compliance, for each other. */
const KEPT = {
  'approvalPolicy.create': true,
  'user.link': true,
  'approvalLimit.set': true,
  'exchangeRate.set': true,
  'delegation.create': false,
  'delegation.createForAnother': true,
  'delegation.revoke': false,
};

const SEEDS = [
  `GRANT INSERT, UPDATE (${POLICY_COLUMNS.join(', ')}) ON approval_policy TO ${API_ROLE}`,
  ...Object.entries(KEPT).map(([operation, active]) => seed(operation, active, step('admin', 'compliance'), 168)),
  seed('finding.review', false, step('supervisor'), 72),
];

function seed(operation: string, active: boolean, steps: string, hours: number): string {
  return `INSERT INTO approval_policy (id, operation, active, steps, expires_after_hours)
    VALUES (gen_random_uuid(), '${operation}', ${active}, ${steps}, ${hours})`;
}
