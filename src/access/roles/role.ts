import type { AbilityBuilder, MongoAbility } from '@casl/ability';

/**
 * Grants what a role may do. `can(verb, Type)` is the permission of the operation `<type>.<verb>`; `read` decides which
 * rows exist for somebody. Conditions are equalities on columns, written here and nowhere else. There is no `cannot`:
 * what is not granted is refused. Of a role that is granted for one account, or a LOB, `within.ts` says what is left.
 */
export type Role = (grant: { can: AbilityBuilder<MongoAbility>['can']; userId: string }) => void;

/** What everybody in the house sees of the business: no complaints, no trail. */
export const BUSINESS = [
  'LegalEntity',
  'DocumentNumber',
  'TaxRule',
  'Account',
  'Lob',
  'Agent',
  'Assignment',
  'Agreement',
  'UsageImport',
  'UsageRejection',
  'CallRecord',
  'UsageQuantity',
  'BillingRun',
  'BillingRunAccount',
  'Invoice',
  'CreditNote',
  'Dispute',
  'ChangeRequest',
  'ApprovalPolicy',
  'ExchangeRate',
  'User',
];

/** How approving and seeing are watched: how much each may say yes to, where the glass was broken, and who may see more than others. */
export const CONTROLS = ['ApprovalLimit', 'Finding', 'RevealAllowance'];

/** What is kept of who may do what, beside the grants: exceptions from the matrix of duties, and campaigns that look at who has what. */
export const DUTY = ['DutyException', 'AccessReview', 'AccessReviewItem'];

/** Operations over who may do what, over what is forgotten, and over who outside is told: administration and compliance countersign them, for each other. */
export const ACCESS_OPERATIONS = [
  'role.grant',
  'role.revoke',
  'user.create',
  'user.deactivate',
  'user.invite',
  'user.reactivate',
  'password.reset',
  'secondFactor.remove',
  'user.link',
  'user.linkSubject',
  'apiKey.create',
  'apiKey.rotate',
  'apiKey.revoke',
  'approvalPolicy.create',
  'approvalPolicy.change',
  'delegation.create',
  'delegation.createForAnother',
  'delegation.revoke',
  'approvalLimit.set',
  'exchangeRate.set',
  'dutyException.allow',
  'dutyException.end',
  'accessReview.start',
  'accessReviewItem.decide',
  'accessReview.close',
  'personalData.erase',
  'webhook.create',
  'webhook.change',
  'webhook.redeliver',
  'revealAllowance.grant',
];

/** Whoever is signed in, also where a second factor is required that they did not show: themselves, and what brings them further. */
export const oneself: Role = ({ can, userId }) => {
  can(['read', 'readSecondFactorOf'], 'User', { id: userId });
  can(['changePassword', 'enrolTotp', 'confirmTotp', 'drawRecoveryCodes'], 'User', { id: userId });
  can(['read', 'end', 'stepUp'], 'Session', { userId });
};

/** Whoever has shown what is asked of them, with or without a role. */
export const everybody: Role = ({ can, userId }) => {
  oneself({ can, userId });
  // What somebody is asked about in a campaign.
  can(['read', 'decide'], 'AccessReviewItem', { reviewerId: userId });
  // Both people see who stands in for whom, and end it.
  can(['read', 'revoke'], 'Delegation', { delegatorId: userId });
  can(['read', 'revoke'], 'Delegation', { delegateId: userId });
};

/** Who outside is told what. */
export const OUTSIDE = ['Webhook', 'WebhookDelivery'];

/** What was done, and what vouches for it. */
export const TRAIL = ['AuditEvent', 'AuditCheckpoint'];
