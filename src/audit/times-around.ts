import type { Finding } from './findings';
import { NoteError } from './note-keys';
import { parseCheckpoint } from './checkpoint';
import { parseNote } from './note';
import type { TimedFinding } from './verdict';

/** Gives each finding the times of the last head before its places and of the first one after them, among these notes. */
export async function timesAround(findings: readonly Finding[], notes: AsyncIterable<string>): Promise<TimedFinding[]> {
  const timed = findings.map((finding) => ({ ...finding, between: [null, null] as [string | null, string | null] }));
  if (!timed.some(({ places }) => places)) return timed;
  for await (const note of notes) {
    const [size, time] = sizeAndTime(note);
    for (const { places, between } of timed) {
      if (places && size <= places[0]) between[0] = time;
      if (places && size > places[1]) between[1] ??= time;
    }
  }
  return timed;
}

/** As the note says it, signed or not. */
function sizeAndTime(note: string): [size: number, time: string | null] {
  try {
    const { size, extensions } = parseCheckpoint(parseNote(note).text);
    return [size, extensions.find((each) => each.startsWith('time '))?.slice(5) ?? null];
  } catch (error) {
    if (error instanceof NoteError) return [Number.NaN, null];
    throw error;
  }
}
