import { BUSINESS, CONTROLS, DUTY, OUTSIDE, type Role, TRAIL } from './role';

/** Sees everything, masked, and the whole trail. Changes nothing, and reveals nothing but what events keep under seal. */
export const auditor: Role = ({ can }) => {
  can('read', [...BUSINESS, ...CONTROLS, 'Complaint', 'RoleGrant', 'Delegation', ...DUTY, ...TRAIL, ...OUTSIDE]);
  can(['readPersonOf', 'readSecondFactorOf'], 'User');
  can('read', ['Session', 'ApiKey']);
  can(['reveal', 'question'], 'AuditEvent');
};
