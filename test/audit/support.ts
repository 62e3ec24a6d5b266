import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { Client } from 'pg';
import type { TestApp } from '../support/app';
import { TEST_MASTER_KEY } from '../support/config';

/** How many rows each table of the business and of the trail has: a rollback is proved by counting. */
export async function countEverything(t: TestApp): Promise<Record<string, number>> {
  const tables = await t.sql<{ name: string }>(
    `SELECT oid::regclass::text AS name FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
       AND relnamespace IN ('public'::regnamespace, 'audit'::regnamespace)
       -- Counts of tries are figures, kept outside of every transaction.
       AND oid <> 'sign_in_tries'::regclass ORDER BY 1`,
  );
  const counts = tables.map(({ name }) => `SELECT '${name}' AS name, count(*)::int AS count FROM ${name}`);
  const rows = await t.sql<{ name: string; count: number }>(counts.join(' UNION ALL '));
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}

/** The same with so many events more. */
export const withEvents = (counts: Record<string, number>, more: number): Record<string, number> => ({
  ...counts,
  'audit.event': counts['audit.event']! + more,
  'audit.content': counts['audit.content']! + more,
});

/** One connection as the owner, since a setting of a session is gone with it. */
export async function asOwner<T>(t: TestApp, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: t.ownerUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** RFC 8785 for what events are made of, written again here so that the code's own is checked by another. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const of = value as Record<string, unknown>;
  // JavaScript sorts strings by UTF-16 units, which is what the RFC asks for.
  const keys = Object.keys(of).toSorted();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(of[key])}`).join(',')}}`;
}

const derived = (purpose: string, bytes: number) =>
  Buffer.from(
    hkdfSync('sha256', Buffer.from(TEST_MASTER_KEY, 'base64'), Buffer.alloc(0), `countersign/1/${purpose}`, bytes),
  );

export const AUDIT_KEY = derived('audit events', 32);
export const KEY_ID = derived('key id', 4).toString('hex');

export const leafOf = (content: Buffer) =>
  createHash('sha256')
    .update(Buffer.concat([Buffer.from([0]), content]))
    .digest('hex');

export const macOf = (content: Buffer) => createHmac('sha256', AUDIT_KEY).update(content).digest('hex');

export interface StoredEvent {
  id: string;
  at: Date;
  action: string;
  outcome: string;
  actor_id: string | null;
  on_behalf_of_id: string | null;
  subject_type: string | null;
  subject_id: string | null;
  change_request_id: string | null;
  request_id: string;
  content: Buffer;
  hash: Buffer;
  mac: Buffer;
  key_id: string;
}

export const storedEvents = (t: TestApp): Promise<StoredEvent[]> =>
  t.sql<StoredEvent>('SELECT * FROM audit.told ORDER BY at DESC, id DESC');

/** The ids of events whose bytes are not what was written with the key. */
export const altered = (events: readonly StoredEvent[]): string[] =>
  events
    .filter(
      ({ content, mac, hash }) => macOf(content) !== mac.toString('hex') || leafOf(content) !== hash.toString('hex'),
    )
    .map(({ id }) => id);
