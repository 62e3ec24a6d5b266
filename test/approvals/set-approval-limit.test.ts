import { startTestApp, type TestApp } from '../support/app';
import { approve, countersigned, eventsOf, expectRefused, NOBODYS_ID, proposed, tally } from '../support/outcomes';
import { asOnePerson, unlimited } from './limits';
import { requestRow } from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());
afterEach(() => unlimited(t));

const input = (more: object = {}) => ({
  userId: t.as('supervisor').userId,
  currency: 'USD',
  perRequest: '100.5',
  perDay: '1000',
  reason: 'by grade',
  ...more,
});
const rows = () => t.sql('SELECT user_id, currency, per_request_minor, per_day_minor, version FROM approval_limit');
const refused = (code: string, more: object, as: 'admin' | 'compliance' | 'supervisor' = 'admin') =>
  expectRefused(t, { as, mutation: 'setApprovalLimit', operation: 'approvalLimit.set', input: input(more), code });

describe('approvalLimit.set', () => {
  it('sets what somebody may say yes to, once somebody else approved it', async () => {
    const request = await proposed(t, 'admin', 'setApprovalLimit', input());
    expect(await rows()).toEqual([]);
    const { events } = await eventsOf(t, () => approve(t, request, 'compliance'));
    const [admin, compliance, userId] = (['admin', 'compliance', 'supervisor'] as const).map((who) => t.as(who).userId);
    expect(await rows()).toEqual([
      { user_id: userId, currency: 'USD', per_request_minor: '10050', per_day_minor: '100000', version: 1 },
    ]);
    expect(events.map(({ action, actor, onBehalfOf, changes }) => ({ action, actor, onBehalfOf, changes }))).toEqual([
      {
        action: 'approvalLimit.set',
        actor: compliance,
        onBehalfOf: admin,
        changes: [
          { path: 'user', before: null, after: userId },
          { path: 'perRequest', before: null, after: { amount: '100.50', currency: 'USD' } },
          { path: 'perDay', before: null, after: { amount: '1000.00', currency: 'USD' } },
        ],
      },
      expect.objectContaining({ action: 'changeRequest.approved' }),
    ]);
  });

  it('changes the one row there is, and takes an amount away', async () => {
    const first = await countersigned(t, 'admin', 'setApprovalLimit', input(), 'admin2');
    const second = await countersigned(
      t,
      'admin',
      'setApprovalLimit',
      input({ perDay: null, perRequest: '7' }),
      'admin2',
    );
    expect(second.result).toEqual(first.result);
    expect(await rows()).toMatchObject([{ per_request_minor: '700', per_day_minor: null, version: 2 }]);
    await countersigned(
      t,
      'admin',
      'setApprovalLimit',
      input({ currency: 'JPY', perRequest: '7', perDay: '9' }),
      'admin2',
    );
    const query = `query ($filter: ApprovalLimitFilter) { approvalLimits(filter: $filter) { nodes { user { id } currency perRequest { amount } perDay { amount } } } }`;
    const read = async (filter: object) =>
      (await t.as('auditor').gql(query, { filter })).data!.approvalLimits.nodes as object[];
    expect(await read({ currency: 'USD' })).toEqual([
      { user: { id: input().userId }, currency: 'USD', perRequest: { amount: '7.00' }, perDay: null },
    ]);
    expect(await read({ userId: input().userId })).toHaveLength(2);
    expect(await read({ userId: t.as('admin').userId })).toEqual([]);
  });

  it('is refused', async () => {
    await refused('FORBIDDEN', {}, 'compliance');
    await refused('FORBIDDEN', {}, 'supervisor');
    await refused('NOT_FOUND', { userId: NOBODYS_ID });
    await refused('LIMIT_OF_OWN', { userId: t.as('admin').userId });
    await asOnePerson(t, 'supervisor', 'admin', () => refused('LIMIT_OF_OWN', {}));
    await refused('CURRENCY_UNKNOWN', { currency: 'XAU' });
    await refused('CURRENCY_UNKNOWN', { currency: 'XAU', perRequest: null, perDay: null });
    await refused('AMOUNT_INVALID', { currency: 'JPY' });
    await refused('AMOUNT_INVALID', { perRequest: '0.001' });
    await refused('AMOUNT_INVALID', { perDay: '-0.01' });
    await countersigned(t, 'admin', 'setApprovalLimit', input(), 'admin2');
    await refused('NOTHING_TO_CHANGE', {});
    await refused('VERSION_CONFLICT', { perDay: null, expectedVersion: 2 });
  });

  it('nobody approves a limit of their own, and it waits on for somebody else', async () => {
    const request = await proposed(t, 'admin', 'setApprovalLimit', input({ userId: t.as('admin2').userId }));
    expect((await approve(t, request, 'admin2')).code).toBe('LIMIT_OF_OWN');
    await asOnePerson(t, 'compliance', 'admin2', async () =>
      expect((await approve(t, request, 'compliance')).code).toBe('LIMIT_OF_OWN'),
    );
    expect(await requestRow(t, request.id)).toMatchObject({ status: 'PENDING' });
    expect((await approve(t, request, 'compliance')).errors).toEqual([]);
  });

  it('raced: two first limits of one user and currency leave one row', async () => {
    for (let round = 0; round < 5; round += 1) {
      await unlimited(t);
      const requests = [
        await proposed(t, 'admin', 'setApprovalLimit', input({ perDay: '1' })),
        await proposed(t, 'admin', 'setApprovalLimit', input({ perDay: '2' })),
      ];
      const answers = await Promise.all([approve(t, requests[0]!, 'compliance'), approve(t, requests[1]!, 'admin2')]);
      const { DONE, ...lost } = tally(answers);
      expect(DONE).toBe(1);
      expect(['CHANGE_REQUEST_STALE', 'CHANGE_REQUEST_FAILED']).toContain(Object.keys(lost)[0]);
      expect(await rows()).toHaveLength(1);
    }
  });

  it('repeated under one key it is proposed once', async () => {
    const once = input({ idempotencyKey: 'limit-1', perDay: '3' });
    const first = await proposed(t, 'admin', 'setApprovalLimit', once);
    expect(await proposed(t, 'admin', 'setApprovalLimit', once)).toEqual(first);
  });
});
