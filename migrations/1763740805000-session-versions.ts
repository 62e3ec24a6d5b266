import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The version of a session moves with whatever its bearer is: name, address, roles, deactivation, and whose password it
 * is. A process that has looked a session up needs but its version to know that all of it still holds.
 *
 * Taking the user's row FOR UPDATE waits for sessions that are being opened (their foreign key holds it FOR KEY SHARE), and
 * lets those wait that are opened meanwhile: no session can miss a change.
 */
export class SessionVersions1763740805000 implements MigrationInterface {
  name = 'SessionVersions1763740805000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Guards are not taken down: restore a backup instead.');
  }
}

const STATEMENTS = [
  // Nobody of ours deletes a grant; whoever does by hand must not leave it working.
  `CREATE FUNCTION sessions_follow_roles() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM FROM app_user WHERE id IN (OLD.user_id, NEW.user_id) ORDER BY id FOR UPDATE;
    UPDATE session SET version = version + 1 WHERE user_id IN (OLD.user_id, NEW.user_id) AND ended_at IS NULL;
    RETURN NULL; END $$`,
  `CREATE TRIGGER sessions_follow_roles AFTER INSERT OR UPDATE OR DELETE ON role_grant
    FOR EACH ROW EXECUTE FUNCTION sessions_follow_roles()`,
  'ALTER TABLE role_grant ENABLE ALWAYS TRIGGER sessions_follow_roles',
  `CREATE FUNCTION sessions_follow_user() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM FROM app_user WHERE id = NEW.id FOR UPDATE;
    UPDATE session SET version = version + 1 WHERE user_id = NEW.id AND ended_at IS NULL;
    RETURN NULL; END $$`,
  `CREATE TRIGGER sessions_follow_user AFTER UPDATE ON app_user FOR EACH ROW EXECUTE FUNCTION sessions_follow_user()`,
  'ALTER TABLE app_user ENABLE ALWAYS TRIGGER sessions_follow_user',
  // A version that came back would bring back what its bearer was then.
  `CREATE FUNCTION session_version_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'the version of a session only grows' USING ERRCODE = 'check_violation'; END $$`,
  `CREATE TRIGGER session_version_only_grows BEFORE UPDATE ON session FOR EACH ROW
    WHEN (NEW.version < OLD.version) EXECUTE FUNCTION session_version_only_grows()`,
  'ALTER TABLE session ENABLE ALWAYS TRIGGER session_version_only_grows',
];
