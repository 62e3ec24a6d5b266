import { Logger, parseCronItems, run, type Runner, type TaskList } from 'graphile-worker';
import type { App } from '../platform/context';
import { type Job, QUEUE_SCHEMA } from '../platform/job';
import { queuePool } from '../platform/job-queue';
import { pauseAfterFaults, Pauses } from '../platform/pauses';
import { everyJob } from './every-job';

/** So many jobs of one process run at the same time. Most of them wait for somebody else's server. */
const AT_ONCE = 10;

/** Of the queue's own: one that listens, and a few that fetch jobs and mark them done. Jobs use those of the API. */
const CONNECTIONS = 4;

/** In ms: so much later it is tried again after a fault, twice as much each time up to a minute. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

/** In ms: how long a stop waits for jobs that are under way, before and after they are told that it is over. */
const PATIENCE = 5_000;
const LAST_PATIENCE = 5_000;

/**
 * Runs jobs, taking them from the queue in turn with the other processes that do. It outlives a database that is gone: the library tries
 * again, and where that gives up, the whole of it is begun anew.
 */
export class Jobs {
  private readonly pauses = new Pauses();
  private runner: Runner | null = null;
  private working: Promise<void> | null = null;
  private faults = 0;

  constructor(
    private readonly app: App,
    private readonly url: string,
    private readonly jobs: readonly Job[] = everyJob,
  ) {}

  start(): void {
    this.working = this.work();
  }

  /** Takes no more jobs, and waits a little for those that are under way. What they leave undone is found again. */
  async stop(): Promise<void> {
    this.pauses.stop();
    const over = Promise.all([this.runner?.stop(), this.working]).catch(() => undefined);
    await Promise.race([over, wait(PATIENCE + LAST_PATIENCE)]);
  }

  private async work(): Promise<void> {
    while (!this.pauses.stopped) {
      try {
        await this.takeJobs();
        if (!this.pauses.stopped) throw new Error('The queue of jobs let go.');
      } catch (error) {
        this.faults += 1;
        this.app.log.error({ err: error, faults: this.faults }, 'no jobs are being run');
        await this.pauses.for(pauseAfterFaults(this.faults, FIRST_PAUSE, LONGEST_PAUSE));
      }
    }
  }

  /** Until the queue lets go. */
  private async takeJobs(): Promise<void> {
    const pool = queuePool(this.url, CONNECTIONS);
    try {
      const regular = this.jobs.filter(({ everyMinute }) => everyMinute).map(({ name }) => name);
      const runner = await run({
        pgPool: pool,
        schema: QUEUE_SCHEMA,
        taskList: this.tasks(),
        // One of its name waits at most, whoever added it.
        parsedCronItems: parseCronItems(
          regular.map((task) => ({ task, match: '* * * * *', options: { jobKey: task, backfillPeriod: 0 } })),
        ),
        concurrency: AT_ONCE,
        noHandleSignals: true,
        logger: this.logger(),
        // Marked in batches of those that end together: else a stop would not wait for the marks, nor a fault of theirs be caught.
        preset: { worker: { gracefulShutdownAbortTimeout: PATIENCE, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      });
      this.runner = runner;
      if (this.pauses.stopped) await runner.stop();
      else for (const task of regular) await runner.addJob(task, {}, { jobKey: task });
      this.faults = 0;
      await runner.promise;
    } finally {
      this.runner = null;
      await pool.end();
    }
  }

  private tasks(): TaskList {
    const { app } = this;
    return Object.fromEntries(
      this.jobs.map((job) => [
        job.name,
        async (payload, { abortSignal }) => {
          try {
            await job.run(app, payload, abortSignal ?? new AbortController().signal);
            app.metrics.jobs.inc({ job: job.name, outcome: 'done' });
          } catch (error) {
            app.metrics.jobs.inc({ job: job.name, outcome: 'failed' });
            app.log.error({ err: error, job: job.name }, 'a job failed');
          }
        },
      ]),
    );
  }

  /** The library's words in our log; what it says of each job that is done is for whoever looks closely. */
  private logger(): Logger {
    const { log } = this.app;
    return new Logger(() => (level: string, message, meta) => {
      if (level === 'error') log.error({ err: meta?.error }, message);
      else if (level === 'warning') log.warn(message);
      else log.debug(message);
    });
  }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());
