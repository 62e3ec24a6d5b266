import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const SCRIPT = path.resolve(__dirname, 'sealer-process.mjs');

/** Statements within which a life ends that ends at one: what comes before the first batch, that, and a little of another. */
const STATEMENTS = 13;

/** In ms: how long a life is at most, from its start on. */
const LONGEST = 2_500;

const MOMENTS = ['before', 'sent', 'answered'] as const;

/** How lives ended. */
export interface Lives {
  /** By SIGKILL from outside. */
  killed: number;
  /** By SIGKILL at a statement. */
  cut: number;
  /** By SIGTERM. */
  stopped: number;
  readonly faults: string[];
}

/** One place for a sealer, in which they come one after the other until `over`. Each ends as chance will have it; the last in order. */
export async function liveAndDie(
  env: Record<string, string>,
  chance: (below: number) => number,
  over: AbortSignal,
  lives: Lives,
): Promise<void> {
  while (!over.aborted) await oneLife(env, chance, over, lives);
}

async function oneLife(
  env: Record<string, string>,
  chance: (below: number) => number,
  over: AbortSignal,
  lives: Lives,
): Promise<void> {
  const cut = chance(3) > 0;
  const end = { DIE_AT: String(1 + chance(STATEMENTS)), DIE_WHEN: MOMENTS[chance(MOMENTS.length)]! };
  const signal = chance(6) === 0 ? 'SIGTERM' : 'SIGKILL';
  const wait = cut ? LONGEST : chance(LONGEST);
  const child = fork(SCRIPT, { env: { PATH: process.env.PATH, ...env, ...(cut && end) }, execArgv: [] });
  const ended = once(child, 'exit');
  await started(child, ended, lives);
  await Promise.race([ended, delay(wait, null, { signal: over }).catch(() => undefined)]);
  if (hasEnded(child)) lives.cut += 1;
  else {
    // In the end what is there is to be sealed in order.
    const last = over.aborted ? 'SIGTERM' : signal;
    child.kill(last);
    lives[last === 'SIGTERM' ? 'stopped' : 'killed'] += 1;
  }
  await ended;
}

async function started(child: ChildProcess, ended: Promise<unknown>, lives: Lives): Promise<void> {
  await new Promise<void>((resolve) => {
    child.on('message', ({ started: up, fault }: { started?: boolean; fault?: string }) => {
      if (fault) lives.faults.push(fault);
      if (up) resolve();
    });
    void ended.then(() => resolve());
  });
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;
