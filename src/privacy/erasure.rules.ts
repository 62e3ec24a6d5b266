import type { User } from '../access/user.entity';
import type { ChangeRequest } from '../approvals/change-request.entity';
import { isWaiting } from '../approvals/change-request.rules';
import type { Complaint } from '../complaints/complaint.entity';
import { refuse } from '../platform/errors';

/** What is known of a subject beyond its row. */
export interface Circumstances {
  /** Its key was destroyed. */
  erased: boolean;
  /** Change requests about it that wait. */
  pending: number;
  /** Assignments of an agent that are not over. */
  assigned: number;
}

type Waiting = Pick<ChangeRequest, 'status' | 'expiresAt'>;

const waits = (request: Waiting, now: Date): boolean => isWaiting(request) && now < request.expiresAt;

/** Whether something of a type is still at work, so that the house needs to know whom it is about. */
const IN_USE = {
  User: ({ deactivatedAt }: Pick<User, 'deactivatedAt'>) => deactivatedAt === null,
  Agent: (_agent: object, { assigned }: Circumstances) => assigned > 0,
  Complaint: ({ status }: Pick<Complaint, 'status'>) => status !== 'RESOLVED',
  ChangeRequest: (request: Waiting, _known: Circumstances, now: Date) => waits(request, now),
} satisfies Record<string, (row: never, known: Circumstances, now: Date) => boolean>;

/** Types of what can be erased. A change request is one of its own where it never made what it asked for. */
export type ErasableType = keyof typeof IN_USE;

export const isErasable = (type: string): type is ErasableType => Object.hasOwn(IN_USE, type);

/** Refuses PERSONAL_DATA_ERASED, then PERSONAL_DATA_IN_USE: who is still at work, what is open, what somebody may still decide. */
export function assertErasable(type: ErasableType, row: object, known: Circumstances, now: Date): void {
  if (known.erased) refuse('PERSONAL_DATA_ERASED', 'The personal data of this was erased already.');
  if (IN_USE[type](row as never, known, now))
    refuse('PERSONAL_DATA_IN_USE', 'This is still in use: end, resolve or deactivate it first.', { why: type });
  if (known.pending > 0) refuse('PERSONAL_DATA_IN_USE', 'Changes of this wait for somebody.', { why: 'ChangeRequest' });
}

/** How a request that nobody decided in time is closed, as of that time; nothing for one that is over already. */
export const closedIfExpired = (request: Waiting) =>
  isWaiting(request)
    ? { status: 'EXPIRED' as const, closedAt: request.expiresAt, failureCode: 'CHANGE_REQUEST_EXPIRED' }
    : {};
