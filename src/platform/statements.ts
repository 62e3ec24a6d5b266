import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { type Answered, TextQuery } from './text-query';

/** A connection that holds so many prepared statements is let go after its use; a fresh one holds none. */
const STATEMENTS_OF_A_CONNECTION = 300;

const prepared = new WeakMap<PoolClient, Set<string>>();

/** A statement's text and the name under which connections keep it. */
export interface Statement {
  readonly text: string;
  readonly name: string;
  /** How often it was run. */
  uses: number;
}

/** Names are at most 63 bytes; two statements of one name have one text. */
export const nameOf = (text: string): string => `r${createHash('sha256').update(text).digest('hex').slice(0, 40)}`;

/**
 * The first column of the one row that a statement yields, as text. From its second run on it is prepared, once a
 * connection; PostgreSQL then plans it once, too.
 */
export function textFrom(pool: Pool, statement: Statement, values: unknown[]): Promise<string | null> {
  const { text, name } = statement;
  statement.uses += 1;
  const keep = statement.uses > 1;
  // With callbacks, which cost a small read a tenth less than promises do.
  return new Promise((resolve, reject) =>
    pool.connect((lost, client, release) => {
      if (!client) return reject(lost!);
      const answered: Answered = (error, answer) => {
        release(Boolean(error) || (keep && isFull(client, name)));
        if (error) reject(error);
        else resolve(answer);
      };
      // As an argument of its own, so that whoever traces statements hears of the answer, too.
      (client as unknown as Asks).query(new TextQuery(text, keep ? name : '', values), answered);
    }),
  );
}

/** A client as it takes a query that is made already, which @types/pg knows without a callback alone. */
interface Asks {
  query(query: TextQuery, answered: Answered): void;
}

function isFull(client: PoolClient, name: string): boolean {
  const names = prepared.get(client) ?? new Set();
  prepared.set(client, names.add(name));
  return names.size > STATEMENTS_OF_A_CONNECTION;
}
