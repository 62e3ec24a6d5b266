/** The command line of bench:audit. */
import { availableParallelism } from 'node:os';
import { listed, positive, valuesIn, whole } from '../options.mjs';

/** What is measured, each by itself. */
export const PARTS = ['mutations', 'sealing', 'verifying', 'pages'];

const HELP = `npm run bench:audit -- [options]

  --events N       of the long trail (default 1000000; the full size is 10000000, about 20 GB below .data/bench)
  --short N        of the short one, which is also what is sealed (default 100000)
  --verified N     of the one that is exported and verified (default 1000000)
  --rounds N       how often everything is measured (default 5)
  --seconds S      how long one measurement lasts (default 3)
  --connections N  that write at the same time (default 32)
  --workers N      threads that verify and hash (default ${availableParallelism()}: as many as there are processors)
  --only LIST      of ${PARTS.join(', ')}
  --durable        with fsync, as in production: then what is measured is the disk, too
  --fresh          load anew, even if .data/bench holds what is needed
  --write          put the result into docs/PERFORMANCE.md
  --help

Progress goes to stderr, results to stdout. The last line is JSON; what was not measured is null.
`;

/** Checked options, or null when help was asked for and given. Throws with what is wrong. */
export function readOptions(args) {
  const usual = {
    events: '1000000',
    short: '100000',
    verified: '1000000',
    rounds: '5',
    seconds: '3',
    connections: '32',
    workers: String(availableParallelism()),
    only: PARTS.join(','),
  };
  const values = valuesIn(args, HELP, usual, ['durable', 'fresh', 'write']);
  if (values === null) return null;
  return {
    events: whole('events', values.events, 10_000),
    short: whole('short', values.short, 10_000),
    verified: whole('verified', values.verified, 10_000),
    rounds: whole('rounds', values.rounds, 1),
    connections: whole('connections', values.connections, 1),
    workers: whole('workers', values.workers, 1),
    seconds: positive('seconds', values.seconds),
    parts: PARTS.filter((part) => listed('only', values.only, PARTS).includes(part)),
    durable: values.durable,
    fresh: values.fresh,
    write: values.write,
  };
}
