import { z } from 'zod';
import type { Query } from './stored-nodes';

/** A leaf, and what there is of its event. */
export interface PlacedEvent {
  /** Null: it has none yet. */
  readonly place: number | null;
  readonly eventId: string;
  /** Of the leaf; null where there is none. */
  readonly leaf: Buffer | null;
  /** Whether there is a row of it. */
  readonly known: boolean;
  /** Columns by which it is found, as text: null where they are empty. */
  readonly found: Readonly<Record<FoundBy, string | null>>;
  readonly hash: Buffer | null;
  readonly writtenAt: Date | null;
  /** The canonical bytes; null where they are no more. */
  readonly bytes: Buffer | null;
  readonly mac: Buffer | null;
  readonly keyId: string | null;
}

/** Columns that are derived from what an event says, and where it says that. */
export const FOUND_BY = {
  id: (told: Told) => told.id,
  at: (told: Told) => told.at,
  action: (told: Told) => told.action,
  outcome: (told: Told) => told.outcome,
  actor_id: (told: Told) => told.actor,
  on_behalf_of_id: (told: Told) => told.onBehalfOf,
  subject_type: (told: Told) => told.subject.type,
  subject_id: (told: Told) => told.subject.id,
  change_request_id: (told: Told) => told.changeRequest,
  request_id: (told: Told) => told.request,
} as const;

export type FoundBy = keyof typeof FOUND_BY;

const text = z.string().nullable();

/** What is read of what an event says. Whatever else it says is part of what is hashed, and passed over here. */
const told = z.looseObject({
  form: z.int().positive(),
  id: z.string(),
  at: z.string(),
  action: z.string(),
  outcome: z.string(),
  actor: text,
  onBehalfOf: text,
  subject: z.object({ type: text, id: text }),
  changeRequest: text,
  request: z.string(),
  rows: z
    .array(z.object({ type: z.string(), id: z.uuid(), version: z.int().nonnegative(), digest: text.default(null) }))
    .optional(),
});

export type Told = z.infer<typeof told>;

/** What the bytes of an event say; null if no event says such a thing. */
export function readTold(bytes: Buffer): Told | null {
  try {
    return told.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))).data ?? null;
  } catch {
    return null;
  }
}

const INSTANT = `to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

const COLUMNS = `l.place::float8 AS place, l.hash AS leaf, e.id IS NOT NULL AS known, e.hash, e.written_at AS "writtenAt", c.bytes, c.mac, c.key_id AS "keyId",
  e.id::text, ${INSTANT} AS at, e.action, e.outcome::text, e.actor_id::text, e.on_behalf_of_id::text, e.subject_type, e.subject_id::text,
  e.change_request_id::text, e.request_id`;

const CONTENT = `LEFT JOIN audit.content c ON c.event_id = e.id AND c.written_at = e.written_at`;

const PLACED = `SELECT l.event_id::text AS "eventId", ${COLUMNS} FROM audit.leaf l LEFT JOIN audit.event e ON e.id = l.event_id ${CONTENT}
  WHERE l.place >= $1 AND l.place < $2 ORDER BY l.place`;

const UNPLACED = `SELECT e.id::text AS "eventId", ${COLUMNS} FROM audit.event e LEFT JOIN audit.leaf l ON l.event_id = e.id ${CONTENT}
  WHERE l.place IS NULL AND e.id > $1 ORDER BY e.id LIMIT $2`;

type Row = Omit<PlacedEvent, 'found'> & Record<FoundBy, string | null>;

const asPlaced = (row: Row): PlacedEvent => ({ ...row, found: row });

/** The leaves from a place on and before another, in their order. */
export const readPlaced = async (query: Query, from: number, to: number): Promise<PlacedEvent[]> =>
  (await query<Row>(PLACED, [from, to])).map(asPlaced);

/** Before every id. */
const FIRST = '00000000-0000-0000-0000-000000000000';

/** So many events that have no place, after an id in the order of ids. */
export const readUnplaced = async (query: Query, after: string | null, count: number): Promise<PlacedEvent[]> =>
  (await query<Row>(UNPLACED, [after ?? FIRST, count])).map(asPlaced);
