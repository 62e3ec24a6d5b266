import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { settleSecondFactor } from './access/second-factor-rule';
import { createApp, type Served } from './app';
import { Archiver } from './audit/archiver';
import { tellOfStart, tellOfStop } from './audit/lifecycle';
import { Sealer } from './audit/sealer';
import { type Config, loadConfig } from './config';
import { loadDemoData } from './demo/load';
import { createFirstUsers } from './first-users';
import { openDatabase, type OpenDatabase } from './open-database';
import { Jobs } from './jobs/jobs';
import { DomainError } from './platform/errors';

/** Boot: config → database → app → listen. A start that is refused says why in one line and ends with 1. */
async function main(): Promise<void> {
  const config = loadConfig();
  const open = await openDatabase(config);
  try {
    const served = await createApp(config, open.database);
    await tellOfStart(served.app);
    const notes = await prepareUsers(config, served);
    // Afterwards: those of the demonstration countersign what it consists of, without one.
    await settleSecondFactor(served.app);
    await listen(config, served);
    const sealer = config.audit.sealing ? new Sealer(served.app, open.logins.sealer) : null;
    sealer?.start();
    const archiver = config.audit.archive ? new Archiver(served.app, open.logins.auditor, config.audit.archive) : null;
    archiver?.start();
    const jobs = config.jobs ? new Jobs(served.app, open.logins.api) : null;
    jobs?.start();
    stopOnSignals(served, [jobs, sealer, archiver], open);
    if (open.retiredLogins.length > 0)
      served.app.log.info({ logins: open.retiredLogins }, 'logins of retired keys stay until a later start');
    print(served, notes);
  } catch (error) {
    await open.close();
    throw error;
  }
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** The first users of an empty database: those of the demonstration, or in production those of FIRST_USERS. */
async function prepareUsers(config: Config, { app }: Served): Promise<string[]> {
  return config.demoData ? loadDemoData(app, say) : createFirstUsers(app, say);
}

const listen = ({ host, port }: Config, { server }: Served) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new DomainError('PORT_IN_USE', `Port ${port} is in use: set PORT to another.`)
          : new DomainError(
              'CONFIGURATION_INVALID',
              `Cannot listen on ${host}, port ${port} (${error.code}): see HOST and PORT.`,
            ),
      ),
    );
    server.listen(port, host, resolve);
  });

function print({ server, app }: Served, notes: readonly string[]): void {
  const { address, port } = server.address() as AddressInfo;
  const place = `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
  const lines = [
    '',
    `Countersign answers at ${place}/graphql`,
    `What awaits a decision: ${place}/console`,
    ...(app.config.production ? [] : [`An explorer for the browser: ${place}/explorer`]),
    ...notes,
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Ctrl-C: no new requests, those in flight are finished, then the database is let go. A second one ends at once. */
function stopOnSignals(
  served: Served,
  [jobs, sealer, archiver]: [Jobs | null, Sealer | null, Archiver | null],
  open: OpenDatabase,
): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    served.app.log.info({ signal }, 'stopping');
    served
      .stop()
      .then(() => jobs?.stop())
      .then(() => toldOfStop(served.app, signal))
      .then(() => sealer?.stop())
      .then(() => archiver?.stop())
      .then(() => open.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          served.app.log.error({ err: error }, 'the stop failed');
          process.exit(1);
        },
      );
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
}

/** A database that is gone does not keep the process from ending. */
const toldOfStop = (app: Served['app'], signal: string): Promise<void> =>
  tellOfStop(app, signal).catch((error: unknown) =>
    app.log.error({ err: error }, 'the trail was not told of the stop'),
  );

main().catch((error: unknown) => {
  process.stderr.write(
    error instanceof DomainError
      ? `${error.code}: ${error.message}\n`
      : `${error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(1);
});
