import type { Role } from './role';

/** A client's user: one account, what is billed to it, and the right to disagree. Without an account: nothing. */
export const client: Role = ({ can, userId, accountId }) => {
  if (accountId === null) return;
  can('read', 'Account', { id: accountId });
  can('read', ['Lob', 'Invoice', 'Dispute', 'Complaint'], { accountId });
  can('open', 'Dispute', { accountId });
  can('withdraw', 'Dispute', { accountId, openedById: userId });
};
