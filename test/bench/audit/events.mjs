/**
 * A long trail, made by PostgreSQL itself: events over two years, those of one subject as far apart as in a real life of it. They have no
 * places in the tree and their MAC is none: what is measured on them is how they are found.
 */
import { BATCH, EVENTS_OF_ONE, FUNCTIONS, GRANTS, STAFF, USERS } from '../data.mjs';

/** Months over which events were written, so many parts does their content have; the present one is not among them. */
const MONTHS = 24;

/** How many subjects so many events are about. */
export const subjectsOf = (events) => Math.max(1, Math.floor(events / EVENTS_OF_ONE));

const MORE_FUNCTIONS = `
  CREATE FUNCTION pg_temp.written(e bigint, events bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT date_trunc('month', now(), 'UTC') - interval '${MONTHS} months' + e::float8 / events * interval '${MONTHS} months' $$;
  CREATE FUNCTION pg_temp.subject_id(i bigint) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT pg_temp.id_at(timestamptz '2020-01-01 00:00:00Z' + i * interval '150 seconds', 'subject' || i) $$;`;

/** Made by the day, in a product that has run for as long; here all at once. */
const PARTS = `DO $$ DECLARE month timestamptz; BEGIN
  FOR n IN 1..${MONTHS} LOOP
    month := date_trunc('month', now(), 'UTC') - make_interval(months => n);
    EXECUTE format('CREATE TABLE audit.%I PARTITION OF audit.content FOR VALUES FROM (%L) TO (%L)',
      'content_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'), month, date_trunc('month', month + interval '32 days', 'UTC'));
  END LOOP; END $$`;

/** The content is of the form that src/audit/record.ts writes. $3 events in all, about $4 subjects in turn. */
const EVENT = `WITH made AS MATERIALIZED (SELECT *, convert_to('{"action":"' || action || '","actor":"' || actor || '","address":"10.0.0.' || e % 250 + 1
      || '","at":"' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '","changeRequest":null,"changes":['
      || '{"after":"RESOLVED","before":"OPEN","path":"status"},{"after":"N-' || lpad(e::text, 8, '0') || '","before":null,"path":"note"}'
      || '],"code":null,"form":3,"id":"' || id || '","onBehalfOf":null,"outcome":"DONE","reason":null,"request":"' || request
      || '","roles":["operations"],"rows":[{"digest":"' || translate(left(encode(sha256(e::text::bytea), 'base64'), 22), '+/', '-_')
      || '","id":"' || subject || '","type":"Complaint","version":2}],"session":"' || request || '","subject":{"id":"' || subject
      || '","type":"Complaint","version":2},"userAgent":"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}', 'UTF8') AS content
    FROM (SELECT e, at, pg_temp.id_at(at, 'event' || e) AS id, pg_temp.id_at(at, 'request' || e) AS request,
        (ARRAY['complaint.filed','complaint.acknowledged','complaint.resolved','complaint.reopened'])[e % 4 + 1] AS action,
        pg_temp.user_id(e % ${STAFF} + 1) AS actor, pg_temp.subject_id(e % $4::bigint) AS subject
      FROM (SELECT e, pg_temp.written(e, $3::bigint) AS at FROM generate_series($1::bigint, $2::bigint) e) t) r),
    content AS (INSERT INTO audit.content (event_id, written_at, bytes, mac, key_id) SELECT id, at, content, sha256(content), 'bench000' FROM made)
  INSERT INTO audit.event (id, at, written_at, action, outcome, actor_id, subject_type, subject_id, request_id, hash)
    SELECT id, at, at, action, 'DONE', actor, 'Complaint', subject, request, sha256('\\x00'::bytea || content) FROM made`;

/** Indexes that are no constraint: with many rows it is quicker to make them anew than to keep them up. */
const INDEXES = `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made FROM pg_index
  WHERE indrelid = 'audit.event'::regclass AND NOT indisprimary ORDER BY 1`;

/** Fills an empty, migrated database over a connection of its owner. */
export async function loadEvents(client, events, tell) {
  await client.query(`SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '512MB';
    ${FUNCTIONS} ${MORE_FUNCTIONS} ${PARTS}`);
  await client.query(USERS, [0, STAFF]);
  await client.query(GRANTS, [0, STAFF]);
  const { rows: indexes } = await client.query(INDEXES);
  for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
  for (let from = 0; from < events; from += BATCH) {
    const to = Math.min(from + BATCH, events);
    await client.query(EVENT, [from, to - 1, events, subjectsOf(events)]);
    if (to % (10 * BATCH) === 0) tell(`${to} events`);
  }
  tell('indexes');
  for (const { made } of indexes) await client.query(made);
  await client.query('SET session_replication_role = origin');
  tell('vacuum and analyze');
  await client.query('VACUUM (ANALYZE)');
  await client.query('CHECKPOINT');
}

/** Ids to ask for: of up to 2000 subjects, spread over all of them. */
export const subjectIds = async (client, events) => {
  await client.query(`${FUNCTIONS} ${MORE_FUNCTIONS}`);
  const ids = `SELECT pg_temp.subject_id(i * $1::bigint / least(2000, $1::bigint)) AS id FROM generate_series(0, least(2000, $1::bigint) - 1) i ORDER BY md5(i::text)`;
  return (await client.query(ids, [subjectsOf(events)])).rows.map(({ id }) => id);
};
