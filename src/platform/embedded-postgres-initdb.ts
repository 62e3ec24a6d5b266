import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import * as path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { SERVER_ENVIRONMENT, type RunAs } from './embedded-postgres-files';
import { identify, isAlive } from './embedded-postgres-lock';
import { readPidFile, SUPERUSER } from './embedded-postgres-process';
import { refuse } from './errors';

export interface NewCluster {
  /** Where it will lie. */
  readonly data: string;
  readonly user: RunAs;
  /** Made anew, for the owner's eyes only; in place before the cluster is, so that no cluster is without its password. */
  readonly passwordFile: string;
  readonly durable: boolean;
  readonly log: (line: string) => void;
  readonly binaries: () => Promise<string>;
}

/** Makes the cluster under another name, so that what was interrupted is never taken for one. */
export async function initialise({ data, user, passwordFile, durable, log, binaries }: NewCluster): Promise<void> {
  if (fs.existsSync(data) && fs.readdirSync(data).length > 0) {
    refuse('DATABASE_NOT_STARTED', `${data} is neither a PostgreSQL cluster nor empty: move it away.`);
  }
  await removeUnfinished(data);
  log(`Making a new PostgreSQL cluster in ${data}`);
  const workspace = fs.mkdtempSync(`${data}.unfinished-`);
  try {
    const password = randomBytes(32).toString('base64url');
    fs.rmSync(passwordFile, { force: true });
    fs.writeFileSync(passwordFile, password, { mode: 0o600 });
    await initdb(await binaries(), workspace, password, user, durable);
    if (durable) [passwordFile, path.dirname(passwordFile)].forEach(sync);
    await rename(path.join(workspace, 'data'), data);
    if (durable) sync(path.dirname(data));
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

/**
 * The server that initdb works with may still be at it (its pid stands there negated). It soon sees that nobody talks to
 * it any more, and would leave its shared memory behind if its files were taken from it before.
 */
async function removeUnfinished(data: string): Promise<void> {
  const parent = path.dirname(data);
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`${path.basename(data)}.unfinished-`)) continue;
    const folder = path.join(parent, name);
    const server = identify(-(readPidFile(path.join(folder, 'data'))?.pid ?? 0));
    for (const deadline = Date.now() + 10_000; isAlive(server) && Date.now() < deadline;) await delay(20);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}

/** The password goes through a file of its own, since the server's account may not read the one that is kept. */
async function initdb(native: string, workspace: string, password: string, user: RunAs, durable: boolean) {
  const secret = path.join(workspace, 'password');
  fs.writeFileSync(secret, password, { mode: 0o600 });
  if (user) for (const name of [secret, workspace]) fs.chownSync(name, user.uid, user.gid);
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = [`--username=${SUPERUSER}`, '--auth=scram-sha-256', `--pwfile=${secret}`];
  const storage = ['--data-checksums', ...(durable ? [] : ['--no-sync']), `--pgdata=${path.join(workspace, 'data')}`];
  const run = { ...user, cwd: '/', env: SERVER_ENVIRONMENT };
  await promisify(execFile)(path.join(native, 'bin', 'initdb'), [...locale, ...access, ...storage], run);
}

/** What was named or renamed survives the power only when its folder is written through, too. */
function sync(fileOrFolder: string): void {
  const handle = fs.openSync(fileOrFolder, 'r');
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}
