import { BUSINESS, type Role } from './role';

/** Runs the floor: accounts, lines of business, agents, and complaints as they come in. */
export const operations: Role = ({ can, userId }) => {
  can('read', [...BUSINESS, 'Complaint']);
  can('open', 'Account');
  can('change', 'Account');
  can('close', 'Account');
  can('open', 'Lob');
  can('close', 'Lob');
  can('hire', 'Agent');
  can('assign', 'Agent');
  can('transfer', 'Agent');
  can('end', 'Assignment');
  can('import', 'Usage');
  can('file', 'Complaint');
  can('acknowledge', 'Complaint');
  can('resolve', 'Complaint');
  can('reveal', 'Complaint');
  can('grant', 'RevealAllowance', { userId });
  can(['withdraw', 'revise', 'retry'], 'ChangeRequest');
};
