import { startTestApp, type TestApp } from '../support/app';
import type { CastName } from '../support/cast';
import { approve, eventsOf, expectRefused, NOBODYS_ID, type Refusal, rowOf, tally, times } from '../support/outcomes';
import { givenAccount } from '../support/scene';
import {
  decisionsOn,
  givenDelegation,
  givenProposedVoid,
  givenVoidFor,
  HOUR,
  later,
  proposedGrant,
  requestRow,
  withoutRole,
  withRole,
  withSteps,
} from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());
/** Nobody stands in for anybody in the next test. */
afterEach(() => t.rewind('DELETE FROM delegation'));

const inHours = (hours: number) => new Date(Date.now() + hours * HOUR).toISOString();
const to = (who: CastName, more: object = {}): Record<string, unknown> => ({
  delegateId: t.as(who).userId,
  endsAt: inHours(24),
  reason: 'on leave',
  ...more,
});
const refused = (as: Refusal['as'], input: object, code: string, details?: Record<string, unknown>) =>
  expectRefused(t, {
    as,
    mutation: 'delegateApprovals',
    operation: 'delegation.create',
    input,
    code,
    ...(details && { details }),
  });

describe('delegation.create', () => {
  it('has another stand in for whoever says so, for a time and over a scope', async () => {
    const accountId = await givenAccount(t);
    const input = to('supervisor2', {
      startsAt: inHours(1),
      operations: ['invoice.void'],
      accountIds: [accountId.toUpperCase()],
      outOfOffice: true,
    });
    const selection = `outcome delegation { id delegator { id } delegate { id } startsAt endsAt operations accountIds outOfOffice reason running
      revokedAt revokedBy { id } version }`;
    const { answer, events } = await eventsOf(t, () =>
      t.as('supervisor').mutate('delegateApprovals', input, selection),
    );
    expect(answer.errors).toEqual([]);
    const { delegation } = answer.payload;
    expect(delegation).toEqual({
      id: delegation.id,
      delegator: { id: t.as('supervisor').userId },
      delegate: { id: t.as('supervisor2').userId },
      startsAt: input.startsAt,
      endsAt: input.endsAt,
      operations: ['invoice.void'],
      accountIds: [accountId],
      outOfOffice: true,
      reason: 'on leave',
      running: false,
      revokedAt: null,
      revokedBy: null,
      version: 1,
    });
    expect(await rowOf(t, 'delegation', delegation.id)).toMatchObject({
      delegator_id: t.as('supervisor').userId,
      delegate_id: t.as('supervisor2').userId,
      account_ids: [accountId],
      revoked_at: null,
    });
    expect(events).toMatchObject([
      {
        action: 'delegation.created',
        outcome: 'DONE',
        actor: t.as('supervisor').userId,
        onBehalfOf: null,
        subject: { type: 'Delegation', id: delegation.id },
        reason: 'on leave',
      },
    ]);
    expect(events[0]!.changes).toContainEqual({ path: 'delegate', before: null, after: t.as('supervisor2').userId });
  });

  it('begins now, over everything, unless told', async () => {
    const id = await givenDelegation(t, 'supervisor', 'supervisor2');
    expect(await rowOf(t, 'delegation', id)).toMatchObject({
      operations: null,
      account_ids: null,
      out_of_office: false,
    });
    const { data } = await t.as('supervisor').gql(`{ delegation(id: "${id}") { running } }`);
    expect(data).toEqual({ delegation: { running: true } });
  });

  it('what is said by it is said for the delegator', async () => {
    const request = await givenVoidFor(t, 'supervisor');
    expect((await approve(t, request, 'supervisor2')).code).toBe('NOT_AN_APPROVER');
    await givenDelegation(t, 'supervisor', 'supervisor2');
    const { data } = await t.as('supervisor2').gql('{ myApprovals { nodes { id canDecide } } }');
    expect(data!.myApprovals.nodes).toContainEqual({ id: request.id, canDecide: true });
    const { answer, events } = await eventsOf(t, () => approve(t, request, 'supervisor2'));
    expect(answer.payload.changeRequest.status).toBe('EXECUTED');
    expect(events.map(({ action, actor }) => [action, actor])).toEqual([
      ['invoice.voided', t.as('supervisor2').userId],
      ['changeRequest.approved', t.as('supervisor2').userId],
    ]);
    expect(
      await t.sql('SELECT decided_by_id, on_behalf_of_id FROM decision WHERE change_request_id = $1', [request.id]),
    ).toEqual([{ decided_by_id: t.as('supervisor2').userId, on_behalf_of_id: t.as('supervisor').userId }]);
  });

  it('holds for its scope and its time alone', async () => {
    const request = await givenVoidFor(t, 'supervisor');
    await givenDelegation(t, 'supervisor', 'supervisor2', { operations: ['invoice.issue'] });
    await givenDelegation(t, 'supervisor', 'supervisor2', { accountIds: [await givenAccount(t)] });
    await givenDelegation(t, 'supervisor', 'supervisor2', { startsAt: inHours(2), endsAt: inHours(4) });
    const code = async () => (await approve(t, { ...request, digest: '0'.repeat(64) }, 'supervisor2')).code;
    expect(await code()).toBe('NOT_AN_APPROVER');
    expect(await later(t, 3, code)).toBe('CHANGE_REQUEST_MOVED');
    expect(await later(t, 5, code)).toBe('NOT_AN_APPROVER');
    await givenDelegation(t, 'supervisor', 'supervisor2', { operations: ['invoice.issue', 'invoice.void'] });
    expect(await code()).toBe('CHANGE_REQUEST_MOVED');
  });

  it('gives no more than the two have: nothing once one of them lost their role, or left', async () => {
    const request = await givenProposedVoid(t);
    await withRole(t, 'compliance', 'supervisor', async () => {
      await givenDelegation(t, 'compliance', 'supervisor2');
      await withoutRole(t, 'supervisor2', 'supervisor', async () => {
        expect((await approve(t, request, 'supervisor2')).code).toBe('FORBIDDEN');
      });
    });
    const named = await givenVoidFor(t, 'supervisor');
    await givenDelegation(t, 'supervisor', 'supervisor2');
    const set = (at: Date | null) =>
      t.rewind('UPDATE app_user SET deactivated_at = $2 WHERE id = $1', [t.as('supervisor').userId, at]);
    await set(new Date());
    expect((await approve(t, named, 'supervisor2')).code).toBe('NOT_AN_APPROVER');
    await set(null);
    expect((await approve(t, named, 'supervisor2')).payload.changeRequest.status).toBe('EXECUTED');
  });

  it('is not handed on: the delegate of a delegate has nothing', async () => {
    const request = await givenVoidFor(t, 'supervisor');
    await withRole(t, 'billing2', 'supervisor', async () => {
      await givenDelegation(t, 'supervisor', 'supervisor2');
      await givenDelegation(t, 'supervisor2', 'billing2');
      expect((await approve(t, request, 'billing2')).code).toBe('NOT_AN_APPROVER');
      expect(await decisionsOn(t, request.id)).toEqual([]);
    });
  });

  it('gives nobody a way round two people: not over what the delegator, or the delegate, proposed', async () => {
    await givenDelegation(t, 'admin', 'admin2');
    // The delegate of a maker decides it neither with the maker’s right, nor with their own.
    const [ofDelegator, ofDelegate] = [await proposedGrant(t, 'admin'), await proposedGrant(t, 'admin2', 'client')];
    expect((await approve(t, ofDelegator, 'admin2')).code).toBe('DELEGATE_OF_MAKER');
    expect((await approve(t, ofDelegate, 'admin2')).code).toBe('MAKER_IS_CHECKER');
    expect((await requestRow(t, ofDelegator.id)).status).toBe('PENDING');
  });

  it('one person has one yes, whoever says it for them', async () => {
    const request = await withSteps(t, 'invoice.void', [{ roles: ['supervisor'], quorum: 2 }], () =>
      givenProposedVoid(t),
    );
    await givenDelegation(t, 'supervisor', 'supervisor2');
    expect((await approve(t, request, 'supervisor2')).payload.outcome).toBe('AWAITING_APPROVAL');
    expect((await approve(t, request, 'supervisor2')).code).toBe('DECISION_REPEATED');
    expect((await approve(t, request, 'supervisor')).payload.changeRequest.status).toBe('EXECUTED');
  });

  it('can be put under approval: it is still the maker’s right, and begins when it was approved', async () => {
    await t.sql(`UPDATE approval_policy SET active = true WHERE operation = 'delegation.create'`);
    try {
      const { payload } = await t
        .as('supervisor')
        .mutate('delegateApprovals', to('supervisor2', { startsAt: inHours(1) }));
      expect(payload.outcome).toBe('AWAITING_APPROVAL');
      await later(t, 2, async () => {
        const done = await approve(t, payload.changeRequest, 'compliance');
        expect(done.payload.changeRequest.status).toBe('EXECUTED');
        const [row] = await t.sql('SELECT * FROM delegation');
        expect(row).toMatchObject({ delegator_id: t.as('supervisor').userId, delegate_id: t.as('supervisor2').userId });
        expect(row!.starts_at).toEqual(t.clock.at);
      });
    } finally {
      await t.sql(`UPDATE approval_policy SET active = false WHERE operation = 'delegation.create'`);
    }
  });

  describe('refuses, in this order', () => {
    it('UNAUTHENTICATED, FORBIDDEN, OPERATION_UNKNOWN, NOT_FOUND', async () => {
      await refused('nobody', to('supervisor2'), 'UNAUTHENTICATED');
      await refused('billing', to('supervisor2'), 'FORBIDDEN');
      await refused('supervisor', to('supervisor2', { operations: ['invoice.burn'] }), 'OPERATION_UNKNOWN');
      for (const delegateId of [NOBODYS_ID, 'x'])
        await refused('supervisor', to('supervisor2', { delegateId }), 'NOT_FOUND', { type: 'User' });
      for (const accountIds of [[NOBODYS_ID], ['x'], [await givenAccount(t), NOBODYS_ID]])
        await refused('supervisor', to('supervisor2', { accountIds }), 'NOT_FOUND', { type: 'Account' });
    });

    it('DELEGATION_BY_SAME_PERSON: also under another of one’s users', async () => {
      await refused('supervisor', to('supervisor'), 'DELEGATION_BY_SAME_PERSON');
      const [other] = await t.sql(
        `INSERT INTO app_user (id, name, email, password_hash, person_id) VALUES (gen_random_uuid(), 'S', 's@test.example', '', $1) RETURNING id`,
        [t.as('supervisor').userId],
      );
      await refused('supervisor', { ...to('supervisor'), delegateId: other!.id }, 'DELEGATION_BY_SAME_PERSON');
      const insert = `INSERT INTO delegation (id, delegator_id, delegate_id, starts_at, ends_at, reason) VALUES (gen_random_uuid(), $1, $2, now(), '2999-01-01', 'x')`;
      await expect(t.apiSql(insert, [t.as('supervisor').userId, other!.id])).rejects.toMatchObject({
        code: '23514',
        constraint: 'delegation_by_same_person',
      });
    });

    it('DELEGATION_PERIOD_INVALID', async () => {
      for (const period of [
        { startsAt: inHours(-1) },
        { endsAt: inHours(-1) },
        { startsAt: inHours(2), endsAt: inHours(2) },
        { startsAt: inHours(3), endsAt: inHours(2) },
        { endsAt: inHours(367 * 24) },
      ])
        await refused('supervisor', to('supervisor2', period), 'DELEGATION_PERIOD_INVALID');
      await givenDelegation(t, 'supervisor', 'supervisor2', { startsAt: inHours(1), endsAt: inHours(366 * 24) });
    });

    it('DELEGATE_UNFIT: no role for it, not for that, deactivated, a password of another’s', async () => {
      await refused('supervisor', to('billing'), 'DELEGATE_UNFIT');
      await refused('supervisor', to('stranger'), 'DELEGATE_UNFIT');
      await refused('supervisor', to('compliance', { operations: ['invoice.void'] }), 'DELEGATE_UNFIT');
      await givenDelegation(t, 'supervisor', 'compliance', { operations: ['invoice.void', 'role.grant'] });
      for (const [column, value] of [
        ['deactivated_at', new Date()],
        ['password_set_by_id', t.as('admin').userId],
      ] as const) {
        const set = (to_: unknown) =>
          t.rewind(`UPDATE app_user SET ${column} = $2 WHERE id = $1`, [t.as('supervisor2').userId, to_]);
        await set(value);
        await refused('supervisor', to('supervisor2'), 'DELEGATE_UNFIT');
        await set(null);
      }
    });

    it('BAD_USER_INPUT: no reason, no end, an empty scope', async () => {
      for (const wrong of [{ reason: ' ' }, { operations: [] }, { accountIds: [] }, { endsAt: 'tomorrow' }])
        expect((await t.as('supervisor').mutate('delegateApprovals', to('supervisor2', wrong), 'outcome')).code).toBe(
          'BAD_USER_INPUT',
        );
      expect(await t.sql('SELECT FROM delegation')).toEqual([]);
    });
  });

  it('is done once, repeated or raced', async () => {
    const input = to('supervisor2', { idempotencyKey: 'leave-1' });
    const ask = () => t.as('supervisor').mutate('delegateApprovals', input, 'outcome delegation { id }');
    const answers = await Promise.all(times(8, null).map(ask));
    expect(tally(answers)).toEqual({ DONE: 8 });
    expect(new Set([...answers, await ask()].map(({ payload }) => payload.delegation.id)).size).toBe(1);
    expect(await t.sql('SELECT FROM delegation')).toHaveLength(1);
    await refused('supervisor', { ...input, outOfOffice: true }, 'IDEMPOTENCY_KEY_REUSED');
  });
});

describe('delegations', () => {
  it('are seen by the two people, and by those who oversee; by others as if there were none', async () => {
    const id = await givenDelegation(t, 'supervisor', 'supervisor2');
    const over = await givenDelegation(t, 'supervisor', 'compliance', { startsAt: inHours(1) });
    const seen = async (who: CastName, filter = '') => {
      const { data, errors } = await t
        .as(who)
        .gql(
          `{ delegations(filter: { ${filter} }) { totalCount nodes { id running } } delegation(id: "${id}") { id } }`,
        );
      expect(errors).toEqual([]);
      return [data!.delegations.nodes.map((each: { id: string }) => each.id), data!.delegation?.id ?? null];
    };
    for (const who of ['supervisor', 'admin', 'admin2', 'compliance', 'auditor'] as const)
      expect(await seen(who)).toEqual([[over, id], id]);
    expect(await seen('supervisor2')).toEqual([[id], id]);
    for (const who of ['billing', 'operations', 'stranger', 'client'] as const)
      expect(await seen(who)).toEqual([[], null]);
    expect(await seen('auditor', 'running: true')).toEqual([[id], id]);
    expect(await seen('auditor', 'running: false')).toEqual([[over], id]);
    expect(await seen('auditor', `delegateId: "${t.as('compliance').userId}"`)).toEqual([[over], id]);
    expect(await seen('auditor', `delegatorId: "${t.as('compliance').userId}"`)).toEqual([[], id]);
  });
});
