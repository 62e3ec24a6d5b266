import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { record, type EventDescription } from '../../src/audit/record';
import { reviewTrail } from '../../src/audit/review-trail';
import { dueDay, reviewId, reviewOf, type Tally } from '../../src/audit/trail-review.rules';
import { everyJob } from '../../src/jobs/every-job';
import { addDays, localDateOf, startOfDay } from '../../src/platform/business-time';
import { ownContext } from '../../src/platform/context';
import { inTransaction } from '../../src/platform/transaction';
import { givenWebhook, look, Receiver } from '../notifications/receiver';
import { startAppOver, startTestApp, type TestApp } from '../support/app';
import { sealAll } from './seal-support';

const ZONE = 'Asia/Kolkata';
const MINUTE = 60_000;

/** Two processes on one database, of a firm whose days begin elsewhere. */
let t: TestApp;
let other: TestApp;
let receiver: Receiver;
/** The day on which the trail begins. */
let begins: string;

beforeAll(async () => {
  t = await startTestApp({ BUSINESS_TIME_ZONE: ZONE });
  other = await startAppOver(t.ownerUrl, { BUSINESS_TIME_ZONE: ZONE });
  receiver = await Receiver.start();
  await givenWebhook(t, receiver.url, ['audit.reviewed']);
  const [{ at } = {}] = await t.sql<{ at: Date }>('SELECT min(at) AS at FROM audit.event');
  begins = localDateOf(at!, ZONE);
});
afterAll(async () => {
  await receiver.stop();
  await other.close();
  await t.close();
});

/** So long after a day of there began. */
const setClock = (day: string, ms: number) => {
  t.clock.at = other.clock.at = new Date(startOfDay(day, ZONE).getTime() + ms);
};

const run = (app: TestApp) => reviewTrail.run(app.served.app, {}, AbortSignal.timeout(60_000));

interface Told {
  subject: { type: string; id: string };
  outcome: string;
  actor: string | null;
  reason: string;
  changes: { path: string; before: null; after: any }[];
}

/** What each review says, in order. */
async function reviews(): Promise<(Record<string, any> & { told: Told })[]> {
  const rows = await t.sql<{ told: Told }>(
    `SELECT convert_from(content, 'UTF8')::jsonb AS told FROM audit.told WHERE action = 'audit.reviewed' ORDER BY at, id`,
  );
  return rows.map(({ told }) => ({
    ...Object.fromEntries(told.changes.map(({ path: name, after }) => [name, after])),
    told,
  }));
}

/** Events as they come, at the clock's time. */
const happens = (...events: EventDescription[]) =>
  inTransaction(ownContext(t.served.app, 'test'), async (tx) => {
    for (const event of events) await record(tx, event);
  });

/** The last day that was reviewed. */
const lastDay = async (): Promise<string> => (await reviews()).at(-1)!.day as string;

describe('the review of the trail', () => {
  /** How many there were today, a little after midnight, and a little later. */
  const counted: number[] = [];
  let eventsThen = 0;

  beforeAll(async () => {
    const lookAgain = async () => {
      await run(t);
      counted.push((await reviews()).length);
    };
    await lookAgain();
    setClock(addDays(begins, 1), 9 * MINUTE);
    await lookAgain();
    await sealAll(t);
    const [{ n } = {}] = await t.sql<{ n: number }>(
      'SELECT count(*)::int AS n FROM audit.event WHERE at >= $1 AND at < $2',
      [startOfDay(begins, ZONE), startOfDay(addDays(begins, 1), ZONE)],
    );
    eventsThen = n!;
    setClock(addDays(begins, 1), 11 * MINUTE);
    await lookAgain();
  });

  it('looks through no day before it is over and settled, and none from before the trail', async () => {
    expect(counted).toEqual([0, 0, 1]);
    const [first] = await reviews();
    expect(first).toMatchObject({ day: begins, events: eventsThen, unsealed: 0 });
    expect(first!.told).toMatchObject({
      outcome: 'DONE',
      actor: null,
      subject: { type: 'AuditReview', id: reviewId(begins) },
    });
    // The webhook's secret was drawn on that day.
    expect(first!.matters).toContain('keysChanged');
  });

  it('says of a day on which nothing happened that there was nothing', async () => {
    const day = addDays(await lastDay(), 1);
    await sealAll(t);
    setClock(addDays(day, 1), 11 * MINUTE);
    await run(t);
    const review = (await reviews()).at(-1)!;
    const { told, day: reviewed, events, matters, ...counts } = review;
    // Reviews of days before it are what happened on it.
    expect([reviewed, matters, new Set(Object.values(counts))]).toEqual([day, [], new Set([0])]);
    expect(Object.keys(counts)).toHaveLength(18);
    expect(events).toBeGreaterThan(0);
    expect(told.reason).toBe('nothing to look at');
  });

  it('counts what a day is looked through for, says what matters, and tells whoever is to be told', async () => {
    const day = addDays(await lastDay(), 1);
    setClock(day, 3 * 60 * MINUTE);
    const refused = { action: 'session.open', outcome: 'REFUSED' } as const;
    await happens(
      ...Array.from({ length: 20 }, () => ({ ...refused, code: 'INVALID_CREDENTIALS' })),
      { ...refused, code: 'RATE_LIMITED' },
      { action: 'sensitiveValue.revealed', outcome: 'DONE' },
      { action: 'role.granted', outcome: 'DONE' },
      { action: 'changeRequest.approve', outcome: 'REFUSED', code: 'FORBIDDEN' },
      { action: 'audit.sealing', outcome: 'FAILED', code: 'AUDIT_TREE_BEHIND' },
    );
    setClock(day, 12 * 60 * MINUTE);
    await happens({ action: 'sensitiveValue.revealed', outcome: 'DONE' });
    await sealAll(t);
    // Comes after the last batch, and is not sealed when the day is looked through.
    await happens({ action: 'account.opened', outcome: 'DONE' });
    setClock(addDays(day, 1), 11 * MINUTE);
    await run(t);
    const review = (await reviews()).at(-1)!;
    expect(review).toMatchObject({
      day,
      signInsRefused: 21,
      lockouts: 1,
      rightsChanged: 1,
      approvalsRefused: 1,
      revealsAtNight: 1,
      forbidden: 1,
      trailFaults: 1,
      failures: 1,
      unsealed: 1,
      glassBroken: 0,
    });
    const matters = [
      'signInsRefused',
      'lockouts',
      'rightsChanged',
      'approvalsRefused',
      'revealsAtNight',
      'trailFaults',
      'failures',
      'unsealed',
    ];
    expect(review.matters).toEqual(matters);
    expect(review.told.reason).toBe(`to be looked at: ${matters.join(', ')}`);
    for (let looks = 0; looks < 5; looks += 1) await look(t);
    const arrived = receiver.arrived.find(({ body }) => body.data.day === day)!;
    const { told: _, ...counts } = review;
    expect(arrived.body).toMatchObject({ type: 'audit.reviewed', data: counts });
  });

  it('catches up with each day that was missed, in their order', async () => {
    const last = await lastDay();
    setClock(addDays(last, 5), 11 * MINUTE);
    const before = (await reviews()).length;
    await run(t);
    const caughtUp = (await reviews()).slice(before).map(({ day }) => day as string);
    expect(caughtUp).toEqual([1, 2, 3, 4].map((days) => addDays(last, days)));
  });

  it('is there once, however many processes look', async () => {
    const last = await lastDay();
    setClock(addDays(last, 3), 11 * MINUTE);
    await Promise.all([run(t), run(other), run(t), run(other)]);
    await run(other);
    const days = (await reviews()).map(({ day }) => day as string);
    expect(days).toEqual([...new Set(days)]);
    expect(days.slice(-2)).toEqual([addDays(last, 1), addDays(last, 2)]);
  });

  it('is read by auditors and compliance, and by nobody else', async () => {
    t.clock.at = null;
    const query = `{ auditEvents(first: 50, filter: { action: "audit.reviewed" }) { nodes { subjectType reason changes { path after } } } }`;
    for (const who of ['auditor', 'compliance'] as const) {
      const { data } = await t.as(who).gql(query);
      expect(data!.auditEvents.nodes).toHaveLength((await reviews()).length);
      expect(data!.auditEvents.nodes[0].changes).toContainEqual({ path: 'glassBroken', after: 0 });
    }
    expect((await t.as('billing').gql(query)).data?.auditEvents?.nodes ?? []).toEqual([]);
  });
});

describe('the rules of it', () => {
  it('are looked at by a job that runs', () => expect(everyJob).toContain(reviewTrail));

  it.each([
    ['the first time', null, '2026-01-01', '2026-03-10', '2026-03-09'],
    ['the next day', '2026-03-08', '2026-01-01', '2026-03-10', '2026-03-09'],
    ['a day that was missed', '2026-03-01', '2026-01-01', '2026-03-10', '2026-03-02'],
    ['all is done', '2026-03-09', '2026-01-01', '2026-03-10', null],
    ['the trail begins today', null, '2026-03-10', '2026-03-10', null],
    ['there is no trail', null, null, '2026-03-10', null],
    ['a clock that went back', '2026-03-12', '2026-01-01', '2026-03-10', null],
  ])('%s', (_what, last, first, settled, expected) => expect(dueDay(last, first, settled)).toBe(expected));

  const tally = (more: Partial<Tally>): Tally => ({
    action: 'session.open',
    outcome: 'REFUSED',
    code: null,
    night: false,
    count: 1,
    unsealed: 0,
    ...more,
  });

  it('have twenty refused sign-ins pass, and not one more', () => {
    expect(reviewOf([tally({ count: 20 })]).matters).toEqual([]);
    expect(reviewOf([tally({ count: 20 }), tally({ night: true })]).matters).toEqual(['signInsRefused']);
    expect(reviewOf([])).toMatchObject({ events: 0, matters: [] });
  });

  it('look for nothing that never happens', () => {
    const src = path.resolve(__dirname, '../../src');
    const rules = readFileSync(path.join(src, 'audit/trail-review.rules.ts'), 'utf8');
    const actions = new Set([...rules.matchAll(/'([a-z]\w+\.\w+)'/gi)].map(([, action]) => action!));
    const others = readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('trail-review.rules.ts'))
      .map((file) => readFileSync(path.join(src, file), 'utf8'))
      .join('\n');
    expect(actions.size).toBeGreaterThan(25);
    const known = (action: string) =>
      new RegExp(`(?:action|name): (?:[\\w ?().]+ )?'${action.replace('.', '\\.')}'`).test(others);
    expect([...actions].filter((action) => !known(action))).toEqual([]);
  });
});
