/** npm run bench:audit — what the trail costs, and how quickly it is sealed, verified and read. See --help and docs/PERFORMANCE.md. */
import { readOptions } from './audit/options.mjs';
import { openTrail } from './audit/databases.mjs';
import { runCommand, say, stopAll, stops, tell } from './command.mjs';
import { measureMutations } from './audit/mutations.mjs';
import { measurePages } from './audit/pages.mjs';
import { figuresOf, linesOf, missed } from './audit/report.mjs';
import { measureSealing } from './audit/sealing.mjs';
import { measureVerifying } from './audit/verifying.mjs';
import { startCluster } from './database.mjs';
import { startLoad } from './servers.mjs';
import { writePerformance } from './write.mjs';

async function main(options) {
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
  return {
    sealing: wants('sealing') ? await measureSealing(cluster, short, options, tell) : null,
    mutations: wants('mutations') ? await measureMutations(cluster, short, options, load, stops, tell) : null,
    verifying: wants('verifying') ? await measureVerifying(cluster, options, tell) : null,
    pages: wants('pages') ? await measurePages(cluster, options, load, stops, tell) : null,
  };
}

await runCommand(readOptions, main);
