import { type Performer, serveTasks, type Work } from '../audit/worker-pool';
import { DomainError } from '../platform/errors';
import { batchesOf, type FileBatch, type FileLine, isWrong, type Place } from './call-file';
import { type Codes, judge, type Terms } from './call-line.rules';
import { type Into, memoryOf, type WrittenBatch, writeBatch } from './call-rows';
import type { Layout } from './layout.rules';
import type { JudgedLine } from './usage-import.rules';
import { zoneClock } from './zone-clock';

/*
 * The thread that reads a file, judges its lines and writes the rows that they become, while the database takes those before. What it needs of the
 * database it is told.
 */

export interface FileToRead {
  readonly file: string;
  readonly layout: Layout;
  readonly from: Place;
  /** Lines of a batch. */
  readonly size: number;
  readonly timeZone: string;
  readonly into: Into;
}

/** The next batch is read, or the one that was read first of those that were not judged yet is judged. */
export type ReaderTask = 'read' | Codes;

/** A batch that is read names agents; null is the end of the file. What refuses is said in parts, since an error loses its code on the way. */
export type ReaderResult =
  | { readonly kind: 'read'; readonly agents: string[]; readonly place: Place }
  | { readonly kind: 'judged'; readonly batch: WrittenBatch }
  | { readonly kind: 'end' }
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      readonly details: DomainError['details'];
    };

function performer({ file, layout, from, size, timeZone, into }: FileToRead): Performer<ReaderTask, ReaderResult> {
  const batches = batchesOf(file, layout, from, size);
  const read: FileBatch[] = [];
  const toInstant = zoneClock(timeZone);
  const next = async (): Promise<ReaderResult> => {
    const batch = await batches.next();
    if (batch.done === true) return { kind: 'end' };
    const { lines, bytesDone, linesDone } = batch.value;
    read.push(batch.value);
    const agents = new Set<string>();
    for (const { said } of lines) if (!isWrong(said) && said.agent !== undefined) agents.add(said.agent);
    return { kind: 'read', agents: [...agents], place: { bytes: bytesDone, lines: linesDone } };
  };
  const judged = (codes: Codes): ReaderResult => {
    const terms = { ...codes, toInstant };
    const { lines } = read.shift()!;
    return { kind: 'judged', batch: writeBatch(judgedOf(lines, terms), lines.length, into) };
  };
  return {
    perform: async (task) => {
      try {
        return task === 'read' ? await next() : judged(task);
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        const { code, message, details } = error;
        return { kind: 'refused', code, message, details };
      }
    },
    handedOver: (result) => (result.kind === 'judged' ? memoryOf(result.batch) : []),
  };
}

/** One after the other: none is kept longer than until it is written. */
function* judgedOf(lines: readonly FileLine[], terms: Terms): Generator<JudgedLine> {
  for (const { number, text, said } of lines) yield { number, text, judged: isWrong(said) ? said : judge(said, terms) };
}

export const CALL_READER: Work<FileToRead, ReaderTask, ReaderResult> = {
  file: __filename,
  make: performer,
  youngMiB: 96,
};

serveTasks(CALL_READER);
