/** The benchmark's own PostgreSQL, below .data/bench, and the loaded databases in it: one for each size, kept for the next run. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { load } from './data.mjs';

const require = createRequire(import.meta.url);
const dist = (file) => require(path.resolve('dist/src', file));

export const DIRECTORY = path.resolve('.data/bench');
/** At how many places pages of the list begin. */
const PLACES = 50;
/** Connections of each contestant: what the API takes unless told. */
export const POOL = 20;

/** Starts the cluster. Without fsync unless told: what is read does not depend on it, and loading is quick. */
export async function startCluster(tell, durable = false) {
  require('reflect-metadata');
  mkdirSync(DIRECTORY, { recursive: true });
  const { startEmbeddedPostgres } = dist('platform/embedded-postgres.js');
  const options = { directory: DIRECTORY, durable, maxConnections: 200, log: tell };
  const server = await startEmbeddedPostgres({ ...options, database: 'bench' });
  const config = dist('config.js').loadConfig(
    {},
    { DATA_DIRECTORY: DIRECTORY, DATABASE_POOL: '2', DEMO_DATA: 'false' },
  );
  const postmaster = await withClient(server.url, async (client) => {
    const { rows } = await client.query(`SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid`);
    return rows[0].pid;
  });
  return { url: server.url, postmaster, config, masterKey: config.masterKey.toString('base64'), stop: server.stop };
}

/** A migrated database with so many invoices and their rows, and what to ask it for. */
export async function openLoaded(cluster, { invoices, fresh }, tell) {
  const url = await keptDatabase(
    cluster,
    { name: `bench_${invoices}`, fresh, sources: [DATA] },
    tell,
    async (of, say) => {
      await withClient(of, (client) => load(client, invoices, say));
      say('sealing the trail');
      await seal(cluster, of);
    },
  );
  const token = await withClient(url, signIn);
  return { url, apiUrl: await apiUrlOf(cluster, url), token, ids: await withClient(url, idsOf) };
}

const DATA = new URL('data.mjs', import.meta.url);

/**
 * The URL of a migrated database that `fill` filled. One that is there already is taken when it was filled to the end, by the same
 * migrations and the same `sources`, and `fresh` is not asked for.
 */
export async function keptDatabase(cluster, { name, fresh, sources }, tell, fill) {
  const url = Object.assign(new URL(cluster.url), { pathname: `/${name}` }).href;
  const wanted = fingerprint(sources);
  const found = await withClient(cluster.url, async (client) => {
    const sql = `SELECT shobj_description(oid, 'pg_database') AS loaded FROM pg_database WHERE datname = $1`;
    return (await client.query(sql, [name])).rows[0]?.loaded;
  });
  if (!fresh && found === wanted) {
    tell(`${name}: taken as it was loaded before`);
    return url;
  }
  tell(`${name}: loading`);
  await withClient(cluster.url, async (client) => {
    await dropDatabase(client, name);
    await client.query(`CREATE DATABASE ${name}`);
  });
  await prepare(cluster, url);
  await fill(url, (line) => tell(`${name}: ${line}`));
  await withClient(cluster.url, (client) => client.query(`COMMENT ON DATABASE ${name} IS '${wanted}'`));
  return url;
}

/** With what was published of its trail: nobody seals one that is behind that. */
export async function dropDatabase(client, name) {
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  rmSync(checkpointsOf(name), { recursive: true, force: true });
}

/** Each database is a trail of its own. */
export const checkpointsOf = (name) => path.join(DIRECTORY, 'checkpoints', name);

/** Gives all events their places, as the API would while it is measured. */
export async function seal({ config }, url) {
  const keys = dist('platform/keys.js').ringOf(config);
  const { sealBatch } = dist('audit/seal-batch.js');
  const signer = dist('audit/sealer.js').signerOf({ config, keys });
  const logins = await dist('platform/database-roles.js').ensureRoles(url, keys);
  await withClient(logins.sealer, async (client) => {
    await client.query('SET synchronous_commit = off');
    while ((await sealBatch(client, signer, new Date())).more);
  });
  await withClient(url, (client) => client.query('VACUUM (ANALYZE)'));
}

/** Makes the roles and migrates, by the same code as the API's own start. */
async function prepare({ config }, url) {
  const { database } = await dist('open-database.js').prepareDatabase(config, url);
  await database.close();
}

/** All contestants use the login that the API makes for itself. */
export async function apiUrlOf({ config }, url) {
  const { ensureRoles } = dist('platform/database-roles.js');
  const logins = await ensureRoles(url, dist('platform/keys.js').ringOf(config));
  return logins.api;
}

/** Changes with the migrations and with the files that say what is loaded: an older database does not fit then. */
function fingerprint(sources) {
  const hash = createHash('sha256');
  for (const file of sources) hash.update(readFileSync(file));
  const migrations = path.resolve('dist/migrations');
  for (const file of readdirSync(migrations).toSorted())
    if (file.endsWith('.js')) hash.update(readFileSync(path.join(migrations, file)));
  return hash.digest('hex');
}

/** A session of somebody, the auditor unless told, as signing in would have made it (src/access/identify.ts): a new token for each run. */
export async function signIn(client, email = 'person0@bench.test') {
  const token = randomBytes(32).toString('base64url');
  await client.query(
    `INSERT INTO session (id, user_id, token_hash, second_factor_at, expires_at)
      SELECT gen_random_uuid(), u.id, $1, u.second_factor_at, now() + interval '1 day' FROM app_user u WHERE u.email = $2`,
    [createHash('sha256').update(token).digest(), email],
  );
  return token;
}

/** Ids to ask for, the same for all contestants: invoices, and those of them that have a page of events. */
async function idsOf(client) {
  const ids = async (sql) => (await client.query(sql)).rows.map(({ id }) => id);
  return {
    invoices: await ids('SELECT id FROM invoice ORDER BY md5(id::text) LIMIT 2000'),
    audited:
      await ids(`SELECT s.id FROM (SELECT DISTINCT subject_id AS id FROM audit.event WHERE subject_type = 'Invoice') s
      ORDER BY md5(s.id::text) LIMIT 2000`),
    // Where pages of the list begin: after every hundredth invoice, latest first. The last may have nothing behind it.
    places: (
      await client.query(`SELECT created_at, id FROM (SELECT created_at, id, row_number() OVER (ORDER BY created_at DESC, id DESC) AS n
        FROM (SELECT created_at, id FROM invoice ORDER BY created_at DESC, id DESC LIMIT ${PLACES * 100}) i) r WHERE n % 100 = 0
        ORDER BY n`)
    ).rows.slice(0, -1),
  };
}

export async function withClient(connectionString, work) {
  const { Client } = require('pg');
  const client = new Client({ connectionString });
  // Whatever was asked fails by itself.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
