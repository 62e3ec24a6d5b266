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

/** A connection that breaks refuses what waits for it; without a listener it would end the process besides. */
const broke = () => undefined;

/** What a long read may take. Milliseconds. */
const PATIENCE = 15 * 60_000;

/**
 * Asks one connection of the pool several statements that may take long, each of which sees what was committed before it. Nothing can be written with it.
 * Refuses as `ask` does.
 */
export async function reading<T>(app: Pick<App, 'database'>, work: (ask: Askable) => Promise<T>): Promise<T> {
  try {
    const client = await app.database.pool.connect();
    client.on('error', broke);
    try {
      await client.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${PATIENCE}`);
      const answer = await work({ query: async (text, values) => (await client.query(text, values)).rows as never });
      await client.query('COMMIT');
      client.off('error', broke).release();
      return answer;
    } catch (error) {
      client.release(true);
      throw error;
    }
  } catch (error) {
    throw asRefusal(error);
  }
}

/** The pool, for what needs no transaction. */
export const pooled = (app: Pick<App, 'database'>): Askable => ({
  query: (text, values) => ask(app, { text, values }),
});
