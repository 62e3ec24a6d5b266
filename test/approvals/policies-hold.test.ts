import { startTestApp, type TestApp } from '../support/app';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const policy = async (operation: string) =>
  (await t.sql('SELECT * FROM approval_policy WHERE operation = $1', [operation]))[0]!;

/** Administration proposes, the other administrator approves. */
async function change(operation: string, patch: object) {
  const { id } = await policy(operation);
  const proposed = await t
    .as('admin')
    .mutate('changeApprovalPolicy', { approvalPolicyId: id, reason: 'test', ...patch });
  if (proposed.errors.length > 0) return proposed;
  const { id: requestId, revision, digest } = proposed.payload.changeRequest;
  return t.as('admin2').mutate('approveChangeRequest', { id: requestId, revision, digest });
}

describe('a policy that holds nothing, or that nobody could fulfil, is refused', () => {
  it.each([
    ['invoice.void', { approverRoles: ['client'] }, 'POLICY_ROLE_UNFIT'],
    ['approvalPolicy.change', { approverRoles: ['auditor'] }, 'POLICY_ROLE_UNFIT'],
    ['invoice.void', { approverRoles: ['supervisor', 'compliance'] }, 'POLICY_ROLE_UNFIT'],
    ['account.change', { whenFields: ['neverChanges'] }, 'POLICY_FIELD_UNKNOWN'],
    ['invoice.void', { whenFields: ['status'] }, 'POLICY_FIELD_UNKNOWN'],
    ['invoice.void', { whenAmountAbove: { amount: '-1', currency: 'USD' } }, 'AMOUNT_INVALID'],
    ['role.grant', { active: false }, 'POLICY_NOT_WEAKENABLE'],
    ['role.grant', { whenAmountPositive: true }, 'POLICY_NOT_WEAKENABLE'],
  ])('%s %j: %s', async (operation, patch, code) => {
    const before = await policy(operation);
    expect((await change(operation, patch)).code).toBe(code);
    expect(await policy(operation)).toEqual(before);
  });
});

describe('what a policy says can be taken back', () => {
  it('a threshold is set, turned into "any money at all", and cleared', async () => {
    expect((await change('invoice.void', { whenAmountAbove: { amount: '10.00', currency: 'USD' } })).errors).toEqual(
      [],
    );
    expect(await policy('invoice.void')).toMatchObject({ when_amount_above_minor: '1000', when_currency: 'USD' });
    expect((await change('invoice.void', { whenAmountPositive: true })).errors).toEqual([]);
    expect(await policy('invoice.void')).toMatchObject({ when_amount_above_minor: '0', when_currency: null });
    expect((await change('invoice.void', { whenAmountAbove: null })).errors).toEqual([]);
    expect(await policy('invoice.void')).toMatchObject({ when_amount_above_minor: null, when_currency: null });
  });

  it('every operation of the business has a policy, so that putting it under approval is data, not code', async () => {
    const policies = new Map(
      (await t.sql('SELECT operation, active FROM approval_policy')).map((row) => [row.operation, row.active]),
    );
    const without = t.served.app.catalogue.names.filter((name) => !policies.has(name));
    expect(without.toSorted()).toEqual([
      'apiKeySecret.draw',
      'changeRequest.approve',
      'changeRequest.breakGlass',
      'changeRequest.reassign',
      'changeRequest.reject',
      'changeRequest.retry',
      'changeRequest.return',
      'changeRequest.revise',
      'changeRequest.withdraw',
      'password.change',
      'passwordToken.draw',
      'recoveryCodes.draw',
      'sensitiveValue.find',
      'sensitiveValue.reveal',
      'session.end',
      'session.endOthers',
      'session.stepUp',
      'totp.confirm',
      'totp.enrol',
      'webhookSecret.draw',
    ]);
    expect((await change('lob.open', { active: true })).errors).toEqual([]);
    expect((await policy('lob.open')).active).toBe(true);
  });
});
