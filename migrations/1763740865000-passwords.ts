import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/**
 * Passwords that somebody had before, so that none of the last four comes back; since when somebody else has known the present one, so that it ends; and
 * sessions whose token is exchanged when their bearer shows once more who they are. See docs/decisions/0022-proving-it-again.md.
 */
export class Passwords1763740865000 implements MigrationInterface {
  name = 'Passwords1763740865000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...COLUMNS, ...GUARDS]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Guards are not taken down: restore a backup instead.');
  }
}

const COLUMNS = [
  `ALTER TABLE app_user
    ADD COLUMN former_password_hashes text array,
    ADD COLUMN password_set_at timestamptz,
    ADD CONSTRAINT app_user_former_passwords CHECK (cardinality(former_password_hashes) <= 4)`,
];

const GUARDS = [
  `GRANT UPDATE (former_password_hashes, password_set_at) ON app_user TO ${API_ROLE}`,
  `GRANT UPDATE (token_hash) ON session TO ${API_ROLE}`,
  // The token of another issuer and the secret of a key are not ours to exchange, what has ended gets no other, nor does one in which no code was given.
  `CREATE FUNCTION session_keeps_its_token() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'only an open session of our own gets another token, with a code' USING ERRCODE = 'insufficient_privilege'; END $$`,
  `CREATE TRIGGER session_keeps_its_token BEFORE UPDATE ON session FOR EACH ROW
    WHEN (NEW.token_hash IS DISTINCT FROM OLD.token_hash AND (OLD.kind <> 'PASSWORD' OR OLD.ended_at IS NOT NULL
      OR NEW.second_factor_at IS NULL))
    EXECUTE FUNCTION session_keeps_its_token()`,
];
