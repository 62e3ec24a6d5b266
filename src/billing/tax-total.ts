import type { TaxTotal } from '../taxes/tax.rules';

/** What a document says of its taxes, as rows, in order. */
export const taxRowsOf = (taxes: readonly TaxTotal[], currency: string, newId: () => string) =>
  taxes.map(({ name, category, percent, exemptionReason, taxableMinor, taxMinor }, index) => ({
    id: newId(),
    place: index + 1,
    name,
    category,
    percent,
    currency,
    taxableMinor,
    taxMinor,
    exemptionReason: exemptionReason ?? null,
  }));

/** A share of a tax as a line keeps it, in jsonb: minor units as text. */
export interface KeptTax {
  name: string;
  category: TaxTotal['category'];
  percent: string;
  exemptionReason: string | null;
  taxMinor: string;
}

export const keptTaxes = (taxes: readonly Omit<TaxTotal, 'taxableMinor'>[]): KeptTax[] =>
  taxes.map(({ name, category, percent, exemptionReason, taxMinor }) => ({
    name,
    category,
    percent,
    exemptionReason: exemptionReason ?? null,
    taxMinor: taxMinor.toString(),
  }));
