import type { Findings } from './findings';
import { type Head, openHead } from './heads';
import { namesOfKeys, type NoteKey } from './note-keys';
import { readNotes } from './note-files';

/** What heads that were kept outside came to, before the tree is grown again. */
export interface OutsideHeads {
  /** Heads of sizes within the tree that have still to be compared with it, in the order of their sizes. */
  readonly wanted: Head[];
  read: number;
  /** The greatest that is beyond the tree. */
  beyond: Head | null;
  /** How many there are of sizes at which nothing can be told. */
  untold: number;
  /** The greatest size of which one fits for sure, before the first that may not; 0 for none. */
  agreed: number;
}

/**
 * Reads heads that were kept outside. `known` gives the root of a size where it is at hand, so that only what differs is kept. A head that
 * none of the keys has signed is a finding: either it was changed, or the trail is signed with another key than it was.
 */
export async function readOutsideHeads(
  fileOrFolder: string,
  keys: readonly NoteKey[],
  tree: { first: number; end: number; known?: (sizes: number[]) => Promise<ReadonlyMap<number, string>> },
  findings: Findings,
): Promise<OutsideHeads> {
  const outside: OutsideHeads = { wanted: [], read: 0, beyond: null, untold: 0, agreed: 0 };
  let lowest = Number.POSITIVE_INFINITY;
  const wanted = new Map<string, Head>();
  const sift = async (notes: readonly string[]) => {
    const heads = notes.map((note) => openHead(note, keys));
    const within = heads.filter((head): head is Head => typeof head !== 'string' && head.size <= tree.end);
    const known = await tree.known?.(within.map(({ size }) => size));
    for (const [at, head] of heads.entries()) {
      if (typeof head === 'string') findings.add('OUTSIDE_HEAD_UNSIGNED', null, unsigned(notes[at]!, head, keys));
      else if (head.size > tree.end) outside.beyond = greater(outside.beyond, head);
      else if (head.size < tree.first) outside.untold += 1;
      else if (known?.get(head.size) === head.root.toString('hex')) {
        if (head.size < lowest) outside.agreed = Math.max(outside.agreed, head.size);
      } else {
        wanted.set(`${head.size} ${head.root.toString('hex')}`, head);
        lowest = Math.min(lowest, head.size);
        // They may come out of turn.
        if (outside.agreed >= lowest) outside.agreed = 0;
      }
    }
    outside.read += heads.length;
  };
  const batch: string[] = [];
  for await (const note of readNotes(fileOrFolder)) {
    batch.push(note);
    if (batch.length === BATCH) await sift(batch.splice(0));
  }
  await sift(batch);
  outside.wanted.push(...[...wanted.values()].toSorted((one, other) => one.size - other.size));
  return outside;
}

const BATCH = 500;

const greater = (one: Head | null, other: Head): Head => (one && one.size >= other.size ? one : other);

function unsigned(note: string, why: string, keys: readonly NoteKey[]): string {
  const [origin, size] = note.split('\n');
  return `A head of ${origin}, ${size} leaves, that was kept outside is not signed by ${namesOfKeys(keys)}: ${why}`;
}
