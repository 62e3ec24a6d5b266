import type { Part as AmountPart } from '../agreements/charge.rules';
import type { LineDetail, LineKind } from '../billing/invoice-line.entity';
import type { Period } from '../agreements/billing-cycle.rules';
import { type Measure, isOfCalls } from '../agreements/rate.rules';
import { addDays } from '../platform/business-time';
import { decimalText, type Exact, fractionOf, NONE } from '../platform/exact';
import { exact, formatMinor } from '../platform/money';
import type { Priced } from './price-cycle.rules';
import type { Rate, Version } from './cycle.rules';

/** What lines of invoices that are not voided bill for a rate in a cycle. */
export interface Billed {
  readonly rate: Rate;
  readonly version: Version;
  /** Days of the cycle for which the version held then. */
  readonly days: Period;
  readonly minor: bigint;
  readonly units: Exact;
}

/** A line to draft. */
export interface RatedLine {
  readonly kind: Exclude<LineKind, 'MANUAL'>;
  readonly rate: Rate;
  readonly version: Version;
  readonly days: Period;
  readonly description: string;
  readonly quantity: string;
  readonly unitPrice: string;
  readonly measure: Measure;
  /** Billed units, below zero where some are taken back. */
  readonly units: Exact;
  readonly minor: bigint;
  readonly detail: readonly LineDetail[];
}

/** What is corrected, in the words of the line. */
export interface Corrected {
  readonly invoiceId: string;
  readonly number: string | null;
}

export interface Words {
  readonly currency: string;
  readonly corrects: Corrected | null;
  /** Rates by which something new counts: of them there is a line, also where it makes no difference, so that each call stands behind one. */
  readonly renewed: ReadonlySet<string>;
}

/**
 * The lines of a cycle: what it costs, without what was billed for it. Where nothing was, each rate of which there was something, or that costs something;
 * where something was, what differs. So what was billed of a rate is always what it costs, rounded once.
 */
export function linesOf(priced: readonly Priced[], billed: readonly Billed[], words: Words): RatedLine[] {
  const before = new Map(billed.map((each) => [each.rate.id, each]));
  const lines = priced.flatMap((each) => lineFor(each, before.get(each.rate.id), words) ?? []);
  const gone = billed.filter(({ rate }) => !priced.some((each) => each.rate.id === rate.id));
  return [...gone.flatMap((each) => lineTaking(each, words) ?? []), ...lines];
}

function lineFor({ rate, part, charged, minor }: Priced, before: Billed | undefined, words: Words): RatedLine | null {
  const { currency, corrects, renewed } = words;
  const units = charged.billedUnits.sub(before?.units ?? NONE);
  const due = minor - (before?.minor ?? 0n);
  if (due === 0n && (corrects ? !renewed.has(rate.id) : units.equals(0))) return null;
  const { version } = part;
  const detail = [...charged.parts.map(detailOf), ...takenOff(before, currency)];
  const days = { from: part.from, until: part.until };
  const single = before === undefined && charged.parts.length === 1 ? charged.parts[0] : undefined;
  return line({ rate, version, days, units, minor: due, detail, single }, currency, corrects);
}

/** Takes back what was billed by a rate that does not hold for any of these days any more. */
const lineTaking = ({ rate, version, days, units, minor }: Billed, { currency, corrects }: Words) =>
  minor === 0n
    ? null
    : line(
        {
          rate,
          version,
          days,
          units: units.neg(),
          minor: -minor,
          detail: takenOff({ minor }, currency),
          single: undefined,
        },
        currency,
        corrects,
      );

const takenOff = (before: { minor: bigint } | undefined, currency: string): LineDetail[] =>
  before === undefined
    ? []
    : [{ kind: 'BILLED', tier: null, quantity: null, unitPrice: null, amount: formatMinor(-before.minor, currency) }];

const detailOf = ({ kind, tier, quantity, unitPrice, amount }: AmountPart): LineDetail => ({
  kind,
  tier: tier ?? null,
  quantity: quantity ? decimalText(quantity) : null,
  unitPrice: unitPrice ? decimalText(unitPrice) : null,
  amount: decimalText(amount),
});

interface Due {
  rate: Rate;
  version: Version;
  days: Period;
  units: Exact;
  minor: bigint;
  detail: LineDetail[];
  single: AmountPart | undefined;
}

const line = ({ single, ...due }: Due, currency: string, corrects: Corrected | null): RatedLine => ({
  ...due,
  kind: corrects ? 'CORRECTION' : isOfCalls(due.rate.measure) ? 'USAGE' : 'FEE',
  measure: due.rate.measure,
  description: described(due.rate.name, due.days, corrects),
  ...shown(due, single, currency),
});

const described = (name: string, { from, until }: Period, corrects: Corrected | null): string => {
  const days = `${from} to ${addDays(until, -1)}`;
  if (!corrects) return `${name}, ${days}`;
  return `Correction of ${corrects.number ?? 'a draft'}: ${name}, ${days}`;
};

const LIMIT = fractionOf(10n ** 10n);

/** A quantity and the price of one as an invoice shows them: a price is never below zero (EN 16931, BR-27). */
function shown({ units, minor }: Omit<Due, 'single'>, single: AmountPart | undefined, currency: string) {
  if (single?.quantity && single.unitPrice && single.quantity.equals(units))
    return { quantity: decimalText(units), unitPrice: decimalText(single.unitPrice) };
  if (minor === 0n && units.equals(0)) return { quantity: '0', unitPrice: '0' };
  const amount = exact(formatMinor(minor, currency));
  const price = units.equals(0) ? null : amount.div(units);
  if (price === null || price.lt(0) || price.gte(LIMIT) || units.abs().gte(LIMIT))
    return { quantity: minor < 0n ? '-1' : '1', unitPrice: decimalText(amount.abs()) };
  return { quantity: decimalText(units), unitPrice: decimalText(price) };
}
