import { BUSINESS, CONTROLS, type Role } from './role';

/** Countersigns. Proposes nothing of billing, so that a supervisor's approval is always a second look. */
export const supervisor: Role = ({ can, userId }) => {
  can('read', [...BUSINESS, ...CONTROLS, 'Complaint']);
  can('reveal', 'Account');
  can('grant', 'RevealAllowance', { userId });
  can('resolve', 'Dispute');
  can('create', 'Delegation');
  can(['withdraw', 'revise', 'retry'], 'ChangeRequest');
  can(['approve', 'reject', 'return', 'breakGlass'], 'ChangeRequest');
};
