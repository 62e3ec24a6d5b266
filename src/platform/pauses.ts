/** The pauses of something that works until it is stopped: each can be cut short, and after a stop there are none. */
export class Pauses {
  private over = false;
  private end: () => void = () => undefined;

  get stopped(): boolean {
    return this.over;
  }

  /** Resolves after so many ms, or sooner when it is woken. Whether all of that time went by. */
  for(ms: number): Promise<boolean> {
    if (this.over) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms, true);
      this.end = () => (clearTimeout(timer), resolve(false));
    });
  }

  wake(): void {
    this.end();
  }

  stop(): void {
    this.over = true;
    this.wake();
  }
}

/** In ms: how long after so many faults in a row it is tried again, twice as much each time. */
export const pauseAfterFaults = (faults: number, first: number, longest: number): number =>
  Math.min(longest, first * 2 ** (faults - 1));
