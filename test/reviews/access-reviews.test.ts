import { createHash } from 'node:crypto';
import { remedyAccessReviews } from '../../src/reviews/remedy-access-reviews';
import { ApiClient, startTestApp, type TestApp } from '../support/app';
import type { CastName } from '../support/cast';
import { approve, countersigned, eventsOf, expectRefused, NOBODYS_ID, rowOf, tally } from '../support/outcomes';
import { givenAccount } from '../support/scene';

let t: TestApp;
let accountId: string;
beforeAll(async () => {
  t = await startTestApp();
  accountId = await givenAccount(t);
  const grant = { userId: id('stranger'), role: 'billing', accountId, reason: 'one client' };
  await countersigned(t, 'admin', 'grantRole', grant, 'compliance');
  await t.signInAnew('stranger');
});
afterEach(async () => {
  t.clock.at = null;
  await t.rewind('DELETE FROM access_review_item');
  await t.rewind('DELETE FROM access_review');
  await t.rewind('UPDATE app_user SET person_id = NULL');
});
afterAll(() => t.close());

const id = (who: CastName) => t.as(who).userId;
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const campaign = (more: object = {}) => ({
  name: 'Third quarter',
  dueAt: inDays(10),
  reviewerId: id('compliance'),
  deputyId: id('admin2'),
  reviewers: [{ accountId, reviewerId: id('supervisor') }],
  reason: 'quarterly',
  ...more,
});
async function started(more: object = {}): Promise<string> {
  const { payload, errors } = await t.as('admin').mutate('startAccessReview', campaign(more), 'accessReview { id }');
  expect(errors).toEqual([]);
  return payload.accessReview.id as string;
}
const itemOf = async (who: CastName): Promise<Record<string, any>> =>
  (await t.sql('SELECT * FROM access_review_item WHERE user_id = $1 ORDER BY id DESC LIMIT 1', [id(who)]))[0]!;
const said = (itemId: string, verdict: string, more: object = {}) => ({
  accessReviewItemId: itemId,
  verdict,
  reason: 'looked at',
  ...more,
});
const decide = (who: CastName, itemId: string, verdict: string, more: object = {}) =>
  t.as(who).mutate('decideAccessReviewItem', said(itemId, verdict, more), 'outcome accessReviewItem { verdict }');
const work = () => remedyAccessReviews.run(t.served.app, {}, AbortSignal.timeout(60_000));
/** Everything that is still open, kept by whoever is asked. */
async function keepTheRest(): Promise<void> {
  const names: CastName[] = ['compliance', 'admin2', 'supervisor'];
  for (const { id: itemId, reviewer_id: reviewer } of await t.sql(
    'SELECT * FROM access_review_item WHERE verdict IS NULL',
  ))
    expect(
      (
        await decide(
          names.find((each) => id(each) === reviewer)!,
          itemId as string,
          'KEEP',
        )
      ).errors,
    ).toEqual([]);
}
const refused = (code: string, mutation: string, operation: string, input: object, as: CastName) =>
  expectRefused(t, { as, mutation, operation, input, code });

describe('accessReview.start', () => {
  it('takes down who has what: over what, since when, by whom, last used, and who is asked', async () => {
    await t.as('stranger').mutate('draftInvoice', { accountId, lines: [], dueInDays: 1 }, 'outcome');
    const { answer: reviewId, events } = await eventsOf(t, () => started());
    const active = await t.sql(
      `SELECT id FROM role_grant WHERE revoked_at IS NULL UNION ALL SELECT id FROM api_key WHERE revoked_at IS NULL`,
    );
    const items = await t.sql('SELECT * FROM access_review_item WHERE access_review_id = $1', [reviewId]);
    expect(items).toHaveLength(active.length);
    expect(await itemOf('stranger')).toMatchObject({
      role: 'billing',
      account_id: accountId,
      granted_by_id: id('admin'),
      last_used_at: expect.any(Date),
      reviewer_id: id('supervisor'),
      verdict: null,
    });
    expect(await itemOf('billing')).toMatchObject({ account_id: null, reviewer_id: id('compliance') });
    expect(await itemOf('compliance')).toMatchObject({ reviewer_id: id('admin2') });
    expect(events).toMatchObject([{ action: 'accessReview.started', actor: id('admin'), reason: 'quarterly' }]);
    const { data } = await t.as('auditor').gql('{ accessReviews { nodes { name itemCount undecidedCount open } } }');
    expect(data!.accessReviews.nodes).toEqual([
      { name: 'Third quarter', itemCount: items.length, undecidedCount: items.length, open: true },
    ]);
  });

  it('asks the deputy where a reviewer would look at another user of their own', async () => {
    await t.rewind('UPDATE app_user SET person_id = $2 WHERE id = $1', [id('billing2'), id('compliance')]);
    await started();
    expect((await itemOf('billing2')).reviewer_id).toBe(id('admin2'));
  });

  const refusals: [string, () => object, string][] = [
    ['a reviewer who is not there', () => ({ reviewerId: NOBODYS_ID }), 'NOT_FOUND'],
    ['an end that has passed', () => ({ dueAt: '2020-01-01T00:00:00Z' }), 'ACCESS_REVIEW_PERIOD_INVALID'],
    ['a deputy who is the same person', () => ({ deputyId: id('compliance') }), 'REVIEWER_UNFIT'],
  ];
  it.each(refusals)('refuses %s', async (_what, more, code) => {
    await refused(code, 'startAccessReview', 'accessReview.start', campaign(more()), 'admin');
  });

  it('is not for everybody', async () => {
    await refused('FORBIDDEN', 'startAccessReview', 'accessReview.start', campaign(), 'supervisor');
  });
});

describe('accessReviewItem.decide', () => {
  it('is kept with who, when and why, once, also when it is raced', async () => {
    await started();
    const { id: itemId } = await itemOf('stranger');
    const answers = await Promise.all(['KEEP', 'REVOKE', 'KEEP'].map((each) => decide('supervisor', itemId, each)));
    expect(tally(answers)).toEqual({ DONE: 1, ACCESS_REVIEW_ITEM_DECIDED: 2 });
    expect(await itemOf('stranger')).toMatchObject({
      decided_by_id: id('supervisor'),
      decided_at: expect.any(Date),
      reason: 'looked at',
      version: 2,
    });
    await expect(
      t.apiSql(`UPDATE access_review_item SET verdict = 'KEEP', reason = 'x' WHERE id = $1`, [itemId]),
    ).rejects.toThrow('set once');
  });

  it('is for whoever is asked alone, and they see what they are asked about alone', async () => {
    await started();
    const { id: itemId } = await itemOf('stranger');
    await refused('FORBIDDEN', 'decideAccessReviewItem', 'accessReviewItem.decide', said(itemId, 'KEEP'), 'admin');
    await refused('NOT_FOUND', 'decideAccessReviewItem', 'accessReviewItem.decide', said(itemId, 'KEEP'), 'billing');
    const { data } = await t.as('supervisor').gql('{ accessReviewItems { totalCount nodes { id } } }');
    expect(data!.accessReviewItems).toEqual({ totalCount: 1, nodes: [{ id: itemId }] });
  });

  it('is refused to whoever turned out to be the same person, and the database holds that, too', async () => {
    await started();
    const { id: itemId } = await itemOf('stranger');
    await t.rewind('UPDATE app_user SET person_id = $2 WHERE id = $1', [id('stranger'), id('supervisor')]);
    const input = said(itemId, 'KEEP');
    await refused('REVIEW_OF_OWN', 'decideAccessReviewItem', 'accessReviewItem.decide', input, 'supervisor');
    await expect(
      t.apiSql(
        `UPDATE access_review_item SET verdict = 'KEEP', reason = 'x', decided_at = now(), decided_by_id = $2 WHERE id = $1`,
        [itemId, id('supervisor')],
      ),
    ).rejects.toMatchObject({ constraint: 'access_review_item_reviewed_by_same_person' });
  });

  it('refuses what reduces nothing, what widens, and an answer that comes too late', async () => {
    await started();
    const { id: itemId } = await itemOf('stranger');
    const other = await givenAccount(t);
    const cases: [string, object][] = [
      ['REDUCE', {}],
      ['REDUCE', { accountId }],
      ['REDUCE', { accountId: other }],
      ['REDUCE', { accountId, endsAt: '2020-01-01T00:00:00Z' }],
      ['KEEP', { accountId }],
    ];
    for (const [verdict, more] of cases)
      expect((await decide('supervisor', itemId, verdict, more)).code).toBe('REDUCTION_INVALID');
    t.clock.at = new Date(inDays(11));
    expect((await decide('supervisor', itemId, 'KEEP')).code).toBe('ACCESS_REVIEW_OVER');
  });
});

describe('what follows', () => {
  it('is proposed once as a change request of whoever started it, and takes the role away when somebody else approves', async () => {
    await started();
    const item = await itemOf('billing2');
    await decide('compliance', item.id as string, 'REVOKE');
    const { events } = await eventsOf(t, () => Promise.all([work(), work()]));
    expect(events.map(({ action }) => String(action)).toSorted()).toEqual([
      'accessReviewItem.remedied',
      'changeRequest.proposed',
    ]);
    const { change_request_ids: requests, remedy_code: code } = await itemOf('billing2');
    expect(code).toBeNull();
    const request = await rowOf(t, 'change_request', requests[0]);
    expect(request).toMatchObject({ operation: 'role.revoke', maker_id: id('admin'), status: 'PENDING' });
    const waiting = { id: requests[0], revision: request.revision, digest: request.digest };
    expect((await approve(t, waiting, 'admin')).code).toBe('MAKER_IS_CHECKER');
    expect((await approve(t, waiting, 'compliance')).payload.outcome).toBe('DONE');
    expect((await rowOf(t, 'role_grant', item.role_grant_id as string)).revoked_at).not.toBeNull();
    expect((await eventsOf(t, work)).events).toEqual([]);
    await t.rewind('UPDATE role_grant SET revoked_at = NULL, revoked_by_id = NULL WHERE id = $1', [item.role_grant_id]);
  });

  it('leaves less: the narrower grant, and no more of the wider one', async () => {
    await started();
    const item = await itemOf('billing2');
    await decide('compliance', item.id as string, 'REDUCE', { accountId, endsAt: '2998-01-01T00:00:00Z' });
    await work();
    const { change_request_ids: requests } = await itemOf('billing2');
    const rows = await t.sql('SELECT operation, input_shown FROM change_request WHERE id = ANY ($1) ORDER BY id', [
      requests,
    ]);
    expect(rows.map(({ operation }) => operation)).toEqual(['role.grant', 'role.revoke']);
    expect(rows[0]!.input_shown).toMatchObject({ accountId, role: 'billing', endsAt: '2998-01-01T00:00:00.000Z' });
  });

  it('is revoke where nobody answered by the due date, as of then, and the campaign is closed with its evidence', async () => {
    const reviewId = await started();
    const dueAt = (await rowOf(t, 'access_review', reviewId)).due_at as Date;
    await decide('supervisor', (await itemOf('stranger')).id as string, 'KEEP');
    t.clock.at = new Date(dueAt.getTime() - 1);
    await work();
    expect((await rowOf(t, 'access_review', reviewId)).closed_at).toBeNull();
    t.clock.at = new Date(dueAt.getTime() + 3_600_000);
    await work();
    expect(await itemOf('operations')).toMatchObject({
      verdict: 'REVOKE',
      decided_by_id: null,
      decided_at: dueAt,
      remedied_at: expect.any(Date),
    });
    expect((await itemOf('stranger')).verdict).toBe('KEEP');
    expect((await rowOf(t, 'access_review', reviewId)).closed_at).toEqual(dueAt);
    await expect(
      t.apiSql(
        `UPDATE access_review_item SET verdict = 'KEEP', reason = 'x', decided_at = now() WHERE access_review_id = $1`,
        [reviewId],
      ),
    ).rejects.toThrow();
  });
});

describe('accessReview.close', () => {
  it('waits for every answer, and then keeps evidence that the trail vouches for and an auditor can sample', async () => {
    const reviewId = await started();
    const close = { accessReviewId: reviewId, reason: 'all answered' };
    await refused('ACCESS_REVIEW_UNDECIDED', 'closeAccessReview', 'accessReview.close', close, 'admin');
    const evidence = (format: string) =>
      t
        .as('auditor')
        .gql(`{ accessReviewEvidence(accessReviewId: "${reviewId}", format: ${format}) { content digest } }`);
    expect((await evidence('JSON')).code).toBe('ACCESS_REVIEW_OPEN');
    await keepTheRest();
    const { events } = await eventsOf(t, () => t.as('admin').mutate('closeAccessReview', close, 'outcome'));
    const [told] = events;
    expect(told).toMatchObject({ action: 'accessReview.closed', actor: id('admin') });
    for (const [format, path] of [
      ['JSON', 'jsonDigest'],
      ['CSV', 'csvDigest'],
    ] as const) {
      const { content, digest } = (await evidence(format)).data!.accessReviewEvidence;
      expect(
        createHash('sha256')
          .update(content as string)
          .digest('hex'),
      ).toBe(digest);
      expect(told!.changes).toContainEqual({ path, before: null, after: digest });
      expect(content).toContain(id('stranger'));
    }
    const all = JSON.parse((await evidence('JSON')).data!.accessReviewEvidence.content as string).items as {
      id: string;
    }[];
    const sample = async (seed: string) => {
      const { data } = await t
        .as('auditor')
        .gql(`{ accessReviewSample(accessReviewId: "${reviewId}", seed: "${seed}", size: 3) { content } }`);
      return (JSON.parse(data!.accessReviewSample.content as string).items as { id: string }[]).map((each) => each.id);
    };
    const [one, again, other] = [await sample('2026-a'), await sample('2026-a'), await sample('b')];
    expect(one).toHaveLength(3);
    expect(one).toEqual(again);
    expect(one).not.toEqual(other);
    expect(all.map((each) => each.id)).toEqual(expect.arrayContaining(one));
    await refused('ACCESS_REVIEW_OVER', 'closeAccessReview', 'accessReview.close', close, 'admin');
  });
});

describe('keys of systems', () => {
  interface System {
    keyId: string;
    userId: string;
    bearer: ApiClient;
  }

  /** A system with a role and a key that works, and that was used. */
  async function givenSystem(name: string): Promise<System> {
    const input = { name, scopes: ['account.read', 'invoice.read'], reason: 'imports usage' };
    const { result } = await countersigned(t, 'admin', 'createApiKey', input, 'compliance');
    const { user_id: userId } = await rowOf(t, 'api_key', result.apiKey as string);
    await countersigned(t, 'admin', 'grantRole', { userId, role: 'billing', reason: 'imports usage' }, 'compliance');
    const { payload } = await t.as('admin').mutate('drawApiKeySecret', { apiKeyId: result.apiKey }, 'secret');
    const bearer = new ApiClient(t.served, payload.secret as string, userId as string);
    await bearer.gql('{ accounts { totalCount } }');
    await t.rewind(`UPDATE session SET last_seen_at = '2026-05-05' WHERE id = $1`, [result.apiKey]);
    return { keyId: result.apiKey as string, userId: userId as string, bearer };
  }
  const itemsOf = (userId: string): Promise<Record<string, any>[]> =>
    t.sql('SELECT * FROM access_review_item WHERE user_id = $1 ORDER BY api_key_id NULLS FIRST', [userId]);
  const reads = async ({ bearer }: System) => (await bearer.gql('{ accounts { totalCount } }')).code ?? 'let in';

  it('are looked at with their scopes, beside what their systems are granted; those that work no more are not', async () => {
    const system = await givenSystem('Reviewed');
    const revoked = await givenSystem('Gone');
    await t.as('admin').mutate('revokeApiKey', { apiKeyId: revoked.keyId, reason: 'over' }, 'outcome');
    await started();
    const [grant, key] = await itemsOf(system.userId);
    expect(grant).toMatchObject({ role: 'billing', api_key_id: null, scopes: null, reviewer_id: id('compliance') });
    expect(key).toMatchObject({
      role_grant_id: null,
      role: null,
      api_key_id: system.keyId,
      scopes: ['account.read', 'invoice.read'],
      ends_at: expect.any(Date),
      granted_by_id: id('admin'),
      last_used_at: new Date('2026-05-05'),
      reviewer_id: id('compliance'),
    });
    expect((await itemsOf(revoked.userId)).filter(({ api_key_id: each }) => each !== null)).toEqual([]);
    const FIELDS = 'role scopes apiKey { name scopes } roleGrant { id }';
    const { data } = await t
      .as('compliance')
      .gql(`{ accessReviewItems(filter: { userId: "${system.userId}" }) { nodes { ${FIELDS} } } }`);
    expect(data!.accessReviewItems.nodes).toContainEqual({
      role: null,
      scopes: ['account.read', 'invoice.read'],
      apiKey: { name: 'Reviewed', scopes: ['account.read', 'invoice.read'] },
      roleGrant: null,
    });
  });

  it('are not looked at by whoever made them, and drew their secret: under no user of theirs, and the database holds that, too', async () => {
    const { userId } = await givenSystem('Own');
    await started({ reviewerId: id('admin'), deputyId: id('compliance') });
    const [grant, key] = await itemsOf(userId);
    expect([grant!.reviewer_id, key!.reviewer_id]).toEqual([id('admin'), id('compliance')]);
    await t.rewind('UPDATE app_user SET person_id = $2 WHERE id = $1', [id('compliance'), id('admin')]);
    const input = said(key!.id as string, 'KEEP');
    await refused('REVIEW_OF_OWN', 'decideAccessReviewItem', 'accessReviewItem.decide', input, 'compliance');
    await expect(
      t.apiSql(
        `UPDATE access_review_item SET verdict = 'KEEP', reason = 'x', decided_at = now(), decided_by_id = $2 WHERE id = $1`,
        [key!.id, id('compliance')],
      ),
    ).rejects.toMatchObject({ constraint: 'access_review_item_reviewed_by_same_person' });
  });

  it('are kept or revoked, and not reduced: revoked by a change request that a third person approves, once', async () => {
    const [kept, over] = [await givenSystem('Kept'), await givenSystem('Over')];
    await started();
    const [keptItem, overItem] = [(await itemsOf(kept.userId))[1]!, (await itemsOf(over.userId))[1]!];
    const reduce = { endsAt: inDays(5) };
    expect((await decide('compliance', overItem.id as string, 'REDUCE', reduce)).code).toBe('REDUCTION_INVALID');
    const { events: answered } = await eventsOf(t, async () => {
      expect((await decide('compliance', keptItem.id as string, 'KEEP')).errors).toEqual([]);
      expect((await decide('compliance', overItem.id as string, 'REVOKE')).errors).toEqual([]);
    });
    expect(answered[1]).toMatchObject({
      action: 'accessReviewItem.decided',
      actor: id('compliance'),
      changes: [
        { path: 'apiKey', before: over.keyId, after: over.keyId },
        { path: 'verdict', before: null, after: 'REVOKE' },
      ],
    });
    await Promise.all([work(), work()]);
    const [requestId, ...more] = (await rowOf(t, 'access_review_item', overItem.id as string))
      .change_request_ids as string[];
    expect(more).toEqual([]);
    const request = await rowOf(t, 'change_request', requestId!);
    expect(request).toMatchObject({ operation: 'apiKey.revoke', maker_id: id('admin'), status: 'PENDING' });
    expect(await reads(over)).toBe('let in');
    const waiting = { id: requestId!, revision: request.revision, digest: request.digest };
    expect((await approve(t, waiting, 'compliance')).payload.outcome).toBe('DONE');
    expect([await reads(over), await reads(kept)]).toEqual(['UNAUTHENTICATED', 'let in']);
    expect((await rowOf(t, 'api_key', over.keyId)).revoked_at).not.toBeNull();
  });

  it('are revoked where nobody answered, and stand in the evidence with their scopes', async () => {
    const { userId, keyId } = await givenSystem('Unanswered');
    const reviewId = await started();
    t.clock.at = new Date(((await rowOf(t, 'access_review', reviewId)).due_at as Date).getTime() + 1);
    await work();
    const [, item] = await itemsOf(userId);
    expect(item).toMatchObject({ verdict: 'REVOKE', decided_by_id: null, remedied_at: expect.any(Date) });
    const evidence = async (format: string) => {
      const { data } = await t
        .as('auditor')
        .gql(`{ accessReviewEvidence(accessReviewId: "${reviewId}", format: ${format}) { content digest } }`);
      return data!.accessReviewEvidence as { content: string; digest: string };
    };
    const { content, digest } = await evidence('JSON');
    expect(createHash('sha256').update(content).digest('hex')).toBe(digest);
    expect(JSON.parse(content).items).toContainEqual(
      expect.objectContaining({ apiKeyId: keyId, scopes: 'account.read invoice.read', role: null, verdict: 'REVOKE' }),
    );
    const csv = await evidence('CSV');
    expect(csv.content.split('\n', 1)[0]).toMatch(/,apiKeyId,scopes$/);
    expect(csv.content).toContain(`,${keyId},account.read invoice.read\n`);
    expect((await rowOf(t, 'access_review', reviewId)).csv_digest).toBe(csv.digest);
  });
});
