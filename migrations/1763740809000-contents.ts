import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE, AUDIT_ROLE, AUDITOR_ROLE, SEALER_ROLE, WITHIN_TRAIL } from '../src/platform/database-roles';

/**
 * What events say, apart from what they are found by: the bytes by month of writing, so that a month can be dropped as a whole once its
 * time is over, while events, leaves and heads stay, and so that years of bytes stand in nobody's way. Rows that are looked for by
 * subject or actor stay in one table: a page of a subject's history would else be looked for in as many places as there are months.
 */
export class Contents1763740809000 implements MigrationInterface {
  name = 'Contents1763740809000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [WITHIN_TRAIL.begin, ...TABLES, ...GUARDS, ...MONTHS, ...MOVE, ...GRANTS, WITHIN_TRAIL.end])
      await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('The trail is not taken down: restore a backup instead.');
  }
}

const TABLES = [
  // By the clock of the database: nobody who writes an event can say in which month its bytes lie.
  `ALTER TABLE audit.event ADD COLUMN written_at timestamptz NOT NULL DEFAULT now()`,
  `CREATE TABLE audit.content (
    event_id uuid NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    bytes bytea NOT NULL,
    mac bytea NOT NULL,
    key_id text NOT NULL,
    PRIMARY KEY (event_id, written_at)
  ) PARTITION BY RANGE (written_at)`,
  // Whatever has no month of its own: an event must not be refused because nobody made its month in time.
  `CREATE TABLE audit.content_other PARTITION OF audit.content DEFAULT`,
  `ALTER TABLE audit.content OWNER TO ${AUDIT_ROLE}`,
  `ALTER TABLE audit.content_other OWNER TO ${AUDIT_ROLE}`,
];

const GUARDS = [
  `CREATE TRIGGER content_is_final BEFORE UPDATE OR DELETE ON audit.content FOR EACH ROW EXECUTE FUNCTION audit.event_is_final()`,
  ...['content', 'content_other'].flatMap((table) => [
    `CREATE TRIGGER content_is_final_too BEFORE TRUNCATE ON audit.${table} FOR EACH STATEMENT EXECUTE FUNCTION audit.event_is_final()`,
    `ALTER TABLE audit.${table} ENABLE ALWAYS TRIGGER content_is_final`,
    `ALTER TABLE audit.${table} ENABLE ALWAYS TRIGGER content_is_final_too`,
  ]),
];

/** Months that are made ahead, at the start and by whoever seals. */
const AHEAD = 24;

const MONTHS = [
  // With the rights of the trail's owner, and able to make months and nothing else.
  `CREATE FUNCTION audit.ensure_months(ahead int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE made int := 0; month timestamptz; partition text;
  BEGIN
    IF ahead NOT BETWEEN 0 AND 120 THEN RAISE EXCEPTION 'months ahead are 0 to 120'; END IF;
    FOR n IN 0..ahead LOOP
      month := date_trunc('month', now(), 'UTC') + make_interval(months => n);
      partition := 'content_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM');
      CONTINUE WHEN to_regclass('audit.' || partition) IS NOT NULL;
      BEGIN
        EXECUTE format('CREATE TABLE audit.%I PARTITION OF audit.content FOR VALUES FROM (%L) TO (%L)',
          partition, month, date_trunc('month', month + interval '32 days', 'UTC'));
      EXCEPTION WHEN check_violation THEN CONTINUE; END;
      EXECUTE format('CREATE TRIGGER content_is_final_too BEFORE TRUNCATE ON audit.%I FOR EACH STATEMENT EXECUTE FUNCTION audit.event_is_final()', partition);
      EXECUTE format('ALTER TABLE audit.%I ENABLE ALWAYS TRIGGER content_is_final_too', partition);
      EXECUTE format('ALTER TABLE audit.%I ENABLE ALWAYS TRIGGER content_is_final', partition);
      made := made + 1;
    END LOOP;
    RETURN made;
  END $$`,
  `ALTER FUNCTION audit.ensure_months(int) OWNER TO ${AUDIT_ROLE}`,
  'REVOKE ALL ON FUNCTION audit.ensure_months(int) FROM PUBLIC',
  `GRANT EXECUTE ON FUNCTION audit.ensure_months(int) TO ${SEALER_ROLE}`,
  `SELECT audit.ensure_months(${AHEAD})`,
];

/** What was written so far has one month: that of this move. */
const MOVE = [
  `INSERT INTO audit.content (event_id, bytes, mac, key_id) SELECT id, content, mac, key_id FROM audit.event`,
  `ALTER TABLE audit.event DROP COLUMN content, DROP COLUMN mac, DROP COLUMN key_id`,
  `CREATE VIEW audit.told AS SELECT e.*, c.bytes AS content, c.mac, c.key_id FROM audit.event e
    LEFT JOIN audit.content c ON c.event_id = e.id AND c.written_at = e.written_at`,
  `ALTER VIEW audit.told OWNER TO ${AUDIT_ROLE}`,
];

const GRANTS = [
  `GRANT SELECT, INSERT (event_id, bytes, mac, key_id) ON audit.content TO ${API_ROLE}`,
  `GRANT SELECT ON audit.told TO ${API_ROLE}`,
  `GRANT SELECT ON ALL TABLES IN SCHEMA audit TO ${AUDITOR_ROLE}`,
];
