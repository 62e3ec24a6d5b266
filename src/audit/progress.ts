/** Tells somebody who waits how far a long run has come. */
export interface Progress {
  begin(what: string, total: number): void;
  add(done: number): void;
  end(): void;
}

/** In ms: what is over sooner is not told of. */
const LONG = 2_000;
const EVERY = 200;
const WIDTH = 30;

/** A bar on a terminal; where there is none, nothing. */
export function progressOn(stream: NodeJS.WriteStream): Progress {
  let [what, total, done, began, told] = ['', 0, 0, 0, 0];
  const draw = () => {
    const share = total > 0 ? Math.min(1, done / total) : 1;
    const bar = '#'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '.');
    stream.write(`\r${what} [${bar}] ${Math.floor(share * 100)} % `);
  };
  return {
    begin: (of, all) => void ([what, total, done, began, told] = [of, all, 0, Date.now(), 0]),
    add: (more) => {
      done += more;
      const now = Date.now();
      if (!stream.isTTY || now - began < LONG || now - told < EVERY) return;
      told = now;
      draw();
    },
    end: () => void (told > 0 && stream.write('\r\u001B[K')),
  };
}

export const NO_PROGRESS: Progress = { begin: () => undefined, add: () => undefined, end: () => undefined };
