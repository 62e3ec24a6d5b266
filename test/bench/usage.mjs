/** npm run bench:usage — what importing calls costs beside a bare COPY of the same rows. See --help and docs/PERFORMANCE.md. */
import { availableParallelism } from 'node:os';
import { valuesIn, whole as wholeNumber } from './options.mjs';
import { runCommand, say, stops, tell } from './command.mjs';
import { startCluster } from './database.mjs';
import { median, round3, table } from './report.mjs';
import { writePerformance } from './write.mjs';
import { bareCopy } from './usage/bare.mjs';
import { writeCalls } from './usage/calls.mjs';
import { dropImported, runImport } from './usage/imports.mjs';

const HELP = `npm run bench:usage -- [options]

  --records N   records to import (default 1000000)
  --rounds N    how often everything is measured (default 3)
  --durable     with fsync
  --write       put the result into docs/PERFORMANCE.md
  --help

Progress goes to stderr, results to stdout. The last line: the rate of an import to that of a bare binary COPY of the same rows into a table with
the same unique key; how much longer ten times the records take; the memory of the importing process.
`;

function readOptions(args) {
  const values = valuesIn(args, HELP, { records: '1000000', rounds: '3' }, ['durable', 'write']);
  if (values === null) return null;
  const { durable, write } = values;
  return {
    records: wholeNumber('records', values.records, 10_000),
    rounds: wholeNumber('rounds', values.rounds, 1),
    durable,
    write,
  };
}

async function main({ records, rounds, durable, write }) {
  const cluster = await startCluster(tell, durable);
  stops.push(cluster.stop);
  const tenth = Math.round(records / 10);
  const files = { all: await writeCalls(records, tell), tenth: await writeCalls(tenth, tell) };
  const measured = [];
  for (let round = 1; round <= rounds; round += 1) {
    const small = await runImport(cluster, files.tenth, tenth);
    await dropImported(cluster, small);
    const all = await runImport(cluster, files.all, records);
    const bare = await bareCopy(cluster, all.url);
    await dropImported(cluster, all);
    measured.push({ small, all, bare });
    tell(
      `round ${round}: ${records} imported in ${all.seconds.toFixed(1)} s, by a bare COPY in ${bare.seconds.toFixed(1)} s; ${tenth} in ${small.seconds.toFixed(1)} s; CPU of Node ${all.cpuSeconds.toFixed(1)} s, of PostgreSQL ${all.postgresSeconds.toFixed(1)} s, for the bare COPY ${bare.postgresSeconds.toFixed(1)} s`,
    );
  }
  const of = (take) => median(measured.map(take));
  const figures = {
    importAgainstCopy: round3(of(({ all, bare }) => bare.seconds / all.seconds)),
    growth: round3(of(({ all, small }) => all.seconds / small.seconds)),
    peakMiB: Math.round(of(({ all }) => all.peakMiB)),
  };
  const lines = [
    `${records} records, ${rounds} rounds, ${durable ? 'with' : 'without'} fsync; Node ${process.versions.node}, ${availableParallelism()} cores.`,
    '',
    ...table(
      ['what', 'measured', 'wanted'],
      [
        ['an import, its file read and judged, to a bare binary COPY', figures.importAgainstCopy.toFixed(2), '>= 0.5'],
        [`${records} records to ${tenth}, time`, figures.growth.toFixed(1), '<= 11'],
        [`memory of the process, in MiB: ${records} records`, String(figures.peakMiB), 'as below'],
        [`memory of the process, in MiB: ${tenth} records`, String(Math.round(of(({ small }) => small.peakMiB))), ''],
      ],
    ),
  ];
  const micros = (take) => ((of(take) / records) * 1e6).toFixed(1);
  lines.push(
    '',
    `CPU of a record, in µs: ${micros(({ all }) => all.cpuSeconds)} of Node, ${micros(({ all }) => all.postgresSeconds)} of PostgreSQL; ` +
      `${micros(({ bare }) => bare.postgresSeconds)} of PostgreSQL for the bare COPY.`,
  );
  if (write) writePerformance('bench:usage', lines);
  for (const line of [...lines, '']) say(line);
  say(JSON.stringify(figures));
}

await runCommand(readOptions, main);
