import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { signerOf } from '../../src/audit/sealer';
import { ensureRoles } from '../../src/platform/database-roles';
import { type Running, startProcess } from '../edge/process';
import { startTestApp, type TestApp } from '../support/app';
import { TEST_MASTER_KEY } from '../support/config';
import { random } from '../support/random';
import { freshCode } from '../support/scene';
import { sealAll } from './seal-support';
import { liveAndDie, type Lives } from './sealer-lives';
import { type Fates, keepWriting } from './soak-writers';
import { expectFilesAgree, expectWholeTrail } from './whole-trail';

/*
 * Writers of all kinds and sealers that are killed, for as long as SOAK_SECONDS says; then the trail is held against what is known of
 * each event. SEED repeats who does what, though not who comes first.
 */

const SECONDS = Number(process.env.SOAK_SECONDS ?? 15);
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const WRITERS = 6;
const SEALERS = 2;

let t: TestApp;
let other: Running;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'countersign-soak-'));
  t = await startTestApp({ AUDIT_CHECKPOINTS: folder });
  other = await startProcess(t, { AUDIT_SEALING: 'false', AUDIT_CHECKPOINTS: folder, REFUSALS_PER_SECOND: '0' });
});
afterAll(async () => {
  await other.stop();
  await t.close();
  rmSync(folder, { recursive: true });
});

interface Hired {
  done: number;
  refused: number;
}

const HIRE = 'mutation ($input: HireAgentInput!) { hireAgent(input: $input) { outcome } }';

/** Real mutations: at the API in this process or at that in the other, each once and then once more, which is refused. Counts both. */
async function keepHiring(url: string | null, over: AbortSignal): Promise<Hired> {
  const counts = { done: 0, refused: 0 };
  while (!over.aborted) {
    const input = { code: freshCode('AG'), name: 'Agent', hiredOn: '2020-01-01' };
    for (const _ of ['done', 'refused']) counts[(await hired(url, input)) ? 'done' : 'refused'] += 1;
    await delay(20);
  }
  return counts;
}

async function hired(url: string | null, input: object): Promise<boolean> {
  const client = t.as('operations');
  if (!url) return (await client.gql(HIRE, { input })).errors.length === 0;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${client.token}` };
  const body = JSON.stringify({ query: HIRE, variables: { input } });
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
  return ((await response.json()) as { errors?: unknown[] }).errors === undefined;
}

/** How many events of these actions there are, by their outcomes. */
async function outcomes(actions: string): Promise<Record<string, number>> {
  const counted = 'SELECT outcome, count(*)::int FROM audit.event WHERE action LIKE $1 GROUP BY outcome';
  const rows = await t.sql<{ outcome: string; count: number }>(counted, [actions]);
  return Object.fromEntries(rows.map(({ outcome, count }) => [outcome, count]));
}

it(
  `seals what was committed, all of it and nothing twice, whoever is killed (${SECONDS} s, seed ${SEED})`,
  async () => {
    process.stdout.write(`soak: ${SECONDS} s, SEED=${SEED}\n`);
    const chances = Array.from({ length: WRITERS + SEALERS }, (_, n) => random(SEED + n));
    const { sealer } = await ensureRoles(t.ownerUrl, t.served.app.keys);
    const env = { NODE_ENV: 'test', MASTER_KEY: TEST_MASTER_KEY, SEALER_URL: sealer, AUDIT_CHECKPOINTS: folder };
    const [writing, sealing] = [AbortSignal.timeout(SECONDS * 1_000), new AbortController()];
    const fates: Fates = { committed: new Set(), undone: new Set() };
    const lives: Lives = { killed: 0, cut: 0, stopped: 0, faults: [] };
    const sealers = chances.slice(WRITERS).map((chance) => liveAndDie(env, chance, sealing.signal, lives));
    const writers = chances
      .slice(0, WRITERS)
      .map((chance) => keepWriting(t.served.app, t.apiUrl, chance, writing, fates));
    const hirings = Promise.all([keepHiring(null, writing), keepHiring(other.url, writing)]);
    await Promise.all(writers);
    const [here, there] = await hirings;
    sealing.abort();
    await Promise.all(sealers);
    // The first time ends a round that may have begun before the last events.
    for (const _ of [1, 2]) await sealAll(t);

    const { key } = signerOf(t.served.app);
    const size = await expectWholeTrail(t, key);
    const notes = await expectFilesAgree(t, key, folder);
    const leaves = new Set((await t.sql<{ id: string }>('SELECT event_id AS id FROM audit.leaf')).map(({ id }) => id));
    expect([...fates.committed].filter((id) => !leaves.has(id))).toEqual([]);
    expect([...fates.undone].filter((id) => leaves.has(id))).toEqual([]);
    expect(lives.faults).toEqual([]);
    expect(await outcomes('agent.%')).toEqual({ DONE: here.done + there.done, REFUSED: here.refused + there.refused });
    process.stdout.write(
      `soak: ${size} leaves, ${notes} notes in files, ${fates.undone.size} events undone; ${JSON.stringify({ lives, here, there })}\n`,
    );
  },
  (SECONDS + 120) * 1_000,
);
