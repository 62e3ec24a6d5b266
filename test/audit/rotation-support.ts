import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { Sealer } from '../../src/audit/sealer';
import { ensureRoles, loginsOf } from '../../src/platform/database-roles';
import { deriveKeys } from '../../src/platform/keys';
import { startProcess, type Running } from '../edge/process';
import { startAppOver, type TestApp } from '../support/app';
import { migrateWithCast } from '../support/global-setup';

export type Settings = Record<string, string>;

export const text = (key: Buffer): string => key.toString('base64');
export const idOf = (key: Buffer): string => deriveKeys(key).id;

/** What a process with this master key, and these that are retired, is told. */
export const settingsOf = (key: Buffer, ...retired: Buffer[]): Settings => ({
  MASTER_KEY: text(key),
  ...(retired.length > 0 && { MASTER_KEYS_RETIRED: retired.map(text).join(',') }),
});

/** An installation of a master key of its own, with a database and a folder of heads: so its logins are nobody else's. */
export class Installation {
  private constructor(
    readonly url: string,
    readonly folder: string,
    /** As the owner of the database, whatever process there is. Null once it is a model, which nobody may use. */
    private owner: Client | null,
  ) {}

  /** One that has the cast and nothing else, or a copy of another that nobody uses at the time. */
  static async of(keyOrModel: Buffer | Installation): Promise<Installation> {
    const model = keyOrModel instanceof Installation ? keyOrModel : null;
    await model?.letGo();
    const url = await createDatabase(model && new URL(model.url).pathname.slice(1));
    const folder = mkdtempSync(path.join(os.tmpdir(), 'countersign-rotation-'));
    if (model) cpSync(model.folder, folder, { recursive: true });
    else await migrateWithCast(url, settingsOf(keyOrModel as Buffer));
    return new Installation(url, folder, await connected(url));
  }

  get heads(): string {
    return path.join(this.folder, 'heads');
  }

  /** The API with these keys, for a while. */
  async within<T>(keys: Settings, work: (t: TestApp) => Promise<T>): Promise<T> {
    const t = await startAppOver(this.url, { ...keys, AUDIT_CHECKPOINTS: this.heads });
    return work(t).finally(() => t.close());
  }

  /** The server as it is started everywhere, but that it seals nothing: heads are made where a test wants them. */
  start(keys: Settings): Promise<Running> {
    const settings = { ...keys, AUDIT_SEALING: 'false', AUDIT_CHECKPOINTS: this.heads, LOG_LEVEL: 'trace' };
    return startProcess({ ownerUrl: this.url } as TestApp, settings);
  }

  /** What a start with these keys is refused with. */
  async refusedAt(keys: Settings): Promise<string> {
    const error = await this.start(keys).then(
      async (running) => running.stop().then(() => new Error('It started.')),
      (refusal: Error) => refusal,
    );
    return error.message;
  }

  /** Seals and tells whatever there is, as the server does. Gives the size of the last head. */
  async sealed({ served }: TestApp, patience = 400): Promise<number> {
    const sealer = new Sealer(served.app, (await ensureRoles(this.url, served.app.keys)).sealer);
    sealer.start();
    try {
      for (let tries = 0; tries < patience; tries += 1) {
        const [now] = await this.sql<{ events: number; size: number }>(
          'SELECT (SELECT count(*) FROM audit.event)::int AS events, (SELECT coalesce(max(size), 0) FROM audit.checkpoint)::int AS size',
        );
        if (now!.events === now!.size) return now!.size;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error('It does not seal.');
    } finally {
      await sealer.stop();
    }
  }

  async sql<R = Record<string, any>>(statement: string, values: unknown[] = []): Promise<R[]> {
    return (await this.owner!.query(statement, values)).rows as R[];
  }

  async noteOf(size: number): Promise<string> {
    return (await this.sql<{ note: string }>('SELECT note FROM audit.checkpoint WHERE size = $1', [size]))[0]!.note;
  }

  /** The logins of a key that there are, in the order of their names. */
  async loginsOf(key: Buffer): Promise<string[]> {
    const names = Object.values(loginsOf(this.url, deriveKeys(key))).map((each: string) => new URL(each).username);
    const able = 'SELECT rolname AS name FROM pg_roles WHERE rolname = ANY($1) AND rolcanlogin ORDER BY 1';
    return (await this.sql<{ name: string }>(able, [names])).map(({ name }) => name);
  }

  async close(): Promise<void> {
    await this.letGo();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async letGo(): Promise<void> {
    await this.owner?.end();
    this.owner = null;
  }
}

/** An empty database, or a copy of one. */
export async function createDatabase(template: string | null = null): Promise<string> {
  const adminUrl = process.env.COUNTERSIGN_TEST_ADMIN_URL!;
  const name = `${process.env.COUNTERSIGN_TEST_PREFIX!}_${randomBytes(4).toString('hex')}`;
  const admin = await connected(adminUrl);
  await admin.query(`CREATE DATABASE ${name}${template ? ` TEMPLATE ${template}` : ''}`);
  await admin.end();
  return Object.assign(new URL(adminUrl), { pathname: `/${name}` }).href;
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}
