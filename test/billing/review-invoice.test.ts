import { startTestApp, type TestApp } from '../support/app';
import { countersigned, eventsOf, expectRefused, NOBODYS_ID, rowOf, told, withoutPolicy } from '../support/outcomes';
import { givenAccount, givenClientOf, givenDraft } from '../support/scene';

let t: TestApp;
let accountId: string;
let invoiceId: string;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());
beforeEach(async () => {
  accountId = await givenAccount(t, { timeZone: 'Asia/Kolkata' });
  invoiceId = await givenDraft(t, accountId, { reviewDays: 3 });
});
afterEach(() => {
  t.clock.at = null;
});

type Verb = 'review' | 'accept' | 'object' | 'issue';
const MUTATIONS = {
  review: 'reviewInvoice',
  accept: 'acceptInvoice',
  object: 'objectToInvoice',
  issue: 'issueInvoice',
};
const refused = (
  verb: Verb,
  as: 'billing' | 'client' | 'supervisor' | 'nobody',
  more: object,
  code: string,
  details?: Record<string, unknown>,
) =>
  expectRefused(t, {
    as,
    mutation: MUTATIONS[verb],
    operation: `invoice.${verb}`,
    input: { invoiceId, ...more },
    code,
    ...(details && { details }),
  });
const done = async (verb: Verb, as: 'billing' | 'client', more: object = {}) => {
  const { errors, payload } = await t
    .as(as)
    .mutate(
      MUTATIONS[verb],
      { invoiceId, ...more },
      'outcome invoice { status reviewEndsOn acceptedAt objections { reason } }',
    );
  expect(errors).toEqual([]);
  return payload;
};
const at = (instant: string) => {
  t.clock.at = new Date(instant);
};

describe('a draft that its client is to see', () => {
  it('is shown, for so many days of the account, and is theirs to accept: rows, events and actors', async () => {
    await givenClientOf(t, accountId);
    at('2026-06-01T20:00:00Z');
    await t.signInAnew('client');
    await refused('issue', 'billing', {}, 'INVOICE_NOT_ISSUABLE', { why: 'NOT_REVIEWED' });
    const see = async () =>
      (await t.as('client').gql('query ($id: ID!) { invoice(id: $id) { status } }', { id: invoiceId })).data?.invoice ??
      null;
    expect(await see()).toBeNull();
    const { events: shown } = await eventsOf(t, () => done('review', 'billing'));
    expect(told(shown)[0]).toMatchObject({
      action: 'invoice.reviewed',
      outcome: 'DONE',
      actor: t.as('billing').userId,
      subject: { id: invoiceId },
    });
    expect(shown[0]!.changes).toEqual([
      { path: 'status', before: 'DRAFT', after: 'CLIENT_REVIEW' },
      { path: 'reviewEndsOn', before: null, after: '2026-06-05' },
    ]);
    expect(await see()).toEqual({ status: 'CLIENT_REVIEW' });
    await refused('issue', 'billing', {}, 'INVOICE_NOT_ISSUABLE', { why: 'IN_REVIEW', reviewEndsOn: '2026-06-05' });
    const { events } = await eventsOf(t, () => done('accept', 'client'));
    expect(told(events)[0]).toMatchObject({
      action: 'invoice.accepted',
      outcome: 'DONE',
      actor: t.as('client').userId,
      subject: { id: invoiceId, version: 3 },
    });
    expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({
      status: 'CLIENT_REVIEW',
      accepted_by_id: t.as('client').userId,
    });
    await refused('accept', 'client', {}, 'INVOICE_NOT_ACCEPTABLE');
    await refused('object', 'client', { reason: 'after all' }, 'INVOICE_NOT_OBJECTIONABLE');
    await countersigned(t, 'billing', 'issueInvoice', { invoiceId });
    expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({ status: 'ISSUED', due_on: expect.anything() });
  });

  it('goes back with an objection, which stays with it, and is shown again', async () => {
    await givenClientOf(t, accountId);
    await done('review', 'billing');
    const { events } = await eventsOf(t, () => done('object', 'client', { reason: 'too many minutes' }));
    expect(told(events)[0]).toMatchObject({
      action: 'invoice.objected',
      actor: t.as('client').userId,
      reason: 'too many minutes',
    });
    expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({ status: 'DRAFT', review_ends_on: null });
    await refused('issue', 'billing', {}, 'INVOICE_NOT_ISSUABLE', { why: 'NOT_REVIEWED' });
    await refused('object', 'billing', { reason: 'x' }, 'INVOICE_NOT_OBJECTIONABLE');
    const { invoice } = await done('review', 'billing');
    expect(invoice.objections).toEqual([{ reason: 'too many minutes' }]);
    await expect(t.apiSql(`UPDATE invoice_objection SET reason = 'none'`)).rejects.toMatchObject({ code: '42501' });
  });

  it('can be issued when the last day is over, in the account’s zone, and not a moment before', async () => {
    at('2026-06-01T12:00:00Z');
    await done('review', 'billing');
    at('2026-06-04T18:29:59.999Z');
    await refused('issue', 'billing', {}, 'INVOICE_NOT_ISSUABLE', { why: 'IN_REVIEW' });
    await withoutPolicy(t, 'invoice.issue', async () => {
      at('2026-06-04T18:30:00Z');
      await refused('object', 'billing', { reason: 'late' }, 'INVOICE_NOT_OBJECTIONABLE');
      await done('issue', 'billing');
    });
    await expect(t.apiSql(`UPDATE invoice SET status = 'DRAFT' WHERE id = $1`, [invoiceId])).rejects.toMatchObject({
      code: '23514',
    });
  });

  it('is accepted by billing on the client’s word alone, and voided while it is shown', async () => {
    await refused('accept', 'billing', { note: 'by mail' }, 'INVOICE_NOT_ACCEPTABLE');
    await done('review', 'billing');
    await refused('review', 'billing', {}, 'INVOICE_NOT_REVIEWABLE');
    await refused('accept', 'billing', {}, 'ACCEPTANCE_NOTE_MISSING');
    await done('accept', 'billing', { note: 'by mail of 3 June' });
    expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({ acceptance_note: 'by mail of 3 June' });
    await countersigned(t, 'billing', 'voidInvoice', { invoiceId, reason: 'wrong month' });
    expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({ status: 'VOIDED', number: null });
  });

  it('is accepted or objected to, when both come at once', async () => {
    await done('review', 'billing');
    const answers = await Promise.all([
      t.as('billing').mutate('acceptInvoice', { invoiceId, note: 'by mail' }, 'outcome'),
      t.as('billing2').mutate('objectToInvoice', { invoiceId, reason: 'no' }, 'outcome'),
    ]);
    expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(1);
    const row = await rowOf(t, 'invoice', invoiceId);
    expect(row.accepted_at === null).toBe(row.status === 'DRAFT');
  });

  it.each(['review', 'accept', 'object'] as const)(
    '%s: refuses strangers, roles without the permission, unknown ids and other versions',
    async (verb) => {
      const more = verb === 'object' ? { reason: 'x' } : {};
      await refused(verb, 'nobody', more, 'UNAUTHENTICATED');
      await refused(verb, 'supervisor', more, 'FORBIDDEN');
      await refused(verb, 'billing', { ...more, invoiceId: NOBODYS_ID }, 'NOT_FOUND');
      await refused(verb, 'billing', { ...more, expectedVersion: 9 }, 'VERSION_CONFLICT');
    },
  );
});
