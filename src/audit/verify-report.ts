import { SHOWN } from './findings';
import type { TimedFinding, Verdict } from './verdict';

/** What the command ends with. */
export const WHOLE = 0;
export const BROKEN = 1;
/** It could not be told: nothing could be read, or nothing was asked for that could be. */
export const UNKNOWN = 2;

export const exitOf = ({ total }: Verdict): number => (total === 0 ? WHOLE : BROKEN);

/** For machines. */
export const verdictJson = (verdict: Verdict, seconds: number): string =>
  JSON.stringify({ result: verdict.total === 0 ? 'WHOLE' : 'BROKEN', ...verdict, seconds }, null, 2);

/** For people: the verdict first, then the first place where it breaks, then the rest. */
export function verdictText({ findings, total, checked, notes }: Verdict, seconds: number): string {
  const looked = Object.entries(checked).map(([what, count]) => `${count} ${WORDS[what] ?? what}`);
  const verdict =
    total === 0 ? 'WHOLE: nothing is wrong.' : `BROKEN: ${total === 1 ? 'one finding' : `${total} findings`}.`;
  const more = total > findings.length ? [`and ${total - findings.length} more; the first ${SHOWN} are shown.`] : [];
  return [
    verdict,
    ...findings.map(line),
    ...more,
    `Looked at in ${seconds.toFixed(1)} s: ${looked.join(', ')}.`,
    ...notes,
  ].join('\n');
}

const WORDS: Readonly<Record<string, string>> = {
  parts: 'parts of an archive',
  events: 'sealed events',
  unsealed: 'events that have no place yet',
  heads: 'signed heads',
  nodes: 'kept nodes',
  dropped: 'events whose content was dropped',
  outsideHeads: 'heads kept outside',
  rows: 'rows of the business against the last event that tells of each',
  byVersion: 'of them by their versions alone',
  untold: 'rows from before events told of rows',
};

function line({ kind, places, between: [after, before], message }: TimedFinding): string {
  if (!places) return `  ${kind}: ${message}`;
  const [first, last] = places;
  const where = first === last ? `place ${first}` : `places ${first} to ${last}`;
  const when = `${after ? `after ${after}` : 'since the beginning'}${before ? `, before ${before}` : ''}`;
  return `  ${kind} at ${where} (sealed ${when}): ${message}`;
}
