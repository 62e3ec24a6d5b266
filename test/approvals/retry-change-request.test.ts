import { startTestApp, type TestApp } from '../support/app';
import type { CastName } from '../support/cast';
import {
  approve,
  eventsOf,
  expectRefused,
  NOBODYS_ID,
  proposed,
  type Refusal,
  rowOf,
  tally,
  type Waiting,
} from '../support/outcomes';
import { givenAccount, trail } from '../support/scene';
import { decisionsOn, givenProposedVoid, later, requestRow, withoutRole, withSteps } from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const seen = ({ id, revision, digest }: Waiting, more: object = {}) => ({ id, revision, digest, ...more });
const retry = (as: CastName, request: Waiting, more: object = {}) =>
  t.as(as).mutate('retryChangeRequest', seen(request, more), 'outcome changeRequest { status failureCode closedAt }');
const refused = (as: Refusal['as'], input: object, code: string, details?: Record<string, unknown>) =>
  expectRefused(t, {
    as,
    mutation: 'retryChangeRequest',
    operation: 'changeRequest.retry',
    input,
    code,
    ...(details && { details }),
  });

/** It was approved while its maker could do it no more, and so it failed. */
async function failing(request: Waiting, by: CastName = 'supervisor'): Promise<void> {
  await withoutRole(t, 'billing', 'billing', async () => {
    expect((await approve(t, request, by)).code).toBe('CHANGE_REQUEST_FAILED');
  });
  expect((await requestRow(t, request.id)).status).toBe('FAILED');
}

async function givenFailed() {
  const request = await givenProposedVoid(t);
  await failing(request);
  return request;
}

describe('changeRequest.retry', () => {
  it('FAILED, retried, approved: EXECUTED', async () => {
    const { invoiceId, ...request } = await givenFailed();
    const before = await requestRow(t, request.id);
    const { answer, events } = await eventsOf(t, () => retry('billing', request, { reason: 'I may again' }));
    expect(answer.errors).toEqual([]);
    expect(answer.payload).toEqual({
      outcome: 'DONE',
      changeRequest: { status: 'PENDING', failureCode: null, closedAt: null },
    });
    expect(await requestRow(t, request.id)).toEqual({
      ...before,
      version: before.version + 1,
      status: 'PENDING',
      closed_at: null,
      failure_code: null,
    });
    expect(events).toMatchObject([
      {
        action: 'changeRequest.retried',
        outcome: 'DONE',
        actor: t.as('billing').userId,
        reason: 'I may again',
        changeRequest: request.id,
        changes: [{ path: 'status', before: 'FAILED', after: 'PENDING' }],
      },
    ]);
    // The yes that failed was rolled back with the change: it is said anew.
    expect(await decisionsOn(t, request.id)).toEqual([]);
    expect((await approve(t, request)).payload.changeRequest.status).toBe('EXECUTED');
    expect((await rowOf(t, 'invoice', invoiceId)).status).toBe('VOIDED');
    expect((await trail(t, 'change_request_id = $1', [request.id])).map(({ action }) => action)).toEqual([
      'changeRequest.proposed',
      'changeRequest.approve',
      'changeRequest.retried',
      'invoice.voided',
      'changeRequest.approved',
    ]);
  });

  it('FAILED, retried, and what was amiss still is: FAILED', async () => {
    const request = await givenFailed();
    expect((await retry('supervisor2', request)).errors).toEqual([]);
    await failing(request, 'supervisor2');
    expect((await retry('supervisor', request)).errors).toEqual([]);
    await failing(request);
    expect((await rowOf(t, 'invoice', request.invoiceId)).status).toBe('ISSUED');
  });

  it('what others said before still counts', async () => {
    const request = await withSteps(t, 'invoice.void', [{ roles: ['supervisor'], quorum: 2 }], () =>
      givenProposedVoid(t),
    );
    await approve(t, request, 'supervisor');
    await failing(request, 'supervisor2');
    // Whoever has decided it may not do so again, and so does not try it again.
    await refused('supervisor', seen(request), 'DECISION_REPEATED');
    expect((await retry('supervisor2', request)).errors).toEqual([]);
    expect(await decisionsOn(t, request.id)).toHaveLength(1);
    expect((await approve(t, request, 'supervisor2')).payload.changeRequest.status).toBe('EXECUTED');
  });

  it('repeated under its key it is done once; raced, too', async () => {
    const [one, other] = [await givenFailed(), await givenFailed()];
    const ask = () => retry('billing', one, { idempotencyKey: `again-${one.id}` });
    expect(tally(await Promise.all([ask(), ask(), ask()]))).toEqual({ DONE: 3 });
    const answers = await Promise.all(
      (['billing', 'supervisor', 'supervisor2'] as const).map((who) => retry(who, other)),
    );
    expect(tally(answers)).toEqual({ DONE: 1, CHANGE_REQUEST_NOT_FAILED: 2 });
    expect(await trail(t, `action = 'changeRequest.retried' AND subject_id = $1`, [other.id])).toHaveLength(1);
  });

  describe('where fields alone have to be fresh', () => {
    const withFreshness = async <T>(work: () => Promise<T>): Promise<T> => {
      const set = (freshness: string) =>
        t.sql(`UPDATE approval_policy SET freshness = $1, when_fields = NULL WHERE operation = 'account.change'`, [
          freshness,
        ]);
      await set('FIELDS');
      try {
        return await work();
      } finally {
        await set('ROW');
      }
    };

    it('a row that moved elsewhere is no obstacle; one whose fields moved is', async () => {
      const failed = async () => {
        const accountId = await givenAccount(t);
        const request = await withFreshness(() =>
          proposed(t, 'billing', 'changeAccount', { accountId, legalName: 'New Name Ltd', reason: 'renamed' }),
        );
        await failing(request);
        return { accountId, request };
      };
      const elsewhere = await failed();
      await t.sql(`UPDATE account SET time_zone = 'UTC', version = version + 1 WHERE id = $1`, [elsewhere.accountId]);
      expect((await retry('billing', elsewhere.request)).errors).toEqual([]);
      expect((await approve(t, elsewhere.request)).payload.changeRequest.status).toBe('EXECUTED');
      const there = await failed();
      await t.sql(`UPDATE account SET legal_name = 'Other Ltd', version = version + 1 WHERE id = $1`, [
        there.accountId,
      ]);
      await refused('billing', seen(there.request), 'CHANGE_REQUEST_STALE');
      expect((await requestRow(t, there.request.id)).status).toBe('FAILED');
    });
  });

  describe('refuses, in this order', () => {
    it('UNAUTHENTICATED, FORBIDDEN, NOT_FOUND', async () => {
      const request = await givenFailed();
      await refused('nobody', seen(request), 'UNAUTHENTICATED');
      await refused('auditor', seen(request), 'FORBIDDEN');
      await refused('billing', seen({ ...request, id: NOBODYS_ID }), 'NOT_FOUND');
    });

    it('CHANGE_REQUEST_NOT_FAILED: what waits, or was carried out', async () => {
      const request = await givenProposedVoid(t);
      await refused('billing', seen(request), 'CHANGE_REQUEST_NOT_FAILED', { status: 'PENDING' });
      await approve(t, request);
      await refused('billing', seen(request), 'CHANGE_REQUEST_NOT_FAILED', { status: 'EXECUTED' });
    });

    it('PERSONAL_DATA_ERASED: nobody knows any more what it asked for', async () => {
      const request = await givenFailed();
      await t.sql(`UPDATE change_request SET input_sealed = '', input_shown = '{}' WHERE id = $1`, [request.id]);
      await refused('billing', seen(request), 'PERSONAL_DATA_ERASED');
    });

    it('CHANGE_REQUEST_EXPIRED: it stays FAILED', async () => {
      const request = await givenFailed();
      await later(t, 73, () => refused('billing', seen(request), 'CHANGE_REQUEST_EXPIRED'));
      expect((await requestRow(t, request.id)).status).toBe('FAILED');
    });

    it('NOT_AN_APPROVER: neither its maker nor somebody who may decide it', async () => {
      const request = await givenFailed();
      for (const who of ['billing2', 'operations', 'admin', 'compliance'] as const)
        await refused(who, seen(request), 'NOT_AN_APPROVER');
    });

    it('CHANGE_REQUEST_MOVED: another revision or digest', async () => {
      const request = await givenFailed();
      await refused('billing', seen(request, { revision: 2 }), 'CHANGE_REQUEST_MOVED');
      await refused('billing', seen(request, { digest: '0'.repeat(64) }), 'CHANGE_REQUEST_MOVED');
    });

    it('MAKER_NOT_ACTIVE: nobody is there to do it for', async () => {
      const request = await givenFailed();
      const set = (at: Date | null) =>
        t.rewind('UPDATE app_user SET deactivated_at = $2 WHERE id = $1', [t.as('billing').userId, at]);
      await set(new Date());
      await refused('supervisor', seen(request), 'MAKER_NOT_ACTIVE');
      await set(null);
    });

    it('CHANGE_REQUEST_STALE: a row that it is about has moved; it stays FAILED', async () => {
      const request = await givenFailed();
      await t.sql(`UPDATE invoice SET version = version + 1 WHERE id = $1`, [request.invoiceId]);
      await refused('billing', seen(request), 'CHANGE_REQUEST_STALE', {
        moved: [{ type: 'Invoice', id: request.invoiceId }],
      });
      expect((await requestRow(t, request.id)).status).toBe('FAILED');
    });
  });

  it('the API’s own login has nothing else about it change', async () => {
    const { id } = await givenFailed();
    const again = `UPDATE change_request SET status = 'PENDING', closed_at = NULL, failure_code = NULL`;
    for (const more of [`, expires_at = '2999-01-01'`, `, approver_roles = '{billing}'`, `, assignee_id = maker_id`])
      await expect(t.apiSql(`${again}${more} WHERE id = $1`, [id])).rejects.toMatchObject({
        code: expect.stringMatching(/^(23514|42501)$/),
      });
  });
});
