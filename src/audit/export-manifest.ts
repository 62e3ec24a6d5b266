import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { refuse } from '../platform/errors';
import { isSize } from './nodes';

/** The files of an export, beside its manifest. */
export const EVENTS = 'events.jsonl';
export const MACS = 'macs.txt';
export const CSV = 'events.csv';
export const CHECKPOINTS = 'checkpoints.txt';
export const FILES = [EVENTS, MACS, CSV, CHECKPOINTS] as const;
export type ExportedName = (typeof FILES)[number];
export const MANIFEST = 'manifest.json';

/** So many lines, a whole subtree of their leaves, are verified as one piece of work. */
export const BLOCK = 8_192;

const size = z.number().refine(isSize);

const file = z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: size, lines: size });

const manifest = z.strictObject({
  /** The version of the export's form. */
  form: z.literal(1),
  /** The name of the trail. */
  origin: z.string().min(1),
  /** The line of the key that signed the covering head, where it was known. It is said, not proved: verify with one from elsewhere. */
  key: z.string().nullable(),
  /** The lines of all that signed a head of it, the earliest first, where they are several: the key was rotated meanwhile. */
  keys: z.array(z.string()).optional(),
  exportedAt: z.iso.datetime(),
  /** Events of which instants were asked for: from the first on, before the second. */
  asked: z.strictObject({ from: z.iso.datetime(), to: z.iso.datetime() }),
  /** The place of the first line. */
  first: size,
  /** The size of the covering head, so the place after that of the last line. */
  end: size,
  /** Lines: end - first. */
  count: size,
  /** Lines of which only the hash is left. */
  dropped: size,
  /** Of the tree of `first` leaves: the hashes of its perfect subtrees from left to right, in base64. */
  frontier: z.base64(),
  /** The bytes of the events' file before the lines of those places after the first that are multiples of BLOCK. */
  offsets: z.array(size),
  /** By the names of the files. */
  files: z.strictObject({ [EVENTS]: file, [MACS]: file, [CSV]: file, [CHECKPOINTS]: file }),
  /** The note of the covering head. */
  checkpoint: z.string().min(1),
});

/** What an export says of itself. None of it can be believed before the root of a signed head came out right. */
export type Manifest = Readonly<z.infer<typeof manifest>>;
export type ExportedFile = z.infer<typeof file>;

/** Refuses with AUDIT_EXPORT_UNREADABLE where there is none, or none of a known form. */
export async function readManifest(folder: string): Promise<Manifest> {
  const unreadable = (why: string) => refuse('AUDIT_EXPORT_UNREADABLE', `${folder} is no export of the trail: ${why}`);
  try {
    const parsed = manifest.safeParse(JSON.parse(await readFile(path.join(folder, MANIFEST), 'utf8')));
    if (parsed.success) return parsed.data;
    const wrong = parsed.error.issues.map((issue) => issue.path.join('.') || issue.message);
    return unreadable(`these members of ${MANIFEST} are not as they must be: ${[...new Set(wrong)].join(', ')}.`);
  } catch (error) {
    if (error instanceof SyntaxError) unreadable(`${MANIFEST} is no JSON.`);
    if ((error as NodeJS.ErrnoException).code) unreadable((error as Error).message);
    throw error;
  }
}
