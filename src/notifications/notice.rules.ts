import type { Told } from '../platform/context';

const OF_REQUESTS = [
  'proposed',
  'revised',
  'returned',
  'approved',
  'rejected',
  'withdrawn',
  'expired',
  'reminded',
  'escalated',
  'reassigned',
  'retried',
  'glassBroken',
  // A refusal may end a request, too: what it is about had moved on, or it could not be carried out.
  'stale',
  'failed',
].map((what) => `changeRequest.${what}`);

/** A day of the trail was looked through. */
export const REVIEWED = 'audit.reviewed';

/** What webhooks can ask to be told. */
export const NOTICES = [...OF_REQUESTS, REVIEWED];

const DECISIVE = new Set(['STALE', 'FAILED', 'EXPIRED']);

/**
 * The kind of message that an event is worth, or null: whatever was done to a change request, the refusal that ended one
 * (`changeRequest.stale`), and the review of a day of the trail.
 */
export function noticeOf({ action, outcome, changes, changeRequestId }: Told): string | null {
  if (action === REVIEWED && outcome === 'DONE') return REVIEWED;
  if (changeRequestId === null || !action.startsWith('changeRequest.')) return null;
  if (outcome === 'DONE') return action;
  const became = changes.find(({ path }) => path === 'status')?.after;
  return typeof became === 'string' && DECISIVE.has(became) ? `changeRequest.${became.toLowerCase()}` : null;
}

/** A change request as it is after the event. */
export interface NoticedRequest {
  id: string;
  operation: string;
  status: string;
  revision: number;
  subjectType: string;
  subjectId: string | null;
  accountId: string | null;
  makerId: string;
  approverRoles: string[];
  expiresAt: Date;
}

/**
 * What is told of it: enough to look it up, and for whom it waits. Neither what is asked for, nor why, nor what would change, so that nothing leaves
 * the house that was masked in it, or that somebody said in their own words.
 */
export const bodyOf = (request: NoticedRequest, actorId: string | null): object => ({
  changeRequestId: request.id,
  operation: request.operation,
  status: request.status,
  revision: request.revision,
  subject: { type: request.subjectType, id: request.subjectId },
  accountId: request.accountId,
  makerId: request.makerId,
  actorId,
  approverRoles: request.approverRoles,
  expiresAt: request.expiresAt.toISOString(),
});

/** What is told of the review of a day: which day, and how many events there were of what. */
export const bodyOfReview = ({ changes }: Told): object =>
  Object.fromEntries(changes.map(({ path, after }) => [path, after]));
