import { refuse } from '../platform/errors';

/**
 * Duties that are kept apart. What a duty is made of is said in operations, so that a role has it by what its page grants; `approves` names the
 * operations whose change requests somebody may say yes to.
 */
export interface DutyDefinition {
  summary: string;
  does?: readonly string[];
  approves?: readonly string[];
  /** Roles that are the duty, whatever they may do. */
  roles?: readonly string[];
}

const INVOICING = ['invoice.draft', 'invoice.issue', 'invoice.void'] as const;
const ACCOUNTS = ['account.open', 'account.change', 'account.close'] as const;

export const DUTIES = {
  INVOICING: {
    summary: 'Makes and voids invoices.',
    does: INVOICING,
  },
  INVOICE_APPROVAL: {
    summary: 'Approves invoices and their voiding.',
    approves: ['invoice.draft', 'invoice.issue', 'invoice.void'],
  },
  ACCOUNT_KEEPING: {
    summary: 'Opens, changes and closes client accounts.',
    does: ACCOUNTS,
  },
  ACCOUNT_APPROVAL: {
    summary: 'Approves what is done to client accounts.',
    approves: ['account.open', 'account.change', 'account.close'],
  },
  ACCESS_ADMINISTRATION: {
    summary: 'Makes users and grants them roles.',
    does: ['user.create', 'role.grant'],
  },
  ACCESS_APPROVAL: { summary: 'Approves who gets which role.', approves: ['role.grant'] },
  BUSINESS: {
    summary: 'Takes part in the business: accounts, invoices, disputes, complaints, agents.',
    does: [
      ...INVOICING,
      ...ACCOUNTS,
      'lob.open',
      'lob.close',
      'agent.hire',
      'agent.assign',
      'agent.transfer',
      'assignment.end',
      'dispute.open',
      'dispute.resolve',
      'complaint.file',
      'complaint.acknowledge',
      'complaint.resolve',
    ],
  },
  AUDIT: { summary: 'Looks at what others did, and had no part in it.', roles: ['auditor'] },
} as const satisfies Record<string, DutyDefinition>;

export type Duty = keyof typeof DUTIES;
export const dutyNames = Object.keys(DUTIES) as Duty[];

/** Raised with each change of the matrix; exceptions tell under which they were made. */
export const MATRIX_VERSION = 1;

interface Pair {
  duties: readonly [Duty, Duty];
  reason: string;
}

/** Two duties that must not meet in one person by two roles of theirs. What one role has by itself, its page answers for, and its second persons. */
export const MATRIX: readonly Pair[] = [
  pair('INVOICING', 'INVOICE_APPROVAL', 'Whoever bills would approve their own bills.'),
  pair('ACCOUNT_KEEPING', 'ACCOUNT_APPROVAL', 'Whoever opens a client would approve it.'),
  pair('ACCESS_ADMINISTRATION', 'ACCESS_APPROVAL', 'Whoever grants roles would approve them.'),
  pair('ACCESS_ADMINISTRATION', 'BUSINESS', 'Whoever grants roles would grant themselves a hand in the business.'),
  pair('AUDIT', 'BUSINESS', 'Nobody audits their own work.'),
  pair('AUDIT', 'INVOICE_APPROVAL', 'Nobody audits their own yes.'),
  pair('AUDIT', 'ACCOUNT_APPROVAL', 'Nobody audits their own yes.'),
  pair('AUDIT', 'ACCESS_ADMINISTRATION', 'Nobody audits whom they let in.'),
  pair('AUDIT', 'ACCESS_APPROVAL', 'Nobody audits whom they let in.'),
];

function pair(one: Duty, other: Duty, reason: string): Pair {
  return { duties: sorted(one, other), reason };
}

/** Two duties in the order in which they are kept. */
export function sorted(one: Duty, other: Duty): readonly [Duty, Duty] {
  return one < other ? [one, other] : [other, one];
}

const definitions: Record<string, DutyDefinition> = DUTIES;

/** The duties that an operation is part of: doing it, or saying yes to it. */
export const dutiesOf = (operation: string, how: 'does' | 'approves'): Duty[] =>
  dutyNames.filter((duty) => definitions[duty]![how]?.includes(operation));

/** The operations whose change requests somebody with that duty says yes to. */
export const approvalsOf = (duty: Duty): readonly string[] => definitions[duty]!.approves ?? [];

/** A role that one of the users of a person holds, with its duties. */
export interface Holding {
  role: string;
  accountId: string | null;
  lobId: string | null;
  duties: ReadonlySet<Duty>;
}

export interface Conflict {
  duties: readonly [Duty, Duty];
  roles: readonly [string, string];
}

/** Whether there is something that both are over. */
const meet = (one: Holding, other: Holding): boolean =>
  (one.accountId === null || other.accountId === null || one.accountId === other.accountId) &&
  (one.lobId === null || other.lobId === null || one.lobId === other.lobId);

/** Duties that meet in what one person holds by two roles, over something; those for which there is an exception are left out. */
export function conflictsIn(holdings: readonly Holding[], excepted: readonly string[] = []): Conflict[] {
  const found = new Map<string, Conflict>();
  for (const one of holdings)
    for (const other of holdings) {
      if (one.role === other.role || !meet(one, other)) continue;
      for (const { duties } of MATRIX) {
        if (!one.duties.has(duties[0]) || !other.duties.has(duties[1]) || excepted.includes(duties.join(' '))) continue;
        const conflict = { duties, roles: [one.role, other.role] as const };
        found.set(`${duties.join(' ')} ${conflict.roles.join(' ')}`, conflict);
      }
    }
  return [...found.values()];
}

/** Refuses with DUTY_CONFLICT. */
export function assertApart(conflicts: readonly Conflict[]): void {
  if (conflicts.length > 0)
    refuse('DUTY_CONFLICT', 'These duties must not meet in one person.', {
      conflicts: conflicts.map(({ duties, roles }) => ({ duties, roles })),
    });
}
