import { Client } from 'pg';
import { type App, ownContext } from '../platform/context';
import { AUDITOR_ROLE } from '../platform/database-roles';
import { refuse } from '../platform/errors';
import { allKeys, type KeyRing, keysNamed } from '../platform/keys';
import { inTransaction, type Transaction } from '../platform/transaction';
import { record } from './record';

/** Ids of master keys as the trail has them; null where there is none. */
interface KeysInForce {
  /** That under which the latest event was written. */
  readonly latest: string | null;
  /** That under which the last rotation was told: the one that it came to. */
  readonly rotated: string | null;
}

/** The last of some events by the number of its transaction, which nobody who writes one can set. What is no id of ours no ring could have. */
const lastOf = (events: string): string =>
  `(SELECT c.key_id FROM ${events} e JOIN audit.content c ON c.event_id = e.id AND c.written_at = e.written_at
    WHERE c.key_id ~ '^[0-9a-f]{8}$' ORDER BY e.xid DESC, e.id DESC LIMIT 1)`;

/** Rotations are found by their action, few as they are: whoever looks for the last event of any that is one reads them all where there is none. */
const IN_FORCE = `WITH rotation AS MATERIALIZED (SELECT id, xid, written_at FROM audit.event WHERE action = 'keys.rotated')
  SELECT ${lastOf('audit.event')} AS latest, ${lastOf('rotation')} AS rotated`;

/** Refuses with MASTER_KEY_UNKNOWN. */
function assertInRing({ latest, rotated }: KeysInForce, ring: KeyRing): void {
  const missing = [...new Set([latest, rotated])].filter((id) => id !== null && !keysNamed(ring, id));
  if (missing.length === 0) return;
  const [current, ...retired] = allKeys(ring).map(({ id }) => id);
  refuse(
    'MASTER_KEY_UNKNOWN',
    `The trail was last written under the master key ${missing.join(' and ')}, which is not at hand: MASTER_KEY is ${current}, ` +
      `MASTER_KEYS_RETIRED ${retired.join(', ') || 'empty'}. Set MASTER_KEY to it, or, if it was rotated, add it to MASTER_KEYS_RETIRED.`,
    { missing },
  );
}

/**
 * Whoever has not the key that the trail was last written under has the wrong one: sealed values would not open, and heads be signed by
 * somebody whom nobody knows. Asked before anything is written, by the owner of the database or the API. Refuses with MASTER_KEY_UNKNOWN.
 */
export async function assertKeysKnown(url: string, ring: KeyRing): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
    if (await isReadable(client)) assertInRing((await client.query<KeysInForce>(IN_FORCE)).rows[0]!, ring);
  } finally {
    // What it was granted goes with it.
    await client.end();
  }
}

const THERE = `SELECT has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE') AS readable
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'audit' AND c.relname = 'content'`;

const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Whether there is a trail yet that can be read. An owner who is no superuser may not, but may become an auditor for this transaction. One who
 * may not even that is told a moment later, by the API: see `tellOfRotation`.
 */
async function isReadable(client: Client): Promise<boolean> {
  const [trail] = (await client.query<{ readable: boolean }>(THERE)).rows;
  if (!trail || trail.readable) return Boolean(trail);
  try {
    await client.query(`GRANT ${AUDITOR_ROLE} TO CURRENT_USER`);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === INSUFFICIENT_PRIVILEGE) return false;
    throw error;
  }
}

/** The master key that the trail was last told of, or else was last written under. */
export async function keyInForce(tx: Transaction): Promise<string | null> {
  const [inForce] = await tx.query<KeysInForce>(IN_FORCE);
  return inForce!.rotated ?? inForce!.latest;
}

/** The same, to whoever is about to write under keys of theirs. Refuses with MASTER_KEY_UNKNOWN. */
export async function assertedInForce(tx: Transaction): Promise<string | null> {
  const [inForce] = await tx.query<KeysInForce>(IN_FORCE);
  assertInRing(inForce!, tx.context.app.keys);
  return inForce!.rotated ?? inForce!.latest;
}

/** The first who comes under a new key tells of it; whoever comes at the same time waits, and finds it told. Refuses with MASTER_KEY_UNKNOWN. */
export function tellOfRotation(app: App): Promise<void> {
  return inTransaction(ownContext(app, 'lifecycle'), async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('countersign keys'))`);
    const before = await assertedInForce(tx);
    if (before === null || before === app.keys.id) return;
    const changes = [{ path: 'masterKey', before, after: app.keys.id }];
    await record(tx, { action: 'keys.rotated', outcome: 'DONE', changes });
  });
}
