import { type Charged, chargeFor } from '../agreements/charge.rules';
import { isOfCalls } from '../agreements/rate.rules';
import { type Exact, NONE, sumExact } from '../platform/exact';
import { exactToMinor } from '../platform/money';
import type { BillingCycle, Part, Rate } from './cycle.rules';

/** What a rate makes of a cycle, or of the part of it for which its version holds. */
export interface Priced {
  readonly rate: Rate;
  readonly part: Part;
  readonly charged: Charged;
  /** Rounded once, by the agreement's rounding. */
  readonly minor: bigint;
}

/** Rates of versions one after the other that say the same: tiers, minimum and maximum go on through the cycle as if nothing had been amended. */
interface Chain {
  readonly links: { readonly rate: Rate; readonly part: Part }[];
}

/**
 * What a cycle costs by what was measured of each rate. Rates that an amendment left as they were go on through the cycle; where it changed one, the new
 * one begins anew. What is due for a cycle as a whole (fees, free units, minimum, maximum) is due for the days for which it held.
 */
export function priceCycle(cycle: BillingCycle, measured: ReadonlyMap<string, Exact>, currency: string): Priced[] {
  const priced = chainsOf(cycle).flatMap((chain) => priceChain(chain, measured, currency));
  return priced.toSorted(
    (one, other) =>
      (one.part.from < other.part.from ? -1 : Number(one.part.from > other.part.from)) ||
      one.rate.lineNumber - other.rate.lineNumber,
  );
}

function chainsOf({ parts }: BillingCycle): Chain[] {
  const chains: Chain[] = [];
  let open = new Map<string, Chain>();
  for (const [place, part] of parts.entries()) {
    const adjacent = parts[place - 1]?.until === part.from;
    const going = new Map<string, Chain>();
    for (const rate of part.version.rates) {
      const key = sameness(rate);
      const chain = (adjacent ? open.get(key) : undefined) ?? { links: [] };
      if (chain.links.length === 0) chains.push(chain);
      chain.links.push({ rate, part });
      going.set(key, chain);
    }
    open = going;
  }
  return chains;
}

/** What a rate says, but for what it is called where that makes no difference to what is counted. */
const sameness = ({ name, lobId, service, measure, charge, initialSeconds, incrementSeconds, windows }: Rate): string =>
  JSON.stringify([
    isOfCalls(measure) ? null : name,
    lobId,
    service,
    measure,
    charge,
    initialSeconds,
    incrementSeconds,
    windows,
  ]);

function priceChain({ links }: Chain, measured: ReadonlyMap<string, Exact>, currency: string): Priced[] {
  const share = sumExact(links.map(({ part }) => part.share));
  const units: Exact[] = [];
  let billed = NONE;
  return links.map(({ rate, part }, place) => {
    const own = rate.measure === 'FIXED_FEE' ? part.share : (measured.get(rate.id) ?? NONE);
    const before = place === 0 ? null : { units: [...units], billed };
    const charged = chargeFor(rate.charge, { units: own, before, last: place === links.length - 1, share });
    units.push(own);
    billed = billed.add(charged.amount);
    return { rate, part, charged, minor: exactToMinor(charged.amount, currency, part.version.rounding) };
  });
}
