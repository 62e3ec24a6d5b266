/** npm run bench:audit — what the trail costs, and how quickly it is sealed, verified and read. See --help and docs/PERFORMANCE.md. */
import { readOptions } from './audit/options.mjs';
import { openTrail } from './audit/databases.mjs';
import { measureMutations } from './audit/mutations.mjs';
import { measurePages } from './audit/pages.mjs';
import { figuresOf, linesOf, missed } from './audit/report.mjs';
import { measureSealing } from './audit/sealing.mjs';
import { measureVerifying } from './audit/verifying.mjs';
import { startCluster } from './database.mjs';
import { startLoad } from './servers.mjs';
import { writePerformance } from './write.mjs';

const tell = (line) => process.stderr.write(`${line}\n`);
const say = (line) => process.stdout.write(`${line}\n`);

/** What is to be stopped, the last started first: at the end, at a failure and at Ctrl-C. */
const stops = [];
const stopAll = async () => {
  while (stops.length > 0)
    await stops
      .pop()()
      .catch((error) => tell(String(error)));
};

async function main() {
  const options = optionsOrNot();
  if (!options) return;
  const cluster = await startCluster(tell, options.durable);
  stops.push(cluster.stop);
  const load = startLoad();
  stops.push(load.stop);
  const measured = await measure(cluster, options, load);
  await stopAll();
  const figures = figuresOf(measured);
  const lines = linesOf(measured, figures, options);
  if (options.write) writePerformance('bench:audit', lines);
  for (const line of [...lines, '']) say(line);
  for (const line of missed(figures)) say(`not reached — ${line}`);
  say(JSON.stringify(figures));
}

/** One part after the other, on one machine in one run: each figure is a ratio within its part, or of two that follow each other. */
async function measure(cluster, options, load) {
  const wants = (part) => options.parts.includes(part);
  const short = await openTrail(cluster, options.short, options, tell);
  const sealing = wants('sealing') || wants('verifying') ? await measureSealing(cluster, short, options, tell) : null;
  return {
    sealing,
    mutations: wants('mutations') ? await measureMutations(cluster, short, options, load, stops, tell) : null,
    verifying: wants('verifying') ? await measureVerifying(cluster, sealing.url, options, tell) : null,
    pages: wants('pages') ? await measurePages(cluster, options, load, stops, tell) : null,
  };
}

/** Null when there is nothing to do: help was asked for, or the command line is wrong and was told so. */
function optionsOrNot() {
  try {
    return readOptions(process.argv.slice(2));
  } catch ({ message }) {
    tell(`${message} See --help.`);
    process.exitCode = 2;
    return null;
  }
}

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, async () => {
    interrupted = true;
    tell(`${signal}: stopping`);
    await stopAll();
    process.exit(130);
  });

try {
  await main();
} catch (error) {
  // What fails because everything is being stopped is no news.
  if (!interrupted) tell(error.stack ?? String(error));
  process.exitCode = 1;
} finally {
  await stopAll();
}
