import type { Source } from './read';
import { join, name, sql, type Sql } from './sql';

/** What was compiled of the rows of a select, and what that select has to be joined with for it. */
export interface Gathered<T> {
  readonly compiled: T;
  readonly joins: Sql;
  /** Whether a join reads the rows by the name that was offered, which the statement must then give them. */
  readonly named: boolean;
}

/** The rows of one select, and what is joined with them for what is shown of them. */
export class Beside {
  private readonly joins: Sql[] = [];
  private readonly sources = new Set<string>();
  named = false;

  /**
   * @param rows The name that these rows can have in the statement, by which what belongs to all of them is read at once. Null
   *   where they are not those of one page but of each of several parents, and so few that looking for each costs less.
   * @param sorted Whether the select sorts its rows by something that is not joined, so that a plain join may be made in
   *   whatever order PostgreSQL likes.
   */
  constructor(
    private readonly rows: Sql | null,
    readonly sorted: boolean,
  ) {}

  get joined(): Sql {
    return join(this.joins, '');
  }

  join(what: Sql): void {
    this.joins.push(sql` ${what}`);
  }

  /** Joins what a value of a row comes from, once for all that come from there. */
  from(source: Source | undefined, row: string): void {
    const alias = source?.of(row);
    if (!source || !alias || this.sources.has(alias)) return;
    this.sources.add(alias);
    this.join(sql`left join lateral (${source.select(row)}) ${name(alias)} on true`);
  }

  /** All rows by their name, if they may be read by it. */
  all(): Sql | null {
    this.named ||= this.rows !== null;
    return this.rows;
  }
}
