import type { Context } from '../platform/context';
import { DAY } from '../platform/durations';
import { refuse } from '../platform/errors';
import { isId } from '../platform/ids';
import { ask } from '../platform/pooled';
import { lastSeen } from './last-seen';
import { abilityOf } from './permissions';
import type { AccessMetrics, CouldDo, DormantUser, MetricsRangeInput, ValueReveal } from './questions.type';

type Args = Record<string, unknown>;

/** What is counted, by the actions of the trail that tell of it. */
const COUNTED = {
  signIns: ['session.opened'],
  signInsRefused: ['session.open'],
  reveals: ['sensitiveValue.revealed'],
  revealsRefused: ['sensitiveValue.reveal'],
  dutyExceptions: ['dutyException.allowed'],
  glassBroken: ['changeRequest.glassBroken'],
  rolesGranted: ['role.granted'],
  rolesEnded: ['role.revoked', 'role.ended'],
} satisfies Record<Exclude<keyof AccessMetrics, 'startsAt'>, string[]>;

const ACTIONS = Object.values(COUNTED).flat();

/** The index over action and instant answers it alone, whatever else the trail holds. */
const METRICS = `SELECT to_char(b, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "startsAt", coalesce(jsonb_object_agg(c.action, c.count) FILTER (WHERE c.action IS NOT NULL), '{}') AS counts
  FROM generate_series(date_trunc($3, $1::timestamptz AT TIME ZONE 'UTC'), $2::timestamptz AT TIME ZONE 'UTC' - interval '1 microsecond', ('1 ' || $3)::interval) b
    LEFT JOIN (SELECT date_trunc($3, at AT TIME ZONE 'UTC') AS bucket, action, count(*)::int AS count FROM audit.event
      WHERE action = ANY ($4) AND at >= $1 AND at < $2 GROUP BY 1, 2) c ON c.bucket = b
  GROUP BY b ORDER BY b`;

const DAYS = { DAY: 1, WEEK: 7, MONTH: 28 };
const MOST = 1000;

/** What the trail tells of access, by pieces of time. Refuses with RANGE_INVALID. */
export async function accessMetrics(
  { app }: Context,
  { from, to, bucket }: MetricsRangeInput,
): Promise<AccessMetrics[]> {
  const days = (Date.parse(to) - Date.parse(from)) / DAY;
  if (days <= 0 || days / DAYS[bucket] > MOST) refuse('RANGE_INVALID', 'A range has an end, and at most 1000 pieces.');
  const values = [from, to, bucket.toLowerCase(), ACTIONS];
  const rows = await ask<{ startsAt: string; counts: Record<string, number> }>(app, { text: METRICS, values });
  return rows.map(({ startsAt, counts }) => {
    const counted = Object.entries(COUNTED).map(([name, actions]) => [
      name,
      actions.reduce((sum, action) => sum + (counts[action] ?? 0), 0),
    ]);
    return { startsAt, ...Object.fromEntries(counted) } as AccessMetrics;
  });
}

const GRANTS_AT = `SELECT g.user_id AS "userId", u.name, g.role, g.account_id AS "accountId", g.lob_id AS "lobId", g.id AS "roleGrantId",
    to_char(g.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "grantedAt", g.granted_by_id AS "grantedById",
    (SELECT e.actor_id FROM audit.event e WHERE e.subject_type = 'RoleGrant' AND e.subject_id = g.id AND e.action = 'role.granted'
      AND e.actor_id IS DISTINCT FROM g.granted_by_id LIMIT 1) AS "approvedById"
  FROM role_grant g JOIN app_user u ON u.id = g.user_id
  WHERE g.created_at <= $1 AND (g.revoked_at IS NULL OR g.revoked_at > $1) AND (g.ends_at IS NULL OR g.ends_at > $1)
    AND u.created_at <= $1 AND (u.deactivated_at IS NULL OR u.deactivated_at > $1) AND ($2::uuid IS NULL OR g.account_id IS NULL OR g.account_id = $2)
  ORDER BY u.name, g.id`;

/** Whether a role, bound as it is, has the permission of an operation over anything: by the pages of roles of today. */
function couldDo({ role, accountId, lobId }: CouldDo, verb: string, type: string): boolean {
  const { rules } = abilityOf('', [{ role, accountId, lobId }]);
  const own = new Set(abilityOf('', []).rules.map((rule) => JSON.stringify(rule)));
  return rules.some(
    (rule) =>
      !own.has(JSON.stringify(rule)) &&
      [rule.action].flat().includes(verb) &&
      (OF_ANY_TYPE.has(type) || [rule.subject].flat().includes(type)),
  );
}

/** Subjects of operations over several types: the permission is over each of them. */
const OF_ANY_TYPE = new Set(['SensitiveValue', 'PersonalData']);

/**
 * By which grants people could do something at an instant, and who gave them: grants are never deleted. What everybody may do over what is their own is
 * left out. Refuses with OPERATION_UNKNOWN.
 */
export async function whoCould({ app }: Context, { operation, at, accountId }: Args): Promise<CouldDo[]> {
  const { name, subject } = app.catalogue.find(String(operation));
  const account = accountId == null ? null : isId(accountId) ? accountId : NOBODYS;
  const grants = await ask<CouldDo>(app, { text: GRANTS_AT, values: [at, account] });
  return grants.filter((grant) => couldDo(grant, name.split('.')[1]!, subject));
}

/** No account has it. */
const NOBODYS = '00000000-0000-0000-0000-000000000000';

const REVEALS = `SELECT e.id AS "auditEventId", to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, e.actor_id AS "userId", u.name,
    t.told #>> '{changes,0,path}' AS field, t.told #>> '{changes,0,after}' AS purpose, t.told ->> 'reason' AS reason
  FROM audit.event e JOIN app_user u ON u.id = e.actor_id
    LEFT JOIN LATERAL (SELECT convert_from(c.bytes, 'UTF8')::jsonb AS told FROM audit.content c WHERE c.event_id = e.id AND c.written_at = e.written_at LIMIT 1) t ON true
  WHERE e.subject_type = $1 AND e.subject_id = $2 AND e.action = 'sensitiveValue.revealed' AND ($3::text IS NULL OR t.told #>> '{changes,0,path}' = $3)
  ORDER BY e.at DESC, e.id DESC LIMIT 1000`;

/** Who saw a value of a row, or any of it: the latest 1000. */
export async function valueReveals({ app }: Context, { subjectType, subjectId, field }: Args): Promise<ValueReveal[]> {
  if (!isId(subjectId)) return [];
  return ask<ValueReveal>(app, { text: REVEALS, values: [subjectType, subjectId, field ?? null] });
}

const DORMANT = `SELECT d.id AS "userId", d.name, d.roles, to_char(d.seen AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "lastUsedAt",
    floor(extract(epoch FROM $1::timestamptz - coalesce(d.seen, d.created_at)) / 86400)::int AS days
  FROM (SELECT u.id, u.name, u.created_at, array(SELECT DISTINCT g.role FROM role_grant g WHERE g.user_id = u.id AND g.revoked_at IS NULL
        AND (g.ends_at IS NULL OR g.ends_at > $1) ORDER BY 1) AS roles,
      ${lastSeen('u.id', { until: '$1' })} AS seen
    FROM app_user u WHERE u.deactivated_at IS NULL) d
  WHERE coalesce(d.seen, d.created_at) <= $1::timestamptz - $2::int * interval '1 day' ORDER BY coalesce(d.seen, d.created_at), d.id LIMIT 1000`;

/** Who can sign in and was not seen for so many days: those for longest first, at most 1000. */
export const dormantUsers = ({ app }: Context, { days }: Args): Promise<DormantUser[]> =>
  ask<DormantUser>(app, { text: DORMANT, values: [app.clock(), days] });
