import { startTestApp, type TestApp } from '../support/app';
import { eventsOf, expectRefused, NOBODYS_ID, rowOf, tally, told } from '../support/outcomes';
import { freshCode, givenAccount, givenClientOf, givenLob } from '../support/scene';

let t: TestApp;
let accountId: string;
let lobId: string;
beforeAll(async () => {
  t = await startTestApp();
  accountId = await givenAccount(t, { timeZone: 'America/New_York' });
  lobId = await givenLob(t, accountId);
});
beforeEach(() => {
  t.clock.at = new Date('2026-12-01T12:00:00Z');
});
afterAll(() => t.close());

const op = { mutation: 'fileComplaint', operation: 'complaint.file' };
const asked = (more: object = {}) => ({
  accountId,
  lobId,
  channel: 'EMAIL',
  category: 'Fees',
  receivedAt: '2026-11-24T15:00:00Z',
  ...more,
});
const file = async (more: object, selection: string) => {
  const { payload, errors } = await t
    .as('operations')
    .mutate('fileComplaint', asked(more), `outcome complaint { id ${selection} }`);
  expect(errors).toEqual([]);
  return payload.complaint;
};

describe('complaint.file', () => {
  it('files: payload, row, event and actor, everything sensitive masked', async () => {
    const { answer, events } = await eventsOf(t, () =>
      t.as('operations').mutate(
        'fileComplaint',
        asked({
          category: ' Hidden fees ',
          sourceReference: ' CRM-1 ',
          customer: {
            name: ' Ada Lovelace ',
            email: 'ada.lovelace@example.com',
            phone: '+1 202 555 0143',
            cardNumber: '4111 1111 1111 1111',
          },
          narrative: 'My card 4111 1111 1111 1111 was charged, write to ada.lovelace@example.com',
        }),
        `outcome changeRequest { id } complaint { id status channel category narrative receivedAt sourceReference version reopenedCount acknowledgedAt resolvedAt
          breached breachedAt filedBy { id } account { id } lob { id } rule { code version } customer { name email phone cardNumber } }`,
      ),
    );
    const { id } = answer.payload.complaint;
    const masked = {
      name: 'Ada Lovelace',
      email: 'a••••••••@example.com',
      phone: '••••••••43',
      cardNumber: '411111••••••1111',
    };
    const narrative = 'My card 411111••••••1111 was charged, write to a••••••••@example.com';
    expect(answer.payload).toEqual({
      outcome: 'DONE',
      changeRequest: null,
      complaint: {
        id,
        status: 'FILED',
        channel: 'EMAIL',
        category: 'Hidden fees',
        narrative,
        receivedAt: '2026-11-24T15:00:00.000Z',
        sourceReference: 'CRM-1',
        version: 1,
        reopenedCount: 0,
        acknowledgedAt: null,
        resolvedAt: null,
        breached: false,
        breachedAt: null,
        filedBy: { id: t.as('operations').userId },
        account: { id: accountId },
        lob: { id: lobId },
        rule: { code: 'default', version: 1 },
        customer: masked,
      },
    });
    const row = await rowOf(t, 'complaint', id);
    expect(row).toMatchObject({
      category: 'Hidden fees',
      narrative,
      status: 'FILED',
      filed_by_id: t.as('operations').userId,
      customer_card_number_masked: masked.cardNumber,
    });
    for (const field of ['customer_email_sealed', 'customer_phone_sealed', 'customer_card_number_sealed'])
      expect((row[field] as Buffer).toString('latin1')).not.toMatch(/ada|4111|2025/);
    expect(told(events)).toEqual([
      {
        action: 'complaint.filed',
        outcome: 'DONE',
        actor: t.as('operations').userId,
        onBehalfOf: null,
        subject: { type: 'Complaint', id, version: 1 },
        reason: null,
      },
    ]);
    const changes = new Map(events[0]!.changes.map((each: any) => [each.path, each.after]));
    expect(changes.get('status')).toBe('FILED');
    // What tells of the customer does not stand there, not even masked.
    const personal = ['narrative', ...Object.keys(masked).map((key) => `customer.${key}`)];
    expect([...changes].filter(([path]) => personal.includes(String(path)))).toEqual(
      personal.map((path) => [path, '••••••••']),
    );
    expect(events[0]!.sealed.changes.map(({ path }: any) => path)).toEqual(personal);
    expect(JSON.stringify(events)).not.toMatch(/Ada|411111|ada\.lovelace|5550143|555 0143|@example/);
  });

  it.each([
    [
      'business days skip Thanksgiving',
      'PHONE',
      '2026-11-24T15:00:00Z',
      '2026-11-28T05:00:00.000Z',
      '2026-12-10T05:00:00.000Z',
    ],
    [
      'the evening before in New York is that day',
      'PHONE',
      '2026-11-25T04:59:59Z',
      '2026-11-28T05:00:00.000Z',
      '2026-12-10T05:00:00.000Z',
    ],
    [
      'midnight in New York is the next',
      'PHONE',
      '2026-11-25T05:00:00Z',
      '2026-12-01T05:00:00.000Z',
      '2026-12-11T05:00:00.000Z',
    ],
    [
      'calendar days end an hour later once clocks went back',
      'EMAIL',
      '2026-10-28T16:00:00Z',
      '2026-11-05T05:00:00.000Z',
      '2026-11-13T05:00:00.000Z',
    ],
    [
      'and an hour earlier once they went forward',
      'EMAIL',
      '2026-03-04T17:00:00Z',
      '2026-03-12T04:00:00.000Z',
      '2026-03-20T04:00:00.000Z',
    ],
    [
      'a holiday in lieu counts: 4 July 2026 is a Saturday',
      'PHONE',
      '2026-07-01T16:00:00Z',
      '2026-07-07T04:00:00.000Z',
      '2026-07-17T04:00:00.000Z',
    ],
  ])('sets the clocks: %s', async (_what, channel, receivedAt, acknowledgeDueAt, dueAt) => {
    const complaint = await file({ channel, receivedAt }, 'acknowledgeDueAt dueAt rule { code }');
    expect(complaint).toMatchObject({
      acknowledgeDueAt,
      dueAt,
      rule: { code: channel === 'PHONE' ? 'phone' : 'default' },
    });
  });

  it('sets the clocks in the zone of the account', async () => {
    const india = await givenAccount(t, { timeZone: 'Asia/Kolkata', currency: 'INR' });
    const complaint = await file(
      { accountId: india, lobId: await givenLob(t, india), receivedAt: '2026-11-24T18:30:00Z' },
      'dueAt',
    );
    expect(complaint.dueAt).toBe('2026-12-10T18:30:00.000Z');
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'billing', {}, 'FORBIDDEN'],
    ['an auditor', 'auditor', {}, 'FORBIDDEN'],
    ['a blank category', 'operations', { category: ' ' }, 'BAD_USER_INPUT'],
    ['a narrative of 20001 characters', 'operations', { narrative: 'x'.repeat(20_001) }, 'BAD_USER_INPUT'],
    ['an empty e-mail address', 'operations', { customer: { email: '' } }, 'BAD_USER_INPUT'],
    ['an unknown account', 'operations', { accountId: NOBODYS_ID }, 'NOT_FOUND'],
    ['an unknown LOB', 'operations', { lobId: NOBODYS_ID }, 'NOT_FOUND'],
    ['ids that are none', 'operations', { accountId: 'a', lobId: 'b' }, 'NOT_FOUND'],
    [
      'receipt six minutes from now, before the customer',
      'operations',
      { receivedAt: '2026-12-01T12:06:00Z', customer: { email: 'x' } },
      'COMPLAINT_RECEIVED_IN_FUTURE',
    ],
    ['receipt before there were rules', 'operations', { receivedAt: '1999-12-31T12:00:00Z' }, 'COMPLAINT_RULE_MISSING'],
    ['receipt in the year one', 'operations', { receivedAt: '0001-01-01T00:00:00Z' }, 'COMPLAINT_RULE_MISSING'],
    ['an e-mail address that is none', 'operations', { customer: { email: 'nobody' } }, 'SENSITIVE_VALUE_INVALID'],
    [
      'a card number with a wrong check digit',
      'operations',
      { customer: { cardNumber: '4111111111111112' } },
      'SENSITIVE_VALUE_INVALID',
    ],
    ['a masked card number', 'operations', { customer: { cardNumber: '411111••••••1111' } }, 'SENSITIVE_VALUE_MASKED'],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    await expectRefused(t, { as, ...op, input: asked(more), code });
  });

  it('refuses a LOB of another account, before the receipt in the past is looked at', async () => {
    const other = await givenLob(t, await givenAccount(t));
    await expectRefused(t, {
      as: 'operations',
      ...op,
      input: asked({ lobId: other, receivedAt: '1999-01-01T00:00:00Z' }),
      code: 'LOB_OF_OTHER_ACCOUNT',
    });
  });

  it('takes what came in before the LOB or the account closed, and nothing that came after', async () => {
    const account = await givenAccount(t);
    const [closing, kept] = [await givenLob(t, account), await givenLob(t, account)];
    t.clock.at = new Date('2026-11-25T00:00:00Z');
    await t.as('operations').mutate('closeLob', { lobId: closing, reason: 'over' });
    t.clock.at = new Date('2026-12-01T12:00:00Z');
    const input = (more: object) => asked({ accountId: account, lobId: closing, ...more });
    await expectRefused(t, {
      as: 'operations',
      ...op,
      input: input({ receivedAt: '2026-11-25T00:00:00Z' }),
      code: 'LOB_CLOSED',
    });
    expect(
      (await t.as('operations').mutate('fileComplaint', input({ receivedAt: '2026-11-24T23:59:59.999Z' }))).errors,
    ).toEqual([]);
    await t.sql(`UPDATE account SET status = 'CLOSED', closed_at = '2026-11-26T00:00:00Z' WHERE id = $1`, [account]);
    await expectRefused(t, {
      as: 'operations',
      ...op,
      input: input({ lobId: kept, receivedAt: '2026-11-26T00:00:00Z' }),
      code: 'ACCOUNT_CLOSED',
    });
    await expectRefused(t, {
      as: 'operations',
      ...op,
      input: input({ receivedAt: '2026-11-25T12:00:00Z' }),
      code: 'LOB_CLOSED',
    });
  });

  it('refuses a client, who may read what concerns them', async () => {
    await givenClientOf(t, accountId);
    await expectRefused(t, { as: 'client', ...op, input: asked(), code: 'FORBIDDEN' });
    const { id } = await file({}, '');
    const seen = await t.as('client').gql('query ($id: ID!) { complaint(id: $id) { id } }', { id });
    expect(seen.data).toEqual({ complaint: { id } });
    const { data } = await t.as('billing').gql('query ($id: ID!) { complaint(id: $id) { id } }', { id });
    expect(data?.complaint ?? null).toBeNull();
  });

  it('is filed once: by key alike, by the reference of another system refused, also raced', async () => {
    const keyed = asked({ idempotencyKey: freshCode('KEY') });
    const same = await Promise.all(
      Array.from({ length: 5 }, () => t.as('operations').mutate('fileComplaint', keyed, 'outcome complaint { id }')),
    );
    expect(tally(same)).toEqual({ DONE: 5 });
    expect(new Set(same.map(({ payload }) => payload.complaint.id)).size).toBe(1);
    const sourceReference = freshCode('CRM');
    const raced = await Promise.all(
      Array.from({ length: 6 }, () => t.as('operations').mutate('fileComplaint', asked({ sourceReference }))),
    );
    expect(tally(raced)).toEqual({ DONE: 1, COMPLAINT_SOURCE_TAKEN: 5 });
    await expectRefused(t, {
      as: 'operations',
      ...op,
      input: asked({ sourceReference: ` ${sourceReference} ` }),
      code: 'COMPLAINT_SOURCE_TAKEN',
    });
    const other = await givenAccount(t);
    expect(
      (
        await t
          .as('operations')
          .mutate('fileComplaint', asked({ accountId: other, lobId: await givenLob(t, other), sourceReference }))
      ).errors,
    ).toEqual([]);
  });
});

describe('the clocks of a complaint', () => {
  it('are read as time moves, to the very instant', async () => {
    const { id } = await file({}, '');
    const at = async (instant: string) => {
      t.clock.at = new Date(instant);
      const { data } = await t.as('compliance').gql(
        `query ($id: ID!, $ref: ID) { complaint(id: $id) { remainingSeconds breached breachedAt acknowledgeBreachedAt }
          overdue: complaints(first: 100, filter: { accountId: $ref, overdue: true }) { nodes { id } }
          inTime: complaints(first: 100, filter: { accountId: $ref, overdue: false }) { nodes { id } }
          breached: complaints(first: 100, filter: { accountId: $ref, breached: true }) { nodes { id } } }`,
        { id, ref: accountId },
      );
      const listed = ['overdue', 'inTime', 'breached'].filter((list) =>
        data![list].nodes.some((node: any) => node.id === id),
      );
      return { ...data!.complaint, listed };
    };
    // Acknowledged by the end of 2 December (five business days over Thanksgiving), resolved by that of 9 December.
    const [acknowledge, due] = ['2026-12-03T05:00:00.000Z', '2026-12-10T05:00:00.000Z'];
    const fine = { breached: false, breachedAt: null, listed: ['inTime'] };
    expect(await at('2026-12-03T04:59:59.999Z')).toEqual({
      ...fine,
      remainingSeconds: 7 * 86_400 + 1,
      acknowledgeBreachedAt: null,
    });
    expect(await at(acknowledge)).toEqual({
      ...fine,
      remainingSeconds: 7 * 86_400,
      acknowledgeBreachedAt: acknowledge,
    });
    expect(await at('2026-12-10T04:58:30Z')).toEqual({
      ...fine,
      remainingSeconds: 90,
      acknowledgeBreachedAt: acknowledge,
    });
    expect(await at('2026-12-10T04:59:59.999Z')).toEqual({
      ...fine,
      remainingSeconds: 1,
      acknowledgeBreachedAt: acknowledge,
    });
    const late = {
      breached: true,
      breachedAt: due,
      listed: ['overdue', 'breached'],
      remainingSeconds: 0,
      acknowledgeBreachedAt: acknowledge,
    };
    expect(await at(due)).toEqual(late);
    expect(await at('2027-12-10T05:00:00Z')).toEqual(late);
    expect(await rowOf(t, 'complaint', id)).toMatchObject({ version: 1, breached_at: null });
  });
});
