import type { Role } from './role';

/** A client's user: one account, what is billed to it, and the right to disagree. It is never granted without an account. */
export const client: Role = ({ can, userId }) => {
  can('read', [
    'Account',
    'Lob',
    'Dispute',
    'Complaint',
    'Agreement',
    'UsageImport',
    'UsageRejection',
    'CallRecord',
    'UsageQuantity',
  ]);
  // A draft is the firm's own until it is shown.
  can('read', 'Invoice', { status: { $in: ['CLIENT_REVIEW', 'ISSUED', 'VOIDED'] } });
  can(['accept', 'object'], 'Invoice');
  can('read', ['LegalEntity', 'CreditNote']);
  can('open', 'Dispute');
  can('withdraw', 'Dispute', { openedById: userId });
};
