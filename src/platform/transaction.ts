import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PoolClient, QueryResultRow } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { EntityManager, EntityTarget, FindOptionsWhere, ObjectLiteral } from 'typeorm';
import { QueryFailedError } from 'typeorm';
import type { Actor, Context } from './context';
import { copyOf } from './copy-rows';
import { DomainError, refuse } from './errors';
import { isId, newId } from './ids';
import type { Moment } from './operation';
import { MOVE_POSITIONS } from './positions';
import { isRowClass, type Row } from './row';
import { isKeyUnknown } from './sealed-text';
import { rowDigest, rowHash, rowText } from './row-text';

type Entity<T> = EntityTarget<T> & { readonly name: string };

/**
 * One transaction: READ COMMITTED, rows locked before they are looked at. It counts what was saved and what was
 * recorded; whoever saved but recorded nothing is stopped at the end.
 */
export class Transaction implements Moment {
  private saved = 0;
  private events = 0;
  /** The rows that were saved since the last event, at the versions that they came to, and what changed of them. */
  private untold: { type: string; row: Row; patch?: object; version: number }[] = [];
  /** Whose events were recorded. */
  private readonly writers = new Set<string>();
  readonly newId = newId;

  constructor(
    private readonly manager: EntityManager,
    public context: Context,
    readonly now: Date,
  ) {}

  /** From here on it is this actor's, with the roles of this moment: in the events, too. */
  actAs(actor: Actor): void {
    this.context = { ...this.context, actor };
  }

  get actorId(): string {
    return this.context.actor?.id ?? refuse('UNAUTHENTICATED', 'Sign in first.');
  }

  /** The row of that id, locked until the end. Refuses with NOT_FOUND, also for an id that could name no row. */
  async lock<T extends Row>(entity: Entity<T>, id: string): Promise<T> {
    const row = isId(id) ? await this.lockWhere(entity, { id } as FindOptionsWhere<T>) : [];
    return row[0] ?? notFound(entity.name);
  }

  /** Every row that matches, locked in the order of their ids so that two transactions cannot wait for each other. */
  lockWhere<T extends Row>(entity: Entity<T>, where: FindOptionsWhere<T>): Promise<T[]> {
    return this.manager.find<Row>(entity, {
      where: where as FindOptionsWhere<Row>,
      order: { id: 'ASC' },
      lock: { mode: 'for_no_key_update' },
    }) as Promise<T[]>;
  }

  /** Rows to look at without locking them. */
  find<T extends ObjectLiteral>(entity: Entity<T>, where: FindOptionsWhere<T>): Promise<T[]> {
    return this.manager.find(entity, { where });
  }

  /** A statement that only reads, for what an entity cannot say. */
  query<R>(text: string, values: unknown[] = []): Promise<R[]> {
    return this.manager.query(text, values);
  }

  async insert<T extends ObjectLiteral>(entity: Entity<T>, rows: T | T[]): Promise<void> {
    this.saved += 1;
    await this.manager.insert(entity, rows);
    if (!isRowClass(entity)) return;
    const inserted = (Array.isArray(rows) ? rows : [rows]) as unknown as Row[];
    this.untold.push(...inserted.map((row) => ({ type: entity.name, row, version: 1 })));
  }

  /**
   * Changes a row that was loaded here and raises its version. Once: the object keeps what it was, for the event to
   * tell. Refuses with VERSION_CONFLICT if somebody else was faster, which the lock makes impossible; the condition is
   * its pair in the database.
   */
  async update<T extends Row>(row: T, patch: NoInfer<Partial<T>>): Promise<void> {
    this.saved += 1;
    const { affected } = await this.manager
      .createQueryBuilder()
      .update(row.constructor as Entity<Row>)
      .set({ ...patch, version: row.version + 1 })
      .where('id = :id AND version = :version', { id: row.id, version: row.version })
      .execute();
    if (affected !== 1) refuse('VERSION_CONFLICT', 'Somebody else changed this meanwhile.', { id: row.id });
    this.untold.push({ type: row.constructor.name, row, patch, version: row.version + 1 });
  }

  /** A statement that writes, for what an entity cannot say. It returns the rows that it wrote; none is nothing saved. */
  async write<R>(text: string, values: unknown[] = []): Promise<R[]> {
    const answer: unknown = await this.manager.query(text, values);
    // TypeORM answers UPDATE with [rows, count], INSERT with the rows.
    const rows = (Array.isArray(answer) && Array.isArray(answer[0]) ? answer[0] : answer) as R[];
    if (rows.length > 0) this.saved += 1;
    return rows;
  }

  /** Many rows at once, in pieces of what `CopyRows` writes: what is `into`, a table and its columns, says which. */
  async copy(into: string, pieces: Iterable<Buffer>): Promise<void> {
    this.saved += 1;
    const client = (await this.manager.queryRunner!.connect()) as PoolClient;
    await pipeline(Readable.from(copyOf(pieces)), client.query(copyFrom(`COPY ${into} FROM STDIN (FORMAT binary)`)));
  }

  /** Does what may turn out to be there already. Then all of it is taken back, and the answer is no. */
  async unlessThere(work: () => Promise<void>): Promise<boolean> {
    await this.manager.query('SAVEPOINT unless_there');
    try {
      await work();
    } catch (error) {
      if (driverErrorOf(error).code !== '23505') throw error;
      await this.manager.query('ROLLBACK TO SAVEPOINT unless_there');
      return false;
    }
    await this.manager.query('RELEASE SAVEPOINT unless_there');
    return true;
  }

  /** The rows that no event has told of yet, for the one that is about to. */
  takeSaved(): SavedRow[] {
    const saved = this.untold;
    this.untold = [];
    const { keys, database } = this.context.app;
    return saved.map(({ type, row, patch, version }) => {
      const text = rowText(database.orm.getMetadata(type), row, patch);
      return { type, id: row.id, version, digest: rowDigest(keys.audit, type, row.id, rowHash(text)) };
    });
  }

  /** Appends an audit event of somebody's, or of nobody's. Counted apart, since it is what every other write owes. */
  async append(text: string, values: unknown[], actorId: string | null): Promise<void> {
    const rows = await this.kept('append-event', text, values);
    if (rows.length !== 1) throw new Error('An audit event was swallowed.');
    this.events += 1;
    if (actorId !== null) this.writers.add(actorId);
  }

  /** Notes for whoever wrote here up to where they have: the very last statement. */
  async movePositions(): Promise<void> {
    if (this.writers.size > 0) await this.kept('move-positions', MOVE_POSITIONS, [[...this.writers]]);
  }

  /**
   * What many transactions send, always with the same text: prepared once a connection. To plan an event's insert anew costs
   * PostgreSQL more than the insert (0.15 of 0.25 ms of CPU). It counts as nothing saved: what is written so belongs to an event.
   */
  async kept(name: string, text: string, values: unknown[]): Promise<QueryResultRow[]> {
    const client = (await this.manager.queryRunner!.connect()) as PoolClient;
    return (await client.query({ name, text, values })).rows as QueryResultRow[];
  }

  /** Throws when something was saved and nothing recorded, or when no event tells of a row that was saved. */
  assertRecorded(): void {
    if (this.saved > 0 && this.events === 0) throw new Error('A transaction saved but recorded nothing.');
    const [row] = this.untold;
    if (row) throw new Error(`A transaction saved a row of ${row.type} that no event tells of.`);
  }
}

/** A row of the business at a version of its own, and a keyed digest of what it says then: see row-text.ts. */
export interface SavedRow {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly digest: string;
}

/** Refuses like the database does not know it, which is also what a foreign id gets. */
export function notFound(type: string): never {
  return refuse('NOT_FOUND', `There is no such ${type}.`, { type });
}

const ATTEMPTS = 4;

/**
 * Runs the work in one transaction and gives its answer once it is committed. Repeats it whole, on a deadlock or a
 * serialization failure; turns a violated constraint that is named after a refusal into that refusal.
 */
export async function inTransaction<T>(context: Context, work: (tx: Transaction) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await context.app.database.orm.transaction('READ COMMITTED', async (manager) => {
        const tx = new Transaction(manager, context, context.app.clock());
        const answer = await work(tx);
        tx.assertRecorded();
        await tx.movePositions();
        return answer;
      });
    } catch (error) {
      if (attempt < ATTEMPTS && isTransient(error)) continue;
      if (attempt < ATTEMPTS && isKeyUnknown(error) && (await context.app.learnKeys())) continue;
      throw asRefusal(error);
    }
  }
}

interface DriverError {
  code?: string;
  constraint?: string;
}

const driverErrorOf = (error: unknown): DriverError =>
  error instanceof QueryFailedError ? ((error.driverError as DriverError | undefined) ?? {}) : (error ?? {});

/** Serialization failure and deadlock: PostgreSQL asks for the whole transaction again. */
const isTransient = (error: unknown) => ['40001', '40P01'].includes(driverErrorOf(error).code ?? '');

/** Constraints that people can run into are named after the refusal: `account_code_taken` → ACCOUNT_CODE_TAKEN. */
const REFUSING_CONSTRAINT = /_(taken|overlaps|exceeded|by_same_person|repeated)$/;

const UNAVAILABLE: [code: string, message: string] = [
  'DATABASE_UNAVAILABLE',
  'The database is not available right now; try again.',
];

/** SQLSTATE or Node's code → the refusal that clients know. */
const REFUSALS: Record<string, [code: string, message: string]> = {
  '55P03': ['BUSY', 'Somebody else is changing this right now; try again.'],
  '57014': ['TIMEOUT', 'That took too long and was stopped.'],
  '53300': UNAVAILABLE,
  '57P01': UNAVAILABLE,
  '57P02': UNAVAILABLE,
  '57P03': UNAVAILABLE,
  '08006': UNAVAILABLE,
  ECONNREFUSED: UNAVAILABLE,
  ECONNRESET: UNAVAILABLE,
  EPIPE: UNAVAILABLE,
  ETIMEDOUT: UNAVAILABLE,
};

/** What pg says of a connection that broke or could not be had: errors without any code. */
const LOST =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** The refusal behind a database error, or the error itself. */
export function asRefusal(error: unknown): unknown {
  const { code, constraint } = driverErrorOf(error);
  if (constraint && REFUSING_CONSTRAINT.test(constraint) && code?.startsWith('23')) {
    const words = constraint.replaceAll('_', ' ');
    return new DomainError(constraint.toUpperCase(), `${words.charAt(0).toUpperCase()}${words.slice(1)}.`);
  }
  if (error instanceof DomainError) return error;
  const lost = code === undefined && error instanceof Error && LOST.test(error.message);
  const refusal = lost ? UNAVAILABLE : REFUSALS[code ?? ''];
  return refusal ? new DomainError(...refusal) : error;
}
