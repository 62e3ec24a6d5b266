import { refuse } from '../platform/errors';
import { isPercent } from '../platform/money';
import type { Rounding } from '../platform/exact';
import type { Agreement } from './agreement.entity';
import type { AgreementVersion } from './agreement-version.entity';
import type { Cycle } from './billing-cycle.rules';
import { assertRates, type RateTerms } from './rate.rules';

/** What a version says, as it is asked for. Dates are days in the account's zone. */
export interface Terms {
  readonly effectiveFrom: string;
  readonly lobIds: readonly string[] | null;
  readonly cycle: Cycle;
  readonly anchorOn: string | null;
  readonly paymentDays: number;
  readonly disputeDays: number;
  readonly reviewDays: number;
  readonly taxRate: string | null;
  readonly taxInclusive: boolean;
  readonly rounding: Rounding;
  readonly calendarCode: string | null;
  readonly rates: readonly RateTerms[];
}

/** What is there for terms to speak of. */
export interface Known {
  /** Of the account, and open. */
  readonly lobIds: ReadonlySet<string>;
  readonly calendars: ReadonlySet<string>;
  /** What other agreements are about, and when. */
  readonly covered: readonly Covered[];
}

/** A line of business that an agreement is about, or the account for all the rest of them. */
export interface Covered {
  readonly covers: string;
  readonly from: string;
  readonly until: string | null;
  readonly code: string;
}

/** A version and its rates, to be kept. */
export function versionOf(
  terms: Terms,
  {
    agreementId,
    accountId,
    versionNumber,
    endsOn,
  }: { agreementId: string; accountId: string; versionNumber: number; endsOn: string | null },
  newId: () => string,
) {
  const { rates, ...rest } = terms;
  const id = newId();
  const version = {
    id,
    agreementId,
    accountId,
    versionNumber,
    ...rest,
    anchorOn: terms.anchorOn ?? terms.effectiveFrom,
    effectiveUntil: endsOn,
  };
  return {
    version,
    rates: rates.map((rate, index) => ({ id: newId(), agreementVersionId: id, lineNumber: index + 1, ...rate })),
  };
}

/**
 * Refuses with AGREEMENT_OVERLAPS what another agreement is about on the same day. The database has the same rule, for two that come at once.
 */
export function assertAlone(
  { lobIds, effectiveFrom }: Pick<Terms, 'lobIds' | 'effectiveFrom'>,
  { accountId, endsOn }: { accountId: string; endsOn: string | null },
  { covered }: Pick<Known, 'covered'>,
): void {
  const other = covered.find(
    ({ covers, from, until }) =>
      (lobIds ?? [accountId]).includes(covers) &&
      (until === null || effectiveFrom < until) &&
      (endsOn === null || from < endsOn),
  );
  if (other) refuse('AGREEMENT_OVERLAPS', 'Another agreement is about the same on the same day.', { code: other.code });
}

/** Refuses terms that could not be billed: NOT_FOUND, TAX_RATE_INVALID, AGREEMENT_SCOPE_INVALID, RATE_INVALID, RATE_REPEATED. */
export function assertTerms(terms: Terms, known: Known): void {
  const { lobIds, rates, calendarCode, taxRate } = terms;
  const named = [...(lobIds ?? []), ...rates.flatMap(({ lobId }) => lobId ?? [])];
  if (named.some((id) => !known.lobIds.has(id))) refuse('NOT_FOUND', 'There is no such Lob.', { type: 'Lob' });
  if (lobIds?.length === 0)
    refuse('AGREEMENT_SCOPE_INVALID', 'An agreement is about a line of business at least, or about all.');
  const outside = rates.findIndex(({ lobId }) => lobId !== null && lobIds !== null && !lobIds.includes(lobId));
  if (outside >= 0)
    refuse('AGREEMENT_SCOPE_INVALID', 'A rate is for a line of business that the agreement is not about.', {
      lineNumber: outside + 1,
    });
  if (calendarCode !== null && !known.calendars.has(calendarCode))
    refuse('NOT_FOUND', 'There is no such BusinessCalendar.', { type: 'BusinessCalendar' });
  if (taxRate !== null && !isPercent(taxRate))
    refuse('TAX_RATE_INVALID', 'A tax rate is 0 to 100 percent, with at most four decimals.');
  assertRates(rates, terms);
}

/** Terms whose cycles begin on the days on which they did, unless told: an amendment of a price divides no cycle. */
export function withAnchor(
  terms: Terms,
  versions: readonly Pick<AgreementVersion, 'effectiveFrom' | 'effectiveUntil' | 'anchorOn'>[],
): Terms {
  const before = versions
    .filter(({ effectiveFrom: from, effectiveUntil: until }) => from <= terms.effectiveFrom && from !== until)
    .toSorted((one, other) => (one.effectiveFrom < other.effectiveFrom ? 1 : -1))[0];
  return { ...terms, anchorOn: terms.anchorOn ?? before?.anchorOn ?? null };
}

type Dated = Pick<AgreementVersion, 'effectiveFrom' | 'effectiveUntil'>;

/**
 * Which versions hold until when, once another holds from a day on: what held then holds until that day, what began later never. Only what
 * changes is answered.
 */
export const shortened = <V extends Dated>(
  versions: readonly V[],
  from: string,
): { version: V; effectiveUntil: string }[] =>
  versions
    .map((version) => ({ version, effectiveUntil: from > version.effectiveFrom ? from : version.effectiveFrom }))
    .filter(
      ({ version, effectiveUntil }) => version.effectiveUntil === null || effectiveUntil < version.effectiveUntil,
    );

/** Refuses with AGREEMENT_NOT_AMENDABLE what begins when the agreement is over, or would begin before it did. */
export function assertAmendable({ endsOn }: Pick<Agreement, 'endsOn'>, versions: readonly Dated[], from: string): void {
  if (endsOn !== null && from >= endsOn)
    refuse('AGREEMENT_NOT_AMENDABLE', 'This agreement is over by then.', { endsOn });
  const first = versions.map(({ effectiveFrom }) => effectiveFrom).toSorted()[0]!;
  if (from < first)
    refuse('AGREEMENT_NOT_AMENDABLE', 'This agreement did not hold yet by then.', { effectiveFrom: first });
}

/** Refuses with AGREEMENT_NOT_ENDABLE what has an end, or would end before it began. */
export function assertEndable({ endsOn }: Pick<Agreement, 'endsOn'>, versions: readonly Dated[], on: string): void {
  if (endsOn !== null) refuse('AGREEMENT_NOT_ENDABLE', 'This agreement has an end already.', { endsOn });
  const first = versions.map(({ effectiveFrom }) => effectiveFrom).toSorted()[0]!;
  if (on < first) refuse('AGREEMENT_NOT_ENDABLE', 'This agreement did not hold yet by then.', { effectiveFrom: first });
}
