import { startTestApp, type TestApp } from '../support/app';
import { type CastName, USERS } from '../support/cast';
import { proposed } from '../support/outcomes';
import { freshCode, givenAccount } from '../support/scene';
import {
  givenDelegation,
  givenProposedVoid,
  givenVoidFor,
  HOUR,
  later,
  proposedBankChange,
  proposedGrant,
} from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  const accountId = await givenAccount(t);
  for (const hours of [0, 25, 50, 80])
    await later(t, hours, async () => {
      await givenProposedVoid(t);
      await proposedBankChange(t, accountId, `00098765430${hours % 10}`);
      await proposedGrant(t, 'admin', hours % 2 ? 'client' : 'stranger');
    });
  await later(t, 60, () => givenVoidFor(t, 'supervisor2'));
  const opening = { code: freshCode('ACC'), legalName: 'Waiting Ltd', currency: 'USD', timeZone: 'UTC' };
  const { id, revision } = await proposed(t, 'operations', 'openAccount', opening);
  const assigneeId = t.as('supervisor2').userId;
  await t.as('admin').mutate('reassignChangeRequest', { id, revision, assigneeId, reason: 'theirs' });
  await givenDelegation(t, 'supervisor', 'compliance', { endsAt: new Date(Date.now() + 60 * HOUR).toISOString() });
});
afterAll(() => t.close());

const DAY = 24 * HOUR;
const COUNTS = `{ approvalCounts { operation waiting overdueSoon olderThanDay olderThanThreeDays oldestAt } }`;
const MINE = '{ myApprovals(first: 100) { nodes { operation createdAt expiresAt } } }';

/** The same, counted from the list. */
async function counted(who: CastName) {
  const { data } = await t.as(who).gql(MINE);
  const now = t.clock.at!.getTime();
  const nodes: { operation: string; createdAt: string; expiresAt: string }[] = data!.myApprovals.nodes;
  return [...new Set(nodes.map(({ operation }) => operation))].toSorted().map((operation) => {
    const those = nodes.filter((each) => each.operation === operation);
    const older = (days: number) => those.filter(({ createdAt }) => Date.parse(createdAt) < now - days * DAY).length;
    return {
      operation,
      waiting: those.length,
      overdueSoon: those.filter(({ expiresAt }) => Date.parse(expiresAt) <= now + DAY).length,
      olderThanDay: older(1),
      olderThanThreeDays: older(3),
      oldestAt: those.map(({ createdAt }) => createdAt).toSorted()[0],
    };
  });
}

describe('approvalCounts', () => {
  describe.each([0, 30, 81, 110, 400])('%i hours later', (hours) => {
    it.each(USERS.map(({ name }) => name))('says to %s what myApprovals would', async (who) => {
      await later(t, hours, async () => {
        const { data, code } = await t.as(who).gql(COUNTS);
        if (code !== undefined) {
          expect(code).toBe('FORBIDDEN');
          expect((await t.as(who).gql(MINE)).code).toBe('FORBIDDEN');
          return;
        }
        expect(data!.approvalCounts).toEqual(await counted(who));
      });
    });
  });

  it('counts something of everything', async () => {
    await later(t, 81, async () => {
      const { data } = await t.as('supervisor2').gql(COUNTS);
      const all: Record<string, number>[] = data!.approvalCounts;
      for (const what of ['waiting', 'overdueSoon', 'olderThanDay', 'olderThanThreeDays'])
        expect([what, all.some((each) => each[what]! > 0)]).toEqual([what, true]);
    });
  });
});
