import { conflictsIn, DUTIES, MATRIX } from '../../src/access/duty.rules';
import { DUTIES_OF_ROLES, holdingOf } from '../../src/access/duties';
import { catalogue } from '../../src/catalogue';
import { withRole } from '../approvals/proposals';
import { startTestApp, type TestApp } from '../support/app';
import type { CastName } from '../support/cast';
import { approve, countersigned, eventsOf, expectRefused, NOBODYS_ID, proposed, rowOf } from '../support/outcomes';
import { givenAccount, givenDraft } from '../support/scene';

let t: TestApp;
let accountId: string;
beforeAll(async () => {
  t = await startTestApp();
  accountId = await givenAccount(t);
});
afterEach(async () => {
  t.clock.at = null;
  await t.rewind('DELETE FROM duty_exception');
  await t.rewind('UPDATE app_user SET person_id = NULL');
  // A session that was used rests too long for a test that is months ahead.
  await t.signInAnew('billing2');
});
afterAll(() => t.close());

const id = (who: CastName) => t.as(who).userId;
const later = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const exception = (more: object = {}) => ({
  userId: id('billing2'),
  duty: 'INVOICING',
  otherDuty: 'INVOICE_APPROVAL',
  ownerId: id('operations'),
  endsAt: later(30),
  reason: 'a team of two',
  ...more,
});
const allowed = async (more: object = {}): Promise<string> =>
  (await countersigned(t, 'admin', 'allowDutyException', exception(more), 'compliance')).result.dutyException as string;
const grant = (userId: string, role: string, more: object = {}) => ({ userId, role, reason: 'stands in', ...more });
const refused = (code: string, mutation: string, operation: string, input: object, as: CastName = 'admin') =>
  expectRefused(t, { as, mutation, operation, input, code });
const asOne = (user: CastName, first: CastName) =>
  t.rewind('UPDATE app_user SET person_id = $2 WHERE id = $1', [id(user), id(first)]);

describe('the matrix', () => {
  it('speaks of operations that there are, and of duties that some role has', () => {
    const named = Object.values(DUTIES).flatMap((each) => [
      ...('does' in each ? each.does : []),
      ...('approves' in each ? each.approves : []),
    ]);
    expect(named.filter((operation) => !catalogue.names.includes(operation))).toEqual([]);
    for (const { duties } of MATRIX)
      for (const duty of duties) expect([...DUTIES_OF_ROLES.values()].some((has) => has.has(duty))).toBe(true);
  });

  it.each([
    ['billing', 'supervisor', true],
    ['operations', 'supervisor', true],
    ['admin', 'compliance', true],
    ['admin', 'billing', true],
    ['auditor', 'billing', true],
    ['auditor', 'compliance', true],
    ['billing', 'operations', false],
    ['compliance', 'supervisor', false],
    ['billing', 'client', false],
  ])('says of %s with %s: %s', (one, other, conflict) => {
    const held = [holdingOf(one, null, null), holdingOf(other, null, null)];
    expect(conflictsIn(held).length > 0).toBe(conflict);
    expect(conflictsIn(held.toReversed()).length > 0).toBe(conflict);
  });

  it('lets duties over different accounts, or LOBs, stand beside each other', () => {
    const meet = (one: (string | null)[], other: (string | null)[]) =>
      conflictsIn([holdingOf('billing', one[0]!, one[1]!), holdingOf('supervisor', other[0]!, other[1]!)]).length > 0;
    expect(meet(['a', null], ['b', null])).toBe(false);
    expect(meet(['a', null], ['a', null])).toBe(true);
    expect(meet(['a', null], [null, null])).toBe(true);
    expect(meet(['a', 'l'], ['a', 'm'])).toBe(false);
    expect(meet(['a', 'l'], ['a', null])).toBe(true);
  });
});

describe('role.grant', () => {
  it('is refused where duties would meet, also in another user of the person', async () => {
    await refused('DUTY_CONFLICT', 'grantRole', 'role.grant', grant(id('billing2'), 'supervisor'));
    await asOne('stranger', 'billing2');
    const answer = await refused('DUTY_CONFLICT', 'grantRole', 'role.grant', grant(id('stranger'), 'supervisor'));
    expect(answer.errors[0]!.extensions.details!.conflicts).toContainEqual({
      duties: ['INVOICE_APPROVAL', 'INVOICING'],
      roles: ['supervisor', 'billing'],
    });
  });

  it('is refused when it is carried out, too: duties may have met meanwhile', async () => {
    const request = await proposed(t, 'admin', 'grantRole', grant(id('stranger'), 'supervisor'));
    await asOne('stranger', 'billing2');
    expect((await approve(t, request, 'compliance')).code).toBe('CHANGE_REQUEST_FAILED');
    expect((await rowOf(t, 'change_request', request.id)).failure_code).toBe('DUTY_CONFLICT');
  });

  it('goes through over what the other duty is not over, and with exceptions for all that would meet', async () => {
    await withRole(t, 'stranger', 'auditor', async () => {
      const other = await givenAccount(t);
      await t.sql(`UPDATE role_grant SET account_id = $2 WHERE user_id = $1`, [id('stranger'), other]);
      await countersigned(t, 'admin', 'grantRole', grant(id('stranger'), 'billing', { accountId }), 'compliance');
    });
    await t.rewind('DELETE FROM role_grant WHERE user_id = $1', [id('stranger')]);
    await allowed();
    await refused('DUTY_CONFLICT', 'grantRole', 'role.grant', grant(id('billing2'), 'supervisor'));
    await allowed({ duty: 'ACCOUNT_KEEPING', otherDuty: 'ACCOUNT_APPROVAL' });
    await countersigned(t, 'admin', 'grantRole', grant(id('billing2'), 'supervisor'), 'compliance');
    await t.rewind(`DELETE FROM role_grant WHERE user_id = $1 AND role = 'supervisor'`, [id('billing2')]);
    // A role that somebody is given ends their session.
    await t.signInAnew('billing2');
  });
});

describe('an operation', () => {
  const draft = () => ({ accountId, lines: [{ description: 'x', quantity: '1', unitPrice: '1' }], dueInDays: 5 });

  it('is refused to somebody in whom duties meet, and not what is part of neither', async () => {
    await withRole(t, 'billing2', 'supervisor', async () => {
      await refused('DUTY_CONFLICT', 'draftInvoice', 'invoice.draft', draft(), 'billing2');
      const request = await proposed(t, 'billing', 'issueInvoice', { invoiceId: await givenDraft(t, accountId) });
      await refused('DUTY_CONFLICT', 'approveChangeRequest', 'changeRequest.approve', request, 'billing2');
      const { code } = await t
        .as('billing2')
        .mutate('rejectChangeRequest', { id: request.id, reason: 'no' }, 'outcome');
      expect(code).toBeUndefined();
    });
    expect((await t.as('billing2').mutate('draftInvoice', draft(), 'outcome')).payload.outcome).toBe('DONE');
  });

  it('is let through by an exception until it ends, by its time or by hand', async () => {
    await withRole(t, 'billing2', 'supervisor', async () => {
      const exceptionId = await allowed({ endsAt: '2027-06-01T00:00:00Z' });
      await allowed({ duty: 'BUSINESS', otherDuty: 'AUDIT' });
      const drafted = () => t.as('billing2').mutate('draftInvoice', draft(), 'outcome');
      t.clock.at = new Date('2027-05-31T23:59:59.999Z');
      expect((await drafted()).payload?.outcome).toBe('DONE');
      t.clock.at = new Date('2027-06-01T00:00:00Z');
      expect((await drafted()).code).toBe('DUTY_CONFLICT');
      t.clock.at = null;
      const end = { dutyExceptionId: exceptionId, reason: 'hired somebody', expectedVersion: 1 };
      const { events } = await eventsOf(t, () => t.as('compliance').mutate('endDutyException', end, 'outcome'));
      expect(events).toMatchObject([
        {
          action: 'dutyException.ended',
          actor: id('compliance'),
          reason: 'hired somebody',
          subject: { id: exceptionId },
        },
      ]);
      expect(await rowOf(t, 'duty_exception', exceptionId)).toMatchObject({
        ended_by_id: id('compliance'),
        version: 2,
      });
      expect((await drafted()).code).toBe('DUTY_CONFLICT');
      const again = { dutyExceptionId: exceptionId, reason: 'x' };
      await refused('DUTY_EXCEPTION_NOT_RUNNING', 'endDutyException', 'dutyException.end', again);
    });
  });

  it('is carried out for a maker only while theirs do not meet', async () => {
    const request = await proposed(t, 'billing2', 'issueInvoice', { invoiceId: await givenDraft(t, accountId) });
    await withRole(t, 'billing2', 'supervisor', async () => {
      expect((await approve(t, request, 'supervisor')).code).toBe('CHANGE_REQUEST_FAILED');
    });
    expect((await rowOf(t, 'change_request', request.id)).failure_code).toBe('DUTY_CONFLICT');
  });
});

describe('who is asked to decide', () => {
  const shown = async (requestId: string) => {
    const { data, errors } = await t
      .as('billing2')
      .gql('query ($id: ID!) { changeRequest(id: $id) { canDecide } myApprovals(first: 100) { nodes { id } } }', {
        id: requestId,
      });
    expect(errors).toEqual([]);
    const listed = (data!.myApprovals?.nodes ?? []) as { id: string }[];
    return {
      canDecide: data!.changeRequest.canDecide as boolean,
      listed: listed.some((each) => each.id === requestId),
    };
  };

  it('is nobody in whom duties meet, unless there is an exception, until it ends', async () => {
    const issue = await proposed(t, 'billing', 'issueInvoice', { invoiceId: await givenDraft(t, accountId) });
    await withRole(t, 'billing2', 'supervisor', async () => {
      expect(await shown(issue.id)).toEqual({ canDecide: false, listed: false });
      expect((await approve(t, issue, 'billing2')).code).toBe('DUTY_CONFLICT');
      await allowed();
      expect(await shown(issue.id)).toEqual({ canDecide: true, listed: true });
      await t.rewind('UPDATE duty_exception SET ends_at = now()');
      expect(await shown(issue.id)).toEqual({ canDecide: false, listed: false });
    });
  });

  it('is somebody whose other duty is over another account', async () => {
    const issue = await proposed(t, 'billing', 'issueInvoice', { invoiceId: await givenDraft(t, accountId) });
    const bind = async (role: string, to: string | null) => {
      await t.rewind(`UPDATE role_grant SET account_id = $3 WHERE user_id = $1 AND role = $2`, [
        id('billing2'),
        role,
        to,
      ]);
      await t.signInAnew('billing2');
    };
    await withRole(t, 'billing2', 'supervisor', async () => {
      await bind('supervisor', accountId);
      expect(await shown(issue.id)).toEqual({ canDecide: false, listed: false });
      await bind('billing', await givenAccount(t));
      expect(await shown(issue.id)).toEqual({ canDecide: true, listed: true });
      await bind('billing', null);
      expect((await approve(t, issue, 'billing2')).code).toBe('DUTY_CONFLICT');
    });
    await t.signInAnew('billing2');
  });

  it('is nobody whose duties meet by another user of the same person', async () => {
    const issue = await proposed(t, 'billing', 'issueInvoice', { invoiceId: await givenDraft(t, accountId) });
    await asOne('stranger', 'supervisor2');
    await withRole(t, 'stranger', 'billing', async () => {
      const { data } = await t.as('supervisor2').gql(`{ changeRequest(id: "${issue.id}") { canDecide } }`);
      expect(data!.changeRequest.canDecide).toBe(false);
      expect((await approve(t, issue, 'supervisor2')).code).toBe('DUTY_CONFLICT');
    });
  });
});

describe('dutyException.allow', () => {
  it('is kept with its owner, reason and end, by two people', async () => {
    const request = await proposed(t, 'admin', 'allowDutyException', exception());
    const { events } = await eventsOf(t, () => approve(t, request, 'compliance'));
    const [row] = await t.sql('SELECT * FROM duty_exception');
    expect(row).toMatchObject({
      user_id: id('billing2'),
      duty: 'INVOICE_APPROVAL',
      other_duty: 'INVOICING',
      matrix_version: 1,
      owner_id: id('operations'),
      allowed_by_id: id('admin'),
      reason: 'a team of two',
      ended_at: null,
    });
    expect(events[0]).toMatchObject({
      action: 'dutyException.allowed',
      actor: id('compliance'),
      onBehalfOf: id('admin'),
      reason: 'a team of two',
      subject: { type: 'DutyException', id: row!.id },
    });
    const { data } = await t
      .as('auditor')
      .gql('{ dutyExceptions(filter: { running: true }) { totalCount nodes { duty owner { name } running } } }');
    expect(data!.dutyExceptions).toMatchObject({ totalCount: 1, nodes: [{ duty: 'INVOICE_APPROVAL', running: true }] });
  });

  const refusals: [string, () => object, string][] = [
    ['an unknown user', () => ({ userId: NOBODYS_ID }), 'NOT_FOUND'],
    ['oneself', () => ({ userId: id('admin') }), 'DUTY_EXCEPTION_OF_OWN'],
    ['duties that may meet', () => ({ otherDuty: 'BUSINESS' }), 'DUTIES_COMPATIBLE'],
    ['the person as their own owner', () => ({ ownerId: id('billing2') }), 'DUTY_EXCEPTION_OWNER_UNFIT'],
    ['an end that has passed', () => ({ endsAt: '2020-01-01T00:00:00Z' }), 'DUTY_EXCEPTION_PERIOD_INVALID'],
    ['more than a year', () => ({ endsAt: later(367) }), 'DUTY_EXCEPTION_PERIOD_INVALID'],
  ];
  it.each(refusals)('refuses %s', async (_what, more, code) => {
    await refused(code, 'allowDutyException', 'dutyException.allow', exception(more()));
  });

  it('is refused twice, and approved twice at once is there once', async () => {
    const requests = [];
    for (let each = 0; each < 2; each += 1)
      requests.push(await proposed(t, 'admin', 'allowDutyException', exception()));
    await Promise.all(requests.map((each) => approve(t, each, 'compliance')));
    expect(await t.sql('SELECT FROM duty_exception')).toHaveLength(1);
    await refused('DUTY_EXCEPTION_TAKEN', 'allowDutyException', 'dutyException.allow', exception());
  });

  it('is neither proposed nor approved by another user of the person, and the database holds that, too', async () => {
    await asOne('admin2', 'billing2');
    await refused('DUTY_EXCEPTION_OF_OWN', 'allowDutyException', 'dutyException.allow', exception(), 'admin2');
    const request = await proposed(t, 'admin', 'allowDutyException', exception());
    expect((await approve(t, request, 'admin2')).code).toBe('MAKER_IS_CHECKER');
    await expect(
      t.apiSql(
        `INSERT INTO duty_exception (id, user_id, duty, other_duty, matrix_version, owner_id, reason, ends_at, allowed_by_id)
         VALUES (gen_random_uuid(), $1, 'AUDIT', 'BUSINESS', 1, $2, 'x', now(), $3)`,
        [id('billing2'), id('operations'), id('admin2')],
      ),
    ).rejects.toMatchObject({ constraint: 'duty_exception_allowed_by_same_person' });
    await expect(t.apiSql('DELETE FROM duty_exception')).rejects.toThrow('permission denied');
  });
});

describe('dutyConflicts', () => {
  const QUERY = `query ($at: DateTime) { dutyConflicts(at: $at) { userIds duty otherDuty role otherRole dutyExceptionId } }`;

  it('names the person, the duties and the exception, as of an instant', async () => {
    const before = new Date().toISOString();
    await asOne('stranger', 'billing2');
    await withRole(t, 'stranger', 'supervisor', async () => {
      const exceptionId = await allowed();
      const found = (await t.as('auditor').gql(QUERY)).data!.dutyConflicts as Record<string, unknown>[];
      expect(found).toContainEqual({
        userIds: [id('billing2'), id('stranger')],
        duty: 'INVOICE_APPROVAL',
        otherDuty: 'INVOICING',
        role: 'supervisor',
        otherRole: 'billing',
        dutyExceptionId: exceptionId,
      });
      expect(found.find(({ duty }) => duty === 'ACCOUNT_APPROVAL')).toMatchObject({ dutyExceptionId: null });
      expect((await t.as('auditor').gql(QUERY, { at: before })).data!.dutyConflicts).toEqual([]);
    });
    expect((await t.as('auditor').gql(QUERY)).data!.dutyConflicts).toEqual([]);
    expect((await t.as('supervisor').gql(QUERY)).code).toBe('FORBIDDEN');
    expect((await t.as('auditor').gql('{ dutyMatrix { duty roles otherRoles } }')).data!.dutyMatrix).toHaveLength(
      MATRIX.length,
    );
  });
});
