/** How quickly a backlog is sealed: by the sealer itself, told to its files and all, in slices. */
import { checkpointsOf, withClient } from '../database.mjs';
import { median } from '../report.mjs';
import { copyOf, dist, installationOf } from './databases.mjs';

/** Rounds of { sealed, seconds }: a slice of the short trail each. */
export async function measureSealing(cluster, short, { rounds, short: events }, tell) {
  const url = await copyOf(cluster, short, 'bench_audit_backlog');
  await withClient(url, (client) => client.query('VACUUM (ANALYZE)'));
  const { keys, logins } = await installationOf(cluster, url);
  const slice = Math.floor(events / rounds);
  const measured = [];
  for (let round = 0; round < rounds; round++) {
    measured.push(await sealed(appOf(cluster, keys), logins.sealer, slice));
    tell(`round ${round + 1} of ${rounds}, sealing: ${rateOf(measured.at(-1)).toFixed(0)} events/s`);
  }
  return { measured, url };
}

/** What the sealer needs of an app, with a folder of its own for what it publishes. */
const appOf = ({ config }, keys) => ({
  config: {
    ...config,
    audit: { ...config.audit, checkpoints: checkpointsOf('bench_audit_backlog') },
  },
  keys,
  clock: () => new Date(),
  log: { info: () => undefined, error: ({ err }) => process.stderr.write(`${err.stack ?? err}\n`) },
  metrics: { sealed: { set: () => undefined }, sealingFaults: { inc: () => undefined } },
});

/** Seals so many events at least, and stops. The first batch is not counted: it waits for the connection. */
function sealed(app, url, wanted) {
  const { Sealer } = dist('audit/sealer.js');
  const sealer = new Sealer(app, url);
  return new Promise((resolve) => {
    let first = null;
    app.metrics.sealed.set = (size) => {
      first ??= { size, at: performance.now() };
      if (size - first.size < wanted - 1000) return;
      app.metrics.sealed.set = () => undefined;
      const result = { sealed: size - first.size, seconds: (performance.now() - first.at) / 1000 };
      void sealer.stop().then(() => resolve(result));
    };
    sealer.start();
  });
}

const rateOf = ({ sealed: count, seconds }) => count / seconds;

/** Events per second. */
export const sealingRate = ({ measured }) => median(measured.map(rateOf));
