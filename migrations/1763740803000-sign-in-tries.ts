import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/**
 * How often signing in failed lately, over all processes: rows as rate-limiter-flexible keeps them. A key is a keyed digest
 * or the network of an address, and no column says whose. The API deletes nothing here either: what is over goes by a function
 * of the owner's that can do nothing else.
 */
export class SignInTries1763740803000 implements MigrationInterface {
  name = 'SignInTries1763740803000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION forget_sign_in_tries()');
    await runner.query('DROP TABLE sign_in_tries');
  }
}

const STATEMENTS = [
  // Lost in a crash, which costs an attacker's count and nobody's data; and no write-ahead log for each wrong password.
  `CREATE UNLOGGED TABLE sign_in_tries (key varchar(255) PRIMARY KEY, points int NOT NULL DEFAULT 0, expire bigint)`,
  `GRANT SELECT, INSERT, UPDATE (points, expire) ON sign_in_tries TO ${API_ROLE}`,
  `CREATE FUNCTION forget_sign_in_tries() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH gone AS (DELETE FROM public.sign_in_tries
      WHERE expire < extract(epoch FROM now() - interval '1 hour') * 1000 RETURNING 1) SELECT count(*) FROM gone $$`,
  `REVOKE ALL ON FUNCTION forget_sign_in_tries() FROM PUBLIC`,
  `GRANT EXECUTE ON FUNCTION forget_sign_in_tries() TO ${API_ROLE}`,
];
