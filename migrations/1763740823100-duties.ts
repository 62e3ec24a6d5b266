import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/** Exceptions from the matrix of duties that must not meet in one person: see docs/ACCESS.md. */
export class Duties1763740823100 implements MigrationInterface {
  name = 'Duties1763740823100';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Exceptions are not taken down: restore a backup instead.');
  }
}

const step = (...roles: string[]) => `'${JSON.stringify([{ stage: 1, roles, people: [], quorum: 1 }])}'`;

const seed = (operation: string, active: boolean) =>
  `INSERT INTO approval_policy (id, operation, active, steps, expires_after_hours)
    VALUES (gen_random_uuid(), '${operation}', ${active}, ${step('admin', 'compliance')}, 168)`;

const STATEMENTS = [
  `CREATE TABLE duty_exception (
    id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    user_id uuid NOT NULL,
    duty text NOT NULL,
    other_duty text NOT NULL,
    matrix_version integer NOT NULL,
    owner_id uuid NOT NULL,
    reason text NOT NULL,
    ends_at timestamptz NOT NULL,
    allowed_by_id uuid NOT NULL,
    ended_at timestamptz,
    ended_by_id uuid,
    CONSTRAINT duty_exception_pkey PRIMARY KEY (id),
    CONSTRAINT duty_exception_pair CHECK (duty < other_duty),
    CONSTRAINT duty_exception_owner_by_same_person CHECK (owner_id <> user_id),
    CONSTRAINT duty_exception_allowed_by_same_person CHECK (allowed_by_id <> user_id),
    CONSTRAINT duty_exception_ended CHECK ((ended_at IS NULL) = (ended_by_id IS NULL)),
    CONSTRAINT duty_exception_user FOREIGN KEY (user_id) REFERENCES app_user (id),
    CONSTRAINT duty_exception_owner FOREIGN KEY (owner_id) REFERENCES app_user (id),
    CONSTRAINT duty_exception_allowed_by FOREIGN KEY (allowed_by_id) REFERENCES app_user (id),
    CONSTRAINT duty_exception_ended_by FOREIGN KEY (ended_by_id) REFERENCES app_user (id)
  )`,
  `CREATE INDEX duty_exception_of ON duty_exception (user_id, ends_at)`,
  // Neither proposed nor answered for by the person that it is for, under whichever of their users.
  `CREATE FUNCTION duty_exception_is_of_other_persons() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF person_of(NEW.user_id) IN (person_of(NEW.allowed_by_id), person_of(NEW.owner_id)) THEN
      RAISE EXCEPTION 'allowed by the same person' USING ERRCODE = 'check_violation', CONSTRAINT = 'duty_exception_allowed_by_same_person'; END IF;
    RETURN NEW; END $$`,
  `CREATE TRIGGER duty_exception_is_of_other_persons BEFORE INSERT ON duty_exception FOR EACH ROW EXECUTE FUNCTION duty_exception_is_of_other_persons()`,
  `CREATE TRIGGER duty_exception_is_set_once BEFORE UPDATE ON duty_exception FOR EACH ROW EXECUTE FUNCTION is_set_once(ended_at, ended_by_id)`,
  `GRANT SELECT, INSERT, UPDATE (version, ended_at, ended_by_id) ON duty_exception TO ${API_ROLE}`,
  seed('dutyException.allow', true),
  seed('dutyException.end', false),
];
