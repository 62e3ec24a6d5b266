import type { MigrationInterface, QueryRunner } from 'typeorm';
import { seedComplaintData } from '../src/complaints/seed';

/** The policies that a new installation begins with, and the calendars and clocks of complaints. All of it is data. */
export class Defaults1763740802000 implements MigrationInterface {
  name = 'Defaults1763740802000';

  async up(runner: QueryRunner): Promise<void> {
    for (const { operation, roles, active, fields, amountAboveMinor, hours } of POLICIES)
      await runner.query(
        `INSERT INTO approval_policy (id, operation, active, approver_roles, when_fields, when_amount_above_minor, expires_after_hours)
         VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6)`,
        [operation, active ?? true, roles, fields ?? null, amountAboveMinor ?? null, hours ?? 72],
      );
    await seedComplaintData((text, values) => runner.query(text, values));
  }

  async down(): Promise<void> {
    throw new Error('Defaults are not taken down: restore a backup instead.');
  }
}

interface Policy {
  operation: string;
  roles: string[];
  /** False: there to be switched on. */
  active?: boolean;
  fields?: string[];
  /** In minor units of whatever currency. */
  amountAboveMinor?: number;
  hours?: number;
}

const POLICIES: Policy[] = [
  { operation: 'account.open', roles: ['supervisor'] },
  { operation: 'account.change', roles: ['supervisor'], fields: ['bankAccountNumber', 'taxId'] },
  { operation: 'account.close', roles: ['supervisor'] },
  { operation: 'agent.transfer', roles: ['supervisor'] },
  { operation: 'invoice.issue', roles: ['supervisor'] },
  { operation: 'invoice.void', roles: ['supervisor'] },
  { operation: 'dispute.resolve', roles: ['supervisor'], amountAboveMinor: 0 },
  { operation: 'role.grant', roles: ['admin', 'compliance'], hours: 168 },
  { operation: 'approvalPolicy.change', roles: ['admin', 'compliance'], hours: 168 },
  ...['user.create', 'user.deactivate', 'role.revoke'].map((operation) => ({
    operation,
    roles: ['admin', 'compliance'],
    active: false,
  })),
  ...[
    'lob.open',
    'lob.close',
    'agent.hire',
    'agent.assign',
    'assignment.end',
    'invoice.draft',
    'dispute.open',
    'dispute.withdraw',
    'complaint.file',
    'complaint.acknowledge',
    'complaint.resolve',
    'complaint.reopen',
  ].map((operation) => ({ operation, roles: ['supervisor'], active: false })),
];
