import { CYCLE_MONTHS, type Cycle, type Period, periodAround } from '../agreements/billing-cycle.rules';
import type { RateTerms } from '../agreements/rate.rules';
import { addDays, daysBetween } from '../platform/business-time';
import { type Exact, ratio, type Rounding } from '../platform/exact';

/** A rate of a version, as it is kept. */
export interface Rate extends RateTerms {
  readonly id: string;
  readonly lineNumber: number;
}

/** A version of an agreement and its rates. Days are those of the account's zone. */
export interface Version {
  readonly id: string;
  readonly agreementId: string;
  readonly versionNumber: number;
  readonly effectiveFrom: string;
  readonly effectiveUntil: string | null;
  readonly lobIds: readonly string[] | null;
  readonly cycle: Cycle;
  readonly anchorOn: string;
  readonly paymentDays: number;
  readonly reviewDays: number;
  readonly taxRate: string | null;
  readonly taxInclusive: boolean;
  readonly rounding: Rounding;
  readonly calendarCode: string | null;
  readonly rates: readonly Rate[];
}

/** Days of a cycle for which one version held. */
export interface Part extends Period {
  readonly version: Version;
  /** Its days by those of the whole cycle. */
  readonly share: Exact;
}

/** A cycle of an agreement: all of one, or what of it the agreement held for. */
export interface BillingCycle extends Period {
  readonly agreementId: string;
  /** In the order of time. */
  readonly parts: readonly Part[];
  /** Days of the whole cycle. */
  readonly days: number;
}

const daysFrom = ({ from, until }: Period): number => daysBetween(from, until);

const later = (one: string, other: string): string => (one > other ? one : other);
const sooner = (one: string, other: string | null): string => (other === null || one < other ? one : other);

/** What two stretches of days have in common, if anything. */
export function common(one: Period, from: string, until: string | null): Period | null {
  const both = { from: later(one.from, from), until: sooner(one.until, until) };
  return both.from < both.until ? both : null;
}

/** Versions one after the other whose cycles are the same: an amendment that leaves them alone divides no cycle. */
interface Phase {
  readonly from: string;
  readonly until: string | null;
  readonly versions: Version[];
}

function phasesOf(versions: readonly Version[]): Phase[] {
  const phases: Phase[] = [];
  const holding = versions.filter(({ effectiveFrom, effectiveUntil }) => effectiveFrom !== effectiveUntil);
  for (const version of holding.toSorted((one, other) => (one.effectiveFrom < other.effectiveFrom ? -1 : 1))) {
    const { effectiveFrom: from, effectiveUntil: until } = version;
    const last = phases.at(-1);
    if (last && last.until === from && isSameCycle(last.versions[0]!, version))
      phases[phases.length - 1] = { from: last.from, until, versions: [...last.versions, version] };
    else phases.push({ from, until, versions: [version] });
  }
  return phases;
}

/** Whether cycles of two versions begin on the same days. */
export function isSameCycle(
  one: Pick<Version, 'cycle' | 'anchorOn'>,
  other: Pick<Version, 'cycle' | 'anchorOn'>,
): boolean {
  const [[year, month, day], [otherYear, otherMonth, otherDay]] = [parted(one.anchorOn), parted(other.anchorOn)];
  const months = (year - otherYear) * 12 + month - otherMonth;
  return one.cycle === other.cycle && day === otherDay && months % CYCLE_MONTHS[one.cycle] === 0;
}

const parted = (date: string) => date.split('-').map(Number) as [year: number, month: number, day: number];

/** The cycles of one agreement that end within a period: after its first day, and with its last at the latest. */
export function cyclesEnding(versions: readonly Version[], period: Period): BillingCycle[] {
  return phasesOf(versions).flatMap((phase) => {
    const within = common(period, phase.from, phase.until === null ? null : addDays(phase.until, 1));
    if (!within) return [];
    const { cycle, anchorOn } = phase.versions[0]!;
    const cycles: BillingCycle[] = [];
    for (let day = sooner(within.from, phase.until); day < period.until;) {
      const whole = periodAround(day, cycle, anchorOn);
      const days = common(whole, phase.from, phase.until);
      if (days && days.until > period.from && days.until <= period.until) cycles.push(cycleOf(phase, whole, days));
      day = whole.until;
    }
    return cycles;
  });
}

/** The cycle of an agreement that has these days, with the versions that hold for them now; what none holds for is in no part. */
export function cycleAgain(agreementId: string, versions: readonly Version[], days: Period, wholeDays: number) {
  const phase = { from: days.from, until: days.until, versions: phasesOf(versions).flatMap((each) => each.versions) };
  return { ...days, agreementId, days: wholeDays, parts: partsOf(phase, days, wholeDays) };
}

const cycleOf = (phase: Phase, whole: Period, days: Period): BillingCycle => ({
  ...days,
  agreementId: phase.versions[0]!.agreementId,
  days: daysFrom(whole),
  parts: partsOf(phase, days, daysFrom(whole)),
});

const partsOf = ({ versions }: Phase, days: Period, wholeDays: number): Part[] =>
  versions.flatMap((version) => {
    const part = common(days, version.effectiveFrom, version.effectiveUntil);
    return part ? [{ ...part, version, share: ratio(daysFrom(part), wholeDays) }] : [];
  });

/** What of a cycle was not billed yet, where some of its days were: an amendment of before gave it other ends than those that are billed. */
export function unbilled(cycle: BillingCycle, billed: readonly Period[]): BillingCycle[] {
  let left: Period[] = [cycle];
  for (const { from, until } of billed)
    left = left.flatMap((piece) =>
      common(piece, from, until) === null
        ? [piece]
        : [
            { from: piece.from, until: from },
            { from: until, until: piece.until },
          ].filter((rest) => rest.from < rest.until),
    );
  return left.map(({ from, until }) => ({
    ...cycle,
    from,
    until,
    parts: cycle.parts.flatMap(({ version, ...part }) => {
      const days = common(part, from, until);
      return days ? [{ ...days, version, share: ratio(daysFrom(days), cycle.days) }] : [];
    }),
  }));
}

/** Each day of a period. */
export function daysOf({ from, until }: Period): string[] {
  const days: string[] = [];
  for (let day = from; day < until; day = addDays(day, 1)) days.push(day);
  return days;
}
