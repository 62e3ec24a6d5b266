import type { Pool } from 'pg';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** How a read was answered: by a statement that was kept, by one that was compiled just now, or by graphql-js. */
export type ReadWay = 'cached' | 'compiled' | 'ordinary';

/** The operations of a document, and what became of a request. */
export type Operations = 'query' | 'mutation' | 'several' | 'none';
export type Outcome = 'ok' | 'errors' | 'refused' | 'failed' | 'aborted';

/** Seconds, from a tiny read to a report. */
const DURATIONS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

let ofProcess: Registry | undefined;

/** Memory, processor, event loop and collections belong to the process: measured once, however many apps tell of them. */
function processMetrics(): Registry {
  if (!ofProcess) collectDefaultMetrics({ register: (ofProcess = new Registry()) });
  return ofProcess;
}

/**
 * The figures of one app, in a registry of its own. Labels are few and never hold what a client sent: types of operation,
 * outcomes, and codes of ours.
 */
export class Metrics {
  readonly registry = new Registry();
  private readonly registers = [this.registry];

  private readonly requests = new Histogram({
    name: 'countersign_request_duration_seconds',
    help: 'GraphQL requests, from their head to the last byte of the answer, in seconds',
    labelNames: ['operation', 'outcome'] as const,
    buckets: DURATIONS,
    registers: this.registers,
  });
  private readonly kinds = new Map<string, { observe(seconds: number): void }>();
  readonly reads = this.counter('countersign_reads_total', 'Root reads, by how they were answered', 'way');
  readonly ordinary = this.counter('countersign_ordinary_total', 'Reads that graphql-js answered, by reason', 'reason');
  readonly plans = new Gauge({
    name: 'countersign_plans',
    help: 'Compiled statements that are kept',
    registers: this.registers,
  });
  readonly replicas = this.counter(
    'countersign_replica_reads_total',
    'Reads sent to a replica, by what came of it',
    'to',
  );
  readonly refused = this.counter('countersign_documents_refused_total', 'Documents refused unrun, by code', 'code');
  readonly rateLimited = this.counter('countersign_rate_limited_total', 'Refusals by a limit of rate', 'limit');
  /** WebSockets and event streams. */
  readonly streams = new Gauge({
    name: 'countersign_streams',
    help: 'Streams that are open',
    labelNames: ['transport'] as const,
    registers: this.registers,
  });
  readonly told = this.counter('countersign_stream_events_total', 'What subscribers were told', 'transport');
  readonly cut = this.counter('countersign_streams_cut_total', 'Streams that this process ended itself', 'why');
  readonly sealed = new Gauge({
    name: 'countersign_sealed_events',
    help: 'Events in the sealed tree, when this process sealed last',
    registers: this.registers,
  });
  readonly sealingFaults = this.counter(
    'countersign_sealing_faults_total',
    'What kept the trail from being sealed or its heads from being told',
    'what',
  );
  readonly archived = new Gauge({
    name: 'countersign_archived_events',
    help: 'Events in the archive of the trail, when this process looked last',
    registers: this.registers,
  });
  /** Since when something sealed waits to be archived; null: nothing does. */
  readonly archive: { waitingSince: Date | null } = { waitingSince: null };
  readonly jobs = new Counter({
    name: 'countersign_jobs_total',
    help: 'Jobs that this process ran',
    labelNames: ['job', 'outcome'] as const,
    registers: this.registers,
  });

  readonly webhooks = this.counter(
    'countersign_webhook_tries_total',
    'Messages that were sent to webhooks, by what was answered',
    'outcome',
  );

  readonly held = this.counter(
    'countersign_refusals_held_total',
    'Refusals that waited, since they came thick from one address, and those whose connection was closed instead',
    'outcome',
  );

  constructor() {
    const shared = processMetrics();
    for (const { name } of shared.getMetricsAsArray()) this.registry.registerMetric(shared.getSingleMetric(name)!);
    this.watch('countersign_archive_lag_seconds', 'How long the oldest sealed event waits to be archived', () => {
      const { waitingSince } = this.archive;
      return waitingSince ? (Date.now() - waitingSince.getTime()) / 1000 : 0;
    });
  }

  /** A request that ended. */
  observe(operation: Operations, outcome: Outcome, seconds: number): void {
    const name = operation + outcome;
    let kind = this.kinds.get(name);
    if (!kind) this.kinds.set(name, (kind = this.requests.labels(operation, outcome)));
    kind.observe(seconds);
  }

  /** A figure that is looked up when somebody asks for it. */
  watch(name: string, help: string, now: () => number): void {
    const collect = (gauge: Gauge) => gauge.set(now());
    this.registry.registerMetric(new Gauge({ name, help, registers: [], collect: calledOn(collect) }));
  }

  /** The pool's connections, and who waits for one. */
  watchPool(pool: Pool): void {
    const collect = (gauge: Gauge<'state'>) => {
      gauge.set({ state: 'busy' }, pool.totalCount - pool.idleCount);
      gauge.set({ state: 'idle' }, pool.idleCount);
      gauge.set({ state: 'waiting' }, pool.waitingCount);
    };
    const [name, help] = ['countersign_pool_connections', 'Connections to the database, and who waits for one'];
    const labelNames = ['state'] as const;
    this.registry.registerMetric(new Gauge({ name, help, labelNames, registers: [], collect: calledOn(collect) }));
  }

  private counter<L extends string>(name: string, help: string, label: L): Counter<L> {
    return new Counter({ name, help, labelNames: [label], registers: this.registers });
  }
}

/** The library hands a gauge to its function as `this`. */
const calledOn = <G>(collect: (gauge: G) => void) =>
  function (this: G): void {
    collect(this);
  };
