/**
 * Contestant (a), the floor: what PostgreSQL and Node can do at all. node:http and one prepared statement for each request,
 * written by hand, that PostgreSQL answers with the finished JSON. No GraphQL, nobody signed in, no log.
 *
 * Texts are put together with ||: json_build_object took 2.4 times as long for the list. Lines are joined and grouped: a
 * subquery for each invoice took twice as long. Only free text is escaped (to_json); codes of ours need none.
 */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { CONNECTION, contestant } from './contestant.mjs';

const { Pool } = createRequire(import.meta.url)('pg');

const orNull = (text) => `coalesce('"' || ${text} || '"', 'null')`;

/** Minor units as a decimal, for the currencies that the data has: yen have none, Kuwaiti dinars three digits. */
const money = (minor, currency) => `'{"amount":"' || CASE ${currency} WHEN 'JPY' THEN ${minor}::text
  WHEN 'KWD' THEN (${minor} / 1000) || '.' || right((${minor} % 1000 + 1000)::text, 3)
  ELSE (${minor} / 100) || '.' || right((${minor} % 100 + 100)::text, 2) END || '","currency":"' || ${currency} || '"}'`;

/** RFC 3339 in UTC to the millisecond: quicker than to_char. Instants here have no microseconds, so one more keeps the zeros. */
const instant = (at) =>
  `overlay(left((${at} AT TIME ZONE 'UTC' + interval '0.000001')::text, 23) PLACING 'T' FROM 11) || 'Z'`;

const ACCOUNT = `'{"id":"' || a.id || '","code":' || to_json(a.code) || ',"legalName":' || to_json(a.legal_name) || '}'`;

const LINES = `string_agg('{"id":"' || l.id || '","lineNumber":' || l.line_number || ',"description":' ||
      to_json(l.description) || ',"quantity":"' || trim_scale(l.quantity) || '","unitPrice":"' || trim_scale(l.unit_price) ||
      '","amount":' || ${money('l.amount_minor', 'l.currency')} || ',"lob":' || coalesce('{"id":"' || b.id || '","code":' ||
      to_json(b.code) || ',"name":' || to_json(b.name) || '}', 'null') || '}', ',' ORDER BY l.line_number)`;

const LIST = `
  WITH i AS MATERIALIZED (SELECT * FROM invoice WHERE (created_at, id) < ($1::timestamptz, $2::uuid)
    ORDER BY created_at DESC, id DESC LIMIT 100),
  l AS (SELECT l.invoice_id, ${LINES} AS lines
    FROM i JOIN invoice_line l ON l.invoice_id = i.id LEFT JOIN lob b ON b.id = l.lob_id GROUP BY l.invoice_id)
  SELECT '{"data":{"invoices":{"nodes":[' || coalesce(string_agg('{"id":"' || i.id || '","number":' || ${orNull('i.number')} ||
    ',"status":"' || i.status || '","total":' || ${money('i.total_minor', 'i.currency')} || ',"dueOn":' || ${orNull('i.due_on')} ||
    ',"account":' || ${ACCOUNT} || ',"lines":[' || coalesce(l.lines, '') || ']}', ',' ORDER BY i.created_at DESC, i.id DESC), '') ||
    ']}}}' AS body
  FROM i JOIN account a ON a.id = i.account_id LEFT JOIN l ON l.invoice_id = i.id`;

/** What an invoice says itself, without the bracket at its end. */
const INVOICE = `'{"id":"' || i.id || '","number":' || ${orNull('i.number')} || ',"status":"' || i.status || '","paymentStatus":"' ||
    i.payment_status || '","total":' || ${money('i.total_minor', 'i.currency')} || ',"issuedAt":' ||
    ${orNull(instant('i.issued_at'))} || ',"dueOn":' || ${orNull('i.due_on')}`;

const ONE = `
  SELECT '{"data":{"invoice":' || coalesce((SELECT ${INVOICE} || '}' FROM invoice i WHERE i.id = $1::uuid), 'null') || '}}' AS body`;

const WHOLE = `
  SELECT '{"data":{"invoice":' || coalesce((SELECT ${INVOICE} || ',"account":' || ${ACCOUNT} ||
    ',"lines":[' || coalesce((SELECT ${LINES} FROM invoice_line l LEFT JOIN lob b ON b.id = l.lob_id WHERE l.invoice_id = i.id), '') || ']}'
  FROM invoice i JOIN account a ON a.id = i.account_id WHERE i.id = $1::uuid), 'null') || '}}' AS body`;

const AUDIT = `
  SELECT '{"data":{"auditEvents":{"nodes":[' || coalesce(string_agg('{"id":"' || e.id || '","at":"' || ${instant('e.at')} ||
    '","action":' || to_json(e.action) || ',"outcome":"' || e.outcome || '","subjectType":' ||
    coalesce(to_json(e.subject_type)::text, 'null') || ',"subjectId":' || ${orNull('e.subject_id')} || ',"requestId":' ||
    to_json(e.request_id) || ',"actor":' || coalesce('{"name":' || to_json(u.name) || '}', 'null') || ',"hash":"' ||
    encode(e.hash, 'hex') || '"}', ',' ORDER BY e.at DESC, e.id DESC), '') || ']}}}' AS body
  FROM (SELECT * FROM audit.event WHERE subject_type = 'Invoice' AND subject_id = $1::uuid ORDER BY at DESC, id DESC LIMIT 100) e
    LEFT JOIN app_user u ON u.id = e.actor_id`;

const STATEMENTS = { '/list': LIST, '/one': ONE, '/whole': WHOLE, '/audit': AUDIT };

contestant(async ({ url, pool: max }) => {
  const pool = new Pool({ connectionString: url, max, ...CONNECTION });
  return createServer((request, response) => {
    // /list?<created_at>&<id>, /one?<id>, /whole?<id>, /audit?<id>
    const [path, query] = request.url.split('?');
    const values = query.split('&').map(decodeURIComponent);
    pool.query({ name: path, text: STATEMENTS[path], values }, (error, result) => {
      const body = Buffer.from(error ? JSON.stringify({ errors: [error.message] }) : result.rows[0].body);
      response.writeHead(error ? 500 : 200, { 'content-type': 'application/json', 'content-length': body.length });
      response.end(body);
    });
  });
});
