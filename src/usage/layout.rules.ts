import { z } from 'zod';
import { refuse } from '../platform/errors';
import { FIELDS, type FieldName, type Said } from './call-line.rules';

/** How a file is read: docs/USAGE.md explains it. */
export interface Layout {
  readonly format: 'csv' | 'jsonl';
  readonly delimiter: string;
  readonly encoding: string;
  /** The columns that a field is made of, joined with `/`; a field that is not named is the column of its name, unless another is made of that. */
  readonly columns: { readonly [field in FieldName]?: string | readonly string[] };
  /** What values of a field mean. */
  readonly values: { readonly [field in FieldName]?: Readonly<Record<string, string>> };
  /** Values of a field that mean nothing is said. */
  readonly empty: { readonly [field in FieldName]?: readonly string[] };
}

const byField = <T extends z.ZodType>(of: T) => z.partialRecord(z.enum(FIELDS), of).default({});
const name = z.string().min(1).max(200);

const layout = z.strictObject({
  format: z.enum(['csv', 'jsonl']).default('csv'),
  delimiter: z
    .string()
    .length(1)
    .regex(/[^"\r\n]/)
    .default(','),
  encoding: z.enum(['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'iso-8859-1']).default('utf-8'),
  columns: byField(z.union([name, z.array(name).min(1).max(20)])),
  values: byField(z.record(z.string(), z.string().max(200))),
  empty: byField(z.array(z.string()).max(100)),
});

/** Refuses with USAGE_LAYOUT_INVALID, and says where. */
export function readLayout(given: unknown): Layout {
  const parsed = layout.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return refuse(
    'USAGE_LAYOUT_INVALID',
    `The layout is wrong at ${issue!.path.join('.') || 'its top'}: ${issue!.message}.`,
  );
}

export const PLAIN_LAYOUT: Layout = readLayout({});

type Take = (columns: readonly string[]) => string | undefined;
const NOTHING: Take = () => undefined;

/** What a row of columns says, given the header. Refuses with USAGE_COLUMN_MISSING where the layout, or a record, needs one that is not there. */
export function readerOf(of: Layout, header: readonly string[]): (columns: readonly string[]) => Said {
  const takes = new Map(FIELDS.map((field) => [field, takeOf(of, field, header)]));
  for (const needed of ['sourceId', 'lob', 'startedAt'] as const) if (!takes.get(needed)) missing(needed);
  const take = (field: FieldName): Take => takes.get(field) ?? NOTHING;
  const [sourceId, lob, service, agent] = [take('sourceId'), take('lob'), take('service'), take('agent')];
  const [date, startedAt, answeredAt, endedAt] = [take('date'), take('startedAt'), take('answeredAt'), take('endedAt')];
  const [waitSeconds, talkSeconds] = [take('waitSeconds'), take('talkSeconds')];
  const [outcome, resolved, kind, corrects] = [take('outcome'), take('resolved'), take('kind'), take('corrects')];
  // Of one shape, whatever is said: what gets its fields one after the other is moved from memory to memory.
  return (row) => ({
    sourceId: sourceId(row),
    lob: lob(row),
    service: service(row),
    agent: agent(row),
    date: date(row),
    startedAt: startedAt(row),
    answeredAt: answeredAt(row),
    endedAt: endedAt(row),
    waitSeconds: waitSeconds(row),
    talkSeconds: talkSeconds(row),
    outcome: outcome(row),
    resolved: resolved(row),
    kind: kind(row),
    corrects: corrects(row),
  });
}

function takeOf({ columns, values, empty }: Layout, field: FieldName, header: readonly string[]): Take | null {
  const given = columns[field];
  const places = [given ?? field].flat().map((column) => header.indexOf(column));
  // A column that other fields are made of is none of this one, though it has its name.
  if (given === undefined && Object.values(columns).flat().includes(field)) return null;
  if (places.includes(-1)) return given === undefined ? null : missing([given].flat()[places.indexOf(-1)]!);
  const [place] = places;
  const joined: Take =
    places.length === 1 ? (row) => row[place!]?.trim() : (row) => places.map((at) => (row[at] ?? '').trim()).join('/');
  const [meaning, nothing] = [values[field], empty[field] ?? []];
  if (!meaning && nothing.length === 0)
    return (row) => {
      const text = joined(row);
      return text === '' ? undefined : text;
    };
  return (row) => {
    const text = joined(row);
    if (text === undefined || text === '' || nothing.includes(text)) return undefined;
    return meaning && Object.hasOwn(meaning, text) ? meaning[text] : text;
  };
}

const missing = (column: string): never =>
  refuse('USAGE_COLUMN_MISSING', `The file has no column ${column}.`, { column });

/** The values of a JSON object as columns of its keys: numbers and booleans as texts, null as nothing. Null for what holds more than that. */
export function columnsOf(json: unknown, header: readonly string[]): string[] | null {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return null;
  const row = json as Record<string, unknown>;
  const texts = header.map((key) => textOf(Object.hasOwn(row, key) ? row[key] : null));
  return texts.includes(null) ? null : (texts as string[]);
}

/** Null for a list, an object, and a number in whose place another would stand: two ids could become one. */
function textOf(value: unknown): string | null {
  if (value === null) return '';
  if (typeof value === 'number') return Math.abs(value) > Number.MAX_SAFE_INTEGER ? null : String(value);
  return typeof value === 'string' ? value : typeof value === 'boolean' ? String(value) : null;
}

/** The columns that a layout names: the header of lines that have none of their own. */
export const columnsNamed = ({ columns }: Layout): string[] => [
  ...new Set(FIELDS.flatMap((field) => columns[field] ?? field)),
];
