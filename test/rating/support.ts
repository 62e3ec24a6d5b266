import { draftBilling } from '../../src/rating/draft-billing';
import type { TestApp } from '../support/app';
import { countersigned } from '../support/outcomes';
import { freshCode } from '../support/scene';

export const CALLS = (perUnit: string, more: object = {}) => ({
  name: 'Handled calls',
  measure: 'HANDLED_CALLS',
  model: 'PER_UNIT',
  perUnit,
  ...more,
});
export const TALK = (perUnit: string, more: object = {}) => ({
  name: 'Minutes of talk',
  measure: 'TALK_TIME',
  model: 'PER_UNIT',
  perUnit,
  divideBy: '60',
  ...more,
});
export const FEE = (perUnit: string, more: object = {}) => ({
  name: 'Platform',
  measure: 'FIXED_FEE',
  model: 'PER_UNIT',
  perUnit,
  ...more,
});

/** An agreement, signed by billing and countersigned by a supervisor. */
export async function givenAgreement(
  t: TestApp,
  accountId: string,
  rates: object[],
  more: object = {},
): Promise<string> {
  const { effectiveFrom = '2026-01-01', ...terms } = more as { effectiveFrom?: string };
  const { result } = await countersigned(t, 'billing', 'signAgreement', {
    accountId,
    code: freshCode('MSA'),
    name: 'Master agreement',
    terms: { effectiveFrom, rates, ...terms },
    reason: 'signed',
  });
  return result.agreement as string;
}

export const amended = (t: TestApp, agreementId: string, effectiveFrom: string, rates: object[], more: object = {}) =>
  countersigned(t, 'billing', 'amendAgreement', {
    agreementId,
    terms: { effectiveFrom, rates, ...more },
    reason: 'amended',
  });

export interface CallToImport {
  sourceId: string;
  lob?: string;
  startedAt: string;
  talkSeconds?: number;
  [field: string]: unknown;
}

/** Calls, of the LOB `CARDS` unless told, with a minute of talk unless told. */
export async function givenCalls(t: TestApp, accountId: string, calls: CallToImport[]): Promise<void> {
  for (let place = 0; place < calls.length; place += 1000) {
    const records = calls.slice(place, place + 1000).map((call) => ({ lob: 'CARDS', talkSeconds: 60, ...call }));
    const { payload, errors } = await t
      .as('operations')
      .mutate(
        'importUsage',
        { accountId, source: 'acd', records },
        'usageImport { recordsRejected rejections { nodes { code } } }',
      );
    expect(errors).toEqual([]);
    expect(payload.usageImport).toMatchObject({ recordsRejected: 0 });
  }
}

/** Goes on with every run, as the job does. */
export const goOn = (t: TestApp) => draftBilling.run(t.served.app, {}, new AbortController().signal);

export const RUN = `outcome changeRequest { id revision digest } billingRun { id state accountsTotal accountsSettled
  accounts { nodes { id state code unratedCalls heldBackCycles version figures { currency periodFrom periodUntil subtotal lines usualSubtotal usualLines blown } } } }`;

const READ_RUN = `query ($id: ID!) { billingRun(id: $id) { id state accountsTotal accountsSettled startedBy { name }
  accounts { nodes { id state code unratedCalls heldBackCycles version figures { currency periodFrom periodUntil subtotal lines usualSubtotal usualLines blown } } }
  invoices { nodes { id } } } }`;

export async function readRun(t: TestApp, id: string): Promise<Record<string, any>> {
  const { data, errors } = await t.as('auditor').gql(READ_RUN, { id });
  expect(errors).toEqual([]);
  return data!.billingRun as Record<string, any>;
}

/** Bills a period, and says what became of it. */
export async function billed(t: TestApp, accountId: string, from: string, until: string): Promise<Record<string, any>> {
  const { payload, errors } = await t.as('billing').mutate('runBilling', { accountId, from, until }, RUN);
  expect(errors).toEqual([]);
  await goOn(t);
  return readRun(t, payload.billingRun.id as string);
}

const MONEY = '{ amount currency }';
const INVOICE = `id status periodFrom periodUntil billingRun { id } subtotal ${MONEY} tax ${MONEY} total ${MONEY}
  lines { id lineNumber kind description quantity unitPrice taxRate amount ${MONEY} total ${MONEY} periodFrom periodUntil agreementVersionNumber agreement { code }
    corrects { id } detail { kind tier quantity unitPrice amount } }`;

/** The invoices of an account that are not voided, earliest period first. */
export async function invoicesOf(t: TestApp, accountId: string): Promise<Record<string, any>[]> {
  const { data, errors } = await t
    .as('auditor')
    .gql(`query ($id: ID!) { invoices(first: 100, filter: { accountId: $id }) { nodes { ${INVOICE} } } }`, {
      id: accountId,
    });
  expect(errors).toEqual([]);
  return (data!.invoices.nodes as Record<string, any>[])
    .filter(({ status }) => status !== 'VOIDED')
    .toSorted((one, other) => (one.periodFrom < other.periodFrom ? -1 : 1));
}

/** What of the lines of an invoice tells what they bill. */
export const linesIn = (invoice: Record<string, any>) =>
  (invoice.lines as Record<string, any>[]).map(({ description, quantity, amount }) => [
    description,
    quantity,
    amount.amount,
  ]);

/** Ids of the calls behind a line, sorted. */
export async function callsBehind(t: TestApp, invoiceId: string, lineNumber = 1): Promise<string[]> {
  const { data, errors } = await t
    .as('auditor')
    .gql(
      `query ($id: ID!) { invoice(id: $id) { lines { lineNumber usage(first: 100) { totalCount nodes { sourceId } } } } }`,
      { id: invoiceId },
    );
  expect(errors).toEqual([]);
  const line = data!.invoice.lines.find((each: { lineNumber: number }) => each.lineNumber === lineNumber);
  expect(line.usage.totalCount).toBe(line.usage.nodes.length);
  return line.usage.nodes.map(({ sourceId }: { sourceId: string }) => sourceId).toSorted();
}
