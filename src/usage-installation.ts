import { randomUUID } from 'node:crypto';
import { identify } from './access/identify';
import { createApp } from './app';
import { openInstallation } from './audit-installation';
import { loadConfig } from './config';
import { entities } from './entities';
import { ownContext } from './platform/context';
import { connect } from './platform/database';
import { refuse } from './platform/errors';
import { importFile, type Imported } from './usage/import-file';

type Importing = Parameters<typeof importFile>;

/** Imports a file into the installation that is configured, its database as it is, as the one who bears USAGE_TOKEN. Refuses with UNAUTHENTICATED. */
export async function importIntoInstallation(
  asked: Importing[1],
  progress: Importing[2],
  signal: AbortSignal,
): Promise<Imported> {
  const config = loadConfig();
  const { usageToken: token } = config;
  if (token === undefined) return refuse('UNAUTHENTICATED', 'Set USAGE_TOKEN to the token of whoever imports.');
  const open = await openInstallation(config);
  const database = await connect(open.apiUrl, { entities }, 4).catch(async (error: unknown) => {
    await open.close();
    throw error;
  });
  const served = await createApp({ ...config, logLevel: 'silent' }, database);
  try {
    const found = await identify(served.app, token);
    if (!found) return refuse('UNAUTHENTICATED', 'USAGE_TOKEN is nobody’s token, or not any more.');
    const { actor, sessionId } = found;
    const context = { ...ownContext(served.app, `usage-${randomUUID()}`), actor, sessionId };
    return await importFile(context, asked, progress, { signal });
  } finally {
    await served.stop();
    await database.close();
    await open.close();
  }
}
