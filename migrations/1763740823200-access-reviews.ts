import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/** Campaigns in which people look at who has what: what there was, who looked, and what they said stays as it was. */
export class AccessReviews1763740823200 implements MigrationInterface {
  name = 'AccessReviews1763740823200';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...STATEMENTS, ...SEEDS]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Reviews are not taken down: restore a backup instead.');
  }
}

const ROW = `id uuid NOT NULL PRIMARY KEY, version integer NOT NULL DEFAULT 1, created_at timestamptz NOT NULL DEFAULT now()`;

const step = `'${JSON.stringify([{ stage: 1, roles: ['admin', 'compliance'], people: [], quorum: 1 }])}'`;

/** Under approval by data, if somebody wants that. */
const SEEDS = ['accessReview.start', 'accessReviewItem.decide', 'accessReview.close'].map(
  (operation) => `INSERT INTO approval_policy (id, operation, active, steps, expires_after_hours)
    VALUES (gen_random_uuid(), '${operation}', false, ${step}, 168)`,
);

const STATEMENTS = [
  `CREATE TABLE access_review (
    ${ROW},
    name text NOT NULL,
    due_at timestamptz NOT NULL,
    started_by_id uuid NOT NULL CONSTRAINT access_review_started_by REFERENCES app_user (id),
    reason text NOT NULL,
    closed_at timestamptz,
    json_digest text,
    csv_digest text,
    CONSTRAINT access_review_closed CHECK (num_nulls(closed_at, json_digest, csv_digest) IN (0, 3))
  )`,
  `CREATE INDEX access_review_due ON access_review (due_at) WHERE closed_at IS NULL`,
  `CREATE TABLE access_review_item (
    ${ROW},
    access_review_id uuid NOT NULL CONSTRAINT access_review_item_of_review REFERENCES access_review (id),
    role_grant_id uuid NOT NULL CONSTRAINT access_review_item_grant REFERENCES role_grant (id),
    user_id uuid NOT NULL CONSTRAINT access_review_item_user REFERENCES app_user (id),
    role text NOT NULL,
    account_id uuid,
    lob_id uuid,
    ends_at timestamptz,
    granted_at timestamptz NOT NULL,
    granted_by_id uuid CONSTRAINT access_review_item_granted_by REFERENCES app_user (id),
    last_used_at timestamptz,
    reviewer_id uuid NOT NULL CONSTRAINT access_review_item_reviewer REFERENCES app_user (id),
    verdict text,
    reason text,
    decided_at timestamptz,
    decided_by_id uuid CONSTRAINT access_review_item_decided_by REFERENCES app_user (id),
    reduce_to_account_id uuid,
    reduce_to_lob_id uuid,
    reduce_to_ends_at timestamptz,
    remedied_at timestamptz,
    change_request_ids uuid[],
    remedy_code text,
    CONSTRAINT access_review_item_repeated UNIQUE (access_review_id, role_grant_id),
    CONSTRAINT access_review_item_verdict CHECK (verdict IN ('KEEP','REDUCE','REVOKE')),
    CONSTRAINT access_review_item_decided CHECK (num_nulls(verdict, reason, decided_at) IN (0, 3)),
    CONSTRAINT access_review_item_unanswered CHECK (decided_by_id IS NOT NULL OR verdict IS NULL OR verdict = 'REVOKE'),
    CONSTRAINT access_review_item_remedied CHECK (remedied_at IS NULL OR verdict IN ('REDUCE','REVOKE')),
    CONSTRAINT access_review_item_reviewed_by_same_person CHECK (decided_by_id <> user_id AND reviewer_id <> user_id)
  )`,
  `CREATE INDEX access_review_item_by_reviewer ON access_review_item (reviewer_id, id)`,
  `CREATE INDEX access_review_item_to_remedy ON access_review_item (id) WHERE remedied_at IS NULL AND verdict IN ('REDUCE','REVOKE')`,
  // Nobody reviews what they hold themselves, under whichever of their users.
  `CREATE FUNCTION access_review_item_is_of_another_person() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF person_of(NEW.decided_by_id) = person_of(NEW.user_id) OR TG_OP = 'INSERT' AND person_of(NEW.reviewer_id) = person_of(NEW.user_id) THEN
      RAISE EXCEPTION 'reviewed by the same person' USING ERRCODE = 'check_violation', CONSTRAINT = 'access_review_item_reviewed_by_same_person'; END IF;
    RETURN NEW; END $$`,
  `CREATE TRIGGER access_review_item_is_of_another_person BEFORE INSERT OR UPDATE OF decided_by_id ON access_review_item
    FOR EACH ROW EXECUTE FUNCTION access_review_item_is_of_another_person()`,
  `CREATE TRIGGER access_review_is_set_once BEFORE UPDATE ON access_review FOR EACH ROW EXECUTE FUNCTION is_set_once(closed_at, json_digest, csv_digest)`,
  `CREATE TRIGGER access_review_item_is_set_once BEFORE UPDATE ON access_review_item FOR EACH ROW
    EXECUTE FUNCTION is_set_once(verdict, reason, decided_at, decided_by_id, reduce_to_account_id, reduce_to_lob_id, reduce_to_ends_at, remedied_at, change_request_ids, remedy_code)`,
  // An answer that comes after it was closed is none.
  `CREATE FUNCTION access_review_is_open() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT FROM access_review r WHERE r.id = NEW.access_review_id AND r.closed_at IS NOT NULL) THEN
      RAISE EXCEPTION 'this review is closed' USING ERRCODE = 'check_violation'; END IF;
    RETURN NEW; END $$`,
  `CREATE TRIGGER access_review_is_open BEFORE UPDATE OF verdict ON access_review_item FOR EACH ROW EXECUTE FUNCTION access_review_is_open()`,
  `GRANT SELECT, INSERT, UPDATE (version, closed_at, json_digest, csv_digest) ON access_review TO ${API_ROLE}`,
  `GRANT SELECT, INSERT, UPDATE (version, verdict, reason, decided_at, decided_by_id, reduce_to_account_id, reduce_to_lob_id, reduce_to_ends_at,
    remedied_at, change_request_ids, remedy_code) ON access_review_item TO ${API_ROLE}`,
];
