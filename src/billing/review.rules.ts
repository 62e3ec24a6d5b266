import { refuse } from '../platform/errors';
import type { Invoice } from './invoice.entity';

type Reviewed = Pick<Invoice, 'status' | 'reviewDays' | 'reviewEndsOn' | 'acceptedAt'>;

/**
 * Refuses with INVOICE_NOT_ISSUABLE what is no draft any more, and what its client is still to look at: `why` says which. The last day of a
 * review is the client's until its end. `today` is the day in the account's zone.
 */
export function assertIssuable({ status, reviewDays, reviewEndsOn, acceptedAt }: Reviewed, today: string): void {
  if (status !== 'DRAFT' && status !== 'CLIENT_REVIEW')
    refuse('INVOICE_NOT_ISSUABLE', 'Only a draft can be issued.', { status, why: 'NO_DRAFT' });
  if (status === 'DRAFT' && reviewDays > 0)
    refuse('INVOICE_NOT_ISSUABLE', 'Its client is to look at it first.', { status, why: 'NOT_REVIEWED', reviewDays });
  if (status === 'CLIENT_REVIEW' && acceptedAt === null && today <= reviewEndsOn!)
    refuse('INVOICE_NOT_ISSUABLE', 'Its client may still look at it.', { status, why: 'IN_REVIEW', reviewEndsOn });
}

/** Refuses with INVOICE_NOT_REVIEWABLE what is no draft. */
export function assertReviewable({ status }: Pick<Invoice, 'status'>): void {
  if (status !== 'DRAFT') refuse('INVOICE_NOT_REVIEWABLE', 'Only a draft is shown to its client.', { status });
}

/** Refuses with INVOICE_NOT_ACCEPTABLE what is not shown, or accepted already. */
export function assertAcceptable({ status, acceptedAt }: Reviewed): void {
  if (status !== 'CLIENT_REVIEW')
    refuse('INVOICE_NOT_ACCEPTABLE', 'Only what its client is shown is accepted.', { status });
  if (acceptedAt !== null) refuse('INVOICE_NOT_ACCEPTABLE', 'This invoice is accepted already.', { status });
}

/** Refuses with ACCEPTANCE_NOTE_MISSING whoever accepts for a client and does not say on what word. */
export function assertOnWord(byClient: boolean, note: string | null): void {
  if (!byClient && note === null)
    refuse('ACCEPTANCE_NOTE_MISSING', 'Whoever accepts for a client says on what word of theirs.');
}

/** Refuses with INVOICE_NOT_OBJECTIONABLE what is not shown, what was accepted, and what comes after the last day. */
export function assertObjectionable({ status, acceptedAt, reviewEndsOn }: Reviewed, today: string): void {
  if (status !== 'CLIENT_REVIEW')
    refuse('INVOICE_NOT_OBJECTIONABLE', 'Objections are to what its client is shown.', { status });
  if (acceptedAt !== null) refuse('INVOICE_NOT_OBJECTIONABLE', 'This invoice is accepted already.', { status });
  if (today > reviewEndsOn!)
    refuse('INVOICE_NOT_OBJECTIONABLE', 'The days to look at it are over; it can be disputed once it is issued.', {
      reviewEndsOn,
    });
}
