import type { Row } from './naive-rows';
import type { World } from './naive-types';
import { type Grant, insideOf, isLeft } from './naive-within';

/**
 * Who sees what, written by hand from what the roles are for, and not from the code that decides it. `all`: every row of
 * the type. What is not named is not seen.
 */
type Sees = 'all' | ((row: Row, who: Looker, world: World) => boolean);

/** Whoever asks. Roles that count: of somebody whose password is another's choice none does. */
export interface Looker {
  id: string;
  name: string;
  email: string;
  sessionId: string;
  roles: string[];
  grants: Grant[];
}

const themselves: Sees = (row, who) => row.id === who.id;

const HOUSE: Record<string, Sees> = {
  Account: 'all',
  Lob: 'all',
  Agent: 'all',
  Assignment: 'all',
  LegalEntity: 'all',
  DocumentNumber: 'all',
  TaxRule: 'all',
  CreditNote: 'all',
  Agreement: 'all',
  UsageImport: 'all',
  UsageRejection: 'all',
  CallRecord: 'all',
  UsageQuantity: 'all',
  BillingRun: 'all',
  BillingRunAccount: 'all',
  Invoice: 'all',
  Dispute: 'all',
  ChangeRequest: 'all',
  ApprovalPolicy: 'all',
  ExchangeRate: 'all',
  User: 'all',
};

const OUTSIDE: Record<string, Sees> = { Webhook: 'all', WebhookDelivery: 'all' };
/** Those who watch over approving. */
const WATCHING: Record<string, Sees> = { ...HOUSE, ApprovalLimit: 'all', Finding: 'all', RevealAllowance: 'all' };

const SEES: Record<string, Record<string, Sees>> = {
  admin: {
    ...WATCHING,
    ...OUTSIDE,
    RoleGrant: 'all',
    Session: 'all',
    ApiKey: 'all',
    DutyException: 'all',
    AccessReview: 'all',
    AccessReviewItem: 'all',
    Delegation: 'all',
  },
  billing: HOUSE,
  supervisor: { ...WATCHING, Complaint: 'all' },
  operations: { ...HOUSE, Complaint: 'all' },
  compliance: {
    ...WATCHING,
    ...OUTSIDE,
    Complaint: 'all',
    RoleGrant: 'all',
    Session: 'all',
    ApiKey: 'all',
    DutyException: 'all',
    AccessReview: 'all',
    AccessReviewItem: 'all',
    Delegation: 'all',
    AuditEvent: 'all',
    AuditCheckpoint: 'all',
  },
  auditor: {
    ...WATCHING,
    ...OUTSIDE,
    Complaint: 'all',
    RoleGrant: 'all',
    Session: 'all',
    ApiKey: 'all',
    DutyException: 'all',
    AccessReview: 'all',
    AccessReviewItem: 'all',
    Delegation: 'all',
    AuditEvent: 'all',
    AuditCheckpoint: 'all',
  },
  client: {
    Account: 'all',
    Lob: 'all',
    Dispute: 'all',
    LegalEntity: 'all',
    CreditNote: 'all',
    Agreement: 'all',
    UsageImport: 'all',
    UsageRejection: 'all',
    CallRecord: 'all',
    UsageQuantity: 'all',
    Complaint: 'all',
    Invoice: (row) => ['CLIENT_REVIEW', 'ISSUED', 'VOIDED'].includes(row.status as string),
  },
  '': {
    User: themselves,
    Session: (row, who) => row.user_id === who.id,
    AccessReviewItem: (row, who) => row.reviewer_id === who.id,
    Delegation: (row, who) => [row.delegator_id, row.delegate_id].includes(who.id),
  },
};

/** Parts of a whole are seen by whoever sees the whole, and are reached through it alone. */
const PARTS = new Set([
  'AgreementVersion',
  'AgreementRate',
  'InvoiceLine',
  'InvoiceTax',
  'InvoiceObjection',
  'CreditNoteLine',
  'CreditNoteTax',
  'DisputeItem',
  'Decision',
  'ChangeRequestRevision',
  'ChangeRequestMoment',
  'ComplaintRule',
]);

const EVERYBODY: Grant = { role: '', accountId: null, lobId: null };

const rulesOf = ({ grants }: Looker, type: string) =>
  [EVERYBODY, ...grants].flatMap((grant): Exclude<Sees, 'all'>[] => {
    const rule = SEES[grant.role]?.[type];
    const inside = insideOf(type, grant);
    if (!rule || !inside) return [];
    return [(row, who, world) => (rule === 'all' || rule(row, who, world)) && inside(row, grant, world)];
  });

export const sees = (who: Looker | null, type: string, row: Row, world: World): boolean => {
  if (PARTS.has(type)) return true;
  return who !== null && rulesOf(who, type).some((rule) => rule(row, who, world));
};

/** Whether somebody sees any row of a type at all. */
export const seesAny = (who: Looker | null, type: string): boolean => who !== null && rulesOf(who, type).length > 0;

const DECIDES_ACCESS = new Set([
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
]);
const DECIDES: Record<string, (operation: string) => boolean> = {
  admin: (operation) => DECIDES_ACCESS.has(operation),
  compliance: (operation) => DECIDES_ACCESS.has(operation),
  supervisor: () => true,
};

/** Whether somebody may decide over what a request is about at all. */
export const decides = (who: Looker, request: Row, world: World): boolean =>
  who.grants.some(
    (grant) =>
      (DECIDES[grant.role]?.(request.operation as string) ?? false) &&
      insideOf('ChangeRequest', grant)!(request, grant, world),
  );

/** Whether somebody is told who is the same person as whom. */
export const knowsPersons = (who: Looker | null): boolean =>
  (who?.grants ?? []).some(
    ({ role, accountId }) => accountId === null && ['admin', 'compliance', 'auditor'].includes(role),
  );

/** The code that a root field is refused with, or null for whoever may enter. */
export function refusalAt(field: string, type: string, who: Looker | null): string | null {
  if (field === 'viewer') return null;
  if (!who) return 'UNAUTHENTICATED';
  const enters = field === 'myApprovals' ? who.roles.some((role) => role in DECIDES) : rulesOf(who, type).length > 0;
  return enters ? null : 'FORBIDDEN';
}

/** What the viewer is told that they may do: `verb Type`. */
const listed = (text: string): string[] => text.split(/,\s+/);

const HOUSE_READS = Object.keys(HOUSE)
  .map((type) => `read ${type}`)
  .join(', ');
const OUTSIDE_READS = 'read Webhook, read WebhookDelivery';
const WATCHES = `${HOUSE_READS}, read ApprovalLimit, read Finding, read RevealAllowance`;
const ALWAYS = listed(
  'read User, readSecondFactorOf User, changePassword User, enrolTotp User, confirmTotp User, drawRecoveryCodes User, read Session, end Session, stepUp Session, read AccessReviewItem, decide AccessReviewItem, read Delegation, revoke Delegation',
);
const PERMISSIONS: Record<string, string[]> = {
  admin:
    listed(`${WATCHES}, ${OUTSIDE_READS}, create Webhook, change Webhook, drawSecret Webhook, redeliver Webhook, create User, link User, readPersonOf User, readSecondFactorOf User, invite User, drawPasswordToken User, resetPassword User, removeSecondFactor User, deactivate User, reactivate User, set ApprovalLimit, set ExchangeRate, grant RoleGrant, revoke RoleGrant, read RoleGrant, read DutyException, read AccessReview, read AccessReviewItem, allow DutyException, end DutyException, start AccessReview, close AccessReview,
    read ApiKey, create ApiKey, rotate ApiKey, drawSecret ApiKey, revoke ApiKey,
    create ApprovalPolicy, change ApprovalPolicy, create Delegation, createForAnother Delegation,
    withdraw ChangeRequest, revise ChangeRequest, retry ChangeRequest, reassign ChangeRequest, approve ChangeRequest, reject ChangeRequest, return ChangeRequest`),
  billing:
    listed(`${HOUSE_READS}, change Account, import Usage, run BillingRun, release BillingRunAccount, sign Agreement, amend Agreement, end Agreement, draft Invoice, review Invoice, accept Invoice, object Invoice, issue Invoice, void Invoice, issue CreditNote, open LegalEntity, change LegalEntity, burn DocumentNumber, set TaxRule, end TaxRule, open Dispute,
    resolve Dispute, withdraw Dispute, reveal Account, grant RevealAllowance, withdraw ChangeRequest, revise ChangeRequest, retry ChangeRequest`),
  supervisor:
    listed(`${WATCHES}, read Complaint, reveal Account, grant RevealAllowance, resolve Dispute, create Delegation, breakGlass ChangeRequest, withdraw ChangeRequest, revise ChangeRequest, retry ChangeRequest,
    approve ChangeRequest, reject ChangeRequest, return ChangeRequest`),
  operations: listed(`${HOUSE_READS}, read Complaint, open Account, change Account, close Account, open Lob, close Lob,
    hire Agent, assign Agent, transfer Agent, end Assignment, import Usage, file Complaint, acknowledge Complaint, resolve Complaint,
    reveal Complaint, grant RevealAllowance, withdraw ChangeRequest, revise ChangeRequest, retry ChangeRequest`),
  compliance:
    listed(`${WATCHES}, ${OUTSIDE_READS}, read Complaint, read RoleGrant, read DutyException, read AccessReview, read AccessReviewItem, end DutyException, start AccessReview, close AccessReview, read AuditEvent, read AuditCheckpoint, file Complaint, readPersonOf User, readSecondFactorOf User, review Finding, breakGlass ChangeRequest,
    acknowledge Complaint, resolve Complaint, reopen Complaint, reveal Complaint, reveal Account, find Account, find Complaint, grant RevealAllowance,
    read ApiKey, revoke ApiKey, reveal AuditEvent, question AuditEvent, erase User, erase Agent, erase Complaint, erase ChangeRequest, create Delegation,
    withdraw ChangeRequest, revise ChangeRequest, retry ChangeRequest, reassign ChangeRequest, approve ChangeRequest, reject ChangeRequest, return ChangeRequest`),
  auditor: listed(
    `${WATCHES}, ${OUTSIDE_READS}, read Complaint, read RoleGrant, read DutyException, read AccessReview, read AccessReviewItem, read AuditEvent, read AuditCheckpoint, reveal AuditEvent, question AuditEvent, readPersonOf User, readSecondFactorOf User, read ApiKey`,
  ),
  client: listed(
    `read Account, read Lob, read Agreement, read Dispute, read Complaint, read UsageImport, read UsageRejection, read CallRecord, read UsageQuantity, read Invoice, read LegalEntity, read CreditNote, accept Invoice, object Invoice, open Dispute, withdraw Dispute`,
  ),
};

export const permissionsOf = ({ grants }: Looker): { action: string; subject: string }[] =>
  [
    ...new Set([
      ...ALWAYS,
      ...grants.flatMap((grant) => (PERMISSIONS[grant.role] ?? []).filter((each) => isLeft(each, grant))),
    ]),
  ]
    .toSorted()
    .map((pair) => ({ action: pair.split(' ')[0]!, subject: pair.split(' ')[1]! }));
