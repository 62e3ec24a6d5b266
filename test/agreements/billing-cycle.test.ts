import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { type Cycle, cyclesDue, cyclesIn, periodAround } from '../../src/agreements/billing-cycle.rules';
import { addDays } from '../../src/platform/business-time';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const shared = path.resolve(__dirname, '../../../shared/data/dev/proration_cases.dev.json');

interface Case {
  test: string;
  period: string;
  mode: string;
  start: string;
  end: string | null;
  target: string;
  bill_cycle_day: number;
  expected_cycles: string;
}

describe('cycles due', () => {
  if (!existsSync(shared)) {
    it.skip('as published cases of another system say (they are not here: ../shared/data)', () => undefined);
    return;
  }
  const { cases } = JSON.parse(readFileSync(shared, 'utf8')) as { cases: Case[] };

  it('has all of the published cases', () => expect(cases).toHaveLength(55));

  it.each(cases.map((one, index) => [`${index + 1} ${one.test}`, one] as const))('%s', (_name, each) => {
    const subscription = {
      start: each.start,
      end: each.end,
      cycle: each.period.toUpperCase() as Cycle,
      anchorDay: each.bill_cycle_day,
      mode: each.mode as 'IN_ADVANCE',
    };
    expect(cyclesIn(cyclesDue(subscription, each.target)).toFraction()).toBe(each.expected_cycles);
  });
});

const days = fc.integer({ min: 0, max: 4000 }).map((n) => addDays('2020-01-01', n));
const cycles = fc.constantFrom<Cycle>('MONTHLY', 'QUARTERLY', 'SEMIANNUAL', 'ANNUAL');

describe('over any dates', () => {
  it(`stretches follow each other without gap or overlap, and none is due before its time (seed ${seed})`, () => {
    fc.assert(
      fc.property(
        days,
        fc.option(fc.integer({ min: 1, max: 900 })),
        fc.integer({ min: 0, max: 1500 }),
        cycles,
        fc.integer({ min: 1, max: 31 }),
        fc.constantFrom('IN_ADVANCE' as const, 'IN_ARREARS' as const),
        (start, length, ahead, cycle, anchorDay, mode) => {
          const end = length === null ? null : addDays(start, length);
          const target = addDays(start, ahead);
          const parts = cyclesDue({ start, end, cycle, anchorDay, mode }, target);
          let at = start;
          for (const { from, until, share } of parts) {
            expect(from).toBe(at);
            expect(until > from).toBe(true);
            expect(share.gt(0) && share.lte('31/28')).toBe(true);
            expect((mode === 'IN_ADVANCE' ? from : until) <= target).toBe(true);
            at = until;
          }
          if (end) expect(at <= end).toBe(true);
          // Everything that is over by then is due.
          if (mode === 'IN_ADVANCE') expect(at > target || at === end).toBe(true);
        },
      ),
      { seed, numRuns: 500 },
    );
  });

  it(`each day lies in one period, which begins on the anchor’s day (seed ${seed})`, () => {
    fc.assert(
      fc.property(days, days, cycles, (day, anchor, cycle) => {
        const period = periodAround(day, cycle, anchor);
        expect(period.from <= day && day < period.until).toBe(true);
        expect(periodAround(period.from, cycle, anchor)).toEqual(period);
        expect(periodAround(addDays(period.until, -1), cycle, anchor)).toEqual(period);
        expect(periodAround(period.until, cycle, anchor).from).toBe(period.until);
      }),
      { seed, numRuns: 500 },
    );
  });
});
