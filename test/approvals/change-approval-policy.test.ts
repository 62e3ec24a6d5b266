import { startTestApp, type TestApp } from '../support/app';
import { approve, expectRefused, proposed, type Refusal, rowOf, stateOf } from '../support/outcomes';
import { givenAccount, trail } from '../support/scene';
import { givenProposedVoid, proposedBankChange, requestRow, withRole } from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const policyOf = async (operation: string): Promise<Record<string, any>> =>
  (await t.sql('SELECT * FROM approval_policy WHERE operation = $1', [operation]))[0]!;

const change = async (operation: string, patch: object) => ({
  approvalPolicyId: (await policyOf(operation)).id as string,
  reason: 'the board decided so',
  ...patch,
});

/** Changes a policy as two people do, looks at what follows, and changes it back. */
async function underPolicy(operation: string, patch: object, work: () => Promise<void>) {
  const before = await policyOf(operation);
  const request = await proposed(t, 'admin', 'changeApprovalPolicy', await change(operation, patch));
  expect((await approve(t, request, 'compliance')).payload.changeRequest.status).toBe('EXECUTED');
  try {
    await work();
  } finally {
    await t.sql(
      `UPDATE approval_policy SET active = $2, steps = $3, when_fields = $4, when_amount_above_minor = $5, when_currency = $6, expires_after_hours = $7 WHERE operation = $1`,
      [
        operation,
        before.active,
        JSON.stringify(before.steps),
        before.when_fields,
        before.when_amount_above_minor,
        before.when_currency,
        before.expires_after_hours,
      ],
    );
  }
}

const refused = async (as: Refusal['as'], operation: string, patch: object, code: string) =>
  expectRefused(t, {
    as,
    mutation: 'changeApprovalPolicy',
    operation: 'approvalPolicy.change',
    input: await change(operation, patch),
    code,
  });

describe('approvalPolicy.change', () => {
  it('is itself under two people: nothing changes until somebody else approved it', async () => {
    const before = await policyOf('account.close');
    const request = await proposed(
      t,
      'admin',
      'changeApprovalPolicy',
      await change('account.close', { expiresAfterHours: 24 }),
    );
    expect(await policyOf('account.close')).toEqual(before);
    await expectRefused(t, {
      as: 'admin',
      mutation: 'approveChangeRequest',
      operation: 'changeRequest.approve',
      input: request,
      code: 'MAKER_IS_CHECKER',
    });
    await withRole(t, 'admin', 'compliance', async () => {
      expect((await approve(t, request, 'admin')).code).toBe('MAKER_IS_CHECKER');
    });
    expect((await approve(t, request, 'admin2')).payload.changeRequest.status).toBe('EXECUTED');
    expect(await policyOf('account.close')).toEqual({
      ...before,
      expires_after_hours: 24,
      version: before.version + 1,
    });
    const events = await trail(t, `change_request_id = $1 AND outcome = 'DONE'`, [request.id]);
    expect(events.map(({ action, actor }) => [action, actor])).toEqual([
      ['changeRequest.proposed', t.as('admin').userId],
      ['approvalPolicy.changed', t.as('admin2').userId],
      ['changeRequest.approved', t.as('admin2').userId],
    ]);
    expect(events[1]).toMatchObject({
      onBehalfOf: t.as('admin').userId,
      subject: { type: 'ApprovalPolicy', id: before.id },
      changes: [{ path: 'expiresAfterHours', before: 72, after: 24 }],
    });
  });

  it.each([
    ['switched off', { active: false }],
    ['limited to some fields', { whenFields: ['approverRoles'] }],
    ['limited to some amounts', { whenAmountAbove: { amount: '1000000.00', currency: 'USD' } }],
    ['switched off among other things', { active: false, expiresAfterHours: 24 }],
  ])('POLICY_NOT_WEAKENABLE: the policy of policies cannot be %s', async (_how, patch) => {
    await refused('admin', 'approvalPolicy.change', patch, 'POLICY_NOT_WEAKENABLE');
    expect((await policyOf('approvalPolicy.change')).active).toBe(true);
  });

  it('APPROVAL_POLICY_MISSING: even when the owner of the database switched it off, nobody changes a policy alone', async () => {
    const set = (active: boolean) =>
      t.sql(`UPDATE approval_policy SET active = $1 WHERE operation = 'approvalPolicy.change'`, [active]);
    await set(false);
    try {
      await refused('admin', 'account.close', { active: false }, 'APPROVAL_POLICY_MISSING');
    } finally {
      await set(true);
    }
  });

  it('NOTHING_TO_CHANGE: a change that changes nothing', async () => {
    await refused('admin', 'account.close', {}, 'NOTHING_TO_CHANGE');
  });

  it.each(['compliance', 'auditor', 'supervisor', 'billing', 'operations', 'client', 'stranger'] as const)(
    'FORBIDDEN: %s proposes no change of a policy',
    async (who) => {
      await refused(who, 'account.close', { active: false }, 'FORBIDDEN');
    },
  );

  it('BAD_USER_INPUT: roles that do not exist, none at all, hours that are none', async () => {
    const before = await stateOf(t);
    for (const patch of [
      { approverRoles: ['emperor'] },
      { approverRoles: [] },
      { approverRoles: ['supervisor', 'supervisor'] },
      { expiresAfterHours: 0 },
      { expiresAfterHours: 2161 },
      { whenFields: ['a b'] },
    ])
      expect((await t.as('admin').mutate('changeApprovalPolicy', await change('account.close', patch))).code).toBe(
        'BAD_USER_INPUT',
      );
    expect(await stateOf(t)).toEqual(before);
  });

  it('a request keeps the policy that it was made under: version, roles and time', async () => {
    const accountId = await givenAccount(t);
    const first = await policyOf('account.change');
    const early = await proposedBankChange(t, accountId);
    await underPolicy('account.change', { approverRoles: ['supervisor'], expiresAfterHours: 1 }, async () => {
      const second = await policyOf('account.change');
      expect(second.version).toBe(first.version + 1);
      const late = await proposedBankChange(t, accountId);
      const [one, two] = [await requestRow(t, early.id), await requestRow(t, late.id)];
      const hours = (row: Record<string, any>) => Math.round((row.expires_at - row.created_at) / 3_600_000);
      expect([one.policy_version, one.approver_roles, hours(one)]).toEqual([first.version, ['supervisor'], 72]);
      expect([two.policy_version, two.approver_roles, hours(two)]).toEqual([second.version, ['supervisor'], 1]);
      expect((await approve(t, early, 'supervisor')).payload.changeRequest.status).toBe('EXECUTED');
    });
  });

  it('whenFields decides field by field: a name alone goes through, a name with a tax id waits', async () => {
    const accountId = await givenAccount(t);
    const alone = await t.as('operations').mutate('changeAccount', { accountId, legalName: 'Renamed Ltd' });
    expect(alone.payload).toEqual({ outcome: 'DONE', changeRequest: null });
    const before = await rowOf(t, 'account', accountId);
    expect(before.legal_name).toBe('Renamed Ltd');
    const both = await t
      .as('operations')
      .mutate('changeAccount', { accountId, legalName: 'Again Ltd', taxId: '98-7654321-000' });
    expect(both.payload.outcome).toBe('AWAITING_APPROVAL');
    expect(await rowOf(t, 'account', accountId)).toEqual(before);
  });

  it('whenAmountAbove lets small amounts through, holds large ones, and holds what it cannot compare', async () => {
    const usd = await givenAccount(t);
    const jpy = await givenAccount(t, { currency: 'JPY' });
    const drafted = async (accountId: string, unitPrice: string) => {
      const lines = [{ description: 'Calls', quantity: '1', unitPrice }];
      const { payload } = await t.as('billing').mutate('draftInvoice', { accountId, lines }, 'invoice { id }');
      return payload.invoice.id as string;
    };
    const issue = async (invoiceId: string) =>
      (await t.as('billing').mutate('issueInvoice', { invoiceId }, 'outcome')).payload.outcome as string;
    const [exactly, above, yen] = [await drafted(usd, '100.00'), await drafted(usd, '100.01'), await drafted(jpy, '1')];
    await underPolicy('invoice.issue', { whenAmountAbove: { amount: '100.00', currency: 'USD' } }, async () => {
      expect([await issue(exactly), await issue(above), await issue(yen)]).toEqual([
        'DONE',
        'AWAITING_APPROVAL',
        'AWAITING_APPROVAL',
      ]);
    });
    expect((await rowOf(t, 'invoice', exactly)).status).toBe('ISSUED');
    expect((await rowOf(t, 'invoice', above)).status).toBe('DRAFT');
    expect((await rowOf(t, 'invoice', yen)).status).toBe('DRAFT');
  });

  it('a policy that two people switched off lets the operation through, and the trail says who', async () => {
    const { invoiceId, ...waiting } = await givenProposedVoid(t);
    await underPolicy('invoice.void', { active: false }, async () => {
      const { payload } = await t
        .as('billing2')
        .mutate('voidInvoice', { invoiceId, reason: 'alone' }, 'outcome invoice { status }');
      expect(payload).toEqual({ outcome: 'DONE', invoice: { status: 'VOIDED' } });
      expect((await approve(t, waiting)).code).toBe('CHANGE_REQUEST_STALE');
    });
  });
});
