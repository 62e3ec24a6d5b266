import { createHash } from 'node:crypto';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Pool } from 'pg';
import { passesLuhn } from '../../src/platform/card-numbers';
import { isAadhaar } from '../../src/platform/normal-forms';
import { PASSWORD } from './cast';
import { TEST_MASTER_KEY } from './config';

/*
 * Values of each kind that nobody else has in this run. Whatever sets a scene plants them; whatever leaves an app, and whatever is left in its database, is searched for them,
 * in every test. One that is found fails the test, by its kind and where it was.
 */

const seed = process.env.COUNTERSIGN_TEST_PREFIX ?? 'no run';
const digits = (kind: string, count: number): string =>
  BigInt(`0x${createHash('sha256').update(`${seed} ${kind}`).digest('hex')}`)
    .toString()
    .slice(-count);
const hex = (kind: string) => createHash('sha256').update(`${seed} ${kind}`).digest('hex').slice(0, 12);
/** The body with the digit behind it that has it pass. */
const checked = (body: string, passes: (number: string) => boolean): string =>
  Array.from('0123456789', (check) => body + check).find(passes)!;

/** As each is kept: in its normal form. */
export const CANARIES = {
  taxId: `TX-${hex('tax').toUpperCase()}-000`,
  bankAccountNumber: `CNRY${hex('bank').toUpperCase()}6789`,
  email: `canary.${hex('mail')}@mail.example`,
  phone: `+1202${digits('phone', 9)}`,
  cardNumber: checked(`4${digits('card', 14)}`, passesLuhn),
  aadhaar: checked(`7${digits('aadhaar', 10)}`, isAadhaar),
  password: PASSWORD,
  masterKey: TEST_MASTER_KEY,
} as const;

/** Somebody who complains. */
export const CANARY_CUSTOMER = {
  email: CANARIES.email,
  phone: CANARIES.phone,
  cardNumber: CANARIES.cardNumber,
};

/** What people write, with numbers in it that are masked before it is kept. */
export const CANARY_TEXT = `paid with ${inFours(CANARIES.cardNumber)}, aadhaar ${inFours(CANARIES.aadhaar)}, write to ${CANARIES.email}`;

function inFours(number: string): string {
  return number.replace(/(\d{4})(?=\d)/g, '$1 ');
}

/** What would be one: of an address the part before the `@`, of a card more than a mask shows; as it is, in fours, in small letters, and as bytes. */
function formsOf(kind: string, value: string): string[] {
  const told = kind === 'email' ? value.slice(0, value.indexOf('@')) : value;
  const parts = kind === 'cardNumber' ? [value.slice(0, 12), value.slice(-12)] : [];
  return [told, told.toLowerCase(), ...(/^\d+$/.test(told) ? [inFours(told)] : []), ...parts].flatMap((form) => [
    form,
    Buffer.from(form).toString('hex'),
  ]);
}

const kinds = new Map(
  Object.entries(CANARIES).flatMap(([kind, value]) => formsOf(kind, value).map((form) => [form, kind] as const)),
);
const FORM = new RegExp([...kinds.keys()].map((form) => form.replace(/[+.*?()[\]\\]/g, '\\$&')).join('|'));
const LONGEST = Math.max(...Array.from(kinds.keys(), ({ length }) => length));

interface Leak {
  test: string;
  kind: string;
  place: string;
}
let leaks: Leak[] = [];

/** Those that were found since, which are forgotten. */
export function takeLeaks(): Leak[] {
  const taken = leaks;
  leaks = [];
  return taken;
}

/** Throws on those that were found since. */
export function assertNoLeaks(): void {
  const found = takeLeaks();
  if (found.length === 0) return;
  const lines = found.map(({ test, kind, place }) => `  ${kind} in ${place} (${test})`);
  throw new Error(`A planted value came out:\n${[...new Set(lines)].join('\n')}`);
}

const currentTest = (): string => expect.getState().currentTestName ?? expect.getState().testPath ?? 'no test';

/** Looks for planted values in what came out somewhere. */
export function search(place: string, text: string): void {
  const found = FORM.exec(text);
  if (found) leaks.push({ test: currentTest(), kind: kinds.get(found[0])!, place });
}

/** What somebody asked to see, in the answer of `revealSensitiveValue`. */
const REVEALED = /"value":"(?:[^"\\]|\\.)*"/g;

/** Searches every byte that a server sends: answers of whatever protocol, and their heads. */
export function searchAnswersOf(server: Server): void {
  server.on('connection', (socket: Socket) => {
    let tail = '';
    const look = (chunk: unknown, encoding: unknown) => {
      if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return;
      const text =
        typeof chunk === 'string' && encoding !== 'latin1' && encoding !== 'hex'
          ? chunk
          : Buffer.from(chunk as string, encoding as BufferEncoding).toString();
      search('an answer', tail + text.replace(REVEALED, ''));
      tail = text.slice(-LONGEST).replace(REVEALED, '');
    };
    for (const way of ['write', 'end'] as const) {
      const send = socket[way].bind(socket) as (...args: unknown[]) => never;
      socket[way] = (...args: unknown[]) => {
        look(args[0], args[1]);
        return send(...args);
      };
    }
  });
}

/** So many rows of a table are searched at most, so that tests of a million of rows take no minute more. */
const ROWS = 20_000;

/** Every table that has a column that could hold a text, as one statement. What is sealed is searched, too: in the clear it would be found. */
const TABLES = `SELECT format('SELECT %L AS place, (SELECT string_agg(r::text, E''\\n'') FROM (SELECT * FROM %I.%I LIMIT ${ROWS}) r) AS rows',
    c.relname, n.nspname, c.relname) AS text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND pg_relation_size(c.oid) > 0
    AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      AND a.atttypid IN ('text'::regtype, 'bytea'::regtype, 'jsonb'::regtype, 'json'::regtype, 'text[]'::regtype, 'varchar'::regtype))`;

/** Searches every row of a database: what is in columns and, in their bytes, what events tell. */
export async function searchDatabase(pool: Pool): Promise<void> {
  const { rows: tables } = await pool.query<{ text: string }>(TABLES);
  if (tables.length === 0) throw new Error('There is no table to search.');
  // Here rather than there: PostgreSQL takes many times as long for the same expression.
  const { rows: found } = await pool.query<{ place: string; rows: string | null }>(
    tables.map(({ text }) => text).join(' UNION ALL '),
  );
  for (const { place, rows } of found) search(`table ${place}`, rows ?? '');
}
