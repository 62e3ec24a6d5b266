import { startTestApp, type TestApp } from '../support/app';
import { givenAccount, givenClientOf, givenInvoice } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const ACCESS = `query ($type: String!, $id: ID!, $at: DateTime!) {
  auditAccess(subjectType: $type, subjectId: $id, at: $at) { userId name roles couldSee couldDo } }`;
const access = async (type: string, id: string, at = new Date()) => {
  const { data, errors } = await t.as('auditor').gql(ACCESS, { type, id, at: at.toISOString() });
  return { found: data?.auditAccess as { name: string; roles: string[]; couldDo: string[] }[], errors };
};

describe('who could see or change something on that day', () => {
  it('is answered by the grants of that instant', async () => {
    const accountId = await givenAccount(t);
    const invoiceId = await givenInvoice(t, accountId);
    const before = new Date();
    await givenClientOf(t, accountId);
    const rolesOf = async (at: Date) =>
      new Map((await access('Invoice', invoiceId, at)).found.map((each) => [each.name, each]));
    const [then, now] = [await rolesOf(before), await rolesOf(new Date())];
    expect(then.has('client')).toBe(false);
    expect(now.get('client')).toMatchObject({ roles: ['client'], couldSee: true, couldDo: ['accept', 'object'] });
    expect(now.get('billing')).toMatchObject({
      roles: ['billing'],
      couldDo: ['accept', 'draft', 'issue', 'object', 'review', 'void'],
    });
    expect(now.get('auditor')).toMatchObject({ couldSee: true, couldDo: [] });
    expect(now.has('stranger')).toBe(false);
    // A role that was taken away was held until then.
    const revokedAt = new Date();
    await t.rewind('UPDATE role_grant SET revoked_at = $2 WHERE user_id = $1', [t.as('billing').userId, revokedAt]);
    expect((await rolesOf(new Date(revokedAt.getTime() + 1))).has('billing')).toBe(false);
    expect((await rolesOf(new Date(revokedAt.getTime() - 1))).has('billing')).toBe(true);
    await t.rewind('UPDATE role_grant SET revoked_at = NULL WHERE user_id = $1', [t.as('billing').userId]);
    expect((await access('Invoice', invoiceId, new Date('2001-01-01'))).found).toEqual([]);
  });

  it('refuses what is no row', async () => {
    const accountId = await givenAccount(t);
    const codes = async (type: string, id: string) =>
      (await access(type, id)).errors.map(({ extensions }) => extensions?.code);
    expect(await codes('Account', accountId)).toEqual([]);
    expect(await codes('Account', 'nothing')).toEqual(['NOT_FOUND']);
    expect(await codes('Invoice', accountId)).toEqual(['NOT_FOUND']);
    expect(await codes('InvoiceLine', accountId)).toEqual(['AUDIT_TYPE_UNKNOWN']);
    expect(await codes('pg_authid', accountId)).toEqual(['AUDIT_TYPE_UNKNOWN']);
  });
});

describe('the history of one subject', () => {
  it('reads like a story', async () => {
    const accountId = await givenAccount(t, { legalName: 'First Bank' });
    await t.as('operations').mutate('changeAccount', { accountId, legalName: 'Second Bank' }, 'outcome');
    await t.as('billing').mutate('closeAccount', { accountId, reason: 'I may not' }, 'outcome');
    const { data } = await t
      .as('auditor')
      .gql(
        `query ($id: ID!) { auditEvents(filter: { subjectType: "Account", subjectId: $id }, orderBy: AT_ASC) { nodes { summary } } }`,
        { id: accountId },
      );
    const lines = data!.auditEvents.nodes.map(({ summary }: { summary: string }) => summary);
    expect(lines.at(-2)).toBe('operations: account.changed. legalName: First Bank → Second Bank');
    expect(lines.at(-1)).toBe('billing: account.close was refused (FORBIDDEN). Reason: I may not');
    expect(
      lines.some(
        (line: string) =>
          /^\w+ for operations: account\.opened\. /.test(line) || line.startsWith('operations: account.opened. '),
      ),
    ).toBe(true);
  });
});
