import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/** How many sensitive values somebody may see beyond those of every day: so many, until an instant, as two people said. */
export class RevealAllowances1763740822100 implements MigrationInterface {
  name = 'RevealAllowances1763740822100';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('What was granted is not taken down: restore a backup instead.');
  }
}

const STATEMENTS = [
  `CREATE TABLE reveal_allowance (
    id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    user_id uuid NOT NULL,
    reveals integer NOT NULL,
    used integer NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL,
    CONSTRAINT reveal_allowance_pkey PRIMARY KEY (id),
    CONSTRAINT reveal_allowance_user FOREIGN KEY (user_id) REFERENCES app_user (id),
    CONSTRAINT reveal_allowance_exceeded CHECK (used >= 0 AND used <= reveals)
  )`,
  `CREATE INDEX reveal_allowance_of_user ON reveal_allowance (user_id, expires_at)`,
  // Drawn upon, one by one, and nothing else.
  `CREATE FUNCTION reveal_allowance_is_drawn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.used = OLD.used + 1 AND to_jsonb(NEW) - '{used,version}'::text[] = to_jsonb(OLD) - '{used,version}'::text[] THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'an allowance is only drawn upon' USING ERRCODE = 'insufficient_privilege'; END $$`,
  `CREATE TRIGGER reveal_allowance_is_drawn BEFORE UPDATE ON reveal_allowance FOR EACH ROW EXECUTE FUNCTION reveal_allowance_is_drawn()`,
  `GRANT SELECT, INSERT, UPDATE (used, version) ON reveal_allowance TO ${API_ROLE}`,
  `INSERT INTO approval_policy (id, operation, active, steps, expires_after_hours)
    VALUES (gen_random_uuid(), 'revealAllowance.grant', true, '[{"stage":1,"roles":["compliance","supervisor"],"people":[],"quorum":1}]', 24)`,
];
