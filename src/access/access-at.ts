import { subject } from '@casl/ability';
import type { Context } from '../platform/context';
import { refuse } from '../platform/errors';
import { isId } from '../platform/ids';
import type { Reads } from '../platform/asked';
import { pooled } from '../platform/pooled';
import { name } from '../platform/sql';
import { notFound } from '../platform/transaction';
import { heldAs, heldRole } from './identify';
import { abilityOf } from './permissions';

/** Who held which roles at an instant, by the grants: users who were there, and could sign in. */
const HELD_AT = `SELECT u.id, u.name, array(SELECT ${heldAs('g')} FROM role_grant g
    WHERE g.user_id = u.id AND g.created_at <= $1 AND (g.revoked_at IS NULL OR g.revoked_at > $1)
      AND (g.ends_at IS NULL OR g.ends_at > $1) ORDER BY 1) AS held
  FROM app_user u WHERE u.created_at <= $1 AND (u.deactivated_at IS NULL OR u.deactivated_at > $1) ORDER BY u.name, u.id`;

interface HeldAt {
  id: string;
  name: string;
  held: string[];
}

/**
 * Who could see or change a row at an instant: by the grants of that instant, the rules of today and the row as it is today. Only those who
 * could do anything. Refuses with NOT_FOUND, and AUDIT_TYPE_UNKNOWN for a type that nobody reads.
 */
export const accessAt =
  ({ app }: Context, reads: Reads) =>
  async ({ subjectType, subjectId, at }: Record<string, unknown>): Promise<object[]> => {
    const type = String(subjectType);
    const read = reads.get(type);
    if (!read || read.partOfWhole) return refuse('AUDIT_TYPE_UNKNOWN', 'There is no such type of row.', { type });
    const { query } = pooled(app);
    const table = name(read.table).strings[0]!;
    const [row] = isId(subjectId)
      ? await query<Record<string, unknown>>(`SELECT * FROM ${table} WHERE id = $1`, [subjectId])
      : [];
    if (!row) return notFound(type);
    const of = subject(type, camel(row));
    const verbs = verbsOf(app.catalogue.names);
    return (await query<HeldAt>(HELD_AT, [at])).flatMap(({ id: userId, name: who, held }) => {
      const roles = held.map(heldRole);
      const ability = abilityOf(userId, roles);
      const couldSee = ability.can('read', of);
      const couldDo = couldSee ? verbs.filter((verb) => ability.can(verb, of)) : [];
      if (!couldSee && couldDo.length === 0) return [];
      return [{ userId, name: who, roles: [...new Set(roles.map(({ role }) => role))], couldSee, couldDo }];
    });
  };

/** Attributes as conditions name them. */
const camel = (row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key.replaceAll(/_[a-z0-9]/g, (part) => part.slice(1).toUpperCase()),
      value,
    ]),
  );

/** `invoice.void` → void: what operations do, each once. */
const verbsOf = (names: readonly string[]): string[] =>
  [...new Set(names.map((each) => each.split('.')[1]!))].toSorted();
