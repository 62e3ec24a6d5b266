import {
  HELP,
  instant,
  invalid,
  noteKeysIn,
  number,
  type Options,
  readCommand,
  required,
  workersOf,
} from './audit/command-options';
import type { NoteKey } from './audit/note-keys';
import type { TrailReader } from './audit/trail-reader';
import { progressOn } from './audit/progress';
import type { Verdict } from './audit/verdict';
import { exitOf, UNKNOWN, verdictJson, verdictText, WHOLE } from './audit/verify-report';
import { DomainError } from './platform/errors';

/*
 * What auditors call. Whatever a command needs is imported when it runs: one that verifies an export reads no configuration, and has nothing
 * in its process that could.
 */

const write = (text: string): void => void process.stdout.write(`${text}\n`);
const progress = progressOn(process.stderr);

async function printKey({ mac }: Options): Promise<number> {
  const { readInstallation } = await import('./audit-installation.js');
  const { macKeyText } = await import('./audit/mac-keys.js');
  const { keys, macKeys } = readInstallation();
  if (mac === true) process.stderr.write('A secret: whoever has the first key can write events that pass for ours.\n');
  write((mac === true ? macKeys.map(macKeyText) : keys.map(({ text }) => text)).join('\n'));
  return WHOLE;
}

async function exportTrail(options: Options): Promise<number> {
  const { exportTrail: run } = await import('./audit/export-trail.js');
  const [from, to, out] = [instant(options, 'from'), instant(options, 'to'), required(options, 'out')];
  const { manifest, unrecorded } = await withTrail(options, ({ query }, installation) =>
    run(query, {
      from,
      to,
      out,
      now: new Date(),
      keys: installation?.keys ?? [],
      record: installation?.record ?? null,
      progress,
    }),
  );
  if (options.json === true) write(JSON.stringify({ out, recorded: unrecorded === null, ...manifest }, null, 2));
  else write(`Wrote ${manifest.count} events, places ${manifest.first} to ${manifest.end - 1}, to ${out}.`);
  if (unrecorded !== null) process.stderr.write(`This export is not in the trail: ${unrecorded}.\n`);
  return WHOLE;
}

async function verify(options: Options): Promise<number> {
  const files = (['export', 'archive', 'proof'] as const).filter((each) => options[each] !== undefined);
  if (files.length > 1) invalid(`--${files.join(' and --')} do not go together.`);
  const began = performance.now();
  const verdict = await verdictOn(options);
  const seconds = (performance.now() - began) / 1000;
  write(options.json === true ? verdictJson(verdict, seconds) : verdictText(verdict, seconds));
  return exitOf(verdict);
}

async function verdictOn(options: Options): Promise<Verdict> {
  const { macKeysIn } = await import('./audit/mac-keys.js');
  const given = { macKeys: (options['mac-key'] ?? []).flatMap(macKeysIn), workers: workersOf(options), progress };
  const keys = options.key?.flatMap(noteKeysIn) ?? null;
  const checkpoints = options.checkpoints ?? null;
  if (options.proof !== undefined) {
    const { verifyProofFile } = await import('./audit/proof-file.js');
    return verifyProofFile(options.proof, keys ?? invalid('--key is missing.'));
  }
  if (options.export !== undefined) {
    const { verifyExport } = await import('./audit/verify-export.js');
    return verifyExport({ ...given, folder: options.export, keys: keys ?? invalid('--key is missing.'), checkpoints });
  }
  if (options.archive !== undefined) {
    const { verifyArchive } = await import('./audit/verify-archive.js');
    return verifyArchive({
      ...given,
      folder: options.archive,
      keys: keys ?? invalid('--key is missing.'),
      checkpoints,
    });
  }
  const { verifyDatabase } = await import('./audit/verify-database.js');
  const { rowTypes: types } = await import('./entities.js');
  const months = number(options, 'kept-months');
  const now = new Date();
  const keptSince = months === null ? null : new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1));
  const asked = { ...given, checkpoints, keptSince, types, now };
  if (options.url !== undefined)
    return verifyDatabase({ ...asked, url: options.url, keys: keys ?? invalid('--key is missing.') });
  const { readInstallation, openInstallation } = await import('./audit-installation.js');
  const own = readInstallation();
  const open = await openInstallation(own.config);
  const macKeys = given.macKeys.length > 0 ? given.macKeys : own.macKeys;
  const heads = checkpoints ?? own.checkpoints;
  return verifyDatabase({
    ...asked,
    url: open.auditorUrl,
    keys: keys ?? own.keys,
    macKeys,
    checkpoints: heads,
  }).finally(open.close);
}

async function printInclusion(options: Options): Promise<number> {
  const { makeInclusion } = await import('./audit/proof-file.js');
  const which = { eventId: options.event ?? null, place: number(options, 'place') };
  if ((which.eventId === null) === (which.place === null)) invalid('Either --event or --place says which event.');
  const proof = await withTrail(options, ({ query }) => makeInclusion(query, which, number(options, 'size')));
  write(JSON.stringify(proof, null, 2));
  return WHOLE;
}

async function printConsistency(options: Options): Promise<number> {
  const { makeConsistency } = await import('./audit/proof-file.js');
  const from = number(options, 'from') ?? invalid('--from is missing.');
  const proof = await withTrail(options, ({ query }) => makeConsistency(query, from, number(options, 'to')));
  write(JSON.stringify(proof, null, 2));
  return WHOLE;
}

interface Recording {
  keys: readonly NoteKey[];
  record: Awaited<ReturnType<typeof import('./audit-installation.js').openInstallation>>['record'];
}

/** Reads the trail with --url, or as the configuration says. */
async function withTrail<T>(
  options: Options,
  work: (trail: TrailReader, installation: Recording | null) => Promise<T>,
): Promise<T> {
  const { openTrail } = await import('./audit/trail-reader.js');
  if (options.url !== undefined) {
    const trail = await openTrail(options.url);
    return work(trail, null).finally(trail.close);
  }
  const { readInstallation, openInstallation } = await import('./audit-installation.js');
  const { config, keys } = readInstallation();
  const open = await openInstallation(config);
  try {
    const trail = await openTrail(open.auditorUrl);
    return await work(trail, { keys, record: open.record }).finally(trail.close);
  } finally {
    await open.close();
  }
}

const RUN = { key: printKey, export: exportTrail, verify, inclusion: printInclusion, consistency: printConsistency };

async function main(args: string[]): Promise<number> {
  try {
    const command = readCommand(args);
    if (command) return await RUN[command.name](command.options);
    write(HELP);
    return WHOLE;
  } catch (error) {
    const { code, message } =
      error instanceof DomainError ? error : { code: 'INTERNAL', message: String((error as Error).stack ?? error) };
    if (args.includes('--json')) write(JSON.stringify({ result: 'UNKNOWN', code, message }));
    process.stderr.write(`${code}: ${message}\n`);
    return UNKNOWN;
  }
}

// Whatever fails where nobody waits for it: never the number of a trail that is broken.
process.on('uncaughtException', (error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(UNKNOWN);
});

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  () => (process.exitCode = UNKNOWN),
);
