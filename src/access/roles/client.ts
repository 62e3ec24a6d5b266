import type { Role } from './role';

/** A client's user: one account, what is billed to it, and the right to disagree. Without an account: nothing. */
export const client: Role = ({ can, userId, accountId }) => {
  if (accountId === null) return;
  can('read', 'Account', { id: accountId });
  can('read', ['Lob', 'Agreement', 'Dispute', 'Complaint', 'UsageImport', 'UsageRejection', 'CallRecord'], {
    accountId,
  });
  // A draft is the firm's own until it is shown.
  can('read', 'Invoice', { accountId, status: { $in: ['CLIENT_REVIEW', 'ISSUED', 'VOIDED'] } });
  can('open', 'Dispute', { accountId });
  can('withdraw', 'Dispute', { accountId, openedById: userId });
};
