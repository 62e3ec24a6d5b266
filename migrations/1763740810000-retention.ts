import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE, AUDIT_ROLE, AUDITOR_ROLE, SEALER_ROLE, WITHIN_TRAIL } from '../src/platform/database-roles';

/**
 * How long is kept what events say: eight years, unless an administrator of the database changes the one row that says so. Whoever
 * seals may have months dropped whose time is over and whose events are all sealed, and can drop nothing else.
 */
export class Retention1763740810000 implements MigrationInterface {
  name = 'Retention1763740810000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('The trail is not taken down: restore a backup instead.');
  }
}

const STATEMENTS = [
  WITHIN_TRAIL.begin,
  `CREATE TABLE audit.retention (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    years int NOT NULL DEFAULT 8 CHECK (years BETWEEN 1 AND 100)
  )`,
  'INSERT INTO audit.retention DEFAULT VALUES',
  `ALTER TABLE audit.retention OWNER TO ${AUDIT_ROLE}`,
  `GRANT SELECT ON audit.retention TO ${API_ROLE}, ${AUDITOR_ROLE}`,
  // The month that a partition is named after, or null. What is named otherwise is never dropped.
  `CREATE FUNCTION audit.drop_expired() RETURNS TABLE (month text, events bigint)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE kept_from timestamptz; partition text; unsealed bigint;
  BEGIN
    SELECT now() - make_interval(years => r.years) INTO kept_from FROM audit.retention r;
    FOR partition IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'audit.content'::regclass AND c.relname ~ '^content_[0-9]{4}_[0-9]{2}$' ORDER BY 1 LOOP
      month := translate(right(partition, 7), '_', '-');
      CONTINUE WHEN ((month || '-01')::timestamp + interval '1 month') AT TIME ZONE 'UTC' > kept_from;
      EXECUTE format('SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (SELECT FROM audit.leaf l WHERE l.event_id = c.event_id)) FROM audit.%I c',
        partition) INTO events, unsealed;
      CONTINUE WHEN unsealed > 0;
      EXECUTE format('DROP TABLE audit.%I', partition);
      RETURN NEXT;
    END LOOP;
  END $$`,
  `ALTER FUNCTION audit.drop_expired() OWNER TO ${AUDIT_ROLE}`,
  'REVOKE ALL ON FUNCTION audit.drop_expired() FROM PUBLIC',
  `GRANT EXECUTE ON FUNCTION audit.drop_expired() TO ${SEALER_ROLE}`,
  WITHIN_TRAIL.end,
];
