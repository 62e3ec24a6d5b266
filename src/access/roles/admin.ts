import { ACCESS_OPERATIONS, BUSINESS, CONTROLS, DUTY, OUTSIDE, type Role } from './role';

/** Runs the installation: users, roles, policies, webhooks. Touches no business and approves no business. */
export const admin: Role = ({ can }) => {
  can('read', [...BUSINESS, ...CONTROLS]);
  can(['create', 'link', 'readPersonOf', 'readSecondFactorOf'], 'User');
  can(['invite', 'drawPasswordToken', 'resetPassword', 'removeSecondFactor'], 'User');
  can(['deactivate', 'reactivate'], 'User');
  can(['read', 'end'], 'Session');
  can(['read', 'create', 'rotate', 'drawSecret', 'revoke'], 'ApiKey');
  can('grant', 'RoleGrant');
  can('revoke', 'RoleGrant');
  can('read', ['RoleGrant', ...DUTY]);
  can(['allow', 'end'], 'DutyException');
  can(['create', 'change'], 'ApprovalPolicy');
  can('set', ['ApprovalLimit', 'ExchangeRate']);
  can('read', OUTSIDE);
  can(['create', 'change', 'drawSecret', 'redeliver'], 'Webhook');
  can(['read', 'create', 'createForAnother', 'revoke'], 'Delegation');
  can(['withdraw', 'revise', 'retry', 'reassign'], 'ChangeRequest');
  can(['approve', 'reject', 'return'], 'ChangeRequest', { operation: { $in: ACCESS_OPERATIONS } });
  can(['start', 'close'], 'AccessReview');
};
