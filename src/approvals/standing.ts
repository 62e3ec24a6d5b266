import type { Transaction } from '../platform/transaction';
import type { Warning } from './approval-step.type';
import type { ChangeRequest } from './change-request.entity';

/** Why somebody may not decide a request: a code; null where they may. Then for which step, and for whom if not for themselves. */
export interface Standing {
  code: string | null;
  step: number | null;
  onBehalfOfId: string | null;
}

/** A step of a request as it is now. */
export interface StepNow {
  step: number;
  stage: number;
  roles: string[];
  people: string[];
  quorum: number;
  approvals: number;
  open: boolean;
}

const STANDING = `SELECT s.code, s.step, s.on_behalf_of AS "onBehalfOfId"
  FROM change_request r, change_request_standing(r, $2, $3) s WHERE r.id = $1`;

const ALONE = `SELECT s.code, s.step, s.on_behalf_of AS "onBehalfOfId"
  FROM change_request r, change_request_standing(jsonb_populate_record(r, '{"assignee_id": null}'), $2, $3) s WHERE r.id = $1`;

/** How somebody would stand to it if it were nobody's turn alone. */
export const standingAlone = async (tx: Transaction, { id }: ChangeRequest, who: string): Promise<Standing> =>
  (await tx.query<Standing>(ALONE, [id, who, tx.now]))[0]!;

const LIMITED = `SELECT l.id FROM approval_limit l WHERE l.user_id IN (
  SELECT users_of(person_of(u)) FROM unnest($1::uuid[]) u) ORDER BY l.id FOR NO KEY UPDATE`;

const OF_ANOTHER = `SELECT id FROM delegation WHERE delegator_id = $1 AND delegate_id = $2 AND revoked_at IS NULL ORDER BY id FOR SHARE`;

/**
 * How somebody stands to a request that is locked. Their limits are locked first, and looked at then: two requests that are each within a
 * limit over a day do not pass it together. So is what has them stand in for another, so that nobody ends it meanwhile.
 */
export async function standingOf(tx: Transaction, request: ChangeRequest, who: string): Promise<Standing> {
  const look = async () => (await tx.kept('standing', STANDING, [request.id, who, tx.now]))[0] as Standing;
  const first = await look();
  const { onBehalfOfId } = first;
  if (onBehalfOfId !== null) await tx.query(OF_ANOTHER, [onBehalfOfId, who]);
  const limited = request.amountMinor === null ? [] : await tx.query(LIMITED, [[who, onBehalfOfId].filter(isSomebody)]);
  return onBehalfOfId !== null || limited.length > 0 ? look() : first;
}

const isSomebody = (id: string | null): id is string => id !== null;

const STEPS = 'SELECT s.* FROM change_request r, change_request_steps(r, $2) s WHERE r.id = $1';

const HELD = `WITH said AS (SELECT decided_by_id, on_behalf_of_id FROM decision WHERE change_request_id = $1 AND revision = $2),
  people AS (SELECT u.id FROM app_user u WHERE u.id IN (SELECT unnest(ARRAY[decided_by_id, on_behalf_of_id]) FROM said) ORDER BY u.id FOR KEY SHARE),
  delegations AS (SELECT d.id FROM delegation d WHERE (d.delegate_id, d.delegator_id) IN (SELECT decided_by_id, on_behalf_of_id FROM said)
    AND d.revoked_at IS NULL ORDER BY d.id FOR SHARE)
  SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM delegations)`;

/**
 * The steps of a request, with the yeses that count now, and until the end of this transaction: nobody who said one is deactivated or loses a role (that locks
 * their user, see migrations/…-session-versions.ts), nor is a delegation revoked, before what they let through is done.
 */
export async function stepsNow(
  tx: Transaction,
  { id, revision }: Pick<ChangeRequest, 'id' | 'revision'>,
): Promise<StepNow[]> {
  await tx.kept('held-rights', HELD, [id, revision]);
  return (await tx.kept('steps', STEPS, [id, tx.now])) as StepNow[];
}

/**
 * Whoever holds a role that an open step asks for, is named by it, or stands in for somebody. Somebody who is away counts by who stands in.
 */
const CANDIDATES = `WITH asked AS MATERIALIZED (SELECT r FROM jsonb_populate_record(NULL::change_request, $1) r),
    open AS MATERIALIZED (SELECT t.* FROM asked, change_request_steps((r), $2) t WHERE t.open)
  SELECT person_of(u.id) AS person, s.code, (SELECT max(quorum) FROM open) AS needed
  FROM asked, app_user u, change_request_standing((r), u.id, $2) s
  WHERE u.deactivated_at IS NULL
    AND (EXISTS (SELECT FROM open WHERE people ? u.id::text)
      OR EXISTS (SELECT FROM open, role_grant g WHERE g.user_id = u.id AND roles ? g.role
        AND grant_reaches(g, (r).account_id, (r).lob_id, $2))
      OR EXISTS (SELECT FROM delegation d WHERE d.delegate_id = u.id AND d.revoked_at IS NULL AND d.ends_at > $2))
    AND NOT EXISTS (SELECT FROM delegation d WHERE d.delegator_id = u.id AND d.out_of_office AND d.revoked_at IS NULL
      AND d.starts_at <= $2 AND $2 < d.ends_at)`;

/** So many as are needed are enough to know, and each costs. */
const ENOUGH = `${CANDIDATES} AND s.code IS NULL LIMIT $3`;
const ALL = `${CANDIDATES} AND (s.code IS NULL OR s.code = 'LIMIT_EXCEEDED')`;

interface Candidate {
  person: string;
  code: string | null;
  needed: number;
}

/** What decides who could say yes to a request that may not be there yet. */
export type Asked = Pick<
  ChangeRequest,
  'id' | 'makerId' | 'revision' | 'operation' | 'accountId' | 'lobId' | 'steps' | 'amountMinor' | 'amountCurrency'
>;

/** How many people could decide first, and what is amiss with that. */
export async function approversOf(tx: Transaction, asked: Asked): Promise<{ able: number; warnings: Warning[] }> {
  const candidates = await tx.query<Candidate>(ALL, [rowOf(asked), tx.now]);
  const able = personsOf(candidates.filter(({ code }) => code === null));
  if (able === 0) return { able, warnings: [candidates.length > 0 ? 'ABOVE_EVERY_LIMIT' : 'NO_APPROVER'] };
  return { able, warnings: able < candidates[0]!.needed ? ['TOO_FEW_APPROVERS'] : [] };
}

/** What is amiss with those who could decide; null: nothing. */
export async function warningsOf(tx: Transaction, asked: Asked): Promise<Warning[] | null> {
  const first = asked.steps![0]!.stage;
  const needed = Math.max(...asked.steps!.filter(({ stage }) => stage === first).map(({ quorum }) => quorum));
  if (personsOf(await tx.query<Candidate>(ENOUGH, [rowOf(asked), tx.now, needed])) >= needed) return null;
  const { warnings } = await approversOf(tx, asked);
  return warnings.length > 0 ? warnings : null;
}

const personsOf = (candidates: readonly Candidate[]) => new Set(candidates.map(({ person }) => person)).size;

const rowOf = (asked: Asked): string =>
  JSON.stringify({
    id: asked.id,
    maker_id: asked.makerId,
    revision: asked.revision,
    operation: asked.operation,
    account_id: asked.accountId,
    lob_id: asked.lobId,
    steps: asked.steps,
    amount_minor: asked.amountMinor,
    amount_currency: asked.amountCurrency,
  });
