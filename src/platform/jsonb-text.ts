import { Decimal } from 'decimal.js';

/** The order of the keys of a jsonb object: the shorter first, those of one length by their bytes. */
function byKey([one]: [string, unknown], [other]: [string, unknown]): number {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length - b.length || a.compare(b);
}

/** A JSON value as PostgreSQL writes it once it is a `jsonb`. What JSON leaves out (undefined) is left out. */
export function jsonbText(value: unknown): string {
  return write(JSON.parse(JSON.stringify(value)) as unknown);
}

function write(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '0' : new Decimal(value).toFixed();
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(write).join(', ')}]`;
  const members = Object.entries(value).toSorted(byKey);
  return `{${members.map(([key, each]) => `${JSON.stringify(key)}: ${write(each)}`).join(', ')}}`;
}
