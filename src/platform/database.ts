import type { Pool, PoolConfig } from 'pg';
import { Client, types } from 'pg';
import { DataSource, DefaultNamingStrategy, type MixedList } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { Replicas, type ReplicaSettings } from './replicas';

/** Dates stay the text that PostgreSQL sent: a business date has no instant. */
types.setTypeParser(types.builtins.DATE, (text) => text);

/** Open connections of the API's own role: entities for operations, a bare pool for reads. Both are one pool. */
export interface Database {
  readonly orm: DataSource;
  readonly pool: Pool;
  /** Where reads may go instead, if there are any. */
  readonly replicas: Replicas | null;
  /** A connection of its own to the primary, beside the pool and not open yet: for whoever listens. */
  apart(name: string): Client;
  close(): Promise<void>;
}

/** createdAt → created_at. Constraints keep the names that entities give them. */
class SnakeCase extends DefaultNamingStrategy {
  override tableName(className: string, given: string | undefined): string {
    return given ?? snakeCase(className);
  }

  override columnName(property: string, given: string | undefined, prefixes: string[]): string {
    return snakeCase([...prefixes, given ?? property].join('_'));
  }

  override joinColumnName(relation: string, referenced: string): string {
    return snakeCase(`${relation}_${referenced}`);
  }
}

export const snakeCase = (text: string): string => text.replace(/(?<=[a-z0-9])[A-Z]/g, '_$&').toLowerCase();

type Classes = MixedList<new () => object>;

interface Known {
  entities: Classes;
  migrations?: Classes;
}

/** What a statement, a lock and an idle transaction may take. Milliseconds. */
const LIMITS = { statement_timeout: 15_000, lock_timeout: 10_000, idle_in_transaction_session_timeout: 20_000 };

/** Without JIT: statements that build JSON look costly to the planner, and compiling them costs more than it saves. */
const OURS = { application_name: 'countersign', options: '-c jit=off' };

/** A TypeORM data source with the limits that every connection of ours has. */
export function dataSource(url: string, known: Known, options: { pool?: number; patient?: boolean } = {}): DataSource {
  const limits = options.patient ? { lock_timeout: 60_000 } : LIMITS;
  return new DataSource({
    type: 'postgres',
    url,
    ...known,
    namingStrategy: new SnakeCase(),
    migrationsTableName: 'migration',
    installExtensions: false,
    logging: false,
    poolSize: options.pool ?? 5,
    // One stays open, however idle: a login at which nobody is connected may be taken away once its key is retired.
    extra: { connectionTimeoutMillis: 10_000, min: 1, ...OURS, ...limits },
  });
}

/** Connects as the API, to the primary and to its replicas: as many connections to each. */
export async function connect(
  url: string,
  known: Known,
  pool: number,
  settings: ReplicaSettings | null = null,
): Promise<Database> {
  const orm = await dataSource(url, known, { pool }).initialize();
  const shared = (orm.driver as PostgresDriver).master as Pool;
  // A connection that breaks while idle is dropped by the pool; without a listener it would end the process.
  shared.on('error', () => undefined);
  const readOnly: PoolConfig = {
    ...OURS,
    ...LIMITS,
    max: pool,
    options: `${OURS.options} -c default_transaction_read_only=on`,
  };
  const replicas = settings && (await Replicas.open(shared, settings, readOnly));
  const apart = (name: string) =>
    new Client({
      connectionString: url,
      ...OURS,
      ...LIMITS,
      application_name: name,
      connectionTimeoutMillis: 10_000,
      query_timeout: LIMITS.statement_timeout,
      keepAlive: true,
    });
  const close = async () => {
    await replicas?.close();
    await orm.destroy();
  };
  return { orm, pool: shared, replicas, apart, close };
}
