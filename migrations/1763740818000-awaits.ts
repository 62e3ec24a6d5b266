import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Whoever listens is told the id of a change request that begins to wait, or waits for something else than before. PostgreSQL tells it with the
 * commit, so nothing of what is rolled back; what it says to whom is looked up by whoever hears it, with the rights of the one who asks.
 */
export class Awaits1763740818000 implements MigrationInterface {
  name = 'Awaits1763740818000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Awaits are not taken down: restore a backup instead.');
  }
}

const STATEMENTS = [
  `CREATE FUNCTION change_request_awaits() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_notify('change_request_awaits', NEW.id::text); RETURN NULL; END $$`,
  `CREATE TRIGGER change_request_awaits_first AFTER INSERT ON change_request FOR EACH ROW
    WHEN (NEW.status = 'PENDING') EXECUTE FUNCTION change_request_awaits()`,
  // The digest holds all that is asked for, of whom, and until when.
  `CREATE TRIGGER change_request_awaits_anew AFTER UPDATE ON change_request FOR EACH ROW
    WHEN (NEW.status = 'PENDING' AND (OLD.status, OLD.revision, OLD.digest, OLD.approver_roles, OLD.expires_at)
      IS DISTINCT FROM (NEW.status, NEW.revision, NEW.digest, NEW.approver_roles, NEW.expires_at))
    EXECUTE FUNCTION change_request_awaits()`,
];
