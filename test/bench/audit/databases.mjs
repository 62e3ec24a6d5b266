/** The trails that are measured: a short and a long one, kept for the next run, and copies of the short one that are written to. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { dropDatabase, keptDatabase, seal, withClient } from '../database.mjs';
import { loadEvents } from './events.mjs';

const require = createRequire(import.meta.url);
export const dist = (file) => require(path.resolve('dist/src', file));

const SOURCES = ['../data.mjs', 'events.mjs'].map((file) => new URL(file, import.meta.url));

/** The URL of a trail of so many events that nobody has sealed yet. */
export const openTrail = (cluster, events, { fresh }, tell) =>
  keptDatabase(cluster, { name: `bench_audit_${events}`, fresh, sources: SOURCES }, tell, async (url, say) => {
    // A round of sealing has been, so that the next one is none over all that there ever was.
    await seal(cluster, url);
    await withClient(url, (client) => loadEvents(client, events, say));
  });

/** A copy of a database, by another name and without what was written to it before. */
export async function copyOf(cluster, url, name) {
  await withClient(cluster.url, async (client) => {
    await dropDatabase(client, name);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${new URL(url).pathname.slice(1)}`);
  });
  return Object.assign(new URL(cluster.url), { pathname: `/${name}` }).href;
}

/** The keys of the installation, and how each of its parts logs in to a database. */
export async function installationOf({ config }, url) {
  const keys = dist('platform/keys.js').ringOf(config);
  return { keys, logins: await dist('platform/database-roles.js').ensureRoles(url, keys) };
}
