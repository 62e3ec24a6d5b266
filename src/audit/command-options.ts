import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { DomainError, refuse } from '../platform/errors';
import { NoteError, type NoteKey, parseNoteKey } from './note-keys';

export const HELP = `The auditor's command line: npm run --silent audit -- <command>

  key                       prints the public keys that sign the trail's heads, the present one first, a line each; --mac: the
                            secret ones of its events' MACs
  export                    writes a part of the trail to a folder, to be verified elsewhere
    --from <instant>          events from this instant on, in ISO 8601: 2026-01-01T00:00:00Z
    --to <instant>            events before this instant
    --out <folder>            a new folder
  verify                    verifies the trail of the database
    --kept-months <n>         what events say is kept for so many months, whatever the database is set to
  verify --export <folder>  verifies an export, on any machine
  verify --archive <folder> verifies what AUDIT_ARCHIVE has gathered, on any machine
  verify --proof <file>     verifies a proof, on any machine
    --key <line or file>      a public key, or a file of such lines; may be given more than once, and each head must be signed by one;
                              without --export, --archive and --proof those of the configuration
    --mac-key <key or file>   [<id>:]<base64>, as \`key --mac\` prints it, or a file of such; may be given more than once
    --checkpoints <path>      heads that were kept elsewhere: a file, or a folder of them
    --workers <n>             threads; as many as there are processors
  inclusion                 prints a proof that an event is in the trail
    --event <id>, --place <n> which one
    --size <n>                of the signed head; the latest
  consistency               prints a proof that the trail has only grown
    --from <n> --to <n>       sizes of two signed heads; --to: the latest

  --url <url>               an auditor's login to the database; the configuration is not read then
  --json                    for machines

It ends with 0 if all is well, with 1 if what it verified is broken, and with 2 if it could not tell or do it.
`;

const OPTIONS = {
  from: { type: 'string' },
  to: { type: 'string' },
  out: { type: 'string' },
  export: { type: 'string' },
  archive: { type: 'string' },
  proof: { type: 'string' },
  key: { type: 'string', multiple: true },
  'mac-key': { type: 'string', multiple: true },
  mac: { type: 'boolean' },
  checkpoints: { type: 'string' },
  'kept-months': { type: 'string' },
  workers: { type: 'string' },
  event: { type: 'string' },
  place: { type: 'string' },
  size: { type: 'string' },
  url: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type OptionName = keyof typeof OPTIONS;

/** What each command takes. */
const COMMANDS = {
  key: ['mac'],
  export: ['from', 'to', 'out', 'url'],
  verify: ['export', 'archive', 'proof', 'key', 'mac-key', 'checkpoints', 'kept-months', 'workers', 'url'],
  inclusion: ['event', 'place', 'size', 'url'],
  consistency: ['from', 'to', 'url'],
} as const satisfies Record<string, readonly OptionName[]>;

export type CommandName = keyof typeof COMMANDS;

export type Options = ReturnType<typeof parsed>['values'];

const parsed = (args: string[]) => parseArgs({ args, options: OPTIONS, allowPositionals: true, strict: true });

/** What was asked for; null for help. Refuses with AUDIT_COMMAND_INVALID. */
export function readCommand(args: string[]): { name: CommandName; options: Options } | null {
  const { values, positionals } = parsedOrRefused(args);
  const [name, ...more] = positionals;
  if (values.help === true || (name === undefined && args.length === 0)) return null;
  if (name === undefined || !isCommand(name) || more.length > 0)
    invalid(`There is no command ${positionals.join(' ')}.`);
  const taken = new Set<string>([...COMMANDS[name], 'json']);
  const foreign = Object.keys(values).filter((option) => !taken.has(option));
  if (foreign.length > 0) invalid(`${name} does not take --${foreign.join(', --')}.`);
  return { name, options: values };
}

const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name);

function parsedOrRefused(args: string[]): ReturnType<typeof parsed> {
  try {
    return parsed(args);
  } catch (error) {
    return invalid((error as Error).message);
  }
}

export function invalid(why: string): never {
  refuse('AUDIT_COMMAND_INVALID', `${why} --help says what there is.`);
}

/** An option that must be there. */
export const required = (options: Options, name: 'from' | 'to' | 'out'): string =>
  options[name] ?? invalid(`--${name} is missing.`);

/** An instant in ISO 8601 with a zone. */
export function instant(options: Options, name: 'from' | 'to'): Date {
  const text = required(options, name);
  const at = new Date(text);
  if (!/^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) || Number.isNaN(at.getTime()))
    refuse('AUDIT_RANGE_INVALID', `--${name} is an instant in ISO 8601: 2026-01-01 (in UTC) or 2026-01-01T00:00:00Z.`);
  return at;
}

/** A whole number from 0 on; null if it was not given. */
export function number(
  options: Options,
  name: 'from' | 'to' | 'place' | 'size' | 'workers' | 'kept-months',
): number | null {
  const text = options[name];
  if (text === undefined) return null;
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) invalid(`--${name} is a whole number.`);
  return value;
}

export const workersOf = (options: Options): number =>
  Math.min(64, number(options, 'workers') ?? availableParallelism());

/** A key from its line, or those of a file that holds a line each. Refuses with AUDIT_KEY_INVALID. */
export function noteKeysIn(lineOrFile: string): NoteKey[] {
  try {
    return linesIn(existsSync(lineOrFile) ? readFileSync(lineOrFile, 'utf8') : lineOrFile).map(parseNoteKey);
  } catch (error) {
    if (error instanceof NoteError)
      throw new DomainError(
        'AUDIT_KEY_INVALID',
        `--key is a line <name>+<id>+<base64>, or a file of such. ${error.message}`,
      );
    throw error;
  }
}

/** One at least, if an empty one. */
const linesIn = (text: string): string[] => text.trim().split(/\s*\n\s*/);
