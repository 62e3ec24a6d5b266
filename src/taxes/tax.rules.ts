import { type Exact, fractionOf, NONE, sumExact, whole } from '../platform/exact';
import { sumOf } from '../platform/money';

/** A duty tax fee category (UNCL5305): standard, zero, exempt, reverse charge, within the EU, export, out of scope, Canary Islands, Ceuta and Melilla. */
export type TaxCategory = 'S' | 'Z' | 'E' | 'AE' | 'K' | 'G' | 'O' | 'L' | 'M';

/** A tax that is due on a line. Percent as a plain decimal, 0 to 100. */
export interface TaxComponent {
  readonly name: string;
  readonly category: TaxCategory;
  readonly percent: string;
  /** Why none is due, where the category asks for a reason. */
  readonly exemptionReason?: string | null;
}

/** Whom a rule is for, when it holds, and what is due. */
export interface TaxRuleTerms {
  readonly legalEntityId: string;
  readonly accountId: string | null;
  readonly country: string | null;
  readonly subdivision: string | null;
  readonly validFrom: string;
  /** The first day on which it holds no more. */
  readonly validUntil: string | null;
  readonly components: readonly TaxComponent[];
}

/** Who sells to whom, where, and when: a day in the zone of the buyer. */
export interface TaxPlace {
  readonly legalEntityId: string;
  readonly accountId: string;
  readonly country: string | null;
  readonly subdivision: string | null;
  readonly on: string;
}

/** What is due where no rule says anything. */
export const UNTAXED: readonly TaxComponent[] = [{ name: 'Tax', category: 'Z', percent: '0', exemptionReason: null }];

/** A single tax of so many percent, as a line asks for it by itself. */
export const taxOf = (percent: string): readonly TaxComponent[] =>
  fractionOf(percent).equals(0) ? UNTAXED : [{ name: 'Tax', category: 'S', percent, exemptionReason: null }];

/**
 * The taxes that are due there on that day: those of the rule for the account, else for its subdivision, else for its country. No two rules for
 * the same hold on one day. UNTAXED where there is none.
 */
export function taxesFor(
  rules: readonly TaxRuleTerms[],
  { legalEntityId, accountId, country, subdivision, on }: TaxPlace,
): readonly TaxComponent[] {
  const held = rules.filter(
    (rule) =>
      rule.legalEntityId === legalEntityId &&
      rule.validFrom <= on &&
      (rule.validUntil === null || on < rule.validUntil),
  );
  const found =
    held.find((rule) => rule.accountId === accountId) ??
    held.find((rule) => rule.accountId === null && subdivision !== null && rule.subdivision === subdivision) ??
    held.find(
      (rule) => rule.accountId === null && country !== null && rule.country === country && rule.subdivision === null,
    );
  return found?.components ?? UNTAXED;
}

/** A line before its tax. Minor units. */
export interface LineToTax {
  /** What it comes to: without tax, or with it if it is inclusive. */
  readonly amountMinor: bigint;
  readonly components: readonly TaxComponent[];
  readonly taxInclusive?: boolean;
}

/** A tax of a line, or of all lines together. */
export interface TaxShare extends TaxComponent {
  readonly taxMinor: bigint;
}

export interface TaxedLine {
  /** Without tax. */
  readonly amountMinor: bigint;
  readonly taxMinor: bigint;
  readonly totalMinor: bigint;
  /** Percent, of all its taxes together. */
  readonly taxRate: string;
  readonly taxes: readonly TaxShare[];
}

/** What an invoice says of one tax: what it is due on, and how much. */
export interface TaxTotal extends TaxShare {
  readonly taxableMinor: bigint;
}

/**
 * The taxes of lines that are billed together.
 *
 * Exclusive lines: for each tax (name, category, percent) the net amounts of its lines are summed and the tax on that sum is rounded once,
 * half-even (EN 16931, BR-CO-17). Inclusive lines: what all of one set of taxes come to is divided by 1 + rate, exactly, and rounded once; what
 * is left is tax, so that the total is what was agreed, to the unit. Either is spread over the lines by rounding the running sum, so that what
 * lines say adds up to what the invoice says, whatever the signs.
 */
export function taxed(lines: readonly LineToTax[]): { lines: TaxedLine[]; taxes: TaxTotal[] } {
  const nets = lines.map(({ amountMinor }) => amountMinor);
  const shares = lines.map(({ components }) => components.map(() => 0n));
  for (const at of groupsOf(lines, (line) => line.taxInclusive === true && setKey(line.components))) {
    const { components } = lines[at[0]!]!;
    const grosses = at.map((each) => lines[each]!.amountMinor);
    const rate = rateOf(components);
    const net = spread(grosses, (sum) => fractionOf(sum).div(fractionOf('1').add(rate.div(100))));
    const taxes = at.map((each, nth) => ((nets[each] = net[nth]!), grosses[nth]! - net[nth]!));
    const parts = divided(taxes, components);
    at.forEach((each, nth) => (shares[each] = parts.map((part) => part[nth]!)));
  }
  for (const { key, at } of componentGroups(lines)) {
    const places = at.map((each) => lines[each]!.components.findIndex((component) => componentKey(component) === key));
    const percent = fractionOf(lines[at[0]!]!.components[places[0]!]!.percent).div(100);
    const taxes = spread(
      at.map((each) => nets[each]!),
      (sum) => fractionOf(sum).mul(percent),
    );
    at.forEach((each, nth) => (shares[each]![places[nth]!] = taxes[nth]!));
  }
  const done = lines.map(({ components }, index): TaxedLine => {
    const taxMinor = sumOf(shares[index]!);
    return {
      amountMinor: nets[index]!,
      taxMinor,
      totalMinor: nets[index]! + taxMinor,
      taxRate: rateOf(components).toString(),
      taxes: components.map((component, nth) => ({ ...component, taxMinor: shares[index]![nth]! })),
    };
  });
  return { lines: done, taxes: totalsOf(done) };
}

/** What lines say of each tax, summed: in the order in which they say it. */
export function totalsOf(lines: readonly Pick<TaxedLine, 'amountMinor' | 'taxes'>[]): TaxTotal[] {
  const totals = new Map<string, TaxTotal>();
  for (const { amountMinor, taxes } of lines)
    for (const { taxMinor, ...component } of taxes) {
      const key = componentKey(component);
      const before = totals.get(key) ?? { ...component, taxableMinor: 0n, taxMinor: 0n };
      totals.set(key, {
        ...before,
        taxableMinor: before.taxableMinor + amountMinor,
        taxMinor: before.taxMinor + taxMinor,
      });
    }
  return [...totals.values()];
}

/**
 * What a share of a line's total gives back of its net amount and of each of its taxes: of a line of which so much was given back before, and so
 * much is now. By rounding running sums, so that the whole line gives back exactly what it says, in however many parts.
 */
export function shareOf(
  line: { readonly totalMinor: bigint; readonly taxes: readonly TaxShare[] },
  beforeMinor: bigint,
  totalMinor: bigint,
): { amountMinor: bigint; taxMinor: bigint; totalMinor: bigint; taxes: TaxShare[] } {
  const upTo = (minor: bigint, taxMinor: bigint) =>
    whole(fractionOf(taxMinor).mul(fractionOf(minor)).div(fractionOf(line.totalMinor)), 'HALF_EVEN');
  const taxes = line.taxes.map((tax) => ({
    ...tax,
    taxMinor: upTo(beforeMinor + totalMinor, tax.taxMinor) - upTo(beforeMinor, tax.taxMinor),
  }));
  const taxMinor = sumOf(taxes.map((tax) => tax.taxMinor));
  return { amountMinor: totalMinor - taxMinor, taxMinor, totalMinor, taxes };
}

export const componentKey = ({ name, category, percent }: TaxComponent): string =>
  JSON.stringify([name, category, fractionOf(percent).toFraction()]);

const setKey = (components: readonly TaxComponent[]): string => components.map(componentKey).join();

const rateOf = (components: readonly TaxComponent[]): Exact =>
  sumExact(components.map(({ percent }) => fractionOf(percent)));

/** The places of lines, by key; those without one are in none. */
function groupsOf(lines: readonly LineToTax[], keyOf: (line: LineToTax) => string | false): number[][] {
  const groups = new Map<string, number[]>();
  lines.forEach((line, index) => {
    const key = keyOf(line);
    if (key !== false) groups.set(key, [...(groups.get(key) ?? []), index]);
  });
  return [...groups.values()];
}

/** The exclusive lines of each tax. */
function componentGroups(lines: readonly LineToTax[]): { key: string; at: number[] }[] {
  const exclusive = lines.map(({ components, taxInclusive }) =>
    taxInclusive === true ? [] : components.map(componentKey),
  );
  return [...new Set(exclusive.flat())].map((key) => ({
    key,
    at: exclusive.flatMap((keys, index) => (keys.includes(key) ? [index] : [])),
  }));
}

/** What a function makes of the sum of amounts, rounded once, spread over them: each gets what the running sum grows by. */
function spread(amounts: readonly bigint[], of: (sum: bigint) => Exact): bigint[] {
  let [sum, given] = [0n, 0n];
  return amounts.map((amount) => {
    sum += amount;
    const upTo = whole(of(sum), 'HALF_EVEN');
    const share = upTo - given;
    given = upTo;
    return share;
  });
}

/** The taxes of inclusive lines, divided among components by their percents: of each component, line by line. */
function divided(taxes: readonly bigint[], components: readonly TaxComponent[]): bigint[][] {
  const rate = rateOf(components);
  let [passed, before] = [NONE, taxes.map(() => 0n)];
  return components.map(({ percent }) => {
    passed = passed.add(fractionOf(percent));
    const until = rate.equals(0) ? taxes.map(() => 0n) : spread(taxes, (sum) => fractionOf(sum).mul(passed).div(rate));
    const shares = until.map((upTo, index) => upTo - before[index]!);
    before = until;
    return shares;
  });
}
