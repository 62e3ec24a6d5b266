import type { ClientBase } from 'pg';
import { newId } from '../platform/ids';
import { checkpointText } from './checkpoint';
import { openNote, signNote } from './note';
import { NoteError, type NoteSigner } from './note-keys';
import { Frontier, type TreeNode } from './tree';

/** How many events one batch seals at most: what it holds up, and what a crash undoes, stays small. */
export const BATCH = 500;

/** Nodes are kept at every so many levels; those between are made of at most 2^3 of them. */
export const LEVELS_APART = 4;

/** A head of the tree, as it was signed. */
export interface SignedHead {
  readonly size: number;
  readonly note: string;
}

/** What a batch came to. `busy`: somebody else is sealing. `more`: there may be events that it did not get to. */
export interface Batch {
  readonly busy: boolean;
  readonly more: boolean;
  readonly head: SignedHead | null;
}

interface Head {
  size: string;
  frontier: Buffer;
  sealed: string;
  target: string | null;
  xid: string;
  id: string;
}

interface Unsealed {
  id: string;
  hash: Buffer;
  xid: string;
}

/** A snapshot to which nothing is over. */
const NOTHING = '1:1:';

const LARGEST = '18446744073709551615';

/** The row of one head: whoever holds it seals, others go away. */
const HEAD = `SELECT size, frontier, sealed::text, target::text, xid::text, id FROM audit.head FOR UPDATE SKIP LOCKED`;

/**
 * In a snapshot of its own, taken after the head was locked. A restored dump counts transactions anew: what was seen as over by
 * greater numbers says nothing of them, so all is looked at again.
 */
const NOW = `SELECT pg_current_snapshot()::text AS target, pg_snapshot_xmax(pg_current_snapshot()) < pg_snapshot_xmax($1::pg_snapshot) AS anew`;

/**
 * What was committed by the target's instant and not yet by that of the last round, in an order that does not change while it is
 * worked through. A number that is greater than another's says nothing of who committed first, hence snapshots, not `xid > last`.
 * Where nothing is known of any round, whatever is there counts: it may come from another cluster, with greater numbers. Later rounds
 * do not look at those again: nothing that the target shows as over has a number beyond its last.
 */
const UNSEALED = `SELECT e.id, e.hash, e.xid::text FROM audit.event e
  WHERE (e.xid, e.id) > ($3::xid8, $4::uuid) AND e.xid >= pg_snapshot_xmin($1::text::pg_snapshot)
    AND e.xid < CASE WHEN $1::text = '${NOTHING}' THEN '${LARGEST}'::xid8 ELSE pg_snapshot_xmax($2::pg_snapshot) END
    AND ($1::text = '${NOTHING}' OR (pg_visible_in_snapshot(e.xid, $2::pg_snapshot) AND NOT pg_visible_in_snapshot(e.xid, $1::text::pg_snapshot)))
    AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.event_id = e.id)
  ORDER BY e.xid, e.id LIMIT $5`;

const LEAVES = `INSERT INTO audit.leaf (place, event_id, hash)
  SELECT $1::bigint + n - 1, event_id, hash FROM unnest($2::uuid[], $3::bytea[]) WITH ORDINALITY AS u (event_id, hash, n)`;

const NODES = `INSERT INTO audit.node (level, index, hash) SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])`;

const CHECKPOINT = `INSERT INTO audit.checkpoint (id, size, root, note, created_at) VALUES ($1, $2, $3, $4, $5)`;

const MOVE = `UPDATE audit.head SET size = $1, frontier = $2, sealed = $3, target = $4, xid = $5, id = $6`;

const NOBODY = { xid: '0', id: '00000000-0000-0000-0000-000000000000' };

/**
 * Gives the events that were committed since their places in the tree, at most BATCH of them, and signs its new head; in one transaction, so
 * that either all of that is there or nothing. `earlier` are those who signed before the key was rotated.
 */
export async function sealBatch(
  client: ClientBase,
  signer: NoteSigner,
  now: Date,
  earlier: readonly NoteSigner[] = [],
): Promise<Batch> {
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  try {
    const batch = await sealed(client, signer, now, earlier);
    await client.query('COMMIT');
    return batch;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function sealed(
  client: ClientBase,
  signer: NoteSigner,
  now: Date,
  earlier: readonly NoteSigner[],
): Promise<Batch> {
  const [head] = (await client.query<Head>(HEAD)).rows;
  if (!head) return { busy: true, more: false, head: null };
  const round = await roundOf(client, head);
  const events = await unsealed(client, round);
  const last = events.at(-1);
  const more = events.length === BATCH;
  if (!last) {
    // A round that began just now and found nothing leaves all as it is: a trail at rest is not written to each second.
    if (head.target !== null || round.from === NOTHING) await move(client, head, round, NOBODY, false);
    return { busy: false, more, head: null };
  }
  const frontier = Frontier.from(Number(head.size), head.frontier);
  const completed: TreeNode[] = [];
  frontier.appendAll(
    events.map(({ hash }) => hash),
    completed,
  );
  const { size } = frontier;
  const root = frontier.root();
  const handing = await handingOver(client, signer, earlier);
  const extensions = [`time ${now.toISOString()}`, ...(handing.length > 0 ? [`key ${signer.key.text}`] : [])];
  const text = checkpointText({ origin: signer.key.name, size, root, extensions });
  const note = signNote(text, [signer, ...handing]);
  await client.query(LEAVES, [head.size, events.map(({ id }) => id), events.map(({ hash }) => hash)]);
  const kept = completed.filter(({ level }) => level % LEVELS_APART === 0);
  if (kept.length > 0)
    await client.query(NODES, [
      kept.map(({ level }) => level),
      kept.map(({ index }) => index),
      kept.map(({ hash }) => hash),
    ]);
  await client.query(CHECKPOINT, [newId(), size, root, note, now]);
  await move(client, { size: String(size), frontier: frontier.hashes() }, round, last, more);
  return { busy: false, more, head: { size, note } };
}

const LAST_HEAD = 'SELECT note FROM audit.checkpoint ORDER BY size DESC LIMIT 1';

/**
 * Those of earlier keys who signed the last head, where the present key did not: they sign the next one with it, and that it is the
 * next key. So whoever has only the earlier one sees it handed over.
 */
async function handingOver(
  client: ClientBase,
  signer: NoteSigner,
  earlier: readonly NoteSigner[],
): Promise<readonly NoteSigner[]> {
  const [last] = earlier.length === 0 ? [] : (await client.query<{ note: string }>(LAST_HEAD)).rows;
  if (!last) return [];
  try {
    const { signedBy } = openNote(
      last.note,
      [signer, ...earlier].map(({ key }) => key),
    );
    return signedBy.includes(signer.key) ? [] : earlier.filter(({ key }) => signedBy.includes(key));
  } catch (error) {
    if (error instanceof NoteError) return [];
    throw error;
  }
}

/** From which instant to which, and how far between them. */
interface Round {
  readonly from: string;
  readonly to: string;
  readonly after: { xid: string; id: string };
}

/** The round that is under way, or a new one up to now. */
async function roundOf(client: ClientBase, { sealed: from, target, xid, id }: Head): Promise<Round> {
  const [now] = (await client.query<{ target: string; anew: boolean }>(NOW, [target ?? from])).rows;
  if (now!.anew) return { from: NOTHING, to: now!.target, after: NOBODY };
  return target ? { from, to: target, after: { xid, id } } : { from, to: now!.target, after: NOBODY };
}

async function unsealed(client: ClientBase, { from, to, after }: Round): Promise<Unsealed[]> {
  return (await client.query<Unsealed>(UNSEALED, [from, to, after.xid, after.id, BATCH])).rows;
}

async function move(
  client: ClientBase,
  { size, frontier }: Pick<Head, 'size' | 'frontier'>,
  { from, to }: Round,
  { xid, id }: { xid: string; id: string },
  more: boolean,
): Promise<void> {
  const [done, target] = more ? [from, to] : [to, null];
  const place = more ? { xid, id } : NOBODY;
  await client.query(MOVE, [size, frontier, done, target, place.xid, place.id]);
}
