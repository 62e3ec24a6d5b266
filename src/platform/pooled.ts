import type { App } from './context';
import { asRefusal } from './transaction';

/** Whatever can be asked: a transaction, or the pool. */
export interface Askable {
  readonly query: <R>(text: string, values: unknown[]) => Promise<R[]>;
}

/** Asks the pool one statement. Refuses as a transaction would: DATABASE_UNAVAILABLE, TIMEOUT, BUSY. */
export async function ask<R>(
  app: Pick<App, 'database'>,
  query: { name?: string; text: string; values: unknown[] },
): Promise<R[]> {
  try {
    return (await app.database.pool.query(query)).rows as R[];
  } catch (error) {
    throw asRefusal(error);
  }
}

/** The pool, for what needs no transaction. */
export const pooled = (app: Pick<App, 'database'>): Askable => ({
  query: (text, values) => ask(app, { text, values }),
});
