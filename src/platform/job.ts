import type { App } from './context';

/** Where the queue of jobs lies: see docs/decisions/0010-jobs.md. */
export const QUEUE_SCHEMA = 'graphile_worker';

/**
 * Something that the process does by itself. What is to be done stands in tables of ours, never in the queue, which only says when to look: a job
 * may run twice, beside itself, or be lost, and the next look finds what is left. So a fault is told, and not tried again by the queue.
 */
export interface Job {
  /** `<noun>.<verb>` */
  readonly name: string;
  /** Whether it runs at each start and with each minute; else it runs when somebody adds it. */
  readonly everyMinute?: boolean;
  /** `signal` says that the process ends and does not wait any longer. */
  run(app: App, payload: unknown, signal: AbortSignal): Promise<void>;
}

/** Statement that adds a job, to run at once or at an instant: name, payload, instant or null. */
export const ADD_JOB = `SELECT FROM ${QUEUE_SCHEMA}.add_job($1, $2::json, run_at => $3::timestamptz)`;
