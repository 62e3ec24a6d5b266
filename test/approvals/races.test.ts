import { setImmediate } from 'node:timers/promises';
import { Client } from 'pg';
import { startTestApp, type TestApp } from '../support/app';
import { approve, countersigned, proposed, rowOf, tally, type Waiting } from '../support/outcomes';
import { givenAccount, givenDraft, trail } from '../support/scene';
import { decisionsOn, givenProposedVoid, proposedBankChange, requestRow } from './proposals';

/** How often each race is run: `RACE_ROUNDS=200 npx jest test/approvals/races`. */
const ROUNDS = Number(process.env.RACE_ROUNDS ?? 10);
const SECONDS = 60 + ROUNDS;

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ DATABASE_POOL: '30' });
});
afterAll(() => t.close());

const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

/** A bank account number that no other round has. */
const bankOf = (round: number): string => `000987${String(100_000 + round)}`;

/** Both at once, in turns of who is sent first, so that each wins now and then. */
const race = <T>(round: number, one: () => Promise<T>, other: () => Promise<T>): Promise<[T, T]> =>
  round % 2
    ? Promise.all([one(), other()])
    : Promise.all([other(), one()]).then(([second, first]): [T, T] => [first, second]);

jest.setTimeout(SECONDS * 1000);

describe('a change request that many decide at once is carried out once', () => {
  it('twenty approvals of the same approver in parallel', async () => {
    const { invoiceId, ...request } = await givenProposedVoid(t);
    const answers = await times(20, () => approve(t, request));
    expect(tally(answers)).toEqual({ DONE: 1, CHANGE_REQUEST_NOT_PENDING: 19 });
    expect(await decisionsOn(t, request.id)).toHaveLength(1);
    expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({ status: 'VOIDED', version: 3 });
    expect(await trail(t, `action = 'invoice.voided' AND subject_id = $1`, [invoiceId])).toHaveLength(1);
    expect(await trail(t, `action = 'changeRequest.approved' AND subject_id = $1`, [request.id])).toHaveLength(1);
    expect(await trail(t, `outcome = 'REFUSED' AND subject_id = $1`, [request.id])).toHaveLength(19);
  });

  it('twenty approvals of two approvers in parallel', async () => {
    const { invoiceId, ...request } = await givenProposedVoid(t);
    const answers = await times(20, (index) => approve(t, request, index % 2 ? 'supervisor' : 'supervisor2'));
    expect(tally(answers)).toEqual({ DONE: 1, CHANGE_REQUEST_NOT_PENDING: 19 });
    const decisions = await decisionsOn(t, request.id);
    expect(decisions).toHaveLength(1);
    expect((await requestRow(t, request.id)).approved_by_id).toBe(decisions[0]!.decided_by_id);
    expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({ status: 'VOIDED', version: 3 });
    expect(await trail(t, `action = 'invoice.voided' AND subject_id = $1`, [invoiceId])).toHaveLength(1);
  });

  it('twenty proposals to issue one draft, all approved in parallel: one number is given', async () => {
    const invoiceId = await givenDraft(t, await givenAccount(t));
    const requests = await times(20, () => proposed(t, 'billing', 'issueInvoice', { invoiceId }));
    const [before] = await t.sql<{ last: number }>('SELECT coalesce(max(last_number), 0) AS last FROM number_series');
    const answers = await Promise.all(requests.map((request) => approve(t, request)));
    expect(tally(answers)).toEqual({ DONE: 1, CHANGE_REQUEST_STALE: 19 });
    const [after] = await t.sql<{ last: number }>('SELECT coalesce(max(last_number), 0) AS last FROM number_series');
    expect(after!.last).toBe(before!.last + 1);
    const states = await Promise.all(requests.map(async ({ id }) => (await requestRow(t, id)).status as string));
    expect(states.filter((status) => status === 'EXECUTED')).toHaveLength(1);
    expect(states.filter((status) => status === 'STALE')).toHaveLength(19);
    expect(await trail(t, `action = 'invoice.issued' AND subject_id = $1`, [invoiceId])).toHaveLength(1);
  });

  it(`approve against withdraw, ${ROUNDS} rounds: exactly one of them wins, and the other is told`, async () => {
    const accountId = await givenAccount(t);
    const winners: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const request = await proposedBankChange(t, accountId, bankOf(round));
      const { version } = await rowOf(t, 'account', accountId);
      const withdraw = () => t.as('operations').mutate('withdrawChangeRequest', { id: request.id }, 'outcome');
      const answers = await race(round, () => approve(t, request), withdraw);
      expect(tally(answers)).toEqual({ DONE: 1, CHANGE_REQUEST_NOT_PENDING: 1 });
      const { status } = await requestRow(t, request.id);
      const applied = (await rowOf(t, 'account', accountId)).version - version;
      expect([status, applied, (await decisionsOn(t, request.id)).length]).toEqual(
        status === 'EXECUTED' ? ['EXECUTED', 1, 1] : ['WITHDRAWN', 0, 0],
      );
      winners.push(status as string);
    }
    expect(winners).toHaveLength(ROUNDS);
  });

  it(`approve against reject, ${ROUNDS} rounds: exactly one decision stands`, async () => {
    const accountId = await givenAccount(t);
    for (let round = 0; round < ROUNDS; round += 1) {
      const request = await proposedBankChange(t, accountId, bankOf(round));
      const { version } = await rowOf(t, 'account', accountId);
      const no = () => t.as('supervisor2').mutate('rejectChangeRequest', { id: request.id, reason: 'no' }, 'outcome');
      const answers = await race(round, () => approve(t, request), no);
      expect(tally(answers)).toEqual({ DONE: 1, CHANGE_REQUEST_NOT_PENDING: 1 });
      const { status } = await requestRow(t, request.id);
      const verdicts = (await decisionsOn(t, request.id)).map(({ verdict }) => verdict);
      const applied = (await rowOf(t, 'account', accountId)).version - version;
      expect([status, verdicts, applied]).toEqual(
        status === 'EXECUTED' ? ['EXECUTED', ['APPROVED'], 1] : ['REJECTED', ['REJECTED'], 0],
      );
    }
  });

  it(`approve against a direct change of the row, ${ROUNDS} rounds: never both over one version`, async () => {
    const accountId = await givenAccount(t);
    const outcomes = new Set<string>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const request = await proposedBankChange(t, accountId, bankOf(round));
      const before = await rowOf(t, 'account', accountId);
      const rename = () =>
        t.as('operations').mutate('changeAccount', { accountId, legalName: `Renamed ${round} Ltd` }, 'outcome');
      const answers = await race(round, () => approve(t, request), rename);
      const after = await rowOf(t, 'account', accountId);
      const { status } = await requestRow(t, request.id);
      expect(answers.filter(({ code }) => code === undefined).length).toBe(after.version - before.version);
      expect(after.legal_name).toBe(`Renamed ${round} Ltd`);
      expect(Buffer.compare(after.bank_account_number_sealed, before.bank_account_number_sealed) !== 0).toBe(
        status === 'EXECUTED',
      );
      expect(['EXECUTED', 'STALE']).toContain(status);
      outcomes.add(status as string);
    }
    expect(outcomes.size).toBeGreaterThan(0);
  });

  it('a dozen proposals over different accounts, approved in parallel, are all carried out', async () => {
    const accounts = await times(12, () => givenAccount(t));
    await Promise.all(
      accounts.map((accountId, index) =>
        countersigned(
          t,
          'operations',
          'closeAccount',
          { accountId, reason: 'left' },
          index % 2 ? 'supervisor' : 'supervisor2',
        ),
      ),
    );
    const rows = await t.sql('SELECT status, version FROM account WHERE id = ANY($1)', [accounts]);
    expect(rows).toEqual(accounts.map(() => ({ status: 'CLOSED', version: 2 })));
  });
});

/** Has the changes of bank accounts wait for so many supervisors while some work is done. */
async function withQuorum(quorum: number, work: () => Promise<void>): Promise<void> {
  const set = (people: number) =>
    t.sql(`UPDATE approval_policy SET steps = jsonb_set(steps, '{0,quorum}', $1) WHERE operation = 'account.change'`, [
      String(people),
    ]);
  await set(quorum);
  try {
    await work();
  } finally {
    await set(1);
  }
}

const HELD = `SELECT id FROM role_grant WHERE user_id = $1 AND revoked_at IS NULL`;
const GIVEN = `INSERT INTO role_grant (id, user_id, role, granted_by_id) VALUES (gen_random_uuid(), $1, 'supervisor', $2)`;

describe(`two that do not see each other, ${ROUNDS} rounds`, () => {
  it('two people approve a step that needs one: one carries it out', async () => {
    const accountId = await givenAccount(t);
    for (let round = 0; round < ROUNDS; round += 1) {
      const request = await proposedBankChange(t, accountId, bankOf(round));
      const { version } = await rowOf(t, 'account', accountId);
      const answers = await race(
        round,
        () => approve(t, request),
        () => approve(t, request, 'supervisor2'),
      );
      expect(tally(answers)).toEqual({ DONE: 1, CHANGE_REQUEST_NOT_PENDING: 1 });
      expect((await rowOf(t, 'account', accountId)).version).toBe(version + 1);
      const [decision, ...others] = await decisionsOn(t, request.id);
      expect(others).toEqual([]);
      expect(await requestRow(t, request.id)).toMatchObject({
        status: 'EXECUTED',
        approved_by_id: decision!.decided_by_id,
      });
    }
  });

  it('two people approve a step that needs two: both count, and it is carried out once', async () => {
    const accountId = await givenAccount(t);
    await withQuorum(2, async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const request = await proposedBankChange(t, accountId, bankOf(round));
        const { version } = await rowOf(t, 'account', accountId);
        const answers = await race(
          round,
          () => approve(t, request),
          () => approve(t, request, 'supervisor2'),
        );
        expect(tally(answers)).toEqual({ AWAITING_APPROVAL: 1, DONE: 1 });
        expect((await rowOf(t, 'account', accountId)).version).toBe(version + 1);
        expect(await decisionsOn(t, request.id)).toHaveLength(2);
        expect((await requestRow(t, request.id)).status).toBe('EXECUTED');
      }
    });
  });

  it('approve against revise: the old content under the yes that it got, or the new one waiting for its own', async () => {
    const accountId = await givenAccount(t);
    const masked = async () => (await rowOf(t, 'account', accountId)).bank_account_number_masked as string;
    for (let round = 0; round < ROUNDS; round += 1) {
      const [before, old, next] = [await masked(), `0009876${10_000 + round}`, `0001234${50_000 + round}`];
      const request = await proposedBankChange(t, accountId, old);
      const input = { accountId, bankAccountNumber: next, reason: 'that one' };
      const answers = await race(
        round,
        () => approve(t, request),
        () => t.as('operations').mutate('reviseChangeRequest', { id: request.id, input }, 'outcome'),
      );
      const codes = answers.map(({ code }) => code);
      const { status, revision } = await requestRow(t, request.id);
      const decided = (await decisionsOn(t, request.id)).length;
      expect({ codes, status, revision, decided }).toEqual(
        revision === 1
          ? { codes: [undefined, 'CHANGE_REQUEST_NOT_PENDING'], status: 'EXECUTED', revision: 1, decided: 1 }
          : { codes: ['CHANGE_REQUEST_MOVED', undefined], status: 'PENDING', revision: 2, decided: 0 },
      );
      expect((await masked()).slice(-4)).toBe(revision === 1 ? old.slice(-4) : before.slice(-4));
      if (status === 'PENDING') await t.as('operations').mutate('withdrawChangeRequest', { id: request.id }, 'outcome');
    }
  });

  it('approve against revoking the role of whoever approves: it is carried out only by a yes that counted', async () => {
    const accountId = await givenAccount(t);
    const { userId } = t.as('supervisor2');
    for (let round = 0; round < ROUNDS; round += 1) {
      const request = await proposedBankChange(t, accountId, bankOf(round));
      const { version } = await rowOf(t, 'account', accountId);
      const [grant] = await t.sql<{ id: string }>(HELD, [userId]);
      const [yes, revoked] = await race(
        round,
        () => approve(t, request, 'supervisor2'),
        () => t.as('admin').mutate('revokeRole', { roleGrantId: grant!.id, reason: 'moved on' }, 'outcome'),
      );
      expect(revoked.errors).toEqual([]);
      const answer = yes.code ?? (yes.payload.outcome as string);
      expect(['DONE', 'AWAITING_APPROVAL', 'NOT_AN_APPROVER', 'NOT_FOUND', 'UNAUTHENTICATED']).toContain(answer);
      const done = answer === 'DONE';
      expect((await requestRow(t, request.id)).status).toBe(done ? 'EXECUTED' : 'PENDING');
      expect((await rowOf(t, 'account', accountId)).version).toBe(done ? version + 1 : version);
      expect(await decisionsOn(t, request.id)).toHaveLength(done || answer === 'AWAITING_APPROVAL' ? 1 : 0);
      if (!done) expect((await approve(t, request)).payload.outcome).toBe('DONE');
      await t.sql(GIVEN, [userId, t.as('admin').userId]);
      await t.signInAnew('supervisor2');
    }
  });

  it('a role of whoever said yes first is revoked between the last yes and what it lets through: revoking waits', async () => {
    const accountId = await givenAccount(t);
    const { userId } = t.as('supervisor2');
    const [grant] = await t.sql<{ id: string }>(HELD, [userId]);
    const waiting = async (count: number) => {
      const sql = `SELECT count(*)::int FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
      while ((await t.sql<{ count: number }>(sql))[0]!.count < count) await setImmediate();
    };
    const holder = new Client({ connectionString: t.ownerUrl });
    await holder.connect();
    try {
      await withQuorum(2, async () => {
        const request = await proposedBankChange(t, accountId);
        expect((await approve(t, request, 'supervisor2')).payload.outcome).toBe('AWAITING_APPROVAL');
        await holder.query('BEGIN');
        await holder.query('SELECT FROM account WHERE id = $1 FOR UPDATE', [accountId]);
        const yes = approve(t, request);
        await waiting(1);
        const revoking = t.as('admin').mutate('revokeRole', { roleGrantId: grant!.id, reason: 'moved on' }, 'outcome');
        await Promise.race([waiting(2), revoking]);
        await holder.query('COMMIT');
        expect((await yes).payload).toMatchObject({ outcome: 'DONE', changeRequest: { status: 'EXECUTED' } });
        expect((await revoking).payload).toEqual({ outcome: 'DONE' });
      });
    } finally {
      await holder.end();
      await t.sql(GIVEN, [userId, t.as('admin').userId]);
      await t.signInAnew('supervisor2');
    }
  });

  it('one person approves twice within a limit for a day that once fits into: one of them passes', async () => {
    const accountId = await givenAccount(t);
    const { userId } = t.as('supervisor');
    const proposedIssue = async (): Promise<Waiting> =>
      proposed(t, 'billing', 'issueInvoice', { invoiceId: await givenDraft(t, accountId) });
    // What was approved before counts, too: the limit leaves room for one and a half.
    const limit = `INSERT INTO approval_limit (id, user_id, currency, per_day_minor)
      SELECT gen_random_uuid(), $1, 'USD', r.amount_minor * 1.5 + (SELECT coalesce(sum(c.amount_minor), 0)
        FROM decision d JOIN change_request c ON c.id = d.change_request_id WHERE d.decided_by_id = $1 AND c.status = 'EXECUTED')
      FROM change_request r WHERE r.id = $2
      ON CONFLICT (user_id, currency) DO UPDATE SET per_day_minor = excluded.per_day_minor`;
    for (let round = 0; round < ROUNDS; round += 1) {
      const requests = [await proposedIssue(), await proposedIssue()] as const;
      await t.sql(limit, [userId, requests[0].id]);
      const answers = await race(
        round,
        () => approve(t, requests[0]),
        () => approve(t, requests[1]),
      );
      expect(tally(answers)).toEqual({ DONE: 1, LIMIT_EXCEEDED: 1 });
      const rows = await Promise.all(requests.map(({ id }) => requestRow(t, id)));
      expect(rows.map(({ status }) => status as string).toSorted()).toEqual(['EXECUTED', 'PENDING']);
    }
    await t.sql('DELETE FROM approval_limit');
  });
});
