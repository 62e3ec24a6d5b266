import { randomBytes } from 'node:crypto';
import type { TestApp } from './app';
import { CANARIES } from './canaries';

/** A code that no other scene has. */
export const freshCode = (prefix: string): string => `${prefix}-${randomBytes(4).toString('hex').toUpperCase()}`;

const key = () => randomBytes(8).toString('hex');

/** An open account, opened by operations and countersigned by a supervisor. */
export async function givenAccount(t: TestApp, more: Record<string, unknown> = {}): Promise<string> {
  const input = {
    code: freshCode('ACC'),
    legalName: 'Test Client Ltd',
    currency: 'USD',
    timeZone: 'America/New_York',
    taxId: CANARIES.taxId,
    bankAccountNumber: CANARIES.bankAccountNumber,
    ...more,
  };
  const { account } = await t.person('operations').countersigned(t.person('supervisor'), 'account.open', input, key());
  return account as string;
}

export async function givenLob(t: TestApp, accountId: string, more: Record<string, unknown> = {}): Promise<string> {
  const { result } = await t
    .person('operations')
    .submit('lob.open', { accountId, code: freshCode('L'), name: 'Card support', ...more }, key());
  return result.lob as string;
}

export async function givenAgent(t: TestApp, more: Record<string, unknown> = {}): Promise<string> {
  const { result } = await t
    .person('operations')
    .submit('agent.hire', { code: freshCode('AG'), name: 'Agent', hiredOn: '2020-01-01', ...more }, key());
  return result.agent as string;
}

/** A draft of two lines: 10 × 12.34 and 3 × 0.105, in the account's currency. */
export async function givenDraft(t: TestApp, accountId: string, more: Record<string, unknown> = {}): Promise<string> {
  const lines = [
    { description: 'Handled calls', quantity: '10', unitPrice: '12.34' },
    { description: 'Minutes of talk', quantity: '3', unitPrice: '0.105' },
  ];
  const { result } = await t
    .person('billing')
    .submit('invoice.draft', { accountId, lines, dueInDays: 30, ...more }, key());
  return result.invoice as string;
}

/** An issued invoice, issued by billing and countersigned by a supervisor. */
export async function givenInvoice(t: TestApp, accountId: string, more: Record<string, unknown> = {}): Promise<string> {
  const invoiceId = await givenDraft(t, accountId, more);
  await t.person('billing').countersigned(t.person('supervisor'), 'invoice.issue', { invoiceId }, key());
  return invoiceId;
}

export const linesOf = (t: TestApp, invoiceId: string): Promise<{ id: string; total_minor: string }[]> =>
  t.sql('SELECT id, total_minor FROM invoice_line WHERE invoice_id = $1 ORDER BY line_number', [invoiceId]);

/** Lets the cast's client see one account, as a grant that compliance approved. */
export async function givenClientOf(t: TestApp, accountId: string): Promise<void> {
  const grant = { userId: t.as('client').userId, role: 'client', accountId, reason: 'their account' };
  await t.person('admin').countersigned(t.person('compliance'), 'role.grant', grant, key());
  await t.signInAnew('client');
}

/** The events of the trail, oldest first, as their canonical content says. */
export async function trail(t: TestApp, where = 'true', values: unknown[] = []): Promise<Record<string, any>[]> {
  const rows = await t.sql<{ content: Buffer }>(
    `SELECT content FROM audit.told WHERE ${where} ORDER BY at, id`,
    values,
  );
  return rows.map(({ content }) => JSON.parse(content.toString('utf8')) as Record<string, any>);
}
