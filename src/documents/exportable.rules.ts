import { Decimal } from 'decimal.js';
import { refuse } from '../platform/errors';
import { isIban } from '../platform/ibans';
import { exponentOf, isCurrency } from '../platform/money';
import type { DocumentTax, InvoiceDocument, Party } from './invoice-document';
import { xmlText } from './xml';

/** ISO 3166-1 alpha-2, and what EN 16931 takes beside it (Kosovo, Northern Ireland). */
const COUNTRIES = new Set(
  (
    'AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL ' +
    'CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT ' +
    'GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY ' +
    'MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN ' +
    'PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT ' +
    'TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW 1A XI'
  ).split(' '),
);

/** Why a document cannot be written as EN 16931 has it: which rule of the standard, and which field of the document. */
export interface Hindrance {
  /** `BR-09`; null where it is ours. */
  rule: string | null;
  field: string;
}

/** Refuses what EN 16931 has no valid form for: INVOICE_NOT_EXPORTABLE, with every rule that it would break. */
export function assertExportable(document: InvoiceDocument): void {
  const hindrances = hindrancesOf(document);
  if (hindrances.length > 0)
    refuse('INVOICE_NOT_EXPORTABLE', 'EN 16931 asks for what this invoice does not have.', { hindrances });
}

/** A tax id that is a VAT identifier: it begins with its country (BR-CO-09), Greece's with EL. */
export const isVatId = ({ taxId, country }: Pick<Party, 'taxId' | 'country'>): boolean =>
  taxId !== null &&
  country !== null &&
  /^[A-Z]{2}[0-9A-Z+*.]{2,}$/.test(taxId) &&
  VAT_PREFIXES(country).includes(taxId.slice(0, 2));

const VAT_PREFIXES = (country: string): string[] => ({ GR: ['EL', 'GR'], GB: ['GB', 'XI'] })[country] ?? [country];

const told = (text: string | null): boolean => text !== null && xmlText(text) !== '';

/** What stands in the way, in the order of the standard. */
export function hindrancesOf(document: InvoiceDocument): Hindrance[] {
  const { number, issuedOn, voided, currency, seller, buyer, lines, payment, precedes, kind } = document;
  const found: Hindrance[] = [];
  const need = (holds: boolean, rule: string | null, field: string) => {
    if (!holds) found.push({ rule, field });
  };
  need(!voided, null, 'voided');
  need(told(number), 'BR-02', 'number');
  need(issuedOn !== null, 'BR-03', 'issuedOn');
  need(isCurrency(currency), 'BR-CL-04', 'currency');
  need(told(seller.name), 'BR-06', 'seller.name');
  need(told(buyer.name), 'BR-07', 'buyer.name');
  need(seller.country !== null, 'BR-09', 'seller.country');
  need(buyer.country !== null, 'BR-11', 'buyer.country');
  for (const [field, country] of [
    ['seller.country', seller.country] as const,
    ['buyer.country', buyer.country] as const,
  ])
    need(country === null || COUNTRIES.has(country), 'BR-CL-14', field);
  need(lines.length > 0, 'BR-16', 'lines');
  need(told(seller.taxId), 'BR-CO-26', 'seller.taxId');
  need(payment === null || isIban(payment.iban), 'BR-50', 'payment.iban');
  need(precedes === null || told(precedes.number), 'BR-55', 'precedes.number');
  need(document.totalMinor <= 0n || document.dueOn !== null || kind === 'CREDIT_NOTE', 'BR-CO-25', 'dueOn');
  // Amounts have two decimals at most: dinars have three.
  need(!isCurrency(currency) || exponentOf(currency) <= 2, 'BR-DEC-09', 'currency');
  for (const { period, field } of [
    { period: document.period, field: 'period' },
    ...lines.map((line, index) => ({ period: line.period, field: `lines.${index}.period` })),
  ])
    need(period === null || period.from < period.until, field === 'period' ? 'BR-29' : 'BR-30', field);
  lines.forEach((line, index) => need(told(line.description), 'BR-25', `lines.${index}.description`));
  return [...found, ...sumHindrances(document), ...taxHindrances(document)];
}

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
const same = (one: string, other: string): boolean => new Decimal(one).equals(other);

function sumHindrances({ lines, taxes, subtotalMinor, taxMinor, totalMinor }: InvoiceDocument): Hindrance[] {
  const checks: [boolean, string, string][] = [
    [subtotalMinor === sum(lines.map(({ amountMinor }) => amountMinor)), 'BR-CO-10', 'subtotalMinor'],
    [taxMinor === sum(taxes.map((tax) => tax.taxMinor)), 'BR-CO-14', 'taxMinor'],
    [totalMinor === subtotalMinor + taxMinor, 'BR-CO-15', 'totalMinor'],
  ];
  return checks.flatMap(([holds, rule, field]) => (holds ? [] : [{ rule, field }]));
}

/** Prefix of a category's rules. */
const RULES = { S: 'S', Z: 'Z', E: 'E', AE: 'AE', K: 'IC', G: 'G', O: 'O' } as const;

function taxHindrances(document: InvoiceDocument): Hindrance[] {
  const { lines, taxes, seller, buyer, period, currency } = document;
  const found: Hindrance[] = [];
  const need = (holds: boolean, rule: string, field: string) => {
    if (!holds) found.push({ rule, field });
  };
  lines.forEach(({ taxCategory, taxPercent }, index) => {
    const of = taxes.some((tax) => tax.category === taxCategory && same(tax.percent, taxPercent));
    need(of, `BR-${RULES[taxCategory]}-01`, `lines.${index}.taxCategory`);
  });
  taxes.forEach((tax, index) => {
    const rule = (number: string) => `BR-${RULES[tax.category]}-${number}`;
    const field = (name: string) => `taxes.${index}.${name}`;
    const own = lines.filter((line) => line.taxCategory === tax.category && same(line.taxPercent, tax.percent));
    const twice = taxes.filter((other) => other.category === tax.category && same(other.percent, tax.percent));
    need(twice.length === 1, rule('01'), field('category'));
    need(tax.taxableMinor === sum(own.map(({ amountMinor }) => amountMinor)), rule('08'), field('taxableMinor'));
    need(tax.category === 'S' ? new Decimal(tax.percent).gt(0) : same(tax.percent, '0'), rule('05'), field('percent'));
    need(isTaxOf(tax, currency), rule('09'), field('taxMinor'));
    const taxed = tax.category === 'S' || tax.category === 'Z';
    const reason = told(tax.exemptionReason);
    need(reason !== taxed, rule('10'), field('exemptionReason'));
    if (tax.category === 'AE' || tax.category === 'K') {
      need(isVatId(seller), rule('02'), 'seller.taxId');
      need(isVatId(buyer), rule('02'), 'buyer.taxId');
    } else if (tax.category !== 'O') need(seller.taxId !== null, rule('02'), 'seller.taxId');
    if (tax.category === 'G') need(isVatId(seller), rule('02'), 'seller.taxId');
    if (tax.category === 'K') need(period !== null, 'BR-IC-11', 'period');
    if (tax.category === 'O') need(taxes.length === 1, 'BR-O-11', 'taxes');
  });
  return found;
}

/** The tax may be what its lines' taxes come to, each rounded by itself: it is less than one unit of currency away (BR-CO-17). */
function isTaxOf({ taxableMinor, taxMinor, percent }: DocumentTax, currency: string): boolean {
  const unit = isCurrency(currency) ? 10 ** exponentOf(currency) : 1;
  const exact = new Decimal(taxableMinor.toString()).times(percent).div(100);
  return exact.minus(taxMinor.toString()).abs().lt(unit) && (!same(percent, '0') || taxMinor === 0n);
}
