import { startTestApp, type TestApp } from '../support/app';
import { withDutiesMixed } from '../support/duties';
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
  type Waiting,
} from '../support/outcomes';
import { asOnePerson, issuingAlone, voidOf } from '../approvals/limits';
import { givenAccount } from '../support/scene';
import { decisionsOn, requestRow, withRole } from '../approvals/proposals';

let t: TestApp;
let accountId: string;
beforeAll(async () => {
  t = await startTestApp();
  await withDutiesMixed(t);
  accountId = await givenAccount(t);
  await issuingAlone(t);
});
afterAll(() => t.close());
afterEach(() => t.rewind('UPDATE app_user SET person_id = NULL'));

/** Something of billing’s that a supervisor may decide, in whose making no supervisor had a part. */
const waiting = () => voidOf(t, accountId, '100');

const id = (who: CastName) => t.as(who).userId;
const input = (user: CastName, other: CastName, more: object = {}) => ({
  userId: id(user),
  samePersonAsId: id(other),
  reason: 'one desk, two badges',
  ...more,
});
const link = (user: CastName, other: CastName) =>
  countersigned(t, 'admin', 'linkUsers', input(user, other), 'compliance');
const refused = (code: string, given: object, as: CastName = 'admin') =>
  expectRefused(t, { as, mutation: 'linkUsers', operation: 'user.link', input: given, code });
const personOf = async (who: CastName) => (await rowOf(t, 'app_user', id(who))).person_id as string | null;

describe('user.link', () => {
  it('says for good that two users are one person, once somebody else approved it', async () => {
    const request = await proposed(t, 'admin', 'linkUsers', input('billing2', 'supervisor'));
    expect(await personOf('billing2')).toBeNull();
    const { events } = await eventsOf(t, () => approve(t, request, 'compliance'));
    expect(await personOf('billing2')).toBe(id('supervisor'));
    expect(events[0]).toMatchObject({
      action: 'user.linked',
      actor: id('compliance'),
      onBehalfOf: id('admin'),
      subject: { type: 'User', id: id('billing2') },
      reason: 'one desk, two badges',
      changes: [{ path: 'samePersonAs', before: null, after: id('supervisor') }],
    });
    await expect(
      t.apiSql('UPDATE app_user SET person_id = NULL WHERE id = $1', [id('billing2')]),
    ).rejects.toMatchObject({
      code: '23514',
    });
  });

  it('a third user joins the two, whichever way round it is said', async () => {
    await link('billing2', 'supervisor');
    await link('billing2', 'operations');
    expect(await personOf('operations')).toBe(id('supervisor'));
    await link('stranger', 'operations');
    expect(await personOf('stranger')).toBe(id('supervisor'));
    expect(await personOf('supervisor')).toBeNull();
  });

  it('is refused', async () => {
    await refused('FORBIDDEN', input('billing2', 'supervisor'), 'compliance');
    await refused('NOT_FOUND', input('billing2', 'supervisor', { userId: NOBODYS_ID }));
    await refused('NOT_FOUND', input('billing2', 'supervisor', { samePersonAsId: 'x' }));
    await refused('USERS_LINKED_ALREADY', input('billing2', 'billing2'));
    await refused('VERSION_CONFLICT', input('billing2', 'supervisor', { expectedVersion: 99 }));
    await link('billing2', 'supervisor');
    await refused('USERS_LINKED_ALREADY', input('billing2', 'supervisor'));
    await refused('USERS_LINKED_ALREADY', input('supervisor', 'billing2'));
    await link('operations', 'supervisor2');
    await refused('USERS_LINKED_ALREADY', input('operations', 'billing2'));
  });

  it('leaves two persons who keep the house, and so do those who leave it', async () => {
    await link('admin2', 'admin');
    await refused('LAST_KEEPER', input('compliance', 'admin2'));
    const deactivate = { userId: id('compliance'), reason: 'left' };
    await expectRefused(t, {
      as: 'admin',
      mutation: 'deactivateUser',
      operation: 'user.deactivate',
      input: deactivate,
      code: 'LAST_KEEPER',
    });
    const [grant] = await t.sql('SELECT id FROM role_grant WHERE user_id = $1', [id('compliance')]);
    const revoke = { roleGrantId: grant!.id, reason: 'moved' };
    await expectRefused(t, {
      as: 'admin',
      mutation: 'revokeRole',
      operation: 'role.revoke',
      input: revoke,
      code: 'LAST_KEEPER',
    });
  });

  it('raced, users come to be of one person and never of a circle', async () => {
    for (let round = 0; round < 5; round += 1) {
      await t.rewind('UPDATE app_user SET person_id = NULL');
      const pairs = [
        ['billing', 'billing2'],
        ['billing2', 'operations'],
        ['operations', 'billing'],
      ] as const;
      const requests: Waiting[] = [];
      for (const pair of pairs) requests.push(await proposed(t, 'admin', 'linkUsers', input(pair[0], pair[1])));
      const answers = await Promise.all(requests.map((request) => approve(t, request, 'compliance')));
      expect(
        Object.keys(tally(answers)).filter((code) => !/^(DONE|CHANGE_REQUEST_(STALE|FAILED))$/.test(code)),
      ).toEqual([]);
      const rows = await t.sql<{ id: string; person_id: string }>(
        'SELECT id, person_id FROM app_user WHERE person_id IS NOT NULL',
      );
      expect(rows.length).toBeGreaterThan(0);
      const linked = new Set(rows.map((row) => row.id));
      expect(rows.filter((row) => linked.has(row.person_id))).toEqual([]);
    }
  });

  it('repeated under one key it is proposed once', async () => {
    const once = input('billing2', 'stranger', { idempotencyKey: 'link-1' });
    const first = await proposed(t, 'admin', 'linkUsers', once);
    expect(await proposed(t, 'admin', 'linkUsers', once)).toEqual(first);
  });

  it('is told to administration, compliance and auditors alone', async () => {
    await link('billing2', 'supervisor');
    const seen = async (who: CastName) => {
      const { data } = await t
        .as(who)
        .gql('query ($id: ID!) { user(id: $id) { samePersonAs { id } } }', { id: id('billing2') });
      return data!.user.samePersonAs as { id: string } | null;
    };
    for (const who of ['admin', 'compliance', 'auditor'] as const)
      expect(await seen(who)).toEqual({ id: id('supervisor') });
    for (const who of ['billing', 'billing2', 'operations', 'supervisor'] as const) expect(await seen(who)).toBeNull();
  });
});

describe('user.create of somebody who is there already', () => {
  const fresh = (email: string, samePersonAsId: string) => ({
    name: 'Again',
    email,
    password: 'a long password',
    samePersonAsId,
  });

  it('names the first user of that person', async () => {
    await link('billing2', 'supervisor');
    const { payload, errors } = await t
      .as('admin')
      .mutate('createUser', fresh('again@test.example', id('billing2')), 'outcome user { id }');
    expect(errors).toEqual([]);
    expect((await rowOf(t, 'app_user', payload.user.id as string)).person_id).toBe(id('supervisor'));
    await expectRefused(t, {
      as: 'admin',
      mutation: 'createUser',
      operation: 'user.create',
      input: fresh('other@test.example', NOBODYS_ID),
      code: 'NOT_FOUND',
    });
  });
});

describe('the same person under another user', () => {
  const refusedTo = async (as: CastName, request: Waiting, code: string) => {
    const seen = { id: request.id, revision: request.revision };
    const ways: [string, string, object][] = [
      ['approveChangeRequest', 'changeRequest.approve', { ...seen, digest: request.digest }],
      ['rejectChangeRequest', 'changeRequest.reject', { id: request.id, reason: 'no' }],
      ['returnChangeRequest', 'changeRequest.return', { id: request.id, reason: 'no' }],
    ];
    for (const [mutation, operation, given] of ways)
      await expectRefused(t, { as, mutation, operation, input: given, code });
    const { data } = await t.as(as).gql('{ myApprovals(first: 100) { nodes { id } } }');
    expect((data!.myApprovals.nodes as { id: string }[]).map((each) => each.id)).not.toContain(request.id);
  };
  const twoNeeded = async <T>(work: () => Promise<T>): Promise<T> => {
    const quorum = (count: number) =>
      t.sql(
        `UPDATE approval_policy SET steps = jsonb_set(steps, '{0,quorum}', to_jsonb($1::int)) WHERE operation = 'invoice.void'`,
        [count],
      );
    await quorum(2);
    try {
      return await work();
    } finally {
      await quorum(1);
    }
  };
  const approvalsOf = async (request: Waiting) => {
    const { data } = await t
      .as('auditor')
      .gql('query ($id: ID!) { changeRequest(id: $id) { steps { approvals state } } }', { id: request.id });
    return data!.changeRequest.steps as object[];
  };

  it('decides nothing that they made, whether they were linked before or while it waits', async () => {
    const before = await waiting();
    await link('supervisor', 'billing');
    const after = await waiting();
    for (const request of [before, after]) await refusedTo('supervisor', request, 'MAKER_IS_CHECKER');
    expect((await approve(t, before, 'supervisor2')).errors).toEqual([]);
  });

  it('nor does a third user of theirs', async () => {
    await link('billing', 'stranger');
    await link('supervisor', 'stranger');
    await refusedTo('supervisor', await waiting(), 'MAKER_IS_CHECKER');
  });

  it('decides nothing twice', async () => {
    await link('supervisor2', 'supervisor');
    const request = await twoNeeded(() => waiting());
    expect((await approve(t, request, 'supervisor')).payload.outcome).toBe('AWAITING_APPROVAL');
    await refusedTo('supervisor2', request, 'DECISION_REPEATED');
    expect(await decisionsOn(t, request.id)).toHaveLength(1);
  });

  it('does not stand in for somebody else over it either', async () => {
    await t.sql(
      `INSERT INTO delegation (id, delegator_id, delegate_id, starts_at, ends_at, reason) VALUES (gen_random_uuid(), $1, $2, now(), now() + interval '1 day', 'away')`,
      [id('supervisor2'), id('admin2')],
    );
    const request = await waiting();
    await withRole(t, 'admin2', 'supervisor', () =>
      asOnePerson(t, 'admin2', 'billing', () => refusedTo('admin2', request, 'MAKER_IS_CHECKER')),
    );
    // Nor does anybody for a user of the maker's.
    await asOnePerson(t, 'supervisor2', 'billing', async () => {
      await withRole(t, 'admin2', 'supervisor', () => refusedTo('admin2', request, 'DELEGATE_OF_MAKER'));
    });
    await t.rewind('DELETE FROM delegation');
  });

  it('said yes before it was known: that counts no more, and somebody else has to say it', async () => {
    const { invoiceId, ...request } = await twoNeeded(() => waiting());
    expect((await approve(t, request, 'supervisor')).payload.outcome).toBe('AWAITING_APPROVAL');
    expect(await approvalsOf(request)).toEqual([{ approvals: 1, state: 'OPEN' }]);
    await link('supervisor', 'billing');
    expect(await approvalsOf(request)).toEqual([{ approvals: 0, state: 'OPEN' }]);
    const carried = t.apiSql(`UPDATE change_request SET status = 'EXECUTED', approved_by_id = $2 WHERE id = $1`, [
      request.id,
      id('supervisor'),
    ]);
    await expect(carried).rejects.toMatchObject({ constraint: 'change_request_approved_by_same_person' });
    expect((await approve(t, request, 'supervisor2')).payload.outcome).toBe('AWAITING_APPROVAL');
    expect((await rowOf(t, 'invoice', invoiceId)).status).toBe('ISSUED');
    await withRole(t, 'operations', 'supervisor', async () =>
      expect((await approve(t, request, 'operations')).payload.outcome).toBe('DONE'),
    );
  });

  it('said it twice before it was known: it counts once', async () => {
    const steps = (quorum: number) =>
      t.sql(
        `UPDATE approval_policy SET steps = jsonb_set(steps, '{0,quorum}', to_jsonb($1::int)) WHERE operation = 'invoice.void'`,
        [quorum],
      );
    await steps(3);
    const request = await waiting();
    await steps(1);
    for (const by of ['supervisor', 'supervisor2'] as const) await approve(t, request, by);
    expect(await approvalsOf(request)).toEqual([{ approvals: 2, state: 'OPEN' }]);
    await link('supervisor2', 'supervisor');
    expect(await approvalsOf(request)).toEqual([{ approvals: 1, state: 'OPEN' }]);
  });

  it('and the turn is that of whom it needs then', async () => {
    const step = (stage: number, who: CastName) => ({ stage, roles: [], people: [id(who)], quorum: 1 });
    const policy = (list: object[]) =>
      t.sql(`UPDATE approval_policy SET steps = $1 WHERE operation = 'invoice.void'`, [JSON.stringify(list)]);
    await policy([{ stage: 1, roles: ['supervisor'], people: [], quorum: 1 }, step(2, 'supervisor2')]);
    const request = await waiting();
    await policy([{ stage: 1, roles: ['supervisor'], people: [], quorum: 1 }]);
    await approve(t, request, 'supervisor');
    await link('supervisor', 'billing');
    await withRole(t, 'operations', 'supervisor', async () => {
      const { data } = await t.as('operations').gql('{ myApprovals(first: 100) { nodes { id canDecide } } }');
      expect(data!.myApprovals.nodes).toContainEqual({ id: request.id, canDecide: true });
    });
    expect((await requestRow(t, request.id)).status).toBe('PENDING');
  });

  it('grants themselves no role', async () => {
    await link('billing2', 'admin');
    const grant = { userId: id('billing2'), role: 'supervisor', reason: 'handy' };
    await expectRefused(t, {
      as: 'admin',
      mutation: 'grantRole',
      operation: 'role.grant',
      input: grant,
      code: 'ROLE_NOT_GRANTABLE',
    });
    const other = await proposed(t, 'admin2', 'grantRole', grant);
    expect((await approve(t, other, 'admin')).code).toBe('MAKER_IS_CHECKER');
  });
});
