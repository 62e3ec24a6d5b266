import { Decimal } from 'decimal.js';
import { all, everything, first, type Node, text } from './xml-tree';

/**
 * The business rules of EN 16931 in words of our own, over the XML and nothing else: one function a rule, true where it is kept.
 * Rules about what we never write (allowances, charges, payees, tax representatives, cards, direct debits, documents beside) hold
 * because the elements are not there, which ubl-schema.ts checks; they stand here as far as something could break them.
 */
export type Rule = (root: Node) => boolean;

const linesOf = (root: Node) => [...all(root, 'InvoiceLine'), ...all(root, 'CreditNoteLine')];
const quantityOf = (line: Node) => first(line, 'InvoicedQuantity') ?? first(line, 'CreditedQuantity');
const seller = (root: Node) => first(root, 'AccountingSupplierParty/Party')!;
const buyer = (root: Node) => first(root, 'AccountingCustomerParty/Party')!;
const subtotals = (root: Node) => all(root, 'TaxTotal/TaxSubtotal');
const number = (node: Node | undefined) => new Decimal(node === undefined || node.text === '' ? 'NaN' : node.text);
const total = (nodes: Node[]) => nodes.reduce((sum, node) => sum.plus(node.text), new Decimal(0));
const money = (root: Node, name: string) => number(first(root, `LegalMonetaryTotal/${name}`));
const has = (node: Node | undefined, path: string) => node !== undefined && text(node, path).trim() !== '';
const category = (line: Node) => text(line, 'Item/ClassifiedTaxCategory/ID');
const percent = (of: Node, path: string) => new Decimal(text(of, path) || 0);

/** Identifiers of a party by their scheme of tax: VAT, or any other. */
const taxIds = (party: Node | undefined, vat: boolean) =>
  party
    ? all(party, 'PartyTaxScheme').filter(
        (scheme) => (text(scheme, 'TaxScheme/ID') === 'VAT') === vat && has(scheme, 'CompanyID'),
      )
    : [];
const vatIds = (root: Node) => [...taxIds(seller(root), true), ...taxIds(buyer(root), true)];
const decimals = (node: Node) => node.text.split('.')[1]?.length ?? 0;

const COUNTRY = /^([A-Z]{2}|1A)$/;
const REGIONS = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
const CURRENCIES = new Set(Intl.supportedValuesOf('currency'));
const UNITS = new Set(['C62', 'SEC', 'MIN', 'HUR', 'MON', 'DAY']);
const TYPES = new Set(['380', '381', '383', '384', '389', '751', '326', '386', '396', '261']);
const MEANS = new Set(['1', '10', '20', '30', '31', '42', '48', '49', '57', '58', '59', 'ZZZ']);
const CATEGORIES = new Set(['S', 'Z', 'E', 'AE', 'K', 'G', 'O']);

const CORE: Record<string, Rule> = {
  'BR-01': (root) => has(root, 'CustomizationID'),
  'BR-02': (root) => has(root, 'ID'),
  'BR-03': (root) => has(root, 'IssueDate'),
  'BR-04': (root) => has(root, 'InvoiceTypeCode') || has(root, 'CreditNoteTypeCode'),
  'BR-05': (root) => has(root, 'DocumentCurrencyCode'),
  'BR-06': (root) => has(seller(root), 'PartyLegalEntity/RegistrationName'),
  'BR-07': (root) => has(buyer(root), 'PartyLegalEntity/RegistrationName'),
  'BR-08': (root) => first(seller(root), 'PostalAddress') !== undefined,
  'BR-09': (root) => has(seller(root), 'PostalAddress/Country/IdentificationCode'),
  'BR-10': (root) => first(buyer(root), 'PostalAddress') !== undefined,
  'BR-11': (root) => has(buyer(root), 'PostalAddress/Country/IdentificationCode'),
  'BR-12': (root) => has(root, 'LegalMonetaryTotal/LineExtensionAmount'),
  'BR-13': (root) => has(root, 'LegalMonetaryTotal/TaxExclusiveAmount'),
  'BR-14': (root) => has(root, 'LegalMonetaryTotal/TaxInclusiveAmount'),
  'BR-15': (root) => has(root, 'LegalMonetaryTotal/PayableAmount'),
  'BR-16': (root) => linesOf(root).length > 0,
  'BR-21': (root) => linesOf(root).every((line) => has(line, 'ID')),
  'BR-22': (root) => linesOf(root).every((line) => quantityOf(line)?.text),
  'BR-23': (root) => linesOf(root).every((line) => quantityOf(line)?.attributes.unitCode),
  'BR-24': (root) => linesOf(root).every((line) => has(line, 'LineExtensionAmount')),
  'BR-25': (root) => linesOf(root).every((line) => has(line, 'Item/Name')),
  'BR-26': (root) => linesOf(root).every((line) => has(line, 'Price/PriceAmount')),
  'BR-27': (root) => linesOf(root).every((line) => number(first(line, 'Price/PriceAmount')).gte(0)),
  'BR-29': (root) => all(root, 'InvoicePeriod').every(inOrder),
  'BR-30': (root) => linesOf(root).every((line) => all(line, 'InvoicePeriod').every(inOrder)),
  'BR-45': (root) => subtotals(root).every((each) => has(each, 'TaxableAmount')),
  'BR-46': (root) => subtotals(root).every((each) => has(each, 'TaxAmount')),
  'BR-47': (root) => subtotals(root).every((each) => has(each, 'TaxCategory/ID')),
  'BR-48': (root) =>
    subtotals(root).every((each) => has(each, 'TaxCategory/Percent') || text(each, 'TaxCategory/ID') === 'O'),
  'BR-49': (root) => all(root, 'PaymentMeans').every((means) => has(means, 'PaymentMeansCode')),
  'BR-50': (root) => all(root, 'PaymentMeans/PayeeFinancialAccount').every((account) => has(account, 'ID')),
  'BR-55': (root) => all(root, 'BillingReference/InvoiceDocumentReference').every((reference) => has(reference, 'ID')),
  'BR-57': (root) =>
    all(root, 'Delivery/DeliveryLocation/Address').every((address) => has(address, 'Country/IdentificationCode')),
  'BR-61': (root) =>
    all(root, 'PaymentMeans').every(
      (means) => !['30', '58'].includes(text(means, 'PaymentMeansCode')) || has(means, 'PayeeFinancialAccount/ID'),
    ),
  'BR-62': (root) => all(seller(root), 'EndpointID').every(({ attributes }) => attributes.schemeID),
  'BR-63': (root) => all(buyer(root), 'EndpointID').every(({ attributes }) => attributes.schemeID),
};

const inOrder = (period: Node) =>
  (has(period, 'StartDate') || has(period, 'EndDate')) &&
  (!has(period, 'StartDate') || !has(period, 'EndDate') || text(period, 'StartDate') <= text(period, 'EndDate'));

const CO: Record<string, Rule> = {
  'BR-CO-04': (root) => linesOf(root).every((line) => category(line) !== ''),
  'BR-CO-09': (root) =>
    [seller(root), buyer(root)].every((party) =>
      taxIds(party, true).every((scheme) => {
        const prefix = text(scheme, 'CompanyID').slice(0, 2);
        return prefix === 'EL' || (COUNTRY.test(prefix) && REGIONS.of(prefix) !== undefined);
      }),
    ),
  'BR-CO-10': (root) =>
    money(root, 'LineExtensionAmount').equals(total(linesOf(root).flatMap((line) => all(line, 'LineExtensionAmount')))),
  'BR-CO-13': (root) => money(root, 'TaxExclusiveAmount').equals(money(root, 'LineExtensionAmount')),
  'BR-CO-14': (root) =>
    all(root, 'TaxTotal').every((tax) =>
      number(first(tax, 'TaxAmount')).equals(total(all(tax, 'TaxSubtotal/TaxAmount'))),
    ),
  'BR-CO-15': (root) =>
    money(root, 'TaxInclusiveAmount').equals(
      money(root, 'TaxExclusiveAmount').plus(text(root, 'TaxTotal/TaxAmount') || 'NaN'),
    ),
  'BR-CO-16': (root) => money(root, 'PayableAmount').equals(money(root, 'TaxInclusiveAmount')),
  'BR-CO-17': (root) =>
    subtotals(root).every((each) => {
      const worked = percent(each, 'TaxCategory/Percent')
        .times(text(each, 'TaxableAmount') || 0)
        .div(100);
      return worked
        .minus(text(each, 'TaxAmount') || 0)
        .abs()
        .lt(1);
    }),
  'BR-CO-18': (root) => subtotals(root).length > 0,
  'BR-CO-25': (root) => money(root, 'PayableAmount').lte(0) || has(root, 'DueDate') || has(root, 'PaymentTerms/Note'),
  'BR-CO-26': (root) =>
    has(seller(root), 'PartyIdentification/ID') ||
    has(seller(root), 'PartyLegalEntity/CompanyID') ||
    taxIds(seller(root), true).length > 0,
};

/** Amounts of the document and of its lines have two decimals at most; prices have as many as they need. */
const atMostTwo =
  (path: string): Rule =>
  (root) =>
    all(root, path).every((node) => decimals(node) <= 2);
const DEC: Record<string, Rule> = {
  'BR-DEC-09': atMostTwo('LegalMonetaryTotal/LineExtensionAmount'),
  'BR-DEC-12': atMostTwo('LegalMonetaryTotal/TaxExclusiveAmount'),
  'BR-DEC-13': atMostTwo('TaxTotal/TaxAmount'),
  'BR-DEC-14': atMostTwo('LegalMonetaryTotal/TaxInclusiveAmount'),
  'BR-DEC-18': atMostTwo('LegalMonetaryTotal/PayableAmount'),
  'BR-DEC-19': atMostTwo('TaxTotal/TaxSubtotal/TaxableAmount'),
  'BR-DEC-20': atMostTwo('TaxTotal/TaxSubtotal/TaxAmount'),
  'BR-DEC-23': (root) =>
    linesOf(root).every((line) => all(line, 'LineExtensionAmount').every((node) => decimals(node) <= 2)),
};

const codes = (root: Node, name: string) => everything(root).filter((node) => node.name === name);
const CL: Record<string, Rule> = {
  'BR-CL-01': (root) =>
    [...codes(root, 'InvoiceTypeCode'), ...codes(root, 'CreditNoteTypeCode')].every(({ text: code }) =>
      TYPES.has(code),
    ),
  'BR-CL-03': (root) =>
    everything(root).every(
      ({ attributes }) => attributes.currencyID === undefined || CURRENCIES.has(attributes.currencyID),
    ),
  'BR-CL-04': (root) => codes(root, 'DocumentCurrencyCode').every(({ text: code }) => CURRENCIES.has(code)),
  'BR-CL-14': (root) =>
    codes(root, 'IdentificationCode').every(
      ({ text: code }) => COUNTRY.test(code) && (code === '1A' || REGIONS.of(code) !== undefined),
    ),
  'BR-CL-16': (root) => codes(root, 'PaymentMeansCode').every(({ text: code }) => MEANS.has(code)),
  'BR-CL-17': (root) => subtotals(root).every((each) => CATEGORIES.has(text(each, 'TaxCategory/ID'))),
  'BR-CL-18': (root) => linesOf(root).every((line) => CATEGORIES.has(category(line))),
  'BR-CL-23': (root) => linesOf(root).every((line) => UNITS.has(quantityOf(line)?.attributes.unitCode ?? '')),
  'BR-CL-25': (root) =>
    codes(root, 'EndpointID').every(({ attributes }) => /^(EM|\d{4})$/.test(attributes.schemeID ?? '')),
};

/** Where a rule says that amounts of one category, and of one percentage where there are several, belong together. */
function sumsOf(root: Node, id: string, each: (of: Node, lines: Node[]) => boolean): boolean {
  return subtotals(root)
    .filter((of) => text(of, 'TaxCategory/ID') === id)
    .every((of) => {
      const rate = percent(of, 'TaxCategory/Percent');
      const lines = linesOf(root).filter(
        (line) => category(line) === id && percent(line, 'Item/ClassifiedTaxCategory/Percent').equals(rate),
      );
      return each(of, lines);
    });
}

/** The rules that every category has, with what is particular to it. */
function rulesOf(prefix: string, id: string, kind: { taxed: boolean; ids: Rule }): Record<string, Rule> {
  const used = (root: Node) => linesOf(root).some((line) => category(line) === id);
  const own = (root: Node) => subtotals(root).filter((of) => text(of, 'TaxCategory/ID') === id);
  const rateFits = (of: Node, path: string) =>
    id === 'O'
      ? first(of, path) === undefined
      : kind.taxed
        ? percent(of, path).gt(0)
        : percent(of, path).isZero() && has(of, path);
  const reason = (of: Node) =>
    has(of, 'TaxCategory/TaxExemptionReason') || has(of, 'TaxCategory/TaxExemptionReasonCode');
  return {
    [`BR-${prefix}-01`]: (root) => !used(root) || (kind.taxed ? own(root).length > 0 : own(root).length === 1),
    [`BR-${prefix}-02`]: (root) => !used(root) || kind.ids(root),
    [`BR-${prefix}-05`]: (root) =>
      linesOf(root).every((line) => category(line) !== id || rateFits(line, 'Item/ClassifiedTaxCategory/Percent')),
    [`BR-${prefix}-08`]: (root) =>
      sumsOf(root, id, (of, lines) =>
        number(first(of, 'TaxableAmount')).equals(total(lines.flatMap((line) => all(line, 'LineExtensionAmount')))),
      ),
    [`BR-${prefix}-09`]: (root) =>
      own(root).every((of) =>
        kind.taxed
          ? percent(of, 'TaxCategory/Percent')
              .times(text(of, 'TaxableAmount'))
              .div(100)
              .minus(text(of, 'TaxAmount'))
              .abs()
              .lt(1)
          : number(first(of, 'TaxAmount')).isZero(),
      ),
    [`BR-${prefix}-10`]: (root) => own(root).every((of) => reason(of) !== (kind.taxed || id === 'Z')),
  };
}

const anyId: Rule = (root) => taxIds(seller(root), true).length + taxIds(seller(root), false).length > 0;
const bothVat: Rule = (root) => taxIds(seller(root), true).length > 0 && taxIds(buyer(root), true).length > 0;

const TAX: Record<string, Rule> = {
  ...rulesOf('S', 'S', { taxed: true, ids: anyId }),
  ...rulesOf('Z', 'Z', { taxed: false, ids: anyId }),
  ...rulesOf('E', 'E', { taxed: false, ids: anyId }),
  ...rulesOf('AE', 'AE', { taxed: false, ids: bothVat }),
  ...rulesOf('IC', 'K', { taxed: false, ids: bothVat }),
  ...rulesOf('G', 'G', { taxed: false, ids: (root) => taxIds(seller(root), true).length > 0 }),
  ...rulesOf('O', 'O', { taxed: false, ids: (root) => vatIds(root).length === 0 }),
  'BR-IC-11': (root) =>
    !uses(root, 'K') || has(root, 'Delivery/ActualDeliveryDate') || all(root, 'InvoicePeriod').length > 0,
  'BR-IC-12': (root) => !uses(root, 'K') || has(root, 'Delivery/DeliveryLocation/Address/Country/IdentificationCode'),
  'BR-O-11': (root) => !uses(root, 'O') || subtotals(root).length === 1,
  'BR-O-12': (root) => !uses(root, 'O') || linesOf(root).every((line) => category(line) === 'O'),
};

const uses = (root: Node, id: string) => subtotals(root).some((of) => text(of, 'TaxCategory/ID') === id);

export const RULES: Readonly<Record<string, Rule>> = { ...CORE, ...CO, ...DEC, ...CL, ...TAX };

/** The rules that it breaks. */
export const brokenRules = (root: Node): string[] =>
  Object.entries(RULES)
    .filter(([, kept]) => {
      try {
        return !kept(root);
      } catch {
        return true;
      }
    })
    .map(([rule]) => rule);
