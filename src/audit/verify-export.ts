import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { refuse } from '../platform/errors';
import {
  CHECKPOINTS,
  CSV,
  EVENTS,
  type ExportedName,
  FILES,
  MACS,
  type Manifest,
  readManifest,
} from './export-manifest';
import { EXPORT_WORK, type ExportResult } from './export-worker';
import { Findings } from './findings';
import { readNotes } from './note-files';
import { type OutsideHeads, readOutsideHeads } from './outside-heads';
import { timesAround } from './times-around';
import type { Verdict } from './verdict';
import { type ExportPool, type ExportVerification, walkExport } from './walk-export';
import { WorkerPool } from './worker-pool';

type Of<K> = Extract<ExportResult, { kind: K }>;

/**
 * Verifies an export with nothing but its files and keys: digests, every leaf, the root and signature of every head, and what else was given.
 * What its manifest says is believed only as far as roots that somebody signed bear it out. Refuses with AUDIT_EXPORT_UNREADABLE.
 */
export async function verifyExport(asked: ExportVerification): Promise<Verdict> {
  const pool = exportPool(asked);
  return verifyWith(pool, asked).finally(() => pool.close());
}

/** The threads that do it; to be closed. */
export const exportPool = ({ keys, macKeys, workers }: ExportVerification): ExportPool =>
  new WorkerPool(EXPORT_WORK, workers, {
    keys: keys.map(({ text }) => text),
    macKeys: macKeys.map(({ key }) => key),
  });

/** The same on threads that are there. */
export async function verifyWith(pool: ExportPool, asked: ExportVerification): Promise<Verdict> {
  const manifest = await readManifest(asked.folder);
  await assertThere(asked.folder);
  const findings = new Findings();
  const digests = checkDigests(pool, asked, manifest, findings, [MACS, CSV, CHECKPOINTS]);
  digests.catch(() => undefined); // waited for below
  const { checkpoints, keys } = asked;
  const outside = checkpoints === null ? null : await readOutsideHeads(checkpoints, keys, manifest, findings);
  const { walk, dropped } = await walkExport(pool, asked, manifest, outside, findings);
  await digests;
  // Every byte of the events is in the tree, so where that is whole there is nothing more to know of them.
  if (findings.total > 0) await checkDigests(pool, asked, manifest, findings, [EVENTS]);
  const checked = {
    events: walk.frontier.size - manifest.first,
    heads: walk.heads,
    dropped,
    outsideHeads: outside?.read ?? 0,
  };
  const times = await timesAround(findings.first(), readNotes(path.join(asked.folder, CHECKPOINTS)));
  return { findings: times, total: findings.total, checked, notes: notesOn(asked, manifest, outside) };
}

async function assertThere(folder: string): Promise<void> {
  for (const name of FILES)
    await access(path.join(folder, name), constants.R_OK).catch(() =>
      refuse('AUDIT_EXPORT_UNREADABLE', `${name} of ${folder} cannot be read.`),
    );
}

function notesOn(
  { macKeys }: ExportVerification,
  { first, end, asked }: Manifest,
  outside: OutsideHeads | null,
): string[] {
  const notes = [`It holds the places ${first} to ${end - 1}, asked for as ${asked.from} to ${asked.to}.`];
  if (macKeys.length === 0) notes.push('MACs were not checked: no --mac-key was given.');
  if (outside?.beyond)
    notes.push(`Of heads beyond ${end} leaves, up to ${outside.beyond.size}, this export cannot tell.`);
  if (outside && outside.untold > 0)
    notes.push(`Of ${outside.untold} heads below ${first} leaves this export cannot tell.`);
  return notes;
}

async function checkDigests(
  pool: ExportPool,
  { folder }: ExportVerification,
  { files }: Manifest,
  findings: Findings,
  names: readonly ExportedName[],
): Promise<void> {
  const check = async (name: ExportedName) => {
    const { sha256, bytes } = (await pool.run({ kind: 'digest', file: path.join(folder, name) })) as Of<'digest'>;
    const said = files[name];
    if (bytes !== said.bytes)
      findings.add('FILE_ALTERED', null, `${name} has ${bytes} bytes, and had ${said.bytes} when it was made.`);
    else if (sha256 !== said.sha256)
      findings.add('FILE_ALTERED', null, `${name} is not what it was when it was made: its digest is another.`);
  };
  await Promise.all(names.map(check));
}
