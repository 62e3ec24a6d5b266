/** npm run bench:reads — this API against the floor, PostGraphile 5 and the usual stack. See --help and docs/PERFORMANCE.md. */
import { availableParallelism } from 'node:os';
import { check } from './check.mjs';
import { runCommand, say, stopAll, stops, tell } from './command.mjs';
import { openLoaded, startCluster } from './database.mjs';
import { growthCells, growthReport } from './growth.mjs';
import { readOptions } from './options.mjs';
import { loadedBy, missed, ratios, tables } from './report.mjs';
import { requestsTo } from './requests.mjs';
import { start, startLoad } from './servers.mjs';
import { writePerformance } from './write.mjs';

/** Seconds of asking before a measurement, each time and once at the very beginning. */
const WARM = 0.3;
const FIRST_WARM = 4;

async function main(options) {
  const cluster = await startCluster(tell);
  stops.push(cluster.stop);
  const data = await openLoaded(cluster, options, tell);
  const load = startLoad();
  stops.push(load.stop);
  const contestants = [];
  for (const name of options.contestants) {
    tell(`starting ${name}`);
    const server = await start(name, cluster, data, tell);
    stops.push(server.stop);
    contestants.push({ ...server, requests: await requestsTo(server, data, options.kinds) });
  }
  tell('comparing answers');
  await check(contestants, options.kinds);

  const cells = Object.fromEntries(
    options.kinds.map((kind) => [
      kind,
      Object.fromEntries(contestants.map(({ requests, ...api }) => [api.name, { api, requests: requests[kind] }])),
    ]),
  );
  const measured = await measure(cells, options, cluster, load);
  const growth = options.growth ? await measureGrowth(contestants, data, options, cluster, load) : null;
  await stopAll();
  report(measured, growth, options);
}

async function measureGrowth(contestants, data, options, cluster, load) {
  const invoices = Math.floor(options.invoices / 10);
  const small = await openLoaded(cluster, { ...options, invoices }, tell);
  const server = await start('api', cluster, small, tell);
  stops.push(server.stop);
  const large = { api: contestants.find(({ name }) => name === 'api'), data, invoices: options.invoices };
  const cells = await growthCells(large, { api: server, data: small, invoices }, options.kinds);
  return growthReport(await measure(cells, options, cluster, load));
}

/** Measures all cells of a group in turn, groups one after the other, round by round; who begins changes with the round. */
async function measure(groups, { rounds, seconds, connections }, { postmaster }, load) {
  const run = ({ api, requests }, warm, length) =>
    load.run({ port: api.port, pid: api.pid, postmaster, requests, connections, warm, seconds: length });
  const measured = Object.fromEntries(Object.keys(groups).map((group) => [group, []]));
  for (const [group, cells] of Object.entries(groups))
    for (const [name, cell] of Object.entries(cells)) {
      tell(`warming up: ${group}, ${name}`);
      await run(cell, 0, FIRST_WARM);
    }
  for (let round = 0; round < rounds; round++)
    for (const [group, cells] of Object.entries(groups)) {
      const names = Object.keys(cells);
      const figures = Object.fromEntries(names.map((name) => [name, null]));
      for (const index of names.keys()) {
        const name = names[(index + round) % names.length];
        figures[name] = await run(cells[name], WARM, seconds);
        tell(`round ${round + 1} of ${rounds}, ${group}, ${name}: ${figures[name].rate.toFixed(0)} requests/s`);
      }
      measured[group].push(figures);
    }
  return measured;
}

function report(measured, growth, options) {
  const { contestants, invoices, connections, rounds, seconds } = options;
  const lines = [
    `${invoices} invoices, ${invoices * 5} lines, ${invoices * 10} audit events; ${connections} connections; medians of ` +
      `${rounds} rounds of ${seconds} s; Node ${process.versions.node}, ${availableParallelism()} cores.${loadedBy(measured)}`,
    ...tables(measured, contestants),
    ...(growth?.lines ?? []),
  ];
  if (options.write) writePerformance('bench:reads', lines);
  for (const line of lines) say(line);
  say('');
  for (const line of missed(measured, contestants)) say(`not reached — ${line}`);
  if (growth) say(JSON.stringify(growth.json));
  say(JSON.stringify({ p99: ratios(measured, contestants, 'p99') }));
  say(JSON.stringify(ratios(measured, contestants, 'rate')));
}

await runCommand(readOptions, main);
