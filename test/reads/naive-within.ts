import type { Row } from './naive-rows';
import type { World } from './naive-types';

/** A role that somebody holds, and what it is bound to. */
export interface Grant {
  role: string;
  accountId: string | null;
  lobId: string | null;
}

type Inside = (row: Row, grant: Grant, world: World) => boolean;

const ofAccount: Inside = (row, { accountId }) => row.account_id === accountId;
const ofLob: Inside = (row, { lobId }) => row.lob_id === lobId;
const known = (world: World, table: Parameters<World['row']>[0], id: unknown): Row | null =>
  typeof id === 'string' ? world.row(table, id) : null;

/** Whoever never held a role of the house is no colleague. */
const colleague: Inside = (row, _grant, world) =>
  world.all('role_grant').some(({ user_id, role }) => user_id === row.id && role !== 'client');

const TABLES = {
  Invoice: 'invoice',
  CreditNote: 'credit_note',
  Dispute: 'dispute',
  Complaint: 'complaint',
  RoleGrant: 'role_grant',
  Lob: 'lob',
  Agreement: 'agreement',
  UsageImport: 'usage_import',
  BillingRunAccount: 'billing_run_account',
} as const;

/** The row that an event is about, if it is of a type that belongs to an account. */
const subjectOf = (event: Row, world: World): Row | null =>
  event.subject_type in TABLES
    ? known(world, TABLES[event.subject_type as keyof typeof TABLES], event.subject_id)
    : null;

const lobOf = (assignment: Row, world: World): Row => world.row('lob', assignment.lob_id as string)!;

const HOUSE: Record<string, Inside> = { ExchangeRate: () => true, LegalEntity: () => true, User: colleague };

const ACCOUNT: Record<string, Inside> = {
  ...HOUSE,
  Account: (row, { accountId }) => row.id === accountId,
  Lob: ofAccount,
  Invoice: ofAccount,
  CreditNote: ofAccount,
  Dispute: ofAccount,
  Complaint: ofAccount,
  ChangeRequest: ofAccount,
  RoleGrant: ofAccount,
  Agreement: ofAccount,
  UsageImport: ofAccount,
  UsageRejection: ofAccount,
  CallRecord: ofAccount,
  UsageQuantity: ofAccount,
  BillingRun: ofAccount,
  BillingRunAccount: ofAccount,
  Finding: (row, { accountId }, world) =>
    known(world, 'change_request', row.change_request_id)?.account_id === accountId,
  Assignment: (row, { accountId }, world) => lobOf(row, world).account_id === accountId,
  Agent: (row, { accountId }, world) =>
    world.all('assignment').some((each) => each.agent_id === row.id && lobOf(each, world).account_id === accountId),
  AuditEvent: (row, { accountId }, world) =>
    (row.subject_type === 'Account' && row.subject_id === accountId) ||
    subjectOf(row, world)?.account_id === accountId ||
    known(world, 'change_request', row.change_request_id)?.account_id === accountId,
};

const LOB: Record<string, Inside> = {
  ...HOUSE,
  Account: (row, { accountId }) => row.id === accountId,
  Lob: (row, { lobId }) => row.id === lobId,
  Complaint: ofLob,
  ChangeRequest: ofLob,
  RoleGrant: ofLob,
  CallRecord: ofLob,
  UsageQuantity: ofLob,
  Assignment: ofLob,
  Agent: (row, { lobId }, world) =>
    world.all('assignment').some((each) => each.agent_id === row.id && each.lob_id === lobId),
  AuditEvent: (row, { lobId }, world) =>
    (row.subject_type === 'Lob' && row.subject_id === lobId) ||
    (['Complaint', 'RoleGrant'].includes(row.subject_type as string) && subjectOf(row, world)?.lob_id === lobId) ||
    known(world, 'change_request', row.change_request_id)?.lob_id === lobId,
};

/** Which rows of a type lie within what a grant is bound to; null: none ever do. */
export const insideOf = (type: string, { accountId, lobId }: Grant): Inside | null =>
  accountId === null ? () => true : ((lobId === null ? ACCOUNT : LOB)[type] ?? null);

const WHOLE = new Set(
  'Lob Invoice CreditNote Dispute Complaint ChangeRequest RoleGrant Agreement Usage UsageImport UsageRejection CallRecord UsageQuantity BillingRun BillingRunAccount'.split(
    ' ',
  ),
);
const READ_OF_ACCOUNT = ['Finding', 'Assignment', 'Agent', 'AuditEvent', 'ExchangeRate', 'LegalEntity', 'User'];
const MAY_OF_ACCOUNT = new Set([
  ...['read', 'change', 'close', 'reveal'].map((verb) => `${verb} Account`),
  ...READ_OF_ACCOUNT.map((type) => `read ${type}`),
]);
const MAY_OF_LOB = new Set([
  'read Lob',
  'close Lob',
  ...[
    'Account',
    'Assignment',
    'Agent',
    'AuditEvent',
    'CallRecord',
    'UsageQuantity',
    'ExchangeRate',
    'LegalEntity',
    'User',
  ].map((type) => `read ${type}`),
]);

/** Whether a permission, `verb Type`, is left to a role that is bound. */
export function isLeft(permission: string, { accountId, lobId }: Grant): boolean {
  const type = permission.split(' ')[1]!;
  if (accountId === null) return true;
  if (lobId === null) return MAY_OF_ACCOUNT.has(permission) || WHOLE.has(type);
  return MAY_OF_LOB.has(permission) || ['Complaint', 'ChangeRequest', 'RoleGrant'].includes(type);
}
