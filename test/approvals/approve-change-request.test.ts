import { startTestApp, type TestApp } from '../support/app';
import type { CastName } from '../support/cast';
import {
  approve,
  eventsOf,
  expectRefused,
  NOBODYS_ID,
  proposed,
  rowOf,
  stateOf,
  type Waiting,
} from '../support/outcomes';
import { freshCode, givenAccount, givenDraft, givenLob, trail } from '../support/scene';
import {
  decisionsOn,
  givenProposedVoid,
  later,
  proposedBankChange,
  proposedGrant,
  requestRow,
  withoutRole,
  withRole,
} from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const DIGEST = '0'.repeat(64);

/** A yes that is refused: nothing changes anywhere and the trail keeps the refusal. */
const refusedApproval = (as: CastName | 'nobody', input: Waiting, code: string, details?: Record<string, unknown>) =>
  expectRefused(t, {
    as,
    mutation: 'approveChangeRequest',
    operation: 'changeRequest.approve',
    input: { id: input.id, revision: input.revision, digest: input.digest },
    code,
    ...(details && { details }),
  });

/** A yes that ends the request: it is refused and nothing of the change is applied, but the request is over. */
async function endingApproval(request: Waiting, by: CastName = 'supervisor') {
  const before = await stateOf(t);
  const { answer, events } = await eventsOf(t, () => approve(t, request, by));
  const after = await stateOf(t);
  expect(answer.payload ?? null).toBeNull();
  const changed = Object.keys(after).filter((table) => after[table] !== before[table]);
  const row = await requestRow(t, request.id);
  expect(row.closed_at).toBeInstanceOf(Date);
  expect(row.approved_by_id).toBeNull();
  expect(row.result).toBeNull();
  expect(events.map(({ action, outcome, code, changeRequest }) => ({ action, outcome, code, changeRequest }))).toEqual([
    { action: 'changeRequest.approve', outcome: 'REFUSED', code: answer.code, changeRequest: request.id },
  ]);
  return { answer, changed, row, error: answer.errors[0]! };
}

describe('changeRequest.approve', () => {
  it('carries out what was proposed, once somebody else approved exactly that', async () => {
    const { invoiceId, ...request } = await givenProposedVoid(t);
    expect((await rowOf(t, 'invoice', invoiceId)).status).toBe('ISSUED');
    const { id, revision, digest } = request;
    const approved = await t
      .as('supervisor')
      .mutate(
        'approveChangeRequest',
        { id, revision, digest, comment: 'seen' },
        'outcome changeRequest { id status canDecide failureCode closedAt result decisions { verdict comment revision decidedBy { id } } }',
      );
    expect(approved.errors).toEqual([]);
    expect(approved.payload).toEqual({
      outcome: 'DONE',
      changeRequest: {
        id,
        status: 'EXECUTED',
        canDecide: false,
        failureCode: null,
        closedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        result: { invoice: invoiceId },
        decisions: [
          { verdict: 'APPROVED', comment: 'seen', revision: 1, decidedBy: { id: t.as('supervisor').userId } },
        ],
      },
    });
    expect((await rowOf(t, 'invoice', invoiceId)).status).toBe('VOIDED');
    expect((await requestRow(t, id)).approved_by_id).toBe(t.as('supervisor').userId);
    const events = await trail(t, 'change_request_id = $1', [id]);
    expect(
      events.map(({ action, actor, onBehalfOf, outcome, roles }) => ({ action, actor, onBehalfOf, outcome, roles })),
    ).toEqual([
      {
        action: 'changeRequest.proposed',
        actor: t.as('billing').userId,
        onBehalfOf: null,
        outcome: 'DONE',
        roles: ['billing'],
      },
      {
        action: 'invoice.voided',
        actor: t.as('supervisor').userId,
        onBehalfOf: t.as('billing').userId,
        outcome: 'DONE',
        roles: ['supervisor'],
      },
      {
        action: 'changeRequest.approved',
        actor: t.as('supervisor').userId,
        onBehalfOf: null,
        outcome: 'DONE',
        roles: ['supervisor'],
      },
    ]);
  });

  it('applies nothing while it waits, and shows the change masked', async () => {
    const accountId = await givenAccount(t);
    const before = await rowOf(t, 'account', accountId);
    const request = await proposedBankChange(t, accountId, '000987654321');
    expect(await rowOf(t, 'account', accountId)).toEqual(before);
    const { data, text } = await t
      .as('supervisor')
      .gql(
        'query ($id: ID!) { changeRequest(id: $id) { input changes { path before after } reason } }',
        request as never,
      );
    expect(data!.changeRequest.changes).toEqual([
      { path: 'bankAccountNumber', before: before.bank_account_number_masked, after: expect.stringContaining('4321') },
    ]);
    expect(data!.changeRequest.input.bankAccountNumber).toContain('4321');
    expect(text).not.toContain('000987654321');
    expect(JSON.stringify(await requestRow(t, request.id))).not.toContain('000987654321');
  });

  it('gives what is created to the one who proposed it, not to the one who approved it', async () => {
    const account = await givenAccount(t);
    const invoiceId = await givenDraft(t, account);
    const request = await proposed(t, 'billing2', 'issueInvoice', { invoiceId });
    expect((await approve(t, request)).payload.changeRequest.status).toBe('EXECUTED');
    expect((await rowOf(t, 'invoice', invoiceId)).status).toBe('ISSUED');
    expect((await requestRow(t, request.id)).maker_id).toBe(t.as('billing2').userId);
  });

  describe('refuses, in this order', () => {
    it('UNAUTHENTICATED: nobody is signed in', async () => {
      await refusedApproval('nobody', await givenProposedVoid(t), 'UNAUTHENTICATED');
    });

    it.each(['billing2', 'operations', 'auditor', 'client', 'stranger'] as const)(
      'FORBIDDEN at the door: %s approves nothing at all',
      async (who) => {
        await refusedApproval(who, { id: NOBODYS_ID, revision: 1, digest: DIGEST }, 'FORBIDDEN');
        await refusedApproval(who, await givenProposedVoid(t), 'FORBIDDEN');
      },
    );

    it('NOT_FOUND: an id that nobody has, and one that could name no row, are answered alike', async () => {
      const one = await refusedApproval('supervisor', { id: NOBODYS_ID, revision: 1, digest: DIGEST }, 'NOT_FOUND');
      const two = await refusedApproval('supervisor', { id: `x' OR 1=1`, revision: 1, digest: DIGEST }, 'NOT_FOUND');
      expect(one.errors[0]!.message).toBe(two.errors[0]!.message);
      expect(one.errors[0]!.extensions).toEqual(two.errors[0]!.extensions);
    });

    it.each(['admin', 'compliance'] as const)('FORBIDDEN: %s does not approve business', async (who) => {
      await refusedApproval(who, await givenProposedVoid(t), 'FORBIDDEN');
    });

    it('FORBIDDEN tells a stranger to it nothing of its state: also one that is over', async () => {
      const request = await givenProposedVoid(t);
      await approve(t, request);
      await refusedApproval('admin', request, 'FORBIDDEN');
    });

    it('CHANGE_REQUEST_NOT_PENDING: executed, rejected or withdrawn', async () => {
      const accountId = await givenAccount(t);
      const [rejected, withdrawn, executed] = [
        await proposedBankChange(t, accountId),
        await proposedBankChange(t, accountId),
        await proposedBankChange(t, accountId),
      ];
      await t.as('supervisor').mutate('rejectChangeRequest', { id: rejected.id, reason: 'no' });
      await t.as('operations').mutate('withdrawChangeRequest', { id: withdrawn.id });
      await approve(t, executed);
      for (const [request, status] of [
        [rejected, 'REJECTED'],
        [withdrawn, 'WITHDRAWN'],
        [executed, 'EXECUTED'],
      ] as const) {
        await refusedApproval('supervisor', request, 'CHANGE_REQUEST_NOT_PENDING', { status });
        await refusedApproval('supervisor2', request, 'CHANGE_REQUEST_NOT_PENDING', { status });
      }
    });

    it('CHANGE_REQUEST_EXPIRED: read as EXPIRED before anybody touched it, and EXPIRED for good once somebody tried', async () => {
      const request = await givenProposedVoid(t);
      const read = async () =>
        (
          await t
            .as('supervisor')
            .gql(
              '($id: ID!) { changeRequest(id: $id) { status canDecide } changeRequests(filter: { status: EXPIRED }, first: 100) { nodes { id } } }'.replace(
                /^/,
                'query ',
              ),
              { id: request.id },
            )
        ).data!;
      expect((await read()).changeRequest).toEqual({ status: 'PENDING', canDecide: true });
      await later(t, 72, async () => {
        expect((await requestRow(t, request.id)).status).toBe('PENDING');
        const seen = await read();
        expect(seen.changeRequest).toEqual({ status: 'EXPIRED', canDecide: false });
        expect(seen.changeRequests.nodes).toContainEqual({ id: request.id });
        const { answer, changed, row } = await endingApproval(request);
        expect(answer.code).toBe('CHANGE_REQUEST_EXPIRED');
        expect(changed).toEqual(['change_request', 'outbox_message']);
        expect(row).toMatchObject({ status: 'EXPIRED', failure_code: 'CHANGE_REQUEST_EXPIRED' });
        await refusedApproval('supervisor', request, 'CHANGE_REQUEST_NOT_PENDING', { status: 'EXPIRED' });
      });
      expect((await read()).changeRequest.status).toBe('EXPIRED');
    });

    it('CHANGE_REQUEST_EXPIRED at the very instant of expiry, and not a millisecond before', async () => {
      const [early, late] = [await givenProposedVoid(t), await givenProposedVoid(t)];
      try {
        t.clock.at = new Date((await requestRow(t, late.id)).expires_at as Date);
        expect((await approve(t, late)).code).toBe('CHANGE_REQUEST_EXPIRED');
        t.clock.at = new Date(((await requestRow(t, early.id)).expires_at as Date).getTime() - 1);
        expect((await approve(t, early)).payload.changeRequest.status).toBe('EXECUTED');
      } finally {
        t.clock.at = null;
      }
    });

    it('MAKER_IS_CHECKER: whoever proposed it, also while holding an approver’s role', async () => {
      const request = await givenProposedVoid(t);
      await withRole(t, 'billing', 'supervisor', async () => {
        await refusedApproval('billing', request, 'MAKER_IS_CHECKER');
        const { data } = await t
          .as('billing')
          .gql('query ($id: ID!) { changeRequest(id: $id) { canDecide } myApprovals(first: 100) { nodes { id } } }', {
            id: request.id,
          });
        expect(data!.changeRequest.canDecide).toBe(false);
        expect(data!.myApprovals.nodes).not.toContainEqual({ id: request.id });
      });
      expect(await decisionsOn(t, request.id)).toEqual([]);
      const own = await proposedGrant(t);
      await refusedApproval('admin', own, 'MAKER_IS_CHECKER');
    });

    it('NOT_AN_APPROVER: a role that the policy does not name', async () => {
      await refusedApproval('supervisor', await proposedGrant(t), 'NOT_AN_APPROVER', {
        approverRoles: ['admin', 'compliance'],
      });
    });

    it('CHANGE_REQUEST_MOVED: another revision or another digest than the one that lies there', async () => {
      const request = await givenProposedVoid(t);
      const other = await givenProposedVoid(t);
      const lies = { revision: request.revision, digest: request.digest };
      await refusedApproval('supervisor', { ...request, revision: 2 }, 'CHANGE_REQUEST_MOVED', lies);
      await refusedApproval('supervisor', { ...request, digest: DIGEST }, 'CHANGE_REQUEST_MOVED', lies);
      await refusedApproval('supervisor', { ...request, digest: other.digest }, 'CHANGE_REQUEST_MOVED', lies);
      await refusedApproval(
        'supervisor',
        { ...request, digest: request.digest.toUpperCase() },
        'CHANGE_REQUEST_MOVED',
        lies,
      );
      expect((await approve(t, request)).payload.changeRequest.status).toBe('EXECUTED');
    });

    it('BAD_USER_INPUT: a digest or revision that could not be one', async () => {
      const request = await givenProposedVoid(t);
      for (const wrong of [{ digest: '' }, { digest: 'abc' }, { revision: 0 }, { revision: -1 }]) {
        const { code, data } = await approve(t, { ...request, ...wrong });
        expect({ code, data }).toEqual({ code: 'BAD_USER_INPUT', data: null });
      }
      expect((await requestRow(t, request.id)).status).toBe('PENDING');
    });

    it('MAKER_NOT_ACTIVE: whoever proposed it has left; it comes before a row that moved', async () => {
      const accountId = await givenAccount(t);
      const request = await proposedBankChange(t, accountId);
      await t.as('operations').mutate('changeAccount', { accountId, legalName: 'Moved Ltd' }, 'outcome');
      const set = (at: string | null) =>
        t.rewind('UPDATE app_user SET deactivated_at = $2 WHERE id = $1', [t.as('operations').userId, at]);
      await set('2020-01-01');
      try {
        await refusedApproval('supervisor', request, 'MAKER_NOT_ACTIVE');
      } finally {
        await set(null);
      }
    });

    it('CHANGE_REQUEST_STALE: a row moved; the conflict shows the difference, nothing is applied, and it is over', async () => {
      const accountId = await givenAccount(t);
      const request = await proposedBankChange(t, accountId);
      await t.as('operations').mutate('changeAccount', { accountId, legalName: 'Moved Ltd' }, 'outcome');
      const before = await rowOf(t, 'account', accountId);
      const { answer, changed, row, error } = await endingApproval(request);
      expect(answer.code).toBe('CHANGE_REQUEST_STALE');
      expect(error.extensions.details).toEqual({
        moved: [{ type: 'Account', id: accountId, seen: 1, now: 2 }],
        proposed: [expect.objectContaining({ path: 'bankAccountNumber' })],
        conflicts: [],
      });
      expect(answer.text).not.toContain('000987654321');
      expect(changed).toEqual(['change_request', 'outbox_message']);
      expect(row).toMatchObject({ status: 'STALE', failure_code: 'CHANGE_REQUEST_STALE' });
      expect(await rowOf(t, 'account', accountId)).toEqual(before);
      expect(await decisionsOn(t, request.id)).toEqual([]);
      await refusedApproval('supervisor', request, 'CHANGE_REQUEST_NOT_PENDING', { status: 'STALE' });
    });

    it('CHANGE_REQUEST_STALE: a row that was not there when it was proposed', async () => {
      const accountId = await givenAccount(t);
      const request = await proposed(t, 'operations', 'closeAccount', { accountId, reason: 'they left' });
      const lobId = await givenLob(t, accountId);
      const { answer, error } = await endingApproval(request);
      expect(answer.code).toBe('CHANGE_REQUEST_STALE');
      expect(error.extensions.details!.moved).toEqual([{ type: 'Lob', id: lobId, seen: 0, now: 1 }]);
      expect((await rowOf(t, 'account', accountId)).status).toBe('OPEN');
    });

    it('CHANGE_REQUEST_STALE: of two proposals over one row the second is not applied on top of the first', async () => {
      const accountId = await givenAccount(t);
      const [one, two] = [
        await proposedBankChange(t, accountId, '000111111111'),
        await proposedBankChange(t, accountId, '000222222222'),
      ];
      expect((await approve(t, one)).payload.changeRequest.status).toBe('EXECUTED');
      const applied = await rowOf(t, 'account', accountId);
      expect((await endingApproval(two)).answer.code).toBe('CHANGE_REQUEST_STALE');
      expect(await rowOf(t, 'account', accountId)).toEqual(applied);
    });

    it('CHANGE_REQUEST_FAILED: the rules do not allow it any more; the code of that refusal is kept', async () => {
      const accountId = await givenAccount(t);
      const request = await proposed(t, 'operations', 'closeAccount', { accountId, reason: 'they left' });
      await givenDraft(t, accountId);
      const { answer, changed, row, error } = await endingApproval(request);
      expect(answer.code).toBe('CHANGE_REQUEST_FAILED');
      expect(error.extensions.details).toEqual({ code: 'ACCOUNT_NOT_CLOSABLE', openInvoices: 1 });
      expect(changed).toEqual(['change_request', 'outbox_message']);
      expect(row).toMatchObject({ status: 'FAILED', failure_code: 'ACCOUNT_NOT_CLOSABLE' });
      const { data } = await t
        .as('operations')
        .gql('query ($id: ID!) { changeRequest(id: $id) { status failureCode } }', { id: request.id });
      expect(data!.changeRequest).toEqual({ status: 'FAILED', failureCode: 'ACCOUNT_NOT_CLOSABLE' });
    });

    it('CHANGE_REQUEST_FAILED: the database refuses it, by a constraint that is named after the refusal', async () => {
      const input = { code: freshCode('ACC'), legalName: 'One', currency: 'USD', timeZone: 'UTC' };
      const [one, two] = [
        await proposed(t, 'operations', 'openAccount', input),
        await proposed(t, 'operations', 'openAccount', { ...input, legalName: 'Two' }),
      ];
      expect((await approve(t, one)).payload.changeRequest.status).toBe('EXECUTED');
      const { answer, changed, row } = await endingApproval(two);
      expect(answer.code).toBe('CHANGE_REQUEST_FAILED');
      expect(row).toMatchObject({ status: 'FAILED', failure_code: 'ACCOUNT_CODE_TAKEN' });
      expect(changed).toEqual(['change_request', 'outbox_message']);
      expect(await t.sql('SELECT legal_name FROM account WHERE code = $1', [input.code])).toEqual([
        { legal_name: 'One' },
      ]);
    });
  });

  describe('looks its people up again', () => {
    it('a role that was revoked from the maker meanwhile: it cannot be carried out in their name', async () => {
      const { invoiceId, ...request } = await givenProposedVoid(t);
      const { answer, row, error, changed } = await withoutRole(t, 'billing', 'billing', () => endingApproval(request));
      expect(answer.code).toBe('CHANGE_REQUEST_FAILED');
      expect(['FORBIDDEN', 'NOT_FOUND']).toContain(error.extensions.details!.code);
      expect(row.status).toBe('FAILED');
      expect(changed).toEqual(['change_request', 'outbox_message']);
      expect((await rowOf(t, 'invoice', invoiceId)).status).toBe('ISSUED');
    });

    it('a role that was revoked from the approver meanwhile: refused, and it still waits', async () => {
      const request = await givenProposedVoid(t);
      await withoutRole(t, 'supervisor', 'supervisor', () => refusedApproval('supervisor', request, 'FORBIDDEN'));
      expect((await requestRow(t, request.id)).status).toBe('PENDING');
      expect((await approve(t, request)).payload.changeRequest.status).toBe('EXECUTED');
    });

    it('a role that was revoked within the request, after the door: refused all the same', async () => {
      const request = await givenProposedVoid(t);
      const { app } = t.served;
      const context = await (t.person('supervisor') as never as { context(): Promise<never> }).context();
      await withoutRole(t, 'supervisor', 'supervisor', async () => {
        await expect(app.submit(context, 'changeRequest.approve', request)).rejects.toMatchObject({
          code: 'NOT_FOUND',
        });
      });
      expect((await requestRow(t, request.id)).status).toBe('PENDING');
    });

    it('a session that was ended meanwhile: nobody approves', async () => {
      const request = await givenProposedVoid(t);
      const end = (at: string | null) =>
        t.rewind('UPDATE session SET ended_at = $2 WHERE user_id = $1', [t.as('supervisor2').userId, at]);
      await end('2020-01-01');
      expect((await approve(t, request, 'supervisor2')).code).toBe('UNAUTHENTICATED');
      await end(null);
      expect((await requestRow(t, request.id)).status).toBe('PENDING');
    });
  });

  describe('is bound to what was proposed: an owner of the database who edits it is found out', () => {
    const ALTERED: [column: string, set: string][] = [
      ['changes', `changes = '[{"path":"status","before":"ISSUED","after":"PAID"}]'`],
      ['changes, to nothing', `changes = '[]'`],
      ['seen', `seen = jsonb_set(seen, '{0,version}', '7')`],
      ['seen, to nothing', `seen = '[]'`],
      ['operation', `operation = 'invoice.issue'`],
      ['subject_id', `subject_id = gen_random_uuid()`],
      ['subject_type', `subject_type = 'Account'`],
      ['maker_id', `maker_id = (SELECT id FROM app_user WHERE email LIKE 'billing2@%')`],
      ['steps', `steps = jsonb_set(steps, '{0,roles}', '["supervisor","billing"]')`],
      ['input_shown', `input_shown = '{"reason":"all is well"}'`],
      ['reason', `reason = 'the client asked for it'`],
      ['expires_at', `expires_at = expires_at + interval '10 years'`],
      ['input_sealed', `input_sealed = set_byte(input_sealed, 40, get_byte(input_sealed, 40) # 1)`],
      ['input_sealed, cut', `input_sealed = substr(input_sealed, 1, 33)`],
      [
        'input_sealed, of another request',
        `input_sealed = (SELECT input_sealed FROM change_request WHERE id = '$other')`,
      ],
    ];

    it.each(ALTERED)('%s', async (_column, set) => {
      const { invoiceId, ...request } = await givenProposedVoid(t);
      const other = await givenProposedVoid(t);
      await t.rewind(`UPDATE change_request SET ${set.replace('$other', other.id)} WHERE id = $1`, [request.id]);
      const before = await stateOf(t);
      const { code, payload } = await approve(t, request);
      expect(payload ?? null).toBeNull();
      expect(['CHANGE_REQUEST_ALTERED', 'SEAL_BROKEN']).toContain(code);
      expect(await stateOf(t)).toEqual(before);
      expect((await rowOf(t, 'invoice', invoiceId)).status).toBe('ISSUED');
    });

    it('the digest itself: whoever saw the true one is told, and a made-up one is not believed', async () => {
      const { invoiceId, ...request } = await givenProposedVoid(t);
      await t.rewind('UPDATE change_request SET digest = $2 WHERE id = $1', [request.id, 'a'.repeat(64)]);
      expect((await approve(t, request)).code).toBe('CHANGE_REQUEST_MOVED');
      expect((await approve(t, { ...request, digest: 'a'.repeat(64) })).code).toBe('CHANGE_REQUEST_ALTERED');
      expect((await rowOf(t, 'invoice', invoiceId)).status).toBe('ISSUED');
    });
  });
});
