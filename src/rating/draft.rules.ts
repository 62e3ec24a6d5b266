import type { Period } from '../agreements/billing-cycle.rules';
import { sumOf } from '../platform/money';
import type { RatedCycle } from './rate-account';

/** An invoice to draft: of a period, in a currency, with what differs of earlier periods behind its own lines. */
export interface Draft extends Period {
  readonly currency: string;
  readonly cycles: readonly RatedCycle[];
  readonly dueInDays: number;
  readonly reviewDays: number;
}

/** What of an account was rated, as invoices. */
export interface Drafts {
  readonly drafts: readonly Draft[];
  /** What waits for a later invoice: to take it back now would leave less than nothing to pay. */
  readonly heldBack: readonly RatedCycle[];
}

export const minorOf = ({ lines }: RatedCycle): bigint => sumOf(lines.map(({ minor }) => minor));

/**
 * One invoice for each currency and period. What differs of earlier periods goes on the one of the earliest period in its currency, what is owed before what is taken
 * back; what would bring an invoice below zero is held back, all of a cycle, and comes with the next.
 */
export function draftsOf(rated: readonly RatedCycle[]): Drafts {
  const groups = new Map<string, RatedCycle[]>();
  for (const each of rated.filter(({ corrects }) => corrects === null)) {
    const { from, until } = each.timeline.cycle;
    const key = `${from} ${until} ${each.agreement.currency}`;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  const heldBack: RatedCycle[] = [];
  const drafts: Draft[] = [];
  const given = new Set<string>();
  for (const [, own] of [...groups].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    const { currency } = own[0]!.agreement;
    const differing = given.has(currency) ? [] : rated.filter((each) => each.corrects?.currency === currency);
    given.add(currency);
    const { taken, left } = fitting(own, differing);
    heldBack.push(...left);
    const cycles = [...own, ...taken];
    if (cycles.some(({ lines }) => lines.length > 0)) drafts.push(draftOf(currency, own, cycles));
    else heldBack.push(...taken);
  }
  return { drafts, heldBack };
}

function fitting(own: readonly RatedCycle[], differing: readonly RatedCycle[]) {
  let total = sumOf(own.map(minorOf));
  const [taken, left]: [RatedCycle[], RatedCycle[]] = [[], []];
  for (const each of differing.toSorted((one, other) => Number(minorOf(one) < 0n) - Number(minorOf(other) < 0n))) {
    const fits = total + minorOf(each) >= 0n;
    (fits ? taken : left).push(each);
    if (fits) total += minorOf(each);
  }
  return { taken: taken.toSorted(byPeriod), left };
}

const byPeriod = (one: RatedCycle, other: RatedCycle): number =>
  one.timeline.cycle.from < other.timeline.cycle.from
    ? -1
    : Number(one.timeline.cycle.from > other.timeline.cycle.from);

function draftOf(currency: string, own: readonly RatedCycle[], cycles: readonly RatedCycle[]): Draft {
  const { from, until } = own[0]!.timeline.cycle;
  const versions = own.flatMap(({ timeline }) => timeline.cycle.parts.map(({ version }) => version));
  return {
    from,
    until,
    currency,
    cycles,
    dueInDays: Math.min(...versions.map(({ paymentDays }) => paymentDays)),
    reviewDays: Math.max(...versions.map(({ reviewDays }) => reviewDays)),
  };
}
