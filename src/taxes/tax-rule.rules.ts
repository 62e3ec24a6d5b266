import { assertPlace } from '../issuers/place.rules';
import { fractionOf, sumExact } from '../platform/exact';
import { refuse } from '../platform/errors';
import { isPercent } from '../platform/money';
import { componentKey, type TaxCategory, type TaxRuleTerms } from './tax.rules';

/** Categories that come with a percentage above zero; of all others there is none to pay. */
const RATED: ReadonlySet<TaxCategory> = new Set(['S', 'L', 'M']);
/** Those of which EN 16931 wants to know why (BR-E-10, BR-AE-10, BR-IC-10, BR-G-10, BR-O-10). */
const EXPLAINED: ReadonlySet<TaxCategory> = new Set(['E', 'AE', 'K', 'G', 'O']);

const invalid = (field: string, message: string) => refuse('TAX_RULE_INVALID', message, { field });

/** Refuses what could not be due: TAX_RULE_INVALID, PLACE_UNKNOWN. */
export function assertTaxRule({
  accountId,
  country,
  subdivision,
  validFrom,
  validUntil,
  components,
}: TaxRuleTerms): void {
  if ((accountId === null) === (country === null))
    invalid('country', 'A rule is for an account, or for a country: one of them.');
  if (accountId !== null && subdivision !== null)
    invalid('subdivision', 'A rule for an account is for it wherever it is.');
  assertPlace({ country, subdivision });
  if (validUntil !== null && validUntil <= validFrom) invalid('validUntil', 'A rule holds for a day at least.');
  if (new Set(components.map(componentKey)).size < components.length) invalid('components', 'Each tax is due once.');
  for (const { category, percent, exemptionReason } of components) {
    if (!isPercent(percent)) invalid('percent', 'A tax is 0 to 100 percent, with at most four decimals.');
    if (!RATED.has(category) && !fractionOf(percent).equals(0))
      invalid('percent', 'Of this category nothing is due: zero percent.');
    if (EXPLAINED.has(category) && !exemptionReason)
      invalid('exemptionReason', 'This category asks for the reason why none is due.');
  }
  if (sumExact(components.map(({ percent }) => fractionOf(percent))).gt(100))
    invalid('percent', 'All taxes together are at most 100 percent.');
}

/** Refuses with TAX_RULE_NOT_ENDABLE what ends already, or would end before it began. */
export function assertEndable(
  { validFrom, validUntil }: Pick<TaxRuleTerms, 'validFrom' | 'validUntil'>,
  on: string,
): void {
  if (on < validFrom) refuse('TAX_RULE_NOT_ENDABLE', 'This rule does not hold yet by then.', { validFrom });
  if (validUntil !== null && validUntil <= on)
    refuse('TAX_RULE_NOT_ENDABLE', 'This rule ends by then already.', { validUntil });
}
