import * as fs from 'node:fs';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { discardCluster, type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/embedded-postgres';
import {
  clusterUser,
  placeCluster,
  prepareBinaries,
  type RunAs,
  sharedFolder,
  unprivilegedUser,
} from '../../src/platform/embedded-postgres-files';
import { isAlive, type Running } from '../../src/platform/embedded-postgres-lock';
import { freePort, spawnServer, stopServer, untilReady } from '../../src/platform/embedded-postgres-process';
import type { TestApp } from './app';
import { migrateWithCast } from './global-setup';

const MAX_CONNECTIONS = 100;

/** A server of its own, with a migrated database that has the cast. */
export interface Primary {
  url: string;
  directory: string;
  sql<R = Record<string, any>>(text: string, values?: unknown[]): Promise<R[]>;
  stop(): Promise<void>;
}

export async function startPrimary(): Promise<Primary> {
  const directory = path.resolve(__dirname, `../../.data/test/primary_${randomBytes(4).toString('hex')}`);
  const options = { directory, database: 'countersign', durable: false, maxConnections: MAX_CONNECTIONS };
  const server: EmbeddedPostgres = await startEmbeddedPostgres(options);
  const stop = async () => {
    await server.stop();
    discardCluster(directory);
  };
  try {
    await migrateWithCast(server.url);
    return { url: server.url, directory, sql: (text, values) => ask(server.url, text, values), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A streaming replica of an embedded server, made by a base backup over its files: the package has no pg_basebackup. */
export class Replica {
  private server: Running | null = null;

  private constructor(
    private readonly primary: Primary,
    private readonly directory: string,
    private readonly data: string,
    private readonly user: RunAs,
    private readonly port: number,
  ) {}

  static async of(primary: Primary): Promise<Replica> {
    const directory = `${primary.directory}_replica`;
    fs.mkdirSync(directory, { mode: 0o711 });
    const account = unprivilegedUser();
    const data = placeCluster(directory, account, () => sharedFolder(account));
    await backUp(primary, data);
    const replica = new Replica(primary, directory, data, clusterUser(data, account), await freePort());
    await replica.start();
    return replica;
  }

  /** For DATABASE_REPLICA_URLS: without who logs in and where, which is as at the primary. */
  get url(): string {
    return `postgres://127.0.0.1:${this.port}`;
  }

  /** Where the superuser asks. */
  private get ownUrl(): string {
    const url = new URL(this.primary.url);
    url.port = String(this.port);
    return url.href;
  }

  /** SQL as the superuser, at the replica. */
  sql<R = Record<string, any>>(text: string, values?: unknown[]): Promise<R[]> {
    return ask(this.ownUrl, text, values);
  }

  async start(): Promise<void> {
    const native = await prepareBinaries(
      this.user,
      () => sharedFolder(this.user),
      () => undefined,
    );
    const { port, password } = new URL(this.primary.url);
    const settings = {
      port: String(this.port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: String(MAX_CONNECTIONS),
      fsync: 'off',
      log_min_error_statement: 'panic',
      primary_slot_name: SLOT,
      primary_conninfo: `host=127.0.0.1 port=${port} user=${new URL(this.primary.url).username} password=${password}`,
    };
    this.server = await spawnServer(native, this.data, settings, this.user, path.join(this.directory, 'postgres.log'));
    const answers = await untilReady(this.data, this.server, password);
    if (typeof answers !== 'number') throw new Error(`The replica did not start: see ${this.directory}/postgres.log`);
  }

  /** Everything that the primary has written is there. */
  async catchUp(): Promise<void> {
    const [{ end }] = (await this.primary.sql(
      `SELECT pg_logical_emit_message(false, 'test', '', true)::text AS end`,
    )) as [{ end: string }];
    await until(`SELECT pg_last_wal_replay_lsn() >= '${end}' AS ok`, (text) => this.sql(text));
  }

  /** What arrives from now on is kept and not shown. */
  async pause(): Promise<void> {
    await this.sql('SELECT pg_wal_replay_pause()');
    await until(`SELECT pg_get_wal_replay_pause_state() = 'paused' AS ok`, (text) => this.sql(text));
  }

  async resume(): Promise<void> {
    await this.sql('SELECT pg_wal_replay_resume()');
  }

  /** As a machine that breaks: it says good-bye to nobody. */
  async kill(): Promise<void> {
    process.kill(this.server!.pid, 'SIGQUIT');
    while (isAlive(this.server!)) await delay(10);
  }

  async stop(): Promise<void> {
    if (this.server) await stopServer(this.server, () => undefined);
    discardCluster(this.directory);
  }
}

const SLOT = 'test_replica';

/** What a new server makes itself, or gets from the primary. */
const LEFT_OUT = /^(postmaster\.(pid|opts)|pg_wal\/.*\w{24}.*|pg_replslot\/.*|pg_stat_tmp\/.*|pgsql_tmp.*)$/;

async function backUp(primary: Primary, to: string): Promise<void> {
  const client = new Client(primary.url);
  await client.connect();
  try {
    await client.query(`SELECT pg_create_physical_replication_slot('${SLOT}', true)`);
    await client.query(`SELECT pg_backup_start('test', true)`);
    copy(fs.realpathSync(path.join(primary.directory, 'postgres')), to);
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop()');
    fs.writeFileSync(path.join(to, 'backup_label'), rows[0]!.labelfile);
    fs.writeFileSync(path.join(to, 'standby.signal'), '');
  } finally {
    await client.end();
  }
}

/** Files come and go meanwhile; what is missing, or half of a page, is in the log. */
function copy(from: string, to: string, below = ''): void {
  fs.mkdirSync(path.join(to, below), { recursive: true, mode: 0o700 });
  for (const entry of fs.readdirSync(path.join(from, below), { withFileTypes: true })) {
    const name = path.join(below, entry.name);
    if (LEFT_OUT.test(name)) continue;
    if (entry.isDirectory()) copy(from, to, name);
    else
      try {
        fs.copyFileSync(path.join(from, name), path.join(to, name));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
  }
}

async function ask<R>(url: string, text: string, values: unknown[] = []): Promise<R[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query(text, values)).rows as R[];
  } finally {
    await client.end();
  }
}

/** Waits until a statement answers true in its column `ok`; throws after ten seconds. */
export async function until(text: string, sql: (text: string) => Promise<Record<string, any>[]>): Promise<void> {
  for (const deadline = Date.now() + 10_000; ; await delay(20)) {
    if ((await sql(text))[0]?.ok === true) return;
    if (Date.now() > deadline) throw new Error(`Never came true: ${text}`);
  }
}

/** How many reads some work has a process send where. */
export async function sent<T>(t: TestApp, work: () => Promise<T>): Promise<{ answer: T; to: Record<string, number> }> {
  const now = async () =>
    Object.fromEntries(
      (await t.served.app.metrics.replicas.get()).values.map(({ labels, value }) => [labels.to!, value]),
    );
  const before = await now();
  const answer = await work();
  const after = Object.entries(await now()).map(([to, value]) => [to, value - (before[to] ?? 0)] as const);
  return { answer, to: Object.fromEntries(after.filter(([, value]) => value > 0)) };
}

/** What /ready says. */
export async function ready({ served }: TestApp): Promise<unknown> {
  const { port } = served.server.address() as AddressInfo;
  return (await fetch(`http://127.0.0.1:${port}/ready`)).json();
}
