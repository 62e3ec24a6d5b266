import { startTestApp, type TestApp } from '../support/app';
import type { CastName } from '../support/cast';
import { approve, expectRefused, tally, type Waiting } from '../support/outcomes';
import { givenAccount } from '../support/scene';
import { asOnePerson, issuingAlone, limited, rate, unlimited, voidOf, yesterday } from './limits';
import { decisionsOn, later, requestRow } from './proposals';

let t: TestApp;
let dollars: string;
beforeAll(async () => {
  t = await startTestApp();
  await issuingAlone(t);
  dollars = await givenAccount(t);
});
afterAll(() => t.close());
beforeEach(() => yesterday(t));
afterEach(() => unlimited(t));

const codeOf = async (request: Waiting, by: CastName = 'supervisor') => (await approve(t, request, by)).code ?? 'DONE';

const beyond = (request: Waiting, as: CastName = 'supervisor') =>
  expectRefused(t, {
    as,
    mutation: 'approveChangeRequest',
    operation: 'changeRequest.approve',
    input: { id: request.id, revision: request.revision, digest: request.digest },
    code: 'LIMIT_EXCEEDED',
  });

describe('somebody says yes within their limits alone', () => {
  it('by request: up to the last cent, and not beyond', async () => {
    await limited(t, 'supervisor', { perRequest: '100.00' });
    await beyond(await voidOf(t, dollars, '100.01'));
    expect(await codeOf(await voidOf(t, dollars, '100'))).toBe('DONE');
    expect(await codeOf(await voidOf(t, dollars, '100.01'), 'supervisor2')).toBe('DONE');
  });

  it('over any 24 hours: two that are each within it do not pass it together', async () => {
    await limited(t, 'supervisor', { perDay: '150' });
    const [first, second, third] = [
      await voidOf(t, dollars, '100'),
      await voidOf(t, dollars, '50.01'),
      await voidOf(t, dollars, '50'),
    ];
    expect(await codeOf(first)).toBe('DONE');
    await beyond(second);
    expect(await codeOf(third)).toBe('DONE');
    expect(await later(t, 23.9, () => codeOf(second))).toBe('LIMIT_EXCEEDED');
    expect(await later(t, 24.1, () => codeOf(second))).toBe('DONE');
  });

  it('nor when they are approved at the same moment', async () => {
    await limited(t, 'supervisor', { perDay: '150' });
    for (let round = 0; round < 12; round += 1) {
      await yesterday(t);
      const requests = [await voidOf(t, dollars, '100'), await voidOf(t, dollars, '100')];
      const answers = await Promise.all(requests.map((each) => approve(t, each)));
      expect(tally(answers)).toEqual({ DONE: 1, LIMIT_EXCEEDED: 1 });
      const rows = await Promise.all(requests.map(({ id }) => requestRow(t, id)));
      expect(rows.map(({ status }) => status as string).toSorted()).toEqual(['EXECUTED', 'PENDING']);
      expect((await Promise.all(requests.map(({ id }) => decisionsOn(t, id)))).flat()).toHaveLength(1);
    }
  });

  it('under whichever of their users, and with what the other one said', async () => {
    await limited(t, 'supervisor', { perDay: '150', perRequest: '120' });
    await asOnePerson(t, 'supervisor2', 'supervisor', async () => {
      await beyond(await voidOf(t, dollars, '121'), 'supervisor2');
      expect(await codeOf(await voidOf(t, dollars, '100'), 'supervisor2')).toBe('DONE');
      await beyond(await voidOf(t, dollars, '51'), 'supervisor');
    });
  });

  it('for another within both of their limits', async () => {
    const [delegate, delegator] = [t.as('admin2').userId, t.as('supervisor').userId];
    await t.sql(
      `INSERT INTO delegation (id, delegator_id, delegate_id, starts_at, ends_at, reason) VALUES (gen_random_uuid(), $1, $2, now(), now() + interval '1 day', 'away')`,
      [delegator, delegate],
    );
    await t.sql(
      `INSERT INTO role_grant (id, user_id, role, granted_by_id) VALUES (gen_random_uuid(), $1, 'supervisor', $2)`,
      [delegate, delegator],
    );
    // Named people alone, so that it is the other's right that counts.
    const steps = (roles: string[], people: string[]) =>
      t.sql(`UPDATE approval_policy SET steps = $1 WHERE operation = 'invoice.void'`, [
        JSON.stringify([{ stage: 1, roles, people, quorum: 1 }]),
      ]);
    await steps([], [delegator]);
    await limited(t, 'supervisor', { perRequest: '100' });
    await limited(t, 'admin2', { perRequest: '60' });
    await beyond(await voidOf(t, dollars, '60.01'), 'admin2');
    await limited(t, 'admin2', { perRequest: '100' });
    await limited(t, 'supervisor', { perRequest: '60' });
    await beyond(await voidOf(t, dollars, '60.01'), 'admin2');
    expect(await codeOf(await voidOf(t, dollars, '60'), 'admin2')).toBe('DONE');
    // What was said for somebody is theirs, too.
    await limited(t, 'supervisor', { perDay: '100' });
    await beyond(await voidOf(t, dollars, '41'), 'supervisor');
    await steps(['supervisor'], []);
    await t.rewind('DELETE FROM delegation');
    await t.rewind(`DELETE FROM role_grant WHERE user_id = $1 AND role = 'supervisor'`, [delegate]);
  });

  it('in another currency by the rate of the day, and without one not at all', async () => {
    const rupees = await givenAccount(t, { currency: 'INR' });
    await limited(t, 'supervisor', { currency: 'EUR', perRequest: '10.00' });
    const [above, within] = [await voidOf(t, rupees, '1000.01'), await voidOf(t, rupees, '1000')];
    await beyond(within);
    await rate(t, 'INR', '100');
    await beyond(above);
    expect(await codeOf(within)).toBe('DONE');
  });

  it('and no, or not like this, at any amount', async () => {
    await limited(t, 'supervisor', { perRequest: '0' });
    const [no, back] = [await voidOf(t, dollars, '100'), await voidOf(t, dollars, '100')];
    await beyond(no);
    const supervisor = t.as('supervisor');
    expect((await supervisor.mutate('rejectChangeRequest', { id: no.id, reason: 'no' }, 'outcome')).errors).toEqual([]);
    expect((await supervisor.mutate('returnChangeRequest', { id: back.id, reason: 'so' }, 'outcome')).errors).toEqual(
      [],
    );
  });
});

describe('where it is above every limit', () => {
  it('its maker is told, before and after it is proposed', async () => {
    await limited(t, 'supervisor', { perRequest: '99' });
    const warned = async () => {
      const request = await voidOf(t, dollars, '100');
      const { data } = await t
        .as('billing')
        .gql('query ($id: ID!) { changeRequest(id: $id) { warnings } }', { id: request.id });
      return data!.changeRequest.warnings as string[];
    };
    expect(await warned()).toEqual([]);
    await limited(t, 'supervisor2', { perRequest: '99' });
    expect(await warned()).toEqual(['ABOVE_EVERY_LIMIT']);
    const { invoiceId } = await voidOf(t, dollars, '100');
    const { data } = await t
      .as('billing')
      .gql(
        'query ($input: JSON!) { approvalPolicyFor(operation: "invoice.void", input: $input) { approvers warnings } }',
        {
          input: { invoiceId, reason: 'billed twice' },
        },
      );
    expect(data!.approvalPolicyFor).toEqual({ approvers: 0, warnings: ['ABOVE_EVERY_LIMIT'] });
  });
});
