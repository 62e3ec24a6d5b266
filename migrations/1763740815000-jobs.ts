import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Change requests expire, remind and escalate by a clock: those whose time is over are found, and closed as of that instant. The queue that says when to look has a
 * schema of its own, see src/platform/job-queue.ts.
 */
export class Jobs1763740815000 implements MigrationInterface {
  name = 'Jobs1763740815000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Guards are not taken down: restore a backup instead.');
  }
}

const STATEMENTS = [
  `CREATE INDEX change_request_due ON change_request (expires_at) WHERE status IN ('PENDING', 'RETURNED')`,
  `CREATE FUNCTION change_request_expires_at_its_instant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'a change request expires at its instant' USING ERRCODE = 'check_violation'; END $$`,
  `CREATE TRIGGER change_request_expires_at_its_instant BEFORE UPDATE OF status ON change_request FOR EACH ROW
    WHEN (NEW.status = 'EXPIRED' AND OLD.status <> 'EXPIRED' AND NEW.closed_at IS DISTINCT FROM NEW.expires_at)
    EXECUTE FUNCTION change_request_expires_at_its_instant()`,
  `CREATE FUNCTION change_request_clocks_go_on() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'a reminder only moves on, and an escalation only comes once' USING ERRCODE = 'check_violation'; END $$`,
  // With a revision they begin anew.
  `CREATE TRIGGER change_request_clocks_go_on BEFORE UPDATE OF remind_at, escalate_at ON change_request FOR EACH ROW
    WHEN (NEW.revision = OLD.revision AND (NEW.remind_at IS NOT NULL AND (OLD.remind_at IS NULL OR NEW.remind_at < OLD.remind_at)
      OR NEW.escalate_at IS NOT NULL AND NEW.escalate_at IS DISTINCT FROM OLD.escalate_at))
    EXECUTE FUNCTION change_request_clocks_go_on()`,
];
