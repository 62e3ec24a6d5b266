import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/**
 * Up to where in the write-ahead log each user has written. The row travels to replicas with what was written, so that a
 * replica that shows it shows the rest: see docs/decisions/0005-replicas.md.
 *
 * Without a foreign key: it would lock the user's row at the very end of a transaction, where somebody may hold it who waits for this one.
 */
export class CallerPositions1763740806000 implements MigrationInterface {
  name = 'CallerPositions1763740806000';

  async up(runner: QueryRunner): Promise<void> {
    // Half-empty pages: a row that moves with every write of its user finds room beside itself.
    await runner.query(
      `CREATE TABLE caller_position (user_id uuid PRIMARY KEY, position pg_lsn NOT NULL) WITH (fillfactor = 50)`,
    );
    await runner.query(`GRANT SELECT, INSERT, UPDATE (position) ON caller_position TO ${API_ROLE}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE caller_position');
  }
}
