import fc from 'fast-check';
import { hindrancesOf } from '../../src/documents/exportable.rules';
import type { DocumentTax, InvoiceDocument, TaxCategory } from '../../src/documents/invoice-document';
import { invoiceUbl } from '../../src/documents/invoice-ubl';
import { codeOf, refusal } from '../support/refusal';
import { brokenRules, RULES } from './en16931';
import { BUYER, documentOf, lineOf, NAMES, SELLER } from './samples';
import { schemaFaults } from './ubl-schema';
import { all, first, text, treeOf } from './xml-tree';

const xmlOf = (document: InvoiceDocument) => invoiceUbl(document).toString('utf8');
const faultsOf = (xml: string) => {
  const root = treeOf(xml);
  return [...schemaFaults(root), ...brokenRules(root)];
};

/** Of a category that is not taxed. */
const untaxed = (category: TaxCategory, exemptionReason: string | null, more: Partial<InvoiceDocument> = {}) => {
  const lines = [lineOf({ taxCategory: category, taxPercent: '0' })];
  const tax: DocumentTax = {
    name: 'none',
    category,
    percent: '0',
    taxableMinor: 150_000n,
    taxMinor: 0n,
    exemptionReason,
  };
  return documentOf({ lines, taxes: [tax], taxMinor: 0n, totalMinor: 150_000n, ...more });
};

const SAMPLES: Record<string, InvoiceDocument> = {
  standard: documentOf(),
  'credit note': documentOf({ kind: 'CREDIT_NOTE', precedes: { number: 'INV-2026-000011', issuedOn: '2026-01-03' } }),
  'credit note, nothing preceding': documentOf({ kind: 'CREDIT_NOTE', dueOn: null }),
  correction: documentOf({
    lines: [
      lineOf(),
      lineOf({
        lineNumber: 2,
        quantity: '100',
        unitPrice: '-1.25',
        amountMinor: -12_500n,
        correctsInvoiceNumber: 'INV-2026-000011',
        period: { from: '2026-01-01', until: '2026-02-01' },
      }),
    ],
  }),
  'below zero in all': documentOf({
    lines: [lineOf({ quantity: '-2', unitPrice: '3', amountMinor: -600n })],
    dueOn: null,
  }),
  tiers: documentOf({
    lines: [
      lineOf({
        amountMinor: 140_000n,
        detail: [{ label: 'Tier 1', quantity: '1,000', unitPrice: '1.20', amount: '1,200.00' }],
      }),
    ],
  }),
  'no price, no quantity': documentOf({ lines: [lineOf({ quantity: '0', unitPrice: '0', amountMinor: 5_000n })] }),
  yen: documentOf({ currency: 'JPY', lines: [lineOf({ unitPrice: '125', amountMinor: 150_000n })] }),
  zero: untaxed('Z', null),
  exempt: untaxed('E', 'Exempt under article 132'),
  'reverse charge': untaxed('AE', 'Reverse charge'),
  'intra-community': untaxed('K', 'Intra-community supply'),
  export: untaxed('G', 'Export outside the EU'),
  'not subject': untaxed('O', 'Not subject to VAT'),
  'local tax id': documentOf({
    seller: { ...SELLER, taxId: '12-3456789', country: 'US' },
    buyer: { ...BUYER, taxId: '27AAPFU0939F1ZV', country: 'IN' },
  }),
  bare: documentOf({
    period: null,
    payment: null,
    buyerReference: null,
    seller: { ...SELLER, street: null, city: null, postalCode: null, email: null },
    buyer: {
      name: 'X',
      taxId: null,
      street: null,
      city: null,
      postalCode: null,
      subdivision: null,
      country: 'GR',
      email: null,
    },
  }),
  'two rates': documentOf({
    lines: [lineOf(), lineOf({ lineNumber: 2, taxPercent: '7', amountMinor: 10_000n, quantity: '80' })],
    taxes: [
      { name: 'VAT', category: 'S', percent: '19', taxableMinor: 150_000n, taxMinor: 28_500n, exemptionReason: null },
      { name: 'VAT', category: 'S', percent: '7', taxableMinor: 10_000n, taxMinor: 700n, exemptionReason: null },
    ],
    taxMinor: 29_200n,
    totalMinor: 189_200n,
  }),
  'every script': documentOf({
    lines: Object.values(NAMES).map((description, index) => lineOf({ lineNumber: index + 1, description })),
    notes: ['<b>&amp; "quoted"</b>', ']]>', 'a\u0000b\u000bc\ud800d\uffff'],
  }),
};

describe('UBL of an invoice', () => {
  it.each(Object.entries(SAMPLES))('%s keeps every rule, and the order of the schema', (_name, document) => {
    expect(hindrancesOf(document)).toEqual([]);
    expect(faultsOf(xmlOf(document))).toEqual([]);
  });

  it('is the same bytes each time, and says what the document says', () => {
    const document = SAMPLES.correction!;
    expect(invoiceUbl(document).equals(invoiceUbl(structuredClone(document)))).toBe(true);
    const root = treeOf(xmlOf(document));
    expect(text(root, 'CustomizationID')).toBe('urn:cen.eu:en16931:2017');
    expect(text(root, 'ID')).toBe('INV-2026-000042');
    expect(all(root, 'BillingReference/InvoiceDocumentReference/ID').map((node) => node.text)).toEqual([
      'INV-2026-000011',
    ]);
    expect(text(root, 'InvoicePeriod/EndDate')).toBe('2026-02-28');
    const corrected = all(root, 'InvoiceLine')[1]!;
    expect([
      text(corrected, 'InvoicedQuantity'),
      text(corrected, 'Price/PriceAmount'),
      text(corrected, 'LineExtensionAmount'),
    ]).toEqual(['-100', '1.25', '-125.00']);
    expect(text(root, 'LegalMonetaryTotal/PayableAmount')).toBe('1636.25');
  });

  it('writes a line whose price does not make its amount as one of it', () => {
    const line = first(treeOf(xmlOf(SAMPLES.tiers!)), 'InvoiceLine')!;
    expect([text(line, 'InvoicedQuantity'), text(line, 'Price/PriceAmount')]).toEqual(['1', '1400.00']);
    expect(text(line, 'Item/Description')).toBe('Card support; Tier 1: 1,000 at 1.20 = 1,200.00');
  });

  it('shows what XML has no way to say, and loses nothing else of any text', () => {
    expect(all(treeOf(xmlOf(SAMPLES['every script']!)), 'Note').map((node) => node.text)).toEqual([
      '<b>&amp; "quoted"</b>',
      ']]>',
      'a\ufffdb\ufffdc\ufffdd\ufffd',
    ]);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), (description) => {
        const document = documentOf({ lines: [lineOf({ description: `x${description}` })] });
        const name = text(treeOf(xmlOf(document)), 'InvoiceLine/Item/Name');
        expect(name.startsWith('x')).toBe(true);
        expect(/[\p{Cc}\ufffe\uffff]/u.test(name.replaceAll(/[\u007f-\u009f]/g, ''))).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps the rules for any lines and taxes', () => {
    const line = fc.record({
      quantity: fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => (n / 1000).toString()),
      unitPrice: fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => (n / 10_000).toFixed(4)),
      amountMinor: fc.bigInt({ min: -10_000_000n, max: 10_000_000n }),
    });
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 8 }),
        fc.constantFrom<'INVOICE' | 'CREDIT_NOTE'>('INVOICE', 'CREDIT_NOTE'),
        (rows, kind) => {
          const lines = rows.map((row, index) => lineOf({ ...row, lineNumber: index + 1 }));
          expect(faultsOf(xmlOf(documentOf({ kind, lines })))).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('what EN 16931 has no form for is refused, and named', () => {
  const refused: [string, InvoiceDocument, { rule: string | null; field: string }][] = [
    ['a draft', documentOf({ number: null }), { rule: 'BR-02', field: 'number' }],
    ['no date', documentOf({ issuedOn: null }), { rule: 'BR-03', field: 'issuedOn' }],
    ['what was voided', documentOf({ voided: true }), { rule: null, field: 'voided' }],
    ['no lines', documentOf({ lines: [] }), { rule: 'BR-16', field: 'lines' }],
    [
      'a seller without a name',
      documentOf({ seller: { ...SELLER, name: ' ' } }),
      { rule: 'BR-06', field: 'seller.name' },
    ],
    [
      'a seller without a country',
      documentOf({ seller: { ...SELLER, country: null } }),
      { rule: 'BR-09', field: 'seller.country' },
    ],
    [
      'a buyer without a country',
      documentOf({ buyer: { ...BUYER, country: null } }),
      { rule: 'BR-11', field: 'buyer.country' },
    ],
    [
      'a country that is none',
      documentOf({ buyer: { ...BUYER, country: 'XX' } }),
      { rule: 'BR-CL-14', field: 'buyer.country' },
    ],
    [
      'a seller without a tax id',
      documentOf({ seller: { ...SELLER, taxId: null } }),
      { rule: 'BR-S-02', field: 'seller.taxId' },
    ],
    ['three decimals', documentOf({ currency: 'KWD' }), { rule: 'BR-DEC-09', field: 'currency' }],
    ['no day on which it is due', documentOf({ dueOn: null }), { rule: 'BR-CO-25', field: 'dueOn' }],
    [
      'an account that is no IBAN',
      documentOf({ payment: { iban: 'DE00', bic: null } }),
      { rule: 'BR-50', field: 'payment.iban' },
    ],
    ['a sum that is none', documentOf({ subtotalMinor: 1n }), { rule: 'BR-CO-10', field: 'subtotalMinor' }],
    ['a tax that is none', documentOf({ taxMinor: 1n }), { rule: 'BR-CO-14', field: 'taxMinor' }],
    ['a total that is none', documentOf({ totalMinor: 1n }), { rule: 'BR-CO-15', field: 'totalMinor' }],
    [
      'no taxes',
      documentOf({ taxes: [], taxMinor: 0n, totalMinor: 150_000n }),
      { rule: 'BR-S-01', field: 'lines.0.taxCategory' },
    ],
    [
      'reverse charge without a buyer',
      untaxed('AE', 'Reverse charge', { buyer: { ...BUYER, taxId: null } }),
      { rule: 'BR-AE-02', field: 'buyer.taxId' },
    ],
    ['an exemption without a reason', untaxed('E', null), { rule: 'BR-E-10', field: 'taxes.0.exemptionReason' }],
    ['a reason without an exemption', untaxed('Z', 'because'), { rule: 'BR-Z-10', field: 'taxes.0.exemptionReason' }],
    [
      'no period within the community',
      untaxed('K', 'Intra-community', { period: null }),
      { rule: 'BR-IC-11', field: 'period' },
    ],
    [
      'a period that ends before it begins',
      documentOf({ period: { from: '2026-02-02', until: '2026-02-02' } }),
      { rule: 'BR-29', field: 'period' },
    ],
    [
      'a description of nothing',
      documentOf({ lines: [lineOf({ description: ' \n' })] }),
      { rule: 'BR-25', field: 'lines.0.description' },
    ],
  ];

  it.each(refused)('%s', (_name, document, hindrance) => {
    const { code, details } = refusal(() => invoiceUbl(document));
    expect(code).toBe('INVOICE_NOT_EXPORTABLE');
    expect(details.hindrances).toContainEqual(hindrance);
  });

  it('refuses each by its code, whatever else is wrong', () => {
    expect(codeOf(() => invoiceUbl(documentOf({ lines: [], number: null, currency: 'XXX' })))).toBe(
      'INVOICE_NOT_EXPORTABLE',
    );
  });
});

/** A change to a sound document that breaks a rule. */
type Break = [rule: string, sample: keyof typeof SAMPLES, from: RegExp, to: string];
const gone = (name: string) => new RegExp(`\\s*<${name}( [^>]*)?>[\\s\\S]*?</${name}>`);
const emptied = (name: string) => new RegExp(`(<${name}( [^>]*)?>)[^<]*`);
const cut = (rule: string, name: string, sample = 'standard'): Break => [rule, sample, gone(name), ''];
const inSeller = (name: string) =>
  new RegExp(`(<cac:AccountingSupplierParty>[\\s\\S]*?)<${name}( [^>]*)?>[\\s\\S]*?</${name}>`);
const inBuyer = (name: string) =>
  new RegExp(`(<cac:AccountingCustomerParty>[\\s\\S]*?)<${name}( [^>]*)?>[\\s\\S]*?</${name}>`);
const inLine = (name: string) => new RegExp(`(<cac:InvoiceLine>[\\s\\S]*?)<${name}( [^>]*)?>[\\s\\S]*?</${name}>`);
const inSubtotal = (name: string) => new RegExp(`(<cac:TaxSubtotal>[\\s\\S]*?)<${name}( [^>]*)?>[\\s\\S]*?</${name}>`);
const value = (name: string) => new RegExp(`(<${name}( [^>]*)?>)-?[\\d.]+`);
const inSubtotalValue = (name: string) => new RegExp(`(<cac:TaxSubtotal>[\\s\\S]*?<${name}( [^>]*)?>)-?[\\d.]+`);
const inLineValue = (name: string) => new RegExp(`(<cac:InvoiceLine>[\\s\\S]*?<${name}( [^>]*)?>)-?[\\w.]+`);
const categoryOf = (rule: string, sample: string, taxed = false): Break[] => [
  [`BR-${rule}-01`, sample, /(<cac:TaxCategory>\s*<cbc:ID>)[A-Z]+/, taxed ? '$1Z' : '$1S'],
  [`BR-${rule}-08`, sample, inSubtotalValue('cbc:TaxableAmount'), '$11.00'],
  [`BR-${rule}-09`, sample, inSubtotalValue('cbc:TaxAmount'), '$19999.00'],
];

const BREAKS: Break[] = [
  cut('BR-01', 'cbc:CustomizationID'),
  cut('BR-02', 'cbc:ID'),
  cut('BR-03', 'cbc:IssueDate'),
  cut('BR-04', 'cbc:InvoiceTypeCode'),
  cut('BR-05', 'cbc:DocumentCurrencyCode'),
  ['BR-06', 'standard', inSeller('cbc:RegistrationName'), '$1'],
  ['BR-07', 'standard', inBuyer('cbc:RegistrationName'), '$1'],
  ['BR-08', 'standard', inSeller('cac:PostalAddress'), '$1'],
  ['BR-09', 'standard', inSeller('cac:Country'), '$1'],
  ['BR-10', 'standard', inBuyer('cac:PostalAddress'), '$1'],
  ['BR-11', 'standard', inBuyer('cac:Country'), '$1'],
  cut('BR-12', 'cbc:LineExtensionAmount'),
  cut('BR-13', 'cbc:TaxExclusiveAmount'),
  cut('BR-14', 'cbc:TaxInclusiveAmount'),
  cut('BR-15', 'cbc:PayableAmount'),
  cut('BR-16', 'cac:InvoiceLine'),
  ['BR-21', 'standard', inLine('cbc:ID'), '$1'],
  ['BR-22', 'standard', inLine('cbc:InvoicedQuantity'), '$1'],
  ['BR-23', 'standard', / unitCode="C62"/, ''],
  ['BR-24', 'standard', inLine('cbc:LineExtensionAmount'), '$1'],
  cut('BR-25', 'cbc:Name'),
  cut('BR-26', 'cbc:PriceAmount'),
  ['BR-27', 'standard', value('cbc:PriceAmount'), '$1-1'],
  ['BR-29', 'standard', /(<cbc:EndDate>)2026-02-28/, '$12026-01-28'],
  ['BR-30', 'correction', /(<cbc:EndDate>)2026-01-31/, '$12025-01-31'],
  ['BR-45', 'standard', inSubtotal('cbc:TaxableAmount'), '$1'],
  ['BR-46', 'standard', inSubtotal('cbc:TaxAmount'), '$1'],
  ['BR-47', 'standard', inSubtotal('cbc:ID'), '$1'],
  ['BR-48', 'standard', inSubtotal('cbc:Percent'), '$1'],
  cut('BR-49', 'cbc:PaymentMeansCode'),
  ['BR-50', 'standard', /<cbc:ID>DE8937[^<]*<\/cbc:ID>/, ''],
  ['BR-55', 'credit note', /<cbc:ID>INV-2026-000011<\/cbc:ID>/, ''],
  ['BR-57', 'intra-community', /(<cac:DeliveryLocation>[\s\S]*?)<cac:Country>[\s\S]*?<\/cac:Country>/, '$1'],
  cut('BR-61', 'cac:PayeeFinancialAccount'),
  ['BR-62', 'standard', /(<cac:AccountingSupplierParty>[\s\S]*?) schemeID="EM"/, '$1'],
  ['BR-63', 'standard', /(<cac:AccountingCustomerParty>[\s\S]*?) schemeID="EM"/, '$1'],
  cut('BR-CO-04', 'cac:ClassifiedTaxCategory'),
  ['BR-CO-09', 'standard', /DE123456788/, '12345'],
  ['BR-CO-10', 'standard', inLineValue('cbc:LineExtensionAmount'), '$11.00'],
  ['BR-CO-13', 'standard', value('cbc:TaxExclusiveAmount'), '$11.00'],
  ['BR-CO-14', 'standard', value('cbc:TaxAmount'), '$11.00'],
  ['BR-CO-15', 'standard', value('cbc:TaxInclusiveAmount'), '$11.00'],
  ['BR-CO-16', 'standard', value('cbc:PayableAmount'), '$11.00'],
  ['BR-CO-17', 'standard', inSubtotalValue('cbc:TaxAmount'), '$1286.00'],
  cut('BR-CO-18', 'cac:TaxSubtotal'),
  cut('BR-CO-25', 'cbc:DueDate'),
  ['BR-CO-26', 'standard', inSeller('cac:PartyTaxScheme'), '$1'],
  ['BR-DEC-09', 'standard', value('cbc:LineExtensionAmount'), '$11500.000'],
  ['BR-DEC-12', 'standard', value('cbc:TaxExclusiveAmount'), '$11500.000'],
  ['BR-DEC-13', 'standard', value('cbc:TaxAmount'), '$1285.000'],
  ['BR-DEC-14', 'standard', value('cbc:TaxInclusiveAmount'), '$11785.000'],
  ['BR-DEC-18', 'standard', value('cbc:PayableAmount'), '$11785.000'],
  ['BR-DEC-19', 'standard', inSubtotalValue('cbc:TaxableAmount'), '$11500.000'],
  ['BR-DEC-20', 'standard', inSubtotalValue('cbc:TaxAmount'), '$1285.000'],
  ['BR-DEC-23', 'standard', inLineValue('cbc:LineExtensionAmount'), '$11500.000'],
  ['BR-CL-01', 'standard', emptied('cbc:InvoiceTypeCode'), '$1999'],
  ['BR-CL-03', 'standard', /currencyID="EUR"/, 'currencyID="EUX"'],
  ['BR-CL-04', 'standard', emptied('cbc:DocumentCurrencyCode'), '$1EUX'],
  ['BR-CL-14', 'standard', emptied('cbc:IdentificationCode'), '$1Germany'],
  ['BR-CL-16', 'standard', emptied('cbc:PaymentMeansCode'), '$1999'],
  ['BR-CL-17', 'standard', /(<cac:TaxCategory>\s*<cbc:ID>)S/, '$1X'],
  ['BR-CL-18', 'standard', /(<cac:ClassifiedTaxCategory>\s*<cbc:ID>)S/, '$1X'],
  ['BR-CL-23', 'standard', /unitCode="C62"/, 'unitCode="PIECE"'],
  ['BR-CL-25', 'standard', /schemeID="EM"/, 'schemeID="mail"'],
  ...categoryOf('S', 'standard', true),
  ['BR-S-02', 'standard', inSeller('cac:PartyTaxScheme'), '$1'],
  ['BR-S-05', 'standard', /(<cac:ClassifiedTaxCategory>[\s\S]*?<cbc:Percent>)19/, '$10'],
  [
    'BR-S-10',
    'standard',
    /(<cac:TaxCategory>[\s\S]*?<\/cbc:Percent>)/,
    '$1<cbc:TaxExemptionReason>x</cbc:TaxExemptionReason>',
  ],
  ...(
    [
      ['Z', 'zero'],
      ['E', 'exempt'],
      ['AE', 'reverse charge'],
      ['IC', 'intra-community'],
      ['G', 'export'],
    ] as const
  ).flatMap(([rule, sample]): Break[] => [
    ...categoryOf(rule, sample),
    [`BR-${rule}-02`, sample, inSeller('cac:PartyTaxScheme'), '$1'],
    [`BR-${rule}-05`, sample, /(<cac:ClassifiedTaxCategory>[\s\S]*?<cbc:Percent>)0/, '$15'],
    rule === 'Z'
      ? [
          'BR-Z-10',
          sample,
          /(<cac:TaxCategory>[\s\S]*?<\/cbc:Percent>)/,
          '$1<cbc:TaxExemptionReason>x</cbc:TaxExemptionReason>',
        ]
      : cut(`BR-${rule}-10`, 'cbc:TaxExemptionReason', sample),
  ]),
  ...categoryOf('O', 'not subject'),
  [
    'BR-O-02',
    'not subject',
    /(<cac:AccountingSupplierParty>[\s\S]*?)(<cac:PartyLegalEntity>)/,
    '$1<cac:PartyTaxScheme><cbc:CompanyID>DE123456788</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>$2',
  ],
  ['BR-O-05', 'not subject', /(<cac:ClassifiedTaxCategory>\s*<cbc:ID>O<\/cbc:ID>)/, '$1<cbc:Percent>0</cbc:Percent>'],
  cut('BR-O-10', 'cbc:TaxExemptionReason', 'not subject'),
  ['BR-O-11', 'not subject', /(<cac:TaxSubtotal>[\s\S]*?<\/cac:TaxSubtotal>)/, '$1$1'],
  ['BR-O-12', 'not subject', /(<cac:ClassifiedTaxCategory>\s*<cbc:ID>)O/, '$1S'],
  cut('BR-IC-11', 'cac:InvoicePeriod', 'intra-community'),
  cut('BR-IC-12', 'cac:Delivery', 'intra-community'),
];

describe('the checker sees what it is there for', () => {
  it.each(BREAKS)('%s, broken in %s', (rule, sample, from, to) => {
    const sound = xmlOf(SAMPLES[sample]!);
    const broken = sound.replace(from, to);
    expect(broken).not.toBe(sound);
    expect(brokenRules(treeOf(sound))).not.toContain(rule);
    expect(brokenRules(treeOf(broken))).toContain(rule);
  });

  it('each rule is broken once', () => {
    expect(Object.keys(RULES).filter((rule) => !BREAKS.some(([broken]) => broken === rule))).toEqual([]);
  });

  it.each([
    [/<cbc:ID>INV[^<]*<\/cbc:ID>(\s*)(<cbc:IssueDate>[^<]*<\/cbc:IssueDate>)/, '$2<cbc:ID>1</cbc:ID>', 'out of order'],
    [/<cac:Price>[\s\S]*?<\/cac:Price>/, '$&$&', 'twice'],
    [/<cac:Item>[\s\S]*?<\/cac:Item>/, '', 'missing'],
    [/<cbc:Note>|<cbc:BuyerReference>/, '<cbc:Nonsense>x</cbc:Nonsense>$&', 'does not belong there'],
    [/(<cbc:IssueDate>)2026-03-01/, '$11 March', 'no date'],
    [/<cbc:BuyerReference>[^<]*<\/cbc:BuyerReference>/, '<cac:BuyerReference>x</cac:BuyerReference>', 'namespace'],
    [/ currencyID="EUR"/, '', 'no amount'],
  ])('the schema, broken by %s', (from, to, fault) => {
    const broken = xmlOf(SAMPLES.standard!).replace(from, to);
    expect(schemaFaults(treeOf(broken)).join()).toContain(fault);
  });
});
