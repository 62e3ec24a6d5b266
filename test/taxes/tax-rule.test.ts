import { MAIN_LEGAL_ENTITY_ID } from '../../src/issuers/legal-entity.entity';
import { startTestApp, type TestApp } from '../support/app';
import {
  approve,
  countersigned,
  eventsOf,
  expectRefused,
  NOBODYS_ID,
  proposed,
  rowOf,
  told,
} from '../support/outcomes';
import { givenAccount, givenDraft, givenInvoice } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const GST = [
  { name: 'CGST', category: 'S', percent: '9' },
  { name: 'SGST', category: 'S', percent: '9' },
];
const rule = (more: object = {}) => ({
  legalEntityId: MAIN_LEGAL_ENTITY_ID,
  country: 'IN',
  validFrom: '2020-01-01',
  components: [{ name: 'IGST', category: 'S', percent: '18' }],
  reason: 'GST',
  ...more,
});
const set = async (more: object = {}) =>
  (await countersigned(t, 'billing', 'setTaxRule', rule(more))).result.taxRule as string;
const TAXES = `query ($id: ID!) { invoice(id: $id) { subtotal { amount } tax { amount } total { amount } taxes { name category percent taxable { amount } tax { amount } exemptionReason }
  lines { taxRate taxInclusive taxes { name percent } amount { amount } total { amount } } } }`;

describe('taxRule.set and .end', () => {
  it('says what drafts are taxed by, once somebody else approved it, until it ends', async () => {
    const request = await proposed(t, 'billing', 'setTaxRule', rule());
    const { events } = await eventsOf(t, () => approve(t, request));
    expect(told(events)[0]).toMatchObject({
      action: 'taxRule.set',
      outcome: 'DONE',
      actor: t.as('supervisor').userId,
      onBehalfOf: t.as('billing').userId,
      reason: 'GST',
    });
    const within = await set({ subdivision: 'IN-KA', components: GST });
    const accountId = await givenAccount(t, {
      currency: 'INR',
      timeZone: 'Asia/Kolkata',
      address: { country: 'IN', subdivision: 'IN-KA' },
    });
    const lines = [
      { description: 'Calls', quantity: '1', unitPrice: '100.05' },
      { description: 'Own', quantity: '1', unitPrice: '10', taxRate: '5' },
    ];
    const { data } = await t.as('auditor').gql(TAXES, { id: await givenInvoice(t, accountId, { lines }) });
    expect(data!.invoice).toMatchObject({
      subtotal: { amount: '110.05' },
      tax: { amount: '18.50' },
      taxes: [
        {
          name: 'CGST',
          category: 'S',
          percent: '9',
          taxable: { amount: '100.05' },
          tax: { amount: '9.00' },
          exemptionReason: null,
        },
        { name: 'SGST', category: 'S', percent: '9', taxable: { amount: '100.05' }, tax: { amount: '9.00' } },
        { name: 'Tax', category: 'S', percent: '5', taxable: { amount: '10.00' }, tax: { amount: '0.50' } },
      ],
      lines: [
        {
          taxRate: '18',
          taxes: [
            { name: 'CGST', percent: '9' },
            { name: 'SGST', percent: '9' },
          ],
        },
        { taxRate: '5' },
      ],
    });
    const inclusive = await t.as('auditor').gql(TAXES, {
      id: await givenDraft(t, accountId, {
        lines: [{ description: 'x', quantity: '1', unitPrice: '118' }],
        taxInclusive: true,
      }),
    });
    expect(inclusive.data!.invoice).toMatchObject({
      subtotal: { amount: '100.00' },
      total: { amount: '118.00' },
      lines: [{ taxInclusive: true, amount: { amount: '100.00' }, total: { amount: '118.00' } }],
    });
    await countersigned(t, 'billing', 'endTaxRule', { taxRuleId: within, endsOn: '2020-02-01', reason: 'over' });
    expect(await rowOf(t, 'tax_rule', within)).toMatchObject({ version: 2 });
    const after = await t
      .as('auditor')
      .gql(TAXES, { id: await givenDraft(t, accountId, { lines: lines.slice(0, 1) }) });
    expect(after.data!.invoice.taxes).toMatchObject([{ name: 'IGST', percent: '18' }]);
    await expectRefused(t, {
      as: 'billing',
      mutation: 'endTaxRule',
      operation: 'taxRule.end',
      input: { taxRuleId: within, endsOn: '2020-03-01', reason: 'x' },
      code: 'TAX_RULE_NOT_ENDABLE',
    });
    await expect(t.apiSql('UPDATE tax_rule SET valid_until = NULL WHERE id = $1', [within])).rejects.toMatchObject({
      code: '23514',
    });
    await expect(t.apiSql(`UPDATE tax_rule SET components = '[]'`)).rejects.toMatchObject({ code: '42501' });
  });

  it('has one rule for a place on a day, also when two come at once', async () => {
    const both = [
      await proposed(t, 'billing', 'setTaxRule', rule({ country: 'FR' })),
      await proposed(t, 'billing', 'setTaxRule', rule({ country: 'FR', validFrom: '2021-01-01' })),
    ];
    await Promise.all(both.map((each, n) => approve(t, each, n ? 'supervisor' : 'supervisor2')));
    expect(await t.sql(`SELECT count(*)::int AS n FROM tax_rule WHERE country = 'FR'`)).toEqual([{ n: 1 }]);
    expect(
      (
        await t.sql<any>(
          `SELECT status, failure_code FROM change_request WHERE id = ANY($1) AND status <> 'EXECUTED'`,
          [both.map(({ id }) => id)],
        )
      )[0],
    ).toMatchObject({ failure_code: 'TAX_RULE_OVERLAPS' });
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'operations', {}, 'FORBIDDEN'],
    ['an unknown legal entity', 'billing', { legalEntityId: NOBODYS_ID }, 'NOT_FOUND'],
    ['an unknown account', 'billing', { country: null, accountId: NOBODYS_ID }, 'NOT_FOUND'],
    ['nobody whom it is for', 'billing', { country: null }, 'TAX_RULE_INVALID'],
    ['no such country', 'billing', { country: 'ZZ' }, 'PLACE_UNKNOWN'],
    ['an end before it begins', 'billing', { validUntil: '2019-01-01' }, 'TAX_RULE_INVALID'],
    ['101 percent', 'billing', { components: [{ name: 'A', category: 'S', percent: '101' }] }, 'TAX_RULE_INVALID'],
    [
      'two of 60',
      'billing',
      {
        components: [
          { name: 'A', category: 'S', percent: '60' },
          { name: 'B', category: 'S', percent: '60' },
        ],
      },
      'TAX_RULE_INVALID',
    ],
    [
      'one twice',
      'billing',
      {
        components: [
          { name: 'A', category: 'S', percent: '6' },
          { name: 'A', category: 'S', percent: '6.0' },
        ],
      },
      'TAX_RULE_INVALID',
    ],
    [
      'exempt without a reason',
      'billing',
      { components: [{ name: 'A', category: 'E', percent: '0' }] },
      'TAX_RULE_INVALID',
    ],
    ['zero rated at five', 'billing', { components: [{ name: 'A', category: 'Z', percent: '5' }] }, 'TAX_RULE_INVALID'],
    ['no tax at all', 'billing', { components: [] }, 'BAD_USER_INPUT'],
  ] as const)('refuses: %s', (_what, as, more, code) =>
    expectRefused(t, { as, mutation: 'setTaxRule', operation: 'taxRule.set', input: rule(more), code }),
  );
});
