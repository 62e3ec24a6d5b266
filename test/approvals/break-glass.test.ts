import { startTestApp, type TestApp } from '../support/app';
import type { CastName } from '../support/cast';
import { approve, eventsOf, expectRefused, proposed, rowOf, stateOf, tally, type Waiting } from '../support/outcomes';
import { givenAccount } from '../support/scene';
import { asOnePerson, limited, unlimited } from './limits';
import {
  decisionsOn,
  givenProposedVoid,
  HOUR,
  later,
  proposedBankChange,
  proposedGrant,
  requestRow,
  withRole,
} from './proposals';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const REASON = 'Their payroll runs in an hour';
const glass = ({ id, revision, digest }: Waiting, more: object = {}) => ({
  id,
  revision,
  digest,
  reason: REASON,
  ...more,
});
const broken = (request: Waiting, as: CastName = 'supervisor', more: object = {}) =>
  t
    .as(as)
    .mutate(
      'breakGlass',
      glass(request, more),
      'outcome changeRequest { id status } finding { id dueAt overdue reviewedAt raisedBy { id } }',
    );
const refused = (request: Waiting, as: CastName, code: string, more: object = {}) =>
  expectRefused(t, {
    as,
    mutation: 'breakGlass',
    operation: 'changeRequest.breakGlass',
    input: glass(request, more),
    code,
  });
const findingsOf = (id: string) => t.sql('SELECT * FROM finding WHERE change_request_id = $1', [id]);

/** Voids wait for two supervisors, then for compliance, while some work is done. */
async function manySteps<T>(work: () => Promise<T>): Promise<T> {
  const steps = (list: object[]) =>
    t.sql(`UPDATE approval_policy SET steps = $1 WHERE operation = 'invoice.void'`, [JSON.stringify(list)]);
  const step = { stage: 1, roles: ['supervisor'], people: [], quorum: 1 };
  await steps([
    { ...step, quorum: 2 },
    { ...step, stage: 2, roles: [], people: [t.as('supervisor2').userId] },
  ]);
  try {
    return await work();
  } finally {
    await steps([step]);
  }
}

describe('changeRequest.breakGlass', () => {
  it('carries out what waits though steps are missing, and raises a finding that is due in a day', async () => {
    const { invoiceId, ...request } = await manySteps(() => givenProposedVoid(t));
    const { answer, events } = await eventsOf(t, () => broken(request));
    expect(answer.errors).toEqual([]);
    const supervisor = t.as('supervisor').userId;
    const [finding] = await findingsOf(request.id);
    expect(answer.payload).toEqual({
      outcome: 'DONE',
      changeRequest: { id: request.id, status: 'EXECUTED' },
      finding: {
        id: finding!.id,
        dueAt: finding!.due_at.toISOString(),
        overdue: false,
        reviewedAt: null,
        raisedBy: { id: supervisor },
      },
    });
    expect(Math.abs(finding!.due_at - Date.now() - 24 * HOUR)).toBeLessThan(HOUR);
    expect(finding).toMatchObject({ kind: 'BREAK_GLASS', revision: 1, raised_by_id: supervisor, reason: REASON });
    expect((await rowOf(t, 'invoice', invoiceId)).status).toBe('VOIDED');
    expect(await requestRow(t, request.id)).toMatchObject({
      status: 'EXECUTED',
      approved_by_id: supervisor,
      result: { invoice: invoiceId },
    });
    expect(await decisionsOn(t, request.id)).toEqual([{ decided_by_id: supervisor, verdict: 'APPROVED' }]);
    const billing = t.as('billing').userId;
    const done = { actor: supervisor, outcome: 'DONE', changeRequest: request.id };
    expect(events).toMatchObject([
      {
        ...done,
        action: 'finding.raised',
        onBehalfOf: null,
        subject: { type: 'Finding', id: finding!.id },
        reason: REASON,
      },
      { ...done, action: 'invoice.voided', onBehalfOf: billing, subject: { type: 'Invoice', id: invoiceId } },
      { ...done, action: 'changeRequest.glassBroken', onBehalfOf: null, subject: { id: request.id }, reason: REASON },
    ]);
  });

  it('carries out what is above one’s limit', async () => {
    const request = await givenProposedVoid(t);
    await limited(t, 'supervisor', { perRequest: '1' });
    expect((await approve(t, request)).code).toBe('LIMIT_EXCEEDED');
    expect((await broken(request)).errors).toEqual([]);
    expect((await requestRow(t, request.id)).status).toBe('EXECUTED');
    await unlimited(t);
  });

  it('is open to whoever said yes already, whose decision stands', async () => {
    const request = await manySteps(() => givenProposedVoid(t));
    expect((await approve(t, request)).payload.outcome).toBe('AWAITING_APPROVAL');
    expect((await broken(request)).errors).toEqual([]);
    expect(await decisionsOn(t, request.id)).toHaveLength(1);
    expect(await findingsOf(request.id)).toHaveLength(1);
  });

  it('is closed to the maker’s person and their delegate, and to whoever may approve nothing of it', async () => {
    const request = await manySteps(() => givenProposedVoid(t));
    for (const as of ['billing2', 'operations', 'admin', 'auditor', 'compliance', 'client'] as const)
      await refused(request, as, 'FORBIDDEN');
    await withRole(t, 'billing', 'supervisor', () => refused(request, 'billing', 'MAKER_IS_CHECKER'));
    await asOnePerson(t, 'supervisor', 'billing', () => refused(request, 'supervisor', 'MAKER_IS_CHECKER'));
    await t.sql(
      `INSERT INTO delegation (id, delegator_id, delegate_id, starts_at, ends_at, reason) VALUES (gen_random_uuid(), $1, $2, now(), now() + interval '1 day', 'away')`,
      [t.as('billing').userId, t.as('supervisor').userId],
    );
    await refused(request, 'supervisor', 'DELEGATE_OF_MAKER');
    await t.rewind('DELETE FROM delegation');
    // Under another user of theirs they have said yes already.
    await approve(t, request, 'supervisor2');
    await asOnePerson(t, 'supervisor', 'supervisor2', () => refused(request, 'supervisor', 'DECISION_REPEATED'));
    expect(await findingsOf(request.id)).toEqual([]);
  });

  it('never goes round the second person of what always needs one', async () => {
    const request = await proposedGrant(t);
    await refused(request, 'supervisor', 'BREAK_GLASS_CLOSED');
    await refused(request, 'compliance', 'BREAK_GLASS_CLOSED');
    const user = { name: 'New', email: 'new@test.example', password: 'a long password' };
    await t.sql(`UPDATE approval_policy SET active = true WHERE operation = 'user.create'`);
    const created = await proposed(t, 'admin', 'createUser', user);
    expect((await broken(created, 'compliance')).errors).toEqual([]);
  });

  it('asks for the revision and digest that were seen, for a reason, and for what still waits', async () => {
    const request = await givenProposedVoid(t);
    await refused(request, 'supervisor', 'CHANGE_REQUEST_MOVED', { digest: '0'.repeat(64) });
    await refused(request, 'supervisor', 'CHANGE_REQUEST_MOVED', { revision: 2 });
    for (const reason of ['too short', ' '.repeat(30), 'x'.repeat(2001)]) {
      const before = await stateOf(t);
      expect((await broken(request, 'supervisor', { reason })).code).toBe('BAD_USER_INPUT');
      expect(await stateOf(t)).toEqual(before);
    }
    await t.as('billing').mutate('withdrawChangeRequest', { id: request.id }, 'outcome');
    await refused(request, 'supervisor', 'CHANGE_REQUEST_NOT_PENDING');
    const late = await givenProposedVoid(t);
    expect((await later(t, 73, () => broken(late))).code).toBe('CHANGE_REQUEST_EXPIRED');
    expect((await requestRow(t, late.id)).status).toBe('EXPIRED');
  });

  it('does not carry out what is stale or altered, nor for a maker who is gone', async () => {
    const accountId = await givenAccount(t);
    const request = await proposedBankChange(t, accountId);
    await t.as('operations').mutate('changeAccount', { accountId, legalName: 'Renamed Ltd' }, 'outcome');
    expect((await broken(request)).code).toBe('CHANGE_REQUEST_STALE');
    expect(await requestRow(t, request.id)).toMatchObject({ status: 'STALE', approved_by_id: null });
    expect(await findingsOf(request.id)).toEqual([]);
    const other = await givenProposedVoid(t);
    const set = (at: string) =>
      t.rewind(`UPDATE app_user SET deactivated_at = ${at} WHERE id = $1`, [t.as('billing').userId]);
    await set('now()');
    await refused(other, 'supervisor', 'MAKER_NOT_ACTIVE');
    await set('NULL');
    await t.rewind(`UPDATE change_request SET reason = 'other' WHERE id = $1`, [other.id]);
    await refused(other, 'supervisor', 'CHANGE_REQUEST_ALTERED');
  });

  it('raced, by two and with an approval: it is carried out once', async () => {
    for (let round = 0; round < 6; round += 1) {
      const { invoiceId, ...request } = await givenProposedVoid(t);
      const answers = await Promise.all([
        broken(request),
        round % 2 ? broken(request, 'supervisor2') : approve(t, request, 'supervisor2'),
      ]);
      expect(tally(answers)).toEqual({ DONE: 1, CHANGE_REQUEST_NOT_PENDING: 1 });
      expect(await rowOf(t, 'invoice', invoiceId)).toMatchObject({ status: 'VOIDED', version: 3 });
      expect(await decisionsOn(t, request.id)).toHaveLength(1);
    }
  });

  it('repeated under one key it is done once', async () => {
    const request = await givenProposedVoid(t);
    const first = await broken(request, 'supervisor', { idempotencyKey: 'glass-1' });
    const again = await broken(request, 'supervisor', { idempotencyKey: 'glass-1' });
    expect(again.payload).toEqual(first.payload);
    expect(await findingsOf(request.id)).toHaveLength(1);
  });

  it('the database lets nothing through that lacks steps and has no finding', async () => {
    const request = await manySteps(() => givenProposedVoid(t));
    expect((await approve(t, request)).payload.outcome).toBe('AWAITING_APPROVAL');
    const carried = t.apiSql(`UPDATE change_request SET status = 'EXECUTED', approved_by_id = $2 WHERE id = $1`, [
      request.id,
      t.as('supervisor').userId,
    ]);
    await expect(carried).rejects.toMatchObject({ code: '23514' });
  });
});

describe('finding.review', () => {
  const given = async (): Promise<Waiting & { findingId: string }> => {
    const request = await givenProposedVoid(t);
    return { ...request, findingId: (await broken(request)).payload.finding.id as string };
  };
  const review = (findingId: string, more: object = {}) => ({
    findingId,
    verdict: 'NOT_JUSTIFIED',
    comment: 'It could have waited',
    ...more,
  });
  const reviewRefused = (findingId: string, as: CastName, code: string) =>
    expectRefused(t, { as, mutation: 'reviewFinding', operation: 'finding.review', input: review(findingId), code });

  it('says once what somebody else found', async () => {
    const { findingId, id } = await given();
    const { answer, events } = await eventsOf(t, () =>
      t
        .as('compliance')
        .mutate(
          'reviewFinding',
          review(findingId),
          'outcome finding { verdict comment overdue reviewedBy { id } version }',
        ),
    );
    const compliance = t.as('compliance').userId;
    expect(answer.payload).toEqual({
      outcome: 'DONE',
      finding: {
        verdict: 'NOT_JUSTIFIED',
        comment: 'It could have waited',
        overdue: false,
        reviewedBy: { id: compliance },
        version: 2,
      },
    });
    expect(await rowOf(t, 'finding', findingId)).toMatchObject({
      verdict: 'NOT_JUSTIFIED',
      reviewed_by_id: compliance,
    });
    expect(events).toMatchObject([
      {
        action: 'finding.reviewed',
        actor: compliance,
        subject: { type: 'Finding', id: findingId, version: 2 },
        changes: [{ path: 'verdict', before: null, after: 'NOT_JUSTIFIED' }],
        reason: 'It could have waited',
        changeRequest: id,
      },
    ]);
    await reviewRefused(findingId, 'compliance', 'FINDING_REVIEWED');
  });

  it('is not for the two whom it is about, under whichever of their users, nor for others', async () => {
    const { findingId } = await given();
    for (const as of ['supervisor2', 'auditor', 'admin', 'billing2'] as const)
      await reviewRefused(findingId, as, 'FORBIDDEN');
    for (const who of ['billing', 'supervisor'] as const) {
      await withRole(t, who, 'compliance', () => reviewRefused(findingId, who, 'FINDING_REVIEW_BY_SAME_PERSON'));
      await asOnePerson(t, 'compliance', who, async () => {
        await reviewRefused(findingId, 'compliance', 'FINDING_REVIEW_BY_SAME_PERSON');
        const forged = t.apiSql(
          `UPDATE finding SET reviewed_by_id = $2, reviewed_at = now(), verdict = 'JUSTIFIED', comment = 'x' WHERE id = $1`,
          [findingId, t.as('compliance').userId],
        );
        await expect(forged).rejects.toMatchObject({ code: '23514', constraint: 'finding_review_by_same_person' });
      });
    }
  });

  it('raced, it is reviewed once', async () => {
    const { findingId } = await given();
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => t.as('compliance').mutate('reviewFinding', review(findingId), 'outcome')),
    );
    expect(tally(answers)).toEqual({ DONE: 1, FINDING_REVIEWED: 5 });
  });

  it('is asked for, and late from the instant on at which it is due', async () => {
    const { findingId, id } = await given();
    const query = `query ($filter: FindingFilter) { findings(filter: $filter, first: 100) { nodes { id overdue changeRequest { id } } } }`;
    const found = async (filter: object) => {
      const { data } = await t.as('auditor').gql(query, { filter });
      return (data!.findings.nodes as { id: string; overdue: boolean }[]).filter((each) => each.id === findingId);
    };
    const of = { changeRequestId: id };
    expect(await found(of)).toEqual([{ id: findingId, overdue: false, changeRequest: { id } }]);
    expect(await found({ ...of, overdue: true })).toEqual([]);
    await later(t, 24.1, async () =>
      expect(await found({ ...of, overdue: true, reviewed: false })).toMatchObject([{ overdue: true }]),
    );
    await t.as('compliance').mutate('reviewFinding', review(findingId), 'outcome');
    await later(t, 24.1, async () => expect(await found({ ...of, overdue: false, reviewed: true })).toHaveLength(1));
  });
});
