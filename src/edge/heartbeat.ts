/** Sends signs of life, the first at once. Who has not taken one when the next is due is gone, or too slow. */
export class Heartbeat {
  private taken = true;
  private readonly round: NodeJS.Timeout;

  constructor(
    everyMs: number,
    /** Sends one, and says when it was taken. */
    private readonly beat: (taken: () => void) => void,
    private readonly onSilent: () => void,
  ) {
    this.round = setInterval(() => this.next(), everyMs).unref();
    this.next();
  }

  stop(): void {
    clearInterval(this.round);
  }

  private next(): void {
    if (!this.taken) {
      this.stop();
      this.onSilent();
      return;
    }
    this.taken = false;
    this.beat(() => (this.taken = true));
  }
}
