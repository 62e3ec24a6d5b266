/** How much of the speed of bare hashing remains to who verifies an export offline: `npm run audit -- export`, then `verify --export`. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { DIRECTORY, seal } from '../database.mjs';
import { median } from '../report.mjs';
import { bareHash } from './bare-hash.mjs';
import { dist, installationOf, openTrail } from './databases.mjs';

const COMMAND = path.resolve('dist/src/audit-command.js');

/**
 * Rounds of { verified, hashed }, both in events per second. The command says itself how long it verified: of neither is the start of the process counted, as
 * in a trail of any length it does not count.
 */
export async function measureVerifying(cluster, options, tell) {
  const { rounds, workers, verified: events } = options;
  const url = await openTrail(cluster, events, options, tell);
  const { keys, logins } = await installationOf(cluster, url);
  const key = dist('audit/sealer.js').signerOf({ config: cluster.config, keys }).key.text;
  tell('sealing what is to be verified');
  await seal(cluster, url);
  const folder = path.join(DIRECTORY, `export-${Date.now()}`);
  try {
    const span = ['--from', '2000-01-01T00:00:00Z', '--to', new Date().toISOString()];
    const { count } = command(['export', ...span, '--out', folder, '--url', logins.auditor, '--json']);
    tell(`exported ${count} events`);
    const measured = [];
    for (let round = 0; round < rounds; round++) {
      const verify = ['verify', '--export', folder, '--key', key, '--workers', String(workers), '--json'];
      const verified = count / command(verify).seconds;
      measured.push({ verified, hashed: await bareHash(path.join(folder, 'events.jsonl'), workers) });
      const { hashed } = measured.at(-1);
      tell(`round ${round + 1} of ${rounds}: ${verified.toFixed(0)} events/s verified, ${hashed.toFixed(0)} hashed`);
    }
    return measured;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What it answers; throws unless it ends with 0: an export that is not whole measures nothing. The error names no login. */
function command(args) {
  const { status, stdout } = spawnSync(process.execPath, [COMMAND, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`audit ${args[0]} ended with ${status}: ${stdout}`);
  return JSON.parse(stdout);
}

export const verifyingFigures = (measured) =>
  measured && {
    verifyAgainstHash: median(measured.map(({ verified, hashed }) => verified / hashed)),
    verifyPerSecond: median(measured.map(({ verified }) => verified)),
  };
