/** The process that bills: prints how long a run took once it had previewed one, from its mutation's operation to its invoice, and the most memory that it had. */
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
require('reflect-metadata');
const dist = (file) => require(path.resolve('dist/src', file));
const { apiUrl, token, masterKey, from, until } = JSON.parse(process.argv[2]);

const { connect } = dist('platform/database.js');
const { entities } = dist('entities.js');
const config = dist('config.js').loadConfig(
  {},
  { NODE_ENV: 'test', MASTER_KEY: masterKey, LOG_LEVEL: 'error', DEMO_DATA: 'false' },
);
const database = await connect(apiUrl, { entities }, 4);
const { app, stop } = await dist('app.js').createApp(config, database);
const { actor, sessionId } = await dist('access/identify.js').identify(app, token);
const context = { ...dist('platform/context.js').ownContext(app, 'bench'), actor, sessionId };
const { draftBilling } = dist('rating/draft-billing.js');

// As a process that is up: what is compiled once is compiled.
const [account] = (await database.pool.query('SELECT id FROM account')).rows;
await dist('rating/bill-account.js').billOf(app, account.id, { period: { from, until }, now: app.clock() });

const [began, cpu] = [performance.now(), process.cpuUsage()];
await app.submit(context, 'billing.run', { accountId: null, from, until });
await draftBilling.run(app, {}, new AbortController().signal);
const { user, system } = process.cpuUsage(cpu);
const seconds = (performance.now() - began) / 1000;
process.stdout.write(
  JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, peakMiB: process.resourceUsage().maxRSS / 1024 }),
);
await stop();
await database.close();
