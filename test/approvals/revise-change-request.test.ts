import { startTestApp, type TestApp } from '../support/app';
import { approve, expectRefused, NOBODYS_ID, type Refusal, rowOf, tally, type Waiting } from '../support/outcomes';
import { freshCode, givenAccount, givenAgent, trail } from '../support/scene';
import { decisionsOn, givenProposedVoid, later, proposedBankChange, requestRow, withRole } from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ DATABASE_POOL: '30' });
});
afterAll(() => t.close());

const SELECTION = `outcome changeRequest { id revision digest status reason closedAt failureCode input changes { path before after }
  revisions { revision digest reason input changes { path after } } decisions { verdict revision } }`;

const revise = (as: 'billing' | 'operations', { id }: { id: string }, input: object) =>
  t.as(as).mutate('reviseChangeRequest', { id, input }, SELECTION);

const refusedRevision = (as: Refusal['as'], id: string, input: object, code: string, details?: object) =>
  expectRefused(t, {
    as,
    mutation: 'reviseChangeRequest',
    operation: 'changeRequest.revise',
    input: { id, input },
    code,
    ...(details && { details: details as Record<string, unknown> }),
  });

const returned = ({ id }: Waiting) =>
  t.as('supervisor').mutate('returnChangeRequest', { id, reason: 'another reason, please' });

describe('changeRequest.revise', () => {
  it('asks for something else after it was returned: a new revision, with a digest of its own, that waits anew', async () => {
    const request = await givenProposedVoid(t);
    const { invoiceId } = request;
    await returned(request);
    const { payload, errors } = await revise('billing', request, { invoiceId, reason: 'replaced by another' });
    expect(errors).toEqual([]);
    const { changeRequest: revised } = payload;
    expect(revised).toMatchObject({
      revision: 2,
      status: 'PENDING',
      reason: 'replaced by another',
      closedAt: null,
      revisions: [{ revision: 1, digest: request.digest, reason: 'billed twice', input: { invoiceId } }],
      decisions: [{ verdict: 'RETURNED', revision: 1 }],
    });
    expect(revised.digest).not.toBe(request.digest);
    expect((await trail(t, 'change_request_id = $1', [request.id])).at(-1)).toMatchObject({
      action: 'changeRequest.revised',
      outcome: 'DONE',
      actor: t.as('billing').userId,
      subject: { type: 'Invoice', id: invoiceId },
      reason: 'replaced by another',
    });
    expect((await approve(t, request)).code).toBe('CHANGE_REQUEST_MOVED');
    expect((await approve(t, revised)).payload.changeRequest.status).toBe('EXECUTED');
    expect((await rowOf(t, 'invoice', invoiceId)).void_reason).toBe('replaced by another');
    expect(await decisionsOn(t, request.id)).toMatchObject([{ verdict: 'RETURNED' }, { verdict: 'APPROVED' }]);
  });

  it('what comes back masked stays what it was; what is sealed is what was sent', async () => {
    const accountId = await givenAccount(t);
    const request = await proposedBankChange(t, accountId, '000987654321');
    const shown = (await requestRow(t, request.id)).input_shown as Record<string, unknown>;
    expect(shown.bankAccountNumber).not.toContain('98765');
    const { payload, errors } = await revise('operations', request, { ...shown, legalName: 'Second Name Ltd' });
    expect(errors).toEqual([]);
    expect(payload.changeRequest.changes.map(({ path }: { path: string }) => path)).toEqual([
      'legalName',
      'bankAccountNumber',
    ]);
    await approve(t, payload.changeRequest);
    expect((await rowOf(t, 'account', accountId)).legal_name).toBe('Second Name Ltd');
    const reveal = { type: 'Account', id: accountId, field: 'bankAccountNumber', reason: 'to see' };
    const { payload: seen } = await t.as('supervisor').mutate('revealSensitiveValue', reveal, 'value');
    expect(seen.value).toBe('000987654321');
  });

  it('rebases what others have overtaken', async () => {
    const accountId = await givenAccount(t);
    const request = await proposedBankChange(t, accountId);
    await t.as('operations').mutate('changeAccount', { accountId, legalName: 'Renamed Ltd' }, 'outcome');
    expect((await approve(t, request)).code).toBe('CHANGE_REQUEST_STALE');
    const input = { accountId, bankAccountNumber: '000987654321', reason: 'a new house bank' };
    const { payload } = await revise('operations', request, input);
    expect(payload.changeRequest).toMatchObject({ status: 'PENDING', revision: 2, failureCode: null, closedAt: null });
    expect((await approve(t, payload.changeRequest)).payload.changeRequest.status).toBe('EXECUTED');
    expect(await rowOf(t, 'account', accountId)).toMatchObject({ legal_name: 'Renamed Ltd', version: 3 });
  });

  it('shows whoever approves something stale what it was, what it is and what was asked for', async () => {
    const accountId = await givenAccount(t, { legalName: 'Base Ltd' });
    const input = { accountId, legalName: 'Mine Ltd', bankAccountNumber: '000987654321', reason: 'r' };
    const { payload } = await t.as('operations').mutate('changeAccount', input);
    await t.as('operations').mutate('changeAccount', { accountId, legalName: 'Theirs Ltd' }, 'outcome');
    const { errors } = await approve(t, payload.changeRequest);
    expect(errors[0]!.extensions.details!.conflicts).toEqual([
      { path: 'legalName', base: 'Base Ltd', theirs: 'Theirs Ltd', mine: 'Mine Ltd' },
    ]);
  });

  it('a second revision follows a first, and each is kept', async () => {
    const request = await givenProposedVoid(t);
    const { invoiceId } = request;
    await revise('billing', request, { invoiceId, reason: 'second' });
    const { payload } = await revise('billing', request, { invoiceId, reason: 'third' });
    expect(payload.changeRequest).toMatchObject({
      revision: 3,
      reason: 'third',
      revisions: [
        { revision: 1, reason: 'billed twice' },
        { revision: 2, reason: 'second' },
      ],
    });
  });

  it('what no policy would hold any more still waits, as long as any other and no longer each time', async () => {
    const accountId = await givenAccount(t);
    const request = await proposedBankChange(t, accountId);
    await later(t, 71, async () => {
      for (const legalName of ['One Ltd', 'Two Ltd', 'Three Ltd'])
        expect((await revise('operations', request, { accountId, legalName })).payload.changeRequest.status).toBe(
          'PENDING',
        );
      const { expires_at: expiresAt, revision } = await requestRow(t, request.id);
      expect(revision).toBe(4);
      const hours = ((expiresAt as Date).getTime() - t.served.app.clock().getTime()) / 3_600_000;
      expect(hours).toBeLessThanOrEqual(72);
      expect(hours).toBeGreaterThan(71.9);
    });
    expect((await rowOf(t, 'account', accountId)).legal_name).not.toBe('Three Ltd');
  });

  it('repeated with its key it is done once', async () => {
    const request = await givenProposedVoid(t);
    const input = {
      id: request.id,
      input: { invoiceId: request.invoiceId, reason: 'again' },
      idempotencyKey: freshCode('K'),
    };
    const answers = await Promise.all(
      [1, 2, 3].map(() => t.as('billing').mutate('reviseChangeRequest', input, SELECTION)),
    );
    expect(tally(answers)).toEqual({ DONE: 3 });
    expect((await requestRow(t, request.id)).revision).toBe(2);
  });

  it('approve against revise, 20 rounds: what was not seen is never carried out', async () => {
    const accountId = await givenAccount(t);
    const outcomes: string[] = [];
    for (let round = 0; round < 20; round += 1) {
      const request = await proposedBankChange(t, accountId, `0009876543${10 + round}`);
      const before = await rowOf(t, 'account', accountId);
      const other = { accountId, bankAccountNumber: `0001111111${10 + round}`, reason: 'another bank' };
      const change = () => revise('operations', request, other);
      const yes = () => approve(t, request);
      const answers = await Promise.all(round % 2 ? [yes(), change()] : [change(), yes()]);
      const row = await requestRow(t, request.id);
      const applied = (await rowOf(t, 'account', accountId)).version - before.version;
      expect([row.status, row.revision, applied]).toEqual(
        row.status === 'EXECUTED' ? ['EXECUTED', 1, 1] : ['PENDING', 2, 0],
      );
      expect(tally(answers)).toEqual(
        row.status === 'EXECUTED' ? { DONE: 1, CHANGE_REQUEST_NOT_PENDING: 1 } : { DONE: 1, CHANGE_REQUEST_MOVED: 1 },
      );
      outcomes.push(row.status as string);
      if (row.status === 'PENDING') await t.as('operations').mutate('withdrawChangeRequest', { id: request.id });
    }
    expect(outcomes).toHaveLength(20);
  });

  describe('refuses', () => {
    it('UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, NOT_THE_MAKER: others learn nothing of what it asks for', async () => {
      const request = await givenProposedVoid(t);
      const input = { invoiceId: request.invoiceId, reason: 'other' };
      await refusedRevision('nobody', request.id, input, 'UNAUTHENTICATED');
      await refusedRevision('auditor', request.id, input, 'FORBIDDEN');
      await refusedRevision('billing', NOBODYS_ID, input, 'NOT_FOUND');
      await refusedRevision('billing2', request.id, input, 'NOT_THE_MAKER');
      await refusedRevision('billing2', request.id, { nonsense: true }, 'NOT_THE_MAKER');
    });

    it('BAD_USER_INPUT: what the mutation of the operation would not take, without quoting it', async () => {
      const request = await givenProposedVoid(t);
      const fields = (field: string) => ({ fields: [{ field }] });
      await refusedRevision('billing', request.id, { reason: 'no invoice' }, 'BAD_USER_INPUT', fields('invoiceId'));
      await refusedRevision(
        'billing',
        request.id,
        { invoiceId: request.invoiceId, reason: '', x: 1 },
        'BAD_USER_INPUT',
        fields('x'),
      );
      await refusedRevision(
        'billing',
        request.id,
        { invoiceId: request.invoiceId, reason: '' },
        'BAD_USER_INPUT',
        fields('reason'),
      );
      const { text } = await revise('billing', request, { invoiceId: { secret: 4111111111111111 }, reason: 'x' });
      expect(text).not.toContain('4111111111111111');
    });

    it('SUBJECT_MOVED: it is about something else', async () => {
      const [request, other] = [await givenProposedVoid(t), await givenProposedVoid(t)];
      const input = { invoiceId: other.invoiceId, reason: 'the other one' };
      await refusedRevision('billing', request.id, input, 'SUBJECT_MOVED', { subjectId: request.invoiceId });
    });

    it('NOTHING_TO_CHANGE: it asks for the same of the same', async () => {
      const request = await givenProposedVoid(t);
      await refusedRevision(
        'billing',
        request.id,
        { invoiceId: request.invoiceId, reason: 'billed twice' },
        'NOTHING_TO_CHANGE',
      );
    });

    it('CHANGE_REQUEST_NOT_PENDING, CHANGE_REQUEST_EXPIRED: it is over', async () => {
      const request = await givenProposedVoid(t);
      const input = { invoiceId: request.invoiceId, reason: 'other' };
      await later(t, 73, () => revise('billing', request, input)).then(({ code }) =>
        expect(code).toBe('CHANGE_REQUEST_EXPIRED'),
      );
      await refusedRevision('billing', request.id, input, 'CHANGE_REQUEST_NOT_PENDING', { status: 'EXPIRED' });
    });

    it('what the operation itself refuses: a maker who may not any more, a row that does not allow it', async () => {
      const agentId = await givenAgent(t);
      expect(agentId).toBeTruthy();
      const request = await givenProposedVoid(t);
      const input = { invoiceId: request.invoiceId, reason: 'other' };
      await t.rewind(`UPDATE invoice SET status = 'VOIDED' WHERE id = $1`, [request.invoiceId]);
      const { code } = await revise('billing', request, input);
      await t.rewind(`UPDATE invoice SET status = 'ISSUED' WHERE id = $1`, [request.invoiceId]);
      expect(code).toBe('INVOICE_NOT_VOIDABLE');
    });
  });

  it('a maker who may approve since still decides no revision of theirs', async () => {
    const request = await givenProposedVoid(t);
    const { payload } = await revise('billing', request, { invoiceId: request.invoiceId, reason: 'other' });
    await withRole(t, 'billing', 'supervisor', async () => {
      expect((await approve(t, payload.changeRequest, 'billing')).code).toBe('MAKER_IS_CHECKER');
    });
  });

  describe('the database holds it, too', () => {
    const asApi = (text: string, id: string) => t.apiSql(text, [id]);

    it('what is asked for does not change without its revision', async () => {
      const { id } = await givenProposedVoid(t);
      for (const set of [
        `digest = repeat('0', 64)`,
        `expires_at = now() + interval '1 year'`,
        `steps = NULL`,
        `seen = '[]'`,
        `reason = 'x'`,
      ])
        await expect(asApi(`UPDATE change_request SET ${set} WHERE id = $1`, id)).rejects.toThrow(
          /changes with its revision/,
        );
      for (const set of [`input_shown = '{"a":1}'`, `changes = '[]'`])
        await expect(asApi(`UPDATE change_request SET ${set} WHERE id = $1`, id)).rejects.toThrow(
          /only ever gets erased/,
        );
    });

    it('no revision is lost, and none that is over comes back', async () => {
      const { id } = await givenProposedVoid(t);
      const next = `UPDATE change_request SET revision = revision + 1, digest = repeat('0', 64), status = 'PENDING' WHERE id = $1`;
      await expect(asApi(next, id)).rejects.toThrow(/what was asked for before is kept/);
      await t.as('billing').mutate('withdrawChangeRequest', { id });
      await expect(asApi(next, id)).rejects.toThrow(/changes with its revision|stays so/);
    });

    it('what was asked for before stays as it was', async () => {
      const request = await givenProposedVoid(t);
      await revise('billing', request, { invoiceId: request.invoiceId, reason: 'other' });
      const update = (set: string) =>
        asApi(`UPDATE change_request_revision SET ${set} WHERE change_request_id = $1`, request.id);
      await expect(update(`input_shown = '{"a":1}'`)).rejects.toThrow(/only ever gets erased/);
      await expect(update(`reason = 'x'`)).rejects.toThrow(/permission denied/);
      await expect(
        asApi('DELETE FROM change_request_revision WHERE change_request_id = $1', request.id),
      ).rejects.toThrow(/permission denied/);
    });
  });
});
