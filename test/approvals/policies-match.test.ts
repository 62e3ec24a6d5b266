import { startTestApp, type TestApp } from '../support/app';
import { approve, countersigned } from '../support/outcomes';
import { freshCode, givenAccount, givenAgent, givenDraft, givenInvoice, givenLob, linesOf } from '../support/scene';
import { requestRow } from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  await t.sql(
    `UPDATE approval_policy SET active = false WHERE operation IN ('invoice.void', 'agent.transfer', 'dispute.resolve', 'account.change')`,
  );
});
afterAll(() => t.close());
afterEach(() => t.rewind(`DELETE FROM approval_policy WHERE name <> 'standard'`));

interface Terms {
  [term: string]: unknown;
}

/** One more policy, made as administration and compliance make it. */
const policy = (operation: string, terms: Terms) =>
  countersigned(
    t,
    'admin',
    'createApprovalPolicy',
    { operation, name: freshCode('p').toLowerCase(), reason: 'test', ...terms },
    'compliance',
  );

/** Whether it would wait, as approvalPolicyFor says and as submitting it does. */
async function waits(
  as: 'billing' | 'billing2' | 'operations',
  operation: string,
  mutation: string,
  input: object,
): Promise<boolean> {
  const { data } = await t
    .as(as)
    .gql(
      'query ($operation: String!, $input: JSON!) { approvalPolicyFor(operation: $operation, input: $input) { required } }',
      {
        operation,
        input,
      },
    );
  const { payload, errors } = await t.as(as).mutate(mutation, input, 'outcome');
  expect(errors).toEqual([]);
  expect(payload.outcome).toBe(data!.approvalPolicyFor.required ? 'AWAITING_APPROVAL' : 'DONE');
  return payload.outcome === 'AWAITING_APPROVAL';
}

const voided = (invoiceId: string) => waits('billing', 'invoice.void', 'voidInvoice', { invoiceId, reason: 'twice' });
const billed = (accountId: string, lobId: string | null, unitPrice = '100') =>
  givenInvoice(t, accountId, { lines: [{ description: 'Calls', quantity: '1', unitPrice, lobId }] });

describe('a policy of one condition matches what fulfils it, and nothing else', () => {
  it('an account', async () => {
    const [one, other] = [await givenAccount(t), await givenAccount(t)];
    await policy('invoice.void', { whenAccountIds: [one.toUpperCase()] });
    expect([await voided(await billed(one, null)), await voided(await billed(other, null))]).toEqual([true, false]);
  });

  it('a LOB: of the lines of an invoice, of drafts, of an agent who leaves it or comes to it, and of its closing', async () => {
    const account = await givenAccount(t);
    const [one, other, third] = [await givenLob(t, account), await givenLob(t, account), await givenLob(t, account)];
    for (const operation of [
      'invoice.void',
      'invoice.draft',
      'agent.assign',
      'agent.transfer',
      'lob.close',
      'assignment.end',
    ])
      await policy(operation, { whenLobIds: [one] });
    const invoice = async (lobId: string | null) => voided(await issuedWith(lobId));
    const issuedWith = async (lobId: string | null) => {
      await t.sql(`UPDATE approval_policy SET active = false WHERE operation = 'invoice.draft' AND name <> 'standard'`);
      const id = await billed(account, lobId);
      await t.sql(`UPDATE approval_policy SET active = true WHERE operation = 'invoice.draft' AND name <> 'standard'`);
      return id;
    };
    expect([await invoice(one), await invoice(other), await invoice(null)]).toEqual([true, false, false]);
    const lines = (lobId: string) => [{ description: 'x', quantity: '1', unitPrice: '1', lobId }];
    const drafted = (lobId: string) =>
      waits('billing', 'invoice.draft', 'draftInvoice', { accountId: account, lines: lines(lobId), dueInDays: 3 });
    expect([await drafted(one), await drafted(other)]).toEqual([true, false]);
    const agent = async () => givenAgent(t);
    const assigned = async (agentId: string, lobId: string) =>
      waits('operations', 'agent.assign', 'assignAgent', { agentId, lobId, startsOn: '2024-01-01' });
    const [moving, staying] = [await agent(), await agent()];
    expect([await assigned(staying, one), await assigned(staying, other), await assigned(moving, third)]).toEqual([
      true,
      false,
      false,
    ]);
    const moved = (agentId: string, toLobId: string, startsOn: string) =>
      waits('operations', 'agent.transfer', 'requestAgentTransfer', { agentId, toLobId, startsOn, reason: 'asked' });
    expect([await moved(moving, one, '2024-02-01'), await moved(moving, other, '2024-02-01')]).toEqual([true, false]);
    const closed = (lobId: string) => waits('operations', 'lob.close', 'closeLob', { lobId, reason: 'over' });
    expect([await closed(one), await closed(third)]).toEqual([true, false]);
  });

  it('a category: the reason of a dispute, and the kind of a complaint', async () => {
    const account = await givenAccount(t);
    const lobId = await givenLob(t, account);
    for (const operation of ['dispute.open', 'dispute.withdraw', 'complaint.file', 'complaint.resolve'])
      await policy(operation, { whenCategories: ['RATE'] });
    const disputed = async (reasonCode: string) => {
      const invoiceId = await billed(account, lobId);
      const [line] = await linesOf(t, invoiceId);
      const items = [{ lineId: line!.id, amount: { amount: '1', currency: 'USD' } }];
      return waits('billing', 'dispute.open', 'openDispute', { invoiceId, reasonCode, items });
    };
    expect([await disputed('RATE'), await disputed('QUANTITY')]).toEqual([true, false]);
    const filed = (category: string) =>
      waits('operations', 'complaint.file', 'fileComplaint', {
        accountId: account,
        lobId,
        channel: 'WEB',
        category,
        receivedAt: '2026-01-05T00:00:00Z',
      });
    expect([await filed('RATE'), await filed('Tone')]).toEqual([true, false]);
    const [complaint] = await t.sql(`SELECT id FROM complaint WHERE category = 'Tone' AND account_id = $1`, [account]);
    const resolved = { complaintId: complaint!.id, resolution: 'UPHELD' };
    expect(await waits('operations', 'complaint.resolve', 'resolveComplaint', resolved)).toBe(false);
  });

  it('a LOB of a complaint and of disputed lines', async () => {
    const account = await givenAccount(t);
    const [one, other] = [await givenLob(t, account), await givenLob(t, account)];
    for (const operation of ['dispute.open', 'complaint.file']) await policy(operation, { whenLobIds: [one] });
    const invoiceId = await givenInvoice(t, account, {
      lines: [one, other].map((lobId) => ({ description: 'Calls', quantity: '1', unitPrice: '100', lobId })),
    });
    const lines = await linesOf(t, invoiceId);
    const disputed = (index: number) =>
      waits('billing', 'dispute.open', 'openDispute', {
        invoiceId,
        reasonCode: 'RATE',
        items: [{ lineId: lines[index]!.id, amount: { amount: '1', currency: 'USD' } }],
      });
    expect([await disputed(0), await disputed(1)]).toEqual([true, false]);
    const filed = (lobId: string) =>
      waits('operations', 'complaint.file', 'fileComplaint', {
        accountId: account,
        lobId,
        channel: 'WEB',
        category: 'Tone',
        receivedAt: '2026-01-05T00:00:00Z',
      });
    expect([await filed(one), await filed(other)]).toEqual([true, false]);
  });

  it('a risk, and higher ones', async () => {
    const accountId = await givenAccount(t);
    const changed = (more: object) => waits('operations', 'account.change', 'changeAccount', { accountId, ...more });
    await policy('account.change', { whenRiskAtLeast: 'MEDIUM' });
    expect(await changed({ taxId: '98-7654321-000' })).toBe(true);
    expect(await changed({ bankAccountNumber: '000987654321' })).toBe(true);
    expect(await changed({ legalName: 'Renamed Ltd' })).toBe(false);
    await policy('invoice.void', { whenRiskAtLeast: 'HIGH' });
    expect(await voided(await billed(accountId, null))).toBe(false);
    await policy('invoice.void', { whenRiskAtLeast: 'MEDIUM' });
    expect(await voided(await billed(accountId, null))).toBe(true);
  });

  it('a field that would change', async () => {
    const accountId = await givenAccount(t);
    const changed = (more: object) => waits('operations', 'account.change', 'changeAccount', { accountId, ...more });
    await policy('account.change', { whenFields: ['timeZone'] });
    expect(await changed({ timeZone: 'Asia/Kolkata' })).toBe(true);
    expect(await changed({ legalName: 'Other Ltd' })).toBe(false);
  });

  it('an amount', async () => {
    const accountId = await givenAccount(t);
    await policy('invoice.void', { whenAmountAbove: { amount: '100', currency: 'USD' } });
    expect([
      await voided(await billed(accountId, null, '100')),
      await voided(await billed(accountId, null, '100.01')),
    ]).toEqual([false, true]);
  });

  it('several conditions of one policy must all hold', async () => {
    const [one, other] = [await givenAccount(t), await givenAccount(t)];
    await policy('invoice.void', { whenAccountIds: [one], whenAmountAbove: { amount: '100', currency: 'USD' } });
    const cases = [await billed(one, null, '101'), await billed(one, null, '99'), await billed(other, null, '101')];
    expect([await voided(cases[0]!), await voided(cases[1]!), await voided(cases[2]!)]).toEqual([true, false, false]);
  });
});

describe('of several policies that match', () => {
  const proposedVoid = async (unitPrice: string) => {
    const invoiceId = await billed(await givenAccount(t), null, unitPrice);
    const { payload } = await t.as('billing').mutate('voidInvoice', { invoiceId, reason: 'twice' });
    return payload.changeRequest as { id: string; revision: number; digest: string };
  };
  const stepsOf = async (id: string) =>
    ((await requestRow(t, id)).steps as { stage: number; name?: string; quorum: number }[]).map(
      ({ stage, name, quorum }) => [stage, name, quorum],
    );
  const step = (name: string, more: object = {}) => ({
    name,
    roles: ['supervisor'],
    people: [],
    quorum: 1,
    stage: 1,
    ...more,
  });

  it('tiers chain: the steps of the lower, then those of the higher', async () => {
    await policy('invoice.void', {
      tier: 2,
      steps: [step('second')],
      whenAmountAbove: { amount: '1000', currency: 'USD' },
    });
    await policy('invoice.void', { tier: 1, steps: [step('first')] });
    const small = await proposedVoid('10');
    expect(await stepsOf(small.id)).toEqual([[1, 'first', 1]]);
    const large = await proposedVoid('1000.01');
    expect(await stepsOf(large.id)).toEqual([
      [1, 'first', 1],
      [2, 'second', 1],
    ]);
    expect((await approve(t, large, 'supervisor')).payload.outcome).toBe('AWAITING_APPROVAL');
    expect((await approve(t, large, 'supervisor')).code).toBe('DECISION_REPEATED');
    expect((await approve(t, large, 'supervisor2')).payload.outcome).toBe('DONE');
    expect((await approve(t, small, 'supervisor')).payload.outcome).toBe('DONE');
  });

  it('the most demanding one wins: more people, whatever the order of their making', async () => {
    await policy('invoice.void', { steps: [step('one')] });
    await policy('invoice.void', { steps: [step('two', { quorum: 2 })] });
    await policy('invoice.void', { steps: [step('other')] });
    expect(await stepsOf((await proposedVoid('10')).id)).toEqual([[1, 'two', 2]]);
  });

  it('a chain counts as one', async () => {
    await policy('invoice.void', { tier: 1, steps: [step('first')] });
    await policy('invoice.void', { tier: 5, steps: [step('second')] });
    await policy('invoice.void', {
      steps: [step('three', { quorum: 3 })],
      whenAmountAbove: { amount: '100', currency: 'USD' },
    });
    expect(await stepsOf((await proposedVoid('10')).id)).toEqual([
      [1, 'first', 1],
      [2, 'second', 1],
    ]);
    expect(await stepsOf((await proposedVoid('101')).id)).toEqual([[1, 'three', 3]]);
  });

  it('issuing is by LOB, too', async () => {
    const account = await givenAccount(t);
    const [one, other] = [await givenLob(t, account), await givenLob(t, account)];
    await t.sql(`UPDATE approval_policy SET active = false WHERE operation = 'invoice.issue' AND name = 'standard'`);
    await policy('invoice.issue', { whenLobIds: [one], whenRiskAtLeast: 'MEDIUM' });
    const issued = async (lobId: string) => {
      const invoiceId = await givenDraft(t, account, {
        lines: [{ description: 'x', quantity: '1', unitPrice: '1', lobId }],
      });
      return waits('billing', 'invoice.issue', 'issueInvoice', { invoiceId });
    };
    expect([await issued(one), await issued(other)]).toEqual([true, false]);
    await t.sql(`UPDATE approval_policy SET active = true WHERE operation = 'invoice.issue'`);
  });
});
