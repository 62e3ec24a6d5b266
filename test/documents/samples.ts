import type { DocumentLine, InvoiceDocument, Party } from '../../src/documents/invoice-document';
import { parseMinor } from '../../src/platform/money';

export const SELLER: Party = {
  name: 'Contact Partners GmbH',
  taxId: 'DE123456788',
  street: 'Lindenallee 12',
  city: 'Berlin',
  postalCode: '10115',
  subdivision: null,
  country: 'DE',
  email: 'billing@contact.example',
};

export const BUYER: Party = {
  name: 'Banque du Lac S.A.',
  taxId: 'FR40303265045',
  street: '3 rue de la République',
  city: 'Annecy',
  postalCode: '74000',
  subdivision: 'Haute-Savoie',
  country: 'FR',
  email: 'factures@lac.example',
};

export const lineOf = (more: Partial<DocumentLine> = {}): DocumentLine => ({
  lineNumber: 1,
  description: 'Handled calls',
  lobName: 'Card support',
  quantity: '1200.0000000000',
  unit: 'C62',
  unitPrice: '1.2500000000',
  amountMinor: 150_000n,
  taxPercent: '19.0000',
  taxCategory: 'S',
  period: null,
  correctsInvoiceNumber: null,
  detail: [],
  ...more,
});

/** A document of these lines, its sums worked out: one tax for all, rounded once. */
export function documentOf(more: Partial<InvoiceDocument> = {}): InvoiceDocument {
  const lines = more.lines ?? [lineOf()];
  const subtotalMinor = lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  const percent = lines[0]?.taxPercent ?? '19.0000';
  const category = lines[0]?.taxCategory ?? 'S';
  const scaled = subtotalMinor * parseMinor(Number(percent).toFixed(2), 'USD');
  const taxMinor = (scaled < 0n ? scaled - 5000n : scaled + 5000n) / 10_000n;
  return {
    kind: 'INVOICE',
    number: 'INV-2026-000042',
    voided: false,
    issuedOn: '2026-03-01',
    dueOn: '2026-03-31',
    currency: 'EUR',
    period: { from: '2026-02-01', until: '2026-03-01' },
    seller: SELLER,
    buyer: BUYER,
    buyerReference: 'PO-7781',
    payment: { iban: 'DE89370400440532013000', bic: 'COBADEFFXXX' },
    precedes: null,
    lines,
    taxes:
      lines.length === 0
        ? []
        : [
            {
              name: `VAT ${Number(percent)} %`,
              category,
              percent,
              taxableMinor: subtotalMinor,
              taxMinor,
              exemptionReason: null,
            },
          ],
    subtotalMinor,
    taxMinor: lines.length === 0 ? 0n : taxMinor,
    totalMinor: subtotalMinor + (lines.length === 0 ? 0n : taxMinor),
    notes: [],
    ...more,
  };
}

/** Names as they are written, one of each script that names use. */
export const NAMES: Record<string, string> = {
  latin: 'Łódź São Paulo Þórr',
  vietnamese: 'Nguyễn Thị Hồng Ánh',
  greek: 'Ελληνική Τράπεζα',
  cyrillic: 'Общество Україна',
  devanagari: 'टाटा कंसल्टेंसी सर्विसेज़',
  bengali: 'গ্রামীণফোন লিমিটেড',
  tamil: 'தமிழ்நாடு மின்சார வாரியம்',
  telugu: 'తెలంగాణ ప్రభుత్వం',
  gujarati: 'ગુજરાત રાજ્ય',
  gurmukhi: 'ਪੰਜਾਬ ਨੈਸ਼ਨਲ ਬੈਂਕ',
  kannada: 'ಕರ್ನಾಟಕ ಸರ್ಕಾರ',
  malayalam: 'കേരള സർക്കാർ',
  sinhala: 'ශ්‍රී ලංකා බැංකුව',
  arabic: 'شركة الاتصالات السعودية',
  hebrew: 'חברת החשמל לישראל',
  thai: 'ธนาคารกรุงไทย จำกัด',
  georgian: 'საქართველოს ბანკი',
  armenian: 'Հայաստանի Բանկ',
  ethiopic: 'የኢትዮጵያ ንግድ ባንክ',
  simplified: '中国工商银行股份有限公司',
  traditional: '臺灣積體電路製造股份有限公司',
  japanese: '株式会社みずほ銀行カスタマーセンター',
  korean: '삼성전자 주식회사',
};
