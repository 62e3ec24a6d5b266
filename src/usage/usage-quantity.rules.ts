import type { ReportedMeasure } from '../agreements/rate.rules';
import { refuse } from '../platform/errors';
import { exact, isRate } from '../platform/money';
import type { UsageQuantity } from './usage-quantity.entity';

/** So much of something on a day, as it is told. */
export interface Report {
  readonly sourceId: string;
  readonly lobId: string;
  readonly measure: ReportedMeasure;
  readonly day: string;
  readonly quantity: string;
  /** Source id of the one in whose place it counts. */
  readonly corrects: string | null;
}

/** What there is for reports to speak of. */
export interface Present {
  readonly lobIds: ReadonlySet<string>;
  readonly quantities: readonly UsageQuantity[];
  /** Today in the account's zone. */
  readonly today: string;
}

/** What is new, each with the one that it corrects; what is known already is told by its id alone. */
export interface Judged {
  readonly fresh: readonly { readonly report: Report; readonly corrects: string | null }[];
  readonly knownIds: readonly string[];
}

/**
 * What of a batch is new. Refuses all of it with USAGE_QUANTITY_INVALID and the place of what is amiss: a day to come, a quantity below zero or of more than ten digits
 * before or behind the point, a correction of nothing that is there, or of a correction; NOT_FOUND of a LOB that is none of the account's; SOURCE_ID_REUSED where a
 * source id stands for something else.
 */
export function judgeReports(
  reports: readonly Report[],
  { lobIds, quantities, today }: Present,
  newId: () => string,
): Judged & { readonly ids: readonly string[] } {
  const known = new Map(quantities.map((each) => [each.sourceId, each]));
  const seen = new Map<string, { id: string; report: Report }>();
  const fresh: { report: Report; corrects: string | null }[] = [];
  const [ids, knownIds]: [string[], string[]] = [[], []];
  for (const [index, report] of reports.entries()) {
    const place = { place: index + 1 };
    const invalid = (message: string, field: string): never =>
      refuse('USAGE_QUANTITY_INVALID', message, { ...place, field });
    if (!lobIds.has(report.lobId)) refuse('NOT_FOUND', 'There is no such Lob.', { type: 'Lob', ...place });
    if (!isRate(report.quantity))
      invalid('A quantity is not below zero, with at most ten digits before and ten behind the point.', 'quantity');
    if (report.day > today) invalid('What is told was there: no day to come.', 'day');
    const there = known.get(report.sourceId);
    const again = seen.get(report.sourceId);
    const corrected = report.corrects === null ? null : (known.get(report.corrects) ?? seen.get(report.corrects)?.id);
    if (there || again) {
      const same = there ? isSame(report, there, quantities) : isSameReport(report, again!.report);
      if (!same) refuse('SOURCE_ID_REUSED', 'This source id stands for something else.', place);
      if (there) knownIds.push(there.id);
      continue;
    }
    if (corrected === undefined) invalid('There is nothing of that source id to correct.', 'corrects');
    const ofCorrection =
      typeof corrected === 'string' ? seen.get(report.corrects!)!.report.corrects : (corrected?.correctsId ?? null);
    if (ofCorrection !== null) invalid('Name what was told first, not a correction of it.', 'corrects');
    const id = newId();
    ids.push(id);
    seen.set(report.sourceId, { id, report });
    fresh.push({ report, corrects: typeof corrected === 'string' ? corrected : (corrected?.id ?? null) });
  }
  return { fresh, knownIds, ids };
}

const isSameReport = (one: Report, other: Report): boolean =>
  one.lobId === other.lobId &&
  one.measure === other.measure &&
  one.day === other.day &&
  one.corrects === other.corrects &&
  exact(one.quantity).equals(exact(other.quantity));

const isSame = (report: Report, { correctsId, ...there }: UsageQuantity, all: readonly UsageQuantity[]): boolean =>
  isSameReport(report, { ...there, corrects: all.find(({ id }) => id === correctsId)?.sourceId ?? null });
