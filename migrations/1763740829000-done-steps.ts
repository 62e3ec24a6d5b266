import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A yes that had stopped counting may count again, once whoever said it holds the role again, and be the last that was needed: then no step is
 * open, and nobody could have the request carried out, nor refuse it. The last stage stays open until somebody does.
 */
export class DoneSteps1763740829000 implements MigrationInterface {
  name = 'DoneSteps1763740829000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Approvals are not taken down: restore a backup instead.');
  }
}

const STATEMENTS = [
  'ALTER FUNCTION change_request_steps RENAME TO change_request_steps_said',
  `CREATE FUNCTION change_request_steps(r change_request)
    RETURNS TABLE (step int, stage int, name text, roles jsonb, people jsonb, quorum int, approvals int, open boolean) LANGUAGE sql STABLE AS $$
    SELECT step, stage, name, roles, people, quorum, approvals, open
      OR r.status = 'PENDING' AND stage = max(stage) OVER () AND NOT bool_or(approvals < quorum) OVER ()
    FROM change_request_steps_said(r) ORDER BY step $$`,
];
