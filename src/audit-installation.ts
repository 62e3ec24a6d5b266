import 'reflect-metadata';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createApp } from './app';
import { assertKeysKnown, tellOfRotation } from './audit/key-rotation';
import type { MacKey } from './audit/mac-keys';
import type { NoteKey } from './audit/note-keys';
import { type EventDescription, record } from './audit/record';
import { noteKeysOf } from './audit/sealer';
import { type Config, loadConfig } from './config';
import { entities } from './entities';
import { type App, ownContext } from './platform/context';
import { connect } from './platform/database';
import { loginsOf } from './platform/database-roles';
import { findEmbeddedPostgres, startEmbeddedPostgres } from './platform/embedded-postgres';
import { DomainError, refuse } from './platform/errors';
import { allKeys, ringOf } from './platform/keys';
import { inTransaction } from './platform/transaction';

/** What is known of an installation without its database. */
export interface InstallationKeys {
  readonly config: Config;
  /** Who signs its heads first, then who did under earlier master keys. */
  readonly keys: readonly NoteKey[];
  /** The keys of its events' MACs, in the same order: whoever has the first can make them. */
  readonly macKeys: readonly MacKey[];
  /** The folder that heads are published to, if there is one. */
  readonly checkpoints: string | null;
}

/** Reads the configuration. Refuses with CONFIGURATION_INVALID. */
export function readInstallation(): InstallationKeys {
  const config = loadConfig();
  const ring = ringOf(config);
  const { checkpoints } = config.audit;
  return {
    config,
    keys: noteKeysOf({ config, keys: ring }),
    macKeys: allKeys(ring).map(({ id, audit: key }) => ({ id, key })),
    checkpoints: existsSync(checkpoints) ? checkpoints : null,
  };
}

export interface OpenInstallation {
  /** How an auditor logs in. */
  readonly auditorUrl: string;
  /** How the API does. */
  readonly apiUrl: string;
  /** Leaves an event in the trail, as the API. */
  readonly record: (event: EventDescription) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Opens the database as it is: nothing is migrated, and no role is made. An embedded server that does not run is started. */
export async function openInstallation(config: Config): Promise<OpenInstallation> {
  const server = await serverOf(config);
  const logins = config.logins ?? loginsOf(server.url, ringOf(config));
  return {
    auditorUrl: logins.auditor,
    apiUrl: logins.api,
    record: (event) => recordAs(config, logins.api, event),
    close: server.stop,
  };
}

const serverOf = async (config: Config): Promise<{ url: string; stop: () => Promise<void> }> =>
  config.databaseUrl ? { url: config.databaseUrl, stop: async () => undefined } : embedded(config);

/** Does something as the API, in an installation as it is; a server may run beside it. */
export async function withApp(config: Config, work: (app: App) => Promise<void>): Promise<void> {
  const server = await serverOf(config);
  try {
    await assertKeysKnown(config.logins?.api ?? server.url, ringOf(config));
    const logins = config.logins ?? loginsOf(server.url, ringOf(config));
    await asApi(config, logins.api, work);
  } finally {
    await server.stop();
  }
}

async function embedded({ dataDirectory: directory }: Config): Promise<{ url: string; stop: () => Promise<void> }> {
  if (!existsSync(path.join(directory, 'postgres')))
    refuse(
      'AUDIT_DATABASE_UNREACHABLE',
      `There is no database in ${directory}: set DATABASE_URL, or give --url with an auditor's login.`,
    );
  const options = { directory, database: 'countersign' };
  try {
    return await startEmbeddedPostgres(options);
  } catch (error) {
    const inUse = error instanceof DomainError && error.code === 'DATABASE_IN_USE';
    const url = inUse ? findEmbeddedPostgres(options) : null;
    if (url !== null) return { url, stop: async () => undefined };
    throw error;
  }
}

const recordAs = (config: Config, url: string, event: EventDescription): Promise<void> =>
  asApi(config, url, (app) => inTransaction(ownContext(app, 'audit-command'), (tx) => record(tx, event)));

async function asApi(config: Config, url: string, work: (app: App) => Promise<void>): Promise<void> {
  const database = await connect(url, { entities }, 2);
  try {
    const served = await createApp({ ...config, logLevel: 'silent' }, database);
    const { app } = served;
    await tellOfRotation(app)
      .then(() => work(app))
      .finally(() => served.stop());
  } finally {
    await database.close();
  }
}
