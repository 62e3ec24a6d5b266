import { startTestApp, type TestApp } from '../support/app';
import { approve, eventsOf, expectRefused, NOBODYS_ID, proposed, rowOf, tally, told } from '../support/outcomes';
import { freshCode, givenAccount, givenClientOf } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const op = { mutation: 'changeAccount', operation: 'account.change' };
const SELECTION = 'outcome account { id legalName timeZone version bankAccountNumber } changeRequest { id }';

describe('account.change', () => {
  it('changes name and zone at once: row, event and actor, before and after', async () => {
    const accountId = await givenAccount(t);
    const input = {
      accountId,
      legalName: ' Renamed Ltd ',
      timeZone: 'Asia/Kolkata',
      expectedVersion: 1,
      reason: 'moved',
    };
    const { answer, events } = await eventsOf(t, () => t.as('billing').mutate('changeAccount', input, SELECTION));
    expect(answer.payload).toMatchObject({
      outcome: 'DONE',
      changeRequest: null,
      account: { id: accountId, legalName: 'Renamed Ltd', version: 2 },
    });
    expect(await rowOf(t, 'account', accountId)).toMatchObject({
      legal_name: 'Renamed Ltd',
      time_zone: 'Asia/Kolkata',
      version: 2,
      status: 'OPEN',
    });
    expect(told(events)).toEqual([
      {
        action: 'account.changed',
        outcome: 'DONE',
        actor: t.as('billing').userId,
        onBehalfOf: null,
        subject: { type: 'Account', id: accountId, version: 2 },
        reason: 'moved',
      },
    ]);
    expect(events[0]!.changes).toEqual([
      { path: 'legalName', before: 'Test Client Ltd', after: 'Renamed Ltd' },
      { path: 'timeZone', before: 'America/New_York', after: 'Asia/Kolkata' },
    ]);
  });

  it('lets bank data wait for a second person, masked, and leaves the row alone until then', async () => {
    const accountId = await givenAccount(t);
    const before = await rowOf(t, 'account', accountId);
    const request = await proposed(t, 'operations', 'changeAccount', {
      accountId,
      bankAccountNumber: '998877665544',
      legalName: 'Both',
    });
    expect(await rowOf(t, 'account', accountId)).toEqual(before);
    const { events } = await eventsOf(t, () => approve(t, request));
    expect(await rowOf(t, 'account', accountId)).toMatchObject({
      bank_account_number_masked: '••••••••5544',
      legal_name: 'Both',
      version: 2,
    });
    expect(events[0]).toMatchObject({
      action: 'account.changed',
      actor: t.as('supervisor').userId,
      onBehalfOf: t.as('operations').userId,
    });
    expect(events[0]!.changes).toEqual([
      { path: 'legalName', before: 'Test Client Ltd', after: 'Both' },
      { path: 'bankAccountNumber', before: '••••••••6789', after: '••••••••5544' },
    ]);
  });

  it('leaves what is null or absent as it is', async () => {
    const accountId = await givenAccount(t);
    const before = await rowOf(t, 'account', accountId);
    await t.as('operations').mutate('changeAccount', {
      accountId,
      legalName: 'Only this',
      timeZone: null,
      taxId: null,
      bankAccountNumber: null,
    });
    expect(await rowOf(t, 'account', accountId)).toEqual({ ...before, legal_name: 'Only this', version: 2 });
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'supervisor', {}, 'FORBIDDEN'],
    ['a blank name', 'operations', { legalName: ' ' }, 'BAD_USER_INPUT'],
    ['a version of zero', 'operations', { expectedVersion: 0 }, 'BAD_USER_INPUT'],
    ['an unknown account', 'operations', { accountId: NOBODYS_ID }, 'NOT_FOUND'],
    ['an id that is none', 'operations', { accountId: "' OR 1=1 --" }, 'NOT_FOUND'],
    [
      'another version than there is, before the zone',
      'operations',
      { expectedVersion: 7, timeZone: 'Mars/Base' },
      'VERSION_CONFLICT',
    ],
    [
      'a zone that does not exist, before the tax id',
      'operations',
      { timeZone: 'Mars/Base', taxId: '1' },
      'ZONE_UNKNOWN',
    ],
    ['a tax id that is none', 'operations', { legalName: null, taxId: '!' }, 'SENSITIVE_VALUE_INVALID'],
    ['a masked value sent back', 'operations', { bankAccountNumber: '••••••••6789' }, 'SENSITIVE_VALUE_MASKED'],
    ['nothing asked for', 'operations', { legalName: null }, 'NOTHING_TO_CHANGE'],
    [
      'what is so already',
      'operations',
      { legalName: ' Test Client Ltd', timeZone: 'America/New_York' },
      'NOTHING_TO_CHANGE',
    ],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    const accountId = await givenAccount(t);
    await expectRefused(t, { as, ...op, input: { accountId, legalName: 'New name', ...more }, code });
  });

  it('refuses a closed account, after the version and before the zone', async () => {
    const accountId = await givenAccount(t);
    await t.sql(`UPDATE account SET status = 'CLOSED', closed_at = now(), version = 2 WHERE id = $1`, [accountId]);
    await expectRefused(t, {
      as: 'operations',
      ...op,
      input: { accountId, expectedVersion: 1, legalName: 'X' },
      code: 'VERSION_CONFLICT',
    });
    await expectRefused(t, {
      as: 'operations',
      ...op,
      input: { accountId, timeZone: 'Mars/Base' },
      code: 'ACCOUNT_CLOSED',
    });
  });

  it('refuses a client also for their own account', async () => {
    const accountId = await givenAccount(t);
    await givenClientOf(t, accountId);
    await expectRefused(t, { as: 'client', ...op, input: { accountId, legalName: 'Mine' }, code: 'FORBIDDEN' });
  });

  it('is done once for one key, and refuses the second without one', async () => {
    const accountId = await givenAccount(t);
    const input = { accountId, legalName: 'Once', idempotencyKey: freshCode('KEY') };
    const first = await t.as('billing').mutate('changeAccount', input, SELECTION);
    const { answer: again, events } = await eventsOf(t, () =>
      t.as('billing').mutate('changeAccount', input, SELECTION),
    );
    expect(again.payload).toEqual(first.payload);
    expect(events).toEqual([]);
    expect((await rowOf(t, 'account', accountId)).version).toBe(2);
    await expectRefused(t, {
      as: 'billing',
      ...op,
      input: { accountId, legalName: 'Once' },
      code: 'NOTHING_TO_CHANGE',
    });
  });

  it('is won by one of those who race with the version that they saw', async () => {
    const accountId = await givenAccount(t);
    const names = Array.from({ length: 8 }, (_, index) => `Racer ${index}`);
    const answers = await Promise.all(
      names.map((legalName) =>
        t
          .as('billing')
          .mutate('changeAccount', { accountId, legalName, expectedVersion: 1 }, 'outcome account { legalName }'),
      ),
    );
    expect(tally(answers)).toEqual({ DONE: 1, VERSION_CONFLICT: 7 });
    const winner = answers.find(({ payload }) => payload)!.payload.account.legalName;
    expect(await rowOf(t, 'account', accountId)).toMatchObject({ legal_name: winner, version: 2 });
  });

  it('is done one after the other for those who race without a version, and the trail chains', async () => {
    const accountId = await givenAccount(t);
    const { answer: answers, events } = await eventsOf(t, () =>
      Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          t.as('billing').mutate('changeAccount', { accountId, legalName: `Racer ${index}` }),
        ),
      ),
    );
    expect(tally(answers)).toEqual({ DONE: 6 });
    const row = await rowOf(t, 'account', accountId);
    expect(row.version).toBe(7);
    const steps = new Map(events.map(({ changes }) => [changes[0].before, changes[0].after]));
    let name = 'Test Client Ltd';
    for (let step = 0; step < 6; step += 1) name = steps.get(name);
    expect(name).toBe(row.legal_name);
  });

  it('refuses the approval when the account moved meanwhile', async () => {
    const accountId = await givenAccount(t);
    const request = await proposed(t, 'operations', 'changeAccount', { accountId, taxId: 'NEW-12345' });
    await t.as('billing').mutate('changeAccount', { accountId, legalName: 'Moved' });
    const late = await approve(t, request);
    expect(late.code).toBe('CHANGE_REQUEST_STALE');
    expect(late.errors[0]!.extensions.details!.moved).toEqual([{ type: 'Account', id: accountId, seen: 1, now: 2 }]);
    expect(await rowOf(t, 'change_request', request.id)).toMatchObject({ status: 'STALE', approved_by_id: null });
    expect(await rowOf(t, 'account', accountId)).toMatchObject({ legal_name: 'Moved', version: 2 });
  });
});
