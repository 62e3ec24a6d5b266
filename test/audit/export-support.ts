import { hash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { exportTrail, type Exported, type ExportRequest } from '../../src/audit/export-trail';
import { FILES, MANIFEST, type Manifest } from '../../src/audit/export-manifest';
import { NO_PROGRESS } from '../../src/audit/progress';
import { noteKeysOf } from '../../src/audit/sealer';
import { openTrail } from '../../src/audit/trail-reader';
import type { TestApp } from '../support/app';
import { auditorUrlOf } from './seal-support';

/** An export of all that has happened, unless told. */
export async function exported(t: TestApp, out: string, over: Partial<ExportRequest> = {}): Promise<Exported> {
  const trail = await openTrail(await auditorUrlOf(t));
  const now = new Date();
  const request = { from: new Date(0), to: now, out, now, keys: noteKeysOf(t.served.app), record: null };
  return exportTrail(trail.query, { ...request, progress: NO_PROGRESS, ...over }).finally(() => trail.close());
}

export const fileOf = (folder: string, name: string): string => readFileSync(path.join(folder, name), 'utf8');

export const manifestOf = (folder: string): Manifest => JSON.parse(fileOf(folder, MANIFEST)) as Manifest;

/** Changes a file of an export, and makes the manifest fit again as far as whoever does that can. */
export function tamper(folder: string, name: string, change: (text: string) => string): void {
  const text = change(fileOf(folder, name));
  writeFileSync(path.join(folder, name), text);
  const manifest = structuredClone(manifestOf(folder)) as any;
  if ((FILES as readonly string[]).includes(name))
    manifest.files[name] = { ...manifest.files[name], sha256: hash('sha256', text), bytes: Buffer.byteLength(text) };
  writeFileSync(path.join(folder, MANIFEST), JSON.stringify(manifest));
}

export const tamperManifest = (folder: string, change: object): void =>
  writeFileSync(path.join(folder, MANIFEST), JSON.stringify({ ...manifestOf(folder), ...change }));
