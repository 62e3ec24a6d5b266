import { ACCESS_OPERATIONS, BUSINESS, CONTROLS, DUTY, OUTSIDE, type Role, TRAIL } from './role';

/** Watches over complaints, access and the trail; erases what is personal; countersigns grants of roles and changes of policies. */
export const compliance: Role = ({ can }) => {
  can('read', [...BUSINESS, ...CONTROLS, 'Complaint', 'RoleGrant', ...DUTY, ...TRAIL, ...OUTSIDE]);
  can(['readPersonOf', 'readSecondFactorOf'], 'User');
  can('file', 'Complaint');
  can('acknowledge', 'Complaint');
  can('resolve', 'Complaint');
  can('reopen', 'Complaint');
  can('reveal', 'Complaint');
  can('reveal', 'Account');
  can('find', ['Account', 'Complaint']);
  can('grant', 'RevealAllowance');
  can(['reveal', 'question'], 'AuditEvent');
  can('erase', ['User', 'Agent', 'Complaint', 'ChangeRequest']);
  can(['read', 'end'], 'Session');
  can('end', 'DutyException');
  can(['start', 'close'], 'AccessReview');
  can(['read', 'revoke'], 'ApiKey');
  can(['read', 'create'], 'Delegation');
  can(['withdraw', 'revise', 'retry', 'reassign'], 'ChangeRequest');
  can('review', 'Finding');
  can(['approve', 'reject', 'return', 'breakGlass'], 'ChangeRequest', { operation: { $in: ACCESS_OPERATIONS } });
};
