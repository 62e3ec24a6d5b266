import { startTestApp, type TestApp } from '../support/app';
import { PASSWORD } from '../support/cast';
import { eventsOf, stateOf, withoutPolicy } from '../support/outcomes';
import { givenAccount, givenInvoice } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const QUERY = `query ($operation: String!, $input: JSON!) { approvalPolicyFor(operation: $operation, input: $input) {
  required approvalPolicyId approverRoles approvers expiresAfterHours } }`;

const ask = async (as: 'billing' | 'operations' | 'auditor', operation: string, input: unknown) => {
  const before = await stateOf(t);
  const { data, code, errors } = await t.as(as).gql(QUERY, { operation, input });
  // Nothing is done, whatever is asked.
  expect(await stateOf(t)).toEqual(before);
  return { demand: data?.approvalPolicyFor, code, details: errors[0]?.extensions.details };
};

describe('approvalPolicyFor', () => {
  it('tells beforehand that somebody else is needed, and whom', async () => {
    const invoiceId = await givenInvoice(t, await givenAccount(t));
    const { demand } = await ask('billing', 'invoice.void', { invoiceId, reason: 'billed twice' });
    const [policy] = await t.sql(`SELECT id FROM approval_policy WHERE operation = 'invoice.void'`);
    expect(demand).toEqual({
      required: true,
      approvalPolicyId: policy!.id,
      approverRoles: ['supervisor'],
      approvers: 2,
      expiresAfterHours: 72,
    });
    const { payload } = await t.as('billing').mutate('voidInvoice', { invoiceId, reason: 'billed twice' }, 'outcome');
    expect(payload.outcome).toBe('AWAITING_APPROVAL');
  });

  it('tells that nobody is: by the fields that would change, and by policies that are off', async () => {
    const accountId = await givenAccount(t);
    const none = { required: false, approvalPolicyId: null, approverRoles: [], approvers: 0, expiresAfterHours: null };
    expect((await ask('operations', 'account.change', { accountId, legalName: 'Other Ltd' })).demand).toEqual(none);
    const bank = { accountId, bankAccountNumber: '000987654321', reason: 'r' };
    expect((await ask('operations', 'account.change', bank)).demand).toMatchObject({ required: true });
    await withoutPolicy(t, 'account.change', async () =>
      expect((await ask('operations', 'account.change', bank)).demand).toEqual(none),
    );
  });

  it('refuses what the operation would be refused with', async () => {
    const invoiceId = await givenInvoice(t, await givenAccount(t));
    const input = { invoiceId, reason: 'billed twice' };
    expect((await ask('billing', 'invoice.issue', { invoiceId })).code).toBe('INVOICE_NOT_ISSUABLE');
    expect((await ask('auditor', 'invoice.void', input)).code).toBe('FORBIDDEN');
    expect((await ask('billing', 'invoice.forget', input)).code).toBe('OPERATION_UNKNOWN');
    expect(await ask('billing', 'invoice.void', { invoiceId })).toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { fields: [{ field: 'reason' }] },
    });
    expect((await ask('billing', 'invoice.void', 'text')).code).toBe('BAD_USER_INPUT');
  });

  it('runs no resolver: nobody learns by it whether a password is theirs', async () => {
    for (const presentPassword of [PASSWORD, 'another password']) {
      const input = { presentPassword, newPassword: 'a new and longer password' };
      const { answer, events } = await eventsOf(t, () => ask('billing', 'password.change', input));
      expect([answer.code, events]).toEqual(['NOT_FOUND', []]);
    }
  });
});
