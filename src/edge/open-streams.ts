import { DomainError } from '../platform/errors';
import type { Metrics } from '../platform/metrics';
import type { StreamLimits } from '../platform/stream-limits';

export type Transport = 'websocket' | 'sse';

/** The place that one stream takes. */
export interface Place {
  /** Whose it is, once that is known. Refuses with TOO_MANY_STREAMS. */
  belongsTo(this: void, userId: string): void;
  /** Gives the place back; a second time changes nothing. */
  leave(this: void): void;
}

/** The streams that one process has open, and how many there may be. */
export class OpenStreams {
  private readonly ofUsers = new Map<string, number>();
  private readonly ends = new Set<() => void>();
  private stopped = false;

  constructor(
    private readonly limits: StreamLimits,
    private readonly metrics: Metrics,
  ) {}

  /** Takes a place. `end` ends the stream when the process stops. Refuses with TOO_MANY_STREAMS, and with BUSY while it stops. */
  take(transport: Transport, end: () => void): Place {
    const { perProcess, perUser } = this.limits;
    if (this.stopped) throw new DomainError('BUSY', 'The server is stopping; try again.');
    if (this.ends.size >= perProcess) throw tooMany('perProcess', perProcess);
    const open = this.metrics.streams.labels(transport);
    const entry = () => end();
    this.ends.add(entry);
    open.inc();
    let owner: string | null = null;
    return {
      belongsTo: (userId) => {
        if (!this.ends.has(entry)) return;
        const before = this.ofUsers.get(userId) ?? 0;
        if (before >= perUser) throw tooMany('perUser', perUser);
        this.ofUsers.set(userId, before + 1);
        owner = userId;
      },
      leave: () => {
        if (!this.ends.delete(entry)) return;
        open.dec();
        if (owner !== null) this.release(owner);
      },
    };
  }

  /** Ends all of them, and lets nobody in any more. */
  stop(): void {
    this.stopped = true;
    for (const end of this.ends) end();
  }

  private release(owner: string): void {
    const left = this.ofUsers.get(owner)! - 1;
    if (left > 0) this.ofUsers.set(owner, left);
    else this.ofUsers.delete(owner);
  }
}

/** Refused for one of the limits of StreamLimits. */
export const tooMany = (which: keyof StreamLimits, limit: number): DomainError =>
  new DomainError('TOO_MANY_STREAMS', `There are ${limit} already: close one first.`, {
    limit,
    setting: `STREAMS=${which}`,
  });
