import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { RoleName } from '../../src/access/permissions';

/*
 * Who may decide what, written by hand: nothing here is taken from policies or permissions. docs/APPROVALS.md shows it.
 */

/** When an operation waits for somebody else, as long as nobody changes its policy. */
export type Waits =
  'always' | 'by default' | 'if it changes bank account number or tax id' | 'if money is accepted' | 'when switched on';

export interface Line {
  waits: Waits;
  /** Who decides by default. */
  deciders: readonly RoleName[];
  /** Whom a policy may name. */
  nameable: readonly RoleName[];
}

const business = (waits: Waits): Line => ({ waits, deciders: ['supervisor'], nameable: ['supervisor'] });
const access = (waits: Waits): Line => ({
  waits,
  deciders: ['admin', 'compliance'],
  nameable: ['admin', 'compliance', 'supervisor'],
});

const webhooks = (waits: Waits): Line => ({ ...access(waits), deciders: ['compliance'] });

export const MATRIX: Record<string, Line> = {
  'account.open': business('by default'),
  'account.change': business('if it changes bank account number or tax id'),
  'account.close': business('by default'),
  'lob.open': business('when switched on'),
  'lob.close': business('when switched on'),
  'agent.hire': business('when switched on'),
  'agent.assign': business('when switched on'),
  'agent.transfer': business('by default'),
  'assignment.end': business('when switched on'),
  'usage.import': business('when switched on'),
  'invoice.draft': business('when switched on'),
  'usage.report': business('when switched on'),
  'billing.run': business('when switched on'),
  'billing.release': business('always'),
  'legalEntity.open': business('always'),
  'legalEntity.change': business('always'),
  'documentNumber.burn': business('always'),
  'taxRule.set': business('always'),
  'taxRule.end': business('always'),
  'invoice.review': business('when switched on'),
  'invoice.accept': business('when switched on'),
  'invoice.object': business('when switched on'),
  'creditNote.issue': business('always'),
  'invoice.issue': business('by default'),
  'invoice.void': business('by default'),
  'dispute.open': business('when switched on'),
  'dispute.resolve': business('if money is accepted'),
  'dispute.withdraw': business('when switched on'),
  'complaint.file': business('when switched on'),
  'complaint.acknowledge': business('when switched on'),
  'complaint.resolve': business('when switched on'),
  'complaint.reopen': business('when switched on'),
  'user.create': access('when switched on'),
  'user.deactivate': access('when switched on'),
  'user.invite': access('when switched on'),
  'user.reactivate': access('always'),
  'password.reset': access('always'),
  'secondFactor.remove': access('always'),
  'role.grant': access('always'),
  'role.revoke': access('when switched on'),
  'approvalPolicy.create': access('always'),
  'approvalPolicy.change': access('always'),
  'user.link': access('always'),
  'user.linkSubject': access('always'),
  'apiKey.create': access('always'),
  'apiKey.rotate': access('always'),
  'apiKey.revoke': access('when switched on'),
  'approvalLimit.set': access('always'),
  'exchangeRate.set': access('always'),
  'agreement.sign': business('always'),
  'agreement.amend': business('always'),
  'agreement.end': business('always'),
  'dutyException.allow': access('always'),
  'dutyException.end': access('when switched on'),
  'accessReview.start': access('when switched on'),
  'accessReviewItem.decide': access('when switched on'),
  'accessReview.close': access('when switched on'),
  'finding.review': business('when switched on'),
  'personalData.erase': access('always'),
  'webhook.create': webhooks('by default'),
  'webhook.change': webhooks('by default'),
  'webhook.redeliver': webhooks('when switched on'),
  'revealAllowance.grant': { ...access('always'), deciders: ['compliance', 'supervisor'] },
  'delegation.create': access('when switched on'),
  'delegation.createForAnother': access('always'),
  'delegation.revoke': access('when switched on'),
};

/** How somebody may stand to a request, and what a yes of theirs comes to when they hold a role that decides it, or another one. */
export const RELATIONS = {
  other: { says: 'somebody else', decider: 'yes', another: 'NOT_AN_APPROVER' },
  maker: { says: 'its maker', decider: 'MAKER_IS_CHECKER', another: 'MAKER_IS_CHECKER' },
  samePerson: { says: 'its maker under another user', decider: 'MAKER_IS_CHECKER', another: 'MAKER_IS_CHECKER' },
  delegateOfMaker: { says: 'who stands in for its maker', decider: 'DELEGATE_OF_MAKER', another: 'DELEGATE_OF_MAKER' },
  delegateOfApprover: { says: 'who stands in for a decider', decider: 'yes', another: 'yes, for the other' },
  assignee: { says: 'whom it was assigned to', decider: 'yes', another: null },
  notAssignee: {
    says: 'somebody else, when it was assigned',
    decider: 'ASSIGNED_TO_ANOTHER',
    another: 'ASSIGNED_TO_ANOTHER',
  },
} as const;

export type Relation = keyof typeof RELATIONS;

const DOCUMENT = path.resolve(__dirname, '../../docs/APPROVALS.md');
const MARKS = { from: '<!-- who decides -->\n', to: '<!-- who decides: end -->' };

/** A table as prettier writes it. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`;
  const [head, ...body] = rows;
  return [line(head!), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

/** What the document says of who decides what. */
export const written = (): string =>
  [
    table([
      ['operation', 'waits', 'decided by', 'a policy may name'],
      ...Object.entries(MATRIX).map(([operation, { waits, deciders, nameable }]) => [
        `\`${operation}\``,
        waits,
        deciders.join(', '),
        nameable.join(', '),
      ]),
    ]),
    'A role that may decide an operation at all (the last column) can still be in the wrong place:',
    table([
      ['whose yes it is', 'with a role that decides it', 'with another that could'],
      ...Object.values(RELATIONS).map(({ says, decider, another }) => [says, ...[decider, another ?? '–'].map(shown)]),
    ]),
    'All others are refused with `FORBIDDEN`, wherever they stand.',
  ].join('\n\n');

const shown = (code: string) => (/^[A-Z_]+$/.test(code) ? `\`${code}\`` : code);

/** The document with the table as it should be. */
export function documented(): { file: string; is: string; shouldBe: string } {
  const is = readFileSync(DOCUMENT, 'utf8');
  const [before, rest] = is.split(MARKS.from) as [string, string];
  const after = rest.slice(rest.indexOf(MARKS.to));
  return { file: DOCUMENT, is, shouldBe: `${before}${MARKS.from}\n${written()}\n\n${after}` };
}
