import { BUSINESS, type Role, TRAIL } from './role';

/** Sees everything, masked, and the whole trail. Changes nothing, reveals nothing. */
export const auditor: Role = ({ can }) => {
  can('read', [...BUSINESS, 'Complaint', 'RoleGrant', ...TRAIL]);
};
