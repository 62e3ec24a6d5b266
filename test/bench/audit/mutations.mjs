/** What the trail costs who writes: the same mutations by the same people with it and without it, in turn. */
import { fileURLToPath } from 'node:url';
import { seal, signIn, withClient } from '../database.mjs';
import { median } from '../report.mjs';
import { startApi } from '../servers.mjs';
import { NUMBER } from '../wire.mjs';
import { copyOf } from './databases.mjs';

const WITHOUT = fileURLToPath(new URL('without-trail.mjs', import.meta.url));

/** Seconds of asking before a measurement, each time and once at the very beginning. */
const WARM = 0.5;
const FIRST_WARM = 4;

/** People of operations, one for each connection, with a second factor as production asks for, and accounts that they change. */
const OPERATIONS = `WITH people AS (INSERT INTO app_user (id, name, email, password_hash, second_factor_at)
    SELECT gen_random_uuid(), 'Operator ' || i, 'operator' || i || '@bench.test', 'nobody signs in with a password', now() FROM generate_series(1, $1::int) i
    RETURNING id)
  INSERT INTO role_grant (id, user_id, role) SELECT gen_random_uuid(), id, 'operations' FROM people`;
const ACCOUNTS = `INSERT INTO account (id, code, legal_name, status, currency, time_zone, tax_id_masked)
  SELECT gen_random_uuid(), 'ACC' || i, 'Client ' || i, 'OPEN', 'USD', 'UTC', '•••••0000' FROM generate_series(1, 1000) i`;

const HIRE = 'mutation ($input: HireAgentInput!) { hireAgent(input: $input) { outcome agent { id code name } } }';
const CHANGE =
  'mutation ($input: ChangeAccountInput!) { changeAccount(input: $input) { outcome account { id legalName } } }';

/** Half of them hire, which writes one small row; half change an account, which locks and updates one. */
function requestsOf(tokens, accounts) {
  const request = (token, query, input) => ({
    path: '/graphql',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables: { input } }),
  });
  return accounts.map((accountId, i) =>
    i % 2 === 0
      ? request(tokens[i % tokens.length], HIRE, {
          code: `AG${NUMBER}`,
          name: 'Agent of the bench',
          hiredOn: '2020-01-01',
        })
      : request(tokens[i % tokens.length], CHANGE, { accountId, legalName: `Client ${NUMBER} Ltd.` }),
  );
}

/** An API on a copy of the short trail, all sealed, with people who write. */
export async function contestant(cluster, { short, name, options, connections }, tell) {
  tell(`${name}: making its database`);
  const url = await copyOf(cluster, short, `bench_audit_${name}`);
  await seal(cluster, url);
  const requests = await withClient(url, async (client) => {
    await client.query('SET session_replication_role = replica');
    await client.query(OPERATIONS, [connections]);
    await client.query(ACCOUNTS);
    const tokens = [];
    for (let i = 1; i <= connections; i++) tokens.push(await signIn(client, `operator${i}@bench.test`));
    const { rows } = await client.query('SELECT id FROM account ORDER BY md5(id::text)');
    await client.query('VACUUM (ANALYZE)');
    return requestsOf(
      tokens,
      rows.map(({ id }) => id),
    );
  });
  tell(`starting the API ${name} the trail`);
  return { ...(await startApi(cluster, { url }, options)), url, requests };
}

const WRITTEN = `SELECT (SELECT count(*)::int FROM audit.event) AS events,
  (SELECT count(*)::int FROM agent) + (SELECT sum(version - 1)::int FROM account) AS done`;

/** How many events there are, and how many mutations were done. */
const writtenIn = (url) => withClient(url, async (client) => (await client.query(WRITTEN)).rows[0]);

/** Rounds of { with, without }, each what the load measured, and how many events a mutation leaves in either. */
export async function measureMutations(cluster, short, { rounds, seconds, connections }, load, stops, tell) {
  const start = async (name, options) => {
    const api = await contestant(cluster, { short, name, options, connections }, tell);
    stops.push(api.stop);
    return { ...api, before: await writtenIn(api.url) };
  };
  const apis = {
    with: await start('with', {}),
    without: await start('without', { preload: WITHOUT, more: { AUDIT_SEALING: 'false' } }),
  };
  let number = 0;
  const run = async ({ port, pid, requests }, warm, length) => {
    const job = { port, pid, postmaster: cluster.postmaster, requests, connections, warm, seconds: length, number };
    const figures = await load.run(job);
    number += figures.sent;
    return figures;
  };
  for (const name of ['without', 'with']) {
    tell(`warming up: ${name} the trail`);
    await run(apis[name], 0, FIRST_WARM);
  }
  const measured = [];
  for (let round = 0; round < rounds; round++) {
    const figures = {};
    for (const name of round % 2 === 0 ? ['with', 'without'] : ['without', 'with']) {
      figures[name] = await run(apis[name], WARM, seconds);
      tell(`round ${round + 1} of ${rounds}, ${name} the trail: ${figures[name].rate.toFixed(0)} mutations/s`);
      // What one has not sealed yet is not to be sealed while the other is measured.
      await untilSealed(apis.with.url);
    }
    measured.push(figures);
  }
  const eventsOfOne = {};
  for (const [name, { url, before, stop }] of Object.entries(apis)) {
    await stop();
    const after = await writtenIn(url);
    eventsOfOne[name] = (after.events - before.events) / (after.done - before.done);
  }
  return { measured, eventsOfOne, url: apis.with.url };
}

const UNSEALED =
  'SELECT count(*)::int AS count FROM audit.event e WHERE NOT EXISTS (SELECT FROM audit.leaf l WHERE l.event_id = e.id)';

/** In ms: how long that may take. */
const PATIENCE = 30_000;

const untilSealed = (url) =>
  withClient(url, async (client) => {
    for (const deadline = Date.now() + PATIENCE; (await client.query(UNSEALED)).rows[0].count > 0; await pause()) {
      if (Date.now() > deadline) throw new Error('the API does not seal its trail: see its log below .data/bench');
    }
  });

const pause = () =>
  new Promise((resolve) => {
    setTimeout(resolve, 100);
  });

/** The share of mutations that remains with the trail, and how many events were appended in a second. */
export const mutationFigures = ({ measured, eventsOfOne }) => ({
  mutations: median(measured.map((round) => round.with.rate / round.without.rate)),
  appended: median(measured.map((round) => round.with.rate)) * eventsOfOne.with,
});
