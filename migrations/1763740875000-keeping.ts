import type { MigrationInterface, QueryRunner } from 'typeorm';
import { WITHIN_TRAIL } from '../src/platform/database-roles';

/**
 * What is sealed can be sealed anew wherever it lies: inputs of change requests, and the keys under which the trail keeps what it says of people. And keys of
 * systems are looked at where people look at who has what.
 */
export class Keeping1763740875000 implements MigrationInterface {
  name = 'Keeping1763740875000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...REQUESTS, WITHIN_TRAIL.begin, ...SUBJECTS, WITHIN_TRAIL.end, ...REVIEWS])
      await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Keys and reviews are not taken down: restore a backup instead.');
  }
}

const REQUESTS = [
  // The same input under a later key of its class, and nothing else: what it says is bound by the digest, and is as long as it was.
  `CREATE FUNCTION change_request_is_sealed_anew(was change_request, becomes change_request) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT was.input_sealed <> '' AND length(becomes.input_sealed) = length(was.input_sealed)
      AND substr(becomes.input_sealed, 1, 4) <> substr(was.input_sealed, 1, 4)
      AND EXISTS (SELECT FROM class_key k WHERE k.purpose = 'seal' AND k.of = 'ChangeRequest' AND k.id = encode(substr(becomes.input_sealed, 1, 4), 'hex'))
      AND to_jsonb(becomes) - '{version,input_sealed}'::text[] = to_jsonb(was) - '{version,input_sealed}'::text[] $$`,
  `CREATE OR REPLACE FUNCTION change_request_only_forgets() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF change_request_is_revised(OLD, NEW) THEN RETURN NEW; END IF;
    IF NEW.status NOT IN ('PENDING', 'RETURNED') AND NEW.input_sealed = '' AND NEW.input_shown = '{}'
      AND change_request_forgets(OLD.changes, NEW.changes) THEN RETURN NEW; END IF;
    IF change_request_is_sealed_anew(OLD, NEW) THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'what was asked for only ever gets erased, or sealed anew' USING ERRCODE = 'insufficient_privilege'; END $$`,
  `CREATE OR REPLACE FUNCTION change_request_stays_closed() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE forgotten text[] := '{version,changes,input_shown,input_sealed}'; tried text[] := '{version,status,closed_at,failure_code}'; BEGIN
    IF change_request_is_revised(OLD, NEW) THEN RETURN NEW; END IF;
    IF OLD.status = 'FAILED' AND NEW.status = 'PENDING' AND OLD.input_sealed <> '' AND NEW.closed_at IS NULL AND NEW.failure_code IS NULL
      AND to_jsonb(NEW) - tried = to_jsonb(OLD) - tried THEN RETURN NEW; END IF;
    IF OLD.input_sealed <> '' AND NEW.input_sealed = '' AND to_jsonb(NEW) - forgotten = to_jsonb(OLD) - forgotten THEN RETURN NEW; END IF;
    IF change_request_is_sealed_anew(OLD, NEW) THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'a change request that is over stays so' USING ERRCODE = 'check_violation'; END $$`,
];

const SUBJECTS = [
  // Whoever wraps a key anew names another key in front of it. One that is destroyed never comes back.
  `CREATE OR REPLACE FUNCTION audit.subject_key_is_only_destroyed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'UPDATE' THEN
      IF OLD.destroyed_at IS NULL
        AND (NEW.subject_type, NEW.subject_id, NEW.created_at) = (OLD.subject_type, OLD.subject_id, OLD.created_at)
        AND (NEW.destroyed_at IS NOT NULL OR substr(NEW.wrapped, 1, 4) <> substr(OLD.wrapped, 1, 4) AND length(NEW.wrapped) = length(OLD.wrapped)) THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'the key of a subject is destroyed once, and otherwise only wrapped anew' USING ERRCODE = 'insufficient_privilege'; END $$`,
];

/** Keys of systems, their scopes and who made them, beside grants. */
const REVIEWS = [
  `ALTER TABLE access_review_item
    ALTER role_grant_id DROP NOT NULL,
    ALTER role DROP NOT NULL,
    ADD api_key_id uuid CONSTRAINT access_review_item_api_key REFERENCES api_key (id),
    ADD scopes text[],
    ADD CONSTRAINT access_review_item_of_grant_or_key CHECK (num_nulls(role_grant_id, api_key_id) = 1
      AND (role_grant_id IS NULL) = (role IS NULL) AND (api_key_id IS NULL) = (scopes IS NULL)),
    ADD CONSTRAINT access_review_item_key_kept_or_revoked CHECK (api_key_id IS NULL OR verdict <> 'REDUCE'),
    ADD CONSTRAINT access_review_item_key_repeated UNIQUE (access_review_id, api_key_id)`,
  // Whoever made a key has drawn its secret: they hold it as much as the system does.
  `CREATE OR REPLACE FUNCTION access_review_item_is_of_another_person() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE holders uuid[]; BEGIN
    holders := array_remove(ARRAY[person_of(NEW.user_id), CASE WHEN NEW.api_key_id IS NOT NULL THEN person_of(NEW.granted_by_id) END], NULL);
    IF person_of(NEW.decided_by_id) = ANY (holders) OR TG_OP = 'INSERT' AND person_of(NEW.reviewer_id) = ANY (holders) THEN
      RAISE EXCEPTION 'reviewed by the same person' USING ERRCODE = 'check_violation', CONSTRAINT = 'access_review_item_reviewed_by_same_person'; END IF;
    RETURN NEW; END $$`,
];
