import { BUSINESS, type Role } from './role';

/** Makes invoices and settles disputes over them; whatever binds the firm, a supervisor countersigns. */
export const billing: Role = ({ can, userId }) => {
  can('read', BUSINESS);
  can('change', 'Account');
  can(['sign', 'amend', 'end'], 'Agreement');
  can('import', 'Usage');
  can('run', 'BillingRun');
  can('release', 'BillingRunAccount');
  can(['open', 'change'], 'LegalEntity');
  can('burn', 'DocumentNumber');
  can(['set', 'end'], 'TaxRule');
  can('draft', 'Invoice');
  can(['review', 'accept', 'object'], 'Invoice');
  can('issue', 'Invoice');
  can('void', 'Invoice');
  can('issue', 'CreditNote');
  can('open', 'Dispute');
  can('resolve', 'Dispute');
  can('withdraw', 'Dispute', { openedById: userId });
  can('reveal', 'Account');
  can('grant', 'RevealAllowance', { userId });
  can(['withdraw', 'revise', 'retry'], 'ChangeRequest');
};
