import { refuse } from '../platform/errors';
import { perfectNodes } from './nodes';
import { readProof } from './proofs';
import { fetchNodes, type Query } from './stored-nodes';

/** Which part of the trail an export holds: whole from one place to a signed head. */
export interface ExportRange {
  readonly first: number;
  /** The size of the covering head: the place after the last. */
  readonly end: number;
  /** The note of that head. */
  readonly checkpoint: string;
  /** The hashes of the perfect subtrees before the first place, from left to right. */
  readonly frontier: Buffer;
}

const EVENTS = `SELECT min(l.place)::float8 AS first, max(l.place)::float8 AS last, count(*)::float8 AS events, count(l.place)::float8 AS sealed
  FROM audit.event e LEFT JOIN audit.leaf l ON l.event_id = e.id WHERE e.at >= $1 AND e.at < $2`;

const COVERING = `SELECT size::float8 AS size, note FROM audit.checkpoint WHERE size > $1 ORDER BY size LIMIT 1`;

/**
 * Finds the places of the events from an instant on and before another, and the smallest head that covers them. Events between them that
 * happened at other times belong to it: a tree has no gaps. Refuses with AUDIT_RANGE_INVALID, AUDIT_RANGE_UNSEALED, AUDIT_RANGE_EMPTY.
 */
export async function findRange(query: Query, from: Date, to: Date, now: Date): Promise<ExportRange> {
  assertRange(from, to, now);
  const [found] = await query<{ first: number | null; last: number | null; events: number; sealed: number }>(EVENTS, [
    from,
    to,
  ]);
  const { first, last, events, sealed } = found!;
  if (events === 0) refuse('AUDIT_RANGE_EMPTY', `Nothing happened from ${from.toISOString()} to ${to.toISOString()}.`);
  if (sealed < events || first === null || last === null)
    refuse(
      'AUDIT_RANGE_UNSEALED',
      `${events - sealed} of the ${events} events of that time are not sealed yet: try again in a minute.`,
    );
  const [head] = await query<{ size: number; note: string }>(COVERING, [last]);
  if (!head) refuse('AUDIT_RANGE_UNSEALED', `No head covers the place ${last}: verify the trail.`);
  return { first, end: head.size, checkpoint: head.note, frontier: await frontierAt(query, first) };
}

/** Both are instants, the first before the second, and the second is over. */
function assertRange(from: Date, to: Date, now: Date): void {
  if (!(from.getTime() < to.getTime()))
    refuse(
      'AUDIT_RANGE_INVALID',
      'A range is given as two instants in ISO 8601, the first before the second: --from 2026-01-01T00:00:00Z --to 2026-02-01T00:00:00Z.',
    );
  if (to > now) refuse('AUDIT_RANGE_UNSEALED', `${to.toISOString()} is yet to come, and so are events before it.`);
}

/** The hashes of the perfect subtrees of so many leaves, from left to right. */
export async function frontierAt(query: Query, size: number): Promise<Buffer> {
  const plan = perfectNodes(0, size).map((node) => [node]);
  return Buffer.concat(await readProof(plan, await fetchNodes(query, plan)));
}
