import type { Actor } from './context';
import { snakeCase } from './database';
import { isId } from './ids';
import { column, type Viewing } from './read';
import { Slot } from './slot';
import { and, or, raw, sql, type Sql } from './sql';

type Match = (row: string, wanted: unknown) => Sql;

/** How rows of a type are matched by what is no column of theirs: any of these. */
const through = new Map<string, Match[]>();

/**
 * Declares, beside a read, how its rows are reached by an attribute of conditions that is no column: an agent's account is that of an assignment. Said
 * several times, any of it will do. Whatever is checked on a loaded row has no such attribute, so a condition on one grants reading alone.
 */
export function reachedThrough(type: string, attribute: string, match: Match): void {
  const key = `${type}.${attribute}`;
  through.set(key, [...(through.get(key) ?? []), match]);
}

/**
 * The rows that an actor may read, or do something else to, as a WHERE condition made of their CASL rules. Conditions come
 * from access/roles only and are equality or `$in` on columns; a rule of any other form is an error of ours, not a hole.
 * A slot stands for an id of the viewer's.
 */
export function permitted(action: string, type: string, row: string, actor: Actor | null): Sql {
  const rules = actor?.ability.rulesFor(action, type) ?? [];
  if (rules.some((rule) => rule.inverted || rule.fields)) throw new Error(`A rule of ${type} cannot be compiled.`);
  if (rules.some((rule) => !rule.conditions)) return raw('true');
  return or(
    rules.map(({ conditions = {} }) =>
      and(Object.entries(conditions).map(([attribute, wanted]) => condition(type, row, attribute, wanted))),
    ),
  );
}

/** Who looks, and when, for whatever is read. */
export const viewingOf = (
  actor: Actor | null,
  now: Viewing['now'],
  sessionId: Viewing['sessionId'] = null,
): Viewing => ({
  sessionId,
  viewerId: actor?.id ?? null,
  viewerRoles: actor?.roles ?? [],
  now,
  may: (action, type, row) => permitted(action, type, row, actor),
});

/** An id is compared as what it is, so that the index on the column serves. */
const typeOf = (value: unknown) => raw(isId(value) ? 'uuid' : 'text');

function condition(type: string, row: string, attribute: string, wanted: unknown): Sql {
  const matches = through.get(`${type}.${attribute}`);
  if (matches) return or(matches.map((match) => match(row, wanted)));
  const of = column(row, snakeCase(attribute));
  if (wanted instanceof Slot) return sql`${of} = ${wanted}::uuid`;
  if (typeof wanted === 'string') return sql`${of} = ${wanted}::${typeOf(wanted)}`;
  const list: unknown = wanted !== null && typeof wanted === 'object' && '$in' in wanted ? wanted.$in : undefined;
  if (Array.isArray(list)) return sql`${of} = any(${list}::${typeOf(list[0])}[])`;
  throw new Error(`A condition on ${attribute} cannot be compiled.`);
}
