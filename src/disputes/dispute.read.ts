import { userRead } from '../access/user.read';
import { accountRead } from '../accounts/account.read';
import { eventsBelong } from '../audit/event.read';
import { pendingChanges } from '../approvals/change-request.read';
import { invoiceLineRead, invoiceRead } from '../billing/invoice.read';
import { connection, declareRead, equals, extendRead, instant, list, money, one, plains } from '../platform/read';

export const disputeRead = declareRead('Dispute', {
  table: 'dispute',
  fields: {
    ...plains('id', 'status', 'resolution', 'reasonCode', 'note', 'resolutionNote', 'version'),
    invoice: one(() => invoiceRead, 'invoice_id'),
    account: one(() => accountRead, 'account_id'),
    items: list(() => disputeItemRead, 'dispute_id', 'id'),
    claimedAmount: money('claimed_minor'),
    acceptedAmount: money('accepted_minor'),
    openedBy: one(() => userRead, 'opened_by_id'),
    resolvedBy: one(() => userRead, 'resolved_by_id'),
    createdAt: instant('created_at'),
    closedAt: instant('closed_at'),
    pendingChanges: pendingChanges('Dispute'),
  },
  filters: {
    accountId: equals('account_id', 'uuid'),
    invoiceId: equals('invoice_id', 'uuid'),
    status: equals('status', 'text'),
    reasonCode: equals('reason_code', 'text'),
  },
});

export const disputeItemRead = declareRead('DisputeItem', {
  table: 'dispute_item',
  partOfWhole: true,
  fields: {
    ...plains('id'),
    line: one(() => invoiceLineRead, 'line_id'),
    amount: money('amount_minor'),
    acceptedAmount: money('accepted_minor'),
  },
});

extendRead(invoiceRead, { disputes: connection(() => disputeRead, 'invoice_id') });

eventsBelong('Dispute', 'dispute', 'accountId', 'account_id');
