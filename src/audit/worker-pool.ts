import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** Does tasks one after the other, and lets go of what it holds at the end. */
export interface Performer<T, R> {
  perform(task: T): R | Promise<R>;
  /** Memory of a result that whoever asked gets as it is, and this thread has no more. */
  handedOver?(result: R): ArrayBuffer[];
  close?(): Promise<void>;
}

/** Where a kind of work is done: a module that calls `serveTasks` with the same maker. */
export interface Work<D, T, R> {
  /** The compiled module. */
  readonly file: string;
  readonly make: (data: D) => Performer<T, R>;
  /** MiB for what is young, where much of it lives for a while: it is copied less often then. What Node has it, unless told. */
  readonly youngMiB?: number;
}

interface Waiting<T, R> {
  readonly task: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: Error) => void;
}

/** Does tasks on threads of their own, or with none of them on this one. What goes back and forth is copied, unless it is handed over. */
export class WorkerPool<D, T, R> {
  private readonly here: Performer<T, R> | null;
  private readonly threads: Worker[] = [];
  private readonly idle: Worker[] = [];
  private readonly queue: Waiting<T, R>[] = [];
  private readonly under = new Map<Worker, Waiting<T, R>>();
  private readonly ahead: number;
  /** What the last of the threads ended with. */
  private failure: Error | null = null;

  constructor(work: Work<D, T, R>, threads: number, data: D) {
    this.here = threads === 0 ? work.make(data) : null;
    this.ahead = Math.max(1, 3 * threads);
    for (let n = 0; n < threads; n += 1) this.threads.push(this.started(work, data));
    this.idle.push(...this.threads);
  }

  private started({ file, youngMiB }: Work<D, T, R>, data: D): Worker {
    const resourceLimits = youngMiB === undefined ? {} : { maxYoungGenerationSizeMb: youngMiB };
    const worker = new Worker(file, { workerData: data, env: {}, resourceLimits });
    worker.on('message', (result: R | { failed: unknown }) => {
      const { resolve, reject } = this.under.get(worker)!;
      this.under.delete(worker);
      this.idle.push(worker);
      this.next();
      if (isFailure(result)) reject(result.failed as Error);
      else resolve(result);
    });
    // It is gone with what it was at. Others do the rest; without any, nobody does.
    worker.on('error', (error) => {
      this.under.get(worker)?.reject(error);
      this.under.delete(worker);
      this.threads.splice(this.threads.indexOf(worker), 1);
      if (this.threads.length > 0) return;
      this.failure = error;
      for (const { reject } of this.queue.splice(0)) reject(this.failure);
    });
    return worker;
  }

  /** Rejects with what the task failed with. */
  async run(task: T): Promise<R> {
    if (this.here) return this.here.perform(task);
    if (this.failure) throw this.failure;
    return new Promise<R>((resolve, reject) => {
      this.queue.push({ task, resolve, reject });
      this.next();
    });
  }

  /** One task at a time for each: a long one holds up no other. */
  private next(): void {
    while (this.queue.length > 0 && this.idle.length > 0) {
      const [waiting, worker] = [this.queue.shift()!, this.idle.shift()!];
      this.under.set(worker, waiting);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      worker.postMessage(waiting.task);
    }
  }

  /** The results in the order of their tasks, of which only a few more are under way than were taken. */
  async *inOrder(tasks: Iterable<T> | AsyncIterable<T>): AsyncGenerator<R, void, undefined> {
    const under: Promise<R>[] = [];
    for await (const task of tasks) {
      const result = this.run(task);
      result.catch(() => undefined); // looked at when its turn comes
      under.push(result);
      if (under.length >= this.ahead) yield await under.shift()!;
    }
    for (const result of under) yield await result;
  }

  async close(): Promise<void> {
    await this.here?.close?.();
    await Promise.all(this.threads.map((each) => each.terminate()));
  }
}

const isFailure = (result: unknown): result is { failed: unknown } =>
  typeof result === 'object' && result !== null && 'failed' in result;

/** In the module of the work, where that was started as a worker: does what is sent to it. Elsewhere nothing. */
export function serveTasks<D, T, R>({ make }: Work<D, T, R>): void {
  const port = parentPort;
  if (isMainThread || !port) return;
  const performer = make(workerData as D);
  let last: Promise<unknown> = Promise.resolve();
  port.on('message', (task: T) => {
    last = last
      .then(() => performer.perform(task))
      .then(
        (result) => port.postMessage(result, performer.handedOver?.(result)),
        (failed: unknown) => port.postMessage({ failed }),
      );
  });
}
