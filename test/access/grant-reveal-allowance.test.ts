import { randomUUID } from 'node:crypto';
import { startTestApp, type TestApp } from '../support/app';
import { CANARIES } from '../support/canaries';
import type { CastName } from '../support/cast';
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
} from '../support/outcomes';
import { givenAccount, trail } from '../support/scene';

let t: TestApp;
let accountId: string;
beforeAll(async () => {
  t = await startTestApp({ REVEALS_PER_DAY: '3', REVEAL_PURPOSES: 'complaint, fraud,audit' });
  accountId = await givenAccount(t);
});
afterAll(() => t.close());
let day = 0;
beforeEach(() => {
  day += 1;
  t.clock.at = new Date(Date.UTC(2030, 0, 3 * day, 10));
});

const HOUR = 3_600_000;
const inHours = (hours: number) => new Date(t.clock.at!.getTime() + hours * HOUR).toISOString();
const op = { mutation: 'grantRevealAllowance', operation: 'revealAllowance.grant' };
const asked = (more: object = {}, who: CastName = 'billing') => ({
  userId: t.as(who).userId,
  reveals: 4,
  expiresAt: inHours(8),
  reason: 'a recall of cards',
  ...more,
});
const grant = (more: object = {}, who: CastName = 'billing') =>
  countersigned(t, who, 'grantRevealAllowance', asked(more, who), 'compliance').then(
    ({ result }) => result.revealAllowance as string,
  );
const look = (who: CastName = 'billing', more: object = {}) =>
  t
    .as(who)
    .mutate(
      'revealSensitiveValue',
      { type: 'Account', id: accountId, field: 'taxId', reason: 'a call', purpose: 'fraud', ...more },
      'outcome value',
    );
const looks = (count: number, who: CastName = 'billing') => Promise.all(Array.from({ length: count }, () => look(who)));

describe('revealAllowance.grant', () => {
  it('waits for a second person, and then says how many and until when: row, event and actors', async () => {
    const request = await proposed(t, 'billing', 'grantRevealAllowance', asked());
    expect((await approve(t, request, 'billing')).code).toBe('FORBIDDEN');
    const { answer, events } = await eventsOf(t, () => approve(t, request, 'supervisor'));
    expect(answer.payload.changeRequest.status).toBe('EXECUTED');
    const { id } = events[0]!.subject;
    expect(await rowOf(t, 'reveal_allowance', id)).toMatchObject({
      user_id: t.as('billing').userId,
      reveals: 4,
      used: 0,
      expires_at: new Date(inHours(8)),
    });
    expect(told(events)[0]).toEqual({
      action: 'revealAllowance.granted',
      outcome: 'DONE',
      actor: t.as('supervisor').userId,
      onBehalfOf: t.as('billing').userId,
      subject: { type: 'RevealAllowance', id, version: 1 },
      reason: 'a recall of cards',
    });
    const { data } = await t
      .as('auditor')
      .gql(
        'query ($id: ID) { revealAllowances(filter: { userId: $id }) { nodes { id reveals used usable user { name } } } }',
        {
          id: t.as('billing').userId,
        },
      );
    expect(data!.revealAllowances.nodes).toContainEqual({
      id,
      reveals: 4,
      used: 0,
      usable: true,
      user: { name: 'billing' },
    });
  });

  it('lets exactly so many more be seen, raced, each with its event; none before those of every day are used up', async () => {
    const id = await grant();
    expect(tally(await looks(3))).toEqual({ DONE: 3 });
    expect((await rowOf(t, 'reveal_allowance', id)).used).toBe(0);
    expect(tally(await looks(9))).toEqual({ DONE: 4, REVEAL_LIMIT_REACHED: 5 });
    expect(await rowOf(t, 'reveal_allowance', id)).toMatchObject({ used: 4, version: 5 });
    const events = await trail(t, `action = 'sensitiveValue.revealed' AND at = $1`, [t.clock.at]);
    expect(events).toHaveLength(7);
    const drawn = events.filter(({ changes }) =>
      changes.some((each: any) => each.path === 'allowance' && each.after === id),
    );
    expect(new Set(drawn.map(({ rows }) => rows.map((row: any) => `${row.type} ${row.version}`).join()))).toEqual(
      new Set([2, 3, 4, 5].map((version) => `RevealAllowance ${version}`)),
    );
  });

  it('for fifteen values in one document fifteen are counted, drawn and told of one by one; a sixteenth is refused', async () => {
    const id = await grant({ reveals: 12 });
    const one = (n: number) =>
      `a${n}: revealSensitiveValue(input: { type: "Account", id: "${accountId}", field: "taxId", reason: "all", purpose: "audit" }) { value }`;
    const { data, errors } = await t
      .as('billing')
      .gql(`mutation { ${Array.from({ length: 15 }, (_, n) => one(n)).join(' ')} }`);
    expect(errors).toEqual([]);
    expect(Object.values(data!).map(({ value }) => value)).toEqual(Array.from({ length: 15 }, () => CANARIES.taxId));
    expect((await rowOf(t, 'reveal_allowance', id)).used).toBe(12);
    expect((await look()).code).toBe('REVEAL_LIMIT_REACHED');
    expect(await trail(t, `action = 'sensitiveValue.revealed' AND at = $1`, [t.clock.at])).toHaveLength(15);
  });

  it('ends: after its instant nothing is drawn, and the one that ends first is drawn upon first', async () => {
    const [late, soon] = [await grant({ expiresAt: inHours(20) }), await grant({ reveals: 1, expiresAt: inHours(2) })];
    expect(tally(await looks(4))).toEqual({ DONE: 4 });
    expect([(await rowOf(t, 'reveal_allowance', soon)).used, (await rowOf(t, 'reveal_allowance', late)).used]).toEqual([
      1, 0,
    ]);
    t.clock.at = new Date(inHours(20));
    expect((await look()).code).toBe('REVEAL_LIMIT_REACHED');
    expect((await rowOf(t, 'reveal_allowance', late)).used).toBe(0);
  });

  it('holds for every user of the person, whose looks count together, and for nobody else', async () => {
    await t.rewind('UPDATE app_user SET person_id = $2 WHERE id = $1', [
      t.as('billing2').userId,
      t.as('billing').userId,
    ]);
    try {
      await grant({ reveals: 1 });
      expect([(await look('billing')).code, (await look('billing2')).code, (await look('billing')).code]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(tally(await looks(2, 'billing2'))).toEqual({ DONE: 1, REVEAL_LIMIT_REACHED: 1 });
      expect(tally(await looks(4, 'supervisor'))).toEqual({ DONE: 3, REVEAL_LIMIT_REACHED: 1 });
    } finally {
      await t.rewind('UPDATE app_user SET person_id = NULL WHERE id = $1', [t.as('billing2').userId]);
    }
  });

  it('asked for again under one key is one request', async () => {
    const input = asked({ idempotencyKey: randomUUID() });
    const [one, other] = [
      await proposed(t, 'billing', 'grantRevealAllowance', input),
      await proposed(t, 'billing', 'grantRevealAllowance', input),
    ];
    expect(one.id).toBe(other.id);
  });

  it('is only drawn upon, one by one, also by the API’s own login', async () => {
    const id = await grant();
    for (const set of [
      'used = used + 2',
      'used = 0',
      `expires_at = '2999-01-01'`,
      'reveals = 1000',
      `user_id = gen_random_uuid()`,
    ])
      await expect(t.apiSql(`UPDATE reveal_allowance SET ${set} WHERE id = $1`, [id])).rejects.toMatchObject({
        code: '42501',
      });
    await expect(t.apiSql('DELETE FROM reveal_allowance WHERE id = $1', [id])).rejects.toMatchObject({ code: '42501' });
  });
});

describe('revealAllowance.grant is refused', () => {
  it.each<[string, CastName | 'nobody', () => object, string]>([
    ['nobody is signed in', 'nobody', () => ({}), 'UNAUTHENTICATED'],
    ['somebody who sees no such values', 'auditor', () => ({}), 'FORBIDDEN'],
    ['for somebody else', 'operations', () => ({}), 'FORBIDDEN'],
    ['for nobody', 'compliance', () => ({ userId: NOBODYS_ID }), 'NOT_FOUND'],
    ['none', 'billing', () => ({ reveals: 0 }), 'BAD_USER_INPUT'],
    ['more than anybody needs', 'billing', () => ({ reveals: 10_001 }), 'BAD_USER_INPUT'],
    ['until now', 'billing', () => ({ expiresAt: inHours(0) }), 'REVEAL_ALLOWANCE_TERM_INVALID'],
    ['for ever', 'billing', () => ({ expiresAt: '2999-01-01T00:00:00Z' }), 'REVEAL_ALLOWANCE_TERM_INVALID'],
    ['no reason', 'billing', () => ({ reason: ' ' }), 'BAD_USER_INPUT'],
  ])('%s', async (_what, as, more, code) => {
    await expectRefused(t, { as, ...op, input: asked(more()), code });
  });

  it('REVEAL_ALLOWANCE_OF_OWN: whoever it is for does not decide what somebody else asked for them', async () => {
    const request = await proposed(t, 'compliance', 'grantRevealAllowance', asked({}, 'supervisor'));
    const before = await t.sql('SELECT id FROM reveal_allowance');
    const answer = await approve(t, request, 'supervisor');
    expect([answer.code, answer.payload?.changeRequest?.failureCode]).toEqual(['REVEAL_ALLOWANCE_OF_OWN', undefined]);
    expect(await t.sql('SELECT id FROM reveal_allowance')).toEqual(before);
    expect((await approve(t, request, 'supervisor2')).payload.changeRequest).toMatchObject({ status: 'EXECUTED' });
  });
});

describe('a purpose', () => {
  it('is one of the list where there is a list, in its words', async () => {
    const { answer, events } = await eventsOf(t, () => look('billing', { purpose: ' FRAUD ' }));
    expect(answer.payload.value).toBe(CANARIES.taxId);
    expect(events[0]!.changes).toEqual([{ path: 'taxId', before: null, after: 'fraud' }]);
  });

  it.each([undefined, null, 'curiosity'])('REVEAL_PURPOSE_INVALID: %p', async (purpose) => {
    const more = { type: 'Account', id: accountId, field: 'taxId', reason: 'a call', purpose };
    await expectRefused(t, {
      as: 'billing',
      mutation: 'revealSensitiveValue',
      operation: 'sensitiveValue.reveal',
      input: more,
      code: 'REVEAL_PURPOSE_INVALID',
      details: { purposes: ['complaint', 'fraud', 'audit'] },
    });
    const { id: _, ...sought } = more;
    const { code } = await t.as('compliance').mutate('findBySensitiveValue', { ...sought, value: '12-3456789' }, 'ids');
    expect(code).toBe('REVEAL_PURPOSE_INVALID');
  });
});
