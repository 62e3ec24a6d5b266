import { startTestApp, type TestApp } from '../support/app';
import { approve, countersigned, rowOf, tally } from '../support/outcomes';
import { givenAccount, givenDraft, trail } from '../support/scene';
import { proposed } from '../support/outcomes';
import { decisionsOn, givenProposedVoid, proposedBankChange, requestRow } from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ DATABASE_POOL: '30' });
});
afterAll(() => t.close());

const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

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
    const [before] = await t.sql<{ last: number }>('SELECT coalesce(max(last_number), 0) AS last FROM invoice_series');
    const answers = await Promise.all(requests.map((request) => approve(t, request)));
    expect(tally(answers)).toEqual({ DONE: 1, CHANGE_REQUEST_STALE: 19 });
    const [after] = await t.sql<{ last: number }>('SELECT coalesce(max(last_number), 0) AS last FROM invoice_series');
    expect(after!.last).toBe(before!.last + 1);
    const states = await Promise.all(requests.map(async ({ id }) => (await requestRow(t, id)).status as string));
    expect(states.filter((status) => status === 'EXECUTED')).toHaveLength(1);
    expect(states.filter((status) => status === 'STALE')).toHaveLength(19);
    expect(await trail(t, `action = 'invoice.issued' AND subject_id = $1`, [invoiceId])).toHaveLength(1);
  });

  const ROUNDS = 20;

  it(`approve against withdraw, ${ROUNDS} rounds: exactly one of them wins, and the other is told`, async () => {
    const accountId = await givenAccount(t);
    const winners: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const request = await proposedBankChange(t, accountId, `0009876543${10 + round}`);
      const { version } = await rowOf(t, 'account', accountId);
      const withdraw = () => t.as('operations').mutate('withdrawChangeRequest', { id: request.id }, 'outcome');
      const yes = () => approve(t, request);
      // Who is sent first takes turns, so that both win now and then.
      const [first, second] = round % 2 ? [yes, withdraw] : [withdraw, yes];
      const answers = await Promise.all([first(), second()]);
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
      const request = await proposedBankChange(t, accountId, `0009876543${10 + round}`);
      const { version } = await rowOf(t, 'account', accountId);
      const no = () => t.as('supervisor2').mutate('rejectChangeRequest', { id: request.id, reason: 'no' }, 'outcome');
      const yes = () => approve(t, request);
      const [first, second] = round % 2 ? [yes, no] : [no, yes];
      const answers = await Promise.all([first(), second()]);
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
      const request = await proposedBankChange(t, accountId, `0009876543${10 + round}`);
      const before = await rowOf(t, 'account', accountId);
      const rename = () =>
        t.as('operations').mutate('changeAccount', { accountId, legalName: `Renamed ${round} Ltd` }, 'outcome');
      const yes = () => approve(t, request);
      const answers = await Promise.all(round % 2 ? [yes(), rename()] : [rename(), yes()]);
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
