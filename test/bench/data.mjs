/**
 * The rows that the benchmark reads: made by PostgreSQL itself, the same each time for the same number of invoices. Checks of
 * the tables hold (they are not switched off); triggers and foreign keys are, since rows come in their final state.
 */

const ACCOUNTS = 200;
const LOBS_OF_AN_ACCOUNT = 5;
const LINES = 5;
const EVENTS = 10;
/** Events of one entity: more than the page of 100 that is asked for, as in a long life of disputes and corrections. */
export const EVENTS_OF_ONE = 120;
export const STAFF = 20;
/** Rows of the largest table that one statement inserts. */
export const BATCH = 100_000;

/** How many rows of each kind come with so many invoices. */
export function sizesOf(invoices) {
  const events = invoices * EVENTS;
  const accounts = Math.max(1, Math.min(ACCOUNTS, Math.floor(invoices / 100)));
  const subjects = Math.max(1, Math.floor(events / EVENTS_OF_ONE));
  return { invoices, accounts, lobs: accounts * LOBS_OF_AN_ACCOUNT, lines: invoices * LINES, events, subjects };
}

/**
 * Ids like UUID version 7: the instant first, so that rows lie as the application's own ids would lay them. Stable, and each
 * argument used once, so that PostgreSQL takes them into the statements: called, they made loading slow.
 */
export const FUNCTIONS = `
  CREATE FUNCTION pg_temp.id_at(at timestamptz, salt text) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') ||
      overlay('7' || left(md5(salt), 19) PLACING '8' FROM 5))::uuid $$;
  CREATE FUNCTION pg_temp.invoice_at(i bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT timestamptz '2024-01-01 08:00:00Z' + i * interval '150 seconds' $$;
  CREATE FUNCTION pg_temp.account_id(i bigint) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT pg_temp.id_at(timestamptz '2023-01-02 09:00:00Z' + i * interval '1 hour', 'account' || i) $$;
  CREATE FUNCTION pg_temp.lob_id(i bigint) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT pg_temp.id_at(timestamptz '2023-02-02 09:00:00Z' + i * interval '1 hour', 'lob' || i) $$;
  CREATE FUNCTION pg_temp.invoice_id(i bigint) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT pg_temp.id_at(pg_temp.invoice_at(i), 'invoice' || i) $$;
  CREATE FUNCTION pg_temp.user_id(i bigint) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT pg_temp.id_at(timestamptz '2023-01-01 09:00:00Z' + i * interval '1 hour', 'user' || i) $$;
  CREATE FUNCTION pg_temp.currency(account bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT (ARRAY['USD','EUR','USD','JPY','USD','KWD','INR','USD'])[account % 8 + 1] $$;`;

/** With a second factor, without which nobody who audits reads anything in production. */
export const USERS = `INSERT INTO app_user (id, created_at, name, email, password_hash, second_factor_at)
  SELECT pg_temp.user_id(i), timestamptz '2023-01-01 09:00:00Z', 'Person ' || i, 'person' || i || '@bench.test', 'nobody signs in with a password',
    timestamptz '2023-01-01 09:00:00Z'
  FROM generate_series($1::bigint, $2::bigint) i`;

/** Person 0 is the auditor that the API is signed in as; the others are those whom events name. */
export const GRANTS = `INSERT INTO role_grant (id, created_at, user_id, role)
  SELECT pg_temp.id_at(timestamptz '2023-01-01 09:00:00Z', 'grant' || i), timestamptz '2023-01-01 09:00:00Z', pg_temp.user_id(i),
    CASE i WHEN 0 THEN 'auditor' ELSE 'billing' END
  FROM generate_series($1::bigint, $2::bigint) i`;

const ACCOUNT = `INSERT INTO account (id, created_at, code, legal_name, status, currency, time_zone, tax_id_masked)
  SELECT pg_temp.account_id(i), timestamptz '2023-01-02 09:00:00Z', 'ACC' || lpad(i::text, 4, '0'),
    (ARRAY['Northwind','Bluestone','Meridian','Harbour','Crédit'])[i % 5 + 1] || ' ' ||
      (ARRAY['Bank','Card Services','Mortgage','Insurance'])[i % 4 + 1] || ' No. ' || i || (ARRAY[' Ltd.',' & Co.',' plc'])[i % 3 + 1],
    'OPEN', pg_temp.currency(i), (ARRAY['UTC','America/New_York','Asia/Kolkata','Asia/Tokyo'])[i % 4 + 1], '•••••' || lpad((i % 10000)::text, 4, '0')
  FROM generate_series($1::bigint, $2::bigint) i`;

const LOB = `INSERT INTO lob (id, created_at, account_id, code, name, status)
  SELECT pg_temp.lob_id(i), timestamptz '2023-02-02 09:00:00Z', pg_temp.account_id(i / ${LOBS_OF_AN_ACCOUNT}), 'LOB' || i % ${LOBS_OF_AN_ACCOUNT},
    (ARRAY['Collections','Customer care','Fraud desk','Back office','Retention'])[i % 5 + 1], 'OPEN'
  FROM generate_series($1::bigint, $2::bigint) i`;

/** One in twenty is a draft, without number and day; $3 is the number of accounts. Amounts are those of the lines below. */
const INVOICE = `INSERT INTO invoice (id, created_at, account_id, status, payment_status, currency, subtotal_minor, tax_minor, total_minor,
    disputed_minor, credited_minor, due_in_days, number, series, fiscal_year, number_in_series, issued_at, due_on, drafted_by_id)
  SELECT pg_temp.invoice_id(i), at, pg_temp.account_id(account), CASE WHEN issued THEN 'ISSUED' ELSE 'DRAFT' END,
    CASE WHEN issued AND i % 3 = 0 THEN 'PAID' ELSE 'UNPAID' END, pg_temp.currency(account),
    subtotal, 0, subtotal, 0, 0, 30, CASE WHEN issued THEN 'INV-' || lpad(i::text, 8, '0') END, CASE WHEN issued THEN 'INV' END,
    CASE WHEN issued THEN 2024 END, CASE WHEN issued THEN i END, CASE WHEN issued THEN at + interval '1 day' END,
    CASE WHEN issued THEN (at + interval '31 days')::date END, pg_temp.user_id(i % ${STAFF} + 1)
  FROM (SELECT i, pg_temp.invoice_at(i) AS at, i * 7919 % $3::bigint AS account, i % 20 <> 0 AS issued,
      (SELECT sum(1000 + (i * 13 + n * 101) % 900000) FROM generate_series(1, ${LINES}) n) AS subtotal
    FROM generate_series($1::bigint, $2::bigint) i) r`;

const LINE = `INSERT INTO invoice_line (id, created_at, invoice_id, line_number, lob_id, description, currency, quantity, unit_price, tax_rate,
    amount_minor, tax_minor, total_minor, disputed_minor, credited_minor)
  SELECT pg_temp.id_at(pg_temp.invoice_at(i), 'line' || i || '.' || n), pg_temp.invoice_at(i), pg_temp.invoice_id(i), n,
    pg_temp.lob_id(i * 7919 % $3::bigint * ${LOBS_OF_AN_ACCOUNT} + n - 1),
    (ARRAY['Handled calls','Minutes of talk','E-mails answered','Night surcharge','Training hours'])[n] || ', week ' || i % 52 + 1,
    pg_temp.currency(i * 7919 % $3::bigint), ((i * 31 + n) % 50000)::numeric / 4, ((i + n * 7) % 900 + 1)::numeric / 400, 0, amount, 0, amount, 0, 0
  FROM generate_series($1::bigint, $2::bigint) i, generate_series(1, ${LINES}) n, LATERAL (SELECT 1000 + (i * 13 + n * 101) % 900000 AS amount) a`;

/**
 * Events come in the order of time, each about the next of $3 invoices ($4 in all), so that those of one invoice lie as far
 * apart as in a real trail. The content is canonical JSON (RFC 8785: keys sorted, no blanks), of the form that
 * src/audit/record.ts writes.
 */
const EVENT = `WITH made AS MATERIALIZED (SELECT *, convert_to('{"action":"' || action || '","actor":"' || actor || '","address":"10.0.0.' || e % 250 + 1
      || '","at":"' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '","changeRequest":null,"changes":['
      || '{"after":"ISSUED","before":"DRAFT","path":"status"}'
      || CASE WHEN e % 2 = 0 THEN ',{"after":"INV-' || lpad(e::text, 8, '0') || '","before":null,"path":"number"}' ELSE '' END
      || '],"code":null,"form":1,"id":"' || id || '","onBehalfOf":null,"outcome":"DONE","reason":null,"request":"' || request
      || '","roles":["billing"],"session":"' || pg_temp.id_at(at, 'session') || '","subject":{"id":"' || subject
      || '","type":"Invoice"},"userAgent":"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}', 'UTF8') AS content
    FROM (SELECT e, at, pg_temp.id_at(at, 'event' || e) AS id, pg_temp.id_at(at, 'request' || e)::text AS request,
        (ARRAY['invoice.drafted','invoice.issued','dispute.opened','dispute.resolved'])[e % 4 + 1] AS action,
        pg_temp.user_id(e % ${STAFF} + 1) AS actor, pg_temp.invoice_id(e % $3::bigint * ($4::bigint / $3::bigint)) AS subject
      FROM (SELECT e, timestamptz '2024-01-01 08:00:00Z' + e * interval '15.001 seconds' AS at
        FROM generate_series($1::bigint, $2::bigint) e) t) r),
    content AS (INSERT INTO audit.content (event_id, bytes, mac, key_id) SELECT id, content, sha256(content), 'bench000' FROM made)
  INSERT INTO audit.event (id, at, action, outcome, actor_id, subject_type, subject_id, request_id, hash)
    SELECT id, at, action, 'DONE', actor, 'Invoice', subject, request, sha256('\\x00'::bytea || content) FROM made`;

/** Fills an empty, migrated database over a connection of its owner. `tell` gets a line now and then. */
export async function load(client, invoices, tell) {
  const sizes = sizesOf(invoices);
  await client.query(`SET session_replication_role = replica; SET synchronous_commit = off; ${FUNCTIONS}`);
  const fill = async (table, statement, count, each = 1, more = []) => {
    const step = Math.max(1, Math.floor(BATCH / each));
    for (let from = 0; from < count; from += step) {
      await client.query(statement, [from, Math.min(from + step, count) - 1, ...more]);
      if (count > step) tell(`${table}: ${Math.min(from + step, count) * each} rows`);
    }
  };
  await fill('app_user', USERS, STAFF + 1);
  await fill('role_grant', GRANTS, STAFF + 1);
  await fill('account', ACCOUNT, sizes.accounts);
  await fill('lob', LOB, sizes.lobs);
  await fill('invoice', INVOICE, invoices, 1, [sizes.accounts]);
  await fill('invoice_line', LINE, invoices, LINES, [sizes.accounts]);
  await fill('audit.event', EVENT, sizes.events, 1, [sizes.subjects, invoices]);
  await client.query('SET session_replication_role = origin');
  tell('vacuum and analyze');
  await client.query('VACUUM (ANALYZE)');
  await client.query('CHECKPOINT');
}
