import type { Row } from './naive-rows';

/**
 * Who sees what, written by hand from what the roles are for, and not from the code that decides it. `all`: every row of
 * the type. What is not named is not seen.
 */
type Sees = 'all' | ((row: Row, who: Looker) => boolean);

/** Whoever asks. Roles that count: of somebody whose password is another's choice none does. */
export interface Looker {
  id: string;
  name: string;
  email: string;
  sessionId: string;
  roles: string[];
  /** The account of a client's user. */
  accountId: string | null;
}

const themselves: Sees = (row, who) => row.id === who.id;
const ofTheirs: Sees = (row, who) => row.account_id === who.accountId;

const HOUSE: Record<string, Sees> = {
  Account: 'all',
  Lob: 'all',
  Agent: 'all',
  Assignment: 'all',
  UsageImport: 'all',
  UsageRejection: 'all',
  CallRecord: 'all',
  Invoice: 'all',
  Dispute: 'all',
  ChangeRequest: 'all',
  ApprovalPolicy: 'all',
  ExchangeRate: 'all',
  User: 'all',
};

const OUTSIDE: Record<string, Sees> = { Webhook: 'all', WebhookDelivery: 'all' };
/** Those who watch over approving. */
const WATCHING: Record<string, Sees> = { ...HOUSE, ApprovalLimit: 'all', Finding: 'all' };

const SEES: Record<string, Record<string, Sees>> = {
  admin: { ...WATCHING, ...OUTSIDE, RoleGrant: 'all', Delegation: 'all' },
  billing: HOUSE,
  supervisor: { ...WATCHING, Complaint: 'all' },
  operations: { ...HOUSE, Complaint: 'all' },
  compliance: {
    ...WATCHING,
    ...OUTSIDE,
    Complaint: 'all',
    RoleGrant: 'all',
    Delegation: 'all',
    AuditEvent: 'all',
    AuditCheckpoint: 'all',
  },
  auditor: {
    ...WATCHING,
    ...OUTSIDE,
    Complaint: 'all',
    RoleGrant: 'all',
    Delegation: 'all',
    AuditEvent: 'all',
    AuditCheckpoint: 'all',
  },
  client: {
    Account: (row, who) => row.id === who.accountId,
    Lob: ofTheirs,
    Dispute: ofTheirs,
    Complaint: ofTheirs,
    UsageImport: ofTheirs,
    UsageRejection: ofTheirs,
    CallRecord: ofTheirs,
    Invoice: (row, who) =>
      row.account_id === who.accountId && ['CLIENT_REVIEW', 'ISSUED', 'VOIDED'].includes(row.status as string),
  },
  '': { User: themselves, Delegation: (row, who) => [row.delegator_id, row.delegate_id].includes(who.id) },
};

/** Parts of a whole are seen by whoever sees the whole, and are reached through it alone. */
const PARTS = new Set([
  'InvoiceLine',
  'DisputeItem',
  'Decision',
  'ChangeRequestRevision',
  'ChangeRequestMoment',
  'ComplaintRule',
]);

const rulesOf = ({ roles }: Looker, type: string) =>
  ['', ...roles].flatMap((role) => {
    const rule = SEES[role]?.[type];
    return rule ? [rule] : [];
  });

export const sees = (who: Looker | null, type: string, row: Row): boolean => {
  if (PARTS.has(type)) return true;
  return who !== null && rulesOf(who, type).some((rule) => rule === 'all' || rule(row, who));
};

/** Whether somebody sees any row of a type at all. */
export const seesAny = (who: Looker | null, type: string): boolean => who !== null && rulesOf(who, type).length > 0;

const DECIDES_ACCESS = new Set([
  'role.grant',
  'role.revoke',
  'user.create',
  'user.deactivate',
  'user.link',
  'approvalPolicy.create',
  'approvalPolicy.change',
  'delegation.create',
  'delegation.createForAnother',
  'delegation.revoke',
  'approvalLimit.set',
  'exchangeRate.set',
  'personalData.erase',
  'webhook.create',
  'webhook.change',
  'webhook.redeliver',
]);
const DECIDES: Record<string, (operation: string) => boolean> = {
  admin: (operation) => DECIDES_ACCESS.has(operation),
  compliance: (operation) => DECIDES_ACCESS.has(operation),
  supervisor: () => true,
};

/** Whether somebody may decide over an operation at all. */
export const decides = (who: Looker, operation: string): boolean =>
  who.roles.some((role) => DECIDES[role]?.(operation) ?? false);

/** Whether somebody is told who is the same person as whom. */
export const knowsPersons = (who: Looker | null): boolean =>
  (who?.roles ?? []).some((role) => ['admin', 'compliance', 'auditor'].includes(role));

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
const WATCHES = `${HOUSE_READS}, read ApprovalLimit, read Finding`;
const ALWAYS = listed('read User, changePassword User, read Session, end Session, read Delegation, revoke Delegation');
const PERMISSIONS: Record<string, string[]> = {
  admin:
    listed(`${WATCHES}, ${OUTSIDE_READS}, create Webhook, change Webhook, drawSecret Webhook, redeliver Webhook, create User, link User, readPersonOf User, deactivate User, set ApprovalLimit, set ExchangeRate, grant RoleGrant, revoke RoleGrant, read RoleGrant,
    create ApprovalPolicy, change ApprovalPolicy, create Delegation, createForAnother Delegation,
    withdraw ChangeRequest, revise ChangeRequest, retry ChangeRequest, reassign ChangeRequest, approve ChangeRequest, reject ChangeRequest, return ChangeRequest`),
  billing:
    listed(`${HOUSE_READS}, change Account, import Usage, draft Invoice, issue Invoice, void Invoice, open Dispute,
    resolve Dispute, withdraw Dispute, reveal Account, withdraw ChangeRequest, revise ChangeRequest, retry ChangeRequest`),
  supervisor:
    listed(`${WATCHES}, read Complaint, reveal Account, resolve Dispute, create Delegation, breakGlass ChangeRequest, withdraw ChangeRequest, revise ChangeRequest, retry ChangeRequest,
    approve ChangeRequest, reject ChangeRequest, return ChangeRequest`),
  operations: listed(`${HOUSE_READS}, read Complaint, open Account, change Account, close Account, open Lob, close Lob,
    hire Agent, assign Agent, transfer Agent, end Assignment, import Usage, file Complaint, acknowledge Complaint, resolve Complaint,
    reveal Complaint, withdraw ChangeRequest, revise ChangeRequest, retry ChangeRequest`),
  compliance:
    listed(`${WATCHES}, ${OUTSIDE_READS}, read Complaint, read RoleGrant, read AuditEvent, read AuditCheckpoint, file Complaint, readPersonOf User, review Finding, breakGlass ChangeRequest,
    acknowledge Complaint, resolve Complaint, reopen Complaint, reveal Complaint, reveal Account,
    reveal AuditEvent, erase User, erase Agent, erase Complaint, erase ChangeRequest, create Delegation,
    withdraw ChangeRequest, revise ChangeRequest, retry ChangeRequest, reassign ChangeRequest, approve ChangeRequest, reject ChangeRequest, return ChangeRequest`),
  auditor: listed(
    `${WATCHES}, ${OUTSIDE_READS}, read Complaint, read RoleGrant, read AuditEvent, read AuditCheckpoint, reveal AuditEvent, readPersonOf User`,
  ),
  client: listed(
    `read Account, read Lob, read Dispute, read Complaint, read UsageImport, read UsageRejection, read CallRecord, read Invoice, open Dispute, withdraw Dispute`,
  ),
};

export const permissionsOf = ({ roles }: Looker): { action: string; subject: string }[] =>
  [...new Set([...ALWAYS, ...roles.flatMap((role) => PERMISSIONS[role] ?? [])])]
    .toSorted()
    .map((pair) => ({ action: pair.split(' ')[0]!, subject: pair.split(' ')[1]! }));
