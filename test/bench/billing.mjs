/** npm run bench:billing — what it costs to import calls and to bill them. See --help and docs/PERFORMANCE.md. */
import { availableParallelism } from 'node:os';
import { valuesIn, whole as wholeNumber } from './options.mjs';
import { runCommand, say, stops, tell } from './command.mjs';
import { startCluster, withClient } from './database.mjs';
import { median, round3, table } from './report.mjs';
import { writePerformance } from './write.mjs';
import { groupBy, inNode, prepareBilling, runBilling } from './billing/runs.mjs';
import { bareCopy } from './usage/bare.mjs';
import { writeCalls } from './usage/calls.mjs';
import { dropImported, runImport } from './usage/imports.mjs';

const HELP = `npm run bench:billing -- [options]

  --records N   calls to import and to bill (default 1000000)
  --rounds N    how often billing is measured (default 5)
  --imports N   how often importing is measured (default 1)
  --durable     with fsync
  --write       put the result into docs/PERFORMANCE.md
  --help

Progress goes to stderr, results to stdout. The last line: the rate of an import to that of a bare binary COPY of the same rows into a table with the same
unique key; how long a billing run over all calls takes by a bare GROUP BY with count and sum over them; how much longer it takes to stream them through
Node with a decimal library than the run; how much longer the run takes for ten times the calls; the memory of the process that bills.
`;

function readOptions(args) {
  const values = valuesIn(args, HELP, { records: '1000000', rounds: '5', imports: '1' }, ['durable', 'write']);
  if (values === null) return null;
  const { durable, write } = values;
  return {
    records: wholeNumber('records', values.records, 10_000),
    rounds: wholeNumber('rounds', values.rounds, 1),
    imports: wholeNumber('imports', values.imports, 1),
    durable,
    write,
  };
}

async function main({ records, rounds, imports, durable, write }) {
  const cluster = await startCluster(tell, durable);
  stops.push(cluster.stop);
  const tenth = Math.round(records / 10);
  const files = { all: await writeCalls(records, tell), tenth: await writeCalls(tenth, tell) };
  const small = await runImport(cluster, files.tenth, tenth);
  const copied = [];
  let all = null;
  for (let n = 1; n <= imports; n += 1) {
    if (all) await dropImported(cluster, all);
    all = await runImport(cluster, files.all, records);
    const bare = await bareCopy(cluster, all.url);
    copied.push(bare.seconds / all.seconds);
    tell(`${records} imported in ${all.seconds.toFixed(1)} s, by a bare COPY in ${bare.seconds.toFixed(1)} s`);
  }
  for (const { url } of [small, all]) await withClient(url, prepareBilling);
  const measured = [];
  for (let round = 1; round <= rounds; round += 1) {
    const least = await groupBy(cluster, all.url);
    const run = await runBilling(cluster, all.url);
    const tenthRun = await runBilling(cluster, small.url);
    const again = await groupBy(cluster, all.url);
    const node = await inNode(all.url);
    if (node.total !== run.total) throw new Error(`The run comes to ${run.total}, adding up in Node to ${node.total}.`);
    const bare = (least.seconds + again.seconds) / 2;
    measured.push({ bare, run, small: tenthRun, node });
    tell(
      `round ${round}: GROUP BY ${bare.toFixed(3)} s, a run ${run.seconds.toFixed(3)} s (CPU of Node ${run.cpuSeconds.toFixed(2)} s), of a tenth ${tenthRun.seconds.toFixed(3)} s, through Node ${node.seconds.toFixed(1)} s`,
    );
  }
  for (const each of [small, all]) await dropImported(cluster, each);
  const of = (take) => median(measured.map(take));
  const figures = {
    importAgainstCopy: round3(median(copied)),
    runAgainstGroupBy: round3(of(({ bare, run }) => run.seconds / bare)),
    nodeAgainstRun: round3(of(({ run, node }) => node.seconds / run.seconds)),
    growth: round3(of(({ run, small: tenthRun }) => run.seconds / tenthRun.seconds)),
    peakMiB: Math.round(of(({ run }) => run.peakMiB)),
  };
  const lines = [
    `${records} calls, ${rounds} rounds of billing, ${imports} of importing, ${durable ? 'with' : 'without'} fsync; Node ${process.versions.node}, ${availableParallelism()} cores.`,
    '',
    ...table(
      ['what', 'measured', 'wanted'],
      [
        ['an import to a bare binary COPY', figures.importAgainstCopy.toFixed(2), '>= 0.5'],
        [
          'a billing run over all calls, to a bare GROUP BY of them, time',
          figures.runAgainstGroupBy.toFixed(2),
          '<= 2.5',
        ],
        ['all calls streamed through Node, to a billing run, time', figures.nodeAgainstRun.toFixed(1), '>= 4'],
        [`${records} calls to ${tenth}, time`, figures.growth.toFixed(1), '<= 11'],
        [`memory of the process that bills, in MiB: ${records} calls`, String(figures.peakMiB), 'as below'],
        [
          `memory of the process that bills, in MiB: ${tenth} calls`,
          String(Math.round(of(({ small: tenthRun }) => tenthRun.peakMiB))),
          '',
        ],
      ],
    ),
  ];
  if (write) writePerformance('bench:billing', lines);
  for (const line of [...lines, '']) say(line);
  say(JSON.stringify(figures));
}

await runCommand(readOptions, main);
