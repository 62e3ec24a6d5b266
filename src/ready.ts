import { migrations } from './entities';
import type { Database } from './platform/database';

export interface Readiness {
  ready: boolean;
  /** Why not: `database` cannot be reached, `migrations` are missing or unknown. */
  because?: 'database' | 'migrations';
  /** Replicas that are believed to be up. Without any the primary answers everything. */
  replicas?: { known: number; up: number };
}

/** Whether this process can serve: the database answers and has exactly the migrations that this code knows. */
export async function isReady({ pool, replicas }: Database): Promise<Readiness> {
  try {
    const { rows } = await pool.query<{ name: string }>('SELECT name FROM migration');
    const done = new Set(rows.map(({ name }) => name));
    const current = done.size === migrations.length && migrations.every(({ name }) => done.has(name));
    if (!current) return { ready: false, because: 'migrations' };
    return { ready: true, ...(replicas && { replicas: replicas.counts }) };
  } catch {
    return { ready: false, because: 'database' };
  }
}
