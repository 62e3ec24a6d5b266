/** Imports a file into a database that has no calls yet, in a process of its own. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { apiUrlOf, dropDatabase, signIn, withClient } from '../database.mjs';
import { cpuOfPostgres } from '../cpu.mjs';
import { AGENTS, LOBS } from './calls.mjs';

const require = createRequire(import.meta.url);

/** Seconds of CPU that PostgreSQL uses for some work, where the system tells. */
export async function measuredPostgres({ postmaster }, work) {
  const before = cpuOfPostgres(postmaster);
  const answer = await work();
  return { ...answer, postgresSeconds: (cpuOfPostgres(postmaster) - before) / 1000 };
}

export async function runImport(cluster, file, count) {
  const name = `bench_usage_${count}`;
  const url = Object.assign(new URL(cluster.url), { pathname: `/${name}` }).href;
  await withClient(cluster.url, async (client) => {
    await dropDatabase(client, name);
    await client.query(`CREATE DATABASE ${name}`);
  });
  const { prepareDatabase } = require(path.resolve('dist/src/open-database.js'));
  const { database } = await prepareDatabase(cluster.config, url);
  await database.close();
  const token = await withClient(url, async (client) => {
    for (const statement of SCENE) await client.query(statement);
    return signIn(client, 'operations@bench.test');
  });
  await withClient(url, (client) => client.query('CHECKPOINT'));
  const settings = { apiUrl: await apiUrlOf(cluster, url), token, file, masterKey: cluster.masterKey };
  const ran = await measuredPostgres(cluster, () => inProcess(settings));
  if (ran.recordsNew !== count) throw new Error(`${ran.recordsNew} of ${count} records were new.`);
  return { name, url, ...ran };
}

export const dropImported = (cluster, { name }) => withClient(cluster.url, (client) => dropDatabase(client, name));

function inProcess(settings) {
  const script = path.resolve('test/bench/usage/importer.mjs');
  const child = spawn(process.execPath, [script, JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (data) => (out += data));
  return new Promise((resolve, reject) => {
    child.once('close', (code) => (code === 0 ? resolve(JSON.parse(out)) : reject(new Error('The import failed.'))));
  });
}

const quoted = (codes) => codes.map((code) => `('${code}')`).join(', ');

/** An account, its lines of business, agents, and somebody of operations. */
const SCENE = [
  'SET session_replication_role = replica',
  `INSERT INTO app_user (id, name, email, password_hash) VALUES (gen_random_uuid(), 'Operations', 'operations@bench.test', 'none')`,
  `INSERT INTO role_grant (id, user_id, role) SELECT gen_random_uuid(), id, 'operations' FROM app_user`,
  `INSERT INTO account (id, code, legal_name, status, currency, time_zone) VALUES (gen_random_uuid(), 'BENCH', 'Bench', 'OPEN', 'USD', 'UTC')`,
  `INSERT INTO lob (id, account_id, code, name, status) SELECT gen_random_uuid(), a.id, c.code, c.code, 'OPEN' FROM account a, (VALUES ${quoted(LOBS)}) c (code)`,
  `INSERT INTO agent (id, code, name, hired_on) SELECT gen_random_uuid(), c.code, c.code, '2020-01-01' FROM (VALUES ${quoted(AGENTS)}) c (code)`,
  'SET session_replication_role = DEFAULT',
];
