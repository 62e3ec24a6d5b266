import type { InvoiceLine } from '../billing/invoice-line.entity';
import type { Invoice } from '../billing/invoice.entity';
import { lobIdsIn } from '../billing/invoice.rules';
import { refuse } from '../platform/errors';
import { parseMinor } from '../platform/money';
import type { Dispute, DisputeItem } from './dispute.entity';

interface Amount {
  amount: string;
  currency: string;
}

/** An amount in the invoice's currency, in minor units. Refuses with CURRENCY_MISMATCH and what parseMinor refuses. */
function minorOf({ amount, currency }: Amount, expected: string): bigint {
  if (currency !== expected)
    refuse('CURRENCY_MISMATCH', 'Amounts are in the currency of the invoice.', { currency: expected });
  return parseMinor(amount, currency);
}

/** What can still be disputed of a line: its total without what was conceded or is disputed already. */
const disputableMinor = ({ totalMinor, creditedMinor, disputedMinor }: InvoiceLine) =>
  totalMinor - creditedMinor - disputedMinor;

/**
 * The claims of a new dispute. Refuses, in this order: DISPUTE_NOT_OPENABLE (the invoice is not issued), DISPUTE_ITEM_REPEATED,
 * NOT_FOUND (a line of another invoice), CURRENCY_MISMATCH, DISPUTE_AMOUNT_INVALID, DISPUTE_AMOUNT_EXCEEDED.
 */
export function claimsOf(
  invoice: Invoice,
  lines: readonly InvoiceLine[],
  items: readonly { lineId: string; amount: Amount }[],
): { line: InvoiceLine; amountMinor: bigint }[] {
  if (invoice.status !== 'ISSUED')
    refuse('DISPUTE_NOT_OPENABLE', 'Only an issued invoice can be disputed.', { status: invoice.status });
  if (new Set(items.map(({ lineId }) => lineId)).size < items.length)
    refuse('DISPUTE_ITEM_REPEATED', 'Each line is disputed once in a dispute.');
  return items.map(({ lineId, amount }) => {
    const line = lines.find(({ id }) => id === lineId);
    if (!line) return refuse('NOT_FOUND', 'There is no such InvoiceLine.', { type: 'InvoiceLine' });
    const amountMinor = minorOf(amount, invoice.currency);
    if (amountMinor <= 0n)
      refuse('DISPUTE_AMOUNT_INVALID', 'A disputed amount is above zero.', { lineNumber: line.lineNumber });
    if (amountMinor > disputableMinor(line))
      refuse('DISPUTE_AMOUNT_EXCEEDED', 'More is disputed than is open on this line.', { lineNumber: line.lineNumber });
    return { line, amountMinor };
  });
}

/** Refuses what is over already. */
function assertOpen({ status }: Pick<Dispute, 'status'>, code: string): void {
  if (status !== 'OPEN') refuse(code, 'This dispute is over already.', { status });
}

export const assertWithdrawable = (dispute: Pick<Dispute, 'status'>): void =>
  assertOpen(dispute, 'DISPUTE_NOT_WITHDRAWABLE');

/**
 * What is conceded of each item. Refuses, in this order: DISPUTE_NOT_RESOLVABLE, DISPUTE_RESOLVED_BY_SAME_PERSON,
 * DISPUTE_ITEMS_INCOMPLETE (each item is answered, once), CURRENCY_MISMATCH, DISPUTE_AMOUNT_INVALID,
 * DISPUTE_AMOUNT_EXCEEDED.
 */
export function concessionsOf(
  dispute: Dispute,
  items: readonly DisputeItem[],
  answers: readonly { itemId: string; acceptedAmount: Amount }[],
  resolverId: string,
): { item: DisputeItem; acceptedMinor: bigint }[] {
  assertOpen(dispute, 'DISPUTE_NOT_RESOLVABLE');
  if (dispute.openedById === resolverId)
    refuse('DISPUTE_RESOLVED_BY_SAME_PERSON', 'Somebody else has to resolve what you opened.');
  const answered = new Map(answers.map((answer) => [answer.itemId, answer.acceptedAmount]));
  if (answered.size !== answers.length || answered.size !== items.length || !items.every(({ id }) => answered.has(id)))
    refuse('DISPUTE_ITEMS_INCOMPLETE', 'Each item of the dispute needs one answer.');
  return items.map((item) => {
    const acceptedMinor = minorOf(answered.get(item.id)!, item.currency);
    if (acceptedMinor < 0n) refuse('DISPUTE_AMOUNT_INVALID', 'An accepted amount is not below zero.');
    if (acceptedMinor > item.amountMinor) refuse('DISPUTE_AMOUNT_EXCEEDED', 'More is accepted than is disputed.');
    return { item, acceptedMinor };
  });
}

/** How a dispute ends, from what was claimed and what is conceded. */
export function resolutionOf(claimedMinor: bigint, acceptedMinor: bigint): 'ACCEPTED' | 'PARTLY_ACCEPTED' | 'REJECTED' {
  if (acceptedMinor === 0n) return 'REJECTED';
  return acceptedMinor === claimedMinor ? 'ACCEPTED' : 'PARTLY_ACCEPTED';
}

/** What policies may look at of a dispute over these lines, beside its amount. */
export const factsOf = (
  { accountId, reasonCode }: Pick<Dispute, 'accountId' | 'reasonCode'>,
  lines: readonly Pick<InvoiceLine, 'lobId'>[],
) => ({ accountId, lobIds: lobIdsIn(lines), category: reasonCode });
