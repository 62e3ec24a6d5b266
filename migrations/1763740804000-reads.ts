import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What compiled reads call. Amounts as text, in a form that PostgreSQL takes into the statement: one multiplication, where a
 * power, a division and a rounding stood; it takes the place of minor_text and money_json. And what stands where a null
 * would make the answer another one than graphql-js would give: the statement is then given up, with SQLSTATE CS001.
 */
export class Reads1763740804000 implements MigrationInterface {
  name = 'Reads1763740804000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE FUNCTION amount_text(minor bigint, currency text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
      SELECT CASE currency_exponent(currency) WHEN 2 THEN (minor * 0.01)::text WHEN 0 THEN minor::text
        WHEN 3 THEN (minor * 0.001)::text WHEN 4 THEN (minor * 0.0001)::text END $$`);
    await runner.query(`CREATE FUNCTION null_refused() RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN
      RAISE EXCEPTION 'null' USING ERRCODE = 'CS001'; END $$`);
    await runner.query('DROP FUNCTION money_json(bigint, text)');
    await runner.query('DROP FUNCTION minor_text(bigint, int)');
  }

  async down(): Promise<void> {
    throw new Error('Functions are not taken down: restore a backup instead.');
  }
}
