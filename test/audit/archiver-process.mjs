// Archives what is sealed, in a process of its own that ends by SIGKILL at its DIE_AT-th step on files: DIE_WHEN that is `before` it is taken, or
// `after`. Without DIE_AT it ends when nothing more is to be archived. Told by its environment how auditors log in (AUDITOR_URL).
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
require('reflect-metadata');
const files = require('node:fs/promises');
const { AUDITOR_URL, DIE_AT, DIE_WHEN } = process.env;
const die = () => process.kill(process.pid, 'SIGKILL');

if (DIE_AT) {
  let steps = 0;
  for (const name of ['mkdir', 'open', 'writeFile', 'rename', 'rm']) {
    const step = files[name];
    files[name] = async (...given) => {
      steps += 1;
      const last = steps === Number(DIE_AT);
      if (last && DIE_WHEN === 'before') die();
      const done = await step(...given);
      if (last) die();
      return done;
    };
  }
}

const dist = (file) => require(`../../dist/src/${file}`);
const { loadConfig } = dist('config.js');
const { ringOf } = dist('platform/keys.js');
const { Metrics } = dist('platform/metrics.js');
const { Archiver } = dist('audit/archiver.js');

const config = loadConfig();
const metrics = new Metrics();
const app = {
  config,
  keys: ringOf(config),
  metrics,
  clock: () => new Date(),
  database: { orm: { transaction: async () => undefined } },
  log: { error: ({ err }, what) => process.stderr.write(`${what}: ${err?.stack ?? err}\n`) },
};
const archiver = new Archiver(app, AUDITOR_URL, config.audit.archive);
archiver.start();
const looking = setInterval(() => {
  if (archiver.end === null || metrics.archive.waitingSince !== null) return;
  clearInterval(looking);
  void archiver.stop().then(() => process.exit(0));
}, 20);
