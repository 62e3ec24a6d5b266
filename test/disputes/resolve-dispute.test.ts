import { startTestApp, type TestApp } from '../support/app';
import type { CastName } from '../support/cast';
import {
  approve,
  countersigned,
  eventsOf,
  expectRefused,
  NOBODYS_ID,
  proposed,
  rowOf,
  tally,
  told,
  withoutPolicy,
  times,
} from '../support/outcomes';
import { freshCode, givenAccount, givenClientOf, givenInvoice, linesOf } from '../support/scene';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const op = { mutation: 'resolveDispute', operation: 'dispute.resolve' };
const usd = (amount: string) => ({ amount, currency: 'USD' });

/** An open dispute of 100.00 and 0.30 on an invoice of 123.40 and 0.32, opened by billing. */
async function scene(claims = ['100.00', '0.30'], opener: CastName = 'billing') {
  const accountId = await givenAccount(t);
  const invoiceId = await givenInvoice(t, accountId);
  const lines = await linesOf(t, invoiceId);
  const items = claims.map((amount, n) => ({ lineId: lines[n]!.id, amount: usd(amount) }));
  if (opener === 'client') await givenClientOf(t, accountId);
  const { payload } = await t
    .as(opener)
    .mutate('openDispute', { invoiceId, reasonCode: 'RATE', items }, 'dispute { id items { id line { lineNumber } } }');
  const byLine = (payload.dispute.items as { id: string; line: { lineNumber: number } }[]).toSorted(
    (one, other) => one.line.lineNumber - other.line.lineNumber,
  );
  return { accountId, invoiceId, disputeId: payload.dispute.id as string, items: byLine.map(({ id }) => id) };
}

const answered = ({ disputeId, items }: { disputeId: string; items: string[] }, ...amounts: string[]) => ({
  disputeId,
  note: 'Looked at the records.',
  items: items.map((itemId, n) => ({ itemId, acceptedAmount: usd(amounts[n]!) })),
});

const invoiceOf = async (id: string) => {
  const { data } = await t
    .as('auditor')
    .gql(
      'query ($id: ID!) { invoice(id: $id) { paymentStatus openAmount { amount } disputedAmount { amount } lines { openAmount { amount } disputedAmount { amount } } } }',
      { id },
    );
  const { paymentStatus, openAmount, disputedAmount, lines } = data!.invoice;
  return {
    paymentStatus,
    open: openAmount.amount,
    disputed: disputedAmount.amount,
    lines: lines.map((line: any) => [line.openAmount.amount, line.disputedAmount.amount]),
  };
};

describe('dispute.resolve', () => {
  it('concedes in part, after a second person: rows, events and actors', async () => {
    const dispute = await scene();
    const request = await proposed(t, 'billing2', 'resolveDispute', {
      ...answered(dispute, '40.00', '0'),
      expectedVersion: 1,
    });
    expect(await invoiceOf(dispute.invoiceId)).toEqual({
      paymentStatus: 'UNPAID',
      open: '123.72',
      disputed: '100.30',
      lines: [
        ['123.40', '100.00'],
        ['0.32', '0.30'],
      ],
    });
    const { events } = await eventsOf(t, () => approve(t, request));
    expect(await rowOf(t, 'dispute', dispute.disputeId)).toMatchObject({
      status: 'RESOLVED',
      resolution: 'PARTLY_ACCEPTED',
      accepted_minor: '4000',
      resolved_by_id: t.as('billing2').userId,
      resolution_note: 'Looked at the records.',
      version: 2,
    });
    expect((await rowOf(t, 'dispute_item', dispute.items[0]!)).accepted_minor).toBe('4000');
    expect((await rowOf(t, 'dispute_item', dispute.items[1]!)).accepted_minor).toBe('0');
    expect(await invoiceOf(dispute.invoiceId)).toEqual({
      paymentStatus: 'PARTIALLY_PAID',
      open: '83.72',
      disputed: '0.00',
      lines: [
        ['83.40', '0.00'],
        ['0.32', '0.00'],
      ],
    });
    expect(told(events)[0]).toEqual({
      action: 'dispute.resolved',
      outcome: 'DONE',
      actor: t.as('supervisor').userId,
      onBehalfOf: t.as('billing2').userId,
      subject: { type: 'Dispute', id: dispute.disputeId, version: 2 },
      reason: 'Looked at the records.',
    });
    expect(events[0]!.changes).toEqual([
      { path: 'status', before: 'OPEN', after: 'RESOLVED' },
      { path: 'resolution', before: null, after: 'PARTLY_ACCEPTED' },
      { path: 'accepted', before: null, after: usd('40.00') },
      { path: 'creditNote', before: null, after: expect.stringMatching(/^CN-\d{4}-\d{6}$/) },
      { path: 'invoice.paymentStatus', before: 'UNPAID', after: 'PARTIALLY_PAID' },
    ]);
  });

  it('rejects at once: nothing is conceded, nobody else is needed', async () => {
    const dispute = await scene();
    const { answer, events } = await eventsOf(t, () =>
      t
        .as('billing2')
        .mutate(
          'resolveDispute',
          answered(dispute, '0.00', '0'),
          'outcome changeRequest { id } dispute { status resolution acceptedAmount { amount } resolvedBy { id } closedAt }',
        ),
    );
    expect(answer.payload).toEqual({
      outcome: 'DONE',
      changeRequest: null,
      dispute: {
        status: 'RESOLVED',
        resolution: 'REJECTED',
        acceptedAmount: { amount: '0.00' },
        resolvedBy: { id: t.as('billing2').userId },
        closedAt: expect.any(String),
      },
    });
    expect(told(events)).toEqual([
      {
        action: 'dispute.resolved',
        outcome: 'DONE',
        actor: t.as('billing2').userId,
        onBehalfOf: null,
        subject: { type: 'Dispute', id: dispute.disputeId, version: 2 },
        reason: 'Looked at the records.',
      },
    ]);
    expect(await invoiceOf(dispute.invoiceId)).toEqual({
      paymentStatus: 'UNPAID',
      open: '123.72',
      disputed: '0.00',
      lines: [
        ['123.40', '0.00'],
        ['0.32', '0.00'],
      ],
    });
  });

  it('accepts all of an invoice, which is paid then', async () => {
    const dispute = await scene(['123.40', '0.32']);
    await countersigned(t, 'billing2', 'resolveDispute', answered(dispute, '123.40', '0.32'));
    expect(await rowOf(t, 'dispute', dispute.disputeId)).toMatchObject({
      resolution: 'ACCEPTED',
      accepted_minor: '12372',
    });
    expect(await invoiceOf(dispute.invoiceId)).toEqual({
      paymentStatus: 'PAID',
      open: '0.00',
      disputed: '0.00',
      lines: [
        ['0.00', '0.00'],
        ['0.00', '0.00'],
      ],
    });
  });

  it('of the smallest amount needs a second person', async () => {
    const dispute = await scene();
    expect((await t.as('billing2').mutate('resolveDispute', answered(dispute, '0.01', '0'))).payload.outcome).toBe(
      'AWAITING_APPROVAL',
    );
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'operations', {}, 'FORBIDDEN'],
    ['a blank note', 'billing2', { note: ' ' }, 'BAD_USER_INPUT'],
    ['no items', 'billing2', { items: [] }, 'BAD_USER_INPUT'],
    ['an unknown dispute', 'billing2', { disputeId: NOBODYS_ID }, 'NOT_FOUND'],
    ['an id that is none', 'billing2', { disputeId: 'x' }, 'NOT_FOUND'],
    ['another version than there is', 'billing2', { expectedVersion: 2 }, 'VERSION_CONFLICT'],
    [
      'whoever opened it, before the items',
      'billing',
      { items: [{ itemId: NOBODYS_ID, acceptedAmount: usd('0') }] },
      'DISPUTE_RESOLVED_BY_SAME_PERSON',
    ],
    [
      'items of another dispute',
      'billing2',
      { items: [{ itemId: NOBODYS_ID, acceptedAmount: usd('0') }] },
      'DISPUTE_ITEMS_INCOMPLETE',
    ],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    await expectRefused(t, { as, ...op, input: { ...answered(await scene(), '1', '0.1'), ...more }, code });
  });

  it('refuses an item that is left out, answered twice, or of another dispute', async () => {
    const [dispute, other] = [await scene(), await scene()];
    const [first, second] = dispute.items.map((itemId) => ({ itemId, acceptedAmount: usd('0') }));
    const foreign = { itemId: other.items[0]!, acceptedAmount: usd('0') };
    for (const items of [[first], [first, first], [first, second, second], [first, foreign], [first, second, foreign]])
      await expectRefused(t, {
        as: 'billing2',
        ...op,
        input: { ...answered(dispute), items },
        code: 'DISPUTE_ITEMS_INCOMPLETE',
      });
  });

  it.each([
    [{ amount: '1', currency: 'EUR' }, 'CURRENCY_MISMATCH'],
    [usd('1.001'), 'AMOUNT_INVALID'],
    [usd('-0.01'), 'DISPUTE_AMOUNT_INVALID'],
    [usd('100.01'), 'DISPUTE_AMOUNT_EXCEEDED'],
  ])('refuses to accept %j: %s', async (acceptedAmount, code) => {
    const dispute = await scene();
    const items = dispute.items.map((itemId, n) => ({ itemId, acceptedAmount: n === 0 ? acceptedAmount : usd('0') }));
    await expectRefused(t, { as: 'billing2', ...op, input: { ...answered(dispute), items }, code });
  });

  it('refuses what is over, before who opened it', async () => {
    const dispute = await scene();
    await t.as('billing2').mutate('resolveDispute', answered(dispute, '0', '0'));
    for (const as of ['billing', 'billing2'] as const)
      await expectRefused(t, {
        as,
        ...op,
        input: answered(dispute, '0', '0'),
        code: 'DISPUTE_NOT_RESOLVABLE',
        details: { status: 'RESOLVED' },
      });
    const withdrawn = await scene();
    await t.as('billing').mutate('withdrawDispute', { disputeId: withdrawn.disputeId });
    await expectRefused(t, {
      as: 'billing2',
      ...op,
      input: answered(withdrawn, '0', '0'),
      code: 'DISPUTE_NOT_RESOLVABLE',
      details: { status: 'WITHDRAWN' },
    });
  });

  it('refuses a client, who may open but not answer', async () => {
    const dispute = await scene(['1.00'], 'client');
    await expectRefused(t, { as: 'client', ...op, input: answered(dispute, '1.00'), code: 'FORBIDDEN' });
  });

  it('is not resolved by its opener through another’s request, nor in the database', async () => {
    const dispute = await scene(['10.00']);
    const [{ opened_by_id }] = (await t.sql('SELECT opened_by_id FROM dispute WHERE id = $1', [dispute.disputeId])) as [
      { opened_by_id: string },
    ];
    await expect(
      t.apiSql(`UPDATE dispute SET status = 'RESOLVED', resolution = 'REJECTED', resolved_by_id = $2 WHERE id = $1`, [
        dispute.disputeId,
        opened_by_id,
      ]),
    ).rejects.toMatchObject({ constraint: 'dispute_resolved_by_same_person' });
    await expect(
      t.apiSql(`UPDATE dispute SET accepted_minor = claimed_minor + 1 WHERE id = $1`, [dispute.disputeId]),
    ).rejects.toMatchObject({ constraint: 'dispute_claim_exceeded' });
    await expect(
      t.apiSql(`UPDATE dispute SET status = 'RESOLVED' WHERE id = $1`, [dispute.disputeId]),
    ).rejects.toMatchObject({ constraint: 'dispute_resolution' });
  });

  it('is not resolved by nobody in the database', async () => {
    const dispute = await scene(['10.00']);
    await expect(
      t.apiSql(`UPDATE dispute SET status = 'RESOLVED', resolution = 'REJECTED', resolved_by_id = NULL WHERE id = $1`, [
        dispute.disputeId,
      ]),
    ).rejects.toMatchObject({ code: '23514' });
  });

  it('is done once: by key alike, raced by requests, raced with a withdrawal', async () => {
    const first = await scene();
    const keyed = { ...answered(first, '0', '0'), idempotencyKey: freshCode('KEY') };
    const same = await Promise.all(
      Array.from({ length: 5 }, () => t.as('billing2').mutate('resolveDispute', keyed, 'outcome dispute { version }')),
    );
    expect(same.map(({ payload }) => payload)).toEqual(times(5, { outcome: 'DONE', dispute: { version: 2 } }));

    const second = await scene();
    const requests = [];
    for (const amount of ['10', '20', '30', '40'])
      requests.push(await proposed(t, 'billing2', 'resolveDispute', answered(second, amount, '0')));
    const approvals = await Promise.all(
      requests.map((request, n) => approve(t, request, n % 2 ? 'supervisor' : 'supervisor2')),
    );
    expect(tally(approvals)).toEqual({ DONE: 1, CHANGE_REQUEST_STALE: 3 });
    const { accepted_minor } = await rowOf(t, 'dispute', second.disputeId);
    expect(await rowOf(t, 'invoice', second.invoiceId)).toMatchObject({
      credited_minor: accepted_minor,
      disputed_minor: '0',
    });

    for (let round = 0; round < 5; round += 1) {
      const third = await scene();
      const answers = await withoutPolicy(t, 'dispute.resolve', () =>
        Promise.all([
          t.as('billing2').mutate('resolveDispute', answered(third, '100.00', '0.30')),
          t.as('billing').mutate('withdrawDispute', { disputeId: third.disputeId }),
        ]),
      );
      expect([
        [undefined, 'DISPUTE_NOT_WITHDRAWABLE'],
        ['DISPUTE_NOT_RESOLVABLE', undefined],
      ]).toContainEqual(answers.map(({ code }) => code));
      const credited = answers[0].code ? '0' : '10030';
      expect(await rowOf(t, 'invoice', third.invoiceId)).toMatchObject({
        credited_minor: credited,
        disputed_minor: '0',
      });
    }
  });

  it('refuses the approval when the maker opened it, whoever signs', async () => {
    const dispute = await scene();
    const request = await proposed(t, 'billing2', 'resolveDispute', answered(dispute, '1', '0'));
    await t.sql('UPDATE dispute SET opened_by_id = $2 WHERE id = $1', [dispute.disputeId, t.as('billing2').userId]);
    const refused = await approve(t, request);
    expect(refused.code).toBe('CHANGE_REQUEST_FAILED');
    expect(refused.errors[0]!.extensions.details).toMatchObject({ code: 'DISPUTE_RESOLVED_BY_SAME_PERSON' });
    expect(await rowOf(t, 'dispute', dispute.disputeId)).toMatchObject({ status: 'OPEN', accepted_minor: '0' });
  });
});

describe('any life of an invoice’s disputes', () => {
  /** mulberry32: small, seeded, good enough to choose steps by. */
  const random = (first: number) => {
    let from = first;
    return () => {
      from = (from + 0x6d2b79f5) | 0;
      let mixed = Math.imul(from ^ (from >>> 15), 1 | from);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
  };
  const shown = (minor: number) => usd((minor / 100).toFixed(2));

  it(`keeps every sum, and what is claimed and conceded within the line (seed ${seed})`, async () => {
    const next = random(seed);
    const below = (limit: number) => Math.floor(next() * limit);
    const accountId = await givenAccount(t);
    await withoutPolicy(t, 'dispute.resolve', async () => {
      for (let life = 0; life < 4; life += 1) {
        const lines = Array.from({ length: 1 + below(4) }, (_, n) => ({
          description: `line ${n}`,
          quantity: String(1 + below(50)),
          unitPrice: (below(2000) / 100 + 0.01).toFixed(2),
          taxRate: '18',
        }));
        const invoiceId = await givenInvoice(t, accountId, { lines });
        const model = (await linesOf(t, invoiceId)).map(({ id, total_minor }) => ({
          id,
          total: Number(total_minor),
          disputed: 0,
          credited: 0,
        }));
        const open: { id: string; items: { id: string; line: number; amount: number }[] }[] = [];
        for (let step = 0; step < 25; step += 1) {
          const act = next();
          if (act < 0.5) {
            const chosen = model.map((_, n) => n).filter(() => next() < 0.6);
            if (chosen.length === 0) continue;
            const items = chosen.map((n) => ({ line: n, amount: 1 + below(model[n]!.total) }));
            const fits = items.every(
              ({ line, amount }) => amount <= model[line]!.total - model[line]!.disputed - model[line]!.credited,
            );
            const { payload, code } = await t.as('billing').mutate(
              'openDispute',
              {
                invoiceId,
                reasonCode: 'RATE',
                items: items.map(({ line, amount }) => ({ lineId: model[line]!.id, amount: shown(amount) })),
              },
              'dispute { id items { id line { id } } }',
            );
            expect(code).toBe(fits ? undefined : 'DISPUTE_AMOUNT_EXCEEDED');
            if (!fits) continue;
            for (const { line, amount } of items) model[line]!.disputed += amount;
            const idOf = (n: number) =>
              payload.dispute.items.find((item: any) => item.line.id === model[n]!.id).id as string;
            open.push({ id: payload.dispute.id, items: items.map((item) => ({ ...item, id: idOf(item.line) })) });
          } else if (open.length > 0) {
            const [dispute] = open.splice(below(open.length), 1);
            const accepted = dispute!.items.map(({ amount }) => (act < 0.75 ? below(amount + 1) : 0));
            const { errors } =
              act < 0.85
                ? await t.as('billing2').mutate('resolveDispute', {
                    disputeId: dispute!.id,
                    note: 'seen',
                    items: dispute!.items.map(({ id }, n) => ({ itemId: id, acceptedAmount: shown(accepted[n]!) })),
                  })
                : await t.as('billing').mutate('withdrawDispute', { disputeId: dispute!.id });
            expect(errors).toEqual([]);
            dispute!.items.forEach(({ line, amount }, n) => {
              model[line]!.disputed -= amount;
              model[line]!.credited += accepted[n]!;
            });
          }
          const rows = await t.sql(
            'SELECT id, disputed_minor, credited_minor FROM invoice_line WHERE invoice_id = $1 ORDER BY line_number',
            [invoiceId],
          );
          expect(rows).toEqual(
            model.map(({ id, disputed, credited }) => ({
              id,
              disputed_minor: String(disputed),
              credited_minor: String(credited),
            })),
          );
          const sum = (of: 'total' | 'disputed' | 'credited') => model.reduce((all, line) => all + line[of], 0);
          const credited = sum('credited');
          expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({
            total_minor: String(sum('total')),
            disputed_minor: String(sum('disputed')),
            credited_minor: String(credited),
            payment_status: credited === 0 ? 'UNPAID' : credited === sum('total') ? 'PAID' : 'PARTIALLY_PAID',
          });
          const [claims] = await t.sql(
            `SELECT coalesce(sum(claimed_minor), 0)::text AS open FROM dispute WHERE invoice_id = $1 AND status = 'OPEN'`,
            [invoiceId],
          );
          expect(claims).toEqual({ open: String(sum('disputed')) });
          expect((await invoiceOf(invoiceId)).open).toBe(((sum('total') - credited) / 100).toFixed(2));
        }
      }
    });
  });
});
