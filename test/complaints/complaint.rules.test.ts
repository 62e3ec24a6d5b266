import fc from 'fast-check';
import type { ComplaintRule } from '../../src/complaints/complaint-rule.entity';
import type { Complaint } from '../../src/complaints/complaint.entity';
import {
  acknowledged,
  assertConcerns,
  assertReceived,
  changesOf,
  clocksFrom,
  reopened,
  resolved,
  type RuleBook,
  ruleFor,
} from '../../src/complaints/complaint.rules';
import holidays from '../../src/complaints/data/holidays.json';
import { seedComplaintData } from '../../src/complaints/seed';
import demo from '../../src/demo/data/complaints.json';
import { addDays, localDateOf } from '../../src/platform/business-time';
import { codeOf } from '../support/refusal';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

const rule = (patch: Partial<ComplaintRule>): ComplaintRule => ({
  id: `${patch.code ?? 'default'}-${patch.ruleVersion ?? 1}`,
  version: 1,
  createdAt: new Date(0),
  code: 'default',
  ruleVersion: 1,
  effectiveFrom: '2000-01-01',
  channel: null,
  calendarCode: 'US',
  acknowledgeDays: 5,
  acknowledgeKind: 'BUSINESS',
  resolveDays: 15,
  resolveKind: 'CALENDAR',
  source: 'test',
  ...patch,
});

const byDefault = rule({});
const byPhone = rule({ code: 'phone', channel: 'PHONE', acknowledgeDays: 2, resolveDays: 10, resolveKind: 'BUSINESS' });
const us = { code: 'US', version: 1, weekend: [6, 7], holidays: new Set(holidays.calendars.US.map(([day]) => day!)) };
const book: RuleBook = { rules: [byDefault, byPhone], calendars: [us] };
const NEW_YORK = 'America/New_York';

const filed = {
  status: 'FILED' as Complaint['status'],
  acknowledgeDueAt: new Date('2026-11-30T05:00:00Z'),
  dueAt: new Date('2026-12-05T05:00:00Z'),
  breachedAt: null as Date | null,
  reopenedCount: 0,
};
const upheld = { resolution: 'UPHELD' as const, resolutionNote: 'Fee refunded.' };
const justBefore = (at: Date) => new Date(at.getTime() - 1);

describe('ruleFor', () => {
  const rules = [
    byDefault,
    rule({ ruleVersion: 2, effectiveFrom: '2026-01-01' }),
    rule({ ruleVersion: 3, effectiveFrom: '2026-01-01' }),
    byPhone,
    rule({ code: 'phone', ruleVersion: 2, channel: 'PHONE', effectiveFrom: '2027-01-01' }),
  ];

  it.each<[string, Complaint['channel'], string, string]>([
    ['a channel without a rule of its own takes the one for all', 'WEB', '2025-12-31', 'default-1'],
    ['from its first date on, the highest version', 'WEB', '2026-01-01', 'default-3'],
    ['a rule for the channel comes before a later one for all', 'PHONE', '2026-06-01', 'phone-1'],
    ['the latest of the channel', 'PHONE', '2027-01-01', 'phone-2'],
  ])('%s', (_, channel, receivedOn, id) => {
    expect(ruleFor(rules, channel, receivedOn).id).toBe(id);
    expect(ruleFor(rules.toReversed(), channel, receivedOn).id).toBe(id);
  });

  it('refuses what was received before there was any rule', () => {
    expect(codeOf(() => ruleFor(rules, 'WEB', '1999-12-31'))).toBe('COMPLAINT_RULE_MISSING');
    expect(codeOf(() => ruleFor([byPhone], 'WEB', '2026-01-01'))).toBe('COMPLAINT_RULE_MISSING');
  });
});

describe('clocksFrom', () => {
  it('counts business days round Thanksgiving, and calendar days through it', () => {
    // Friday evening; day 1 is Monday the 23rd, the 26th is Thanksgiving.
    const clocks = clocksFrom(new Date('2026-11-20T23:00:00Z'), 'EMAIL', NEW_YORK, book);
    expect(clocks).toEqual({
      ruleId: 'default-1',
      ruleVersion: 1,
      calendarVersion: 1,
      acknowledgeDueAt: new Date('2026-12-01T05:00:00Z'),
      dueAt: new Date('2026-12-06T05:00:00Z'),
    });
  });

  it('is sooner by phone', () => {
    const { acknowledgeDueAt, dueAt } = clocksFrom(new Date('2026-11-20T23:00:00Z'), 'PHONE', NEW_YORK, book);
    expect(acknowledgeDueAt).toEqual(new Date('2026-11-25T05:00:00Z'));
    expect(dueAt).toEqual(new Date('2026-12-08T05:00:00Z'));
  });

  it('takes the date of receipt, and so the rule, from the zone of the account', () => {
    const rules = [byDefault, rule({ ruleVersion: 2, effectiveFrom: '2026-01-01', resolveDays: 10 })];
    const at = new Date('2025-12-31T20:00:00Z');
    expect(clocksFrom(at, 'WEB', 'Asia/Kolkata', { ...book, rules }).ruleVersion).toBe(2);
    expect(clocksFrom(at, 'WEB', NEW_YORK, { ...book, rules }).ruleVersion).toBe(1);
  });

  it('refuses a rule whose calendar is not there', () => {
    const rules = [rule({ calendarCode: 'MARS' })];
    expect(codeOf(() => clocksFrom(new Date(), 'WEB', 'UTC', { ...book, rules }))).toBe('COMPLAINT_RULE_MISSING');
  });

  it('gives every complaint of the regulator 15 days from its date of receipt', () => {
    for (const { receivedOn, channel } of demo.rows) {
      const { dueAt } = clocksFrom(new Date(`${receivedOn}T17:00:00Z`), channel as 'WEB', NEW_YORK, {
        ...book,
        rules: [byDefault],
      });
      expect(localDateOf(justBefore(dueAt), NEW_YORK)).toBe(addDays(receivedOn, 15));
    }
    expect(demo.rows.length).toBeGreaterThan(100);
  });
});

describe('assertReceived', () => {
  const now = new Date('2026-11-21T10:00:00Z');
  it('forgives five minutes, and not a millisecond more', () => {
    assertReceived(new Date('2026-11-21T10:05:00.000Z'), now);
    assertReceived(new Date('2001-01-01T00:00:00Z'), now);
    expect(codeOf(() => assertReceived(new Date('2026-11-21T10:05:00.001Z'), now))).toBe(
      'COMPLAINT_RECEIVED_IN_FUTURE',
    );
  });
});

describe('assertConcerns', () => {
  const at = new Date('2026-11-21T10:00:00Z');
  const account = { id: 'a', status: 'OPEN' as const, closedAt: null };
  const lob = { accountId: 'a', status: 'OPEN' as const, closedAt: null };
  const closed = (closedAt: Date) => ({ status: 'CLOSED' as const, closedAt });

  it('takes an open line of the account', () => assertConcerns(account, lob, at));

  it('refuses the line of another account before anything else', () => {
    expect(codeOf(() => assertConcerns({ ...account, ...closed(at) }, { ...lob, accountId: 'b' }, at))).toBe(
      'LOB_OF_OTHER_ACCOUNT',
    );
  });

  it('refuses what was received at or after closing', () => {
    expect(codeOf(() => assertConcerns({ ...account, ...closed(at) }, lob, at))).toBe('ACCOUNT_CLOSED');
    expect(codeOf(() => assertConcerns(account, { ...lob, ...closed(at) }, at))).toBe('LOB_CLOSED');
  });

  it('takes what was received before closing', () => {
    assertConcerns({ ...account, ...closed(at) }, { ...lob, ...closed(at) }, justBefore(at));
  });
});

describe('acknowledged', () => {
  it('in time', () => {
    const now = justBefore(filed.acknowledgeDueAt);
    expect(acknowledged(filed, now)).toEqual({
      status: 'ACKNOWLEDGED',
      acknowledgedAt: now,
      acknowledgeBreachedAt: null,
    });
  });

  it('at the deadline it is late, since the deadline', () => {
    expect(acknowledged(filed, filed.acknowledgeDueAt).acknowledgeBreachedAt).toBe(filed.acknowledgeDueAt);
  });

  it.each(['ACKNOWLEDGED', 'RESOLVED'] as const)('refuses one that is %s', (status) => {
    expect(codeOf(() => acknowledged({ ...filed, status }, new Date()))).toBe('COMPLAINT_NOT_ACKNOWLEDGEABLE');
  });
});

describe('resolved', () => {
  it('acknowledges at the same instant what nobody has', () => {
    const now = new Date('2026-12-01T00:00:00Z');
    expect(resolved(filed, upheld, now)).toEqual({
      ...upheld,
      status: 'RESOLVED',
      acknowledgedAt: now,
      acknowledgeBreachedAt: filed.acknowledgeDueAt,
      resolvedAt: now,
      breachedAt: null,
    });
  });

  it('leaves an acknowledgement as it was', () => {
    const patch = resolved({ ...filed, status: 'ACKNOWLEDGED' }, upheld, filed.dueAt);
    expect(patch).toEqual({ ...upheld, status: 'RESOLVED', resolvedAt: filed.dueAt, breachedAt: filed.dueAt });
  });

  it('keeps the first breach', () => {
    const first = new Date('2026-10-01T00:00:00Z');
    expect(resolved({ ...filed, breachedAt: first }, upheld, filed.dueAt).breachedAt).toBe(first);
    expect(resolved({ ...filed, breachedAt: first }, upheld, justBefore(filed.dueAt)).breachedAt).toBe(first);
  });

  it('refuses one that is RESOLVED', () => {
    expect(codeOf(() => resolved({ ...filed, status: 'RESOLVED' }, upheld, new Date()))).toBe(
      'COMPLAINT_NOT_RESOLVABLE',
    );
  });
});

describe('reopened', () => {
  const now = new Date('2026-12-10T15:00:00Z');
  const clocks = () => clocksFrom(now, 'EMAIL', NEW_YORK, book);

  it('counts anew from now, and leaves acknowledging and what was missed alone', () => {
    const patch = reopened({ status: 'RESOLVED', reopenedCount: 1 }, clocks, now);
    expect(patch).toEqual({
      status: 'ACKNOWLEDGED',
      resolvedAt: null,
      resolution: null,
      resolutionNote: null,
      reopenedAt: now,
      reopenedCount: 2,
      ruleId: 'default-1',
      ruleVersion: 1,
      calendarVersion: 1,
      dueAt: new Date('2026-12-26T05:00:00Z'),
    });
  });

  it.each(['FILED', 'ACKNOWLEDGED'] as const)('refuses one that is %s, whatever the rules', (status) => {
    const never = () => {
      throw new Error('It was asked for.');
    };
    expect(codeOf(() => reopened({ ...filed, status }, never, now))).toBe('COMPLAINT_NOT_REOPENABLE');
  });
});

describe('changesOf', () => {
  it('tells what differs, instants as text', () => {
    const at = new Date('2026-12-10T15:00:00Z');
    expect(
      changesOf(
        { status: 'FILED', breachedAt: null, dueAt: at },
        { status: 'RESOLVED', breachedAt: null, dueAt: new Date(at), resolvedAt: at },
      ),
    ).toEqual([
      { path: 'status', before: 'FILED', after: 'RESOLVED' },
      { path: 'resolvedAt', before: null, after: '2026-12-10T15:00:00.000Z' },
    ]);
  });
});

describe('any life of a complaint', () => {
  type State = Pick<
    Complaint,
    | 'status'
    | 'acknowledgeDueAt'
    | 'dueAt'
    | 'breachedAt'
    | 'acknowledgeBreachedAt'
    | 'acknowledgedAt'
    | 'resolvedAt'
    | 'resolution'
    | 'reopenedCount'
    | 'reopenedAt'
  >;
  const zones = fc.constantFrom('UTC', NEW_YORK, 'Asia/Kolkata', 'Pacific/Apia', 'America/Sao_Paulo');
  const channels = fc.constantFrom<Complaint['channel']>('PHONE', 'WEB', 'REFERRAL');
  const receivedAts = fc.date({
    min: new Date('2012-01-01T00:00:00Z'),
    max: new Date('2029-06-01T00:00:00Z'),
    noInvalidDate: true,
  });
  const steps = fc.array(
    fc.record({
      act: fc.constantFrom('acknowledge', 'resolve', 'reopen'),
      afterSeconds: fc.integer({ min: 0, max: 20 * 86_400 }),
    }),
    { maxLength: 12 },
  );

  it(`keeps what the database demands, and the first breach, whoever acts when (seed ${seed})`, () => {
    fc.assert(
      fc.property(receivedAts, channels, zones, steps, (receivedAt, channel, zone, acts) => {
        const { acknowledgeDueAt, dueAt } = clocksFrom(receivedAt, channel, zone, book);
        expect(acknowledgeDueAt > receivedAt && dueAt > acknowledgeDueAt).toBe(true);
        const nobody = {
          breachedAt: null,
          acknowledgeBreachedAt: null,
          acknowledgedAt: null,
          resolvedAt: null,
          resolution: null,
        };
        let state: State = { status: 'FILED', acknowledgeDueAt, dueAt, ...nobody, reopenedCount: 0, reopenedAt: null };
        let now = receivedAt;
        let firstBreach: Date | null = null;
        for (const { act, afterSeconds } of acts) {
          now = new Date(now.getTime() + afterSeconds * 1000);
          const before = state;
          if (before.status !== 'RESOLVED' && now >= before.dueAt) firstBreach ??= before.dueAt;
          const at = now;
          const step = {
            acknowledge: () => acknowledged(before, at),
            resolve: () => resolved(before, upheld, at),
            reopen: () => reopened(before, () => clocksFrom(at, channel, zone, book), at),
          }[act];
          const possible = {
            acknowledge: before.status === 'FILED',
            resolve: before.status !== 'RESOLVED',
            reopen: before.status === 'RESOLVED',
          }[act];
          if (!possible) {
            expect(codeOf(step)).toMatch(/^COMPLAINT_NOT_/);
            continue;
          }
          state = { ...before, ...step() };
          expect(state.status === 'RESOLVED').toBe(state.resolvedAt !== null);
          expect(state.status === 'RESOLVED').toBe(state.resolution !== null);
          expect(state.status === 'FILED').toBe(state.acknowledgedAt === null);
          expect(state.reopenedCount > 0).toBe(state.reopenedAt !== null);
          if (state.status === 'RESOLVED') expect(state.breachedAt).toEqual(firstBreach);
          if (before.breachedAt) expect(state.breachedAt).toBe(before.breachedAt);
          if (before.acknowledgedAt) expect(state.acknowledgeBreachedAt).toBe(before.acknowledgeBreachedAt);
          else expect(state.acknowledgeBreachedAt).toEqual(at >= acknowledgeDueAt ? acknowledgeDueAt : null);
          if (act === 'reopen') expect(state.dueAt > at).toBe(true);
        }
      }),
      { seed, numRuns: 300 },
    );
  });
});

describe('seedComplaintData', () => {
  it('writes three times, sets of equal length each', async () => {
    const asked: unknown[][] = [];
    await seedComplaintData(async (_sql, values = []) => void asked.push(values));
    const lengths = asked.map((values) => [
      ...new Set(values.filter(Array.isArray).map((each: unknown[]) => each.length)),
    ]);
    const days = Object.values(holidays.calendars).reduce((sum, each) => sum + each.length, 0);
    expect(lengths).toEqual([[Object.keys(holidays.calendars).length], [days], [2]]);
  });
});
