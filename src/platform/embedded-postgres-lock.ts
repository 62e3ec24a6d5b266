import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { refuse } from './errors';

/** A process, told apart from a later one with the same pid by when it began (where /proc says so). */
export interface Running {
  readonly pid: number;
  readonly startedAt: string | null;
}

interface Holder extends Running {
  readonly inode: string;
  readonly nonce: string;
}

/** State and begin (in clock ticks since boot) as proc(5) has them: fields 3 and 22, after the name in brackets. */
function readStat(pid: number): { state?: string; begin?: string } {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0], begin: fields[19] };
  } catch {
    return {};
  }
}

export function identify(pid: number): Running {
  return { pid, startedAt: readStat(pid).begin ?? null };
}

/** A zombie counts as dead: in a container nobody may ever collect an orphan's remains. */
export function isAlive({ pid, startedAt }: Running): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const { state, begin } = readStat(pid);
  return state !== 'Z' && (startedAt === null || begin === undefined || begin === startedAt);
}

/**
 * Makes this process the only one that runs the cluster of `directory`; returns how to give that up.
 *
 * A dead holder's lock is replaced only by who holds the lock on its nonce, and that one looks again before it
 * replaces: of any number of processes that find the same dead holder, one gets through. A lock that was copied
 * together with the directory (another inode) holds nothing.
 */
export function lockDirectory(directory: string): () => void {
  const file = path.join(directory, 'postgres.lock');
  const { dev, ino } = fs.statSync(directory);
  const own = { ...identify(process.pid), inode: `${dev}:${ino}`, nonce: randomBytes(8).toString('hex') };
  acquire(file, own, directory);
  return () => {
    if (readHolder(file)?.nonce === own.nonce) fs.rmSync(file, { force: true });
  };
}

function acquire(file: string, own: Holder, directory: string): void {
  for (;;) {
    if (create(file, own)) return;
    const holder = readHolder(file);
    if (!holder) continue; // given up in between
    if (holder.inode === own.inode && isAlive(holder)) refuseInUse(holder.pid, directory, file);
    const claim = `${file}.${holder.nonce}`;
    acquire(claim, own, directory);
    try {
      if (readHolder(file)?.nonce === holder.nonce) {
        withDraft(file, own, fs.renameSync);
        return;
      }
    } finally {
      fs.rmSync(claim, { force: true });
    }
  }
}

function refuseInUse(pid: number, directory: string, file: string): never {
  const who = pid === process.pid ? `this very process (${pid})` : `process ${pid}`;
  refuse(
    'DATABASE_IN_USE',
    `The database in ${directory} is in use by ${who}. Stop that process, or use another directory. ` +
      `If process ${pid} is none of ours, remove ${file}.`,
    { pid, directory },
  );
}

/** A hard link appears at once and complete, and never over another. */
function create(file: string, own: Holder): boolean {
  try {
    withDraft(file, own, fs.linkSync);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function withDraft(file: string, own: Holder, place: (draft: string, file: string) => void): void {
  const draft = `${file}.${own.nonce}.draft`;
  try {
    fs.writeFileSync(draft, JSON.stringify(own), { mode: 0o644 });
    place(draft, file);
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/** Who the lock names; content that is none of ours (a full disk, a power cut) names nobody alive. */
function readHolder(file: string): Holder | undefined {
  try {
    const { pid, startedAt, inode, nonce } = JSON.parse(fs.readFileSync(file, 'utf8')) as Holder;
    if (Number.isInteger(pid) && /^[0-9a-f]{16}$/.test(nonce)) return { pid, startedAt, inode, nonce };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  return { pid: 0, startedAt: null, inode: '', nonce: 'unreadable' };
}
