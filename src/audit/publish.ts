import type { Logger } from 'pino';
import { pauseAfterFaults } from '../platform/pauses';
import { appendNote } from './checkpoint-files';
import type { SignedHead } from './seal-batch';

/** Somewhere outside of the database that heads of the tree are told to. */
export interface Publisher {
  readonly name: string;
  publish(head: SignedHead): Promise<void>;
}

/** To a folder of files, see checkpoint-files.ts. */
export const toFiles = (folder: string, clock: () => Date): Publisher => ({
  name: 'files',
  publish: ({ note }) => appendNote(folder, note, clock()),
});

/** To the log, and so to wherever that is collected. */
export const toLog = (log: Logger): Publisher => ({
  name: 'log',
  publish: async ({ size, note }) => log.info({ size, checkpoint: note }, 'checkpoint of the audit trail'),
});

/** In ms: how long somebody may take to receive a head. */
const PATIENCE = 5_000;

/** To somebody else over HTTP: the note as text, by POST. Anything but a 2xx is a failure. */
export const toAddress = (url: string): Publisher => ({
  name: 'address',
  publish: async ({ note }) => {
    const headers = { 'content-type': 'text/plain; charset=utf-8' };
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await fetch(url, { method: 'POST', body: note, headers, signal });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`It answered ${response.status}.`);
  },
});

/** In ms: after a failure it is tried again so much later, twice as much each time up to five minutes. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 300_000;

/**
 * Tells heads to one publisher, one after the other. While one is under way or fails, those that come are not kept but for the last,
 * which vouches for all before it.
 */
export class Telling {
  private waiting: SignedHead | null = null;
  private busy: Promise<void> | null = null;
  private pause: NodeJS.Timeout | null = null;
  private failures = 0;
  private stopped = false;

  constructor(
    private readonly publisher: Publisher,
    private readonly onFailure: (publisher: string, error: unknown, failures: number) => void,
  ) {}

  tell(head: SignedHead): void {
    this.waiting = head;
    if (!this.busy && !this.pause) this.busy = this.work();
  }

  /** Tries once more what is not told yet, and ends. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.pause) clearTimeout(this.pause);
    await this.busy;
    if (this.waiting) await this.work();
  }

  private async work(): Promise<void> {
    while (this.waiting) {
      const head = this.waiting;
      this.waiting = null;
      try {
        await this.publisher.publish(head);
        this.failures = 0;
      } catch (error) {
        this.waiting ??= head;
        this.failures += 1;
        this.onFailure(this.publisher.name, error, this.failures);
        if (!this.stopped) this.later();
        break;
      }
    }
    this.busy = null;
  }

  private later(): void {
    const ms = pauseAfterFaults(this.failures, FIRST_PAUSE, LONGEST_PAUSE);
    this.pause = setTimeout(() => {
      this.pause = null;
      this.busy = this.work();
    }, ms).unref();
  }
}
