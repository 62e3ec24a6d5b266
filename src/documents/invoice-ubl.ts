import { Decimal } from 'decimal.js';
import { exponentOf, formatMinor } from '../platform/money';
import { assertExportable, isVatId } from './exportable.rules';
import type { DocumentLine, DocumentTax, InvoiceDocument, Party, Period } from './invoice-document';
import { lastDayOf, shortDecimal } from './wording';
import { type Child, type Element, element, optional, xmlOf } from './xml';

/** Of the core invoice, without any national rules on top. */
const CUSTOMIZATION = 'urn:cen.eu:en16931:2017';

const UBL = 'urn:oasis:names:specification:ubl:schema:xsd';

/** UNTDID 1001. */
const TYPES = { INVOICE: '380', CREDIT_NOTE: '381' } as const;
/** UNTDID 4461: credit transfer. */
const CREDIT_TRANSFER = '30';

/**
 * An invoice or a credit note as UBL 2.1 that keeps the rules of EN 16931, to the byte the same for the same document. Refuses
 * with INVOICE_NOT_EXPORTABLE what has no valid form there.
 */
export function invoiceUbl(document: InvoiceDocument): Buffer {
  assertExportable(document);
  const name = document.kind === 'INVOICE' ? 'Invoice' : 'CreditNote';
  return xmlOf(
    element(name, document.kind === 'INVOICE' ? invoice(document) : creditNote(document), {
      xmlns: `${UBL}:${name}-2`,
      'xmlns:cac': `${UBL}:CommonAggregateComponents-2`,
      'xmlns:cbc': `${UBL}:CommonBasicComponents-2`,
    }),
  );
}

const invoice = (document: InvoiceDocument): Child[] => [
  element('cbc:CustomizationID', CUSTOMIZATION),
  optional('cbc:ID', document.number),
  optional('cbc:IssueDate', document.issuedOn),
  optional('cbc:DueDate', document.dueOn),
  element('cbc:InvoiceTypeCode', TYPES.INVOICE),
  ...common(document),
];

const creditNote = (document: InvoiceDocument): Child[] => [
  element('cbc:CustomizationID', CUSTOMIZATION),
  optional('cbc:ID', document.number),
  optional('cbc:IssueDate', document.issuedOn),
  element('cbc:CreditNoteTypeCode', TYPES.CREDIT_NOTE),
  ...common(document),
];

/** What both kinds have, in the same order. */
function common(document: InvoiceDocument): Child[] {
  const { currency, buyerReference, notes, period, seller, buyer, lines } = document;
  return [
    ...notes.map((note) => optional('cbc:Note', note)),
    element('cbc:DocumentCurrencyCode', currency),
    optional('cbc:BuyerReference', buyerReference),
    periodOf(period),
    ...precedingOf(document),
    element('cac:AccountingSupplierParty', [party(seller, document, 'seller')]),
    element('cac:AccountingCustomerParty', [party(buyer, document, 'buyer')]),
    deliveryOf(document),
    paymentMeans(document),
    document.kind === 'CREDIT_NOTE'
      ? element('cac:PaymentTerms', [element('cbc:Note', 'Credited to the account of the buyer.')])
      : null,
    taxTotal(document),
    monetaryTotal(document),
    ...lines.map((line) => lineOf(line, document)),
  ];
}

const amount = (name: string, minor: bigint, currency: string): Element =>
  element(name, formatMinor(minor, currency), { currencyID: currency });

const periodOf = (period: Period | null): Child =>
  period &&
  element('cac:InvoicePeriod', [element('cbc:StartDate', period.from), element('cbc:EndDate', lastDayOf(period))]);

/** The invoices that this one credits, or that lines of it correct. */
function precedingOf({ precedes, lines }: InvoiceDocument): Element[] {
  const corrected = lines.flatMap(({ correctsInvoiceNumber }) => correctsInvoiceNumber ?? []);
  const others = [...new Set(corrected)].filter((number) => number !== precedes?.number);
  return [...(precedes ? [precedes] : []), ...others.map((number) => ({ number, issuedOn: null }))].map(
    ({ number, issuedOn }) =>
      element('cac:BillingReference', [
        element('cac:InvoiceDocumentReference', [element('cbc:ID', number), optional('cbc:IssueDate', issuedOn)]),
      ]),
  );
}

/**
 * A tax id that is a VAT identifier stands as one, unless nothing is subject to VAT (BR-O-02); any other identifies the party, and
 * is the seller's local tax registration.
 */
function party(of: Party, { lines }: InvoiceDocument, side: 'seller' | 'buyer'): Element {
  const outside = lines.some(({ taxCategory }) => taxCategory === 'O');
  const asVat = isVatId(of) && !outside;
  const registered = side === 'seller' && !asVat && !outside;
  return element('cac:Party', [
    optional('cbc:EndpointID', of.email, { schemeID: 'EM' }),
    of.taxId !== null && !asVat ? element('cac:PartyIdentification', [element('cbc:ID', of.taxId)]) : null,
    element('cac:PostalAddress', [
      optional('cbc:StreetName', of.street),
      optional('cbc:CityName', of.city),
      optional('cbc:PostalZone', of.postalCode),
      optional('cbc:CountrySubentity', of.subdivision),
      element('cac:Country', [optional('cbc:IdentificationCode', of.country)]),
    ]),
    of.taxId !== null && (asVat || registered)
      ? element('cac:PartyTaxScheme', [element('cbc:CompanyID', of.taxId), taxScheme(asVat ? 'VAT' : 'TAX')])
      : null,
    element('cac:PartyLegalEntity', [element('cbc:RegistrationName', of.name)]),
  ]);
}

const taxScheme = (id: string): Element => element('cac:TaxScheme', [element('cbc:ID', id)]);

/** Where an intra-community supply goes to (BR-IC-12). */
const deliveryOf = ({ lines, buyer }: InvoiceDocument): Child =>
  lines.some(({ taxCategory }) => taxCategory === 'K')
    ? element('cac:Delivery', [
        element('cac:DeliveryLocation', [
          element('cac:Address', [element('cac:Country', [optional('cbc:IdentificationCode', buyer.country)])]),
        ]),
      ])
    : null;

const paymentMeans = ({ payment }: InvoiceDocument): Child =>
  payment &&
  element('cac:PaymentMeans', [
    element('cbc:PaymentMeansCode', CREDIT_TRANSFER),
    element('cac:PayeeFinancialAccount', [
      element('cbc:ID', payment.iban),
      payment.bic === null ? null : element('cac:FinancialInstitutionBranch', [element('cbc:ID', payment.bic)]),
    ]),
  ]);

const taxTotal = ({ taxes, taxMinor, currency }: InvoiceDocument): Element =>
  element('cac:TaxTotal', [
    amount('cbc:TaxAmount', taxMinor, currency),
    ...taxes.map((tax) =>
      element('cac:TaxSubtotal', [
        amount('cbc:TaxableAmount', tax.taxableMinor, currency),
        amount('cbc:TaxAmount', tax.taxMinor, currency),
        element('cac:TaxCategory', [
          ...category(tax),
          optional('cbc:TaxExemptionReason', tax.exemptionReason),
          taxScheme('VAT'),
        ]),
      ]),
    ),
  ]);

/** What is not subject to VAT has no percentage at all (BR-O-05). */
const category = ({ category: id, percent }: Pick<DocumentTax, 'category' | 'percent'>): Child[] => [
  element('cbc:ID', id),
  id === 'O' ? null : element('cbc:Percent', shortDecimal(percent)),
];

const monetaryTotal = ({ subtotalMinor, totalMinor, currency }: InvoiceDocument): Element =>
  element('cac:LegalMonetaryTotal', [
    amount('cbc:LineExtensionAmount', subtotalMinor, currency),
    amount('cbc:TaxExclusiveAmount', subtotalMinor, currency),
    amount('cbc:TaxInclusiveAmount', totalMinor, currency),
    amount('cbc:PayableAmount', totalMinor, currency),
  ]);

function lineOf(line: DocumentLine, { kind, currency }: InvoiceDocument): Element {
  const { quantity, unit, price } = pricedAs(line, currency);
  const about = [line.lobName, line.correctsInvoiceNumber && `Corrects ${line.correctsInvoiceNumber}`].filter(Boolean);
  const told = [...about, ...line.detail.map(detailInWords)].join('; ');
  return element(kind === 'INVOICE' ? 'cac:InvoiceLine' : 'cac:CreditNoteLine', [
    element('cbc:ID', String(line.lineNumber)),
    element(kind === 'INVOICE' ? 'cbc:InvoicedQuantity' : 'cbc:CreditedQuantity', quantity, { unitCode: unit }),
    amount('cbc:LineExtensionAmount', line.amountMinor, currency),
    periodOf(line.period),
    element('cac:Item', [
      optional('cbc:Description', told),
      element('cbc:Name', line.description),
      element('cac:ClassifiedTaxCategory', [
        ...category({ category: line.taxCategory, percent: line.taxPercent }),
        taxScheme('VAT'),
      ]),
    ]),
    element('cac:Price', [element('cbc:PriceAmount', price, { currencyID: currency })]),
  ]);
}

const detailInWords = ({ label, quantity, unitPrice, amount: costs }: DocumentLine['detail'][number]): string =>
  `${label}: ${[quantity, unitPrice && `at ${unitPrice}`, costs && `= ${costs}`].filter(Boolean).join(' ')}`;

/**
 * Quantity and price, as far as they make the amount; a line of tiers or of a minimum is one of its amount. A price is never
 * below zero (BR-27): the quantity is.
 */
function pricedAs(line: DocumentLine, currency: string): { quantity: string; unit: string; price: string } {
  const exact = new Decimal(line.quantity).times(line.unitPrice);
  const made = exact.times(new Decimal(10).pow(exponentOf(currency))).minus(line.amountMinor.toString());
  if (made.abs().gt(1)) {
    const magnitude = line.amountMinor < 0n ? -line.amountMinor : line.amountMinor;
    return { quantity: line.amountMinor < 0n ? '-1' : '1', unit: 'C62', price: formatMinor(magnitude, currency) };
  }
  const turned = line.unitPrice.startsWith('-');
  const quantity = new Decimal(line.quantity).times(turned ? -1 : 1);
  return {
    quantity: quantity.isZero() ? '0' : quantity.toFixed(),
    unit: line.unit,
    price: shortDecimal(turned ? line.unitPrice.slice(1) : line.unitPrice),
  };
}
