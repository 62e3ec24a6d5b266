import type { Finding, FindingKind } from './findings';
import { macFault, type MacKey, macMessage } from './mac-keys';
import { FOUND_BY, type FoundBy, type PlacedEvent, readTold, type Told } from './placed-event';
import { leafHash } from './tree';

export interface EventRules {
  readonly macKeys: readonly MacKey[];
  /** What was written before this instant may have no content any more. */
  readonly keptSince: Date;
}

export interface CheckedEvent {
  readonly findings: readonly Finding[];
  /** What it says, if it says anything that an event can say. */
  readonly told: Told | null;
}

/** What is wrong with one event: with what it says, where it is hashed, and how it is found. */
export function checkEvent(event: PlacedEvent, rules: EventRules): CheckedEvent {
  const { place, eventId, leaf, hash, known, bytes } = event;
  const findings: Finding[] = [];
  const add = (kind: FindingKind, message: string) =>
    findings.push({ kind, places: place === null ? null : [place, place], message: `Event ${eventId}: ${message}` });
  if (!known) {
    add('EVENT_MISSING', 'there is no row of it.');
    return { findings, told: null };
  }
  if (leaf && hash && !hash.equals(leaf)) add('HASH_ALTERED', 'its row has another hash than its leaf.');
  if (!bytes) {
    if (!isDropped(event, rules)) add('CONTENT_MISSING', 'what it says is missing, and should still be kept.');
    return { findings, told: null };
  }
  if (!leafHash(bytes).equals(leaf ?? hash!)) add('CONTENT_ALTERED', 'what it says is not what was hashed.');
  const told = readTold(bytes);
  if (!told) add('CONTENT_MALFORMED', 'what it says is no event.');
  for (const column of told ? alteredColumns(event, told) : [])
    add('COLUMN_ALTERED', `its column ${column} is ${event.found[column]}, and it says ${FOUND_BY[column](told!)}.`);
  const fault = macFault(rules.macKeys, bytes, event.keyId ?? '', event.mac ?? Buffer.alloc(0));
  if (fault) add(fault, macMessage(fault, event.keyId ?? ''));
  return { findings, told };
}

/** Whether its time to be kept is over, by the later of the two instants at which it says it was written. */
function isDropped({ found, writtenAt }: PlacedEvent, { keptSince }: EventRules): boolean {
  return new Date(found.at!) < keptSince && writtenAt! < keptSince;
}

const alteredColumns = (event: PlacedEvent, told: Told): FoundBy[] =>
  (Object.keys(FOUND_BY) as FoundBy[]).filter(
    (column) => event.found[column] !== asColumn(column, FOUND_BY[column](told)),
  );

/** As PostgreSQL writes what stands there: ids in small letters, instants to the microsecond. */
function asColumn(column: FoundBy, value: string | null): string | null {
  if (value === null) return null;
  if (column === 'at') return value.replace(/^(.*\.\d{3})Z$/, '$1000Z');
  return column.endsWith('_id') && column !== 'request_id' ? value.toLowerCase() : value;
}
