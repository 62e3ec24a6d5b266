import { startTestApp, type TestApp } from '../support/app';
import {
  approve,
  countersigned,
  eventsOf,
  expectRefused,
  NOBODYS_ID,
  proposed,
  rowOf,
  tally,
  told,
  withoutPolicy,
} from '../support/outcomes';
import {
  freshCode,
  givenAccount,
  givenAgent,
  givenClientOf,
  givenDraft,
  givenInvoice,
  givenLob,
  linesOf,
} from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterEach(() => {
  t.clock.at = null;
});
afterAll(() => t.close());

const op = { mutation: 'closeAccount', operation: 'account.close' };

const assign = async (agentId: string, lobId: string, startsOn: string): Promise<string> => {
  const { payload, errors } = await t
    .as('operations')
    .mutate('assignAgent', { agentId, lobId, startsOn }, 'outcome assignment { id }');
  expect(errors).toEqual([]);
  return payload.assignment.id;
};

async function staffed() {
  const accountId = await givenAccount(t, { timeZone: 'UTC' });
  const lobs = [await givenLob(t, accountId, { code: 'LA' }), await givenLob(t, accountId, { code: 'LB' })];
  const agents = [await givenAgent(t), await givenAgent(t), await givenAgent(t)];
  const assignments = [
    await assign(agents[0]!, lobs[0]!, '2024-01-01'),
    await assign(agents[1]!, lobs[1]!, '2024-02-01'),
    await assign(agents[2]!, lobs[1]!, '2090-01-01'),
  ];
  return { accountId, lobs, agents, assignments };
}

const today = () => new Date().toISOString().slice(0, 10);

describe('account.close', () => {
  it('closes it with its LOBs, ends the assignments today, and says who is free', async () => {
    const { accountId, lobs, agents, assignments } = await staffed();
    const elsewhere = await givenAgent(t);
    const otherLob = await givenLob(t, await givenAccount(t));
    const kept = await assign(elsewhere, otherLob, '2024-01-01');
    const request = await proposed(t, 'operations', 'closeAccount', { accountId, reason: 'contract ended' });
    expect((await rowOf(t, 'account', accountId)).status).toBe('OPEN');
    const { events } = await eventsOf(t, () => approve(t, request));
    expect(await rowOf(t, 'account', accountId)).toMatchObject({
      status: 'CLOSED',
      version: 2,
      closed_at: expect.any(Date),
    });
    for (const lob of lobs)
      expect(await rowOf(t, 'lob', lob)).toMatchObject({ status: 'CLOSED', version: 2, closed_at: expect.any(Date) });
    const ends = await t.sql(
      'SELECT id, starts_on::text, ends_on::text, end_reason FROM assignment WHERE id = ANY($1) ORDER BY starts_on',
      [assignments],
    );
    expect(ends).toEqual([
      { id: assignments[0], starts_on: '2024-01-01', ends_on: today(), end_reason: 'account closed' },
      { id: assignments[1], starts_on: '2024-02-01', ends_on: today(), end_reason: 'account closed' },
      { id: assignments[2], starts_on: '2090-01-01', ends_on: '2090-01-01', end_reason: 'account closed' },
    ]);
    expect(await rowOf(t, 'assignment', kept)).toMatchObject({ ends_on: null, version: 1 });
    const [{ result }] = (await t.sql('SELECT result FROM change_request WHERE id = $1', [request.id])) as [
      { result: any },
    ];
    expect(result.freedAgents.toSorted()).toEqual(agents.toSorted());
    expect(told(events)[0]).toEqual({
      action: 'account.closed',
      outcome: 'DONE',
      actor: t.as('supervisor').userId,
      onBehalfOf: t.as('operations').userId,
      subject: { type: 'Account', id: accountId, version: 2 },
      reason: 'contract ended',
    });
    expect(events[0]!.changes).toEqual([
      { path: 'status', before: 'OPEN', after: 'CLOSED' },
      { path: 'closedLobs', before: null, after: expect.arrayContaining(['LA', 'LB']) },
      { path: 'freedAgents', before: null, after: result.freedAgents },
    ]);
  });

  it('lists the freed agents in the payload and among the free ones, with the history of their assignments', async () => {
    const { accountId, agents, lobs } = await staffed();
    const free = `query { agents(first: 100, filter: { free: true }) { nodes { id } } }`;
    const idsOf = async () =>
      ((await t.as('operations').gql(free)).data!.agents.nodes as { id: string }[]).map(({ id }) => id);
    const before = await idsOf();
    expect(before).not.toContain(agents[0]);
    expect(before).toContain(agents[2]);
    const { payload } = await withoutPolicy(t, 'account.close', () =>
      t
        .as('operations')
        .mutate(
          'closeAccount',
          { accountId, reason: 'over' },
          'outcome account { status } freedAgents { id currentLob { id } assignments { startsOn endsOn endReason lob { id status } } }',
        ),
    );
    expect(payload).toMatchObject({ outcome: 'DONE', account: { status: 'CLOSED' } });
    expect(payload.freedAgents.map(({ id }: { id: string }) => id).toSorted()).toEqual(agents.toSorted());
    expect(payload.freedAgents.find(({ id }: { id: string }) => id === agents[0])).toEqual({
      id: agents[0],
      currentLob: null,
      assignments: [
        {
          startsOn: '2024-01-01',
          endsOn: today(),
          endReason: 'account closed',
          lob: { id: lobs[0], status: 'CLOSED' },
        },
      ],
    });
    expect(await idsOf()).toEqual(expect.arrayContaining(agents));
  });

  it('ends assignments on the date that it is in the account’s zone', async () => {
    t.clock.at = new Date('2026-03-01T03:00:00Z');
    const accountId = await givenAccount(t, { timeZone: 'America/New_York' });
    const assignment = await assign(await givenAgent(t), await givenLob(t, accountId), '2026-01-01');
    await countersigned(t, 'operations', 'closeAccount', { accountId, reason: 'over' });
    const [row] = await t.sql('SELECT ends_on::text FROM assignment WHERE id = $1', [assignment]);
    expect(row).toEqual({ ends_on: '2026-02-28' });
    expect(await rowOf(t, 'account', accountId)).toMatchObject({ closed_at: t.clock.at });
  });

  it('frees them by the clock of the API: an agent’s currentLob and free follow it', async () => {
    t.clock.at = new Date('2031-05-05T12:00:00Z');
    const accountId = await givenAccount(t, { timeZone: 'UTC' });
    const agent = await givenAgent(t);
    await assign(agent, await givenLob(t, accountId), '2031-05-01');
    const query = 'query ($id: ID!) { agent(id: $id) { currentLob { code } } }';
    expect((await t.as('operations').gql(query, { id: agent })).data!.agent.currentLob).not.toBeNull();
    await countersigned(t, 'operations', 'closeAccount', { accountId, reason: 'over' });
    expect((await t.as('operations').gql(query, { id: agent })).data!.agent.currentLob).toBeNull();
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'billing', {}, 'FORBIDDEN'],
    ['the approver, who proposes nothing', 'supervisor', {}, 'FORBIDDEN'],
    ['a blank reason', 'operations', { reason: '\t' }, 'BAD_USER_INPUT'],
    ['a reason of 501 characters', 'operations', { reason: 'x'.repeat(501) }, 'BAD_USER_INPUT'],
    ['an unknown account', 'operations', { accountId: NOBODYS_ID }, 'NOT_FOUND'],
    ['an id that is none', 'operations', { accountId: 'ACC-1' }, 'NOT_FOUND'],
    ['another version than there is, before the invoices', 'operations', { expectedVersion: 2 }, 'VERSION_CONFLICT'],
    ['open invoices', 'operations', {}, 'ACCOUNT_NOT_CLOSABLE'],
  ] as const)('refuses: %s', async (_what, as, more, code) => {
    const accountId = await givenAccount(t);
    await givenDraft(t, accountId);
    await expectRefused(t, { as, ...op, input: { accountId, reason: 'over', ...more }, code });
  });

  it('counts drafts and unpaid invoices, and lets it go once they are settled', async () => {
    const accountId = await givenAccount(t);
    const draft = await givenDraft(t, accountId);
    const issued = await givenInvoice(t, accountId);
    const input = { accountId, reason: 'over' };
    await expectRefused(t, {
      as: 'operations',
      ...op,
      input,
      code: 'ACCOUNT_NOT_CLOSABLE',
      details: { openInvoices: 2 },
    });
    await countersigned(t, 'billing', 'voidInvoice', { invoiceId: draft, reason: 'not needed' });
    await expectRefused(t, {
      as: 'operations',
      ...op,
      input,
      code: 'ACCOUNT_NOT_CLOSABLE',
      details: { openInvoices: 1 },
    });
    const lines = await linesOf(t, issued);
    const amount = (minor: string) => ({ amount: (Number(minor) / 100).toFixed(2), currency: 'USD' });
    const opened = await t.as('billing').mutate(
      'openDispute',
      {
        invoiceId: issued,
        reasonCode: 'RATE',
        items: lines.map(({ id, total_minor }) => ({ lineId: id, amount: amount(total_minor) })),
      },
      'outcome dispute { id items { id amount { amount currency } } }',
    );
    const { id: disputeId, items } = opened.payload.dispute;
    await countersigned(t, 'billing2', 'resolveDispute', {
      disputeId,
      note: 'right',
      items: items.map((item: any) => ({ itemId: item.id, acceptedAmount: item.amount })),
    });
    expect(await rowOf(t, 'invoice', issued)).toMatchObject({ payment_status: 'PAID' });
    await countersigned(t, 'operations', 'closeAccount', input);
    expect((await rowOf(t, 'account', accountId)).status).toBe('CLOSED');
    await expectRefused(t, { as: 'operations', ...op, input, code: 'ACCOUNT_NOT_CLOSABLE' });
  });

  it('refuses a client to close what is theirs, and does not let them know of what is not', async () => {
    const accountId = await givenAccount(t);
    await givenClientOf(t, accountId);
    await expectRefused(t, { as: 'client', ...op, input: { accountId, reason: 'mine' }, code: 'FORBIDDEN' });
    const seen = await t
      .as('client')
      .gql('query ($id: ID!) { account(id: $id) { id } }', { id: await givenAccount(t) });
    expect(seen.data).toEqual({ account: null });
  });

  it.each([
    ['an invoice was drafted', (accountId: string) => givenDraft(t, accountId), 'CHANGE_REQUEST_FAILED'],
    ['a LOB was opened', (accountId: string) => givenLob(t, accountId), 'CHANGE_REQUEST_STALE'],
  ] as const)('is not carried out when, meanwhile, %s', async (_what, meanwhile, code) => {
    const accountId = await givenAccount(t);
    const request = await proposed(t, 'operations', 'closeAccount', { accountId, reason: 'over' });
    await meanwhile(accountId);
    expect((await approve(t, request)).code).toBe(code);
    expect(await rowOf(t, 'account', accountId)).toMatchObject({ status: 'OPEN', version: 1 });
    expect((await rowOf(t, 'change_request', request.id)).status).toBe(code.slice('CHANGE_REQUEST_'.length));
  });

  it('is carried out once of several requests, whoever races', async () => {
    const accountId = await givenAccount(t);
    const requests = [];
    for (let n = 0; n < 4; n += 1)
      requests.push(await proposed(t, 'operations', 'closeAccount', { accountId, reason: `try ${n}` }));
    const answers = await Promise.all(
      requests.map((request, n) => approve(t, request, n % 2 ? 'supervisor' : 'supervisor2')),
    );
    expect(tally(answers)).toEqual({ DONE: 1, CHANGE_REQUEST_STALE: 3 });
    expect(await rowOf(t, 'account', accountId)).toMatchObject({ status: 'CLOSED', version: 2 });
  });

  it('never leaves an open invoice, LOB or assignment behind, raced with what opens them', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { accountId, lobs } = await staffed();
      const agent = await givenAgent(t);
      const answers = await withoutPolicy(t, 'account.close', () =>
        Promise.all([
          t.as('operations').mutate('closeAccount', { accountId, reason: 'over' }),
          t
            .as('billing')
            .mutate('draftInvoice', { accountId, lines: [{ description: 'x', quantity: '1', unitPrice: '1' }] }),
          t.as('operations').mutate('openLob', { accountId, code: freshCode('L'), name: 'late' }),
          t.as('operations').mutate('assignAgent', { agentId: agent, lobId: lobs[0], startsOn: '2024-01-01' }),
        ]),
      );
      for (const { code } of answers)
        expect([undefined, 'ACCOUNT_CLOSED', 'ACCOUNT_NOT_CLOSABLE', 'LOB_CLOSED']).toContain(code);
      const closed = answers[0].code === undefined;
      const [open] = await t.sql(
        `SELECT (SELECT status FROM account WHERE id = $1) AS account,
          (SELECT count(*)::int FROM invoice WHERE account_id = $1) AS invoices,
          (SELECT count(*)::int FROM lob WHERE account_id = $1 AND status = 'OPEN') AS lobs,
          (SELECT count(*)::int FROM assignment s JOIN lob l ON l.id = s.lob_id WHERE l.account_id = $1 AND s.ends_on IS NULL) AS assignments`,
        [accountId],
      );
      if (closed) expect(open).toEqual({ account: 'CLOSED', invoices: 0, lobs: 0, assignments: 0 });
      else expect(open).toMatchObject({ account: 'OPEN', invoices: 1 });
    }
  });

  it('is closed once for one key', async () => {
    const accountId = await givenAccount(t);
    const input = { accountId, reason: 'over', idempotencyKey: freshCode('KEY') };
    await withoutPolicy(t, 'account.close', async () => {
      const [first, ...others] = await Promise.all(
        Array.from({ length: 4 }, () =>
          t.as('operations').mutate('closeAccount', input, 'outcome account { id version }'),
        ),
      );
      expect(first!.payload).toEqual({ outcome: 'DONE', account: { id: accountId, version: 2 } });
      for (const other of others) expect(other.payload).toEqual(first!.payload);
      await expectRefused(t, {
        as: 'operations',
        ...op,
        input: { accountId, reason: 'over' },
        code: 'ACCOUNT_NOT_CLOSABLE',
      });
    });
  });
});
