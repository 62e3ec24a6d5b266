import { createHash } from 'node:crypto';
import { stringify } from 'csv-stringify/sync';
import { canonicalBytes } from '../platform/canonical';
import type { AccessReview, AccessReviewItem } from './access-review.entity';

/** What is shown of an item to whoever checks the campaign: ids and no names, so that it stays what it was when a person is erased. */
const COLUMNS = [
  ...(['id', 'roleGrantId', 'userId', 'role', 'accountId', 'lobId', 'endsAt', 'grantedAt', 'grantedById'] as const),
  ...(['lastUsedAt', 'reviewerId', 'verdict', 'reason', 'decidedAt', 'decidedById'] as const),
  ...(['reduceToAccountId', 'reduceToLobId', 'reduceToEndsAt'] as const),
] satisfies (keyof AccessReviewItem)[];

/** Of campaigns that looked at keys of systems: the evidence of those before is to the byte what was digested then. */
const OF_KEYS = ['apiKeyId', 'scopes'] as const satisfies (keyof AccessReviewItem)[];

function shown(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  // As text, so that it stands in one cell of a table.
  return Array.isArray(value) ? value.join(' ') : (value ?? null);
}

type Reviewed = Pick<AccessReview, 'id' | 'name' | 'dueAt' | 'createdAt' | 'startedById'>;

/** All that was reviewed and said, as it was when the campaign was closed: as JSON (RFC 8785) and for people, as CSV. */
export function evidenceOf(
  review: Reviewed,
  items: readonly AccessReviewItem[],
  closedAt: Date,
): { json: string; csv: string } {
  const sorted = items.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const columns = items.some(({ apiKeyId }) => apiKeyId !== null) ? [...COLUMNS, ...OF_KEYS] : COLUMNS;
  const rows = sorted.map((item) => Object.fromEntries(columns.map((column) => [column, shown(item[column])])));
  const { id, name, dueAt, createdAt, startedById } = review;
  const about = { id, name, dueAt, startedAt: createdAt, startedById, closedAt };
  const told = Object.fromEntries(Object.entries(about).map(([key, value]) => [key, shown(value)]));
  return {
    json: canonicalBytes({ accessReview: told, items: rows }).toString('utf8'),
    // Texts that a spreadsheet would take for a formula stand behind an apostrophe.
    csv: stringify(
      rows.map((row) => columns.map((column) => row[column])),
      { header: true, columns: [...columns], escape_formulas: true },
    ),
  };
}

/** SHA-256 in hex. */
export const digestOf = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** So many of them, by a seed: whoever has the pack and the seed finds the same ones. */
export const sampleOf = <T extends { id: string }>(items: readonly T[], seed: string, size: number): T[] =>
  items
    .map((item) => ({ item, place: digestOf(`${seed} ${item.id}`) }))
    .toSorted((one, other) => (one.place < other.place ? -1 : 1))
    .slice(0, size)
    .map(({ item }) => item);
