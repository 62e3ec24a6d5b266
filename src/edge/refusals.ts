import type { Metrics } from '../platform/metrics';
import { networkOf } from '../platform/network';

/**
 * In ms: how long a refusal is held back, at least and at most. By chance in between: what is answered at once comes back at once.
 * What was refused for itself still comes within a tenth of a second; who is told to ask less often, waits for that, too.
 */
const HELD = { wrong: { least: 60, most: 90 }, tooOften: { least: 400, most: 800 } } as const;

/** How many may be held at once, of one network and in all. */
const PLACES = { network: 100, all: 1_000 } as const;

/** How many networks are remembered. */
const NETWORKS = 10_000;

/** Who is to be answered, and what to close instead. */
interface Answerable {
  readonly address: string | null;
  readonly response: { destroy(): unknown };
}

/** What one network was refused of late. */
interface Refused {
  /** Refusals that are not forgiven yet. */
  level: number;
  /** When that was so, in ms of performance.now(). */
  at: number;
  held: number;
}

/**
 * Answers refusals: at once, unless one network (docs/EDGE.md says which addresses are one) is refused more than so often in a
 * second. Then each waits a little for its answer, and with it whoever sent it for the next try: a few connections cannot keep
 * the process busy with what it refuses. Nothing but refusals ever waits, so that nobody else behind the same address does.
 */
export class Refusals {
  private readonly networks = new Map<string, Refused>();
  private readonly waiting = new Map<NodeJS.Timeout, () => void>();

  constructor(
    /** From one network, in a second, that are answered at once; 0: all. */
    private perSecond: number,
    private readonly metrics: Metrics,
  ) {}

  /** Calls `send` now or a little later. Beyond the places to wait in, the connection is closed instead. */
  answer({ address, response }: Answerable, send: () => void, because: keyof typeof HELD = 'wrong'): void {
    if (this.perSecond === 0 || address === null) return send();
    const refused = this.note(networkOf(address));
    if (refused.level <= this.perSecond) return send();
    if (refused.held >= PLACES.network || this.waiting.size >= PLACES.all) {
      this.metrics.held.inc({ outcome: 'closed' });
      response.destroy();
      return;
    }
    this.metrics.held.inc({ outcome: 'answered' });
    this.hold(refused, send, HELD[because]);
  }

  /** Sends what is held, and holds nothing any more. */
  stop(): void {
    this.perSecond = 0;
    for (const [timer, release] of this.waiting) {
      clearTimeout(timer);
      release();
    }
  }

  private hold(refused: Refused, send: () => void, { least, most }: { least: number; most: number }): void {
    const release = () => {
      refused.held -= 1;
      this.waiting.delete(timer);
      send();
    };
    const timer = setTimeout(release, least + Math.random() * (most - least));
    refused.held += 1;
    this.waiting.set(timer, release);
  }

  /** Counts one more. A second forgives as many as it allows; no more are held against anybody than it takes another second for. */
  private note(network: string): Refused {
    const now = performance.now();
    const before = this.networks.get(network) ?? { level: 0, at: now, held: 0 };
    const forgiven = ((now - before.at) / 1000) * this.perSecond;
    before.level = Math.min(Math.max(0, before.level - forgiven) + 1, 2 * this.perSecond);
    before.at = now;
    // The one that was refused last stands last: the first is forgotten first.
    this.networks.delete(network);
    this.networks.set(network, before);
    if (this.networks.size > NETWORKS) this.networks.delete(this.networks.keys().next().value!);
    return before;
  }
}
