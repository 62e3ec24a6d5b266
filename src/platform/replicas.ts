import { Pool, type PoolConfig } from 'pg';
import { FAR_BEHIND } from './positions';
import { type Statement, textFrom } from './statements';

/** How long a replica that failed is left alone. Milliseconds. */
const REST = 5_000;
/** How long a connection to a replica may take before the primary is asked instead. Milliseconds. */
const CONNECTING = 2_000;
/** How long an answer may take beyond what PostgreSQL itself allows a statement, which is then not there any more. Milliseconds. */
const SILENCE = 2_000;

/** How many marks of the primary's log are kept, of which all but two fit into the time that a replica may be behind. */
const MARKS = 5;

/** What became of a read that was sent to a replica. */
export type ReplicaAnswer =
  | { readonly to: 'replica'; readonly json: string }
  /** It has not caught up with the caller, or with anybody. */
  | { readonly to: 'behind' }
  | { readonly to: 'failed'; readonly error: unknown };

export interface ReplicaSettings {
  readonly urls: readonly string[];
  /** How far a replica may be behind at most before it is of no use to anybody. Seconds. */
  readonly lagSeconds: number;
}

/** The replicas that this process reads from. Which of them are up is a guess of its own; nothing else is remembered. */
export class Replicas {
  private turn = 0;
  private readonly all: readonly Replica[];
  /** Where the primary's log was, and when; the oldest first. */
  private readonly marks: { readonly at: number; readonly position: string }[] = [];
  private readonly beating: NodeJS.Timeout;

  private constructor(
    private readonly primary: Pool,
    private readonly lag: number,
    pools: readonly PoolConfig[],
  ) {
    this.all = pools.map((config) => new Replica(config));
    this.beating = setInterval(() => void this.mark().catch(() => undefined), lag / (MARKS - 2)).unref();
  }

  /** `config` has what every connection of ours has; of the replicas nobody is asked yet. */
  static async open(primary: Pool, { urls, lagSeconds }: ReplicaSettings, config: PoolConfig): Promise<Replicas> {
    const pools = urls.map((connectionString) => ({ ...config, connectionString }));
    const replicas = new Replicas(primary, lagSeconds * 1000, pools);
    await replicas.mark();
    return replicas;
  }

  /** How many there are, and how many are believed to be up. */
  get counts(): { known: number; up: number } {
    return { known: this.all.length, up: this.all.filter((replica) => replica.up).length };
  }

  /** The next one in turn that is believed to be up, if any. */
  next(): Replica | null {
    for (let tried = 0; tried < this.all.length; tried += 1) {
      const replica = this.all[(this.turn += 1) % this.all.length]!;
      if (replica.available()) return replica;
    }
    return null;
  }

  /** What every replica must have: the primary's log as of the time that they may be behind, or since this process began. */
  get position(): string {
    const latest = performance.now() - this.lag;
    return (this.marks.findLast(({ at }) => at <= latest) ?? this.marks[0]!).position;
  }

  async close(): Promise<void> {
    clearInterval(this.beating);
    await Promise.all(this.all.map((replica) => replica.close()));
  }

  private async mark(): Promise<void> {
    const at = performance.now();
    const { rows } = await this.primary.query<{ position: string }>(
      'SELECT pg_current_wal_flush_lsn()::text AS position',
    );
    this.marks.push({ at, position: rows[0]!.position });
    if (this.marks.length > MARKS) this.marks.shift();
  }
}

class Replica {
  private pool: Pool;
  /** Until when it is left alone; 0 while it is believed to be up. */
  private restsUntil = 0;

  constructor(private readonly config: PoolConfig) {
    this.pool = this.connected();
  }

  get up(): boolean {
    return this.restsUntil === 0;
  }

  /** Whether to ask it. After a rest one caller tries it, and the others wait for what comes of that. */
  available(): boolean {
    if (this.up) return true;
    const now = performance.now();
    if (now < this.restsUntil) return false;
    this.restsUntil = now + REST;
    return true;
  }

  /** Whatever is wrong with a replica, there is the primary. Throws only what the statement itself raises on purpose (`CS…`). */
  async ask(statement: Statement, values: unknown[]): Promise<ReplicaAnswer> {
    const { pool } = this;
    try {
      const json = await textFrom(pool, statement, values);
      if (json === FAR_BEHIND) this.rest();
      else if (pool === this.pool) this.restsUntil = 0;
      return json ? { to: 'replica', json } : { to: 'behind' };
    } catch (error) {
      if ((error as { code?: string }).code?.startsWith('CS')) throw error;
      if (!isOfTheStatement(error) && pool === this.pool) {
        this.rest();
        // Connections that broke without a word would each be found out by a read that waits for it.
        this.pool = this.connected();
        void pool.end().catch(() => undefined);
      }
      return { to: 'failed', error };
    }
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  private rest(): void {
    this.restsUntil = performance.now() + REST;
  }

  private connected(): Pool {
    const limit = Number(this.config.statement_timeout);
    const pool = new Pool({ ...this.config, connectionTimeoutMillis: CONNECTING, query_timeout: limit + SILENCE });
    pool.on('error', () => undefined);
    return pool;
  }
}

/**
 * Whether an error says more of the statement than of the replica, so that one document cannot take a replica from all others: wrong
 * values (21, 22), a conflict with what is replayed (40), a statement that took too long, a pool whose connections are all taken.
 */
function isOfTheStatement(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  if (code === undefined) return message === 'timeout exceeded when trying to connect';
  return /^(21|22|40|57014)/.test(code);
}
