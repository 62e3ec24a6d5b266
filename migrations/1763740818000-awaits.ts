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
  // What it waits for, in one word: it begins to wait for it when that moves.
  `CREATE FUNCTION change_request_waits_for(r change_request) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT md5(ROW (r.revision, r.digest, r.approver_roles, r.approver_ids, r.assignee_id, r.expires_at)::text) $$`,
  `CREATE FUNCTION change_request_awaits() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'UPDATE' THEN
      IF OLD.status = 'PENDING' AND change_request_waits_for(OLD) = change_request_waits_for(NEW) THEN RETURN NULL; END IF;
    END IF;
    PERFORM pg_notify('change_request_awaits', NEW.id::text);
    RETURN NULL; END $$`,
  `CREATE TRIGGER change_request_awaits AFTER INSERT OR UPDATE ON change_request FOR EACH ROW
    WHEN (NEW.status = 'PENDING') EXECUTE FUNCTION change_request_awaits()`,
];
