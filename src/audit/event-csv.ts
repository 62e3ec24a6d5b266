import { stringify } from 'csv-stringify/sync';
import { type PlacedEvent, readTold } from './placed-event';

/** The columns of the file for people, with what they are in what an event says. */
const TOLD = ['roles', 'changes', 'reason', 'code', 'session', 'address', 'userAgent'] as const;
const HEADER = [
  'place',
  'id',
  'at',
  'action',
  'outcome',
  'actor',
  'on_behalf_of',
  'subject_type',
  'subject_id',
  'change_request',
  'request',
  'roles',
  'changes',
  'reason',
  'code',
  'session',
  'address',
  'user_agent',
  'hash',
];

/** Texts that a spreadsheet would take for a formula stand behind an apostrophe. */
const csv = (rows: unknown[][]): string => stringify(rows, { escape_formulas: true });

export const csvHeader = (): string => csv([HEADER]);

/** Lines for people, in the order of the header. Whatever has been dropped is empty. */
export const csvLines = (events: readonly PlacedEvent[]): string => csv(events.map(cellsOf));

function cellsOf({ place, found, leaf, bytes }: PlacedEvent): unknown[] {
  const said: Readonly<Record<string, unknown>> = (bytes && readTold(bytes)) ?? {};
  const columns = [found.id, found.at, found.action, found.outcome, found.actor_id, found.on_behalf_of_id];
  const more = [found.subject_type, found.subject_id, found.change_request_id, found.request_id];
  return [place, ...columns, ...more, ...TOLD.map((member) => cellOf(said[member])), leaf?.toString('hex')];
}

const cellOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
