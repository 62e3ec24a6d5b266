import { startTestApp, type TestApp } from '../support/app';
import { givenAccount, trail } from '../support/scene';

let t: TestApp;
let accountId: string;
beforeAll(async () => {
  t = await startTestApp({ REVEALS_PER_DAY: '5' });
  accountId = await givenAccount(t);
});
afterAll(() => t.close());

const reveal = (name: 'billing' | 'supervisor' | 'compliance') =>
  t
    .as(name)
    .mutate('revealSensitiveValue', { type: 'Account', id: accountId, field: 'taxId', reason: 'a call' }, 'value');

describe('sensitiveValue.reveal has a limit', () => {
  it('raced: of twelve looks at once five are granted, each with its event, and the rest are refused and recorded', async () => {
    t.clock.at = new Date('2026-05-01T10:00:00Z');
    const answers = await Promise.all(Array.from({ length: 12 }, () => reveal('compliance')));
    const codes = answers.map(({ code }) => code ?? 'DONE');
    expect(codes.filter((code) => code === 'DONE')).toHaveLength(5);
    expect(codes.filter((code) => code === 'REVEAL_LIMIT_REACHED')).toHaveLength(7);
    const events = await trail(t, `actor_id = $1 AND action LIKE 'sensitiveValue.%' AND at = '2026-05-01T10:00:00Z'`, [
      t.as('compliance').userId,
    ]);
    expect(events.filter(({ outcome }) => outcome === 'DONE')).toHaveLength(5);
    expect(events.filter(({ code }) => code === 'REVEAL_LIMIT_REACHED')).toHaveLength(7);
  });

  it('is each person’s own, and begins anew after 24 hours', async () => {
    t.clock.at = new Date('2026-08-01T10:00:00Z');
    for (let look = 1; look <= 5; look += 1) expect((await reveal('billing')).code).toBeUndefined();
    expect((await reveal('billing')).code).toBe('REVEAL_LIMIT_REACHED');
    expect((await reveal('supervisor')).code).toBeUndefined();
    t.clock.at = new Date('2026-08-02T09:59:59Z');
    expect((await reveal('billing')).code).toBe('REVEAL_LIMIT_REACHED');
    t.clock.at = new Date('2026-08-02T10:00:00Z');
    expect((await reveal('billing')).code).toBeUndefined();
    t.clock.at = null;
  });
});
