import {
  buildClientSchema,
  getIntrospectionQuery,
  getNamedType,
  type GraphQLInputObjectType,
  type GraphQLSchema,
  type IntrospectionQuery,
  isInputObjectType,
} from 'graphql';
import { MAIN_LEGAL_ENTITY_ID } from '../src/issuers/legal-entity.entity';
import { startTestApp, type TestApp } from './support/app';
import type { CastName } from './support/cast';
import { stateOf } from './support/outcomes';
import { freshCode, givenAccount, givenInvoice, givenLob, linesOf } from './support/scene';

let t: TestApp;
let schema: GraphQLSchema;
let accounts: Record<string, string>;
let invoiceId: string;
let lineId: string;
let lobOfUsd: string;
let dispute: { id: string; itemId: string };
let policyId: string;

beforeAll(async () => {
  t = await startTestApp();
  const { data } = await t.as('admin').gql(getIntrospectionQuery());
  schema = buildClientSchema(data as unknown as IntrospectionQuery);
  accounts = {};
  for (const currency of ['JPY', 'USD', 'KWD', 'CLF']) accounts[currency] = await givenAccount(t, { currency });
  lobOfUsd = await givenLob(t, accounts.USD!);
  invoiceId = await givenInvoice(t, accounts.USD!);
  lineId = (await linesOf(t, invoiceId))[0]!.id;
  const opened = await t
    .as('billing')
    .mutate(
      'openDispute',
      { invoiceId, reasonCode: 'RATE', items: [{ lineId, amount: { amount: '10.00', currency: 'USD' } }] },
      'dispute { id items { id } }',
    );
  dispute = { id: opened.payload.dispute.id, itemId: opened.payload.dispute.items[0].id };
  policyId = (await t.sql(`SELECT id FROM approval_policy WHERE operation = 'invoice.void'`))[0]!.id;
});
afterAll(() => t.close());

interface Place {
  mutation: string;
  as: CastName;
  input: (amount: unknown) => object;
}

/** Every place where the API takes a decimal. */
const PLACES: Record<string, Place> = {
  'DraftInvoiceLineInput.quantity': {
    mutation: 'draftInvoice',
    as: 'billing',
    input: (quantity) => ({ accountId: accounts.USD, lines: [{ description: 'x', quantity, unitPrice: '1' }] }),
  },
  'DraftInvoiceLineInput.unitPrice': {
    mutation: 'draftInvoice',
    as: 'billing',
    input: (unitPrice) => ({ accountId: accounts.USD, lines: [{ description: 'x', quantity: '1', unitPrice }] }),
  },
  'DraftInvoiceLineInput.taxRate': {
    mutation: 'draftInvoice',
    as: 'billing',
    input: (taxRate) => ({
      accountId: accounts.USD,
      lines: [{ description: 'x', quantity: '1', unitPrice: '1', taxRate }],
    }),
  },
  'TaxComponentInput.percent': {
    mutation: 'setTaxRule',
    as: 'billing',
    input: (percent) => ({
      legalEntityId: MAIN_LEGAL_ENTITY_ID,
      country: 'DE',
      validFrom: '2020-01-01',
      components: [{ name: 'x', category: 'S', percent }],
      reason: 'x',
    }),
  },
  'UsageReportInput.quantity': {
    mutation: 'reportUsage',
    as: 'operations',
    input: (quantity) => ({
      accountId: accounts.USD,
      source: 'wfm',
      reports: [{ sourceId: 'x', lobId: lobOfUsd, measure: 'SEATS', day: '2020-01-01', quantity }],
    }),
  },
  'IssueCreditNoteItemInput.amount': {
    mutation: 'issueCreditNote',
    as: 'billing',
    input: (amount) => ({ invoiceId, reasonCode: 'OTHER', items: [{ lineId, amount: { amount, currency: 'USD' } }] }),
  },
  'OpenDisputeItemInput.amount': {
    mutation: 'openDispute',
    as: 'billing',
    input: (amount) => ({ invoiceId, reasonCode: 'RATE', items: [{ lineId, amount: { amount, currency: 'USD' } }] }),
  },
  'ResolveDisputeItemInput.acceptedAmount': {
    mutation: 'resolveDispute',
    as: 'billing2',
    input: (amount) => ({
      disputeId: dispute.id,
      note: 'x',
      items: [{ itemId: dispute.itemId, acceptedAmount: { amount, currency: 'USD' } }],
    }),
  },
  'CreateApprovalPolicyInput.whenAmountAbove': {
    mutation: 'createApprovalPolicy',
    as: 'admin',
    input: (amount) => ({
      operation: 'invoice.void',
      name: 'above',
      whenAmountAbove: { amount, currency: 'USD' },
      reason: 'x',
    }),
  },
  'ChangeApprovalPolicyInput.whenAmountAbove': {
    mutation: 'changeApprovalPolicy',
    as: 'admin',
    input: (amount) => ({ approvalPolicyId: policyId, whenAmountAbove: { amount, currency: 'USD' }, reason: 'x' }),
  },
  'SetApprovalLimitInput.perRequest': {
    mutation: 'setApprovalLimit',
    as: 'admin',
    input: (perRequest) => ({ userId: t.as('supervisor').userId, currency: 'USD', perRequest, reason: 'x' }),
  },
  'SetApprovalLimitInput.perDay': {
    mutation: 'setApprovalLimit',
    as: 'admin',
    input: (perDay) => ({ userId: t.as('supervisor').userId, currency: 'USD', perDay, reason: 'x' }),
  },
  'SetExchangeRateInput.perEuro': {
    mutation: 'setExchangeRate',
    as: 'admin',
    input: (perEuro) => ({ currency: 'USD', perEuro, validOn: '2026-01-01', reason: 'x' }),
  },
};

/** A place in the terms of an agreement. */
const agreed = (terms: (amount: unknown) => object): Place => ({
  mutation: 'signAgreement',
  as: 'billing',
  input: (amount) => ({ accountId: accounts.USD, code: 'A', name: 'x', reason: 'x', terms: terms(amount) }),
});
const ofRate = (name: string) =>
  agreed((amount) => ({
    effectiveFrom: '2026-01-01',
    rates: [{ name: 'x', measure: 'HANDLED_CALLS', model: 'PER_UNIT', [name]: amount }],
  }));
const ofTier = (name: string) =>
  agreed((amount) => ({
    effectiveFrom: '2026-01-01',
    rates: [{ name: 'x', measure: 'HANDLED_CALLS', model: 'VOLUME', tiers: [{ [name]: amount }] }],
  }));
PLACES['AgreementTermsInput.taxRate'] = agreed((taxRate) => ({
  effectiveFrom: '2026-01-01',
  taxRate,
  rates: [{ name: 'x', measure: 'HANDLED_CALLS', model: 'PER_UNIT', perUnit: '1' }],
}));
for (const name of ['perUnit', 'packageSize', 'packageAmount', 'percent', 'divideBy', 'freeUnits', 'discountPercent'])
  PLACES[`AgreementRateInput.${name}`] = ofRate(name);
for (const name of ['minimum', 'maximum']) PLACES[`AgreementRateInput.${name}`] = ofRate(name);
for (const name of ['upTo', 'perUnit', 'flat']) PLACES[`RateTierInput.${name}`] = ofTier(name);

/** What is no plain decimal, whatever the currency. */
const NO_DECIMAL: unknown[] = [
  'NaN',
  'Infinity',
  '-Infinity',
  '1e3',
  '1E3',
  '1_000',
  '1,000',
  '1.000,00',
  '0x10',
  '0b1',
  '0o7',
  '-0',
  '-0.00',
  '+1',
  ' 1',
  '1 ',
  '1\n',
  '1\0',
  '١٢',
  '１２',
  '१२',
  '一',
  '1٫5',
  '½',
  '−1',
  '1.',
  '.5',
  '01',
  '00',
  '--1',
  '1.2.3',
  '',
  ' ',
  'null',
  '$1',
  '1 USD',
  '1n',
  '𝟏',
  '1​',
  '123456789012345678901',
  '0.12345678901',
  '9'.repeat(1e4),
  `1.${'0'.repeat(1e4)}`,
  1,
  1.5,
  0,
  -1,
  1e21,
  true,
  false,
  [],
  {},
  [['1']],
  { amount: '1' },
];

const inputTypes = (): GraphQLInputObjectType[] =>
  Object.values(schema.getTypeMap()).filter((type): type is GraphQLInputObjectType => isInputObjectType(type));

it('knows every decimal that the API takes', () => {
  const places = inputTypes()
    .filter(({ name }) => name !== 'MoneyInput')
    .flatMap((type) =>
      Object.values(type.getFields()).map((field) => ({
        place: `${type.name}.${field.name}`,
        of: getNamedType(field.type).name,
      })),
    )
    .filter(({ of }) => ['Decimal', 'MoneyInput', 'Float'].includes(of));
  expect(places.map(({ place }) => place).toSorted()).toEqual(Object.keys(PLACES).toSorted());
  expect(places.map(({ of }) => of)).not.toContain('Float');
  expect(schema.getType('Float')).toBeUndefined();
});

describe.each(Object.keys(PLACES))('%s', (name) => {
  const { mutation, as, input } = PLACES[name]!;

  it('refuses what is no plain decimal, and nothing changes', async () => {
    const before = await stateOf(t);
    for (const value of NO_DECIMAL) {
      const answer = await t.as(as).mutate(mutation, input(value), 'outcome');
      expect([value, answer.code, answer.payload ?? null]).toEqual([value, 'BAD_USER_INPUT', null]);
    }
    expect(await stateOf(t)).toEqual(before);
  });

  it.each(['1', '1.5', 'NaN', '1e3', '"1e3"', '"-0"', 'true', '[1]'])(
    'refuses %s as it stands in a document',
    async (literal) => {
      const before = await stateOf(t);
      const mark = '"#here#"';
      const inline = JSON.stringify(input('#here#'))
        .replace(/"(\w+)":/g, '$1:')
        .replace(mark, literal);
      const answer = await t.as(as).gql(`mutation { ${mutation}(input: ${inline}) { outcome } }`);
      expect(answer.code).toMatch(/^(GRAPHQL_VALIDATION_FAILED|BAD_USER_INPUT)$/);
      expect(await stateOf(t)).toEqual(before);
    },
  );

  it('does not repeat the value in its answer', async () => {
    const { text, code } = await t.as(as).mutate(mutation, input('4111111111111111e0'), 'outcome');
    expect(code).toBe('BAD_USER_INPUT');
    expect(text).not.toContain('4111');
  });
});

describe('amounts of money', () => {
  const DECIMALS = { JPY: 0, USD: 2, KWD: 3, CLF: 4 } as const;

  it.each(Object.entries(DECIMALS))('of %s have at most %i decimals', async (currency, decimals) => {
    const invoice = await givenInvoice(t, accounts[currency]!, {
      lines: [{ description: 'x', quantity: '10', unitPrice: '100' }],
    });
    const [line] = await linesOf(t, invoice);
    const open = (amount: string) =>
      t
        .as('billing')
        .mutate(
          'openDispute',
          { invoiceId: invoice, reasonCode: 'RATE', items: [{ lineId: line!.id, amount: { amount, currency } }] },
          'dispute { claimedAmount { amount currency } }',
        );
    const places = (count: number) => (count === 0 ? '1' : `1.${'0'.repeat(count - 1)}1`);
    const before = await stateOf(t);
    for (const amount of [places(decimals + 1), `1.${'0'.repeat(decimals + 1)}`])
      expect([amount, (await open(amount)).code]).toEqual([amount, 'AMOUNT_INVALID']);
    expect(await stateOf(t)).toEqual(before);
    expect((await open(places(decimals))).payload.dispute.claimedAmount).toEqual({
      amount: places(decimals),
      currency,
    });
  });

  it.each([
    ['OpenDisputeItemInput.amount', '-0.01', 'DISPUTE_AMOUNT_INVALID'],
    ['OpenDisputeItemInput.amount', '0', 'DISPUTE_AMOUNT_INVALID'],
    ['OpenDisputeItemInput.amount', '99999999999999999999', 'AMOUNT_OUT_OF_RANGE'],
    ['OpenDisputeItemInput.amount', '92233720368547758.07', 'DISPUTE_AMOUNT_EXCEEDED'],
    ['OpenDisputeItemInput.amount', '92233720368547758.08', 'AMOUNT_OUT_OF_RANGE'],
    ['ResolveDisputeItemInput.acceptedAmount', '-0.01', 'DISPUTE_AMOUNT_INVALID'],
    ['ResolveDisputeItemInput.acceptedAmount', '-92233720368547758.08', 'DISPUTE_AMOUNT_INVALID'],
    ['ResolveDisputeItemInput.acceptedAmount', '10.01', 'DISPUTE_AMOUNT_EXCEEDED'],
    ['ResolveDisputeItemInput.acceptedAmount', '0.001', 'AMOUNT_INVALID'],
    ['ChangeApprovalPolicyInput.whenAmountAbove', '0.001', 'AMOUNT_INVALID'],
    ['ChangeApprovalPolicyInput.whenAmountAbove', '99999999999999999999', 'AMOUNT_OUT_OF_RANGE'],
    ['SetApprovalLimitInput.perRequest', '-0.01', 'AMOUNT_INVALID'],
    ['SetApprovalLimitInput.perRequest', '0.001', 'AMOUNT_INVALID'],
    ['SetApprovalLimitInput.perDay', '-1', 'AMOUNT_INVALID'],
    ['SetApprovalLimitInput.perDay', '99999999999999999999', 'AMOUNT_OUT_OF_RANGE'],
    ['SetExchangeRateInput.perEuro', '0', 'EXCHANGE_RATE_INVALID'],
    ['AgreementRateInput.perUnit', '-1', 'RATE_INVALID'],
    ['AgreementRateInput.minimum', '12345678901', 'RATE_INVALID'],
    ['RateTierInput.flat', '-0.5', 'RATE_INVALID'],
    ['AgreementTermsInput.taxRate', '100.01', 'TAX_RATE_INVALID'],
    ['SetExchangeRateInput.perEuro', '-1.1', 'EXCHANGE_RATE_INVALID'],
    ['SetExchangeRateInput.perEuro', '12345678901', 'EXCHANGE_RATE_INVALID'],
    ['UsageReportInput.quantity', '-1', 'USAGE_QUANTITY_INVALID'],
    ['UsageReportInput.quantity', '12345678901', 'USAGE_QUANTITY_INVALID'],
    ['DraftInvoiceLineInput.quantity', '-1', 'INVOICE_LINE_INVALID'],
    ['DraftInvoiceLineInput.quantity', '99999999999', 'INVOICE_LINE_INVALID'],
    ['DraftInvoiceLineInput.unitPrice', '-0.0000000001', 'INVOICE_LINE_INVALID'],
    ['DraftInvoiceLineInput.unitPrice', '99999999999999999999', 'INVOICE_LINE_INVALID'],
    ['DraftInvoiceLineInput.taxRate', '-1', 'INVOICE_LINE_INVALID'],
    ['DraftInvoiceLineInput.taxRate', '100.01', 'INVOICE_LINE_INVALID'],
  ])('%s of %s is refused: %s', async (name, amount, code) => {
    const { mutation, as, input } = PLACES[name]!;
    const before = await stateOf(t);
    expect((await t.as(as).mutate(mutation, input(amount), 'outcome')).code).toBe(code);
    expect(await stateOf(t)).toEqual(before);
  });

  it.each(['usd', 'US', 'USDT', 'U$D', '', ' USD', 'ＵＳＤ'])('in the currency %j are refused', async (currency) => {
    const items = [{ lineId, amount: { amount: '1', currency } }];
    expect(
      (await t.as('billing').mutate('openDispute', { invoiceId, reasonCode: 'RATE', items }, 'outcome')).code,
    ).toBe('BAD_USER_INPUT');
  });
});

describe('what no input may set', () => {
  /** Fields of rows that are ours to set. Where `id` stands in an input, it names the row that it is about. */
  const OURS = [
    'id',
    'status',
    'version',
    'createdAt',
    'maker',
    'makerId',
    'approver',
    'approvedById',
    'resolvedById',
    'openedById',
    'draftedById',
    'filedById',
    'number',
    'actorId',
  ];
  const NAMING = new Set(['id']);
  const ABOUT_A_ROW =
    /^(Approve|Reassign|Reject|Retry|Return|Revise|Withdraw)ChangeRequestInput$|^RevealSensitiveValueInput$|^BreakGlassInput$|ChangeRequestDecisionInput$|^DecideChangeRequest|^DecisionInput$/;

  it('is in no input of a mutation', () => {
    const inputs = inputTypes().filter(({ name }) => !name.endsWith('Filter'));
    expect(inputs.length).toBeGreaterThan(25);
    const found = inputs.flatMap((type) =>
      Object.keys(type.getFields())
        .filter((field) => OURS.includes(field) && !(NAMING.has(field) && ABOUT_A_ROW.test(type.name)))
        .map((field) => `${type.name}.${field}`),
    );
    expect(found).toEqual([]);
  });

  it.each([...OURS, 'totalMinor', 'paymentStatus', 'amount', '__proto__', 'constructor', 'nonsense'])(
    'is refused by name: %s',
    async (field) => {
      const lobId = await givenLob(t, accounts.USD!);
      const inputs: [string, CastName, object][] = [
        ['openLob', 'operations', { accountId: accounts.USD, code: freshCode('L'), name: 'LOB' }],
        ['closeLob', 'operations', { lobId, reason: 'x' }],
        ['hireAgent', 'operations', { code: freshCode('AG'), name: 'A', hiredOn: '2024-01-01' }],
        [
          'draftInvoice',
          'billing',
          { accountId: accounts.USD, lines: [{ description: 'x', quantity: '1', unitPrice: '1' }] },
        ],
        ['voidInvoice', 'billing', { invoiceId, reason: 'x' }],
        ['openAccount', 'operations', { code: freshCode('A'), legalName: 'A', currency: 'USD', timeZone: 'UTC' }],
        [
          'fileComplaint',
          'operations',
          { accountId: accounts.USD, lobId, channel: 'WEB', category: 'x', receivedAt: '2026-01-05T00:00:00Z' },
        ],
        ['withdrawDispute', 'billing', { disputeId: dispute.id }],
      ];
      const before = await stateOf(t);
      for (const [mutation, as, input] of inputs) {
        // Through JSON, so that __proto__ is a key like any other.
        const more = JSON.parse(JSON.stringify(input).replace(/\}$/, `,"${field}":"x"}`)) as object;
        const answer = await t.as(as).mutate(mutation, more, 'outcome');
        expect([mutation, answer.code]).toEqual([mutation, 'BAD_USER_INPUT']);
        expect(answer.errors[0]!.message).toMatch(/is not defined by type/);
      }
      expect(await stateOf(t)).toEqual(before);
    },
  );
});
