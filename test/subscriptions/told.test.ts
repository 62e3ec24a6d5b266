import { createClient as createSseClient } from 'graphql-sse';
import { startAppOver, startTestApp, type TestApp } from '../support/app';
import { approve } from '../support/outcomes';
import { givenAccount } from '../support/scene';
import { givenProposedVoid, proposedBankChange, proposedGrant } from '../approvals/proposals';
import {
  AWAITS,
  AWAITS_AND_BEFORE,
  type Followed,
  overSse,
  overWebSocket,
  portOf,
  TRANSPORTS,
  until,
  whenFollowed,
} from './support';

/** Two processes over one database. */
let t: TestApp;
let other: TestApp;
let accountId: string;
const open: Followed[] = [];

beforeAll(async () => {
  t = await startTestApp();
  other = await startAppOver(t.ownerUrl);
  accountId = await givenAccount(t);
});
afterEach(async () => {
  for (const each of open.splice(0)) each.stop();
  await whenFollowed(t, 0);
  await whenFollowed(other, 0);
});
afterAll(async () => {
  await other.close();
  await t.close();
});

const following = (followed: Followed) => {
  open.push(followed);
  return followed;
};

describe.each(TRANSPORTS)('over %s', (_name, over) => {
  it('what is proposed on one process is told on the other, whole, and to nobody twice', async () => {
    const supervisor = following(over(other, other.as('supervisor')));
    await whenFollowed(other, 1);
    const waiting = await proposedBankChange(t, accountId);
    await until(() => supervisor.told.length > 0);
    expect(supervisor.told).toEqual([
      {
        data: {
          changeRequestAwaits: {
            id: waiting.id,
            revision: 1,
            operation: 'account.change',
            digest: waiting.digest,
            reason: 'a new house bank',
          },
        },
      },
    ]);
    const second = await proposedBankChange(t, accountId);
    await until(() => supervisor.told.length > 1);
    expect(supervisor.ids()).toEqual([waiting.id, second.id]);
  });

  it('its maker is told nothing of it, nor is whoever could not decide it', async () => {
    const [admin, admin2, supervisor] = (['admin', 'admin2', 'supervisor'] as const).map((who) =>
      following(over(t, t.as(who))),
    );
    await whenFollowed(t, 3);
    const grant = await proposedGrant(t, 'admin', 'stranger');
    const change = await proposedBankChange(t, accountId);
    await until(() => admin2!.told.length > 0 && supervisor!.told.length > 0);
    expect([admin!.ids(), admin2!.ids(), supervisor!.ids()]).toEqual([[], [grant.id], [change.id]]);
  });

  it('values are masked as they are everywhere', async () => {
    const query = 'subscription { changeRequestAwaits { id input changes { path before after } } }';
    const supervisor = following(over(t, t.as('supervisor'), query));
    await whenFollowed(t, 1);
    await proposedBankChange(t, accountId, '000987654321');
    await until(() => supervisor.told.length > 0);
    const { id, ...shown } = supervisor.told[0]!.data!.changeRequestAwaits;
    expect(JSON.stringify(shown)).not.toMatch(/000987654321/);
    const asked = `query ($id: ID!) { changeRequest(id: $id) { input changes { path before after } } }`;
    expect((await t.as('supervisor').gql(asked, { id })).data!.changeRequest).toEqual(shown);
  });

  it('a revision is told again, and so is what comes back after it was returned', async () => {
    const supervisor = following(over(other, other.as('supervisor')));
    await whenFollowed(other, 1);
    const { id, revision, digest } = await proposedBankChange(t, accountId);
    await until(() => supervisor.told.length === 1);
    const input = { accountId, bankAccountNumber: '000111222333', reason: 'another one' };
    await t.as('operations').mutate('reviseChangeRequest', { id, input });
    await until(() => supervisor.told.length === 2);
    await t.as('supervisor2').mutate('returnChangeRequest', { id, reason: 'say why' });
    await t.as('operations').mutate('reviseChangeRequest', {
      id,
      input: { ...input, bankAccountNumber: '000111222444' },
    });
    await until(() => supervisor.told.length === 3);
    expect(supervisor.told.map(({ data }) => data!.changeRequestAwaits.revision)).toEqual([1, 2, 3]);
    expect(supervisor.ids()).toEqual([id, id, id]);
    expect(supervisor.told[0]!.data!.changeRequestAwaits).toMatchObject({ revision, digest });
  });

  it('what is rolled back, and what is decided, is told to nobody', async () => {
    const supervisor = following(over(t, t.as('supervisor')));
    await whenFollowed(t, 1);
    const before = await proposedBankChange(t, accountId);
    await until(() => supervisor.told.length === 1);
    await expect(
      t.sql(`DO $$ BEGIN INSERT INTO change_request
        SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid()))).* FROM change_request r WHERE id = '${before.id}';
        RAISE EXCEPTION 'never mind'; END $$`),
    ).rejects.toThrow('never mind');
    await approve(t, before);
    const after = await proposedBankChange(t, accountId);
    await until(() => supervisor.told.length > 1);
    expect(supervisor.ids()).toEqual([before.id, after.id]);
  });

  it('replay tells first what waits already, once', async () => {
    const voided = await givenProposedVoid(t);
    const supervisor = following(over(t, t.as('supervisor'), AWAITS_AND_BEFORE));
    await until(() => supervisor.ids().includes(voided.id));
    const mine = await t.as('supervisor').gql('{ myApprovals(first: 100) { nodes { id } } }');
    const waiting = (mine.data!.myApprovals.nodes as { id: string }[]).map(({ id }) => id);
    await until(() => supervisor.told.length === waiting.length);
    expect(supervisor.ids().toSorted()).toEqual(waiting.toSorted());
    const next = await proposedBankChange(t, accountId);
    await until(() => supervisor.told.length > waiting.length);
    expect(supervisor.ids().at(-1)).toBe(next.id);
  });

  it('aliases, fragments, variables and lists below are read as a query reads them', async () => {
    const query = `subscription S($replay: Boolean!, $with: Boolean!) { one: changeRequestAwaits(replay: $replay) { ...F maker { name } } }
      fragment F on ChangeRequest { key: id kind: __typename decisions @include(if: $with) { verdict } canDecide }`;
    const supervisor = following(over(t, t.as('supervisor'), query, { replay: false, with: true }));
    await whenFollowed(t, 1);
    const { id } = await proposedBankChange(t, accountId);
    await until(() => supervisor.told.length > 0);
    expect(supervisor.told).toEqual([
      {
        data: {
          one: { key: id, kind: 'ChangeRequest', decisions: [], canDecide: true, maker: { name: 'operations' } },
        },
      },
    ]);
  });
});

it('whose turn it is after others said yes, is told then', async () => {
  const steps = (of: unknown) => t.rewind(`UPDATE approval_policy SET steps = $1 WHERE operation = 'role.grant'`, [of]);
  const [{ before }] = (await t.sql<{ before: unknown }>(
    `SELECT steps::text AS before FROM approval_policy WHERE operation = 'role.grant'`,
  )) as [{ before: unknown }];
  const step = (stage: number, role: string) => ({ stage, roles: [role], people: [], quorum: 1 });
  await steps(JSON.stringify([step(1, 'admin'), step(2, 'compliance')]));
  try {
    const [admin2, compliance] = [
      following(overSse(other, other.as('admin2'))),
      following(overSse(other, other.as('compliance'))),
    ];
    await whenFollowed(other, 2);
    const grant = await proposedGrant(t, 'admin', 'stranger');
    await until(() => admin2.told.length > 0);
    expect(compliance.told).toEqual([]);
    await approve(t, grant, 'admin2');
    await until(() => compliance.told.length > 0);
    expect([admin2.ids(), compliance.ids()]).toEqual([[grant.id], [grant.id]]);
  } finally {
    await steps(before);
  }
});

it('the published client of graphql-sse is understood', async () => {
  const { token } = t.as('supervisor');
  const client = createSseClient({
    url: `http://127.0.0.1:${portOf(t)}/graphql/stream`,
    headers: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
  });
  const told: unknown[] = [];
  client.subscribe(
    { query: AWAITS },
    { next: (answer) => told.push(answer), error: () => undefined, complete: () => undefined },
  );
  await whenFollowed(t, 1);
  const { id } = await proposedBankChange(t, accountId);
  await until(() => told.length > 0);
  expect(told).toMatchObject([{ data: { changeRequestAwaits: { id } } }]);
  client.dispose();
});

it('what is proposed while nobody hears it is told afterwards, once', async () => {
  const [socket, events] = [
    following(overWebSocket(other, other.as('supervisor'))),
    following(overSse(other, other.as('supervisor2'))),
  ];
  await whenFollowed(other, 2);
  const told: string[] = [(await proposedBankChange(t, accountId)).id];
  await until(() => socket.told.length === 1 && events.told.length === 1);
  for (let round = 0; round < 3; round += 1) {
    await t.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'countersign listener'
      AND datname = current_database()`);
    told.push((await proposedBankChange(t, accountId)).id, (await proposedBankChange(t, accountId)).id);
    await until(() => socket.told.length >= told.length && events.told.length >= told.length);
  }
  expect([socket.ids(), events.ids()]).toEqual([told, told]);
});

it('whatever is told is what myApprovals shows at that time, to whoever holds whatever role', async () => {
  const cast = ['admin', 'admin2', 'supervisor', 'supervisor2', 'compliance'] as const;
  const followed = cast.map((who, index) => following((index % 2 ? overSse : overWebSocket)(other, other.as(who))));
  await whenFollowed(other, cast.length);
  const shown = async (who: (typeof cast)[number]): Promise<string[]> => {
    const { data } = await t.as(who).gql('{ myApprovals(first: 100) { nodes { id } } }');
    return (data!.myApprovals.nodes as { id: string }[]).map(({ id }) => id);
  };
  const before = await Promise.all(cast.map(shown));
  const made: string[] = [];
  for (const propose of [
    () => proposedBankChange(t, accountId),
    () => proposedGrant(t, 'admin', 'client'),
    () => proposedGrant(t, 'admin2', 'client'),
    () => givenProposedVoid(t),
  ])
    made.push((await propose()).id);
  const after = await Promise.all(cast.map(shown));
  const news = after.map((ids, at) => ids.filter((id) => !before[at]!.includes(id)).toSorted());
  await until(() => followed.every(({ told }, at) => told.length >= news[at]!.length));
  // The void waited for a while with its invoice's issue: what was decided by now was shown then.
  const still = (ids: string[]) => ids.filter((id) => made.includes(id)).toSorted();
  expect(followed.map((each) => still(each.ids()))).toEqual(news);
  expect(news.map(({ length }) => length)).toEqual([1, 1, 2, 2, 2]);
});
