import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/** A run tells what it held back, as a preview does. */
export class HeldBack1763740880000 implements MigrationInterface {
  name = 'HeldBack1763740880000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE billing_run_account ADD COLUMN held_back_cycles integer');
    await runner.query(`GRANT UPDATE (held_back_cycles) ON billing_run_account TO ${API_ROLE}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE billing_run_account DROP COLUMN held_back_cycles');
  }
}
