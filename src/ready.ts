import { migrations } from './entities';
import type { Database } from './platform/database';

export interface Readiness {
  ready: boolean;
  /** Why not: `database` cannot be reached, `migrations` are missing or unknown. */
  because?: 'database' | 'migrations';
}

/** Whether this process can serve: the database answers and has exactly the migrations that this code knows. */
export async function isReady({ pool }: Database): Promise<Readiness> {
  try {
    const { rows } = await pool.query<{ name: string }>('SELECT name FROM migration');
    const done = new Set(rows.map(({ name }) => name));
    const current = done.size === migrations.length && migrations.every(({ name }) => done.has(name));
    return current ? { ready: true } : { ready: false, because: 'migrations' };
  } catch {
    return { ready: false, because: 'database' };
  }
}
