import { assertKeysKnown } from './audit/key-rotation';
import type { Config } from './config';
import { entities, migrations } from './entities';
import { connect, type Database } from './platform/database';
import { asMissingRoles, dropLogins, ensureRoles, type Logins } from './platform/database-roles';
import { startEmbeddedPostgres } from './platform/embedded-postgres';
import { ringOf } from './platform/keys';
import { migrate } from './platform/migrate';
import type { ReplicaSettings } from './platform/replicas';

/** A migrated database, open for the API, and how others log in. */
export interface PreparedDatabase {
  database: Database;
  logins: Logins;
  /** Logins of retired keys that stay, since somebody is connected with one of that key, or they could not be taken away. */
  retiredLogins: readonly string[];
}

export interface OpenDatabase extends PreparedDatabase {
  /** Lets go of it. */
  close(): Promise<void>;
}

/** Starts the embedded server unless another is configured, makes the roles, migrates, and connects as the API. */
export async function openDatabase(config: Config): Promise<OpenDatabase> {
  if (config.databaseUrl) {
    const prepared = await prepareDatabase(config, config.databaseUrl);
    return { ...prepared, close: () => prepared.database.close() };
  }
  const server = await startEmbeddedPostgres({ directory: config.dataDirectory, database: 'countersign' });
  try {
    const prepared = await prepareDatabase(config, server.url);
    return { ...prepared, close: () => prepared.database.close().finally(() => server.stop()) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** From an owner's URL to an open connection of the API's own role. Refuses with MASTER_KEY_UNKNOWN and DATABASE_ROLES_MISSING. */
export async function prepareDatabase(config: Config, ownerUrl: string): Promise<PreparedDatabase> {
  const keys = ringOf(config);
  await assertKeysKnown(config.logins?.api ?? ownerUrl, keys);
  try {
    const logins = config.logins ?? (await ensureRoles(ownerUrl, keys));
    await migrate(ownerUrl, { entities, migrations });
    const { api } = logins;
    const database = await connect(api, { entities }, config.databasePool, replicasOf(config, api));
    return { database, logins, retiredLogins: config.logins ? [] : await dropLogins(ownerUrl, keys.retired) };
  } catch (error) {
    throw asMissingRoles(error, keys);
  }
}

/** What of a replica's URL is not said is as in the API's: who logs in, and the database. Null: there are none. */
export function replicasOf({ replicaUrls, replicaLagSeconds }: Config, apiUrl: string): ReplicaSettings | null {
  if (replicaUrls.length === 0) return null;
  const urls = replicaUrls.map((given) => {
    const url = new URL(given);
    const { username, password, pathname } = new URL(apiUrl);
    if (url.username === '') Object.assign(url, { username, password });
    if (url.pathname.length <= 1) url.pathname = pathname;
    return url.href;
  });
  return { urls, lagSeconds: replicaLagSeconds };
}
