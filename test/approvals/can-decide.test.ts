import { startTestApp, type TestApp } from '../support/app';
import { withDutiesMixed } from '../support/duties';
import { type CastName, USERS } from '../support/cast';
import { approve, proposed, stateOf, type Waiting } from '../support/outcomes';
import { freshCode, givenAccount, givenClientOf } from '../support/scene';
import { givenProposedVoid, HOUR, later, proposedBankChange, proposedGrant, withRole } from './proposals';

let t: TestApp;
let requests: Waiting[];
beforeAll(async () => {
  t = await startTestApp();
  await withDutiesMixed(t);
  const accountId = await givenAccount(t);
  await givenClientOf(t, accountId);
  const [rejected, withdrawn, executed] = [
    await proposedBankChange(t, accountId),
    await proposedBankChange(t, accountId),
    await proposedBankChange(t, accountId),
  ];
  await t.as('supervisor').mutate('rejectChangeRequest', { id: rejected.id, reason: 'no' });
  await t.as('operations').mutate('withdrawChangeRequest', { id: withdrawn.id });
  await approve(t, executed);
  const [policy] = await t.sql<{ id: string }>(`SELECT id FROM approval_policy WHERE operation = 'account.close'`);
  const opening = { code: freshCode('ACC'), legalName: 'Waiting Ltd', currency: 'USD', timeZone: 'UTC' };
  requests = [
    rejected,
    withdrawn,
    executed,
    await givenProposedVoid(t),
    await proposedBankChange(t, accountId),
    await proposedGrant(t, 'admin', 'stranger'),
    await proposedGrant(t, 'admin2', 'client'),
    await proposed(t, 'admin', 'changeApprovalPolicy', {
      approvalPolicyId: policy!.id,
      expiresAfterHours: 24,
      reason: 'faster',
    }),
    await proposed(t, 'operations', 'openAccount', opening),
  ];
});
afterAll(() => t.close());

/** What reading says: those of which it says canDecide, and those that stand in myApprovals. */
async function read(who: CastName): Promise<{ decidable: Set<string>; mine: Set<string> }> {
  const all = await t.as(who).gql('{ changeRequests(first: 100) { nodes { id canDecide } } }');
  const mine = await t.as(who).gql('{ myApprovals(first: 100) { totalCount nodes { id canDecide } } }');
  const nodes: { id: string; canDecide: boolean }[] = all.data?.changeRequests.nodes ?? [];
  const own: { id: string; canDecide: boolean }[] = mine.data?.myApprovals.nodes ?? [];
  expect(all.code ?? 'FORBIDDEN').toBe('FORBIDDEN');
  expect(mine.code ?? 'FORBIDDEN').toBe('FORBIDDEN');
  expect(own.every(({ canDecide }) => canDecide)).toBe(true);
  if (mine.data) expect(mine.data.myApprovals.totalCount).toBe(own.length);
  return {
    decidable: new Set(nodes.filter(({ canDecide }) => canDecide).map(({ id }) => id)),
    mine: new Set(own.map(({ id }) => id)),
  };
}

/**
 * What approving really does, without doing it: a yes to another digest gets as far as CHANGE_REQUEST_MOVED exactly when
 * all that canDecide speaks of would let it through.
 */
async function tried(who: CastName): Promise<Set<string>> {
  const passed = new Set<string>();
  for (const { id, revision } of requests) {
    const { code } = await t.as(who).mutate('approveChangeRequest', { id, revision, digest: '0'.repeat(64) });
    expect(code).toBeDefined();
    if (code === 'CHANGE_REQUEST_MOVED') passed.add(id);
  }
  return passed;
}

const agree = async (who: CastName): Promise<Set<string>> => {
  const { decidable, mine } = await read(who);
  const passed = await tried(who);
  expect(mine).toEqual(decidable);
  expect(passed).toEqual(decidable);
  return passed;
};

describe('canDecide and myApprovals agree with what approving does', () => {
  it.each(USERS.map(({ name }) => name))('for %s', async (who) => {
    const before = await stateOf(t);
    const passed = await agree(who);
    const expected: Partial<Record<CastName, number>> = {
      supervisor: 3,
      supervisor2: 3,
      admin: 1,
      admin2: 2,
      compliance: 3,
    };
    expect(passed.size).toBe(expected[who] ?? 0);
    expect(await stateOf(t)).toEqual(before);
  });

  it.each([
    ['billing', 'supervisor', 2],
    ['operations', 'supervisor', 1],
    ['admin', 'supervisor', 4],
    ['supervisor', 'compliance', 6],
    ['auditor', 'compliance', 3],
  ] as const)('for %s who is a %s, too', async (who, role, count) => {
    await withRole(t, who, role, async () => {
      expect((await agree(who)).size).toBe(count);
    });
  });

  it.each([1, 71, 72, 73, 167, 168, 169])('%i hours later', async (hours) => {
    await later(t, hours, async () => {
      // An expired request that somebody tried to approve is EXPIRED for good: what is tried is read first.
      for (const who of ['supervisor', 'compliance'] as const) {
        const { decidable, mine } = await read(who);
        expect(mine).toEqual(decidable);
        const rows = await t.sql<{ id: string }>(
          `SELECT id FROM change_request WHERE status = 'PENDING' AND expires_at > $1 AND approver_roles && $2 ORDER BY id`,
          [new Date(Date.now() + hours * HOUR), [who]],
        );
        const known = new Set(requests.map(({ id }) => id));
        expect(decidable).toEqual(new Set(rows.map(({ id }) => id).filter((id) => known.has(id))));
      }
    });
  });
});
