import { hash } from 'node:crypto';
import { CopyRows } from '../platform/copy-rows';
import type { Transaction } from '../platform/transaction';
import { type Call, saysTheSame } from './call-line.rules';
import { lockLedger } from './usage-ledger';

/** A call and the line that says it. */
export interface Told {
  call: Call;
  line: number;
}

export interface Taken {
  fresh: number;
  known: number;
  /** Lines whose source id stands for another record. */
  reused: number[];
}

export interface Batch {
  accountId: string;
  importId: string;
  source: string;
  /** Calls of this import were known before: more of them will be. */
  expectKnown: boolean;
}

/**
 * Adds the calls that are not there yet. One transaction of an account after the other, from here to its end: so no two find the same call missing, and
 * a sequence that can be seen is never overtaken by a lower one.
 */
export async function takeCalls(
  tx: Transaction,
  { accountId, importId, source, expectKnown }: Batch,
  told: readonly Told[],
): Promise<Taken> {
  if (told.length === 0) return { fresh: 0, known: 0, reused: [] };
  const base = await lockLedger(tx, accountId, told.length);
  const number = await sourceNumber(tx, accountId, source);
  await openMonths((text, values) => tx.query(text, values), told);
  const { first, again } = onceEach(told);
  const into: Into = { accountId, importId, number, base };
  // Mostly all of a batch is new, or all of it is known: to look for each first would cost more than the first to be refused.
  const present =
    !expectKnown && (await tx.unlessThere(() => copy(tx, into, first)))
      ? new Map<string, Call>()
      : await presentCalls(tx, accountId, number, first);
  const fresh = first.filter(({ call }) => !present.has(call.sourceId));
  if (present.size > 0 || expectKnown) await copy(tx, into, fresh);
  await touchDays(tx, into, fresh, base + told.length);
  const others = first.filter(({ call }) => present.has(call.sourceId));
  const firsts = again.length === 0 ? null : new Map(fresh.map(({ call }) => [call.sourceId, call]));
  const same = ({ call }: Told) => saysTheSame(call, present.get(call.sourceId) ?? firsts!.get(call.sourceId)!);
  const reused = [...others, ...again].filter((each) => !same(each)).map(({ line }) => line);
  return { fresh: fresh.length, known: told.length - fresh.length - reused.length, reused };
}

const SOURCE = 'SELECT number FROM usage_source WHERE account_id = $1 AND code = $2';
const NEW_SOURCE = 'INSERT INTO usage_source (account_id, code) VALUES ($1, $2) RETURNING number';

async function sourceNumber(tx: Transaction, accountId: string, source: string): Promise<number> {
  const [known] = await tx.query<{ number: number }>(SOURCE, [accountId, source]);
  return (known ?? (await tx.write<{ number: number }>(NEW_SOURCE, [accountId, source]))[0]!).number;
}

/** What a batch says twice it says once. */
function onceEach(told: readonly Told[]): { first: Told[]; again: Told[] } {
  const seen = new Set<string>();
  const [first, again]: [Told[], Told[]] = [[], []];
  for (const each of told) {
    const { sourceId } = each.call;
    if (seen.has(sourceId)) again.push(each);
    else {
      seen.add(sourceId);
      first.push(each);
    }
  }
  return { first, again };
}

const KNOWN = 'SELECT id, started_at FROM call_key WHERE source_number = $1 AND source_id = ANY($2)';
const PRESENT = `SELECT r.* FROM call_record r
  JOIN unnest($2::timestamptz[], $3::uuid[]) AS k (started_at, id) ON r.started_at = k.started_at AND r.id = k.id WHERE r.account_id = $1
    AND r.started_at BETWEEN $4 AND $5`;

/** The records that these source ids stand for already. */
async function presentCalls(
  tx: Transaction,
  accountId: string,
  number: number,
  told: readonly Told[],
): Promise<Map<string, Call>> {
  const keys = await tx.query<{ id: string; started_at: Date }>(KNOWN, [number, told.map(({ call }) => call.sourceId)]);
  if (keys.length === 0) return new Map();
  const starts = keys.map(({ started_at: at }) => at);
  const times = starts.map((at) => at.getTime());
  const bounds = [Math.min(...times), Math.max(...times)].map((at) => new Date(at));
  const rows = await tx.query<Row>(PRESENT, [accountId, starts, keys.map(({ id }) => id), ...bounds]);
  return new Map(rows.map((row) => [row.source_id, callOf(row)]));
}

interface Row {
  source_id: string;
  lob_id: string;
  service: string | null;
  agent_id: string | null;
  agent_code: string | null;
  outcome: string;
  resolved: boolean | null;
  kind: string;
  corrects: string | null;
  flags: string[];
  started_at: Date;
  answered_at: Date | null;
  ended_at: Date;
  wait_seconds: number;
  talk_seconds: number;
}

const callOf = (row: Row): Call => ({
  sourceId: row.source_id,
  lobId: row.lob_id,
  service: row.service,
  agentId: row.agent_id,
  agentCode: row.agent_code,
  outcome: row.outcome,
  resolved: row.resolved,
  kind: row.kind,
  corrects: row.corrects,
  flags: row.flags,
  startedAt: row.started_at.getTime(),
  answeredAt: row.answered_at?.getTime() ?? null,
  endedAt: row.ended_at.getTime(),
  waitSeconds: row.wait_seconds,
  talkSeconds: row.talk_seconds,
});

/**
 * A record's id comes of its source and source id (RFC 9562, version 8): the primary key of a month would refuse a second one of them that starts at
 * the same instant, even of somebody who went round the key table.
 */
function callId(number: number, sourceId: string): Buffer {
  const bytes = hash('sha256', `${number}\n${sourceId}`, 'buffer').subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes;
}

const KEY = 'call_key (started_at, id, source_number, source_id)';
const RECORD = `call_record (id, account_id, sequence, started_at, answered_at, ended_at, wait_seconds, talk_seconds, source_number, resolved,
  lob_id, agent_id, import_id, kind, outcome, source_id, corrects, service, agent_code, flags)`;

interface Into {
  accountId: string;
  importId: string;
  number: number;
  base: number;
}

/** Clocks are apart by whole quarters of an hour. */
const QUARTER = 900_000;

/** Days of the account's zone that calls begin on, by the quarters of an hour that they begin in. */
const TOUCH_QUARTERS = `INSERT INTO usage_day (account_id, day, last_sequence)
  SELECT a.id, d.day, $3 FROM account a CROSS JOIN LATERAL
    (SELECT DISTINCT (to_timestamp(q * 900) AT TIME ZONE a.time_zone)::date AS day FROM unnest($2::bigint[]) q) d WHERE a.id = $1
  ON CONFLICT (account_id, day) DO UPDATE SET last_sequence = excluded.last_sequence RETURNING day`;

/** Those of all records that are corrections of the same call as one of these: what counts of them may be another now. */
const TOUCH_CORRECTED = `WITH RECURSIVE family AS (
    SELECT unnest($3::text[]) COLLATE "C" AS source_id
    UNION
    SELECT n.source_id FROM family m JOIN call_record f ON f.account_id = $1 AND f.source_number = $2 AND f.kind <> 'CALL'
      AND (f.source_id = m.source_id OR f.corrects = m.source_id)
      CROSS JOIN LATERAL (VALUES (f.source_id COLLATE "C"), (f.corrects COLLATE "C")) n (source_id)
  )
  INSERT INTO usage_day (account_id, day, last_sequence)
  SELECT DISTINCT a.id, (k.started_at AT TIME ZONE a.time_zone)::date, $4::bigint
  FROM family m JOIN call_key k ON k.source_number = $2 AND k.source_id = m.source_id JOIN account a ON a.id = $1
  ON CONFLICT (account_id, day) DO UPDATE SET last_sequence = excluded.last_sequence RETURNING day`;

/** Notes which days are not what they were: who billed them looks at them again (docs/RATING.md). */
async function touchDays(
  tx: Transaction,
  { accountId, number }: Into,
  told: readonly Told[],
  sequence: number,
): Promise<void> {
  if (told.length === 0) return;
  const quarters = new Set<number>();
  const corrected: string[] = [];
  for (const { call } of told) {
    quarters.add(Math.floor(call.startedAt / QUARTER));
    if (call.corrects !== null) corrected.push(call.corrects);
  }
  await tx.write(TOUCH_QUARTERS, [accountId, [...quarters], sequence]);
  if (corrected.length > 0) await tx.write(TOUCH_CORRECTED, [accountId, number, corrected, sequence]);
}

async function copy(
  tx: Transaction,
  { accountId, importId, number, base }: Into,
  told: readonly Told[],
): Promise<void> {
  if (told.length === 0) return;
  const [keys, records] = [new CopyRows(), new CopyRows()];
  told.forEach(({ call }, at) => {
    const id = callId(number, call.sourceId);
    keys.row(4).instant(call.startedAt).bytes(id).integer(number).text(call.sourceId);
    records
      .row(20)
      .bytes(id)
      .uuid(accountId)
      .bigint(base + at + 1)
      .instant(call.startedAt)
      .instant(call.answeredAt)
      .instant(call.endedAt)
      .integer(call.waitSeconds)
      .integer(call.talkSeconds)
      .integer(number)
      .boolean(call.resolved)
      .uuid(call.lobId)
      .uuid(call.agentId)
      .uuid(importId)
      .text(call.kind)
      .text(call.outcome)
      .text(call.sourceId)
      .text(call.corrects)
      .text(call.service)
      .text(call.agentCode)
      .texts(call.flags);
  });
  await tx.copy(KEY, keys);
  await tx.copy(RECORD, records);
}

const MONTH = 'SELECT call_record_month($1)';

const DAY = 86_400_000;

/** Sees to it that there is a place for every call's month. */
export async function openMonths(
  query: (text: string, values: unknown[]) => Promise<unknown>,
  told: readonly Told[],
): Promise<void> {
  const days = new Set(told.map(({ call }) => Math.floor(call.startedAt / DAY)));
  const months = new Set([...days].map((day) => new Date(day * DAY).toISOString().slice(0, 7)));
  for (const month of [...months].toSorted()) await query(MONTH, [`${month}-01T00:00:00Z`]);
}
