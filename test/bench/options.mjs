/** The command line. */
import { parseArgs } from 'node:util';
import { CONTESTANTS, KINDS } from './requests.mjs';

const HELP = `npm run bench:reads -- [options]

  --invoices N     invoices to load, each with 5 lines and 10 audit events (default 20000; the full size is 200000)
  --rounds N       how often everything is measured (default 5)
  --seconds S      how long one measurement lasts (default 3)
  --connections N  that ask at the same time (default 16)
  --only LIST      of ${KINDS.join(', ')}
  --without LIST   of ${CONTESTANTS.slice(2).join(', ')}
  --growth         measure, too, what depth and size cost the API (loads a tenth of the invoices besides)
  --fresh          load anew, even if .data/bench holds what is needed
  --write          put the result into docs/PERFORMANCE.md
  --help

Progress goes to stderr, results to stdout. The last line is the median, over the rounds, of requests/s divided by the floor's.
`;

/** Checked options, or null when help was asked for and given. Throws with what is wrong. */
export function readOptions(args) {
  const usual = { invoices: '20000', rounds: '5', seconds: '3', connections: '16', only: KINDS.join(','), without: '' };
  const values = valuesIn(args, HELP, usual, ['growth', 'fresh', 'write']);
  if (values === null) return null;
  const without = listed('without', values.without, CONTESTANTS.slice(2));
  return {
    invoices: whole('invoices', values.invoices, 1000),
    rounds: whole('rounds', values.rounds, 1),
    connections: whole('connections', values.connections, 1),
    seconds: positive('seconds', values.seconds),
    kinds: KINDS.filter((kind) => listed('only', values.only, KINDS).includes(kind)),
    contestants: CONTESTANTS.filter((name) => !without.includes(name)),
    growth: values.growth,
    fresh: values.fresh,
    write: values.write,
  };
}

/** The texts and flags of a command line, or null when help was asked for and given. `usual` has what each text is unless told. */
export function valuesIn(args, help, usual, flags) {
  const texts = Object.entries(usual).map(([name, text]) => [name, { type: 'string', default: text }]);
  const switches = flags.map((name) => [name, { type: 'boolean', default: false }]);
  const options = { ...Object.fromEntries([...texts, ...switches]), help: { type: 'boolean', short: 'h' } };
  const { values } = parseArgs({ args, options });
  if (values.help) process.stdout.write(help);
  return values.help ? null : values;
}

export function whole(name, text, least) {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < least) throw new Error(`--${name} is a whole number from ${least} on.`);
  return number;
}

export function positive(name, text) {
  const number = Number(text);
  if (!(number > 0 && number <= 3600)) throw new Error(`--${name} is a number above zero.`);
  return number;
}

export function listed(name, text, known) {
  const items = text.split(',').filter(Boolean);
  const unknown = items.filter((item) => !known.includes(item));
  if (unknown.length > 0) throw new Error(`--${name} does not know ${unknown.join(', ')}: only ${known.join(', ')}.`);
  return items;
}
