import { startTestApp, type TestApp } from '../support/app';
import { eventsOf, NOBODYS_ID, stateOf, type Waiting } from '../support/outcomes';
import { freshCode, givenAccount, trail } from '../support/scene';
import { decisionsOn, givenProposedVoid, proposedBankChange, requestRow } from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ DATABASE_POOL: '10' });
});
afterAll(() => t.close());

const seen = ({ id, revision, digest }: Waiting, decision: string, comment?: string) => ({
  id,
  revision,
  digest,
  decision,
  ...(comment !== undefined && { comment }),
});

const decide = (decisions: object[], more: object = {}, as: 'supervisor' | 'billing' = 'supervisor') =>
  t.as(as).mutate('decideChangeRequests', { decisions, ...more }, 'results { id ok code }');

const changes = async (count: number): Promise<Waiting[]> => {
  const requests: Waiting[] = [];
  for (let n = 0; n < count; n += 1) requests.push(await proposedBankChange(t, await givenAccount(t)));
  return requests;
};

describe('decideChangeRequests', () => {
  it('decides each by itself: yes, no, not like this, and what cannot be decided is told in its place', async () => {
    const [yes, no, back, moved, over] = (await changes(5)) as [Waiting, Waiting, Waiting, Waiting, Waiting];
    await t.as('operations').mutate('withdrawChangeRequest', { id: over.id });
    const { payload, errors } = await decide([
      seen(yes, 'APPROVED', 'fine'),
      seen(no, 'REJECTED', 'not that bank'),
      seen(back, 'RETURNED', 'which branch?'),
      seen({ ...moved, digest: '0'.repeat(64) }, 'APPROVED'),
      seen(over, 'APPROVED'),
      seen({ ...over, id: NOBODYS_ID }, 'APPROVED'),
    ]);
    expect(errors).toEqual([]);
    expect(payload.results).toEqual([
      { id: yes.id, ok: true, code: null },
      { id: no.id, ok: true, code: null },
      { id: back.id, ok: true, code: null },
      { id: moved.id, ok: false, code: 'CHANGE_REQUEST_MOVED' },
      { id: over.id, ok: false, code: 'CHANGE_REQUEST_NOT_PENDING' },
      { id: NOBODYS_ID, ok: false, code: 'NOT_FOUND' },
    ]);
    const statuses = await Promise.all([yes, no, back, moved].map(async ({ id }) => (await requestRow(t, id)).status));
    expect(statuses).toEqual(['EXECUTED', 'REJECTED', 'RETURNED', 'PENDING']);
    expect(await decisionsOn(t, yes.id)).toMatchObject([
      { decided_by_id: t.as('supervisor').userId, verdict: 'APPROVED' },
    ]);
    expect((await trail(t, 'change_request_id = $1', [no.id])).at(-1)).toMatchObject({
      action: 'changeRequest.rejected',
      actor: t.as('supervisor').userId,
      reason: 'not that bank',
    });
    expect((await trail(t, `outcome = 'REFUSED' AND change_request_id = $1`, [moved.id])).at(-1)).toMatchObject({
      action: 'changeRequest.approve',
      code: 'CHANGE_REQUEST_MOVED',
    });
  });

  it('a no without a reason is none, and leaves its event like any refusal', async () => {
    const [request] = (await changes(1)) as [Waiting];
    const { answer, events } = await eventsOf(t, () => decide([seen(request, 'REJECTED')]));
    expect(answer.payload.results).toEqual([{ id: request.id, ok: false, code: 'BAD_USER_INPUT' }]);
    expect(events).toMatchObject([{ action: 'changeRequest.reject', outcome: 'REFUSED', code: 'BAD_USER_INPUT' }]);
    expect((await requestRow(t, request.id)).status).toBe('PENDING');
  });

  it('nobody decides their own in a crowd', async () => {
    const own = await givenProposedVoid(t);
    const [other] = (await changes(1)) as [Waiting];
    const { code } = await decide([seen(own, 'APPROVED'), seen(other, 'APPROVED')], {}, 'billing');
    expect(code).toBe('FORBIDDEN');
    const { payload } = await t
      .as('admin')
      .mutate('grantRole', { userId: t.as('stranger').userId, role: 'auditor', reason: 'a new colleague' });
    const answer = await t
      .as('admin')
      .mutate('decideChangeRequests', { decisions: [seen(payload.changeRequest, 'APPROVED')] }, 'results { ok code }');
    expect(answer.payload.results).toEqual([{ ok: false, code: 'MAKER_IS_CHECKER' }]);
  });

  it('repeated with its key, each is decided once and answered alike', async () => {
    const requests = await changes(3);
    const decisions = requests.map((request) => seen(request, 'APPROVED'));
    const key = { idempotencyKey: freshCode('K') };
    const answers = [await decide(decisions, key), await decide(decisions, key)];
    for (const { payload } of answers)
      expect(payload.results.map(({ ok }: { ok: boolean }) => ok)).toEqual([true, true, true]);
    for (const { id } of requests) expect(await decisionsOn(t, id)).toHaveLength(1);
  });

  it('raced by two approvers, each request is carried out once', async () => {
    const requests = await changes(8);
    const decisions = requests.map((request) => seen(request, 'APPROVED'));
    const both = await Promise.all(
      (['supervisor', 'supervisor2'] as const).map((as) =>
        t.as(as).mutate('decideChangeRequests', { decisions }, 'results { ok code }'),
      ),
    );
    requests.forEach((_, at) => {
      const outcomes = both.map(({ payload }) => (payload.results[at].code ?? 'DECIDED') as string);
      expect(new Set(outcomes)).toEqual(new Set(['CHANGE_REQUEST_NOT_PENDING', 'DECIDED']));
    });
    for (const { id } of requests) expect(await decisionsOn(t, id)).toHaveLength(1);
  });

  it.each([
    ['none', 0],
    ['more than 500', 501],
  ])('refuses %s, and nothing changes', async (_what, count) => {
    const before = await stateOf(t);
    const decisions = Array.from({ length: count }, (_, n) =>
      seen({ id: NOBODYS_ID.replace(/.{4}$/, String(1000 + n)), revision: 1, digest: '0'.repeat(64) }, 'APPROVED'),
    );
    expect((await decide(decisions)).code).toBe('BAD_USER_INPUT');
    expect(await stateOf(t)).toEqual(before);
  });

  it('refuses two decisions on one', async () => {
    const [request] = (await changes(1)) as [Waiting];
    expect((await decide([seen(request, 'APPROVED'), seen(request, 'REJECTED', 'no')])).code).toBe('BAD_USER_INPUT');
  });
});
