import { Decimal } from 'decimal.js';

/** What is counted of some calls. Seconds are whole. */
export interface CallTally {
  /** That came to people: handled, also where they were passed on then, abandoned, or to a voice mailbox. What a machine settled, and what never was a call, is not offered. */
  offered: number;
  handled: number;
  abandoned: number;
  /** Handled, and taken within the seconds of the service level. */
  inTime: number;
  /** Of those that were handled. */
  waitSeconds: number;
  /** Of those that were handled. */
  talkSeconds: number;
  /** Handled, and it is said whether what the caller wanted was settled. */
  resolvedSaid: number;
  resolvedYes: number;
}

/** Shares in percent with one decimal, times in seconds with one; null where there is nothing to divide by. */
export interface Kpis {
  offered: number;
  handled: number;
  abandonedShare: string | null;
  averageSpeedOfAnswer: string | null;
  serviceLevel: string | null;
  averageHandlingTime: string | null;
  resolvedShare: string | null;
}

/** Seconds within which a call is to be answered, unless told. */
export const SERVICE_LEVEL_SECONDS = 20;

/**
 * Abandoned of offered; wait of what was handled, by call; answered in time of offered; talk of what was handled, by call (work after a
 * call is not told by call records); resolved of those that say so. Rounded once, half up.
 */
export function kpisOf(tally: CallTally): Kpis {
  const { offered, handled } = tally;
  return {
    offered,
    handled,
    abandonedShare: percentage(tally.abandoned, offered),
    averageSpeedOfAnswer: average(tally.waitSeconds, handled),
    serviceLevel: percentage(tally.inTime, offered),
    averageHandlingTime: average(tally.talkSeconds, handled),
    resolvedShare: percentage(tally.resolvedYes, tally.resolvedSaid),
  };
}

const rounded = (value: Decimal): string => value.toFixed(1, Decimal.ROUND_HALF_UP);
const average = (sum: number, count: number): string | null =>
  count === 0 ? null : rounded(new Decimal(sum).div(count));
const percentage = (part: number, whole: number): string | null =>
  whole === 0 ? null : rounded(new Decimal(part).times(100).div(whole));

/** All of them together: averages of averages would be wrong. */
export const together = (tallies: readonly CallTally[]): CallTally =>
  tallies.reduce(
    (sum, each) => ({
      offered: sum.offered + each.offered,
      handled: sum.handled + each.handled,
      abandoned: sum.abandoned + each.abandoned,
      inTime: sum.inTime + each.inTime,
      waitSeconds: sum.waitSeconds + each.waitSeconds,
      talkSeconds: sum.talkSeconds + each.talkSeconds,
      resolvedSaid: sum.resolvedSaid + each.resolvedSaid,
      resolvedYes: sum.resolvedYes + each.resolvedYes,
    }),
    NOTHING,
  );

const NOTHING: CallTally = {
  offered: 0,
  handled: 0,
  abandoned: 0,
  inTime: 0,
  waitSeconds: 0,
  talkSeconds: 0,
  resolvedSaid: 0,
  resolvedYes: 0,
};
