import { startTestApp, type TestApp } from '../support/app';
import type { CastName } from '../support/cast';
import { countersigned, eventsOf } from '../support/outcomes';
import { givenAccount } from '../support/scene';

let t: TestApp;
let accountId: string;
beforeAll(async () => {
  t = await startTestApp();
  accountId = await givenAccount(t);
});
afterEach(() => (t.clock.at = null));
afterAll(() => t.close());

const id = (who: CastName) => t.as(who).userId;
const ask = async (query: string, variables: object = {}) => {
  const { data, errors } = await t.as('auditor').gql(query, { ...variables });
  expect(errors).toEqual([]);
  return data!;
};

describe('whoCould', () => {
  const QUERY = `query ($operation: String!, $at: DateTime!, $accountId: ID) {
    whoCould(operation: $operation, at: $at, accountId: $accountId) { userId role accountId grantedById approvedById roleGrantId } }`;
  const of = async (operation: string, more: object = {}) =>
    (await ask(QUERY, { operation, at: new Date().toISOString(), ...more })).whoCould as Record<string, unknown>[];

  it('names the grants by which somebody could, who proposed and who approved them', async () => {
    const before = new Date().toISOString();
    const grant = { userId: id('stranger'), role: 'billing', accountId, reason: 'one client' };
    const { result } = await countersigned(t, 'admin', 'grantRole', grant, 'compliance');
    const other = await givenAccount(t);
    const theirs = {
      userId: id('stranger'),
      role: 'billing',
      accountId,
      grantedById: id('admin'),
      approvedById: id('compliance'),
      roleGrantId: result.roleGrant,
    };
    expect(await of('invoice.void')).toContainEqual(theirs);
    expect(await of('invoice.void', { accountId })).toContainEqual(theirs);
    expect(await of('invoice.void', { accountId: other })).not.toContainEqual(theirs);
    expect(await of('account.open')).not.toContainEqual(theirs);
    expect((await of('invoice.void', { at: before })).map(({ userId }) => String(userId)).toSorted()).toEqual(
      [id('billing'), id('billing2')].toSorted(),
    );
    await t.as('admin').mutate('revokeRole', { roleGrantId: result.roleGrant, reason: 'over' }, 'outcome');
    const revoked = new Date(Date.now() + 1000).toISOString();
    expect(await of('invoice.void', { at: revoked })).not.toContainEqual(theirs);
  });

  it('knows who could reveal, and no more than that everybody may do what is their own', async () => {
    const roles = new Set((await of('sensitiveValue.reveal')).map(({ role }) => String(role)));
    expect([...roles].toSorted()).toEqual(['auditor', 'billing', 'compliance', 'operations', 'supervisor']);
    expect((await of('session.end')).map(({ role }) => role)).toEqual(
      expect.not.arrayContaining(['billing', 'supervisor', 'operations']),
    );
    expect((await t.as('auditor').gql(QUERY, { operation: 'none.such', at: '2026-01-01T00:00:00Z' })).code).toBe(
      'OPERATION_UNKNOWN',
    );
  });
});

it('valueReveals names who saw a value, what for and why', async () => {
  const input = { type: 'Account', id: accountId, field: 'taxId', reason: 'a letter', purpose: 'billing' };
  const { events } = await eventsOf(t, () => t.as('billing').mutate('revealSensitiveValue', input, 'value'));
  const QUERY = `query ($field: String) { valueReveals(subjectType: "Account", subjectId: "${accountId}", field: $field) {
    auditEventId userId field purpose reason } }`;
  const seen = {
    auditEventId: events[0]!.id,
    userId: id('billing'),
    field: 'taxId',
    purpose: 'billing',
    reason: 'a letter',
  };
  expect((await ask(QUERY)).valueReveals).toEqual([seen]);
  expect((await ask(QUERY, { field: 'taxId' })).valueReveals).toEqual([seen]);
  expect((await ask(QUERY, { field: 'bankAccountNumber' })).valueReveals).toEqual([]);
});

it('accessMetrics counts what the trail tells, by pieces of time, and pieces in which there was nothing', async () => {
  const QUERY = `query ($range: MetricsRangeInput!) { accessMetrics(range: $range) {
    startsAt signIns signInsRefused reveals dutyExceptions rolesGranted rolesEnded glassBroken revealsRefused } }`;
  const range = (from: string, to: string, bucket: string) => ({ range: { from, to, bucket } });
  const other = await givenAccount(t);
  t.clock.at = new Date('2025-03-05T10:00:00Z');
  const signIn = (password: string) => t.nobody.mutate('signIn', { email: 'billing@test.example', password }, 'token');
  await signIn('correct horse battery staple');
  await signIn('not the password');
  t.clock.at = new Date('2025-03-12T10:00:00Z');
  const input = { type: 'Account', id: other, field: 'taxId', reason: 'a letter' };
  await t.as('billing').mutate('revealSensitiveValue', input, 'value');
  await t.as('billing').mutate('revealSensitiveValue', { ...input, field: 'none' }, 'value');
  t.clock.at = null;
  const days = (await ask(QUERY, range('2025-03-05T00:00:00Z', '2025-03-13T00:00:00Z', 'DAY'))).accessMetrics;
  expect(days).toHaveLength(8);
  expect(days[0]).toMatchObject({ startsAt: '2025-03-05T00:00:00.000Z', signIns: 1, signInsRefused: 1, reveals: 0 });
  expect(days[1]).toMatchObject({ signIns: 0, signInsRefused: 0 });
  expect(days[7]).toMatchObject({ reveals: 1, revealsRefused: 1 });
  const weeks = (await ask(QUERY, range('2025-03-05T00:00:00Z', '2025-03-13T00:00:00Z', 'WEEK'))).accessMetrics;
  expect(weeks.map(({ startsAt }: { startsAt: string }) => startsAt)).toEqual([
    '2025-03-03T00:00:00.000Z',
    '2025-03-10T00:00:00.000Z',
  ]);
  expect(
    (await ask(QUERY, range('2025-03-12T10:00:00.001Z', '2025-04-01T00:00:00Z', 'MONTH'))).accessMetrics,
  ).toMatchObject([{ reveals: 0 }]);
  for (const [from, to] of [
    ['2025-03-05T00:00:00Z', '2025-03-05T00:00:00Z'],
    ['2020-01-01T00:00:00Z', '2025-01-01T00:00:00Z'],
  ])
    expect((await t.as('auditor').gql(QUERY, range(from!, to!, 'DAY'))).code).toBe('RANGE_INVALID');
});

it('accessMetrics is answered from the index over action and instant', async () => {
  const plan = await t.sql<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT date_trunc('day', at AT TIME ZONE 'UTC'), action, count(*) FROM audit.event
     WHERE action = ANY ('{session.opened,sensitiveValue.revealed}') AND at >= '2025-01-01' AND at < '2025-01-02' GROUP BY 1, 2`,
  );
  expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('event_action');
});

it('dormantUsers names who was not seen for so many days', async () => {
  const of = async (days: number) =>
    (await ask(`{ dormantUsers(days: ${days}) { userId roles lastUsedAt days } }`)).dormantUsers as Record<
      string,
      any
    >[];
  expect(await of(90)).toEqual([]);
  t.clock.at = new Date(Date.now() + 100 * 86_400_000);
  await t.as('billing').mutate('draftInvoice', { accountId, lines: [], dueInDays: 1 }, 'outcome');
  // Somebody who only reads is there, too, as is a system with its key.
  await t.sql('UPDATE session SET last_seen_at = $2 WHERE user_id = $1', [id('operations'), t.clock.at]);
  const dormant = await of(90);
  expect(dormant.map(({ userId }) => userId as string)).toContain(id('supervisor2'));
  for (const name of ['billing', 'operations'] as const)
    expect(dormant.map(({ userId }) => userId as string)).not.toContain(id(name));
  expect(dormant.find(({ userId }) => userId === id('supervisor2'))).toMatchObject({
    roles: ['supervisor'],
    days: 100,
  });
});
