import type { Context } from '../platform/context';
import { ask } from '../platform/pooled';
import { DUTIES_OF_ROLES, holdingOf } from './duties';
import type { DutyConflict, DutyPair } from './duty-exception.type';
import { conflictsIn, type Duty, MATRIX, MATRIX_VERSION } from './duty.rules';

const rolesWith = (duty: Duty): string[] =>
  [...DUTIES_OF_ROLES].filter(([, duties]) => duties.has(duty)).map(([role]) => role);

/** The matrix, with the roles that have each duty. */
export const dutyMatrix = (): DutyPair[] =>
  MATRIX.map(({ duties: [duty, otherDuty], reason }) => ({
    duty,
    otherDuty,
    reason,
    roles: rolesWith(duty),
    otherRoles: rolesWith(otherDuty),
    matrixVersion: MATRIX_VERSION,
  }));

/** Persons whose users held more than one role between them at an instant: by the grants of that instant. */
const HELD_AT = `WITH held AS (
    SELECT coalesce(u.person_id, u.id) AS person, g.role, g.account_id, g.lob_id FROM role_grant g JOIN app_user u ON u.id = g.user_id
    WHERE g.created_at <= $1 AND (g.revoked_at IS NULL OR g.revoked_at > $1) AND (g.ends_at IS NULL OR g.ends_at > $1)
      AND (u.deactivated_at IS NULL OR u.deactivated_at > $1))
  SELECT p.id AS person, p.name, array(SELECT users_of(p.id) AS id ORDER BY id = p.id DESC, id) AS users,
    (SELECT jsonb_agg(jsonb_build_array(h.role, h.account_id, h.lob_id)) FROM held h WHERE h.person = p.id) AS held,
    (SELECT coalesce(jsonb_object_agg(e.duty || ' ' || e.other_duty, e.id), '{}') FROM duty_exception e WHERE e.user_id IN (SELECT users_of(p.id))
      AND e.created_at <= $1 AND e.ends_at > $1 AND (e.ended_at IS NULL OR e.ended_at > $1)) AS excepted
  FROM app_user p WHERE p.id IN (SELECT person FROM held GROUP BY person HAVING count(DISTINCT role) > 1) ORDER BY p.name, p.id`;

interface PersonAt {
  name: string;
  users: string[];
  held: [role: string, accountId: string | null, lobId: string | null][];
  excepted: Record<string, string>;
}

/** Which duties met in whom at an instant (now, unless told): by the grants and exceptions of that instant, and the matrix of today. */
export async function dutyConflicts({ app }: Context, at: unknown): Promise<DutyConflict[]> {
  const persons = await ask<PersonAt>(app, { text: HELD_AT, values: [at ?? app.clock()] });
  return persons.flatMap(({ name, users, held, excepted }) =>
    conflictsIn(held.map((each) => holdingOf(...each))).map(({ duties, roles }) => ({
      userIds: users,
      name,
      duty: duties[0],
      otherDuty: duties[1],
      role: roles[0],
      otherRole: roles[1],
      dutyExceptionId: excepted[duties.join(' ')] ?? null,
    })),
  );
}
