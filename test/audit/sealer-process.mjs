// A sealer in a process of its own, which can be killed. Told by its environment how to log in (SEALER_URL) and when to end by itself:
// at its DIE_AT-th statement, DIE_WHEN that is `before` it is sent, once it is `sent`, or once it is `answered`.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
require('reflect-metadata');
const dist = (file) => require(`../../dist/src/${file}`);
const { Client } = require('pg');
const { loadConfig } = dist('config.js');
const { ringOf } = dist('platform/keys.js');
const { Metrics } = dist('platform/metrics.js');
const { Sealer } = dist('audit/sealer.js');

const { SEALER_URL, DIE_AT, DIE_WHEN } = process.env;
const die = () => process.kill(process.pid, 'SIGKILL');

if (DIE_AT) {
  let statements = 0;
  const query = Reflect.get(Client.prototype, 'query');
  Client.prototype.query = function (...asked) {
    const send = () => Reflect.apply(query, this, asked);
    statements += 1;
    if (statements !== Number(DIE_AT)) return send();
    if (DIE_WHEN === 'before') die();
    const answer = send();
    if (DIE_WHEN === 'sent') setImmediate(die);
    return answer.then(die, die);
  };
}

const config = loadConfig();
const app = {
  config,
  keys: ringOf(config),
  metrics: new Metrics(),
  clock: () => new Date(),
  // It has no database of the API's: a fault is told to whoever started this, and not in the trail.
  database: { orm: { transaction: async () => undefined } },
  log: { info: () => undefined, error: ({ err }, what) => process.send?.({ fault: `${what}: ${err?.stack ?? err}` }) },
};
const sealer = new Sealer(app, SEALER_URL);
sealer.start();
process.send?.({ started: true });
process.once('SIGTERM', () => void sealer.stop().then(() => process.exit(0)));
process.once('disconnect', () => process.exit(0));
