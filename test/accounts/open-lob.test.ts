import { startTestApp, type TestApp } from '../support/app';
import { eventsOf, expectRefused, NOBODYS_ID, rowOf, tally, told } from '../support/outcomes';
import { freshCode, givenAccount, givenClientOf } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const op = { mutation: 'openLob', operation: 'lob.open' };

describe('lob.open', () => {
  it('opens it: payload, row, event and actor', async () => {
    const accountId = await givenAccount(t);
    const { answer, events } = await eventsOf(t, () =>
      t
        .as('operations')
        .mutate(
          'openLob',
          { accountId, code: 'CARDS', name: ' Card support ' },
          'outcome changeRequest { id } lob { id code name status version account { id } }',
        ),
    );
    const { id } = answer.payload.lob;
    expect(answer.payload).toEqual({
      outcome: 'DONE',
      changeRequest: null,
      lob: { id, code: 'CARDS', name: 'Card support', status: 'OPEN', version: 1, account: { id: accountId } },
    });
    expect(await rowOf(t, 'lob', id)).toMatchObject({
      account_id: accountId,
      code: 'CARDS',
      name: 'Card support',
      status: 'OPEN',
      closed_at: null,
    });
    expect(told(events)).toEqual([
      {
        action: 'lob.opened',
        outcome: 'DONE',
        actor: t.as('operations').userId,
        onBehalfOf: null,
        subject: { type: 'Lob', id, version: 1 },
        reason: null,
      },
    ]);
    expect(events[0]!.changes).toEqual([
      { path: 'accountId', before: null, after: accountId },
      { path: 'code', before: null, after: 'CARDS' },
      { path: 'name', before: null, after: 'Card support' },
      { path: 'status', before: null, after: 'OPEN' },
    ]);
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'billing', {}, 'FORBIDDEN'],
    ['a code that is none', 'operations', { code: '-A' }, 'BAD_USER_INPUT'],
    ['a blank name, before the account', 'operations', { name: ' ', accountId: NOBODYS_ID }, 'BAD_USER_INPUT'],
    ['an unknown account', 'operations', { accountId: NOBODYS_ID }, 'NOT_FOUND'],
    ['an id that is none', 'operations', { accountId: '{}' }, 'NOT_FOUND'],
    ['a code that the account has', 'operations', { code: 'TAKEN' }, 'LOB_CODE_TAKEN'],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    const accountId = await givenAccount(t);
    await t.as('operations').mutate('openLob', { accountId, code: 'TAKEN', name: 'first' });
    await expectRefused(t, { as, ...op, input: { accountId, code: 'NEW', name: 'LOB', ...more }, code });
  });

  it('refuses a closed account, before the code that is taken', async () => {
    const accountId = await givenAccount(t);
    await t.as('operations').mutate('openLob', { accountId, code: 'TAKEN', name: 'first' });
    await t.sql(`UPDATE account SET status = 'CLOSED', closed_at = now() WHERE id = $1`, [accountId]);
    await expectRefused(t, {
      as: 'operations',
      ...op,
      input: { accountId, code: 'TAKEN', name: 'LOB' },
      code: 'ACCOUNT_CLOSED',
    });
  });

  it('refuses a client', async () => {
    const accountId = await givenAccount(t);
    await givenClientOf(t, accountId);
    await expectRefused(t, { as: 'client', ...op, input: { accountId, code: 'NEW', name: 'LOB' }, code: 'FORBIDDEN' });
  });

  it('lets two accounts use one code', async () => {
    for (const accountId of [await givenAccount(t), await givenAccount(t)])
      expect(
        (await t.as('operations').mutate('openLob', { accountId, code: 'SAME', name: 'LOB' })).payload.outcome,
      ).toBe('DONE');
  });

  it('is done once: by key alike, by code refused, also raced', async () => {
    const accountId = await givenAccount(t);
    const keyed = { accountId, code: 'KEYED', name: 'LOB', idempotencyKey: freshCode('KEY') };
    const same = await Promise.all(
      Array.from({ length: 6 }, () => t.as('operations').mutate('openLob', keyed, 'outcome lob { id }')),
    );
    expect(tally(same)).toEqual({ DONE: 6 });
    expect(new Set(same.map(({ payload }) => payload.lob.id)).size).toBe(1);
    const raced = await Promise.all(
      Array.from({ length: 6 }, () => t.as('operations').mutate('openLob', { accountId, code: 'RACED', name: 'LOB' })),
    );
    expect(tally(raced)).toEqual({ DONE: 1, LOB_CODE_TAKEN: 5 });
    expect(await t.sql('SELECT count(*)::int AS n FROM lob WHERE account_id = $1', [accountId])).toEqual([{ n: 2 }]);
  });
});
