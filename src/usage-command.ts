import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { progressOn } from './audit/progress';
import { DomainError, refuse } from './platform/errors';
import type { Imported } from './usage/import-file';
import { type Layout, readLayout } from './usage/layout.rules';

/* The product is loaded when it is known what is asked of it. */

const HELP = `Calls from files: npm run --silent usage -- import <file> --source <code> --account <code>

  --source <code>     the system that the calls come from, in the account's words: with a call's id there it makes a record once
  --account <code>    the account that they are of
  --format csv|jsonl  how the file is written; by its name unless told
  --map <file>        a layout in JSON: which columns fields are made of, and what values mean (docs/USAGE.md)
  --delimiter <sign>  between the columns of a CSV file; a comma unless told, \`\\t\` for a tab
  --encoding <name>   utf-8, utf-16le, utf-16be, windows-1252 or iso-8859-1; utf-8 unless told, and a byte order mark wins
  --json              for machines

The one who imports is signed in: USAGE_TOKEN holds their bearer token. A file that was imported in part goes on where it came to;
one that was imported is all known. Ctrl-C stops behind the batch that is under way.
It ends with 0 when every line made a record or had one, with 1 when some were rejected, and with 2 when it could not do it.
`;

const OPTIONS = {
  source: { type: 'string' },
  account: { type: 'string' },
  format: { type: 'string' },
  map: { type: 'string' },
  delimiter: { type: 'string' },
  encoding: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

interface Asked {
  file: string;
  source: string;
  account: string;
  layout: Layout;
  json: boolean;
}

const invalid = (why: string): never => refuse('USAGE_COMMAND_INVALID', `${why} --help says what there is.`);

/** What was asked for; null for help. Refuses with USAGE_COMMAND_INVALID and USAGE_LAYOUT_INVALID. */
function read(args: string[]): Asked | null {
  const { values, positionals } = parsed(args);
  if (values.help === true || args.length === 0) return null;
  const [name, file, ...more] = positionals;
  if (name !== 'import' || more.length > 0) return invalid(`There is no command ${positionals.join(' ')}.`);
  if (file === undefined) return invalid('The file is missing.');
  const source = values.source ?? invalid('--source is missing.');
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/.test(source)) invalid('--source has letters, digits, `-`, `_` and `.`.');
  const { format = /\.(jsonl|ndjson)$/i.test(file) ? 'jsonl' : 'csv', delimiter, encoding } = values;
  const told = {
    format,
    ...(delimiter && { delimiter: delimiter === '\\t' ? '\t' : delimiter }),
    ...(encoding && { encoding }),
  };
  const layout = readLayout({ ...(values.map === undefined ? {} : jsonIn(values.map)), ...told });
  return {
    file,
    source,
    account: values.account ?? invalid('--account is missing.'),
    layout,
    json: values.json === true,
  };
}

function parsed(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    return invalid((error as Error).message);
  }
}

function jsonIn(file: string): object {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as object;
  } catch {
    return refuse('USAGE_LAYOUT_INVALID', 'The layout is no file of JSON.');
  }
}

const textOf = (done: Imported): string =>
  `${done.recordsIn} lines: ${done.recordsNew} new, ${done.recordsKnown} known, ${done.recordsRejected} rejected.` +
  (done.resumedAt > 0 ? ` It went on at byte ${done.resumedAt}.` : '') +
  ` Import ${done.id}.`;

const write = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(args: string[]): Promise<number> {
  try {
    const asked = read(args);
    if (!asked) return write(HELP) ?? 0;
    const stop = new AbortController();
    process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());
    const progress = progressOn(process.stderr);
    const { importIntoInstallation } = await import('./usage-installation.js');
    const done = await importIntoInstallation(asked, progress, stop.signal);
    write(asked.json ? JSON.stringify(done) : textOf(done));
    return done.recordsRejected > 0 ? 1 : 0;
  } catch (error) {
    const { code, message } =
      error instanceof DomainError ? error : { code: 'INTERNAL', message: String((error as Error).stack ?? error) };
    if (args.includes('--json')) write(JSON.stringify({ code, message }));
    process.stderr.write(`${code}: ${message}\n`);
    return 2;
  }
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  () => (process.exitCode = 2),
);
