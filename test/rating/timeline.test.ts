import type { Window } from '../../src/agreements/rate.rules';
import { type BillingCycle, cyclesEnding, type Rate, unbilled, type Version } from '../../src/rating/cycle.rules';
import { cutsOf, rateFor } from '../../src/rating/rate-for.rules';
import { type Timeline, timelineOf } from '../../src/rating/timeline.rules';

const rate = (id: string, more: Partial<Rate> = {}): Rate => ({
  id,
  lineNumber: 1,
  name: id,
  lobId: null,
  service: null,
  measure: 'HANDLED_CALLS',
  charge: { price: { model: 'PER_UNIT', perUnit: '1' } },
  initialSeconds: null,
  incrementSeconds: null,
  windows: null,
  ...more,
});
const window = (more: Partial<Window> = {}): Window => ({
  weekdays: [1, 2, 3, 4, 5, 6, 7],
  from: '00:00',
  until: '24:00',
  holidays: 'SAME',
  ...more,
});
const version = (rates: Rate[], more: Partial<Version> = {}): Version => ({
  id: 'v1',
  agreementId: 'a',
  versionNumber: 1,
  effectiveFrom: '2026-01-01',
  effectiveUntil: null,
  lobIds: null,
  cycle: 'MONTHLY',
  anchorOn: '2026-01-01',
  paymentDays: 30,
  reviewDays: 0,
  taxRate: null,
  taxInclusive: false,
  rounding: 'HALF_EVEN',
  calendarCode: 'X',
  rates,
  ...more,
});

const cycleOf = (versions: Version[], from: string, until: string): BillingCycle =>
  cyclesEnding(versions, { from, until })[0]!;
const SCOPE = { from: '2026-01-01', until: null, lobIds: ['cards'], but: [] };
const timed = (versions: Version[], from: string, until: string, zone = 'UTC', holidays: string[] = []): Timeline =>
  timelineOf(cycleOf(versions, from, until), [SCOPE], { zone, holidays: () => new Set(holidays) });

/** By which rate a call that begins then is billed; null: by none. */
function billedBy(timeline: Timeline, at: string, service: string | null = null): string | null {
  const ms = Date.parse(at);
  const place = timeline.starts.findLastIndex((start) => start <= ms);
  const moment = timeline.moments[timeline.momentOf[place]!];
  return moment ? (rateFor(moment, 'cards', service, 'HANDLED_CALLS')?.id ?? null) : null;
}

describe('which rate a call is billed by', () => {
  it('depends on weekday and hour, also past midnight, and begins and ends to the millisecond', () => {
    const nights = rate('nights', { windows: [window({ weekdays: [5], from: '22:00', until: '06:00' })] });
    const timeline = timed([version([nights, rate('else', { lineNumber: 2 })])], '2026-02-01', '2026-03-01');
    // 6 February 2026 is a Friday.
    expect(billedBy(timeline, '2026-02-06T21:59:59.999Z')).toBe('else');
    expect(billedBy(timeline, '2026-02-06T22:00:00Z')).toBe('nights');
    expect(billedBy(timeline, '2026-02-07T05:59:59.999Z')).toBe('nights');
    expect(billedBy(timeline, '2026-02-07T06:00:00Z')).toBe('else');
    // The night that begins on the last Friday of January goes into Saturday, the 31st; none into February.
    expect(billedBy(timeline, '2026-02-01T01:00:00Z')).toBe('else');
  });

  it('knows the night that began before the cycle', () => {
    const nights = rate('nights', { windows: [window({ weekdays: [6], from: '22:00', until: '06:00' })] });
    const timeline = timed([version([nights])], '2026-02-01', '2026-03-01');
    // 31 January 2026 is a Saturday.
    expect(billedBy(timeline, '2026-02-01T05:00:00Z')).toBe('nights');
    expect(billedBy(timeline, '2026-02-01T06:00:00Z')).toBeNull();
  });

  it('depends on holidays of the calendar, by days of the zone', () => {
    const rates = [
      rate('holiday', { windows: [window({ weekdays: [1], holidays: 'ONLY' })] }),
      rate('workday', { lineNumber: 2, windows: [window({ weekdays: [1, 2, 3, 4, 5], holidays: 'EXCLUDED' })] }),
      rate('else', { lineNumber: 3 }),
    ];
    const timeline = timed([version(rates)], '2026-02-01', '2026-03-01', 'Asia/Tokyo', ['2026-02-11']);
    // The 11th, a Wednesday, begins at 15:00 UTC of the 10th there.
    expect(billedBy(timeline, '2026-02-10T14:59:59.999Z')).toBe('workday');
    expect(billedBy(timeline, '2026-02-10T15:00:00Z')).toBe('holiday');
    expect(billedBy(timeline, '2026-02-11T15:00:00Z')).toBe('workday');
    expect(billedBy(timeline, '2026-02-14T12:00:00Z')).toBe('else');
  });

  it('depends on the clocks of the zone where they change', () => {
    const day = rate('day', { windows: [window({ from: '08:00', until: '20:00' })] });
    const timeline = timed([version([day])], '2026-03-01', '2026-04-01', 'Europe/Berlin');
    // On 29 March 2026 clocks go forward: 08:00 is 07:00 UTC the day before, and 06:00 UTC that day.
    expect(billedBy(timeline, '2026-03-28T06:59:59.999Z')).toBeNull();
    expect(billedBy(timeline, '2026-03-28T07:00:00Z')).toBe('day');
    expect(billedBy(timeline, '2026-03-29T05:59:59.999Z')).toBeNull();
    expect(billedBy(timeline, '2026-03-29T06:00:00Z')).toBe('day');
    expect(timeline.until).toBe(Date.parse('2026-03-31T22:00:00Z'));
  });

  it('is one for a service before one for whichever, and one of the line of business before those of all', () => {
    const rates = [rate('all'), rate('gold', { lineNumber: 2, service: 'gold' })];
    const timeline = timed([version(rates)], '2026-02-01', '2026-03-01');
    expect([billedBy(timeline, '2026-02-02T00:00:00Z', 'gold'), billedBy(timeline, '2026-02-02T00:00:00Z')]).toEqual([
      'gold',
      'all',
    ]);
    const own = timed(
      [version([...rates, rate('own', { lineNumber: 3, lobId: 'cards', service: 'silver' })])],
      '2026-02-01',
      '2026-03-01',
    );
    expect(billedBy(own, '2026-02-02T00:00:00Z', 'gold')).toBeNull();
    expect(billedBy(own, '2026-02-02T00:00:00Z', 'silver')).toBe('own');
  });
});

describe('the cuts of rates', () => {
  it('hold each instant and service once', () => {
    const rates = [
      rate('day', { windows: [window({ from: '08:00', until: '20:00' })] }),
      rate('gold by night', { lineNumber: 2, service: 'gold', windows: [window({ from: '20:00', until: '08:00' })] }),
      rate('else', { lineNumber: 3 }),
    ];
    const timeline = timed([version(rates)], '2026-02-01', '2026-03-01', 'America/New_York');
    const cuts = cutsOf(timeline);
    for (let at = timeline.from; at < timeline.until; at += 3_600_000 / 2)
      for (const service of [null, 'gold', 'silver']) {
        const within = [...cuts].flatMap(([id, own]) =>
          own
            .filter(
              ({ stretches, services, servicesExcept }) =>
                stretches.some(({ from, until }) => from <= at && at < until) &&
                (services === null || (service !== null && services.includes(service))) &&
                !(service !== null && servicesExcept?.includes(service)),
            )
            .map(() => id),
        );
        expect(within).toEqual([billedBy(timeline, new Date(at).toISOString(), service)]);
      }
  });
});

describe('cycles', () => {
  it('are not divided by an amendment that leaves them alone, and are by one that does not', () => {
    const first = version([], { effectiveUntil: '2026-02-10' });
    const second = version([], { id: 'v2', effectiveFrom: '2026-02-10' });
    expect(
      cyclesEnding([first, second], { from: '2026-02-01', until: '2026-03-01' }).map(({ from, until, parts }) => [
        from,
        until,
        parts.length,
      ]),
    ).toEqual([['2026-02-01', '2026-03-01', 2]]);
    const moved = { ...second, anchorOn: '2026-02-10' };
    expect(
      cyclesEnding([first, moved], { from: '2026-02-01', until: '2026-03-10' }).map(({ from, until }) => [from, until]),
    ).toEqual([
      ['2026-02-01', '2026-02-10'],
      ['2026-02-10', '2026-03-10'],
    ]);
  });

  it('that were billed with other ends leave what was not', () => {
    const cycle = cycleOf([version([], { anchorOn: '2026-01-15' })], '2026-01-16', '2026-02-15');
    expect(
      unbilled(cycle, [{ from: '2026-01-01', until: '2026-02-01' }]).map(({ from, until, parts }) => [
        from,
        until,
        parts[0]!.share.toFraction(),
      ]),
    ).toEqual([['2026-02-01', '2026-02-15', '14/31']]);
    expect(unbilled(cycle, [{ from: '2026-01-01', until: '2026-03-01' }])).toEqual([]);
  });
});
