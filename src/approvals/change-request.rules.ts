import { sameDigest } from '../platform/canonical';
import { HOUR } from '../platform/durations';
import { DomainError, refuse } from '../platform/errors';
import type { AnyOperation } from '../platform/operation';
import type { ChangeRequest, SeenRow } from './change-request.entity';
import type { Standing } from './standing';

type Waiting = Pick<ChangeRequest, 'status' | 'expiresAt' | 'makerId' | 'revision' | 'digest'>;

/** Whether it waits for somebody, an approver or its maker, unless it has expired. */
export const isWaiting = ({ status }: Pick<Waiting, 'status'>): boolean =>
  status === 'PENDING' || status === 'RETURNED';

/** Whether it waited until its time was over. */
export const hasExpired = (request: Pick<Waiting, 'status' | 'expiresAt'>, now: Date): boolean =>
  isWaiting(request) && now >= request.expiresAt;

/** Whether what was set for an instant is to be done: not any more once it is over. */
export const isDue = (
  { status, expiresAt }: Pick<Waiting, 'status' | 'expiresAt'>,
  at: Date | null,
  now: Date,
): boolean => status === 'PENDING' && at !== null && at <= now && now < expiresAt;

/** When it is due again: by whole intervals behind the last time, and not before now. Null where its policy reminds nobody any more. */
export function nextReminder(last: Date, everyHours: number | null, now: Date): Date | null {
  if (everyHours === null) return null;
  const interval = everyHours * HOUR;
  const times = Math.floor((now.getTime() - last.getTime()) / interval) + 1;
  return new Date(last.getTime() + times * interval);
}

/** Refuses what is not waiting any more, in this order: CHANGE_REQUEST_NOT_PENDING, CHANGE_REQUEST_EXPIRED. */
export function assertPending({ status, expiresAt }: Waiting, now: Date): void {
  if (status !== 'PENDING')
    refuse('CHANGE_REQUEST_NOT_PENDING', 'This change request is not waiting any more.', { status });
  if (now >= expiresAt)
    refuse('CHANGE_REQUEST_EXPIRED', 'This change request has expired.', { expiresAt: expiresAt.toISOString() });
}

/** Whether its maker can still take it back, or revise it: then also one that others have overtaken (`stale`). */
export const isOpenTo = (makerId: string, request: Waiting, now: Date, stale = false): boolean =>
  request.makerId === makerId && (isWaiting(request) ? now < request.expiresAt : stale && request.status === 'STALE');

/** Refuses what is not open to its maker so, in this order: NOT_THE_MAKER, CHANGE_REQUEST_NOT_PENDING (it is over), CHANGE_REQUEST_EXPIRED. */
export function assertOpenTo(makerId: string, request: Waiting, now: Date, stale = false): void {
  if (request.makerId !== makerId) refuse('NOT_THE_MAKER', 'Only its maker can do that to a change request.');
  if (isOpenTo(makerId, request, now, stale)) return;
  assertPending(isWaiting(request) ? { ...request, status: 'PENDING' } : request, now);
}

/** Refuses what cannot wait again, in this order: CHANGE_REQUEST_NOT_FAILED, PERSONAL_DATA_ERASED (nobody knows any more what it asked for), CHANGE_REQUEST_EXPIRED. */
export function assertRetryable(request: Waiting & Pick<ChangeRequest, 'inputSealed'>, now: Date): void {
  const { status, inputSealed } = request;
  if (status !== 'FAILED') refuse('CHANGE_REQUEST_NOT_FAILED', 'Only what failed is tried again.', { status });
  if (inputSealed.length === 0) refuse('PERSONAL_DATA_ERASED', 'What it asked for was erased.');
  assertPending({ ...request, status: 'PENDING' }, now);
}

const NO_STANDING: Record<string, string> = {
  MAKER_IS_CHECKER: 'Somebody else has to decide what you proposed.',
  DELEGATE_OF_MAKER: 'You stand in for whoever proposed this: somebody else has to decide it.',
  DECISION_REPEATED: 'You have decided this already.',
  NOT_AN_APPROVER: 'The policy of this change asks for somebody else.',
  ASSIGNED_TO_ANOTHER: 'This was assigned to somebody else.',
  LIMIT_EXCEEDED: 'This is above your limit.',
};

/** Whoever proposed it, under whichever of their users, or stands in for them. */
export const isOnItsSide = ({ code }: Standing): boolean => code === 'MAKER_IS_CHECKER' || code === 'DELEGATE_OF_MAKER';

/**
 * Refuses whoever has no standing, with the first of: MAKER_IS_CHECKER (they made it, under whichever of their users), DELEGATE_OF_MAKER, DECISION_REPEATED,
 * NOT_AN_APPROVER (no step that is open names them), ASSIGNED_TO_ANOTHER, LIMIT_EXCEEDED (unless they `mayExceed` it: a no needs no limit). Else answers for which step they decide, and for whom.
 */
export function assertStanding(
  { approverRoles }: Pick<ChangeRequest, 'approverRoles'>,
  { code, step, onBehalfOfId }: Standing,
  mayExceed = false,
): { step: number; onBehalfOfId: string | null } {
  if (code !== null && !(mayExceed && code === 'LIMIT_EXCEEDED'))
    throw new DomainError(code, NO_STANDING[code]!, code === 'NOT_AN_APPROVER' ? { approverRoles } : {});
  return { step: step!, onBehalfOfId };
}

/**
 * Refuses whoever may not break the glass over a request, with the first of: MAKER_IS_CHECKER, DELEGATE_OF_MAKER, DECISION_REPEATED (but for a yes of
 * their own, which stands), BREAK_GLASS_CLOSED (the operation always needs two people who were asked). Neither steps nor limits hold them up.
 */
export function assertMayBreakGlass({ code }: Standing, saidYes: boolean, { twoPeople, name }: BreakableBy): void {
  const never = NEVER.has(code ?? '') && !(code === 'DECISION_REPEATED' && saidYes);
  if (code !== null && never) throw new DomainError(code, NO_STANDING[code]!);
  if (twoPeople) refuse('BREAK_GLASS_CLOSED', 'There is no way round the approvers of this.', { operation: name });
}

type BreakableBy = Pick<AnyOperation, 'twoPeople' | 'name'>;

/** What no emergency makes good. */
const NEVER = new Set(['MAKER_IS_CHECKER', 'DELEGATE_OF_MAKER', 'DECISION_REPEATED']);

/** The maker, if they can still sign in: MAKER_NOT_ACTIVE. */
export const assertMakerActive = <A>(maker: A | null): A =>
  maker ?? refuse('MAKER_NOT_ACTIVE', 'Whoever proposed this cannot sign in any more.');

/** Refuses a yes to anything but exactly what lies there: CHANGE_REQUEST_MOVED. */
export function assertSeen(request: Waiting, seen: { revision: number; digest: string }): void {
  if (request.revision !== seen.revision || !sameDigest(request.digest, seen.digest))
    refuse('CHANGE_REQUEST_MOVED', 'This is not what you saw; look again.', {
      revision: request.revision,
      digest: request.digest,
    });
}

/** The rows that moved on since the change was proposed, with both versions. A row that is gone has version 0. */
export function movedRows(
  seen: readonly SeenRow[],
  now: readonly SeenRow[],
): { type: string; id: string; seen: number; now: number }[] {
  const versions = new Map(now.map((row) => [`${row.type}/${row.id}`, row.version]));
  const known = new Map(seen.map((row) => [`${row.type}/${row.id}`, row.version]));
  const rows = new Map([...seen, ...now].map((row) => [`${row.type}/${row.id}`, row]));
  return [...rows]
    .map(([key, { type, id }]) => ({ type, id, seen: known.get(key) ?? 0, now: versions.get(key) ?? 0 }))
    .filter((row) => row.seen !== row.now);
}
