/** Starts the contestants and the load generator as child processes, and fetches the peers. */
import { execFileSync, fork, spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkpointsOf, DIRECTORY, POOL } from './database.mjs';

const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const PEERS = here('peers');

/** Milliseconds that a contestant has for its start. */
const PATIENCE = 60_000;

/** { name, pid, port, stop } of a contestant on a loaded database; rejects when it does not come up. */
export async function start(name, cluster, data, tell) {
  const options = { url: data.apiUrl, pool: POOL, directory: DIRECTORY };
  if (name === 'api') return startApi(cluster, data);
  if (name === 'floor') return startForked(name, here('floor.mjs'), options);
  if (name === 'usual') return startForked(name, here('usual.mjs'), options);
  fetchPeers(tell);
  return startForked(name, here('peers/postgraphile.mjs'), options, node22());
}

/** The real thing: as `npm start` runs it, in production, its log written to a file. With `more` settings, or a file that it loads first. */
export async function startApi({ masterKey }, { url }, { more = {}, preload } = {}) {
  const file = path.join(DIRECTORY, `api-${new URL(url).pathname.slice(1)}${preload ? '-preloaded' : ''}.log`);
  const log = openSync(file, 'w');
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    PORT: '0',
    DATABASE_URL: url,
    DATABASE_POOL: String(POOL),
    DATA_DIRECTORY: DIRECTORY,
    MASTER_KEY: masterKey,
    LOG_LEVEL: 'info',
    AUDIT_CHECKPOINTS: checkpointsOf(new URL(url).pathname.slice(1)),
    // One user from one address asks more than the limits let pass. They stay on, and are counted, but are not reached.
    RATE_PER_USER: '100000000',
    RATE_PER_ADDRESS: '100000000',
    ...more,
  };
  const first = preload ? ['--import', preload] : [];
  const child = spawn(process.execPath, ['--enable-source-maps', ...first, path.resolve('dist/src/main.js')], {
    env,
    stdio: ['ignore', log, log],
  });
  const stop = stopper(child);
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const said = readFileSync(file, 'utf8');
    const port = /answers at http:\/\/[^/]*:(\d+)\//.exec(said)?.[1];
    if (port) return { name: 'api', pid: child.pid, port: Number(port), stop };
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`the API did not start: ${said.slice(-2000)}`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

async function startForked(name, file, options, execPath = process.execPath) {
  const env = { ...process.env, NODE_ENV: 'production', GRAPHILE_ENV: 'production' };
  // What a contestant prints is not a result.
  const child = fork(file, { env, execPath, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const stop = stopper(child);
  try {
    child.send(options);
    const { port } = await answerOf(child, name);
    return { name, pid: child.pid, port, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The load generator: `run(job)` resolves with what load.mjs measured. */
export function startLoad() {
  const child = fork(here('load.mjs'), { execArgv: [] });
  return {
    stop: stopper(child),
    async run(job) {
      child.send({ job });
      return (await answerOf(child, 'the load', Infinity)).result;
    },
  };
}

/** The next message of a child; rejects when it says `error`, ends, or takes too long. */
function answerOf(child, name, patience = PATIENCE) {
  return new Promise((resolve, reject) => {
    const late = patience === Infinity ? undefined : setTimeout(() => settle(null, 'did not start in time'), patience);
    const onMessage = (message) => settle(message, message.error);
    const onExit = (code, signal) => settle(null, `ended (${signal ?? code})`);
    function settle(message, error) {
      clearTimeout(late);
      child.off('message', onMessage).off('exit', onExit);
      if (error) reject(new Error(`${name}: ${error}`));
      else resolve(message);
    }
    child.on('message', onMessage).on('exit', onExit);
  });
}

/** Asks a child to end, and ends it when it has not after five seconds. */
const stopper = (child) => () =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const late = setTimeout(() => child.kill('SIGKILL'), 5000);
    child.once('exit', () => {
      clearTimeout(late);
      resolve();
    });
    child.kill('SIGTERM');
  });

/** What the peers need is installed from their own lock file when it is not there, or was for another one. */
function fetchPeers(tell) {
  const installed = path.join(PEERS, 'node_modules/.package-lock.json');
  const lock = path.join(PEERS, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  tell('fetching the peers (npm ci in test/bench/peers)');
  // Without install scripts; PostGraphile's wish for a newer Node is met by the one that comes along.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', args, { cwd: PEERS, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** This Node if it is new enough for PostGraphile, else the one that came with the peers. */
function node22() {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
  const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  const platform = `${prefix}-${process.platform}-${process.arch}`;
  const manifest = createRequire(path.join(PEERS, 'package.json')).resolve(`${platform}/package.json`);
  return path.join(path.dirname(manifest), 'bin/node');
}
