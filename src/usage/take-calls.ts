import { DAY } from '../platform/durations';
import type { Transaction } from '../platform/transaction';
import type { Call } from './call-line.rules';
import { type Into, KEY, RECORD, saidBy, WrittenCalls } from './call-rows';
import { lockLedger } from './usage-ledger';

export interface Taken {
  fresh: number;
  known: number;
  /** Lines whose source id stands for another record. */
  reused: { line: number; text: string }[];
}

/**
 * Adds the calls that are not there yet. One transaction of an account after the other, from here to its end: so no two find the same call missing, and
 * a sequence that can be seen is never overtaken by a lower one. With `expectKnown` calls of this import were known before: more of them will be.
 */
export async function takeCalls(
  tx: Transaction,
  { accountId, number }: Pick<Into, 'accountId' | 'number'>,
  calls: WrittenCalls,
  expectKnown: boolean,
): Promise<Taken> {
  const all = calls.all;
  if (all.length === 0) return { fresh: 0, known: 0, reused: [] };
  const base = await lockLedger(tx, accountId, all.length);
  const starts = all.map((call) => calls.startedAt(call));
  await openMonths((text, values) => tx.query(text, values), starts);
  // What a batch says twice it says once.
  const first = all.filter((call) => calls.firstOf(call) === call);
  // Mostly all of a batch is new, or all of it is known: to look for each first would cost more than the first to be refused.
  const present =
    !expectKnown && (await tx.unlessThere(() => copy(tx, calls, first, base)))
      ? new Map<number, Buffer>()
      : await presentCalls(tx, accountId, number, calls, first);
  const fresh = first.filter((call) => !present.has(call));
  if (present.size > 0 || expectKnown) await copy(tx, calls, fresh, base);
  const days = { starts: fresh.map((call) => starts[call]!), corrected: calls.corrects(fresh) };
  await touchDays(tx, { accountId, number }, days, base + all.length);
  const sameAsFirst = (call: number) => {
    const one = calls.firstOf(call);
    return calls.said(call).equals(present.get(one) ?? calls.said(one));
  };
  const others = fresh.length === all.length ? [] : all.filter((call) => !sameAsFirst(call));
  const reused = others.map((call) => calls.line(call));
  return { fresh: fresh.length, known: all.length - fresh.length - reused.length, reused };
}

export const SOURCE = 'SELECT number FROM usage_source WHERE account_id = $1 AND code = $2';
const NEW_SOURCE = 'INSERT INTO usage_source (account_id, code) VALUES ($1, $2) RETURNING number';

/** The number of a source, which has one from the first import on. */
export async function sourceNumber(tx: Transaction, accountId: string, source: string): Promise<number> {
  const ofIt = () => tx.query<{ number: number }>(SOURCE, [accountId, source]);
  const [known] = await ofIt();
  if (known) return known.number;
  // Whoever else makes it waits here, and looks again.
  await lockLedger(tx, accountId, 0);
  const [made] = await ofIt();
  return (made ?? (await tx.write<{ number: number }>(NEW_SOURCE, [accountId, source]))[0]!).number;
}

const KNOWN = 'SELECT id, started_at FROM call_key WHERE source_number = $1 AND source_id = ANY($2)';
const PRESENT = `SELECT r.* FROM call_record r
  JOIN unnest($2::timestamptz[], $3::uuid[]) AS k (started_at, id) ON r.started_at = k.started_at AND r.id = k.id WHERE r.account_id = $1
    AND r.started_at BETWEEN $4 AND $5`;

/** What is said already under the source ids of these calls. */
async function presentCalls(
  tx: Transaction,
  accountId: string,
  number: number,
  calls: WrittenCalls,
  of: readonly number[],
): Promise<Map<number, Buffer>> {
  const ids = of.map((call) => calls.sourceId(call));
  const keys = await tx.query<{ id: string; started_at: Date }>(KNOWN, [number, ids]);
  if (keys.length === 0) return new Map();
  const starts = keys.map(({ started_at: at }) => at);
  const times = starts.map((at) => at.getTime());
  const bounds = [Math.min(...times), Math.max(...times)].map((at) => new Date(at));
  const rows = await tx.query<Row>(PRESENT, [accountId, starts, keys.map(({ id }) => id), ...bounds]);
  const places = new Map(ids.map((id, place) => [id, of[place]!]));
  return new Map(rows.map((row) => [places.get(row.source_id)!, saidBy(callOf(row))]));
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
  { accountId, number }: Pick<Into, 'accountId' | 'number'>,
  { starts, corrected }: { starts: readonly number[]; corrected: readonly string[] },
  sequence: number,
): Promise<void> {
  if (starts.length === 0) return;
  const quarters = new Set(starts.map((at) => Math.floor(at / QUARTER)));
  await tx.write(TOUCH_QUARTERS, [accountId, [...quarters], sequence]);
  if (corrected.length > 0) await tx.write(TOUCH_CORRECTED, [accountId, number, corrected, sequence]);
}

async function copy(tx: Transaction, calls: WrittenCalls, some: readonly number[], base: number): Promise<void> {
  if (some.length === 0) return;
  calls.numberFrom(base + 1, some);
  await tx.copy(KEY, calls.keysOf(some));
  await tx.copy(RECORD, calls.recordsOf(some));
}

const MONTH = 'SELECT call_record_month($1)';

/** Sees to it that there is a place for every month in which a call starts. In ms. */
export async function openMonths(
  query: (text: string, values: unknown[]) => Promise<unknown>,
  starts: readonly number[],
): Promise<void> {
  const days = new Set(starts.map((at) => Math.floor(at / DAY)));
  const months = new Set([...days].map((day) => new Date(day * DAY).toISOString().slice(0, 7)));
  for (const month of [...months].toSorted()) await query(MONTH, [`${month}-01T00:00:00Z`]);
}
