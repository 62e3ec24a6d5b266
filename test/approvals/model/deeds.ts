import fc from 'fast-check';
import { type Asked, CAST, type Policy, type PolicyName, type Role, STEPS, type Who } from './approvals-model';

/** What is done in a run. A request is named by a number, of those that there are then. */
export type Deed =
  | { do: 'propose'; who: Who; asked: Asked }
  | { do: 'revise'; request: number; who: Who | null; asked: Record<Policy['operation'], Asked> }
  | { do: 'withdraw'; request: number; who: Who | null }
  | { do: 'approve'; request: number; who: Who; sawIt: boolean }
  | { do: 'reject' | 'return'; request: number; who: Who }
  | { do: 'wait'; hours: number }
  | { do: 'role'; who: Who; role: Role }
  | { do: 'deactivate'; who: Who }
  | { do: 'policy'; name: PolicyName; patch: Partial<Policy> }
  | {
      do: 'delegate';
      from: Who;
      to: Who;
      starts: number;
      hours: number;
      operation: string | null;
      account: 0 | 1 | null;
    }
  | { do: 'revokeDelegation'; which: number }
  | { do: 'assign'; request: number; who: Who | null };

const anybody = fc.constantFrom<Who>(...CAST);
const supervisor = fc.constantFrom<Who>('anna', 'ben', 'carl', 'both');
/** Mostly those who may, now and then those who may not. */
const approver = fc.oneof({ weight: 9, arbitrary: supervisor }, { weight: 1, arbitrary: anybody });
const maker = fc.constantFrom<Who>('maker', 'maker', 'maker', 'both', 'clerk', 'anna');
/** Null: its maker, or nobody. */
const perhaps: fc.Arbitrary<Who | null> = fc.option(anybody, { freq: 2 });
const assignee: fc.Arbitrary<Who | null> = fc.option(supervisor);
/** Below 8 one of those that wait, else any. */
const request = fc.nat(9);
const account = fc.constantFrom<0 | 1>(0, 0, 1);
const change: fc.Arbitrary<Asked> = fc.oneof(
  fc.record({ kind: fc.constant('bank' as const), account, digits: fc.constantFrom('000123456789', '000987654321') }),
  fc.record({ kind: fc.constant('name' as const), account, legalName: fc.constantFrom('As it was', 'One', 'Two') }),
);
const hire: fc.Arbitrary<Asked> = fc.record({
  kind: fc.constant('hire' as const),
  code: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
});
export const someSteps = fc.constantFrom(...STEPS);
const patch: fc.Arbitrary<Partial<Policy>> = fc.oneof(
  fc.record({ active: fc.boolean() }),
  fc.record({ steps: someSteps }),
  fc.record({ steps: someSteps, freshness: fc.constantFrom('ROW' as const, 'FIELDS' as const) }),
  fc.record({ hours: fc.constantFrom(12, 24, 72) }),
);

/** Every deed there is, each with how often it comes. */
export const DEEDS: [weight: number, deed: fc.Arbitrary<Deed>][] = [
  [5, fc.record({ do: fc.constant('propose' as const), who: maker, asked: fc.oneof(change, change, hire) })],
  [9, fc.record({ do: fc.constant('approve' as const), request, who: approver, sawIt: fc.nat(19).map((n) => n < 19) })],
  [
    2,
    fc.record({
      do: fc.constant('revise' as const),
      request,
      who: perhaps,
      asked: fc.record({ 'account.change': change, 'agent.hire': hire }),
    }),
  ],
  [1, fc.record({ do: fc.constant('withdraw' as const), request, who: perhaps })],
  [
    2,
    fc.record({ do: fc.constantFrom('reject' as const, 'return' as const, 'return' as const), request, who: approver }),
  ],
  [1, fc.record({ do: fc.constant('wait' as const), hours: fc.constantFrom(1, 6, 12, 24, 72) })],
  [
    2,
    fc.record({
      do: fc.constant('role' as const),
      who: supervisor,
      role: fc.constantFrom<Role>('supervisor', 'supervisor', 'supervisor', 'operations'),
    }),
  ],
  [
    0.5,
    fc.record({
      do: fc.constant('role' as const),
      who: anybody,
      role: fc.constantFrom<Role>('operations', 'billing', 'auditor'),
    }),
  ],
  [
    1,
    fc.record({
      do: fc.constant('policy' as const),
      name: fc.constantFrom<PolicyName>('bank', 'strict', 'hire'),
      patch,
    }),
  ],
  [
    1,
    fc.record({
      do: fc.constant('delegate' as const),
      from: approver,
      to: approver,
      starts: fc.constantFrom(0, 0, 6),
      hours: fc.constantFrom(1, 24, 96),
      operation: fc.constantFrom(null, 'account.change'),
      account: fc.constantFrom<0 | 1 | null>(null, null, 0),
    }),
  ],
  [1, fc.record({ do: fc.constant('revokeDelegation' as const), which: fc.nat(5) })],
  [1, fc.record({ do: fc.constant('assign' as const), request, who: assignee })],
  [0.5, fc.record({ do: fc.constant('deactivate' as const), who: anybody })],
];
