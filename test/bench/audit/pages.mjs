/** What length costs who reads: a page of 100 events of one subject, out of a short trail and out of a long one, in turn. */
import { signIn, withClient } from '../database.mjs';
import { median } from '../report.mjs';
import { startApi } from '../servers.mjs';
import { openTrail } from './databases.mjs';
import { subjectIds } from './events.mjs';

const CONNECTIONS = 16;
const WARM = 0.5;
const FIRST_WARM = 6;

/** Two pages: one of what events are found by, and one of what they say, too, which lies apart by the month in which it was written. */
const PAGES = {
  found: 'id at action outcome subjectType subjectId requestId actor { name } hash',
  told: 'id at action outcome subjectType subjectId requestId actor { name } hash roles reason code changes { path before after }',
};

const query = (fields) =>
  `query Page($filter: AuditEventFilter!) { auditEvents(first: 100, filter: $filter) { nodes { ${fields} } } }`;

const requestsOf = (fields, token, ids) =>
  ids.map((subjectId) => ({
    path: '/graphql',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: query(fields), variables: { filter: { subjectType: 'Complaint', subjectId } } }),
  }));

/** The trail is not sealed: nobody asks for places. */
async function contestant(cluster, events, options, stops, tell) {
  const url = await openTrail(cluster, events, options, tell);
  const token = await withClient(url, (client) => signIn(client));
  const ids = await withClient(url, (client) => subjectIds(client, events));
  const api = await startApi(cluster, { url }, { more: { AUDIT_SEALING: 'false' } });
  stops.push(api.stop);
  return {
    ...api,
    requests: Object.fromEntries(Object.entries(PAGES).map(([page, fields]) => [page, requestsOf(fields, token, ids)])),
  };
}

/** Of each page, rounds of { short, long }. */
export async function measurePages(cluster, options, load, stops, tell) {
  const { rounds, seconds, short, events } = options;
  const apis = {
    short: await contestant(cluster, short, options, stops, tell),
    long: await contestant(cluster, events, options, stops, tell),
  };
  const run = ({ port, pid, requests }, page, warm, length) =>
    load.run({
      port,
      pid,
      postmaster: cluster.postmaster,
      requests: requests[page],
      connections: CONNECTIONS,
      warm,
      seconds: length,
    });
  const measured = Object.fromEntries(Object.keys(PAGES).map((page) => [page, []]));
  for (const [name, api] of Object.entries(apis))
    for (const page of Object.keys(PAGES)) {
      tell(`warming up: ${page}, ${name}`);
      await run(api, page, 0, FIRST_WARM);
    }
  for (let round = 0; round < rounds; round++)
    for (const page of Object.keys(PAGES)) {
      const figures = {};
      for (const name of round % 2 === 0 ? ['short', 'long'] : ['long', 'short']) {
        figures[name] = await run(apis[name], page, WARM, seconds);
        tell(`round ${round + 1} of ${rounds}, ${page}, ${name}: ${figures[name].rate.toFixed(0)} pages/s`);
      }
      measured[page].push(figures);
    }
  for (const { stop } of Object.values(apis)) await stop();
  return measured;
}

/** How much longer a page takes out of the long trail, and how much more CPU. */
export const pageGrowth = (rounds) => ({
  time: median(rounds.map(({ short, long }) => short.rate / long.rate)),
  cpu: median(rounds.map(({ short, long }) => (long.node + long.postgres) / (short.node + short.postgres))),
});
